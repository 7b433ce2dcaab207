"""What the ledger holds: entries, and the drafts they are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from agentgate_mcp.model.call import Json


class EntryKind(StrEnum):
    """Every kind of record. `transition` is a finding's; `session` resets taint or a breaker."""

    VERDICT = "verdict"
    INTENT = "intent"
    OUTCOME = "outcome"
    REFUSAL = "refusal"
    TRANSITION = "transition"
    APPROVAL = "approval"
    MANDATE = "mandate"
    OPERATOR = "operator"
    SESSION = "session"
    ADVISORY = "advisory"
    CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An entry before it has a place in the chain. ``payload`` is redacted canonical JSON."""

    kind: EntryKind
    principal: str
    call_id: str
    payload: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One record. ``link`` = SHA-256(previous ‖ RFC 8785 of every other field), hex;
    ``payload_hash`` = SHA-256 of the payload's RFC 8785 form, and stands for the payload in the
    link. ``at`` is epoch seconds and never goes back; ``clock`` is what the writer's clock said."""

    seq: int
    kind: EntryKind
    at: float
    principal: str
    call_id: str
    payload_hash: str
    payload: Mapping[str, Json]
    previous: str
    link: str
    clock: float = 0.0

    def to_json(self) -> dict[str, Json]:
        """The form of exports and of `logs/audit.jsonl`."""
        return {
            "seq": self.seq,
            "kind": self.kind.value,
            "at": self.at,
            "clock": self.clock,
            "principal": self.principal,
            "call_id": self.call_id,
            "payload_hash": self.payload_hash,
            "payload": dict(self.payload),
            "previous": self.previous,
            "link": self.link,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The process that wrote an intent: boot id, pid and process start time (clock ticks)."""

    boot_id: str
    pid: int
    started: int

    def to_json(self) -> dict[str, Json]:
        return {"boot_id": self.boot_id, "pid": self.pid, "started": self.started}
