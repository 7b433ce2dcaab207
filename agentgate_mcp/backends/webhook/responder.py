"""The responder that acts: each permitted action is asked for under one id until its end is known.

The id is durable before the first attempt and is the idempotency key of every attempt, so that an
endpoint that keeps its side acts once, whatever is lost on the way. What may have been taken and
did not answer is unknown: it is asked about, and never asked for again under another id while it
may be in force.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Literal, assert_never

from agentgate_mcp.backends.embedded import journal
from agentgate_mcp.backends.embedded.responder import PLANS, SimulatingResponder
from agentgate_mcp.backends.embedded.sqlite import Database
from agentgate_mcp.backends.ports import ActionReceipt, ReceiptStatus
from agentgate_mcp.backends.webhook.client import Answered, NotTaken, Rejected, Unclear, WebhookClient
from agentgate_mcp.backends.webhook.endpoint import Endpoint
from agentgate_mcp.backends.webhook.message import Answer, Callback, action_body, read_message
from agentgate_mcp.backends.webhook.signing import WINDOW_S, is_genuine
from agentgate_mcp.backends.webhook.store import Delivery, DeliveryStore
from agentgate_mcp.canonical import digest
from agentgate_mcp.effects import Effects, ResponseAction
from agentgate_mcp.errors import PermitError
from agentgate_mcp.permits import Permit, PermitBook
from agentgate_mcp.redact import Redactor

ATTEMPTS: Final = 3
BACK_OFF_S: Final = 0.5
"""Before the second attempt; twice as long before the third."""
REQUEST_S: Final = 40.0
"""No attempt starts later than this: the tools that ask end after 60 s."""
LEASE_S: Final = 120.0
"""Nobody sends an action longer than this after it was queued."""

_STATUS: Final[dict[str, ReceiptStatus]] = {"accepted": "sent", "done": "done", "failed": "failed"}

Heard = Literal["recorded", "malformed", "not_genuine", "no_such_action", "replayed", "out_of_order"]


class WebhookResponder:
    """Implements ResponderPort over one endpoint. Simulated actions stay simulations.

    ``clock`` gives epoch seconds; ``pause`` waits between attempts; ``ticks`` measures how long a
    request has taken (seconds)."""

    def __init__(
        self,
        database: Database,
        book: PermitBook,
        *,
        endpoint: Endpoint,
        redactor: Redactor,
        clock: Callable[[], float],
        pause: Callable[[float], None] = time.sleep,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._book = book
        self._endpoint = endpoint
        self._redactor = redactor
        self._clock = clock
        self._pause = pause
        self._ticks = ticks
        self._client = WebhookClient(endpoint, clock)
        self._simulator = SimulatingResponder(database, book)
        self.store = DeliveryStore(database)

    @property
    def live(self) -> bool:
        return True

    def request(
        self, actions: Sequence[ResponseAction], *, permit: Permit | None, call_id: str, at: float
    ) -> Sequence[ActionReceipt]:
        """One receipt per action, in order. All are durable before the first is sent; an action
        that is or may be in force already is a duplicate and is not sent.

        Raises: PermitError when an action is real and no valid permit comes with it, BackendError
        when the state database fails."""
        if all(action.simulate for action in actions):
            return self._simulator.request(actions, permit=permit, call_id=call_id, at=at)
        if permit is None:
            raise PermitError("a response action with real effect needs a permit")
        held = journal.spend(self._book, permit, digest(Effects(actions=tuple(actions)).to_json()))
        until, lease = self._ticks() + REQUEST_S, self._clock() + LEASE_S
        with self._database.transaction():
            queued = [None if a.simulate else self._queue(a, held, call_id, at, lease) for a in actions]
        return [
            self._simulator.request([action], permit=None, call_id=call_id, at=at)[0]
            if receipt is None
            else self._delivered(receipt, action_body(receipt, action, call_id, self._redactor), until, lease)
            for receipt, action in zip(queued, actions, strict=True)
        ]

    def receipts(self, case_id: str) -> Sequence[ActionReceipt]:
        """All receipts of a case as they stand now, oldest first; of every case when empty."""
        return self._simulator.receipts(case_id)

    def settle(self) -> None:
        """Asks once about every action that is due to be asked about; sends none again."""
        now = self._clock()
        for delivery in self.store.open(now):
            if delivery.status == "queued":
                if now > delivery.lease:
                    self.store.move(delivery.action_id, "unknown", at=now, cause="the sender ended before the answer")
                continue
            if delivery.status == "sent" and now > delivery.due:
                self.store.move(delivery.action_id, "unknown", at=now, cause="no word of its end in time")
            if now < delivery.poll_at:
                continue
            self.store.polled(delivery.action_id, now)
            reply = self._client.status(delivery.action_id, delivery.status_url)
            if isinstance(reply, Answered):
                self._learn(delivery, reply.said)

    def hear(self, body: bytes, *, timestamp: str, signed: str) -> Heard:
        """Takes a callback: genuine, of our time, of an action sent, once, and never backwards."""
        now = self._clock()
        if not is_genuine(self._endpoint.secret, "callback", timestamp=timestamp, signed=signed, body=body, now=now):
            return "not_genuine"
        said = read_message(Callback, body)
        if said is None:
            return "malformed"
        with self._database.transaction():
            receipt = self.store.receipt(said.action_id)
            if receipt is None:
                return "no_such_action"
            if not self.store.is_new_event(said.event_id, said.action_id, now):
                return "replayed"
            status = _STATUS[said.status]
            self.store.accepted(said.action_id)
            if self.store.moved(said.action_id, status, at=now, cause=_cause(said)):
                return "recorded"
            repeats = receipt.status in (status, "unknown")
            return "recorded" if repeats else "out_of_order"

    def _queue(self, action: ResponseAction, permit: Permit, call_id: str, at: float, lease: float) -> ActionReceipt:
        plan, earlier = PLANS[action.action], self.store.in_force(action, at)
        receipt = ActionReceipt(
            action_id=f"act-{secrets.token_hex(12)}",
            action=action.action,
            target=action.target,
            status="queued",
            at=at,
            expires_at=None if plan.holds is None else at + plan.holds,
            rollback=plan.undo.format(target=action.target),
            detail="permitted, not sent yet",
        )
        if earlier is not None:
            receipt = _duplicate(receipt, earlier)
            self.store.add(receipt, action, call_id)
            return receipt
        now = self._clock()
        self.store.add(receipt, action, call_id)
        self.store.queue(receipt.action_id, at=now, lease=lease, due=now + self._endpoint.patience_s)
        journal.write(self._database, permit, f"{action.action}:{action.target}", at)
        return receipt

    def _delivered(self, receipt: ActionReceipt, body: bytes, until: float, lease: float) -> ActionReceipt:
        """Sends a queued action and gives its receipt as it stands then."""
        if receipt.status == "queued":
            self._deliver(receipt.action_id, body, until, lease)
        return self.store.receipt(receipt.action_id) or receipt

    def _deliver(self, action_id: str, body: bytes, until: float, lease: float) -> None:
        certain, cause = True, "not sent: there was no time left in this call"
        for attempt in range(ATTEMPTS):
            if attempt:
                self._pause(BACK_OFF_S * 2 ** (attempt - 1))
            if not (self._ticks() < until and self._clock() < lease):
                break
            reply = self._client.ask(action_id, body)
            match reply:
                case Answered(said) if said.status != "absent":
                    self._take(action_id, said)
                    return
                case Answered():
                    # It denies an action that it was just asked for: nothing can be built on that.
                    certain, cause = False, "the answer was not in the agreed form"
                case Rejected():
                    cause = reply.cause
                    break
                case NotTaken():
                    cause = reply.cause
                case Unclear():
                    certain, cause = False, reply.cause
                case _:
                    assert_never(reply)
        else:
            cause = f"{cause}, {ATTEMPTS} times"
        # Once an attempt may have been taken, a later refusal proves nothing about it.
        self.store.move(action_id, "failed" if certain else "unknown", at=self._clock(), cause=cause)

    def _take(self, action_id: str, said: Answer) -> None:
        ours = said.status_url if self._endpoint.is_own(said.status_url) else ""
        self.store.accepted(action_id, ours)
        self.store.move(action_id, _STATUS[said.status], at=self._clock(), cause=_cause(said))

    def _learn(self, delivery: Delivery, said: Answer) -> None:
        """What the answer to a question says of an open action."""
        now = self._clock()
        match said.status:
            case "done" | "failed":
                self.store.move(delivery.action_id, said.status, at=now, cause=_cause(said))
            case "accepted":
                self.store.accepted(delivery.action_id)
            case "absent":
                # A request signed before the lease ended is refused by then, however late it arrives: the
                # endpoint's clock may be a window behind ours, and it accepts what is a window old.
                if not delivery.accepted and now > delivery.lease + 2 * WINDOW_S:
                    cause = "the endpoint did not receive it and would refuse it by now"
                    self.store.move(delivery.action_id, "failed", at=now, cause=cause)


def _duplicate(receipt: ActionReceipt, earlier: ActionReceipt) -> ActionReceipt:
    sure = "already in force" if earlier.status == "done" else "may be in force already"
    return replace(
        receipt,
        status="duplicate",
        expires_at=earlier.expires_at,
        duplicate_of=earlier.action_id,
        detail=f"{sure} as {earlier.action_id}, which is {earlier.status}",
    )


def _cause(said: Answer | Callback) -> str:
    known = {"accepted": "taken by the responder", "done": "done", "failed": "the responder could not do it"}
    return known.get(said.status, said.status) + (f" ({said.reference})" if said.reference else "")
