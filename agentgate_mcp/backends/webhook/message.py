"""What goes over the wire: the request for an action, the answer to it, the callback.

Text that a caller wrote travels apart from what the gate knows, redacted, bounded and with every
invisible character spelled out. No free text comes back: an answer is a status and a reference.
"""

from __future__ import annotations

import unicodedata
from typing import Annotated, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agentgate_mcp.backends.ports import ActionReceipt
from agentgate_mcp.canonical import canonical_bytes, loads_strict
from agentgate_mcp.effects import ResponseAction
from agentgate_mcp.errors import CanonicalError
from agentgate_mcp.redact import Redactor

VERSION: Final = 1
MAX_ANSWER_BYTES: Final = 16_384
_MAX_STATED: Final = 2_000

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]


class _Message(BaseModel):
    """What an endpoint says. Fields that are not known here are left to its own purposes."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    action_id: Name
    reference: Name | None = None
    """The endpoint's own number of the action: a ticket, a playbook run."""


class Answer(_Message):
    """An endpoint's answer to an action or to a question for its status. `absent`: it has no
    such action and has done nothing for it."""

    status: Literal["accepted", "done", "failed", "absent"]
    status_url: Annotated[str, Field(max_length=2048)] = ""


class Callback(_Message):
    """Word of an action's status that the endpoint sends by itself, under an id of its own."""

    event_id: Name
    status: Literal["accepted", "done", "failed"]


MessageT = TypeVar("MessageT", Answer, Callback)


def read_message(kind: type[MessageT], raw: bytes) -> MessageT | None:
    """``raw`` as a ``kind``, or None when it is anything else."""
    try:
        return kind.model_validate(loads_strict(raw, max_bytes=MAX_ANSWER_BYTES, max_depth=8))
    except (CanonicalError, ValidationError):
        return None


def action_body(receipt: ActionReceipt, action: ResponseAction, call_id: str, redactor: Redactor) -> bytes:
    """The JSON body that asks for one action: the same bytes at every attempt."""
    return canonical_bytes(
        {
            "v": VERSION,
            "action_id": receipt.action_id,
            "action": action.action,
            "target": action.target,
            "call_id": call_id,
            "requested_at": receipt.at,
            "expires_at": receipt.expires_at,
            "rollback": {"of": receipt.action_id, "how": receipt.rollback},
            "stated": {
                "reason": stated(action.reason, redactor),
                "case_id": stated(action.case_id, redactor),
                "requested_by": stated(action.requested_by, redactor),
            },
        }
    )


def stated(text: str, redactor: Redactor) -> str:
    """A caller's text as data: without secrets, and with nothing in it that cannot be seen."""
    shown = redactor.redact_text(text).replace("\\u{", "\\\\u{")
    return "".join(c if _is_visible(c) else f"\\u{{{ord(c):x}}}" for c in shown)[:_MAX_STATED]


def _is_visible(char: str) -> bool:
    return char == " " or unicodedata.category(char)[0] not in "CZ"
