"""Strict JSON in, one canonical form out (RFC 8785), and its SHA-256.

Two readings of one text are how a gate judges one thing while a tool does another, so whatever
has more than one reading is refused here: duplicate keys, NaN, integers that a double cannot
hold, lone surrogates. Size and depth are bounded before anything is built.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable
from typing import cast

import rfc8785

from agentgate_mcp.errors import CanonicalError
from agentgate_mcp.model.call import Json

MAX_BYTES = 1_048_576
MAX_DEPTH = 32
SAFE_INTEGER = 2**53 - 1
"""RFC 8785 3.2.2.3: numbers are IEEE doubles, exact only up to here."""

# A string is one token, so brackets inside it do not count. Unrolled: no backtracking.
_BRACKETS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[{]|[\]}]', re.DOTALL)
_OPENING = frozenset("[{")
_CLOSING = frozenset("]}")


class _Refused:
    """Stands where a value was that cannot be accepted, until its location is known."""

    __slots__ = ("problem",)

    def __init__(self, problem: str) -> None:
        self.problem = problem


def loads_strict(text: str | bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Json:
    """Reads one JSON document. ``max_bytes`` counts UTF-8 bytes; ``max_depth`` counts brackets.

    Raises: CanonicalError naming the place (a JSON pointer or a character offset), what was
    expected and what came."""
    document = _decode(text, max_bytes)
    _check_depth(document, max_depth)
    try:
        value: object = json.loads(
            document,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_real,
            parse_constant=lambda name: _Refused(f"expected a finite number, got {name}"),
        )
    except json.JSONDecodeError as error:
        raise CanonicalError(f"at character {error.pos}: expected JSON, got {error.msg[:80].lower()}") from None
    except RecursionError:
        raise CanonicalError(f"expected at most {max_depth} levels of nesting, got more") from None
    _check_values(value)
    return cast(Json, value)


def loads_canonical(text: str) -> Json:
    """Reads back what `canonical_bytes` wrote. A real beyond 2^53 is written there without a
    fraction, and is a real again here. Raises: CanonicalError when the text is no JSON."""
    try:
        return cast(Json, json.loads(text, parse_int=_written_number))
    except (ValueError, RecursionError):
        raise CanonicalError("expected JSON in canonical form, got something else") from None


def canonical_bytes(value: Json) -> bytes:
    """The RFC 8785 form, UTF-8. Equal values give equal bytes in every process and version.

    Raises: CanonicalError for NaN, infinities, integers beyond ±(2^53 - 1), lone surrogates,
    keys that are not strings, and types that JSON does not have."""
    try:
        if _is_plain(value):
            return _ENCODE(value).encode()
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeError, ValueError, TypeError, RecursionError) as error:
        raise CanonicalError(f"expected a value with one canonical form, got {_cause(error)}") from None


def digest(value: Json) -> str:
    """SHA-256 of the canonical form, lower-case hex."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


# --- canonical form ---------------------------------------------------------------------------

_ENCODE: Callable[[object], str] = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"), check_circular=False
).encode


def _is_plain(value: object) -> bool:
    """True when the C encoder with sorted keys writes exactly the RFC 8785 form.

    That holds for exact JSON types, safe integers and ASCII keys (code-point order is then
    UTF-16 order). Reals are left to the reference implementation, except those of everyday
    size with a fraction, where Python and ECMAScript print the same shortest digits."""
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is dict:
        for key, item in cast(dict[object, object], value).items():
            if type(key) is not str or not key.isascii() or not _is_plain(item):
                return False
        return True
    if kind is list:
        return all(map(_is_plain, cast(list[object], value)))
    if kind is int:
        return -SAFE_INTEGER <= cast(int, value) <= SAFE_INTEGER
    if kind is float:
        real = cast(float, value)
        return 1e-4 <= abs(real) < 1e15 and not real.is_integer()
    return False


def _cause(error: Exception) -> str:
    match error:
        case rfc8785.IntegerDomainError():
            return "an integer beyond 2^53 - 1"
        case rfc8785.FloatDomainError():
            return "NaN or an infinity"
        case UnicodeError():
            return "a lone surrogate"
        case RecursionError():
            return "nesting that is too deep"
        case _:
            return "a type or key that JSON does not have"


# --- strict reading ---------------------------------------------------------------------------


def _decode(text: str | bytes, max_bytes: int) -> str:
    if isinstance(text, str):
        if len(text) > max_bytes:
            raise CanonicalError(f"expected at most {max_bytes} bytes, got more than {len(text)}")
        try:
            raw = text.encode()
        except UnicodeEncodeError as error:
            raise CanonicalError(f"at character {error.start}: expected text, got a lone surrogate") from None
    else:
        raw = text
    if len(raw) > max_bytes:
        raise CanonicalError(f"expected at most {max_bytes} bytes, got {len(raw)}")
    if isinstance(text, str):
        return text
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise CanonicalError(f"at byte {error.start}: expected UTF-8, got something else") from None


def _check_depth(document: str, max_depth: int) -> None:
    if document.count("[") + document.count("{") <= max_depth:
        return
    depth = 0
    for token in _BRACKETS.finditer(document):
        first = token[0][0]
        if first in _OPENING:
            depth += 1
            if depth > max_depth:
                raise CanonicalError(
                    f"at character {token.start()}: expected at most {max_depth} levels of nesting, got more"
                )
        elif first in _CLOSING:
            depth -= 1


def _object(pairs: list[tuple[str, object]]) -> object:
    result = dict(pairs)
    if len(result) == len(pairs):
        return result
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            return _Refused(f"expected each key once, got {key[:40]!a} twice")
        seen.add(key)
    raise AssertionError("a shorter mapping has a repeated key")


def _integer(text: str) -> object:
    # Length first: turning a very long run of digits into an integer takes quadratic time.
    if len(text) > 17:
        return _Refused("expected an integer within ±(2^53 - 1), got a larger one")
    number = int(text)
    if -SAFE_INTEGER <= number <= SAFE_INTEGER:
        return number
    return _Refused("expected an integer within ±(2^53 - 1), got a larger one")


def _written_number(text: str) -> int | float:
    number = int(text) if len(text) <= 17 else float(text)
    return number if -SAFE_INTEGER <= number <= SAFE_INTEGER else float(text)


def _real(text: str) -> object:
    number = float(text)
    return number if math.isfinite(number) else _Refused("expected a finite number, got one that overflows")


def _check_values(root: object) -> None:
    stack: list[tuple[str, object]] = [("", root)]
    while stack:
        where, value = stack.pop()
        kind = type(value)
        if kind is str:
            _check_text(where, cast(str, value))
        elif kind is dict:
            for key, item in cast(dict[str, object], value).items():
                _check_text(where, key)
                stack.append((f"{where}/{_escaped(key)}", item))
        elif kind is list:
            stack.extend((f"{where}/{i}", item) for i, item in enumerate(cast(list[object], value)))
        elif isinstance(value, _Refused):
            raise CanonicalError(f"at {where or '/'}: {value.problem}")


def _check_text(where: str, text: str) -> None:
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError:
        raise CanonicalError(f"at {where or '/'}: expected text, got a lone surrogate") from None


def _escaped(key: str) -> str:
    # RFC 6901 3, with each step capped and printable so that a hostile key cannot fill the message.
    shown = key[:40].replace("~", "~0").replace("/", "~1")
    return shown if shown.isascii() and shown.isprintable() else ascii(shown)[1:-1]
