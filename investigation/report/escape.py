"""Untrusted text in Markdown: shown, never interpreted."""

from __future__ import annotations

import re
import unicodedata

from investigation.ioc import defang, extract
from investigation.rows import is_inside

MAX_SHOWN = 400
_SPECIAL = re.compile(r"([\\`*_\[\]<>|~&$])")
# What defanging writes cannot become a link, and reads better as it is.
_DEFANGED = re.compile(r"\\\[(\.|:|at)\\\]")
_LINK = re.compile(r"(?i)\b(h)tt(ps?)://|\b(f)tp://|\b(www)\.|\b(javascript|data|file|vbscript|mailto):")


def plain(text: str, limit: int = MAX_SHOWN) -> str:
    """``text`` on one line, invisibles written out, cut at ``limit`` characters, links broken."""
    shown = "".join(_visible(c) for c in text[: limit + 1])
    if len(text) > limit:
        shown = f"{shown[:limit]}…"
    return _LINK.sub(_broken, shown)


def prose(text: str, limit: int = MAX_SHOWN) -> str:
    """Text for a sentence or table cell: indicators defanged, Markdown escaped."""
    return _DEFANGED.sub(r"[\1]", _SPECIAL.sub(r"\\\1", plain(_defanged(text), limit)))


def code(text: str, limit: int = 2000) -> str:
    """Text as a code span. A fence longer than any run of backticks inside keeps it one span."""
    shown = "".join(_visible(c) for c in text[:limit]).replace("|", "\\|")
    longest = max((len(m) for m in re.findall(r"`+", shown)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {shown} {fence}" if longest or shown.startswith(" ") else f"{fence}{shown or ' '}{fence}"


def _defanged(text: str) -> str:
    """Indicators outside our own network written so that no viewer links them."""
    out: list[str] = []
    last = 0
    for ioc in extract(text):
        if ioc.kind == "hash" or (ioc.kind == "ip" and is_inside(ioc.value)):
            continue  # nothing to follow there
        # From the refanged value: what is written `[.]` already must not be written so twice.
        out += (text[last : ioc.start], defang(ioc.value))
        last = ioc.end
    return "".join((*out, text[last:]))


def _visible(char: str) -> str:
    if char in "\t\n\r":
        return " "
    category = unicodedata.category(char)
    if category in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") or (category == "Mn" and 0xFE00 <= ord(char) <= 0xFE0F):
        return f"\\u{{{ord(char):x}}}"
    return char


def _broken(match: re.Match[str]) -> str:
    found = match.group()
    if found.lower().startswith("http"):
        return f"hxxp{found[4:]}"
    if found.lower().startswith("ftp"):
        return f"fxp{found[3:]}"
    if found.lower().startswith("www"):
        return "www[.]"
    return f"{found[:-1]}[:]"
