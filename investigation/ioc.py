"""Indicators in text: addresses, domains, URLs, hashes, mail addresses, defanged forms too.

Text is refanged with an offset map, so that every indicator points at where it stood. What
only looks like an indicator (file names, versions, OIDs, clock times) is left out.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from investigation.suffixes import registered_domain

IocKind = Literal["ip", "domain", "url", "hash", "email"]

MAX_TEXT = 1_048_576
_REFANG: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"h[xX*]{2}p(s?)(?=\s?(?:\[?:\]?//|:|\[))"), r"http\1"),
    (re.compile(r"\s?[\[({]\s?(?:\.|dot|DOT|d0t|punkt)\s?[\])}]\s?"), "."),
    (re.compile(r"\s?[\[({]\s?(?:@|at|AT)\s?[\])}]\s?"), "@"),
    (re.compile(r"\[:\]"), ":"),
    (re.compile(r"\[//\]|\[/\]/"), "//"),
    (re.compile(r"\\\."), "."),
)
_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w])(?!\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?=[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:)[0-9A-Fa-f:.]{2,45}(?![\w:])")
_HASH = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9a-fA-F]{128}|[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})(?![0-9A-Za-z])"
)
_URL = re.compile(r"(?<![A-Za-z])(?:https?|ftp|sftp|tcp|udp|wss?)://[^\s\"'<>`{}|\\^\x00-\x20]{3,2048}", re.IGNORECASE)
_EMAIL = re.compile(r"(?<![\w.+-])[A-Za-z0-9._%+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[\w-]{2,63}(?![\w-])")
_NAME = re.compile(
    r"(?<![\w@/\\.$-])(?:[\w](?:[\w-]{0,61}[\w])?\.){1,10}(?:xn--[a-z0-9-]{2,59}|[^\W\d_]{2,24})(?![\w@-])(?!\.[\w])"
)
_FILE_ENDINGS = frozenset(
    "py pyc md zip sh exe dll sys bat cmd ps1 vbs js jse hta lnk scr msi msp doc docx docm xls xlsx xlsm "
    "ppt pptx pdf rtf txt log csv json xml yml yaml toml ini cfg conf db sqlite bak tmp tar gz bz2 xz rar "
    "iso img jpg jpeg png gif svg ico php asp aspx jsp html htm css so ko elf bin dat pl rb rs go java "
    "class jar c h cpp tsx jsx lock sock service net framework evtx pcap pem crt key local".split()
)
# Endings that are file names more often than top-level domains in security text.
_AMBIGUOUS = frozenset("py sh md zip pl rs so app mov id cc ai bat".split())
_TRAILING = ".,;:!?'\")]}>*_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ioc:
    """One indicator, refanged and normalised; ``start``/``end`` are offsets in the given text."""

    kind: IocKind
    value: str
    start: int
    end: int


def extract(text: str) -> tuple[Ioc, ...]:
    """Every indicator in ``text``, in order of appearance, each place once."""
    clean, offsets = _refang(text[:MAX_TEXT])
    taken: list[tuple[int, int]] = []
    found: list[Ioc] = []
    for kind, value, start, end in _candidates(clean):
        if any(start < b and a < end for a, b in taken):
            continue
        taken.append((start, end))
        found.append(Ioc(kind=kind, value=value, start=offsets[start], end=offsets[end - 1] + 1))
    return tuple(sorted(found, key=lambda i: (i.start, i.end)))


def defang(value: str) -> str:
    """``value`` so that no viewer links it."""
    text = re.sub(r"(?i)\bhttp(s?)://", r"hxxp\1://", value)
    return text.replace(".", "[.]").replace("@", "[at]") if _linkable(value) else text


def _linkable(value: str) -> bool:
    return bool(_IPV4.fullmatch(value) or _EMAIL.fullmatch(value) or _URL.match(value) or "." in value)


def _candidates(text: str) -> Iterator[tuple[IocKind, str, int, int]]:
    """Widest first: a URL's host is part of the URL, a mail's domain part of the address."""
    for match in _URL.finditer(text):
        value = _without_tail(match.group())
        if _host_of(value):
            yield "url", value, match.start(), match.start() + len(value)
    for match in _EMAIL.finditer(text):
        if registered_domain(match.group().rpartition("@")[2]):
            yield "email", match.group().lower(), match.start(), match.end()
    for match in _HASH.finditer(text):
        if not match.group().isdigit():
            yield "hash", match.group().lower(), match.start(), match.end()
    for match in _IPV4.finditer(text):
        value = _address(match.group())
        if value and not _version_like(text, match.start()):
            yield "ip", value, match.start(), match.end()
    for match in _IPV6.finditer(text):
        raw = match.group().rstrip(".:") if not match.group().endswith("::") else match.group()
        value = _address(raw) if raw.count(":") >= 2 else ""
        if value and not _clock_like(raw):
            yield "ip", value, match.start(), match.start() + len(raw)
    for match in _NAME.finditer(text):
        name = match.group().rstrip(".").lower()
        if _is_domain(name):
            yield "domain", name, match.start(), match.start() + len(match.group().rstrip("."))


def _without_tail(url: str) -> str:
    """``url`` without the punctuation of the sentence around it; a closing bracket that was opened
    inside stays."""
    while url and url[-1] in _TRAILING:
        if url[-1] == ")" and url.count("(") >= url.count(")"):
            break
        url = url[:-1]
    return url


def _refang(text: str) -> tuple[str, list[int]]:
    """Refanged text and, for each of its characters, the offset it came from."""
    offsets = list(range(len(text)))
    for pattern, replacement in _REFANG:
        pieces: list[str] = []
        moved: list[int] = []
        last = 0
        for match in pattern.finditer(text):
            put = match.expand(replacement)
            pieces += (text[last : match.start()], put)
            moved += offsets[last : match.start()]
            moved += [offsets[match.start()]] * (len(put) - 1) + [offsets[match.end() - 1]] if put else []
            last = match.end()
        if last:
            pieces.append(text[last:])
            moved += offsets[last:]
            text, offsets = "".join(pieces), moved
    return text, offsets


def _address(raw: str) -> str:
    try:
        return str(ipaddress.ip_address(raw))
    except ValueError:
        return ""


def _version_like(text: str, start: int) -> bool:
    before = text[max(0, start - 12) : start].lower()
    return bool(re.search(r"(?:\bv|version|ver\.?|release|build|oid|sysoid)\s?[:=]?\s?$", before))


def _clock_like(raw: str) -> bool:
    groups = raw.split(":")
    return len(groups) <= 4 and all(g.isdigit() and len(g) <= 2 for g in groups)


def _host_of(url: str) -> str:
    host = url.partition("://")[2].partition("/")[0].rpartition("@")[2]
    bare = host.partition(":")[0] if not host.startswith("[") else host.partition("]")[0][1:]
    return bare if _address(bare) or registered_domain(bare) or bare == "localhost" else ""


def _is_domain(name: str) -> bool:
    ending = name.rpartition(".")[2]
    if ending in _FILE_ENDINGS and not (ending in _AMBIGUOUS and name.count(".") >= 2):
        return False
    if all(part.isdigit() for part in name.split(".")[:-1]):
        return False
    return bool(registered_domain(name))
