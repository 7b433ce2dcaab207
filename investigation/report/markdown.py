"""The result of a case as Markdown: a full report and short notes.

Values come from logs. They are escaped, cut, and written so that nothing links or renders.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from agentgate_mcp.model.call import Json
from investigation.report.escape import code, prose
from investigation.rows import iso

Items = Sequence[Mapping[str, Json]]
OFF = "The model is off"


def render_markdown(result: Mapping[str, Json]) -> str:
    """The full report. Sections stand in one order whatever was found."""
    sections = (
        _head(result),
        _narrative(result),
        _benign(result),
        _timeline(result),
        _evidence(result),
        _confidence(result),
        _entities(result),
        _actions(result),
        _held(result),
        _not_checked(result),
        _method(result),
        _model(result),
    )
    return "\n\n".join("\n".join(s) for s in sections if s) + "\n"


def render_notes(result: Mapping[str, Json]) -> str:
    """Short notes for the queue: verdict, the weightiest findings, actions, what is open."""
    lines = [
        f"**Case {prose(_s(result, 'case_id'))}: {_s(result, 'verdict')}**, confidence {_number(result, 'confidence')}",
        "",
    ]
    lines += [
        f"- {_sentence(_s(f, 'statement') + '.', _strings(f, 'event_ids')[:2])}" for f in _items(result, "findings")[:5]
    ]
    lines += [
        f"- Action {prose(_s(a, 'action'))} {prose(_s(a, 'target'))}: {_s(a, 'status')}"
        for a in _items(result, "actions")
    ]
    lines += [f"- Held as {prose(_s(h, 'finding_id'))}: {prose(_s(h, 'purpose'))}" for h in _items(result, "held")]
    open_points = _strings(result, "not_checked")
    if open_points:
        lines.append(f"- Not checked: {len(open_points)} points, see the report")
    return "\n".join(lines) + "\n"


def _head(result: Mapping[str, Json]) -> list[str]:
    stages = ", ".join(
        f"{_s(s, 'stage')}" if s.get("entered") else f"{_s(s, 'stage')} not entered ({prose(_s(s, 'reason'))})"
        for s in _items(result, "stages")
    )
    window = result.get("window")
    span = f"{_when(window, 'earliest')} to {_when(window, 'latest')}" if isinstance(window, dict) else ""
    return [
        f"# Case {prose(_s(result, 'case_id'))}: {prose(_s(result, 'title'))}",
        "",
        (
            f"**Verdict: {_s(result, 'verdict')}**, confidence {_number(result, 'confidence')} "
            f"(probability of malice {_number(result, 'probability')})"
        ),
        "",
        prose(_s(result, "summary"), 2000),
        "",
        (
            f"Window {span} UTC; stages: {stages}; requested by {prose(_s(result, 'requested_by'))}; "
            f"as of {_when(result, 'as_of')}."
        ),
    ]


def _narrative(result: Mapping[str, Json]) -> list[str]:
    sentences = _items(result, "narrative")
    lines = ["## What happened", ""]
    lines += [f"- {_sentence(_s(s, 'text'), _strings(s, 'event_ids'))} ({_s(s, 'finding')})" for s in sentences]
    return lines if sentences else [*lines, "Nothing that was found speaks for or against the case."]


def _sentence(text: str, ids: Iterable[str]) -> str:
    return f"{prose(text)} [{', '.join(prose(i) for i in ids)}]"


def _benign(result: Mapping[str, Json]) -> list[str]:
    said = result.get("benign_explanation")
    if not isinstance(said, dict):
        return []
    ids = _strings(said, "event_ids")
    first = _sentence(_s(said, "statement"), ids) if ids else prose(_s(said, "statement"))
    why = _s(said, "why_it_holds") or _s(said, "why_it_fails")
    word = "holds" if _s(said, "why_it_holds") else "fails"
    return ["## The strongest harmless explanation", "", first, "", f"Why it {word}: {prose(why, 2000)}"]


def _timeline(result: Mapping[str, Json]) -> list[str]:
    moments = _items(result, "timeline")
    rows = [
        (_s(m, "time"), prose(_s(m, "event_id")), ", ".join(_strings(m, "findings")), prose(_s(m, "what"), 240))
        for m in moments
    ]
    return ["## Timeline (UTC)", "", *_table(("time", "event", "findings", "what"), rows)] if rows else []


def _evidence(result: Mapping[str, Json]) -> list[str]:
    findings = _items(result, "findings")
    rows = [
        (
            _s(f, "id"),
            _s(f, "severity"),
            f"{_number(f, 'weight')}",
            ", ".join(_strings(f, "techniques")),
            f"{_s(f, 'row_count')} rows, {_s(f, 'event_count')} cited",
            code(_s(f, "result_hash")[:16]),
            code(_s(f, "query")),
        )
        for f in findings
    ]
    if not rows:
        return []
    head = ("finding", "severity", "weight", "techniques", "rows", "hash of rows", "query")
    shown = _items(result, "techniques")
    named = [
        f"- {_s(t, 'id')} {prose(_s(t, 'name'))} ({_s(t, 'tactic')}): {', '.join(_strings(t, 'findings'))}"
        for t in shown
    ]
    return ["## Evidence", "", *_table(head, rows), *(["", "ATT&CK techniques shown:", "", *named] if named else [])]


def _confidence(result: Mapping[str, Json]) -> list[str]:
    raw = result.get("contributions")
    if not isinstance(raw, dict):
        return []
    rows = [("prior", "", _number(raw, "prior"))]
    rows += [(_s(f, "family"), _s(f, "pieces"), _number(f, "weight")) for f in _items(raw, "families")]
    rows.append(("sum", "", _number(raw, "log_odds")))
    return ["## How the confidence comes about", "", "Log-odds of malice, by family of evidence.", "",
            *_table(("family", "findings", "log-odds"), rows)]  # fmt: skip


def _entities(result: Mapping[str, Json]) -> list[str]:
    rows = [
        (_s(i, "kind"), prose(_s(i, "defanged")), _s(i, "intel"), ", ".join(_strings(i, "findings")))
        for i in _items(result, "indicators")
    ]
    graph = result.get("entities")
    edges = _items(graph, "edges")[:15] if isinstance(graph, dict) else ()
    lines = ["## Indicators and entities", ""]
    lines += _table(("kind", "indicator", "intelligence", "findings"), rows) if rows else ["No indicator is blamed."]
    if edges:
        lines += ["", "Who had to do with whom, in the cited events:", ""]
        lines += [
            f"- {prose(_s(e, 'from'), 80)} to {prose(_s(e, 'to'), 80)}: {prose(_s(e, 'how'), 60)}, "
            f"{_s(e, 'events')} events"
            for e in edges
        ]
    return lines


def _actions(result: Mapping[str, Json]) -> list[str]:
    lines = ["## Actions", ""]
    actions = _items(result, "actions")
    books = ", ".join(f"{prose(_s(b, 'runbook_id'))} ({prose(_s(b, 'title'))})" for b in _items(result, "runbooks"))
    if not actions:
        return [*lines, f"No action is proposed. Runbooks read: {books or 'none'}."]
    for action in actions:
        receipt = action.get("receipt")
        expires = _when(receipt, "expires_at") if isinstance(receipt, dict) and receipt.get("expires_at") else ""
        lines += [
            f"- **{prose(_s(action, 'action'))} {prose(_s(action, 'target'))}**: {_s(action, 'status')}"
            + (f" as {prose(_s(action, 'finding_id'))}" if _s(action, "finding_id") else ""),
            f"  - Grounds: {prose(_s(action, 'reason'))}",
            f"  - Felt by: {prose(_s(action, 'blast'))}",
            f"  - Expiry: {prose(_s(action, 'expiry'))}" + (f" ({expires})" if expires else ""),
            f"  - Roll back: {prose(_s(action, 'rollback')) or 'no way back is known'}",
        ]
        lines += [f"  - Before: {prose(c)}" for c in _strings(action, "pre_checks")]
    return [*lines, "", f"Runbooks read: {books or 'none'}."]


def _held(result: Mapping[str, Json]) -> list[str]:
    lines = [
        f"- {prose(_s(n, 'purpose'))} Held as finding {prose(_s(n, 'finding_id'))}: {prose(_s(n, 'reason'))}"
        for n in _items(result, "held")
    ]
    lines += [f"- {prose(_s(n, 'purpose'))} Refused: {prose(_s(n, 'reason'))}" for n in _items(result, "refused")]
    return ["## Held and refused calls", "", *lines] if lines else []


def _not_checked(result: Mapping[str, Json]) -> list[str]:
    points = [f"- {prose(p)}" for p in _strings(result, "not_checked")]
    return ["## What was not checked", "", *(points or ["Everything that was planned was checked."])]


def _method(result: Mapping[str, Json]) -> list[str]:
    rows = [
        (_s(q, "name"), code(_s(q, "query")), f"{_s(q, 'earliest')} to {_s(q, 'latest')}", _s(q, "row_count"),
         code(_s(q, "result_hash")[:16]), prose(_s(q, "partial")))
        for q in _items(result, "queries")
    ]  # fmt: skip
    head = ("set", "query", "epoch range", "rows", "hash of rows", "cut")
    return ["## Searches made", "", *_table(head, rows)] if rows else []


def _model(result: Mapping[str, Json]) -> list[str]:
    note = result.get("llm_analysis")
    lines = ["## LLM analysis (Gemini)", ""]
    if isinstance(note, str):
        return [*lines, prose(note, 8000) if note else f"{OFF}; the report above was written without it."]
    if not isinstance(note, dict):
        return [*lines, f"{OFF}; the report above was written without it."]
    said = _s(note, "text")
    if said:
        dropped = _s(note, "dropped")
        label = f"Advisory text of {prose(_s(note, 'model'))}; it changed nothing above."
        extra = (
            f" {dropped} sentences that named things outside the case were removed." if dropped not in ("", "0") else ""
        )
        return [*lines, label + extra, "", *(f"> {prose(line, 4000)}" for line in said.splitlines() if line.strip())]
    return [*lines, f"{OFF}: {prose(_s(note, 'problem'))}" if _s(note, "problem") else f"{OFF}."]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return [*lines, *(f"| {' | '.join(cell or ' ' for cell in row)} |" for row in rows)]


def _items(node: Mapping[str, Json], key: str) -> Items:
    value = node.get(key)
    return [cast("Mapping[str, Json]", v) for v in value if isinstance(v, dict)] if isinstance(value, list) else ()


def _strings(node: Mapping[str, Json], key: str) -> list[str]:
    value = node.get(key)
    return [str(v) for v in value] if isinstance(value, list) else []


def _s(node: Mapping[str, Json], key: str) -> str:
    value = node.get(key)
    return "" if value is None else str(value)


def _number(node: Mapping[str, Json], key: str) -> str:
    value = node.get(key)
    return f"{value:.2f}" if isinstance(value, (int, float)) else ""


def _when(node: Mapping[str, Json], key: str) -> str:
    value = node.get(key)
    return iso(value) if isinstance(value, (int, float)) else ""
