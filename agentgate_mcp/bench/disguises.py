"""Ways to disguise a text, by name: what the obfuscation matrix of `bench injection` is made of."""

from __future__ import annotations

import base64
import codecs
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Final

Disguise = Callable[[str], str]

_CYRILLIC = str.maketrans("aeiopcxysjAEOPCTXBHKM", "аеіорсхуѕјАЕОРСТХВНКМ")
_CAPITALS = str.maketrans("abcdefghijklmnoprtuvwyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀᴛᴜᴠᴡʏᴢ")
_LEET = str.maketrans("oieastOIEAST", "013457013457")
_LEET_WIDE = str.maketrans("oieastgbOIEASTGB", "0134579801345798")
_LEET_SIGNS = str.maketrans("aeiostAEIOST", "@310$7@310$7")


def _shift(upper: int, lower: int) -> Disguise:
    def change(text: str) -> str:
        return "".join(
            chr(upper + ord(c) - 65) if "A" <= c <= "Z" else chr(lower + ord(c) - 97) if "a" <= c <= "z" else c
            for c in text
        )

    return change


def _escaped(template: str) -> Disguise:
    return lambda text: "".join(template % ord(c) for c in text)


def _encoded(encode: Callable[[bytes], bytes], charset: str = "utf-8") -> Disguise:
    return lambda text: encode(text.encode(charset)).decode("ascii")


DISGUISES: Final[Mapping[str, Disguise]] = {
    "tag characters": lambda s: "".join(chr(0xE0000 + ord(c)) if c.isascii() else c for c in s),
    "zero-width spaces": "\u200b".join,
    "variation selectors": "\ufe0f".join,
    "soft hyphens": "\u00ad".join,
    "full width": _shift(0xFF21, 0xFF41),
    "mathematical": _shift(0x1D400, 0x1D41A),
    "circled": _shift(0x24B6, 0x24D0),
    "negative squared": _shift(0x1F170, 0x1F170),
    "regional indicators": _shift(0x1F1E6, 0x1F1E6),
    "cyrillic": lambda s: s.translate(_CYRILLIC),
    "small capitals": lambda s: s.lower().translate(_CAPITALS),
    "stacked marks": lambda s: "".join(f"{c}\u0301" if c.isalpha() else c for c in s),
    "odd case": lambda s: "".join(c.upper() if i % 2 else c.lower() for i, c in enumerate(s)),
    "leet": lambda s: s.translate(_LEET),
    "leet, more letters": lambda s: s.translate(_LEET_WIDE),
    "leet, signs": lambda s: s.translate(_LEET_SIGNS),
    "letters spread": " ".join,
    "letters spread, words apart": lambda s: "  ".join(" ".join(w) for w in s.split(" ")),
    "letters hyphenated": "-".join,
    "letters dotted": ".".join,
    "spread leet": lambda s: " ".join(s.translate(_LEET)),
    "base64": _encoded(base64.b64encode),
    "base64url": lambda s: base64.urlsafe_b64encode(s.encode()).decode().rstrip("="),
    "base64 of UTF-16": _encoded(base64.b64encode, "utf-16-le"),
    "base64 twice": lambda s: base64.b64encode(base64.b64encode(s.encode())).decode(),
    "base32": _encoded(base64.b32encode),
    "hex": lambda s: s.encode().hex(),
    "hex with blanks": lambda s: s.encode().hex(" "),
    "URL escapes": lambda s: "".join(f"%{b:02x}" for b in s.encode()),
    "URL quoted": urllib.parse.quote,
    "HTML entities": _escaped("&#%d;"),
    "JSON escapes": _escaped("\\u%04x"),
    "rot13": lambda s: codecs.encode(s, "rot13"),
    "mirrored": lambda s: s[::-1],
    "no-break spaces": lambda s: s.replace(" ", "\u00a0"),
    "a word per line": lambda s: s.replace(" ", "\n"),
}
"""Each keeps what a reader needs to put the text together again."""

LOSSY: Final[Mapping[str, Disguise]] = {
    "no blanks": lambda s: s.replace(" ", ""),
    "letters hyphenated, no blanks": lambda s: "-".join(s.replace(" ", "")),
    "leet in fours": lambda s: _in_fours(s.replace(" ", "").translate(_LEET)),
}
"""These lose where words end; reported, and nothing is promised of them."""


def _in_fours(text: str) -> str:
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))
