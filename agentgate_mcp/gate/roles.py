"""What each argument of a call decides: the tool's declared roles, or careful guesses.

A tool of the catalogue declares a role for every parameter. Of a tool outside it, only the name
of a parameter is known: free text and paging are recognised, everything else is a sink.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgate_mcp.model.call import ToolSpec
from agentgate_mcp.model.decision import ParamRole

_OURS_SINKS = frozenset({"name", "target"})
"""Inside a list of changes or actions, what names the thing that is changed or acted on."""
_SETTING_SINKS = frozenset(
    "to cc bcc sendto recipient recipients webhook url uri endpoint command cmd script filename transform".split()
)
"""A setting whose last word is one of these sends something somewhere, or runs something."""

_BODY = frozenset(
    "body content contents text message description details comment comments reason note notes summary title subject "
    "caption markdown html remarks justification explanation prompt label labels tags location venue place".split()
)
_PLACES = frozenset({"location", "venue", "place"})
"""Rooms and streets in a calendar, paths and buckets elsewhere."""
_SELECTOR = frozenset(
    "query q filter filters search limit count max_results page page_size offset cursor sort order order_by fields "
    "format language locale timezone date day time start end start_time end_time new_start_time new_end_time earliest "
    "latest since until from_date to_date start_date end_date duration priority severity status include verbose "
    "dry_run".split()
)


def role_of(spec: ToolSpec | None, path: str) -> ParamRole:
    """The role of the leaf at ``path`` (a JSON pointer into the arguments)."""
    parts = path.split("/")
    top = parts[1] if len(parts) > 1 else ""
    if spec is None:
        return ParamRole.SINK
    role = spec.role(top)
    if spec.toolset == "upstream":
        return role if top in spec.roles else guessed_role([p for p in parts[1:] if p and not p.isdigit()])
    nested = len(parts) > 2
    if role is ParamRole.SINK and nested and parts[-1] not in _OURS_SINKS:
        return _setting(parts)
    if role is ParamRole.BODY and "settings" in parts:
        return _setting(parts)
    return role


def decides_place(path: str, value: str) -> bool:
    """True for a `location` that is a path or an address: then it says where something lands."""
    return path.rpartition("/")[2].lower() in _PLACES and any(mark in value for mark in ("/", "\\", "@", ":"))


def guessed_role(names: Sequence[str]) -> ParamRole:
    """The role that a parameter's name suggests. Inside a structure the innermost name counts, and
    only when nothing around it is unknown."""
    lowered = [n.lower() for n in names]
    if lowered and all(n in _BODY for n in lowered):
        return ParamRole.BODY
    if lowered and all(n in _BODY or n in _SELECTOR for n in lowered):
        return ParamRole.SELECTOR
    return ParamRole.SINK


def _setting(parts: list[str]) -> ParamRole:
    """Settings of a knowledge object are text, except where they send or run something."""
    last = parts[-1].lower().replace("_", ".").replace("-", ".").rpartition(".")[2]
    inside = parts[parts.index("settings") + 1 :] if "settings" in parts else []
    if inside and inside[0].lower() == "rows":
        return ParamRole.SINK
    return ParamRole.SINK if inside and last in _SETTING_SINKS else ParamRole.BODY
