"""Text as a person can trust their eyes with it: whatever does not show itself is spelled out."""

from __future__ import annotations

import unicodedata

# Letters, marks and symbols by category that print nothing: Hangul fillers, the empty Braille cell,
# the grapheme joiner, Khmer inherent vowels, Mongolian and general variation selectors.
_BLANK = frozenset(
    [*"\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5\u180b\u180c\u180d\u180f"]
    + [chr(code) for code in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))]
)


def escape(text: str) -> str:
    """``text`` with controls, invisibles, bidirectional overrides, tags, odd spaces and marks
    without a base as `\\u{...}`. A backslash is doubled before `u{`, so nothing can pretend."""
    if text.isascii() and text.isprintable() and "\\u{" not in text:
        return text
    shown = text.replace("\\u{", "\\\\u{")
    return "".join(_shown(char, shown[index - 1] if index else "") for index, char in enumerate(shown))


def _shown(char: str, before: str) -> str:
    if " " <= char <= "~":
        return char
    category = unicodedata.category(char)
    hidden = category[0] in "CZ" or char in _BLANK or (category[0] == "M" and not before.isalnum())
    return f"\\u{{{ord(char):x}}}" if hidden else char
