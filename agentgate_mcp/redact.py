"""Takes secrets out of values before anything is stored, logged or shown to a model (R8).

A secret is found by the name of the key that holds it and by its shape. What replaces it carries
a keyed tag, so that two records can be seen to hold the same secret without holding it. Anything
else comes back as it went in, the very object where nothing changed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import cast

from agentgate_mcp import _secrets
from agentgate_mcp.errors import ConfigError
from agentgate_mcp.model.call import Json

_MAX_PASSES = 8
_MAX_NESTED = 3
"""Levels of JSON inside strings that are opened; deeper text is still searched as text."""


class Redactor:
    """Replaces secrets by `[redacted:<kind>:<tag>]`; idempotent, linear in the text, thread-safe.

    ``key`` is the installation's own: the tag is the first 8 hex digits of HMAC-SHA256."""

    def __init__(self, key: bytes) -> None:
        if len(key) < 16:
            raise ConfigError(f"redaction key: expected at least 16 bytes, got {len(key)}")
        self._key = key

    def redact(self, value: Json) -> Json:
        """``value`` without its secrets. Keys, nested JSON text and numbers are covered too."""
        if not _may_hold_secret(value):
            return value
        return self._value(value, 0)

    def redact_text(self, text: str) -> str:
        """``text`` without its secrets; whole JSON documents are read as such."""
        return self._text(text, 0)

    def marker(self, kind: str, secret: str) -> str:
        """What stands in the place of ``secret``: equal secrets give equal tags."""
        tag = hmac.new(self._key, secret.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:8]
        return f"[redacted:{kind}:{tag}]"

    # --- structure ---

    def _value(self, value: Json, nested: int) -> Json:
        match value:
            case str():
                return self._text(value, nested)
            case dict():
                return self._mapping(value, nested)
            case list():
                items = [self._value(item, nested) for item in value]
                return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
            case bool() | None:
                return value
            case int() | float():
                return self._number(value)

    def _mapping(self, mapping: dict[str, Json], nested: int) -> dict[str, Json]:
        out: dict[str, Json] = {}
        changed = False
        for key, item in mapping.items():
            kind = _secrets.secret_key(key)
            new_key = self._text(key, _MAX_NESTED)
            new = self._value(item, nested) if kind is None else self._under_secret_key(kind, item)
            out[new_key] = new
            changed = changed or new is not item or new_key is not key
        return out if changed else mapping

    def _under_secret_key(self, kind: str, value: Json) -> Json:
        """Every leaf below a key that names a secret is one, unless it says that there is none."""
        match value:
            case str():
                return value if _secrets.harmless_value(value) else self.marker(kind, value)
            case dict():
                return {self._text(k, _MAX_NESTED): self._under_secret_key(kind, v) for k, v in value.items()}
            case list():
                return [self._under_secret_key(kind, v) for v in value]
            case bool() | None:
                return value
            case int() | float():
                return self.marker(kind, str(value))

    def _number(self, value: int | float) -> Json:
        if isinstance(value, float) and not value.is_integer():
            return value
        digits = str(int(value)) if abs(value) < 1e19 else ""
        if len(digits) < 13:
            return value
        redacted = self._text(digits, _MAX_NESTED)
        return value if redacted == digits else redacted

    # --- text ---

    def _text(self, text: str, nested: int) -> str:
        try:
            if _secrets.TRIGGER.search(text) is None:
                return text
        except UnicodeEncodeError:
            return self._lone(text, nested)
        if nested < _MAX_NESTED:
            document = self._document(text, nested)
            if document is not None:
                return document
        stand_ins = _secrets.StandIns(text)
        try:
            hidden = stand_ins.hide(text)
            for _ in range(_MAX_PASSES):
                again = self._once(hidden, stand_ins)
                if again == hidden:
                    return stand_ins.show(hidden)
                hidden = again
        except OverflowError:
            pass
        # Each pass only shortens what is not a marker; text that still changes is not worth keeping.
        return self.marker("text", text)

    def _lone(self, text: str, nested: int) -> str:
        """Text with lone surrogates, which has no UTF-8 form to search in: they stand aside."""
        stand_ins = _secrets.StandIns(text)
        aside = {ord(c): stand_ins.stand_in(c) for c in sorted(set(text)) if "\ud800" <= c <= "\udfff"}
        return stand_ins.show(self._text(text.translate(aside), nested))

    def _document(self, text: str, nested: int) -> str | None:
        """``text`` redacted by its structure and written anew if it changed; None where it is no
        JSON document with one reading, and has to be searched as text."""
        stripped = text.strip()
        if not stripped or (stripped[0] + stripped[-1]) not in ("{}", "[]", '""'):
            return None
        try:
            value = cast(Json, json.loads(stripped, object_pairs_hook=_unique))
            redacted = self._value(value, nested + 1)
        except (ValueError, RecursionError):
            return None
        return text if redacted is value else json.dumps(redacted, ensure_ascii=False, separators=(",", ":"))

    def _once(self, text: str, stand_ins: _secrets.StandIns) -> str:
        for detector in _secrets.DETECTORS:
            pieces: list[str] = []
            done = 0
            for start, end, kind in _secrets.find(detector, text):
                marker = self.marker(kind, stand_ins.show(text[start:end]))
                pieces += (text[done:start], stand_ins.stand_in(marker))
                done = end
            if pieces:
                text = "".join(pieces) + text[done:]
        return text


def _may_hold_secret(value: Json) -> bool:
    """One search over the whole document, so that the ordinary case never walks it."""
    try:
        return _secrets.TRIGGER.search(json.dumps(value, ensure_ascii=False)) is not None
    except (ValueError, TypeError, RecursionError):
        return True


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a repeated key hides one of its values")
    return result
