"""Renders the runbooks: front matter, then sections in a fixed order."""

from __future__ import annotations

from agentgate_mcp.model.call import Json
from agentgate_mcp.synth import reader

_FILES = ("runbooks-intrusion.yaml", "runbooks-access.yaml", "runbooks-operations.yaml")


def _bullets(items: tuple[str, ...]) -> list[str]:
    return [f"- {item}" for item in items]


def _numbered(items: tuple[str, ...]) -> list[str]:
    return [f"{number}. {item}" for number, item in enumerate(items, start=1)]


def _flow(items: tuple[str, ...]) -> str:
    return f"[{', '.join(items)}]"


def _queries(raw: dict[str, Json]) -> list[str]:
    out: list[str] = []
    for query in reader.objects(raw, "queries"):
        out += [f"{reader.string(query, 'what')}:", "", "```spl", reader.string(query, "spl").strip(), "```", ""]
    return out[:-1]


def _actions(raw: dict[str, Json]) -> list[str]:
    out: list[str] = []
    for step in reader.objects(raw, "containment"):
        out += [
            f"### {reader.string(step, 'action')}: {reader.string(step, 'what')}",
            "",
            "Before:",
            "",
            *_bullets(reader.strings(step, "before")),
            "",
            f"Roll back: {reader.string(step, 'rollback')}",
            "",
        ]
    return out[:-1]


def _markdown(raw: dict[str, Json]) -> str:
    actions = tuple(dict.fromkeys(reader.string(step, "action") for step in reader.objects(raw, "containment")))
    lines = [
        "---",
        f"id: {reader.string(raw, 'id')}",
        f"title: {reader.string(raw, 'title')}",
        f"categories: {_flow(reader.strings(raw, 'categories'))}",
        f"techniques: {_flow(reader.strings(raw, 'techniques'))}",
        f"actions: {_flow(actions)}",
        f"severity: {reader.string(raw, 'severity')}",
        f'updated: "{reader.string(raw, "updated")}"',
        "---",
        "",
        f"# {reader.string(raw, 'title')}",
        "",
        reader.string(raw, "purpose").strip(),
        "",
        "## Triage questions",
        "",
        *_numbered(reader.strings(raw, "questions")),
        "",
        "## Queries",
        "",
        "Words between dollar signs stand for values of the case.",
        "",
        *_queries(raw),
        "",
        "## Signs of an ordinary cause",
        "",
        *_bullets(reader.strings(raw, "ordinary")),
        "",
        "## Containment",
        "",
        *_actions(raw),
        "",
        "## Escalation",
        "",
        *_bullets(reader.strings(raw, "escalation")),
        "",
        "## Close the case when",
        "",
        *_bullets(reader.strings(raw, "close")),
    ]
    return "\n".join(lines) + "\n"


def runbooks() -> dict[str, str]:
    """File name to Markdown text, one per runbook."""
    out: dict[str, str] = {}
    for file in _FILES:
        for raw in reader.objects(reader.document(file), "runbooks"):
            out[f"{reader.string(raw, 'id')}.md"] = _markdown(raw)
    return out
