"""What a person writes of a change, read: object names, settings, change sets."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Literal, cast, get_args

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from agentgate_mcp.canonical import loads_strict
from agentgate_mcp.errors import ArgumentError, CanonicalError, DataError, NotFoundError
from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.names import known_kind
from agentgate_mcp.graph.nodes import NODE_KINDS
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import ObjectChange, ObjectKind

Action = Literal["disable", "modify", "delete", "create"]
_COVERED = frozenset({"asset", "technique", "control"})
MAX_BYTES = 16 * 1024 * 1024


class _Row(BaseModel):
    """One change, as `propose_change_set` takes it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    action: Action
    kind: ObjectKind
    name: str = Field(min_length=1)
    app: str = ""
    settings: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])


class _Plan(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    changes: list[_Row] = Field(min_length=1)
    reason: str = ""


def one_node(graph: KnowledgeGraph, object_id: str) -> str:
    """The node that ``object_id`` (`kind:name`, `kind:app/name`) means.

    Raises: NotFoundError with the nearest names; ArgumentError when it has no kind or means several."""
    kind, name = _split(object_id)
    found = graph.find(kind, name)
    if not found:
        raise NotFoundError("object", f"{kind}:{name}", _nearest(graph, kind, name))
    if kind in _COVERED:
        raise ArgumentError("object", f"what can change, not the {kind} that it covers", object_id)
    if len(found) == 1:
        return found[0]
    raise ArgumentError("object", f"one of {', '.join(found)}", object_id)


def change_of(graph: KnowledgeGraph, object_id: str, action: Action, settings: dict[str, Json]) -> ObjectChange:
    """One change of an object that exists, or the creation of one that may not. Raises: as `one_node`."""
    if action == "create":
        kind, name = _split(object_id)
        if kind not in get_args(ObjectKind):
            raise ArgumentError("object", "a kind that can be created", kind)
        app, slash, rest = name.partition("/")
        if not slash or not app.replace("_", "").replace("-", "").isalnum():
            app, rest = "", name
        return ObjectChange(action=action, kind=cast(ObjectKind, kind), name=rest, app=app, content=settings)
    node = one_node(graph, object_id)
    kind, _, name = node.partition(":")
    if action == "modify" and graph.nodes[node].object is None:
        raise ArgumentError("object", "one that is defined here, to compare its new settings with", node)
    # A source type or a data source can be switched off too, though no tool proposes it.
    return ObjectChange(action=action, kind=cast(ObjectKind, kind), name=name, content=settings)


def read_settings(value: str) -> dict[str, Json]:
    """A JSON object, given itself or as the file that holds it. Raises: DataError."""
    where, document = ("--settings", value) if value.lstrip().startswith("{") else _file(Path(value))
    read = _json(where, document)
    if not isinstance(read, dict):
        raise DataError(where, "/", f"expected an object of settings, got {type(read).__name__}")
    return read


def read_plan(path: Path) -> tuple[ObjectChange, ...]:
    """A change set: a list of changes, or the arguments of `propose_change_set`. Raises: DataError."""
    where, document = _file(path)
    read = _json(where, document)
    try:
        plan = _Plan.model_validate({"changes": read} if isinstance(read, list) else read)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        raise DataError(where, "/" + "/".join(str(p) for p in first["loc"]), first["msg"]) from None
    return tuple(
        ObjectChange(action=r.action, kind=r.kind, name=r.name, app=r.app, content=r.settings) for r in plan.changes
    )


def _file(path: Path) -> tuple[str, str]:
    with path.open("rb") as file:
        raw = file.read(MAX_BYTES + 1)
    try:
        return path.name, raw.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise DataError(path.name, f"byte {exc.start}", "expected UTF-8") from None


def _json(where: str, document: str) -> Json:
    try:
        return loads_strict(document, max_bytes=MAX_BYTES)
    except CanonicalError as exc:
        raise DataError(where, "/", str(exc)) from None


def _split(object_id: str) -> tuple[str, str]:
    kind, colon, name = object_id.partition(":")
    known = known_kind(kind.strip().lower())
    if not colon or not name or not known:
        near = get_close_matches(kind, NODE_KINDS, n=1)
        hint = f"`{near[0]}:name`" if near else "`kind:name`, such as `macro:my_filter`"
        raise ArgumentError("object", hint, object_id)
    return known, name


def _nearest(graph: KnowledgeGraph, kind: str, name: str) -> tuple[str, ...]:
    same = {n.id.partition(":")[2]: n.id for n in graph.nodes.values() if n.kind == kind}
    close = get_close_matches(name, same, n=3, cutoff=0.5)
    if close:
        return tuple(same[n] for n in close)
    # The right name under another kind is the commonest slip.
    return tuple(i for k in sorted(NODE_KINDS) if (i := f"{k}:{name}") in graph.nodes)[:3]
