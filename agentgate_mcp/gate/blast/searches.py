"""The searches of a call, read: those it runs, the saved one it starts, those it would schedule."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agentgate_mcp.effects import SearchRequest
from agentgate_mcp.errors import SplError
from agentgate_mcp.gate.blast.alerts import alert_facts
from agentgate_mcp.gate.blast.protected import protected_writes
from agentgate_mcp.gate.context import StageContext
from agentgate_mcp.graph.planning import Edit
from agentgate_mcp.graph.settings import text
from agentgate_mcp.model.facts import SearchFacts
from agentgate_mcp.model.site import KnowledgeObject
from agentgate_mcp.spl.expand import expand
from agentgate_mcp.spl.facts import read_search

READ_COST = 50
"""Work steps of reading one search, beside one per 100 characters."""


def saved_request(ctx: StageContext) -> SearchRequest | None:
    """The search that a saved search of the call stands for; None where it does not exist."""
    app = ctx.call.arguments.get("app")
    found = ctx.world.knowledge.saved_search(ctx.effects.saved_search, app if isinstance(app, str) else "")
    if found is None or not text(found.content, "search").strip():
        return None
    limit = ctx.call.arguments.get("row_limit")
    return request_of(found, limit if isinstance(limit, int) and not isinstance(limit, bool) else 100)


def request_of(obj: KnowledgeObject, row_limit: int = 100) -> SearchRequest:
    """What a saved search runs, over its own time range."""
    return SearchRequest(
        query=text(obj.content, "search"),
        earliest=text(obj.content, "dispatch.earliest_time"),
        latest=text(obj.content, "dispatch.latest_time"),
        row_limit=row_limit,
    )


def read(ctx: StageContext, request: SearchRequest) -> SearchFacts:
    """The facts of one search, its writes to the record marked."""
    ctx.budget.spend(READ_COST + len(request.query) // 100)
    facts = read_search(request.query, request.earliest, request.latest, ctx.world.knowledge, ctx.search_now)
    guarded = protected_writes(facts.writes)
    return facts.model_copy(update={"protected_writes": guarded}) if guarded else facts


def search_facts(ctx: StageContext, edits: Sequence[Edit]) -> tuple[SearchFacts | None, list[str]]:
    """Everything that the call's searches reach, and reasons in plain words."""
    reasons: list[str] = []
    found = [read(ctx, r) for r in ctx.effects.searches]
    if ctx.effects.saved_search:
        request = saved_request(ctx)
        name = f"saved_search:{ctx.effects.saved_search}"
        if request is None:
            problem = _no_such_search(ctx, name)
            reasons.append(f"{problem[0].upper()}{problem[1:]}.")
            found.append(SearchFacts(parsed=False, problem=problem, raw_events=False))
        else:
            found.append(read(ctx, request))
    found += [f for e in edits if (f := _scheduled(ctx, e)) is not None]
    return (union(found) if found else None), reasons


def _no_such_search(ctx: StageContext, name: str) -> str:
    """Why a saved search cannot be run, and what may have been meant. Nothing is run, so there is
    nothing that a person could approve."""
    if ctx.world.knowledge.all_named(name):
        return f"{name} has no text, or is not the only one of its name: say its app"
    near = ctx.world.knowledge.nearest(name)
    return f"there is no {name}" + (f"; nearest: {', '.join(near)}" if near else "")


def _scheduled(ctx: StageContext, edit: Edit) -> SearchFacts | None:
    """What a created or modified object would do whenever it runs, as far as it did not before."""
    if edit.after is None or edit.kind not in ("saved_search", "macro") or edit.after.disabled:
        return None
    after = _object_facts(ctx, edit.after)
    if after is None:
        return None
    # A search that was off did nothing before: switching it on is judged like creating it.
    running = edit.before if edit.before is not None and not edit.before.disabled else None
    before = _object_facts(ctx, running) if running is not None else None
    if running is None and not edit.external and edit.kind == "saved_search":
        return after
    fresh = SearchFacts(
        parsed=after.parsed or (before is not None and not before.parsed),
        problem=after.problem,
        commands=after.commands,
        unknown_commands=_fresh(after, before, "unknown_commands"),
        unresolved=_fresh(after, before, "unresolved"),
        destructive=_fresh(after, before, "destructive"),
        writes=_fresh(after, before, "writes"),
        protected_writes=_fresh(after, before, "protected_writes"),
        egress=_fresh(after, before, "egress"),
        rest_endpoints=_fresh(after, before, "rest_endpoints"),
        credential_endpoints=_fresh(after, before, "credential_endpoints"),
        rest_unlisted=_fresh(after, before, "rest_unlisted"),
        raw_events=False,
        references=after.references,
    )
    risky = (
        not fresh.parsed or fresh.unknown_commands or fresh.unresolved or fresh.destructive or fresh.writes
        or fresh.egress or fresh.credential_endpoints or fresh.rest_unlisted
    )  # fmt: skip
    return fresh if risky else None


