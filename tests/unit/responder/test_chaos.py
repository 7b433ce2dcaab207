"""Two hundred seeded requests through crashes, restarts, cuts, late arrivals and lying callbacks."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest

from agentgate_mcp.backends.embedded.responder import PLANS
from agentgate_mcp.backends.ports import ActionReceipt
from agentgate_mcp.backends.webhook import WebhookResponder
from agentgate_mcp.backends.webhook.client import Reply, WebhookClient
from agentgate_mcp.backends.webhook.signing import WINDOW_S
from agentgate_mcp.backends.webhook.store import DeliveryStore
from agentgate_mcp.effects import ActionName, ResponseAction
from agentgate_mcp.permits import Permit
from tests.unit.responder.conftest import REAL, Clock, Executor, callback

pytestmark = pytest.mark.req("responder.once", "responder.status")

SEED, REQUESTS = 20_261_122, 200
ACTIONS: tuple[ActionName, ...] = ("isolate_host", "block_ip", "disable_user", "quarantine_file", "reset_credentials")
FAULTS = (
    "done done done done accepted accepted accepted failed 500-before 500-after cut-before cut-after late 429 403 "
    "garbage redirect"
).split()
DAY = 86_400.0


class Crash(BaseException):
    """The end of a process."""


@dataclass
class Chaos:
    """One run. The double's journal of effects is the truth that the receipts are held against."""

    executor: Executor
    clock: Clock
    opened: Callable[..., WebhookResponder]
    permit: Callable[..., Permit]
    rng: random.Random
    crashes: int = 0
    refused: int = 0

    def run(self, requests: int = REQUESTS) -> WebhookResponder:
        rng, executor = self.rng, self.executor
        executor.mood = lambda: rng.choice(FAULTS)
        responder = self.opened(pause=self.pause)
        action = REAL
        for number in range(requests):
            if rng.random() < 0.6:  # otherwise an impatient agent asks for the same again
                action = replace(REAL, action=rng.choice(ACTIONS), target=f"host-{rng.randrange(16)}")
            responder = self.one(responder, action)
            self.clock.now += rng.choice([1, 10, 60, 700, 7200])
            if rng.random() < 0.3:
                executor.deliver_late()
            for key, status in list(executor.known.items()):
                if status == "accepted" and rng.random() < 0.3:
                    executor.known[key] = "done"
            if rng.random() < 0.5:
                executor.status_moods.extend(rng.choices(["500", "cut", "bare-404", ""], k=2))
                responder.settle()
            if rng.random() < 0.4 and executor.known:
                self.call_back(responder, number)
        return self.quiet(responder)

    def one(self, responder: WebhookResponder, action: ResponseAction) -> WebhookResponder:
        try:
            responder.request([action], permit=self.permit(action), call_id="c", at=self.clock())
        except Crash:
            self.crashes += 1
            return self.opened(pause=self.pause)
        return self.opened(pause=self.pause) if self.rng.random() < 0.02 else responder

    def pause(self, _seconds: float) -> None:
        self.clock.now += 1
        if self.rng.random() < 0.4:
            raise Crash

    def call_back(self, responder: WebhookResponder, number: int) -> None:
        key = self.rng.choice(list(self.executor.known))
        lie = {"done": "failed", "failed": "done"}.get(self.executor.known[key], "done")
        forged = callback(key, lie, f"f-{number}", self.clock(), secret=b"not the secret, and long enough")
        assert responder.hear(**forged) == "not_genuine"
        stale = callback(key, lie, f"s-{number}", self.clock() - WINDOW_S - 1)
        assert responder.hear(**stale) == "not_genuine"
        word = callback(key, self.executor.known[key], f"e-{number}", self.clock())
        heard = responder.hear(**word)
        if heard != "no_such_action":
            assert responder.hear(**word) == "replayed"
        self.refused += heard == "out_of_order"

    def quiet(self, responder: WebhookResponder) -> WebhookResponder:
        """The faults end, everything that is open runs to its end."""
        executor = self.executor
        executor.mood = None
        executor.status_moods.clear()
        executor.deliver_late()
        for key, status in executor.known.items():
            executor.known[key] = "done" if status == "accepted" else status
        for _ in range(4):
            self.clock.now += 400
            responder.settle()
        return responder

    def doubles(self) -> list[tuple[str, str]]:
        """Pairs of effects on one target, the second while the first was in force."""
        by_target: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        for _key, action, target, at in self.executor.effects:
            by_target[action, target].append(at)
        holds: dict[str, float] = {a: PLANS[a].holds or DAY for a in ACTIONS}
        return [
            key
            for key, times in by_target.items()
            for first, second in pairwise(times)
            # In force is counted from the request: up to a pause or a late arrival before the effect.
            if second - first < holds[key[0]] - WINDOW_S - 10
        ]


@pytest.fixture
def chaos(
    executor: Executor, clock: Clock, open_responder: Callable[..., WebhookResponder], permit_for: Callable[..., Permit]
) -> Chaos:
    return Chaos(executor, clock, open_responder, permit_for, random.Random(SEED))


def test_no_action_of_two_hundred_happens_twice_and_every_end_is_the_truth(chaos: Chaos) -> None:
    responder = chaos.run()
    receipts = responder.receipts("")
    sent: list[ActionReceipt] = [r for r in receipts if r.status != "duplicate"]
    ends = Counter(r.status for r in sent)
    assert len(receipts) == REQUESTS
    assert chaos.doubles() == []
    assert len({e[0] for e in chaos.executor.effects}) == len(chaos.executor.effects)
    assert set(ends) == {"done", "failed"}
    effects = {e[0] for e in chaos.executor.effects}
    assert {r.action_id for r in sent if r.status == "done"} == effects
    for receipt in sent:
        order = [s.status for s in responder.store.steps(receipt.action_id)]
        assert order == sorted(set(order), key=["queued", "sent", "unknown", "done", "failed"].index)
    # The run met what it is meant to meet.
    assert chaos.crashes >= 5
    assert chaos.refused == 0, "the double never contradicts itself"
    assert min(ends.values()) >= 10
    assert len(receipts) - len(sent) >= 50
    assert sum("unknown" in [s.status for s in responder.store.steps(r.action_id)] for r in sent) >= 10


def test_the_run_finds_a_key_that_changes_between_attempts(chaos: Chaos, monkeypatch: pytest.MonkeyPatch) -> None:
    real = WebhookClient.ask

    def fresh(self: WebhookClient, action_id: str, body: bytes) -> Reply:
        return real(self, f"{action_id}-{chaos.rng.random()}", body)

    monkeypatch.setattr(WebhookClient, "ask", fresh)
    chaos.run(60)
    assert len(chaos.doubles()) >= 3


def test_the_run_finds_an_unknown_action_that_is_sent_anew(chaos: Chaos, monkeypatch: pytest.MonkeyPatch) -> None:
    real = DeliveryStore.in_force

    def careless(self: DeliveryStore, action: ResponseAction, at: float) -> ActionReceipt | None:
        found = real(self, action, at)
        return None if found is not None and found.status in ("unknown", "queued") else found

    monkeypatch.setattr(DeliveryStore, "in_force", careless)
    chaos.run(80)
    assert len(chaos.doubles()) >= 3
