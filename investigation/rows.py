"""Reading result rows: text, numbers and times of fields, and where an address lies."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache

from agentgate_mcp.model.call import Json

Row = Mapping[str, Json]

_FRAME = re.compile(r"<(untrusted-[0-9a-f]{4,32})>(.*)</\1>", re.DOTALL)
_INSIDE = tuple(
    ipaddress.ip_network(n)
    for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "fe80::/10")
)
# Neither one of ours nor somebody's: broadcast, multicast, unspecified.
_NOBODY = tuple(ipaddress.ip_network(n) for n in ("0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4", "ff00::/8", "::/128"))


def text(row: Row, field: str) -> str:
    """The field as text; the first of several values; empty when absent."""
    value = row.get(field)
    if isinstance(value, list):
        value = value[0] if value else None
    return "" if value is None else str(value)


def texts(row: Row, field: str) -> tuple[str, ...]:
    """All values of the field."""
    value = row.get(field)
    if isinstance(value, list):
        return tuple(str(v) for v in value)
    return () if value is None else (str(value),)


def number(row: Row, field: str) -> float:
    """The field as a number; 0 when absent or no number."""
    try:
        value = float(text(row, field))
    except ValueError:
        return 0.0
    return value if value == value and abs(value) < 1e18 else 0.0


def has(row: Row, field: str) -> bool:
    return text(row, field) != ""


def at(row: Row, field: str = "_time") -> float:
    """A time field as epoch seconds, whether it is written in ISO 8601 or as seconds; 0 when unreadable."""
    raw = text(row, field)
    try:
        return float(raw)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(raw.replace("Z", "+00:00"))
    except ValueError:
        return 0.0
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def iso(moment: float) -> str:
    """Epoch seconds as ISO 8601 UTC, to the second."""
    return datetime.fromtimestamp(int(moment), UTC).isoformat().replace("+00:00", "Z")


def event_id(row: Row) -> str:
    return text(row, "event_id")


def ids(rows: Iterable[Row]) -> tuple[str, ...]:
    """Event ids in order of time, each once."""
    ordered = sorted((at(r), event_id(r)) for r in rows if event_id(r))
    return tuple(dict.fromkeys(i for _, i in ordered))


@lru_cache(maxsize=16384)
def _place(value: str) -> str:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return ""
    if any(address in n for n in _INSIDE if n.version == address.version):
        return "inside"
    if any(address in n for n in _NOBODY if n.version == address.version):
        return "nobody"
    return "outside"


def is_address(value: str) -> bool:
    return _place(value) != ""


def is_inside(value: str) -> bool:
    """One of our own addresses. Documentation ranges stand for the Internet, so the library's
    notion of a private address is of no use here."""
    return _place(value) == "inside"


def is_outside(value: str) -> bool:
    """Somebody else's address."""
    return _place(value) == "outside"


def unframed(value: Json, found: list[str]) -> Json:
    """``value`` without the frames that mark flagged text; their contents are added to ``found``.

    A frame's name differs from call to call, so rows are compared and hashed without it."""
    match value:
        case str():
            match = _FRAME.fullmatch(value)
            if match is None:
                return value
            found.append(match.group(2))
            return match.group(2)
        case list():
            return [unframed(v, found) for v in value]
        case dict():
            return {k: unframed(v, found) for k, v in value.items()}
        case _:
            return value
