"""The ledger as JSON Lines: one record per line, every field, in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from agentgate_mcp.canonical import canonical_bytes
from agentgate_mcp.ledger.entries import LedgerEntry
from agentgate_mcp.ledger.ledger import Ledger


def line_of(entry: LedgerEntry) -> str:
    """One record as canonical JSON and a line end."""
    return canonical_bytes(entry.to_json()).decode() + "\n"


def export_lines(ledger: Ledger, since: int = 0, upto: int | None = None) -> Iterator[str]:
    """Lines of the records after ``since``, up to ``upto``. Raises: LedgerError."""
    return (line_of(entry) for entry in ledger.entries(since, upto=upto))


def export(ledger: Ledger, out: TextIO, since: int = 0) -> int:
    """Writes all records after ``since`` to ``out``; how many they were. Raises: LedgerError, OSError."""
    count = 0
    for line in export_lines(ledger, since):
        out.write(line)
        count += 1
    return count
