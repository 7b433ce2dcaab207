"""What a saved search's alert actions do whenever it fires: send, write, run.

Settings are read without regard to case, and every spelling of a key counts. An action that is
not known here runs code of its own, like the command `sendalert`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from agentgate_mcp.graph.settings import actions, flag
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import KnowledgeObject

_QUIET = frozenset({"notable", "risk", "escu", "correlationsearch", "customsearchbuilder", "keyindicator"})
"""Actions that stay in Splunk and write only where alerts are kept."""
_SENDING = frozenset({
    "email", "webhook", "slack", "teams", "pagerduty", "sns", "jira", "servicenow", "phantom", "rss", "outputtelemetry",
})  # fmt: skip
_WRITING: dict[str, tuple[str, str, tuple[str, ...], str]] = {
    # action: (the write's name, the kind of its target, the settings that name it, Splunk's default)
    "summary_index": ("summaryindex", "index=", ("_name",), "summary"),
    "logevent": ("logevent", "index=", ("param.index",), "main"),
    "lookup": ("lookup", "", ("filename", "param.filename"), "(unnamed)"),
    "populate_lookup": ("populate_lookup", "", ("dest", "param.dest"), "(unnamed)"),
    "outputtelemetry": ("outputtelemetry", "", ("param.component", "component"), "(unnamed)"),
}
_SEARCHES = ("command", "preprocess_results")
"""Settings that hold SPL of their own, which runs when the alert fires."""
_MAIL_TARGETS = frozenset({"to", "cc", "bcc", "mailserver", "pdfview"})
_MAIL_CONTENT = frozenset({"sendresults", "sendcsv", "sendpdf", "sendpng", "inline"})
_WORDING = frozenset({
    "message", "subject", "title", "summary", "description", "severity", "priority", "color", "icon", "footer",
})  # fmt: skip
"""What a message says or how it looks; every other parameter may decide where it goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFacts:
    """``egress``, ``destructive`` and ``writes`` as in `SearchFacts`; ``egress`` names each
    recipient, address and attachment, so that a new one is seen."""

    egress: tuple[str, ...] = ()
    destructive: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()


def alert_facts(obj: KnowledgeObject) -> AlertFacts:
    """The facts of the actions that are switched on."""
    egress: list[str] = []
    destructive: list[str] = []
    writes: list[str] = []
    for action in sorted(actions(obj.content)):
        settings = tuple(_settings(obj, action))
        destructive += [f"action.{action}.{k}={v}" for k, raw in settings if k in _SEARCHES for v in _whole(raw)]
        if action in _SENDING:
            egress.append(f"action.{action}")
            egress += _mailed(obj, settings) if action == "email" else _sent(action, settings)
        if action in _WRITING:
            command, prefix, keys, default = _WRITING[action]
            targets = [v for key in keys for k, raw in settings if k == key for v in _whole(raw)]
            writes += [f"{command}:{prefix}{t}" for t in targets or [default]]
        if action not in _SENDING and action not in _WRITING and action not in _QUIET:
            destructive.append(f"action.{action}")
    return AlertFacts(egress=_unique(egress), destructive=_unique(destructive), writes=_unique(writes))


def _settings(obj: KnowledgeObject, action: str) -> Iterator[tuple[str, Json]]:
    """The settings of one action, by what stands after ``action.NAME.``, in lower case."""
    prefix = f"action.{action}."
    for key, value in obj.content.items():
        lowered = key.strip().lower()
        if lowered.startswith(prefix):
            yield lowered.removeprefix(prefix), value


def _mailed(obj: KnowledgeObject, settings: tuple[tuple[str, Json], ...]) -> list[str]:
    found = [f"action.email.{k}={v}" for k, raw in settings if k in _MAIL_TARGETS for v in _each(raw)]
    on = [k for k, _ in settings if k in _MAIL_CONTENT and _is_on(obj, f"action.email.{k}")]
    return [*found, *(f"action.email.{k}" for k in on)]


def _is_on(obj: KnowledgeObject, name: str) -> bool:
    """Whether a switch is on, or reads as neither on nor off (`auto`), in any spelling of its name."""
    return any(flag(obj.content, key) is not False for key in obj.content if key.strip().lower() == name)


def _sent(action: str, settings: tuple[tuple[str, Json], ...]) -> list[str]:
    return [
        f"action.{action}.{key}={value}"
        for key, raw in settings
        if key.startswith("param.") and key.removeprefix("param.") not in _WORDING
        for value in _each(raw)
    ]


def _whole(raw: Json) -> tuple[str, ...]:
    """A setting's value as one text; nothing where it is empty."""
    value = "" if raw is None else str(raw).strip()
    return (value,) if value else ()


def _each(raw: Json) -> tuple[str, ...]:
    """The recipients in a setting, which commas, semicolons or blanks separate, in lower case."""
    parts = raw if isinstance(raw, list) else [raw]
    texts = " ".join(text for part in parts for text in _whole(part))
    return tuple(texts.lower().replace(",", " ").replace(";", " ").split())


def _unique(names: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
