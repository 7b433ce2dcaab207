"""The hash chain: what binds each record to all before it. Pure.

The payload enters the link by its hash, so that a payload can be purged after its retention
while every link still verifies.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass

from agentgate_mcp.canonical import canonical_bytes
from agentgate_mcp.errors import LedgerError
from agentgate_mcp.ledger.entries import Draft, EntryKind, LedgerEntry
from agentgate_mcp.model.call import Json

GENESIS = "0" * 64
"""What the first record names as its predecessor."""

MAX_PAYLOAD_BYTES = 4 * 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The end of the chain: the next record follows ``seq``, not before ``at``, after ``link``."""

    seq: int = 0
    at: float = 0.0
    link: str = GENESIS


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A draft in its canonical form, made before a place in the chain is known."""

    kind: EntryKind
    principal: str
    call_id: str
    payload: Mapping[str, Json]
    text: str
    payload_hash: str


def prepare(draft: Draft) -> Prepared:
    """The canonical form of ``draft``.

    Raises: LedgerError for a payload beyond 4 MiB, CanonicalError for one without such a form."""
    payload = dict(draft.payload)
    raw = canonical_bytes(payload)
    if len(raw) > MAX_PAYLOAD_BYTES:
        raise LedgerError(f"{draft.kind} record: expected at most {MAX_PAYLOAD_BYTES} bytes, got {len(raw)}")
    return Prepared(
        kind=draft.kind,
        principal=draft.principal,
        call_id=draft.call_id,
        payload=payload,
        text=raw.decode(),
        payload_hash=hashlib.sha256(raw).hexdigest(),
    )


def seal(prepared: Prepared, *, head: Head, clock: float) -> LedgerEntry:
    """The record that follows ``head``. ``clock`` is epoch seconds, as read.

    Raises: LedgerError when the clock gives no time."""
    if not math.isfinite(clock):
        raise LedgerError("expected the clock to give a time, got none")
    seq, at = head.seq + 1, max(head.at, clock)
    link = link_of(
        head.link,
        seq=seq,
        kind=prepared.kind.value,
        at=at,
        clock=clock,
        principal=prepared.principal,
        call_id=prepared.call_id,
        payload_hash=prepared.payload_hash,
    )
    return LedgerEntry(
        seq=seq,
        kind=prepared.kind,
        at=at,
        clock=clock,
        principal=prepared.principal,
        call_id=prepared.call_id,
        payload_hash=prepared.payload_hash,
        payload=prepared.payload,
        previous=head.link,
        link=link,
    )


def link_of(
    previous: str, *, seq: int, kind: str, at: float, clock: float, principal: str, call_id: str, payload_hash: str
) -> str:
    """SHA-256 over the previous link and the RFC 8785 form of every field, hex."""
    fields: dict[str, Json] = {
        "seq": seq,
        "kind": kind,
        "at": at,
        "clock": clock,
        "principal": principal,
        "call_id": call_id,
        "payload_hash": payload_hash,
    }
    return hashlib.sha256(bytes.fromhex(previous) + canonical_bytes(fields)).hexdigest()


def payload_hash_of(text: str) -> str:
    """SHA-256 of a stored payload, hex. Stored text is canonical, so its bytes are hashed as they are."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
