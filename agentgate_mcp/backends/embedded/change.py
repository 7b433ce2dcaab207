"""What a change makes of an object: pure functions from before to after."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from agentgate_mcp.errors import ArgumentError, NotFoundError
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import KnowledgeObject, ObjectChange

DEFAULT_APP = "search"


def resolve(change: ObjectChange, candidates: Sequence[KnowledgeObject], names: Iterable[str]) -> KnowledgeObject:
    """The one object that ``change`` is about. ``candidates`` share its kind and name; ``names``
    are all names of its kind.

    Raises: NotFoundError with the nearest names; ArgumentError listing the apps when several
    objects have that name."""
    matching = [c for c in candidates if change.app in ("", c.app)]
    if len(matching) == 1:
        return matching[0]
    if matching:
        apps = ", ".join(sorted(c.app for c in matching))
        raise ArgumentError("app", f"one of {apps} ({change.target} exists in each)", "none")
    if candidates:
        apps = ", ".join(sorted(c.app for c in candidates))
        raise ArgumentError("app", f"one of {apps} for {change.target}", repr(change.app))
    near = difflib.get_close_matches(change.name, sorted(set(names)), n=3, cutoff=0.5)
    raise NotFoundError(change.kind.replace("_", " "), change.name, tuple(near))


def created(change: ObjectChange, existing: Sequence[KnowledgeObject], at: float) -> KnowledgeObject:
    """The new object of a creation. Raises: ArgumentError when it exists already."""
    app = change.app or DEFAULT_APP
    if any(item.app == app for item in existing):
        raise ArgumentError("name", f"a name that is free in app {app}", f"{change.target}, which exists")
    blank = KnowledgeObject(
        kind=change.kind, name=change.name, app=app, owner="nobody", sharing="app", team="", disabled=False, content={}
    )
    return modified(blank, change, at)


def modified(before: KnowledgeObject, change: ObjectChange, at: float) -> KnowledgeObject:
    """``before`` with the settings of ``change``; those not named keep their value.

    `disabled` and `agentgate.team` set the object's own fields. A null removes a setting.
    Raises: ArgumentError."""
    content = dict(before.content)
    disabled, team = before.disabled, before.team
    for name, value in change.content.items():
        if name == "disabled":
            disabled = _flag(value)
        elif name == "agentgate.team":
            team = _team(value)
        elif value is None:
            content.pop(name, None)
        else:
            content[name] = value
    return replace(before, content=content, disabled=disabled, team=team, updated=iso(at))


def disabled(before: KnowledgeObject, at: float) -> KnowledgeObject:
    return replace(before, disabled=True, updated=iso(at))


def iso(at: float) -> str:
    """Epoch seconds as ISO 8601 UTC, whole seconds."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _flag(value: Json) -> bool:
    if isinstance(value, bool):
        return value
    if value in (0, 1, "0", "1"):
        return value in (1, "1")
    raise ArgumentError("settings/disabled", "true or false", repr(value)[:40])


def _team(value: Json) -> str:
    if isinstance(value, str):
        return value
    raise ArgumentError("settings/agentgate.team", "the name of a team", type(value).__name__)
