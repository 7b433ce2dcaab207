"""The facts of a search for a person to read, and as JSON: `agentgate-mcp spl explain`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from agentgate_mcp.errors import SplError
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.facts import SearchFacts
from agentgate_mcp.spl import commands, wellknown
from agentgate_mcp.spl.expand import expand
from agentgate_mcp.spl.facts import read_search
from agentgate_mcp.spl.knowledge import KnowledgeSet
from agentgate_mcp.spl.layout import lay_out


@dataclass(frozen=True, slots=True, kw_only=True)
class StageNote:
    """One command in its place. ``position`` counts characters of the search as given; for a
    command out of a macro it is where the macro stands. ``depth`` counts brackets."""

    command: str
    kind: str
    risks: tuple[str, ...]
    position: int
    depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What a search does. ``expanded`` is its text with macros pasted in; empty where it cannot
    be read."""

    query: str
    expanded: str
    stages: tuple[StageNote, ...]
    facts: SearchFacts

    def lines(self) -> tuple[str, ...]:
        """One readable line per fact worth telling; no line for what is absent."""
        facts = self.facts
        if not facts.parsed:
            return (f"cannot be read: {facts.problem}",)
        out = [_stage_line(s) for s in self.stages]
        if self.expanded != self.query:
            out.append(f"expands to: {self.expanded}")
        told = (
            ("destroys, executes or sends", facts.destructive),
            ("writes", facts.writes),
            ("sends outside Splunk", facts.egress),
            ("not resolved", facts.unresolved),
            ("unknown commands", facts.unknown_commands),
            ("REST endpoints", facts.rest_endpoints),
            ("credential endpoints", facts.credential_endpoints),
            ("REST outside the list", facts.rest_unlisted),
            ("indexes", facts.indexes),
            ("sourcetypes", facts.sourcetypes),
            ("data models", facts.data_models),
            ("refers to", facts.references),
        )
        out += [f"{label}: {', '.join(values)}" for label, values in told if values]
        if facts.index_wildcard:
            out.append("reach: all indexes, or indexes that cannot be named beforehand")
        elif facts.default_indexes:
            out.append("reach: the user's default indexes, in part or in whole")
        out.append(f"raw events: {'yes' if facts.raw_events else 'no'}")
        out.append(f"time range: {_range(facts)}")
        counts = (
            ("subsearches", facts.subsearches),
            ("joins", facts.joins),
            ("values with a leading wildcard", facts.leading_wildcards),
        )
        out += [f"{label}: {count}" for label, count in counts if count]
        return tuple(out)

    def to_json(self) -> dict[str, Json]:
        return {
            "query": self.query,
            "expanded": self.expanded,
            "stages": [_stage_json(s) for s in self.stages],
            "facts": self.facts.model_dump(mode="json"),
            "tables": {"commands": commands.TABLE_VERSION, "well_known": wellknown.TABLE_VERSION},
        }


def explain(query: str, earliest: str, latest: str, knowledge: KnowledgeSet, now: float) -> Explanation:
    """Explain ``query`` run with these time arguments. Never raises on bad SPL."""
    facts = read_search(query, earliest, latest, knowledge, now)
    if not facts.parsed:
        return Explanation(query=query, expanded="", stages=(), facts=facts)
    try:
        expansion = expand(query, knowledge)
        layout = lay_out(expansion.text)
    except SplError as error:
        facts = SearchFacts(parsed=False, problem=str(error), index_wildcard=True)
        return Explanation(query=query, expanded="", stages=(), facts=facts)
    notes = [(s.name_start, 0, s.name) for s in layout.stages]
    notes += [(s.name_start, g.depth, s.name) for g in layout.groups.values() for s in g.stages]
    return Explanation(
        query=query,
        expanded=expansion.text,
        stages=tuple(_note(name, expansion.origin(at), depth) for at, depth, name in sorted(notes)),
        facts=facts,
    )


def _note(name: str, position: int, depth: int) -> StageNote:
    known = commands.info(name)
    if known is None:
        return StageNote(command=name or "(macro)", kind="unknown", risks=(), position=position, depth=depth)
    risks = tuple(sorted(r.value for r in known.risks))
    return StageNote(command=name, kind=known.kind.value, risks=risks, position=position, depth=depth)


def _stage_json(stage: StageNote) -> dict[str, Json]:
    return {
        "command": stage.command,
        "class": stage.kind,
        "risks": list(stage.risks),
        "position": stage.position,
        "depth": stage.depth,
    }


def _stage_line(stage: StageNote) -> str:
    risks = f", {' and '.join(stage.risks)}" if stage.risks else ""
    return f"{'  ' * stage.depth}{stage.command} at {stage.position} ({stage.kind}{risks})"


def _range(facts: SearchFacts) -> str:
    if facts.real_time:
        return "real-time: it does not end"
    if facts.earliest is None:
        return "all time"
    end = _moment(facts.latest) if facts.latest is not None else "no end"
    span = f" ({_span(facts.span_seconds)})" if facts.span_seconds is not None else ""
    return f"{_moment(facts.earliest)} to {end}{span}"


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _span(seconds: float) -> str:
    for size, unit in ((86_400.0, "days"), (3600.0, "hours"), (60.0, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.4g} {unit}"
    return f"{seconds:.4g} seconds"
