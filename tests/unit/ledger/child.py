"""A process of its own on a shared ledger, told what to do by its arguments and its standard input.

python -m tests.unit.ledger.child STATE write COUNT     append COUNT records, print each seq and link
python -m tests.unit.ledger.child STATE flood           append until killed, print what is acknowledged
python -m tests.unit.ledger.child STATE intend CALL     write an intent, print its seq, wait to be killed
python -m tests.unit.ledger.child STATE recover         recover, print the call ids that became unknown
"""

from __future__ import annotations

import sys
from pathlib import Path

from agentgate_mcp.ledger.entries import EntryKind
from agentgate_mcp.ledger.ledger import Ledger
from agentgate_mcp.ledger.recovery import recover
from tests.unit.ledger.samples import REDACTOR, draft, intent


def say(*words: object) -> None:
    print(*words, flush=True)


def main(state: str, what: str, *more: str) -> None:
    with Ledger.open(Path(state), redactor=REDACTOR) as ledger:
        match what:
            case "write":
                for n in range(int(more[0])):
                    (entry,) = ledger.append([draft(EntryKind.REFUSAL, n=n)]).result()
                    say(entry.seq, entry.link)
            case "flood":
                while True:
                    futures = [ledger.append([draft(EntryKind.REFUSAL, pad="x" * 300)]) for _ in range(4)]
                    for future in futures:
                        (entry,) = future.result()
                        say(entry.seq, entry.link)
            case "intend":
                (entry,) = ledger.append([intent(ledger.owner, more[0], effects=["e"])]).result()
                say(entry.seq)
                sys.stdin.read()
            case "recover":
                say("ready")
                sys.stdin.readline()
                say(*(entry.call_id for entry in recover(ledger)))
            case _:
                raise SystemExit(f"unknown: {what}")


if __name__ == "__main__":
    main(*sys.argv[1:])
