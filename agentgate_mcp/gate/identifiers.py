"""Addresses inside prose: mail addresses and web addresses as they are written, defanged or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

Shape = Literal["", "mail", "link"]
_AROUND = ".,;:!?()[]{}<>\"'`*"
_SCHEMES = ("http://", "https://", "ftp://", "hxxp://", "hxxps://")
_SPACES = str.maketrans(dict.fromkeys("()[]{}<>\"'`|,;", " "))


def refanged(text: str) -> str:
    """``text`` in lower case with `[.]`, `(dot)`, `[at]` and `hxxp` as what they stand for."""
    lowered = text.lower()
    if "[" in lowered or "(" in lowered:
        for open_, close in ("[]", "()"):
            lowered = lowered.replace(f"{open_}.{close}", ".").replace(f"{open_}dot{close}", ".")
            lowered = lowered.replace(f"{open_}at{close}", "@").replace(f"{open_}:{close}", ":")
    return lowered.replace("hxxp", "http") if "hxxp" in lowered else lowered


def shape_of(value: str) -> Shape:
    """What ``value`` is as a whole: a mail address, a web address or host, or neither."""
    if not value or " " in value or "." not in value:
        return ""
    local, at, domain = value.rpartition("@")
    if at and "/" not in local:
        return "mail" if local and _is_host(domain) else ""
    if value.lower().startswith(_SCHEMES):
        return "link"
    return "link" if _is_host(value.partition("/")[0].partition("?")[0].partition(":")[0]) else ""


def addresses(text: str) -> Iterator[tuple[Shape, str]]:
    """(shape, address) of each address in ``text``, in lower case and refanged."""
    for token in refanged(text).translate(_SPACES).split():
        plain = token.strip(_AROUND).removeprefix("mailto:")
        shape = shape_of(plain)
        if shape:
            yield shape, plain


def live_links(text: str) -> Iterator[str]:
    """What a mail or chat client turns into a link: written with a scheme or `www.`; not defanged."""
    lowered = text.lower()
    if "www." in lowered or "://" in lowered:
        for token in lowered.translate(_SPACES).split():
            plain = token.strip(_AROUND)
            if plain.startswith(("http://", "https://", "www.")) and shape_of(plain):
                yield plain


def _is_host(text: str) -> bool:
    labels = text.lower().split(".")
    return (
        len(labels) > 1
        and all(label and label.replace("-", "").isalnum() for label in labels)
        and len(labels[-1]) > 1
        and labels[-1].isalpha()
    )
