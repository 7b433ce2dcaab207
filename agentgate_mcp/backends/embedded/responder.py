"""The responder that touches nothing: every action is planned, recorded and said to be simulated.

An action that was asked for as real is simulated too and says so; it still needs a permit, so
that putting a real responder in this place changes no rule.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from agentgate_mcp.backends.embedded import journal
from agentgate_mcp.backends.embedded.files import Record, validated
from agentgate_mcp.backends.embedded.sqlite import Database
from agentgate_mcp.backends.ports import ActionReceipt, ReceiptStatus
from agentgate_mcp.canonical import digest
from agentgate_mcp.effects import ActionName, Effects, ResponseAction
from agentgate_mcp.errors import PermitError
from agentgate_mcp.permits import Permit, PermitBook

_HOUR: Final = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an action would do, how long it would hold (seconds; None: until undone), how to undo it."""

    does: str
    holds: float | None
    undo: str


PLANS: Final[dict[ActionName, Plan]] = {
    "isolate_host": Plan(
        does="cut {target} off from the network except for management",
        holds=24 * _HOUR,
        undo="release {target} from isolation in the endpoint console",
    ),
    "block_ip": Plan(
        does="drop traffic to and from {target} at the perimeter",
        holds=24 * _HOUR,
        undo="remove {target} from the perimeter block list",
    ),
    "block_domain": Plan(
        does="answer queries for {target} with a sinkhole",
        holds=7 * 24 * _HOUR,
        undo="remove {target} from the resolver block list",
    ),
    "disable_user": Plan(
        does="disable the account {target} and end its sessions",
        holds=24 * _HOUR,
        undo="enable the account {target} in the directory",
    ),
    "reset_credentials": Plan(
        does="expire the password of {target} and revoke its tokens",
        holds=None,
        undo="cannot be undone: {target} gets new credentials from the service desk",
    ),
    "quarantine_file": Plan(
        does="move {target} into quarantine on every endpoint",
        holds=None,
        undo="restore {target} from quarantine in the endpoint console",
    ),
    "create_ticket": Plan(
        does="open a ticket for {target}",
        holds=None,
        undo="close the ticket for {target}",
    ),
}


class _StoredReceipt(Record):
    action_id: str
    action: str
    target: str
    status: ReceiptStatus
    at: float
    expires_at: float | None
    rollback: str
    detail: str
    duplicate_of: str


class SimulatingResponder:
    """Implements ResponderPort; receipts are kept in the state database."""

    def __init__(self, database: Database, book: PermitBook) -> None:
        self._database = database
        self._book = book

    @property
    def live(self) -> bool:
        return False

    def request(
        self, actions: Sequence[ResponseAction], *, permit: Permit | None, call_id: str, at: float
    ) -> Sequence[ActionReceipt]:
        """One receipt per action, in order. An action that is in force already (same action and
        target, not expired) is a duplicate and does nothing.

        Raises: PermitError when an action is meant to be real and no valid permit comes with it."""
        held: Permit | None = None
        if permit is not None:
            held = journal.spend(self._book, permit, digest(Effects(actions=tuple(actions)).to_json()))
        elif any(not action.simulate for action in actions):
            raise PermitError("a response action with real effect needs a permit")
        with self._database.transaction():
            return tuple(self._one(action, held, call_id, at) for action in actions)

    def receipts(self, case_id: str) -> Sequence[ActionReceipt]:
        """All receipts of a case, oldest first; of every case when ``case_id`` is empty."""
        found = self._database.rows(
            "SELECT body FROM receipts WHERE ? IN ('', case_id) ORDER BY seq",
            (case_id,),
        )
        return tuple(stored_receipt(str(body)) for (body,) in found)

    def _one(self, action: ResponseAction, permit: Permit | None, call_id: str, at: float) -> ActionReceipt:
        plan = PLANS[action.action]
        identity = identity_of(action)
        earlier = self._in_force(action, identity, at)
        if earlier is not None:
            status, expires, detail = "duplicate", earlier.expires_at, f"already in force as {earlier.action_id}"
        else:
            status, expires = "simulated", None if plan.holds is None else at + plan.holds
            detail = f"simulated, nothing was touched: would {plan.does.format(target=action.target)}"
            if not action.simulate:
                detail = f"no responder is configured, so this was {detail}"
        receipt = ActionReceipt(
            action_id=f"act-{secrets.token_hex(6)}",
            action=action.action,
            target=action.target,
            status=status,
            at=at,
            expires_at=expires,
            rollback=plan.undo.format(target=action.target),
            detail=detail,
            duplicate_of="" if earlier is None else earlier.action_id,
        )
        self._database.run(
            "INSERT INTO receipts (action_id, case_id, call_id, action, identity, simulate, status, at, expires_at, "
            "body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (receipt.action_id, action.case_id, call_id, action.action, identity, int(action.simulate), status, at,
             expires, json.dumps(asdict(receipt), ensure_ascii=False)),
        )  # fmt: skip
        if permit is not None and not action.simulate:
            journal.write(self._database, permit, f"{action.action}:{action.target}", at)
        return receipt

    def _in_force(self, action: ResponseAction, identity: str, at: float) -> ActionReceipt | None:
        found = self._database.one(
            "SELECT body FROM receipts WHERE action = ? AND identity = ? AND simulate = ? "
            "AND status NOT IN ('duplicate', 'failed') AND (expires_at IS NULL OR expires_at > ?) "
            "ORDER BY seq DESC LIMIT 1",
            (action.action, identity, int(action.simulate), at),
        )
        return None if found is None else stored_receipt(str(found[0]))


def identity_of(action: ResponseAction) -> str:
    """What makes two actions the same. Tickets differ by case and reason too."""
    target = action.target.strip().lower()
    return f"{target}\n{action.case_id}\n{action.reason}" if action.action == "create_ticket" else target


def stored_receipt(body: str) -> ActionReceipt:
    """A receipt as it was kept. Raises: DataError."""
    stored = validated(_StoredReceipt, json.loads(body), "state database")
    return ActionReceipt(**stored.model_dump())
