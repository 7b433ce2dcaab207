"""Signatures of the response webhook: HMAC-SHA256 over purpose, timestamp and body.

Both sides hold one secret, so the purpose is signed too: what one side has sent cannot be handed
back to it as something else.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final, Literal

Purpose = Literal["action", "status", "callback"]
"""An action to carry out, a question for its status, or word of its status."""

TIMESTAMP: Final = "AgentGate-Timestamp"
SIGNATURE: Final = "AgentGate-Signature"
WINDOW_S: Final = 300
"""A message whose timestamp is further away than this is refused, by either side."""
_SCHEME: Final = "v1="
_TIMESTAMP_DIGITS: Final = 12


def signature(secret: bytes, purpose: Purpose, timestamp: str, body: bytes) -> str:
    """`v1=` and the hexadecimal HMAC-SHA256 of ``purpose.timestamp.body``."""
    message = b".".join((purpose.encode(), timestamp.encode(), body))
    return _SCHEME + hmac.new(secret, message, hashlib.sha256).hexdigest()


def signed_headers(secret: bytes, purpose: Purpose, at: float, body: bytes) -> dict[str, str]:
    """The two headers that a signed message carries. ``at`` is epoch seconds."""
    timestamp = str(int(at))
    return {TIMESTAMP: timestamp, SIGNATURE: signature(secret, purpose, timestamp, body)}


def is_genuine(secret: bytes, purpose: Purpose, *, timestamp: str, signed: str, body: bytes, now: float) -> bool:
    """Whether ``body`` was signed with the secret, for this purpose, less than `WINDOW_S` from now."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= _TIMESTAMP_DIGITS):
        return False
    expected = signature(secret, purpose, timestamp, body).encode()
    return hmac.compare_digest(expected, signed.encode("utf-8", "replace")) and abs(now - int(timestamp)) <= WINDOW_S
