"""Small knowledge sets, written by hand."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Literal

from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.nodes import State
from agentgate_mcp.graph.overlay import Overlay
from agentgate_mcp.graph.states import settle
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import Asset, Criticality, KnowledgeObject, ObjectChange, ObjectKind
from agentgate_mcp.spl.knowledge import KnowledgeSet


def obj(
    kind: ObjectKind,
    name: str,
    content: dict[str, Json] | None = None,
    *,
    app: str = "search",
    owner: str = "nobody",
    sharing: Literal["user", "app", "global"] = "app",
    team: str = "soc",
    disabled: bool = False,
) -> KnowledgeObject:
    return KnowledgeObject(
        kind=kind, name=name, app=app, owner=owner, sharing=sharing, team=team, disabled=disabled, content=content or {}
    )


def macro(name: str, definition: str, *args: str, app: str = "search", disabled: bool = False) -> KnowledgeObject:
    content: dict[str, Json] = {"definition": definition}
    if args:
        content["args"] = ",".join(args)
    return obj("macro", name, content, app=app, disabled=disabled)


def detection(
    name: str,
    search: str,
    *,
    techniques: tuple[str, ...] = ("T1000",),
    covers: tuple[str, ...] = (),
    controls: tuple[str, ...] = (),
    disabled: bool = False,
    app: str = "search",
    **more: Json,
) -> KnowledgeObject:
    content: dict[str, Json] = {
        "search": search,
        "is_scheduled": True,
        "cron_schedule": "*/10 * * * *",
        "dispatch.earliest_time": "-15m@m",
        "dispatch.latest_time": "@m",
        "actions": "notable",
        "agentgate.techniques": list(techniques),
        "agentgate.covers": list(covers),
        "agentgate.controls": list(controls),
        "agentgate.status": "production",
    }
    content.update({k.replace("__", "."): v for k, v in more.items()})
    return obj("saved_search", name, content, disabled=disabled, app=app)


def asset(asset_id: str, criticality: Criticality = "critical", *tags: str, role: str = "server") -> Asset:
    return Asset(
        asset_id=asset_id,
        hostnames=(asset_id, f"{asset_id}.corp.example"),
        addresses=(),
        role=role,
        criticality=criticality,
        tags=tags,
        owner_team="soc",
    )


def graph_of(*objects: KnowledgeObject, assets: tuple[Asset, ...] = ()) -> KnowledgeGraph:
    return KnowledgeGraph.build(KnowledgeSet.from_objects(objects), assets)


def settled(view: KnowledgeGraph | Overlay, starts: Mapping[str, State]) -> dict[str, State]:
    """All nodes that are not OK when ``starts`` break."""
    overlay = view if isinstance(view, Overlay) else Overlay.of(view, ())
    after = settle(overlay, starts)
    return {n: s for n in (*after.index.ids, *after.extra) if (s := after.state_of(n)) is not State.OK}


def change(
    action: Literal["create", "modify", "disable", "delete"],
    kind: ObjectKind,
    name: str,
    content: dict[str, Json] | None = None,
    *,
    app: str = "",
) -> ObjectChange:
    return ObjectChange(action=action, kind=kind, name=name, app=app, content=content or {})


def random_set(seed: int) -> list[KnowledgeObject]:
    """A few hundred objects that lean on each other at random, hubs first."""
    rng = random.Random(seed)

    def some(prefix: str, count: int, most: int) -> list[str]:
        return [f"{prefix}{min(rng.randrange(count), rng.randrange(count))}" for _ in range(rng.randrange(most) + 1)]

    macros = [
        macro(f"m{i}", " ".join(["index=i0", *(f"`{m}`" for m in (some("m", i, 2) if i else ()))])) for i in range(60)
    ]
    macros += [macro(f"a{i}", " OR ".join(f"sourcetype={s}" for s in some("s", 30, 3))) for i in range(30)]
    lookups = [obj("lookup", f"l{i}", {"filename": f"l{i}.csv"}) for i in range(20)]
    searches = [
        detection(
            f"d{i}",
            " ".join(
                [f"`{some('a', 30, 1)[0]}`", *(f"`{m}`" for m in some("m", 60, 3))]
                + [f"| lookup {x} k OUTPUT v" for x in some("l", 20, 2)]
                + (["| `only_quoted`" if rng.random() < 0.3 else ""])
            ),
            techniques=tuple(some("T", 40, 3)),
        )
        for i in range(200)
    ]
    return [*macros, *lookups, *searches]
