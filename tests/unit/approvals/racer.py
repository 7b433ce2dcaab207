"""A process that races for one approval with many threads.

    python -m tests.unit.approvals.racer STATE FINDING THREADS

Prints `ready`, waits for a line, then prints how many of its threads got the intent.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from agentgate_mcp.approvals.service import ApprovalService
from agentgate_mcp.errors import ApprovalError
from agentgate_mcp.ledger.ledger import Ledger
from tests.unit.ledger.samples import NOW, REDACTOR, intent, make_verdict, verdict_draft


def race(ledger: Ledger, finding_id: str, threads: int) -> int:
    """How many of ``threads`` concurrent attempts consumed the finding."""
    service = ApprovalService(ledger)
    call = service.get(finding_id, now=NOW).finding.call
    start = threading.Barrier(threads)

    def attempt() -> int:
        drafts = [
            verdict_draft(call, make_verdict(call)),
            intent(ledger.owner, call.call_id, effects=["e"], finding_id=finding_id, digest=call.digest),
        ]
        start.wait()
        try:
            asyncio.run(
                service.consume(finding_id, requester=call.requester, fresh=make_verdict(call), drafts=drafts, now=NOW)
            )
        except ApprovalError:
            return 0
        return 1

    with ThreadPoolExecutor(threads) as pool:
        return sum(f.result() for f in [pool.submit(attempt) for _ in range(threads)])


def main(state: str, finding_id: str, threads: str) -> None:
    with Ledger.open(Path(state), redactor=REDACTOR, clock=lambda: NOW) as ledger:
        print("ready", flush=True)
        sys.stdin.readline()
        print(race(ledger, finding_id, int(threads)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
