"""One spelling per indicator: which kind it is, and the form under which feeds are looked up."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from agentgate_mcp.errors import ArgumentError

IndicatorKind = Literal["ip", "domain", "url", "hash", "email"]

_REFANG: Final = (("[.]", "."), ("(.)", "."), ("[dot]", "."), ("(dot)", "."), ("[:]", ":"), ("[@]", "@"), ("(at)", "@"),
                  ("[at]", "@"))  # fmt: skip
_SCHEME: Final = re.compile(r"^h(?:xx|tt)p(s?)(?:\[:\]|:)//", re.IGNORECASE)
_HASH: Final = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128}")
_DOMAIN: Final = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])")
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@([^@\s]+)")
_EXPECTED: Final = "an IP address, domain, URL, e-mail address or file hash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """``text`` is the normal form; ``host`` the address or domain inside a URL or e-mail."""

    kind: IndicatorKind
    text: str
    host: str = ""


def read_indicator(text: str) -> Indicator:
    """The indicator that a text is, defanged forms included.

    Raises: ArgumentError when it is none."""
    plain = _SCHEME.sub(r"http\1://", text.strip())
    for fanged, character in _REFANG:
        plain = plain.replace(fanged, character)
    if "://" in plain:
        return _url(plain)
    lowered = plain.lower().rstrip(".")
    if (address := as_address(lowered)) is not None:
        return Indicator(kind="ip", text=str(address))
    if _HASH.fullmatch(lowered):
        return Indicator(kind="hash", text=lowered)
    if (mail := _EMAIL.fullmatch(lowered)) is not None and (host := _host(mail[1])):
        return Indicator(kind="email", text=lowered, host=host)
    if (domain := _ascii_domain(lowered)) is not None:
        return Indicator(kind="domain", text=domain)
    raise ArgumentError("indicator", _EXPECTED, f"text of {len(text)} characters")


def as_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a text is; an IPv4 address inside an IPv6 one counts as itself."""
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def domain_and_parents(domain: str) -> Iterator[str]:
    """`a.b.example`, `b.example`; never a bare top-level name."""
    labels = domain.split(".")
    for start in range(len(labels) - 1):
        yield ".".join(labels[start:])


def _url(text: str) -> Indicator:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ArgumentError("indicator", _EXPECTED, "a URL that cannot be read") from None
    host = _host(parts.hostname or "")
    if not host:
        raise ArgumentError("indicator", _EXPECTED, "a URL without a host")
    shown = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}.get(parts.scheme.lower())
    suffix = "" if port in (None, default) else f":{port}"
    query = f"?{parts.query}" if parts.query else ""
    return Indicator(kind="url", text=f"{parts.scheme.lower()}://{shown}{suffix}{parts.path or '/'}{query}", host=host)


def _host(text: str) -> str:
    address = as_address(text)
    return str(address) if address is not None else _ascii_domain(text.lower().rstrip(".")) or ""


def _ascii_domain(text: str) -> str | None:
    if not text.isascii():
        try:
            text = text.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    return text if len(text) <= 253 and _DOMAIN.fullmatch(text) else None
