"""What is known of each action sent: durable, moving forward only, every step kept.

queued → sent → unknown → done or failed; any step may be left out, none is ever taken back.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Final

from agentgate_mcp.backends.embedded.responder import identity_of, stored_receipt
from agentgate_mcp.backends.embedded.sqlite import Database
from agentgate_mcp.backends.ports import ActionReceipt, ReceiptStatus
from agentgate_mcp.effects import ResponseAction

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS deliveries (
  action_id TEXT PRIMARY KEY, lease REAL NOT NULL, accepted INTEGER NOT NULL DEFAULT 0,
  status_url TEXT NOT NULL DEFAULT '', due REAL NOT NULL, polls INTEGER NOT NULL DEFAULT 0,
  poll_at REAL NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS delivery_steps (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, action_id TEXT NOT NULL, at REAL NOT NULL,
  status TEXT NOT NULL, cause TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS callback_events (
  event_id TEXT PRIMARY KEY, action_id TEXT NOT NULL, at REAL NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS receipts_open ON receipts (status) WHERE status IN ('queued', 'sent', 'unknown');
"""
_ORDER: Final[dict[ReceiptStatus, int]] = {"queued": 0, "sent": 1, "unknown": 2, "done": 3, "failed": 3}
_NO_EXPIRY_S: Final = 86_400.0
"""Nobody tells when an action without an expiry was undone: after a day it may be asked for again."""
_FOLLOWED_S: Final = 7 * 86_400.0
_FIRST_POLL_S: Final = 5.0
_LAST_POLL_S: Final = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An action whose end is open. ``lease`` is the instant (epoch seconds) after which nobody
    sends it any more; ``due`` the one by which word of its end is expected; ``poll_at`` the next to
    ask at."""

    action_id: str
    status: ReceiptStatus
    lease: float
    accepted: bool
    status_url: str
    due: float
    poll_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One transition: what the status became, when (epoch seconds), and by what."""

    status: str
    at: float
    cause: str


class DeliveryStore:
    """Deliveries beside the receipts in the state database, shared by all processes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.run(_TABLES)

    def in_force(self, action: ResponseAction, at: float) -> ActionReceipt | None:
        """The newest equal action that is or may be in force. One that failed is not."""
        found = self._database.one(
            "SELECT body FROM receipts WHERE action = ? AND identity = ? AND simulate = 0 "
            "AND status IN ('queued', 'sent', 'unknown', 'done') AND coalesce(expires_at, at + ?) > ? "
            "ORDER BY seq DESC LIMIT 1",
            (action.action, identity_of(action), _NO_EXPIRY_S, at),
        )
        return None if found is None else stored_receipt(str(found[0]))

    def add(self, receipt: ActionReceipt, action: ResponseAction, call_id: str) -> None:
        """Keeps a new receipt. Call it inside a transaction."""
        self._database.run(
            "INSERT INTO receipts (action_id, case_id, call_id, action, identity, simulate, status, at, expires_at, "
            "body) VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, ?)",
            (receipt.action_id, action.case_id, call_id, receipt.action, identity_of(action), receipt.status,
             receipt.at, receipt.expires_at, _body(receipt)),
        )  # fmt: skip

    def queue(self, action_id: str, *, at: float, lease: float, due: float) -> None:
        """Opens the delivery of a new receipt. Call it inside the same transaction."""
        self._database.run(
            "INSERT INTO deliveries (action_id, lease, due, poll_at) VALUES (?, ?, ?, ?)",
            (action_id, lease, due, at + _FIRST_POLL_S),
        )
        self._step(action_id, "queued", at, "permitted")

    def accepted(self, action_id: str, status_url: str = "") -> None:
        """Notes that the endpoint knows the action, and where it says its status."""
        self._database.run(
            "UPDATE deliveries SET accepted = 1, status_url = iif(? = '', status_url, ?) WHERE action_id = ?",
            (status_url, status_url, action_id),
        )

    def move(self, action_id: str, status: ReceiptStatus, *, at: float, cause: str) -> bool:
        """Moves an action on. False when it is there or further already."""
        with self._database.transaction():
            return self.moved(action_id, status, at=at, cause=cause)

    def moved(self, action_id: str, status: ReceiptStatus, *, at: float, cause: str) -> bool:
        """`move` inside a transaction that is open already."""
        receipt = self.receipt(action_id)
        if receipt is None or not _ORDER[status] > _ORDER[receipt.status]:
            return False
        after = replace(receipt, status=status, detail=cause)
        self._database.run(
            "UPDATE receipts SET status = ?, body = ? WHERE action_id = ?", (status, _body(after), action_id)
        )
        self._step(action_id, status, at, cause)
        return True

    def receipt(self, action_id: str) -> ActionReceipt | None:
        """The receipt of a delivered action; None for any other id."""
        found = self._database.one(
            "SELECT body FROM receipts JOIN deliveries USING (action_id) WHERE action_id = ?", (action_id,)
        )
        return None if found is None else stored_receipt(str(found[0]))

    def open(self, now: float) -> Sequence[Delivery]:
        """Deliveries whose end is not known, oldest first, for a week after they were sent."""
        found = self._database.rows(
            "SELECT d.action_id, r.status, d.lease, d.accepted, d.status_url, d.due, d.poll_at "
            "FROM receipts r JOIN deliveries d USING (action_id) "
            "WHERE r.status IN ('queued', 'sent', 'unknown') AND d.lease > ? ORDER BY r.seq",
            (now - _FOLLOWED_S,),
        )
        return tuple(
            Delivery(action_id=i, status=s, lease=le, accepted=bool(a), status_url=u, due=d, poll_at=p)
            for i, s, le, a, u, d, p in found
        )

    def polled(self, action_id: str, now: float) -> None:
        """Puts the next question off: each time twice as long, up to five minutes."""
        self._database.run(
            "UPDATE deliveries SET polls = polls + 1, poll_at = ? + min(?, ? * (1 << min(polls, 10))) "
            "WHERE action_id = ?",
            (now, _LAST_POLL_S, _FIRST_POLL_S, action_id),
        )

    def is_new_event(self, event_id: str, action_id: str, at: float) -> bool:
        """Notes a callback's event; False when it was seen before. Call it inside a transaction."""
        if self._database.one("SELECT 1 FROM callback_events WHERE event_id = ?", (event_id,)) is not None:
            return False
        self._database.run("INSERT INTO callback_events VALUES (?, ?, ?)", (event_id, action_id, at))
        return True

    def steps(self, action_id: str) -> Sequence[Step]:
        """All transitions of an action, oldest first."""
        found = self._database.rows(
            "SELECT status, at, cause FROM delivery_steps WHERE action_id = ? ORDER BY seq", (action_id,)
        )
        return tuple(Step(status=s, at=a, cause=c) for s, a, c in found)

    def _step(self, action_id: str, status: str, at: float, cause: str) -> None:
        self._database.run(
            "INSERT INTO delivery_steps (action_id, at, status, cause) VALUES (?, ?, ?, ?)",
            (action_id, at, status, cause),
        )


def _body(receipt: ActionReceipt) -> str:
    return json.dumps(asdict(receipt), ensure_ascii=False)
