"""Which calls an operator approved, and what he was shown with each."""

from __future__ import annotations

from agentgate_mcp.ledger.entries import EntryKind
from agentgate_mcp.ledger.ledger import Ledger
from agentgate_mcp.model.facts import BlastRadiusFacts


def accepted_calls(ledger: Ledger) -> dict[str, frozenset[str]]:
    """Approved calls by id, with the objects (`kind:app/name`) whose earlier changes their verdicts
    counted. A call that was approved and not run changed nothing, and does no harm here.

    Raises: LedgerError."""
    accepted: dict[str, frozenset[str]] = {}
    for entry in ledger.entries(kinds=frozenset({EntryKind.APPROVAL})):
        if entry.payload.get("decision") == "approve":
            record = ledger.finding(str(entry.payload.get("finding_id")))
            stages = record.finding.verdict.stages if record is not None else ()
            facts = next((s.facts for s in stages if isinstance(s.facts, BlastRadiusFacts)), None)
            change = facts.change if isinstance(facts, BlastRadiusFacts) else None
            accepted[entry.call_id] = frozenset(change.accumulated if change is not None else ())
    return accepted
