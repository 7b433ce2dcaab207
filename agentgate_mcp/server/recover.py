"""Finds the id of a message that could not be read, so that its sender is not left waiting.

Only an id at the top level counts, and only if it is the only one: an answer under the wrong id
would settle somebody else's request.
"""

from __future__ import annotations

import json
import re

RequestId = int | str

_HEAD = 65_536
_TAIL = 1_024
# The closing quote is optional: text that was cut off is one token, not a new search at every quote.
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[{}\[\]:,]|-?\d[\d.eE+-]*', re.DOTALL)
_LAST_MEMBER = re.compile(rb'[,{]\s*"id"\s*:\s*(-?\d{1,16}|"[^"\\]{1,256}")\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$')


def recover_id(head: bytes, tail: bytes | None = None) -> RequestId | None:
    """The id written at the top level, or None when there is none, or more than one.

    ``head`` begins the message; ``tail`` ends it, and is the head's own end when left out."""
    found = _from_head(head[:_HEAD])
    last = _LAST_MEMBER.search((head if tail is None else tail)[-_TAIL:])
    if last is not None:
        found.add(last[1])
    readable = [value for value in map(_read, found) if value is not None]
    return readable[0] if len(found) == 1 and readable else None


def _from_head(head: bytes) -> set[bytes]:
    """Every value of a member called `id` at depth one, as far as the head reaches."""
    found: set[bytes] = set()
    depth, previous, key = 0, b"", b""
    for match in _TOKEN.finditer(head):
        token = match[0]
        if token in (b"{", b"["):
            depth += 1
        elif token in (b"}", b"]"):
            depth -= 1
        elif depth == 1 and token == b":":
            key = previous
        elif depth == 1 and token != b"," and previous == b":" and key == b'"id"':
            found.add(token)
        previous = token
    return found


def _read(token: bytes) -> RequestId | None:
    if len(token) > 300:
        return None
    try:
        value: object = json.loads(token)
    except ValueError:
        return None
    if isinstance(value, str):
        return value if 0 < len(value) <= 256 else None
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53 else None
