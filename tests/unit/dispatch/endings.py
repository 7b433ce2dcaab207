"""What a ledger must say about every call in it, and about every effect of the backend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from agentgate_mcp.backends.embedded import JournalEntry, read_journal
from agentgate_mcp.ledger.entries import EntryKind, LedgerEntry
from agentgate_mcp.ledger.ledger import Ledger
from agentgate_mcp.ledger.verify import verify


def settled(ledger: Ledger) -> list[LedgerEntry]:
    """All records, those included that wait to be written now."""
    ledger.run(lambda _tx: None)
    return list(ledger.entries())


def endings(entries: Iterable[LedgerEntry]) -> Counter[str]:
    """How many endings each call has: outcomes, refusals, findings opened. A call with a finding
    ends once more when the finding is resumed; a verdict that was only previewed is no call."""
    count: Counter[str] = Counter()
    previews: set[str] = set()
    for entry in entries:
        ended = 0
        match entry.kind:
            case EntryKind.OUTCOME | EntryKind.REFUSAL:
                ended = 1
            case EntryKind.TRANSITION:
                ended = {"pending": 1, "blocked": 1, "consumed": -1}.get(str(entry.payload["status"]), 0)
            case EntryKind.VERDICT:
                call: Any = entry.payload["call"]
                if call["parent_id"] in previews:
                    continue
                if call["tool_name"] == "gate_preview":
                    previews.add(entry.call_id)
            case _:
                pass
        count[entry.call_id] += ended
    return count


def problems(ledger: Ledger, state: Path) -> list[str]:
    """Everything that breaks R3 in ``state``: empty when nothing does."""
    entries = settled(ledger)
    found = [f"{p.seq}: {p.problem}" for p in verify(ledger).problems]
    found += [f"{call}: {n} endings" for call, n in endings(entries).items() if n != 1 and call]
    found += [f"{i.call_id}: an intent without outcome" for i in ledger.orphans()]
    return found + ungated(entries, read_journal(state))


def ungated(entries: Iterable[LedgerEntry], journal: Iterable[JournalEntry]) -> list[str]:
    """Effects without an earlier durable intent of their own call, made twice, or denied later."""
    by_seq = {e.seq: e for e in entries}
    outcomes = {e.call_id: e.payload["status"] for e in by_seq.values() if e.kind is EntryKind.OUTCOME}
    found: list[str] = []
    seen: set[tuple[str, str]] = set()
    for effect in journal:
        intent = by_seq.get(effect.intent_seq)
        if intent is None or intent.kind is not EntryKind.INTENT or intent.call_id != effect.call_id:
            found.append(f"effect {effect.seq}: no intent {effect.intent_seq} of {effect.call_id}")
        elif not intent.payload["effects"]:
            found.append(f"effect {effect.seq}: its intent names no effect")
        if (effect.call_id, effect.what) in seen:
            found.append(f"effect {effect.seq}: made twice")
        seen.add((effect.call_id, effect.what))
        if outcomes.get(effect.call_id, "ok") not in ("ok", "unknown"):
            found.append(f"effect {effect.seq}: on record as {outcomes[effect.call_id]}")
    return found
