"""Permits: the second lock on every effect (R1, R3).

`dispatch` mints one after an intent is durable; a backend method with an effect spends it. A
permit is good for one effect on one digest, once, in this process.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from enum import StrEnum

from agentgate_mcp.errors import PermitError


class PermitKind(StrEnum):
    """Whose effect it is: a tool call's, a replica's (outbox), or an operator's (CLI)."""

    EFFECT = "effect"
    REPLICA = "replica"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """A token; worthless unless the book that minted it still holds it."""

    permit_id: str
    kind: PermitKind
    digest: str
    call_id: str
    intent_seq: int


class PermitBook:
    """Mints and spends permits. Thread-safe; one per process, wired by `compose`."""

    def __init__(self) -> None:
        self._open: dict[str, Permit] = {}
        self._lock = threading.Lock()

    def mint(self, *, kind: PermitKind, digest: str, call_id: str, intent_seq: int) -> Permit:
        """A permit for one effect. ``intent_seq`` is the ledger sequence of the durable intent.

        Raises: PermitError when there is no durable intent (a sequence below 1)."""
        if intent_seq < 1:
            raise PermitError("a permit needs a durable intent; expected intent_seq >= 1")
        permit = Permit(
            permit_id=secrets.token_hex(16), kind=kind, digest=digest, call_id=call_id, intent_seq=intent_seq
        )
        with self._lock:
            self._open[permit.permit_id] = permit
        return permit

    def spend(self, permit: Permit, *, digest: str, kind: PermitKind = PermitKind.EFFECT) -> Permit:
        """Use the permit up. Raises: PermitError when it is forged, used, or for something else."""
        with self._lock:
            held = self._open.pop(permit.permit_id, None)
        if held is None or held is not permit:
            raise PermitError("forged or used permit")
        if held.digest != digest or held.kind is not kind:
            raise PermitError(f"permit is for another {'kind' if held.kind is not kind else 'call'}")
        return held

    def void(self, permit: Permit) -> bool:
        """Take back a permit, so that nothing can spend it later. True if nothing had spent it."""
        with self._lock:
            return self._open.pop(permit.permit_id, None) is permit
