"""What nobody changes through MCP (POL-009): the record itself, and what keeps it.

Audit and internal indexes, HEC tokens, and AgentGate's own objects, wherever they are named.
"""

from __future__ import annotations

from collections.abc import Iterable

from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import KnowledgeObject, ObjectChange

OWN_PREFIX = "agentgate"
"""Our app, index, lookups, collections and saved searches all begin with it."""
_INDEX_WRITERS = frozenset({
    "collect", "summaryindex", "mcollect", "meventcollect", "stash", "tscollect", "mrollup", "logevent",
})  # fmt: skip


def is_own(name: str) -> bool:
    return name.strip().strip('"').lower().startswith(OWN_PREFIX)


def is_protected_index(name: str) -> bool:
    """Splunk's internal indexes begin with an underscore; ours hold the audit trail."""
    plain = name.strip().strip('"').lower()
    return plain.startswith("_") or is_own(plain)


def protected_change(change: ObjectChange, objects: Iterable[KnowledgeObject]) -> str:
    """The target, if ``change`` may not be made; ``objects`` are those that it names."""
    named = f"{change.kind}:{change.name}"
    if change.kind == "hec_token":
        return named
    if change.kind == "index" and is_protected_index(change.name):
        return named
    if is_own(change.name) or is_own(change.app) or any(is_own(o.app) for o in objects):
        return named
    for key in ("collection", "filename", "name", "app"):
        value: Json = change.content.get(key)
        if isinstance(value, str) and is_own(value):
            return f"{named} ({key} {value})"
    for key, value in change.content.items():
        if not isinstance(value, str):
            continue
        setting = key.strip().lower()
        if setting == "action.summary_index._name" and is_protected_index(value):
            return f"{named} (summary index {value})"
        if setting == "action.logevent.param.index" and is_protected_index(value):
            return f"{named} (alert events into {value})"
    return ""


def protected_writes(writes: Iterable[str]) -> tuple[str, ...]:
    """Those of a search's ``command:target`` writes that land where the record is kept."""
    return tuple(w for w in writes if _lands_on_record(w))


def _lands_on_record(write: str) -> bool:
    command, _, target = write.partition(":")
    key, equals, value = target.partition("=")
    name = value if equals and key.strip().lower() in ("index", "name", "file", "addinfo", "marker") else target
    if command in _INDEX_WRITERS:
        return is_protected_index(name)
    return is_own(name) or is_own(name.rsplit("/", 1)[-1])
