"""Whose word counts on a finding, and when there are enough of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from agentgate_mcp.approvals.binding import ApprovalRule, rule_of
from agentgate_mcp.approvals.operators import ALL_TEAMS, Operator, OperatorBook, Role, is_requester
from agentgate_mcp.ledger.findings import FindingRecord, Vote
from agentgate_mcp.model.verdict import FindingStatus


def approvers(votes: Iterable[Vote]) -> tuple[str, ...]:
    """Names of those who approved, each once."""
    return tuple(dict.fromkeys(v.operator for v in votes if v.decision == "approve"))


def missing_teams(rule: ApprovalRule, votes: Iterable[Vote]) -> tuple[str, ...]:
    """Teams for which nobody who approved speaks."""
    spoken = {team for v in votes if v.decision == "approve" for team in v.teams}
    return tuple(t for t in rule.teams if t not in spoken and ALL_TEAMS not in spoken)


def missing(rule: ApprovalRule, votes: tuple[Vote, ...]) -> str:
    """What an approval still lacks, for people; empty when it is complete."""
    wanting = rule.people - len(approvers(votes))
    teams = missing_teams(rule, votes)
    parts = [f"{wanting} more {'person' if wanting == 1 else 'people'}"] if wanting > 0 else []
    parts += [f"an approver of team {team}" for team in teams]
    return " and ".join(parts)


def why_not_approve(operator: Operator, record: FindingRecord) -> str:
    """Why ``operator`` may not approve this finding now; empty when it may be approved."""
    call, verdict, rule = record.finding.call, record.finding.verdict, rule_of(record.finding.verdict)
    if record.finding.status is not FindingStatus.PENDING:
        return f"the finding is {record.finding.status.value}, not pending"
    if Role.APPROVER not in operator.roles:
        return f"{operator.name} has no role as approver"
    if is_requester(operator.name, call.principal, call.agent_id):
        return "the requester cannot approve their own call"
    if not verdict.severity <= operator.max_severity:
        return f"{operator.name} may approve up to {operator.max_severity.label}, this is {verdict.severity.label}"
    if operator.name in approvers(record.votes):
        return f"{operator.name} has already approved; another person must"
    teams = missing_teams(rule, record.votes)
    if rule.people == 1 and teams and not any(operator.speaks_for(team) for team in teams):
        return f"an approver of team {' or '.join(teams)} must decide"
    return ""


def why_not_deny(operator: Operator, record: FindingRecord) -> str:
    """Why ``operator`` may not deny this finding; denying is open to every approver, any team."""
    if record.finding.status not in (FindingStatus.PENDING, FindingStatus.APPROVED):
        return f"the finding is {record.finding.status.value}, there is nothing to deny"
    if not operator.roles & {Role.APPROVER, Role.POLICY_ADMIN}:
        return f"{operator.name} has no role that decides"
    return ""


def why_not_consume(record: FindingRecord, book: OperatorBook) -> str:
    """Why the votes on an approved finding do not stand now; empty when they do."""
    call = record.finding.call
    if any(v.decision == "deny" for v in record.votes):
        return "an operator denied it"
    for name in approvers(record.votes):
        operator = book.by_name.get(name)
        if operator is None or not operator.active:
            return f"{name}, who approved it, is no operator any more"
        if is_requester(name, call.principal, call.agent_id):
            return "the requester cannot approve their own call"
    lacking = missing(rule_of(record.finding.verdict), record.votes)
    return f"it lacks {lacking}" if lacking else ""
