"""What is encoded in values that were read: percent signs, quoted-printable, base64, defanged addresses.

A value that an agent decodes and then acts on came from the text all the same. One level is enough
to tell where it came from: what is not found is NOVEL, and passes no sink either.
"""

from __future__ import annotations

import base64
import binascii
import quopri
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import unquote

from agentgate_mcp.gate.identifiers import refanged

_SHORTEST: Final = 12
_LONGEST: Final = 4_096
_ALPHABET: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=")


def searchable(values: Iterable[str]) -> str:
    """All ``values`` as one lower-cased text, each on a line, followed by what they decode to."""
    text = "\n".join(values)
    lowered = text.lower()
    return "\n".join((lowered, *(d.lower() for d in _decodings(text, lowered))))


def _decodings(text: str, lowered: str) -> Iterator[str]:
    plain = refanged(lowered)
    if plain != lowered:
        yield plain
    if "%" in text:
        yield from (unquote(token) for token in text.split() if "%" in token)
    if "=" in text:
        yield from (_quoted(token) for token in text.split() if "=" in token[:-2])
    for token in text.split():
        if _SHORTEST <= len(token) <= _LONGEST and _ALPHABET.issuperset(token):
            yield _base64(token)


def _quoted(token: str) -> str:
    return quopri.decodestring(token.encode()).decode("utf-8", "replace")


def _base64(token: str) -> str:
    """What ``token`` decodes to, or nothing where that is no text."""
    body = token.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        plain = base64.b64decode(body + "=" * (-len(body) % 4), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""
    return plain if plain.isprintable() else ""
