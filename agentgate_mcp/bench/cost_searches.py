"""Searches as analysts write them, drawn by seed: sources, commands and time ranges of every kind."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

SOURCES: Final[Mapping[str, Sequence[str]]] = {
    "auth": ("linux_secure", "okta:auth", "wineventlog:security"),
    "cloud": ("aws:cloudtrail",),
    "email": ("mail:gateway",),
    "endpoint": ("edr:file", "sysmon"),
    "network": ("zeek:conn", "zeek:dns", "zeek:http", "zeek:ssl"),
    "proxy": ("proxy:access",),
}
"""Indexes of the bundled data, and what is in them."""
MODELS: Final = ("Email", "Endpoint", "Network_Resolution", "Network_Traffic")
_TERMS: Final = ("action=blocked", "user=j*", "dest=192.0.2.10", "src=10.20.*", "failed", "user=*admin", "*.exe")
_ENDS: Final = (
    "", "| stats count by host", "| stats count by src, dest", "| timechart span=1h count", "| top limit=5 user",
    "| head 20", "| where isnotnull(src) | stats dc(dest) as n by src | sort - n", "| dedup host | table host",
)  # fmt: skip
_ROLLING: Final = ("-5m", "-15m", "-60m", "-4h", "-8h", "-24h", "-36h", "-3d", "-7d")
_SNAPPED: Final = (("-1h@h", "@h"), ("-4h@h", "@h"), ("@d", "now"), ("-1d@d", "@d"), ("-24h@h", "now"), ("-7d@d", "@d"))
_DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A search with its time range, and the instant that it is run at."""

    query: str
    earliest: str
    latest: str
    now: float


def drawn(seed: int, count: int, first: float, last: float) -> Iterator[Drawn]:
    """``count`` searches over data that reach from ``first`` to ``last`` (epoch seconds)."""
    chance = random.Random(seed)
    for _ in range(count):
        now = round(chance.uniform(first + _DAY, last), 3)
        earliest, latest = _range(chance, first, now)
        yield Drawn(query=_search(chance, first, now), earliest=earliest, latest=latest, now=now)


def _range(chance: random.Random, first: float, now: float) -> tuple[str, str]:
    """Rolling (45 %), round an incident (25 %), snapped to hours or days (20 %), all time (2 %), dates."""
    kind = chance.random()
    if kind < 0.45:
        return chance.choice(_ROLLING), "now"
    if kind < 0.70:
        at, half = chance.uniform(first, now), chance.choice((60, 300, 900, 1_800, 3_600, 14_400, 43_200))
        return str(int(at - half)), str(int(at + half))
    if kind < 0.90:
        return chance.choice(_SNAPPED)
    if kind < 0.92:
        return "0", "now"
    start = int(chance.uniform(first, now))
    return str(start), str(min(int(now), start + chance.randint(600, 3 * 86_400)))


def _search(chance: random.Random, first: float, now: float) -> str:
    kind = chance.random()
    if kind < 0.12:
        index = chance.choice(tuple(SOURCES))
        where = f"index={index}" + (f" sourcetype={chance.choice(SOURCES[index])}" if chance.random() < 0.5 else "")
        return f"| tstats count where {where} by {chance.choice(('host', 'sourcetype', '_time span=1h', 'source'))}"
    if kind < 0.18:
        return f"| tstats count from datamodel={chance.choice(MODELS)} by host"
    if kind < 0.26:
        inner = f"search {_source(chance)} {chance.choice(_TERMS)} | fields src | head 5"
        return f"{_source(chance)} [{inner}] {chance.choice(_ENDS)}".strip()
    if kind < 0.32:
        word = chance.choice(("join type=left src", "append"))
        return f"{_source(chance)} | stats count by src | {word} [search {_source(chance)} | stats count by src]"
    written = ""
    if chance.random() < 0.1:
        low, high = _range(chance, first, now)
        written = f" earliest={low} latest={high}"
    term = chance.choice(_TERMS) if chance.random() < 0.6 else ""
    return " ".join(f"{_source(chance)}{written} {term} {chance.choice(_ENDS)}".split())


def _source(chance: random.Random) -> str:
    """One index (60 %), with a source type or not; several; a pattern; all of them."""
    kind, index = chance.random(), chance.choice(tuple(SOURCES))
    if kind < 0.35:
        return f"index={index}"
    if kind < 0.60:
        return f"index={index} sourcetype={chance.choice(SOURCES[index])}"
    others = chance.sample(tuple(SOURCES), chance.randint(2, 4))
    if kind < 0.75:
        return f"index IN ({', '.join(others)})"
    if kind < 0.85:
        return "(" + " OR ".join(f"index={name}" for name in others) + ")"
    if kind < 0.92:
        return f"index={chance.choice(('e*', 'net*', '*o*', 'a*'))}"
    return "index=*"
