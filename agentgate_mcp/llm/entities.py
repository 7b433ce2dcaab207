"""Finds what a text names: addresses, names, hashes, uids, techniques, paths.

The question is not what kind of thing a word is but whether it could be one: a word of letters and
digits together counts as a name. Being too eager costs a sentence of advice, being too lax lets a
model put an invented host in front of an analyst.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

MAX_TEXT = 40_000
"""Characters looked at; facts and answers are cut far below that."""
MAX_CHUNK = 400
"""Characters without a gap that are searched for names."""

_REFANG = (
    (re.compile(r"h(?:xx|\*\*|tt)p(s?)"), r"http\1"),
    (re.compile(r"\s?[\[({]\s?(?:\.|dot)\s?[\])}]\s?"), "."),
    (re.compile(r"\s?[\[({]\s?(?:@|at)\s?[\])}]\s?"), "@"),
    (re.compile(r"[\[({]\s?:(?://)?\s?[\])}]"), ":"),
    (re.compile(r"(?<=\w) dot (?=\w)"), "."),
    (re.compile(r"(?<=\d)\s?\.\s?(?=\d)"), "."),
)
_GAP = re.compile(r"[\s\"'<>|]+")
_URL = re.compile(r"[a-z][a-z0-9+]{1,9}://[^\s\"'<>|)\]}]+")
_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)*")
_DOTTED = re.compile(r"(?<![\w@])(?:[\w-]+\.)+[\w-]+")
_COLONS = re.compile(r"(?<![\w:])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:])")
_BACKSLASH = re.compile(r"[^\s\"'<>|]*\\[^\s\"'<>|]+")
_PATH = re.compile(r"(?<![\w/:.])/[\w.-]+(?:/[\w.-]+)+")
_WORD = re.compile(r"[\w-]+")
_TOKEN = re.compile(r"[\w.$@-]+")
_CAPITALS = re.compile(r"(?<![\w-])[A-Z][A-Z0-9]*(?:[-_][A-Z0-9]+)+(?![\w-])")
_QUOTED = re.compile(r"[\"'\u2018\u201c]([\w.$@-]{2,64})[\"'\u2019\u201d]")
_TRAILING = ".,;:!?'\"*_`)]}"

_QUANTITY = re.compile(
    r"\d+(?:-?(?:st|z|utc|nd|rd|th|x|fold|s|ms|m|h|d|w|am|pm|sec|secs|seconds?|mins?|minutes?|hours?|hrs?|days?|weeks?|months?"
    r"|years?|bytes?|[kmgt]i?b|events?|hosts?|times|percent|way|step|part|factor))+"
)
_TERMS = frozenset(
    "ipv4 ipv6 utf8 utf-8 utf-16 md5 sha1 sha-1 sha256 sha-256 sha384 sha512 sha-512 base32 base64 base-64 win32 win64"
    " x86 x64 x509 aes128 aes256 rc4 http2 http3 oauth2 smbv1 smbv2 smbv3 smb1 smb2 smb3 ntlmv1 ntlmv2 c2 e2e o365 m365"
    " s3 ec2 2fa k8s 3rd-party 1st-party l2 l3 tier-1 tier-2 tier-3 p1 p2 p3 p4".split()
)
"""Words with digits that name no thing of a case."""
_NUMBER = re.compile(r"\d{7,}")


def normalised(text: str) -> str:
    """``text`` as its entities are compared: one case, no invisible or combining characters, refanged."""
    plain = unicodedata.normalize("NFKD", text[:MAX_TEXT])
    kept = "".join(
        c for c in plain if unicodedata.category(c) not in ("Cf", "Cc", "Mn", "Me", "Co", "Cn") or c in "\n\t"
    )
    folded = unicodedata.normalize("NFKC", kept).casefold()
    for pattern, replacement in _REFANG:
        folded = pattern.sub(replacement, folded)
    return folded


def entities(text: str) -> frozenset[str]:
    """Everything in ``text`` that could be the name of a thing, normalised. Linear in the text."""
    plain = normalised(text)
    raw = text[:MAX_TEXT]
    found = {m.casefold() for m in _CAPITALS.findall(raw)} | {m.casefold() for m in _QUOTED.findall(raw)}
    for chunk in _GAP.split(plain):
        # A piece without end is a name of its own; looking inside it could take forever.
        found.update(_in_chunk(chunk) if len(chunk) <= MAX_CHUNK else [chunk])
    return frozenset(e for e in found if len(e) > 1 and e not in _TERMS and not _is_prose(e))


def _in_chunk(chunk: str) -> Iterator[str]:
    for pattern in (_URL, _EMAIL, _DOTTED, _BACKSLASH, _PATH):
        yield from (m.rstrip(_TRAILING) for m in pattern.findall(chunk))
    yield from (m for m in _COLONS.findall(chunk) if not _is_clock(m))
    yield from (w for w in (m.strip("-_") for m in _WORD.findall(chunk)) if _is_name(w))


def names_in(facts: str) -> frozenset[str]:
    """All that a text about ``facts`` may name: its entities and its plain words."""
    return entities(facts) | frozenset(m.strip("-_.") for m in _TOKEN.findall(normalised(facts)))


def _is_name(word: str) -> bool:
    """A word that mixes letters and digits, or a number too long to be a count."""
    if word.isdecimal():
        return bool(_NUMBER.fullmatch(word))
    if not any(c.isdigit() for c in word) or not any(c.isalpha() for c in word):
        return False
    return not _QUANTITY.fullmatch(word)


def _is_prose(entity: str) -> bool:
    """Dotted text that is no name: abbreviations, decimals, quantities."""
    if "." not in entity or "/" in entity or "\\" in entity or "@" in entity:
        return False
    labels = entity.split(".")
    if all(len(label) == 1 and label.isalpha() for label in labels):  # e.g, i.e, u.s
        return True
    return len(labels) == 2 and labels[0].isdecimal() and bool(re.fullmatch(r"\d+|\d+[a-z]{1,3}", labels[1]))


def _is_clock(text: str) -> bool:
    """12:30:45 is a time; an IPv6 address has `::` or eight groups."""
    return bool(re.fullmatch(r"\d{1,2}:\d{2}:\d{2}", text))
