"""A ledger, its approvals, and two operators with their tokens."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from agentgate_mcp.approvals.registry import OperatorRegistry
from agentgate_mcp.approvals.service import ApprovalService
from agentgate_mcp.ledger.entries import Draft, LedgerEntry
from agentgate_mcp.ledger.ledger import Ledger
from agentgate_mcp.ledger.verify import verify
from agentgate_mcp.model.call import ToolCall
from agentgate_mcp.model.verdict import Finding, Verdict
from tests.unit.ledger.samples import NOW, REDACTOR, Clock, intent, make_call, make_verdict, verdict_draft


@dataclass(slots=True)
class Office:
    """Everything about approvals in one place, with short words for what tests do often."""

    ledger: Ledger
    service: ApprovalService
    operators: OperatorRegistry
    clock: Clock
    tokens: dict[str, str]

    async def open(self, call: ToolCall | None = None, verdict: Verdict | None = None, **more: object) -> Finding:
        asked = call or make_call()
        said = verdict or make_verdict(asked)
        drafts = [verdict_draft(asked, said)]
        return await self.service.open_finding(asked, said, drafts, now=self.clock.at, **more)  # type: ignore[arg-type]

    def approve(self, finding: Finding, *names: str) -> None:
        for name in names or ("olga",):
            self.service.approve(finding.finding_id, self.tokens[name], "seen")

    async def consume(self, finding: Finding, **changes: object) -> LedgerEntry:
        call = finding.call
        values: dict[str, object] = {
            "requester": call.requester,
            "fresh": make_verdict(call),
            "drafts": self.drafts(finding),
            "now": self.clock.at,
        }
        return await self.service.consume(finding.finding_id, **{**values, **changes})  # type: ignore[arg-type]

    def drafts(self, finding: Finding) -> list[Draft]:
        call = finding.call
        return [
            verdict_draft(call, make_verdict(call)),
            intent(
                self.ledger.owner, call.call_id, effects=["e"], finding_id=finding.finding_id, digest=call.digest,
                principal=call.principal,
            ),
        ]  # fmt: skip


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    clock = Clock()
    with Ledger.open(tmp_path / "state", redactor=REDACTOR, clock=clock) as ledger:
        numbers = itertools.count(1)
        registry = OperatorRegistry(ledger)
        first = registry.add("olga", roles=["approver"], teams=["soc"])
        second = registry.add("omar", roles=["approver"], teams=["network"], by_token=first)
        yield Office(
            ledger=ledger,
            service=ApprovalService(ledger, new_id=lambda: f"f-{next(numbers)}"),
            operators=registry,
            clock=clock,
            tokens={"olga": first, "omar": second},
        )
        report = verify(ledger)
        assert report.ok, report.problems


@pytest.fixture
def now() -> float:
    return NOW