def _fresh(after: SearchFacts, before: SearchFacts | None, name: str) -> tuple[str, ...]:
    values: tuple[str, ...] = getattr(after, name)
    known: tuple[str, ...] = getattr(before, name) if before is not None else ()
    return tuple(v for v in values if v not in known)


def _object_facts(ctx: StageContext, obj: KnowledgeObject) -> SearchFacts | None:
    """The facts of an object's search and alert actions. A macro's text is read as what it most
    likely is, commands after some events; what cannot be read that way is left to the impact."""
    if obj.kind == "macro":
        definition = text(obj.content, "definition").strip()
        facts = _read_part(ctx, f"search * | {definition.lstrip('| ')}")
        if not facts.parsed or facts.unknown_commands:
            whole = _read_part(ctx, definition)
            facts = whole if whole.parsed else SearchFacts(parsed=True, raw_events=False)
        return facts.model_copy(update={"unresolved": _open_parts(ctx, definition, facts)})
    if not text(obj.content, "search").strip():
        return None
    facts = read(ctx, request_of(obj))
    alert = alert_facts(obj)
    return facts.model_copy(
        update={
            "egress": (*facts.egress, *alert.egress),
            "destructive": (*facts.destructive, *alert.destructive),
            "writes": (*facts.writes, *alert.writes),
            "protected_writes": (*facts.protected_writes, *protected_writes(alert.writes)),
        }
    )


def _read_part(ctx: StageContext, definition: str) -> SearchFacts:
    """The facts of a macro's text. That it is no valid search by itself is no fault of a part."""
    facts = read(ctx, SearchRequest(query=definition, earliest="-1h", latest="now"))
    return facts.model_copy(update={"parsed": True, "problem": ""}) if facts.commands else facts


def _open_parts(ctx: StageContext, definition: str, facts: SearchFacts) -> tuple[str, ...]:
    """What a macro's text refers to and nothing explains. Anything else that is open about it
    comes of reading a part of a search as a whole one."""
    try:
        found = expand(definition, ctx.world.knowledge).unresolved
    except SplError as error:
        return (f"macro: {error}",)
    found = (*found, *facts.unresolved)
    return tuple(dict.fromkeys(u for u in found if u.startswith(("macro:", "saved_search:"))))


def union(found: Sequence[SearchFacts]) -> SearchFacts:
    """The facts of several searches as one: every list together, every bound at its widest."""
    if len(found) == 1:
        return found[0]
    return SearchFacts(
        parsed=all(f.parsed for f in found),
        problem=next((f.problem for f in found if not f.parsed), ""),
        commands=_all(found, "commands"),
        unknown_commands=_all(found, "unknown_commands"),
        unresolved=_all(found, "unresolved"),
        destructive=_all(found, "destructive"),
        writes=_all(found, "writes"),
        protected_writes=_all(found, "protected_writes"),
        egress=_all(found, "egress"),
        rest_endpoints=_all(found, "rest_endpoints"),
        credential_endpoints=_all(found, "credential_endpoints"),
        rest_unlisted=_all(found, "rest_unlisted"),
        indexes=_all(found, "indexes"),
        index_wildcard=any(f.index_wildcard for f in found),
        default_indexes=any(f.default_indexes for f in found),
        raw_events=any(f.raw_events for f in found),
        reads_everything=any(f.reads_everything for f in found),
        sourcetypes=_all(found, "sourcetypes"),
        data_models=_all(found, "data_models"),
        references=_all(found, "references"),
        earliest=_widest([f.earliest for f in found], min),
        latest=_widest([f.latest for f in found], max),
        real_time=any(f.real_time for f in found),
        span_seconds=_widest([f.span_seconds for f in found], max),
        subsearches=sum(f.subsearches for f in found),
        joins=sum(f.joins for f in found),
        leading_wildcards=sum(f.leading_wildcards for f in found),
        transforming=all(f.transforming for f in found),
    )


def _all(found: Sequence[SearchFacts], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(v for f in found for v in getattr(f, name)))


def _widest(values: Sequence[float | None], pick: Callable[[list[float]], float]) -> float | None:
    """The widest bound; None, which is no bound at all, is wider than any."""
    known = [v for v in values if v is not None]
    return pick(known) if known and len(known) == len(values) else None
