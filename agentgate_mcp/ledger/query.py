"""What can be asked of the ledger, and how it is read: in pages, so that no reader holds a lock."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from agentgate_mcp.ledger.entries import EntryKind, LedgerEntry
from agentgate_mcp.ledger.store import Cell, Store

PAGE = 64
"""Records at a time. One may hold a hundred kilobytes of leaves, so more would cost memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which records: all conditions must hold; an absent one holds always.

    ``since`` is exclusive, ``upto`` inclusive; ``tag`` is `finding:<id>` or `decision:<name>`."""

    since: int = 0
    upto: int | None = None
    kinds: frozenset[EntryKind] | None = None
    principal: str | None = None
    call_id: str | None = None
    tag: str | None = None


Fetch: TypeAlias = Callable[[Query, int], list[LedgerEntry]]
"""Gives the next matching records after a sequence, at most `PAGE`; fewer: there are no more."""


def page(store: Store, query: Query, after: int) -> list[LedgerEntry]:
    """One page of records from ``store``. Raises: LedgerError."""
    where, bindings = _where(query)
    return store.page(where, bindings, max(after, query.since), PAGE)


def payloads(store: Store, query: Query, after: int) -> list[tuple[int, str]]:
    """One page of sequences with their payloads as canonical JSON text. Raises: LedgerError."""
    where, bindings = _where(query)
    return store.payloads(where, bindings, max(after, query.since), PAGE)


def matching(fetch: Fetch, query: Query) -> Iterator[LedgerEntry]:
    """Matching records in order, a page at a time. Raises: LedgerError."""
    narrow = query.principal is not None or query.call_id is not None or query.tag is not None
    if query.kinds is None or narrow:
        return _pages(fetch, query)
    # The index on kinds gives each kind in order; several are merged, never sorted.
    each = (_pages(fetch, replace(query, kinds=frozenset({kind}))) for kind in sorted(query.kinds))
    return heapq.merge(*each, key=lambda entry: entry.seq)


def _pages(fetch: Fetch, query: Query) -> Iterator[LedgerEntry]:
    after = query.since
    while True:
        found = fetch(query, after)
        yield from found
        if len(found) < PAGE:
            return
        after = found[-1].seq


def _where(query: Query) -> tuple[str, list[Cell]]:
    """Conditions on indexed columns first; a plus sign keeps SQLite off the less selective index."""
    terms: list[str] = []
    bindings: list[Cell] = []
    narrow = False
    if query.tag is not None:
        terms.append("tag = ? AND tag <> ''")
        bindings.append(query.tag)
        narrow = True
    if query.call_id is not None:
        terms.append(f"{'+' if narrow else ''}call_id = ? AND call_id <> ''")
        bindings.append(query.call_id)
        narrow = True
    if query.principal is not None:
        terms.append(f"{'+' if narrow else ''}principal = ?")
        bindings.append(query.principal)
        narrow = True
    if query.kinds is not None:
        marks = ",".join("?" * len(query.kinds))
        terms.append(f"{'+' if narrow else ''}kind IN ({marks})")
        bindings.extend(sorted(kind.value for kind in query.kinds))
    if query.upto is not None:
        terms.append("seq <= ?")
        bindings.append(query.upto)
    return " AND ".join(terms) or "true", bindings
