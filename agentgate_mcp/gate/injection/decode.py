"""Decoders: texts inside the text. Each gives views that are scanned again, three levels deep.

All work in one pass; what they decode is never longer than what they read, so the cost of the
deepest nesting stays proportional to the size of the original.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import html
from collections.abc import Callable, Iterator
from typing import Final

from agentgate_mcp.gate.injection.engine import CharOffsets, Pattern
from agentgate_mcp.gate.injection.lexicon import keywords
from agentgate_mcp.gate.injection.rules import ENGLISH_WORDS
from agentgate_mcp.gate.injection.views import View, pieces_map

MAX_DEPTH: Final = 3
_PRINTABLE: Final = 0.9
_PROBE = 24
"""Characters decoded first: binary data shows itself within 18 bytes."""

# Words whose rot13 or mirrored spelling gives such a text away.
_TELLTALES: Final = keywords(ENGLISH_WORDS, 5)
_ROT13 = r"\b(?:" + "|".join(codecs.encode(w, "rot13") for w in _TELLTALES) + r")(?:f|vat|rq|vba|vbaf)?\b"
_MIRRORED = r"\b(?:s|gni|de|noi|snoi)?(?:" + "|".join(w[::-1] for w in _TELLTALES) + r")\b"

# A text without any of these has nothing for the decoders that rewrite it as a whole.
MARKER: Final = Pattern(
    rf"%[0-9a-f]{{2}}|&#|&[a-z]{{2,6}};|\\[ux][0-9a-f]{{2}}|(?:[2-7][0-9a-f][ :]){{8}}|{_ROT13}|{_MIRRORED}"
)
_WHOLE: Final[dict[str, Pattern]] = {
    "url": Pattern(r"(?:%[0-9a-f]{2}[^%]{0,24}){2}"),
    "html": Pattern(r"&(?:#x?[0-9a-f]{2,6}|[a-z]{2,6});"),
    "escape": Pattern(r"\\u00[2-7][0-9a-f]|\\x[2-7][0-9a-f]"),
    "spaced_hex": Pattern(r"(?:[2-7][0-9a-f][ :]){11}[2-7][0-9a-f]"),
    "rot13": Pattern(rf"{_ROT13}"),
    "reversed": Pattern(_MIRRORED),
}
_RUNS: Final[dict[str, Pattern]] = {
    "url": Pattern(r"(?:%[0-9a-f]{2})+"),
    "html": Pattern(r"(?:&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});)+"),
    "escape": Pattern(r"(?:\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|\\[nrtbf\"'/\\])+"),
    "spaced_hex": Pattern(r"(?:[0-9a-f]{2}[ :]){11,}[0-9a-f]{2}"),
}

# Encoded ASCII has a shape of its own: in base64 the top bit of every decoded byte is clear, which
# leaves a quarter of the alphabet at known places; in hex every byte starts with 2 to 7. Hashes,
# paths and session ids fall through, and a match begins at the right alignment by itself.
_ANY = "[A-Za-z0-9+/_-]"
_ASCII = f"[A-Za-f][A-HQ-Xg-nw-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589]{_ANY}"
_CJK = f"[4-7][I-LY-bo-r4-7][CGKOSWaeimquy26+-]{_ANY}"
_CYRILLIC = f"0[I-LY-b][DHLPTXbfjnrvz37/_][QR][g-v][Ndt9][CG]{_ANY}"
BLOB: Final = Pattern(
    rf"(?:{_ASCII}){{5,}}{_ANY}{{0,3}}={{0,2}}|(?:{_CJK}){{4,}}{_ANY}*={{0,2}}|(?:{_CYRILLIC}){{2,}}{_ANY}*={{0,2}}"
    r"|(?:[2-7][0-9A-Fa-f]){10,}|[A-Z2-7]{32,}={0,6}",
    case_sensitive=True,
)


def decoded(view: View, data: bytes) -> Iterator[View]:
    """The texts that can be decoded from ``view``, whose UTF-8 form is ``data``.

    Escapes, rot13 and mirrored writing are undone where they occur, not all over a long text."""
    prefix = "" if view.name == "original" else f"{view.name}+"
    if MARKER.found(data):
        for name, pattern in _WHOLE.items():
            for part in _around(view, data, pattern):
                yield from _whole(part, part.text.encode("utf-8", "replace"), name, prefix)
    yield from _blobs(view, data, prefix)


_REACH = 768
"""Bytes on either side of an encoded stretch that are read with it."""


def _around(view: View, data: bytes, pattern: Pattern) -> Iterator[View]:
    """The parts of ``view`` in which ``pattern`` occurs, with what stands around."""
    if len(data) <= 4 * _REACH:
        if pattern.found(data):
            yield view
        return
    offsets: CharOffsets | None = None
    at = pattern.first(data)
    while at >= 0:
        low, high = max(0, at - _REACH), at + 2 * _REACH
        while 0 <= (at := pattern.first(data, min(len(data), at + _REACH))) <= high:
            high = at + 2 * _REACH
        offsets = offsets or CharOffsets(data)
        yield _part(view, *offsets.span(low, min(high, len(data))))


def _part(view: View, low: int, high: int) -> View:
    return View(view.name, view.text[low:high], lambda s, e: view.origin(low + s, low + e))


def _whole(view: View, data: bytes, name: str, prefix: str) -> Iterator[View]:
    match name:
        case "rot13":
            yield View(prefix + name, codecs.decode(view.text, "rot13"), view.origin)
        case "reversed":
            size = len(view.text)
            yield View(prefix + name, view.text[::-1], lambda s, e: view.origin(size - e, size - s))
        case _:
            rewritten = _rewrite(view, data, name)
            if rewritten is not None:
                yield View(prefix + name, *rewritten)


def _rewrite(view: View, data: bytes, name: str) -> tuple[str, Callable[[int, int], tuple[int, int]]] | None:
    """The text with its escapes resolved in place."""
    decode = _REWRITERS[name]
    parts: list[str] = []
    pieces: list[tuple[int, int, int, int]] = []
    out = byte = char = 0
    for start, end in _RUNS[name].spans(data):
        plain = data[byte:start].decode("utf-8", "replace")
        token = data[start:end].decode("ascii", "replace")
        value = decode(token)
        if plain:
            pieces.append((out, out + len(plain), char, char + len(plain)))
        out, char = out + len(plain), char + len(plain)
        pieces.append((out, out + len(value), char, char + len(token)))
        out, char, byte = out + len(value), char + len(token), end
        parts += (plain, value)
    rest = data[byte:].decode("utf-8", "replace")
    pieces.append((out, out + len(rest), char, char + len(rest)))
    text = "".join([*parts, rest])
    return None if text == view.text else (text, pieces_map(pieces, view))


def _url(token: str) -> str:
    return bytes.fromhex(token.replace("%", "")).decode("utf-8", "replace")


_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def _escape(token: str) -> str:
    out: list[str] = []
    index = 0
    while index < len(token):
        kind = token[index + 1]
        size = {"u": 6, "U": 6, "x": 4, "X": 4}.get(kind, 2)
        digits = token[index + 2 : index + size]
        out.append(chr(int(digits, 16)) if digits else _SIMPLE.get(kind.lower(), kind))
        index += size
    return "".join(out).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _spaced_hex(token: str) -> str:
    return _readable(bytes.fromhex(token.replace(":", " "))) or token


_REWRITERS: Final[dict[str, Callable[[str], str]]] = {
    "url": _url, "html": html.unescape, "escape": _escape, "spaced_hex": _spaced_hex,
}  # fmt: skip


def _blobs(view: View, data: bytes, prefix: str) -> Iterator[View]:
    offsets: CharOffsets | None = None
    for start, end in BLOB.spans(data):
        found = _decode_blob(data[start:end])
        if found is None:
            continue
        name, text = found
        offsets = offsets or CharOffsets(data)
        first, last = offsets.span(start, end)

        def whole(_start: int, _end: int, first: int = first, last: int = last) -> tuple[int, int]:
            return view.origin(first, last)

        yield View(prefix + name, text, whole)


def _decode_blob(token: bytes) -> tuple[str, str] | None:
    """The codec and the readable text of one run, or None."""
    body = token.rstrip(b"=")
    if not body.translate(None, _HEX_DIGITS):
        text = _readable(binascii.unhexlify(body[: len(body) & ~1]))
        return None if text is None else ("hex", text)
    if not body.translate(None, _BASE32_DIGITS):
        text = _base32(body)
        if text is not None:
            return "base32", text
    text = _base64(body)
    return None if text is None else ("base64", text)


_HEX_DIGITS = b"0123456789abcdefABCDEF"
_BASE32_DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def _base32(body: bytes) -> str | None:
    body = body[: len(body) - {1: 1, 3: 1, 6: 1}.get(len(body) % 8, 0)]
    return _readable(base64.b32decode(body + b"=" * (-len(body) % 8)))


def _base64(body: bytes) -> str | None:
    """The readable text of a base64 or base64url run."""
    body = body[: len(body) - (1 if len(body) % 4 == 1 else 0)].translate(_URLSAFE)
    raw = binascii.a2b_base64(body[: min(_PROBE, len(body)) & ~3])
    if not raw.isascii() and _readable(raw) is None:
        return None
    return _readable(binascii.a2b_base64(body + b"=" * (-len(body) % 4)))


_URLSAFE = bytes.maketrans(b"-_", b"+/")


def _wide(raw: bytes) -> bool:
    """True for UTF-16 text in Latin letters, as PowerShell's encoded commands are."""
    return len(raw) >= 8 and not any(raw[1::2]) and all(raw[0::2])


def _readable(raw: bytes) -> str | None:
    """``raw`` as text, or None when it is not text. A character cut off at the end is dropped."""
    if _wide(raw[: len(raw) & ~1]):
        text = raw[: len(raw) & ~1].decode("utf-16-le", "replace")
    elif raw.isascii():
        text = raw.decode("ascii")
    else:
        text = raw.decode("utf-8", "ignore")
        if len(text.encode("utf-8")) < len(raw) - 3:
            return None
    if len(text) < 8 or text.isspace():
        return None
    if text.isprintable():
        return text
    shown = sum(1 for c in text if c.isprintable() or c in "\n\r\t")
    return text if shown >= _PRINTABLE * len(text) else None
