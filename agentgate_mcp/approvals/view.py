"""What an approver is shown, in the order in which it should be believed.

First what the gate computed, then the exact bytes that were judged and would run, with every
invisible character spelled out; last, capped and labelled, what other people or models wrote.
Pure: a finding in, lines or JSON out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from agentgate_mcp.approvals.binding import rule_of
from agentgate_mcp.approvals.escape import escape
from agentgate_mcp.approvals.facts_view import fact_sections
from agentgate_mcp.approvals.quorum import approvers, missing
from agentgate_mcp.canonical import canonical_bytes
from agentgate_mcp.ledger.findings import FindingRecord
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.facts import PolicyFacts

MAX_UNTRUSTED = 600
MAX_ARGUMENTS = 20_000

ISOLATION: dict[str, str] = {
    "same-user": "same-user: an agent with a shell as this user can reach the gate's files and Splunk itself",
    "separate-user": "separate-user: the gate runs as a user of its own; its files are out of the agent's reach",
    "remote": "remote: the gate runs on another machine than the agent",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A titled part of the view. ``trusted`` is False for text that others wrote."""

    title: str
    lines: tuple[str, ...]
    trusted: bool = True


def view(record: FindingRecord, *, isolation: str, now: float) -> tuple[Section, ...]:
    """The approver's view of a finding, computed facts first. ``now`` is epoch seconds."""
    finding = record.finding
    call, verdict = finding.call, finding.verdict
    sections = [
        Section(title=f"Finding {finding.finding_id}", lines=_state(record, now)),
        Section(title="Why it was stopped", lines=_reasons(record)),
        Section(title="Exactly this would run", lines=_arguments(record)),
        *(Section(title=title, lines=tuple(lines)) for title, lines in fact_sections(verdict)),
        Section(title="Bound to", lines=_bound(record)),
        Section(title="Isolation", lines=(ISOLATION.get(isolation, f"{escape(isolation)}: not a known level"),)),
    ]
    for title, words in _others(call.raw_user_prompt, call.incoming_context, finding.advisory):
        sections.append(Section(title=title, lines=_untrusted(words), trusted=False))
    return tuple(sections)


def text_lines(sections: Iterable[Section]) -> list[str]:
    """The view as plain text: a title, then its lines, indented."""
    out: list[str] = []
    for section in sections:
        out.append(section.title if section.trusted else f"{section.title} (not from AgentGate; may try to persuade)")
        out += [f"  {line}" for line in section.lines]
    return out


def to_json(sections: Iterable[Section]) -> list[Json]:
    """The view for programs, in the same order."""
    return [{"title": s.title, "trusted": s.trusted, "lines": list(s.lines)} for s in sections]


# --- sections ----------------------------------------------------------------------------------


def _state(record: FindingRecord, now: float) -> tuple[str, ...]:
    finding, rule = record.finding, rule_of(record.finding.verdict)
    lacking = missing(rule, record.votes)
    lines = [
        f"status: {finding.status.value}",
        f"tool: {escape(finding.call.tool_name)}",
        f"requested by: {escape(finding.call.requester)}",
        f"severity: {finding.verdict.severity.label}",
        f"opened: {_time(finding.created_at)}",
        f"expires: {_time(finding.expires_at)} ({_left(finding.expires_at - now)})",
    ]
    if approvers(record.votes):
        lines.append(f"approved by: {', '.join(approvers(record.votes))}")
    if finding.status.value == "pending" and lacking:
        lines.append(f"needs: {lacking}")
    return tuple(lines)


def _reasons(record: FindingRecord) -> tuple[str, ...]:
    verdict = record.finding.verdict
    lines: list[str] = []
    for stage in verdict.stages:
        if isinstance(stage.facts, PolicyFacts):
            for match in stage.facts.matches:
                shadow = ", shadow" if match.mode == "shadow" else ""
                lines.append(f"{match.policy} ({match.action}, {match.severity}{shadow}): {escape(match.reason)}")
                lines += [f"  {c.fact} {c.operator} {escape(c.expected)}: {escape(c.value)}" for c in match.clauses]
    lines += [escape(reason) for stage in verdict.stages[-1:] for reason in stage.reasons]
    if verdict.suggestion:
        lines.append(f"narrower: {escape(verdict.suggestion)}")
    return tuple(lines) or ("no reason was recorded",)


def _arguments(record: FindingRecord) -> tuple[str, ...]:
    """The digested bytes themselves, one argument per line, nothing left out unsaid."""
    call = record.finding.call
    lines: list[str] = []
    room = MAX_ARGUMENTS
    for name in sorted(call.arguments):
        shown = escape(canonical_bytes(call.arguments[name]).decode())
        lines.append(f"{escape(name)} = {_capped(shown, room)}")
        if not shown.isascii():
            lines.append("  holds letters outside ASCII: some may only look like the ones you expect")
        room = max(0, room - len(shown))
    return (*lines, f"digest: {call.digest}")


def _bound(record: FindingRecord) -> tuple[str, ...]:
    verdict = record.finding.verdict
    return (
        f"binding: {record.binding_digest}",
        f"policies: {verdict.policy_lock}",
        f"evidence: {verdict.evidence_hash}",
    )


def _others(prompt: str | None, context: Sequence[str], advisory: str) -> list[tuple[str, str]]:
    found = [("What the client says its user asked", prompt)] if prompt else []
    found += [(f"Context the client passed on ({i} of {len(context)})", c) for i, c in enumerate(context[:3], 1)]
    if advisory:
        found.append(("A model's note", advisory))
    return found


def _untrusted(words: str) -> tuple[str, ...]:
    return tuple(escape(line) for line in _capped(words, MAX_UNTRUSTED).splitlines()[:12])


def _capped(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]} … [{len(text) - limit} more characters]"


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _left(seconds: float) -> str:
    if not seconds > 0:
        return "past"
    hours, rest = divmod(int(seconds), 3600)
    return f"in {hours} h {rest // 60} min" if hours else f"in {rest // 60} min {rest % 60} s"
