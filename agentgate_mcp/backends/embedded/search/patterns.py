"""Regular expressions of a search: read, translated to RE2 and checked before anything runs.

Splunk's are PCRE. RE2 runs in time linear in the text and lacks what cannot: lookaround,
backreferences, atomic groups and possessive quantifiers. Those are refused by name, a pattern
that no engine reads is an error of the search. `$` means the very end of the text here.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, Protocol, cast

import re2 as _untyped  # pyright: ignore[reportMissingTypeStubs]

from agentgate_mcp.errors import SplError, UnsupportedSplError

_re2 = cast("Any", _untyped)
MAX_PATTERN: Final = 4_096
_MEMORY: Final = 8 << 20
"""Of one compiled pattern: a few kilobytes of repeats can ask for gigabytes."""

_GROUPS: Final = {
    "(?=": "lookahead",
    "(?!": "negative lookahead",
    "(?<=": "lookbehind",
    "(?<!": "negative lookbehind",
    "(?>": "an atomic group",
    "(?|": "a branch reset",
    "(?(": "a conditional group",
    "(?&": "a subroutine call",
    "(?R": "recursion",
    "(?#": "a comment group",
    "(?P=": "a backreference",
    "(?P>": "a subroutine call",
    "(?'": "a group named in quotes",
}
_ESCAPES: Final = {
    **dict.fromkeys("123456789gk", "a backreference"),
    **dict.fromkeys("hHRXNKGZeocuLlE", "an escape of PCRE"),
    # RE2 has it, but a single byte of a character is no text.
    "C": "a match of single bytes",
}
_LIMITS: Final = ("repetition size", "too large", "escape sequence")
"""Complaints of RE2 about what other engines take."""
_REPEATS: Final = ("*", "+", "?", "}")


class Match(Protocol):
    """The part of a match object that is used here."""

    def span(self, group: int = 0, /) -> tuple[int, int]: ...
    def group(self, group: int = 0, /) -> str | None: ...
    def groups(self) -> tuple[str | None, ...]: ...


class Pattern(Protocol):
    """The part of a compiled pattern that is used here."""

    groups: int

    def search(self, text: str, /) -> Match | None: ...
    def finditer(self, text: str, /) -> Iterator[Match]: ...
    def split(self, text: str, /) -> list[str]: ...


def checked(pattern: str, position: int, *, what: str) -> str:
    """The pattern as RE2 takes it, named groups as `(?P<n>`; ``what`` names the command for a reader.

    Raises: UnsupportedSplError for what PCRE has and RE2 lacks, SplError for a malformed one."""
    if len(pattern) > MAX_PATTERN:
        raise UnsupportedSplError(f"{what}: a pattern of more than {MAX_PATTERN} characters", position)
    translated, lacking = _translated(pattern)
    try:
        names = _compiled(translated).groupindex
    except _re2.error as error:
        if lacking:
            raise UnsupportedSplError(f"{what}: {lacking} is not supported in a pattern", position) from None
        reason = _reason(error)
        if any(limit in reason for limit in _LIMITS):
            raise UnsupportedSplError(f"{what}: {reason} is not supported in a pattern", position) from None
        raise SplError(f"{what}: {reason}", position, "a regular expression") from None
    if lacking:
        raise UnsupportedSplError(f"{what}: {lacking} is not supported in a pattern", position)
    if len(names) < sum(token == "(?P<" for token in _tokens(translated)):
        raise SplError(f"{what}: two groups of the pattern have one name", position, "a name for each group")
    return translated


def groups(pattern: str) -> tuple[str, ...]:
    """The names of the groups of a checked pattern, in order; empty for one without a name."""
    compiled = _compiled(pattern)
    names = [""] * compiled.groups
    for name, index in compiled.groupindex.items():
        names[index - 1] = name
    return tuple(names)


def compiled(pattern: str) -> Pattern:
    """A checked pattern for use outside SQL."""
    return cast("Pattern", _compiled(pattern))


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    options = _re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    return _re2.compile(pattern, options)


def _reason(error: Exception) -> str:
    reason: object = error.args[0] if error.args else ""
    text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    return text[:120] or "unreadable pattern"


def _translated(pattern: str) -> tuple[str, str]:
    """The pattern for RE2, and the first construct that RE2 lacks, or empty."""
    out: list[str] = []
    lacking = ""
    before = ""
    for token in _tokens(pattern):
        if token in _GROUPS:
            lacking = lacking or _GROUPS[token]
        elif len(token) == 2 and token[0] == "\\":
            lacking = lacking or _ESCAPES.get(token[1], "")
        elif token == "+" and before in _REPEATS:
            lacking = lacking or "a possessive quantifier"
        out.append("(?P<" if token == "(?<" else token)
        before = token
    return "".join(out), lacking


def _tokens(pattern: str) -> Iterator[str]:
    """The pattern in pieces: escapes, classes, `\\Q…\\E`, group openings, single characters."""
    at, end = 0, len(pattern)
    while at < end:
        start = at
        match pattern[at]:
            case "\\":
                at += 2
                if pattern.startswith("Q", start + 1):
                    close = pattern.find("\\E", at)
                    at = end if close < 0 else close + 2
            case "[":
                at = _class_end(pattern, at)
            case "(":
                opening = next((n for n in (4, 3) if pattern[at : at + n] in _OPENINGS), 1)
                at += opening
            case _:
                at += 1
        yield pattern[start:at]


_OPENINGS: Final = frozenset({*_GROUPS, "(?<", "(?P<"})


def _class_end(pattern: str, at: int) -> int:
    """Where a bracketed class ends; a `]` that stands first in it is a character."""
    at += 2 if pattern.startswith("[^", at) else 1
    if pattern.startswith("]", at):
        at += 1
    while at < len(pattern) and pattern[at] != "]":
        named = pattern.startswith("[:", at) and pattern.find(":]", at) > 0
        at = pattern.find(":]", at) + 2 if named else at + (2 if pattern[at] == "\\" else 1)
    return at + 1
