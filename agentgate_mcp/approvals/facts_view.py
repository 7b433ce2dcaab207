"""The computed facts of a verdict as lines for a person: what breaks, what it costs, where each
argument came from, how it is undone. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from agentgate_mcp.approvals.escape import escape
from agentgate_mcp.model.facts import (
    BlastRadiusFacts,
    ChangeFacts,
    CostFacts,
    CoverageChange,
    InjectionFacts,
    Interval,
    ProvenanceFacts,
    ResponseFacts,
    SearchFacts,
)
from agentgate_mcp.model.verdict import Verdict

_MAX_LISTED = 12


def fact_sections(verdict: Verdict) -> list[tuple[str, list[str]]]:
    """Titles and lines, in the order in which an approver needs them; empty ones are left out."""
    sections: list[tuple[str, list[str]]] = []
    for stage in verdict.stages:
        match stage.facts:
            case BlastRadiusFacts() as radius:
                sections += _radius(radius)
            case CostFacts() as cost if cost.tier != "none":
                sections.append(("Cost", cost_lines(cost)))
            case ProvenanceFacts() as provenance:
                sections.append(("Where the arguments came from", _provenance(provenance)))
            case InjectionFacts() as injection if injection.hits:
                sections.append(("Instructions found in data", _injection(injection)))
            case _:
                pass
    order = ["Change", "Response", "Search", "Rollback", "Cost", "Where the arguments came from"]
    kept = [(title, lines) for title, lines in sections if lines]
    return sorted(kept, key=lambda s: order.index(s[0]) if s[0] in order else len(order))


def _radius(radius: BlastRadiusFacts) -> list[tuple[str, list[str]]]:
    sections: list[tuple[str, list[str]]] = []
    if radius.change is not None:
        sections.append(("Change", _change(radius.change)))
        sections.append(("Rollback", [_undo(radius.change)]))
    if radius.response is not None:
        sections.append(("Response", _response(radius.response)))
    if radius.search is not None:
        sections.append(("Search", _search(radius.search)))
    return sections


def _change(change: ChangeFacts) -> list[str]:
    lines = [f"{change.action}: {_some(change.targets)}"]
    lines += _listed("owned by", change.owner_teams)
    lines += _listed("stops working", change.broken)
    lines += _listed("works worse", change.degraded)
    lines += [
        f"loses ({loss.kind}): {escape(loss.object)}, {escape(loss.detail)}" for loss in change.losses[:_MAX_LISTED]
    ]
    lines += _coverage("technique", change.techniques)
    lines += _coverage("control", change.compliance)
    lines += [
        f"asset {escape(a.asset)} ({a.criticality}): {a.before} → {a.after} detections, {a.origin}"
        for a in change.assets[:_MAX_LISTED]
        if a.before != a.after
    ]
    if change.assumed_coverage:
        lines.append("no inventory says which assets this protects; coverage is assumed")
    return lines


def _undo(change: ChangeFacts) -> str:
    match change.action:
        case "create":
            return "the created object is deleted again"
        case "delete":
            return "the object is created again with the settings it had"
        case "modify" | "disable":
            return "the settings before the change are stored and put back"


def _response(response: ResponseFacts) -> list[str]:
    lines = ["simulated: nothing is touched" if response.simulate else f"real effects: {response.real_effects}"]
    for target in response.targets[:_MAX_LISTED]:
        known = escape(target.entity) or "not in the inventory"
        guarded = f", protected: {target.protected}" if target.protected else ""
        many = f", {target.addresses} addresses" if target.addresses != 1 else ""
        lines.append(f"{target.action} {escape(target.target)}: {known}, {target.criticality}{guarded}{many}")
    return lines


def _search(search: SearchFacts) -> list[str]:
    lines = _listed("indexes", ("all",) if search.index_wildcard else search.indexes)
    span = "unbounded" if search.span_seconds is None else f"{search.span_seconds / 3600:.1f} hours"
    lines.append(f"time range: {span}{', real time' if search.real_time else ''}")
    lines += _listed("writes", search.writes)
    lines += _listed("destroys, executes or sends", search.destructive)
    lines += _listed("sends rows out", search.egress)
    lines += _listed("not known here", (*search.unresolved, *search.unknown_commands))
    return lines


def cost_lines(cost: CostFacts) -> list[str]:
    """What a call's searches are predicted to take, why, and where they are cut."""
    lines = [f"evidence: {cost.tier}"]
    for name, interval, unit in (
        ("events", cost.events, ""),
        ("bytes", cost.bytes, ""),
        ("buckets", cost.buckets, ""),
        ("seconds", cost.seconds, " s"),
        ("SVC hours, a proxy", cost.svc_hours, ""),
    ):
        if interval is not None:
            lines.append(f"{name}: {_interval(interval)}{unit}")
    if cost.guard is not None:
        guard = cost.guard
        pool = f", in workload pool {escape(guard.workload_pool)}" if guard.workload_pool else ""
        lines.append(f"cut at: {guard.max_time_s} s, {guard.max_rows} rows, {guard.max_bytes} bytes{pool}")
    lines += [f"why: {escape(reason)}" for reason in cost.reasons]
    if cost.rewrite:
        lines.append(f"cheaper: {escape(cost.rewrite)}")
    return lines


def _interval(interval: Interval) -> str:
    return f"{interval.estimate:,.6g} (90 %: {interval.low:,.6g} to {interval.high:,.6g})"


def _provenance(provenance: ProvenanceFacts) -> list[str]:
    lines = [
        f"{escape(origin.path)} ({origin.role}): {origin.label}"
        f"{f' from {escape(origin.evidence)}' if origin.evidence else ''}"
        for origin in provenance.arguments[:_MAX_LISTED]
    ]
    lines += _listed("nothing supports", provenance.unsupported_sinks)
    if provenance.derives_from_flagged:
        lines.append("an argument repeats text that was flagged as an injection")
    if provenance.follows_flagged:
        lines.append("the call does what a flagged text asks for")
    return lines


def _injection(injection: InjectionFacts) -> list[str]:
    return [
        f"{hit.family} in {escape(hit.where)} [{hit.start}:{hit.end}], {'addressed' if hit.use else 'mentioned'}"
        for hit in injection.hits[:_MAX_LISTED]
    ]


def _coverage(what: str, changes: Sequence[CoverageChange]) -> list[str]:
    changed = [c for c in changes if c.before != c.after]
    return [f"{what} {escape(c.id)}: {c.before} → {c.after} detections" for c in changed[:_MAX_LISTED]]


def _listed(title: str, names: Sequence[str]) -> list[str]:
    return [f"{title}: {_some(names)}"] if names else []


def _some(names: Sequence[str]) -> str:
    more = len(names) - _MAX_LISTED
    return ", ".join(escape(n) for n in names[:_MAX_LISTED]) + (f" and {more} more" if more > 0 else "")
