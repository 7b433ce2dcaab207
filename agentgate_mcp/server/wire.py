"""Reads one raw message strictly, before the SDK sees it (DESIGN §3.1).

The SDK's own reader takes the last of two equal keys, replaces bad UTF-8 and answers a line that
it cannot parse with silence. Here every message is either one JSON-RPC object with one reading,
or refused with a reason and a place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mcp.types import INVALID_REQUEST, PARSE_ERROR, ErrorData, JSONRPCError, JSONRPCMessage, jsonrpc_message_adapter
from pydantic import ValidationError

from agentgate_mcp.canonical import loads_strict
from agentgate_mcp.errors import CanonicalError
from agentgate_mcp.model.call import Json
from agentgate_mcp.server.recover import RequestId, recover_id

MESSAGE_BYTES = 1_048_576
MESSAGE_DEPTH = 64
ARGUMENT_DEPTH = 32
_TEXT_LIMIT = 256
"""Longest id or method name; longer ones are no client's."""

# What canonical.py says of text that is not JSON at all; everything else is JSON, refused.
_NOT_JSON = ("expected JSON", "expected UTF-8", *(f"expected a finite number, got {w}" for w in ("NaN", "Inf", "-Inf")))
_PLACED = re.compile(r"at (.*?): (expected .*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A message with one reading. ``raw`` is the same object as plain JSON."""

    message: JSONRPCMessage
    raw: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A message that goes no further. ``location`` is a JSON pointer, an offset, or empty."""

    code: int
    reason: str
    location: str
    request_id: RequestId | None

    def answer(self, *, recorded: bool) -> JSONRPCError:
        """The JSON-RPC error to send. ``recorded`` tells whether the refusal is on the ledger."""
        title = "Parse error" if self.code == PARSE_ERROR else "Invalid request"
        where = f" at {self.location}" if self.location else ""
        data = {"reason": self.reason, "location": self.location, "recorded": recorded}
        error = ErrorData(code=self.code, message=f"{title}{where}: {self.reason}", data=data)
        return JSONRPCError(jsonrpc="2.0", id=self.request_id, error=error)


def read_message(raw: bytes) -> Accepted | Rejected:
    """One message out of its bytes: at most 1 MiB, at most 64 levels deep, each key once."""
    if len(raw) > MESSAGE_BYTES:
        return oversize(len(raw), raw[: MESSAGE_BYTES // 16], raw[-1024:])
    try:
        value = loads_strict(raw, max_bytes=MESSAGE_BYTES, max_depth=MESSAGE_DEPTH)
    except CanonicalError as error:
        reason, location = _split(str(error))
        code = PARSE_ERROR if reason.startswith(_NOT_JSON) else INVALID_REQUEST
        return Rejected(code=code, reason=reason, location=location, request_id=recover_id(raw))
    return _read_object(value)


def oversize(size: int, head: bytes, tail: bytes) -> Rejected:
    """The refusal of a message that was too long to keep; its ends may still name its id."""
    return Rejected(
        code=INVALID_REQUEST,
        reason=f"expected at most {MESSAGE_BYTES} bytes in a message, got {size}",
        location="",
        request_id=recover_id(head, tail),
    )


def too_many(request_id: RequestId, limit: int) -> Rejected:
    """The refusal of a request that came while too many others were still running."""
    return _invalid(f"expected at most {limit} requests in flight", "", request_id)


def duplicate_id() -> Rejected:
    """The refusal of a request under an id that is in use. It has no id: that one is another's."""
    return _invalid("expected an id that no running request has", "/id", None)


def _read_object(value: Json) -> Accepted | Rejected:
    if isinstance(value, list):
        return _invalid("expected one message, got a batch; send each message by itself", "", None)
    if not isinstance(value, dict):
        return _invalid(f"expected a JSON-RPC object, got {_kind(value)}", "", None)
    identifier = value.get("id")
    # A reply carries the id of a request that the server sent: it must not be answered under it.
    is_reply = "method" not in value and ("result" in value or "error" in value)
    request_id = None if is_reply else _as_id(identifier)
    problem = _envelope_problem(value) or _argument_problem(value)
    if problem is not None:
        return _invalid(problem[0], problem[1], request_id)
    try:
        message = jsonrpc_message_adapter.validate_python(value, by_name=False)
    except ValidationError as error:
        reason, location = first_problem(error)
        return _invalid(reason, location, request_id)
    return Accepted(message=message, raw=value)


def _envelope_problem(message: Mapping[str, Json]) -> tuple[str, str] | None:
    if message.get("jsonrpc") != "2.0":
        return 'expected "2.0"', "/jsonrpc"
    if "method" in message:
        if "result" in message or "error" in message:
            return "expected a request or a reply, got members of both", ""
        method = message["method"]
        if not isinstance(method, str) or not 0 < len(method) <= _TEXT_LIMIT:
            return f"expected a method name of 1 to {_TEXT_LIMIT} characters, got {_kind(method)}", "/method"
    elif ("result" in message) == ("error" in message):
        return "expected a method, a result or an error", ""
    identifier = message.get("id")
    if "id" in message and _as_id(identifier) is None and not (identifier is None and "error" in message):
        return f"expected an integer or a string of at most {_TEXT_LIMIT} characters, got {_kind(identifier)}", "/id"
    params = message.get("params")
    if params is not None and not isinstance(params, dict):
        return f"expected an object, got {_kind(params)}", "/params"
    return None


def _argument_problem(message: Mapping[str, Json]) -> tuple[str, str] | None:
    params = message.get("params")
    if not isinstance(params, dict) or "arguments" not in params:
        return None
    place = too_deep(params["arguments"], ARGUMENT_DEPTH, "/params/arguments")
    return None if place is None else (f"expected at most {ARGUMENT_DEPTH} levels of nesting, got more", place)


def too_deep(value: Json, limit: int, location: str = "") -> str | None:
    """Where ``value`` first nests deeper than ``limit`` containers, or None."""
    stack: list[tuple[Json, int, str]] = [(value, 1, location)]
    while stack:
        node, depth, where = stack.pop()
        if not isinstance(node, dict | list):
            continue
        if depth > limit:
            return where
        items = node.items() if isinstance(node, dict) else enumerate(node)
        stack.extend((child, depth + 1, f"{where}/{str(key)[:40]}") for key, child in items)
    return None


def first_problem(error: ValidationError) -> tuple[str, str]:
    """(what was expected, JSON pointer) of the first problem; never the rejected value."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    place = "".join(f"/{part}" for part in first["loc"])
    return first["msg"][:200], place[:200]


def _invalid(reason: str, location: str, request_id: RequestId | None) -> Rejected:
    return Rejected(code=INVALID_REQUEST, reason=reason, location=location, request_id=request_id)


def _split(text: str) -> tuple[str, str]:
    """`at PLACE: REASON` as (REASON, PLACE)."""
    placed = _PLACED.match(text)
    return (placed[2], placed[1]) if placed else (text, "")


def _as_id(value: Json) -> RequestId | None:
    if isinstance(value, str):
        return value if 0 < len(value) <= _TEXT_LIMIT else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _kind(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list"
        case _:
            return "an object"
