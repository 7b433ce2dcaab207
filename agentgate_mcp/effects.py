"""What a call would do, read from its canonical arguments: one reading for gate and tools.

The gate judges these values, `dispatch` records them in the intent and binds the permit to
their digest, and the backend executes exactly them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

from agentgate_mcp.errors import ArgumentError
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import ObjectChange, ObjectKind
from agentgate_mcp.pivots import event_search, pivot_searches

ActionName = Literal[
    "isolate_host", "block_ip", "block_domain", "disable_user", "reset_credentials", "quarantine_file", "create_ticket"
]
CONTAINMENT: frozenset[str] = frozenset(get_args(ActionName)) - {"create_ticket"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseAction:
    """One response action. ``simulate`` means: plan and record it, touch nothing."""

    action: ActionName
    target: str
    reason: str
    case_id: str
    simulate: bool
    requested_by: str

    def to_json(self) -> dict[str, Json]:
        return {
            "action": self.action,
            "target": self.target,
            "reason": self.reason,
            "case_id": self.case_id,
            "simulate": self.simulate,
            "requested_by": self.requested_by,
        }


def change_to_json(change: ObjectChange) -> dict[str, Json]:
    return {
        "action": change.action,
        "kind": change.kind,
        "name": change.name,
        "app": change.app,
        "content": dict(change.content),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """A search as asked for. Times are Splunk time expressions; empty means not given."""

    query: str
    earliest: str = ""
    latest: str = ""
    row_limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """All that one call would do. A read has at most searches."""

    searches: tuple[SearchRequest, ...] = ()
    changes: tuple[ObjectChange, ...] = ()
    actions: tuple[ResponseAction, ...] = ()
    saved_search: str = ""
    """Name of a saved search to run: the call inherits what that search does."""
    report_of: str = ""
    """Case whose report the call keeps: a record of our own, not a change to Splunk."""

    @property
    def targets(self) -> tuple[str, ...]:
        """Objects changed and entities really acted on; simulations and tickets touch nothing."""
        acted = (f"{a.action}:{a.target}" for a in self.actions if not a.simulate and a.action != "create_ticket")
        return tuple(dict.fromkeys((*(c.target for c in self.changes), *acted)))

    def to_json(self) -> list[Json]:
        """The effects whose digest a permit is bound to; reads contribute nothing."""
        out: list[Json] = []
        out.extend(change_to_json(c) for c in self.changes)
        out.extend(a.to_json() for a in self.actions if not a.simulate)
        if self.report_of:
            out.append({"action": "save_report", "case_id": self.report_of})
        return out


_CHANGE_TOOLS: Mapping[str, tuple[str, ObjectKind]] = {
    "propose_disable_saved_search": ("disable", "saved_search"),
    "propose_modify_saved_search": ("modify", "saved_search"),
    "propose_delete_saved_search": ("delete", "saved_search"),
    "propose_create_saved_search": ("create", "saved_search"),
    "propose_modify_macro": ("modify", "macro"),
    "propose_modify_lookup": ("modify", "lookup"),
}


def effects_of(tool: str, arguments: Mapping[str, Json]) -> Effects:
    """What ``tool`` would do with ``arguments`` (already validated). Unknown tools have none
    that can be read; the decision stage refuses those by name.

    Raises: ArgumentError when a change or action is malformed."""
    match tool:
        case "splunk_run_query":
            return Effects(searches=(_bounded(_text(arguments, "query"), arguments),))
        case "telemetry_search_events":
            query = event_search(_text(arguments, "index"), _filters(arguments))
            return Effects(searches=(_bounded(query, arguments),))
        case "telemetry_pivot":
            kind, value = _text(arguments, "kind"), _text(arguments, "value")
            return Effects(searches=_pivots(kind, value, arguments))
        case "telemetry_pivot_domain":
            return Effects(searches=_pivots("domain", _text(arguments, "domain"), arguments))
        case "splunk_run_saved_search":
            return Effects(saved_search=_text(arguments, "name"))
        case "investigate_case":
            return Effects(report_of=_text(arguments, "case_id"))
        case "propose_change_set":
            return Effects(changes=tuple(_change(c, f"changes/{i}") for i, c in enumerate(_list(arguments, "changes"))))
        case "response_request_action":
            return Effects(actions=(_action(arguments, arguments, ""),))
        case "response_request_actions":
            items = _list(arguments, "actions")
            return Effects(
                actions=tuple(
                    _action(_object(a, f"actions/{i}"), arguments, f"actions/{i}/") for i, a in enumerate(items)
                )
            )
        case _ if tool in _CHANGE_TOOLS:
            action, kind = _CHANGE_TOOLS[tool]
            merged: dict[str, Json] = {**arguments, "action": action, "kind": kind}
            return Effects(changes=(_change(merged, ""),))
        case _:
            return Effects()


def _bounded(query: str, arguments: Mapping[str, Json]) -> SearchRequest:
    """``query`` with the time range and row limit of the call."""
    return SearchRequest(
        query=query,
        earliest=_optional(arguments, "earliest_time"),
        latest=_optional(arguments, "latest_time"),
        row_limit=_row_limit(arguments),
    )


def _pivots(kind: str, value: str, arguments: Mapping[str, Json]) -> tuple[SearchRequest, ...]:
    return tuple(_bounded(q, arguments) for q in pivot_searches(kind, value, _row_limit(arguments)))


def _filters(arguments: Mapping[str, Json]) -> dict[str, str]:
    found = _object(arguments.get("filters") or {}, "filters")
    return {field: _text(found, field) for field in found}


def _row_limit(arguments: Mapping[str, Json]) -> int:
    limit = arguments.get("row_limit")
    return limit if isinstance(limit, int) and not isinstance(limit, bool) else 100


def _change(raw: Json, where: str) -> ObjectChange:
    item = _object(raw, where or "arguments")
    action, kind = _text(item, "action"), _text(item, "kind")
    if action not in ("create", "modify", "disable", "delete"):
        raise ArgumentError(f"{where}/action", "create, modify, disable or delete", repr(action))
    if kind not in get_args(ObjectKind):
        raise ArgumentError(f"{where}/kind", "a knowledge object kind", repr(kind))
    return ObjectChange(
        action=action,
        kind=cast(ObjectKind, kind),
        name=_text(item, "name"),
        app=_optional(item, "app"),
        content=_object(item.get("settings") or {}, f"{where}/settings"),
    )


def _action(item: Mapping[str, Json], shared: Mapping[str, Json], where: str) -> ResponseAction:
    action = _text(item, "action")
    if action not in get_args(ActionName):
        raise ArgumentError(f"{where}action", f"one of {', '.join(get_args(ActionName))}", repr(action))
    return ResponseAction(
        action=cast(ActionName, action),
        target=_text(item, "target"),
        reason=_text(item, "reason"),
        case_id=_optional(shared, "case_id"),
        simulate=shared.get("simulate_response") is not False,
        requested_by=_optional(shared, "requested_by"),
    )


def _text(item: Mapping[str, Json], field: str) -> str:
    value = item.get(field)
    if not isinstance(value, str) or not value:
        raise ArgumentError(field, "a non-empty string", type(value).__name__)
    return value


def _optional(item: Mapping[str, Json], field: str) -> str:
    value = item.get(field)
    return value if isinstance(value, str) else ""


def _list(item: Mapping[str, Json], field: str) -> list[Json]:
    value = item.get(field)
    if not isinstance(value, list):
        raise ArgumentError(field, "a list", type(value).__name__)
    return value


def _object(value: Json, where: str) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise ArgumentError(where, "an object", type(value).__name__)
    return value
