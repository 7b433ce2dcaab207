"""Facts about the request itself: who asks, how much they have asked for, and their scope."""

from __future__ import annotations

from agentgate_mcp.gate.context import StageContext
from agentgate_mcp.gate.world import AgentProfile
from agentgate_mcp.model.decision import Profile, SideEffect
from agentgate_mcp.model.facts import BlastRadiusFacts, RequestFacts

HOUR, DAY, WEEK = 3600.0, 86_400.0, 604_800.0


def request_facts(ctx: StageContext) -> RequestFacts:
    """The call and the requester's standing. Counts include the targets of this call."""
    agent = ctx.world.agent(ctx.call.agent_id, ctx.call.asserted_agent)
    session, now = ctx.session, ctx.as_of
    touched = frozenset(ctx.effects.targets)
    rows, size = session.rows_since(now - DAY), session.bytes_since(now - DAY)
    spec = ctx.spec
    return RequestFacts(
        tool=ctx.call.tool_name,
        side_effect=spec.side_effect if spec else SideEffect.EGRESS,
        known_tool=spec is not None,
        nested=ctx.call.parent_id is not None,
        read_only=agent.read_only or ctx.world.profile is Profile.OBSERVE,
        frozen=bool(ctx.world.frozen & {"*", ctx.call.principal}),
        breaker_open=ctx.call.requester in ctx.world.breaker_open,
        targets_in_call=len(touched),
        targets_1h=len(touched | session.targets_since(now - HOUR)),
        targets_24h=len(touched | session.targets_since(now - DAY)),
        targets_7d=len(touched | session.targets_since(now - WEEK)),
        out_of_scope=_out_of_scope(ctx, agent),
        foreign_teams=_foreign_teams(ctx, agent),
        rows_today=rows,
        bytes_today=size,
        rows_budget_left=max(0, agent.rows_per_day - rows),
        bytes_budget_left=max(0, agent.bytes_per_day - size),
        mutates=bool(touched) or _writes(ctx) or _upstream_effect(ctx),
    )


def _writes(ctx: StageContext) -> bool:
    search = ctx.blast_radius.search
    return search is not None and bool(search.writes or search.destructive)


def _upstream_effect(ctx: StageContext) -> bool:
    """A tool of another server says only that it has effects, so any call of it counts as one."""
    return ctx.spec is None or (ctx.spec.toolset == "upstream" and ctx.spec.has_effect)


def _foreign_teams(ctx: StageContext, agent: AgentProfile) -> tuple[str, ...]:
    change = ctx.blast_radius.change
    if change is None:
        return ()
    return tuple(sorted(t for t in change.owner_teams if t and t != agent.team))


def unreadable(radius: BlastRadiusFacts) -> bool:
    """True when what the call reaches could not be read: a broken search, an unknown object."""
    search, change = radius.search, radius.change
    return (search is not None and not search.parsed) or (change is not None and bool(change.unknown_targets))


def _out_of_scope(ctx: StageContext, agent: AgentProfile) -> tuple[str, ...]:
    found: set[str] = set()
    if agent.indexes:
        found |= {f"index:{i}" for i in _indexes_read(ctx) if i not in agent.indexes}
        search = ctx.blast_radius.search
        if search is not None:
            # A data model reads whatever indexes its constraints name, not only this agent's.
            found |= {f"data_model:{d}" for d in search.data_models}
    if agent.apps:
        for change in ctx.effects.changes:
            homes = {o.app for o in ctx.world.knowledge.all_named(change.target)} or {change.app}
            found |= {f"app:{app}" for app in ({change.app} if change.app else homes) if app not in agent.apps}
    return tuple(sorted(found))


def _indexes_read(ctx: StageContext) -> tuple[str, ...]:
    """Indexes that the call looks at, in a search or by argument; `*` where it names none."""
    names: list[str] = []
    search = ctx.blast_radius.search
    if search is not None:
        names += search.indexes
        if search.index_wildcard or search.default_indexes:
            names.append("*")
    for argument in ("index", "index_name"):
        value = ctx.call.arguments.get(argument)
        if isinstance(value, str) and not ctx.effects.searches:
            names.append(value.lower())
    return tuple(names)
