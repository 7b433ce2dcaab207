"""From findings to actions: what the runbooks allow, for what the findings incriminate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agentgate_mcp.model.call import Json
from investigation.analytics.partner import trusted
from investigation.dossier import Dossier
from investigation.evidence import Evidence
from investigation.rows import is_outside, text
from investigation.runbooks import Book, Guidance

ACTION_OF: Mapping[str, str] = {
    "host": "isolate_host",
    "ip": "block_ip",
    "domain": "block_domain",
    "user": "disable_user",
    "password": "reset_credentials",
    "hash": "quarantine_file",
}
EXPIRES: Mapping[str, str] = {
    "isolate_host": "24 hours",
    "block_ip": "24 hours",
    "block_domain": "7 days",
    "disable_user": "24 hours",
    "reset_credentials": "does not expire",
    "quarantine_file": "until restored",
}
MIN_WEIGHT = 1.0
"""A target needs findings that weigh at least this much together."""
COMMON_SOURCES = 4
"""A partner that more of our machines than this used before is not blocked for one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One action with its grounds. ``blast`` says who else feels it."""

    action: str
    target: str
    reason: str
    findings: tuple[str, ...]
    blast: str
    guidance: Guidance | None

    def to_json(self) -> dict[str, Json]:
        return {
            "action": self.action,
            "target": self.target,
            "reason": self.reason,
            "findings": list(self.findings),
            "blast": self.blast,
            "expiry": EXPIRES[self.action],
            "pre_checks": list(self.guidance.checks) if self.guidance else [],
            "rollback": self.guidance.rollback if self.guidance else "",
            "runbook": self.guidance.runbook_id if self.guidance else "",
        }


def propose(
    d: Dossier, findings: Sequence[tuple[str, Evidence]], books: Sequence[Book]
) -> tuple[tuple[Proposal, ...], tuple[str, ...]]:
    """Actions, each once, and the reasons why possible ones are left out."""
    allowed = {a for b in books for a in b.actions}
    grounds: dict[tuple[str, str], list[tuple[str, Evidence]]] = {}
    for finding_id, evidence in findings:
        if evidence.weight > 0:
            for target in evidence.targets:
                grounds.setdefault(target, []).append((finding_id, evidence))
    out: list[Proposal] = []
    omitted: list[str] = []
    for (kind, value), behind in sorted(grounds.items(), key=lambda g: (_ORDER.index(g[0][0]), g[0][1])):
        action = ACTION_OF[kind]
        weight = sum(e.weight for _, e in behind)
        against = _against(d, kind, value, weight)
        if action not in allowed and not (kind in ("ip", "domain", "hash") and _listed(d, value)):
            against = f"no chosen runbook foresees {action}"
        if against:
            omitted.append(f"{action} of {value} is not proposed: {against}.")
            continue
        ids = tuple(dict.fromkeys(f for f, _ in behind))
        cited = list(dict.fromkeys(i for _, e in behind for i in e.event_ids[:2]))[:4]
        guidance = next((g for b in books for g in b.guidance if g.action == action), None)
        reason = f"Case {d.case.case_id}, findings {', '.join(ids)}, events {', '.join(cited)}"
        out.append(
            Proposal(
                action=action,
                target=value,
                reason=reason,
                findings=ids,
                blast=_blast(d, kind, value),
                guidance=guidance,
            )
        )
    return tuple(out), tuple(omitted)


_ORDER = ("host", "ip", "domain", "user", "password", "hash")


def _against(d: Dossier, kind: str, value: str, weight: float) -> str:
    if weight < MIN_WEIGHT:
        return "the findings about it weigh too little"
    if kind == "ip":
        if not is_outside(value):
            return "it is an address of our own"
        known = trusted(d, value)
        if known:
            return f"it is {known}"
        users = _others(d, value)
        if len(users) > COMMON_SOURCES and not _listed(d, value):
            return f"{len(users)} of our machines use it and no feed calls it malicious"
    if kind == "domain" and trusted(d, value):
        return f"it is {trusted(d, value)}"
    return ""


def _listed(d: Dossier, value: str) -> bool:
    record = d.intel.get(value)
    return bool(record and text(record, "verdict") == "malicious")


def _others(d: Dossier, address: str) -> list[str]:
    """Machines of ours, outside the case, that used the address in this or the week before."""
    for row in d.rows("prevalence"):
        if text(row, "dest") == address:
            value = row.get("src")
            sources = [str(v) for v in value] if isinstance(value, list) else [str(value)]
            return sorted(d.host_of(s) for s in sources if s not in d.inside and not is_outside(s))
    return []


def _blast(d: Dossier, kind: str, value: str) -> str:
    """Who else feels the action, from the inventory and from who used the target."""
    if kind == "host":
        asset = d.asset(value)
        if asset is None:
            return "the machine is not in the inventory"
        return f"{text(asset, 'role')}, criticality {text(asset, 'criticality')}, team {text(asset, 'owner_team')}"
    if kind == "ip":
        others = _others(d, value)
        return f"also used by {', '.join(others[:6])}" if others else "no other machine of ours used it"
    if kind in ("user", "password"):
        person = next((r for r in d.lookup("identity_inventory") if text(r, "user") == value), None)
        if person is None:
            return "the account is not in the inventory"
        rights = "privileged" if text(person, "privileged") == "true" else "not privileged"
        return f"account of {text(person, 'department')}, {rights}"
    if kind == "domain":
        return "all names below it are answered with a sinkhole"
    return "the file is moved on every endpoint that holds it"
