"""What a set of changes breaks, degrades and leaves without cover: before → after.

The set is judged as a whole: a replacement created in it counts, if it finds what the old
detection found; a claim of cover that only this set makes does not count by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import islice

from agentgate_mcp.graph.assess import assess
from agentgate_mcp.graph.assessment import Assessment
from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.claims import cover_changes
from agentgate_mcp.graph.expansion import Expander
from agentgate_mcp.graph.grades import Grade
from agentgate_mcp.graph.index.breakage import Spread
from agentgate_mcp.graph.index.cover import fallout
from agentgate_mcp.graph.losses import Loss
from agentgate_mcp.graph.nodes import State
from agentgate_mcp.graph.overlay import Overlay, needs_itself
from agentgate_mcp.graph.planning import Plan, plan_changes
from agentgate_mcp.graph.settings import macro_name, text
from agentgate_mcp.graph.states import Spend, no_limit, settle, witnesses
from agentgate_mcp.model.facts import AssetCoverage, CoverageChange
from agentgate_mcp.model.site import KnowledgeObject, ObjectChange

MAX_PATHS = 50
"""Explanations kept unless more are asked for; the lists themselves are always complete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """``broken`` and ``degraded`` are node ids that were better before. ``lost`` are detections
    that covered before and do not any more; ``paths`` explains broken nodes, from the cause."""

    targets: tuple[str, ...]
    plan: Plan
    broken: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    losses: tuple[Loss, ...] = ()
    techniques: tuple[CoverageChange, ...] = ()
    controls: tuple[CoverageChange, ...] = ()
    assets: tuple[AssetCoverage, ...] = ()
    assumed: bool = False
    owner_teams: tuple[str, ...] = ()
    paths: Mapping[str, tuple[str, ...]]
    detections_total: int = 0

    @property
    def lost_techniques(self) -> tuple[str, ...]:
        return tuple(c.id for c in self.techniques if c.before > 0 and c.after == 0)


def impact(
    graph: KnowledgeGraph, changes: Sequence[ObjectChange], *, spend: Spend = no_limit, explained: int = MAX_PATHS
) -> Impact:
    """The impact of ``changes``, in their order, on ``graph``.

    ``spend`` takes work steps and may raise BudgetError. Unknown targets are reported in
    ``plan``; the known ones are judged all the same. ``explained`` is how many broken nodes get a
    path."""
    plan = plan_changes(graph, changes)
    overlay = Overlay.of(graph, plan.edits)
    knowledge = Expander.of(overlay, plan)
    found = Assessment(states=dict(overlay.own))
    for edit in plan.edits:
        one = assess(graph, edit, knowledge, spend=spend)
        found.losses += one.losses
        found.silenced |= one.silenced
        for node, assets in one.unseen.items():
            found.unseen.setdefault(node, set()).update(assets)
        for node, state in one.states.items():
            found.worsen(node, state)
        if edit.after is not None and (ring := needs_itself(overlay, edit.node)):
            for node in ring:
                found.worsen(node, State.FAILED)
    found.losses += _shadowing(graph, plan)
    after = settle(overlay, found.states, spend=spend)
    difference = fallout(after)
    removed = {e.node for e in plan.edits if e.after is None or (e.after.disabled and e.node not in graph.own_states)}
    cover = cover_changes(graph, plan, after, frozenset(found.silenced), found.unseen, knowledge)
    broken = sorted({*after.names(difference.broken)} - removed | {*cover.lost})
    degraded = after.names(difference.degraded)
    causes = overlay.changed | found.states.keys()
    return Impact(
        targets=tuple(e.node for e in plan.edits),
        plan=plan,
        broken=tuple(n for n in broken if not n.startswith("panel:")),
        degraded=tuple(n for n in degraded if not n.startswith("panel:")),
        lost=cover.lost,
        losses=tuple(sorted({*found.losses, *cover.losses})),
        techniques=cover.techniques,
        controls=cover.controls,
        assets=cover.assets,
        assumed=cover.assumed,
        owner_teams=_teams(plan),
        paths=_paths(overlay, causes, broken, after, spend, explained),
        detections_total=int(graph.index.claims.counting.sum()),
    )


def _shadowing(graph: KnowledgeGraph, plan: Plan) -> list[Loss]:
    """A new object hides those of its name in other apps from the searches of its own app."""
    found: list[Loss] = []
    edits = {e.node: e for e in plan.edits}
    for edit in plan.edits:
        file = text(edit.after.content, "filename") if edit.after is not None and edit.created else ""
        if edit.kind == "lookup" and (owners := graph.names.by_file.get(file)):
            detail = f"its file {file} is that of {graph.names.ids[owners[0]]}, whose rows it replaces"
            found.append(Loss(kind="shadowing", object=edit.node, detail=detail, grade=Grade.MAJOR))
    for node, rivals in plan.shadowed:
        after = edits[node].after
        if after is None:
            continue
        for rival in rivals:
            original = graph.nodes[rival].object if rival in graph.nodes else None
            if original is None or (original.kind == "macro" and macro_name(original)[1] != macro_name(after)[1]):
                continue
            using = graph.dependents_of(rival)
            # What reads a data model needs one of its datasets.
            using = dict.fromkeys(
                [*using, *(n for d in using if d.startswith("data_model:") for n in graph.dependents_of(d))]
            )
            users = [n for n in using if _takes_over(graph, n, after, original)]
            same = text(original.content, "definition") == text(after.content, "definition") and original.content.get(
                "search"
            ) == after.content.get("search")
            if users and not (same and original.kind == "macro"):
                detail = f"{len(users)} objects use {rival} and would get that of app {after.app or '(any)'}"
                found.append(Loss(kind="shadowing", object=node, detail=detail, grade=Grade.MAJOR))
            elif original.kind == "saved_search":
                detail = f"a second object of the name of {rival}"
                found.append(Loss(kind="shadowing", object=node, detail=detail, grade=Grade.MODERATE))
    return found


def _takes_over(graph: KnowledgeGraph, node: str, new: KnowledgeObject, old: KnowledgeObject) -> bool:
    """Whether the user ``node`` of ``old`` may get ``new``: its own app comes first, and among
    exported objects of other apps nothing says which does."""
    user = graph.nodes[node].object if node in graph.nodes else None
    if user is None:
        return False
    return not new.app or user.app == new.app or (new.sharing == "global" and old.app != user.app)


def _teams(plan: Plan) -> tuple[str, ...]:
    return tuple(sorted({e.before.team for e in plan.edits if e.before is not None and e.before.team}))


def _paths(
    overlay: Overlay, causes: Set[str], broken: Sequence[str], after: Spread, spend: Spend, most: int
) -> dict[str, tuple[str, ...]]:
    targets = list(islice((n for n in broken if n not in causes), most))
    return witnesses(overlay, [c for c in causes if after.worsened(c)], targets, after, spend=spend) if targets else {}
