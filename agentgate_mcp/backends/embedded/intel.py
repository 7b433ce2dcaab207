"""Threat intelligence from local JSON feeds: exact match, parent domain, network; allow lists.

What no feed knows is unknown, never harmless; an allow list names ordinary things and does not
overrule a feed.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field

from agentgate_mcp.backends.embedded.files import Record, json_files, validated
from agentgate_mcp.backends.embedded.indicators import (
    Indicator,
    IndicatorKind,
    as_address,
    domain_and_parents,
    read_indicator,
)
from agentgate_mcp.backends.ports import Intel
from agentgate_mcp.errors import ArgumentError, DataError

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class _FeedItem(Record):
    indicator: str
    kind: IndicatorKind | Literal["cidr"]
    score: int = Field(ge=0, le=100)
    verdict: Literal["malicious", "suspicious", "benign", "unknown"]
    families: list[str] = Field(default_factory=list[str])
    techniques: list[str] = Field(default_factory=list[str])
    first_seen: str = ""
    last_seen: str = ""
    description: str = ""


class _Feed(Record):
    feed: str
    kind: str = ""
    publisher: str = ""
    indicators: list[_FeedItem]


class _AllowItem(Record):
    kind: Literal["ip", "cidr", "domain", "domain_suffix"]
    value: str
    description: str = ""


class _AllowList(Record):
    name: str = Field(alias="list")
    description: str = ""
    entries: list[_AllowItem]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    feed: str
    item: _FeedItem


@dataclass(slots=True)
class _Tables:
    exact: dict[tuple[str, str], list[_Listed]] = field(default_factory=dict[tuple[str, str], list[_Listed]])
    networks: list[tuple[_Network, _Listed]] = field(default_factory=list[tuple[_Network, _Listed]])
    allowed: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    allowed_networks: list[tuple[_Network, str]] = field(default_factory=list[tuple[_Network, str]])


class IntelFeeds:
    """Implements IntelPort over ``data_dir``/threatintel. Raises: DataError on first use of a bad file."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir

    def lookup(self, indicator: str) -> Intel:
        """What the feeds say. Raises: ArgumentError when the text is no indicator."""
        asked = read_indicator(indicator)
        found = list(self._matches(asked))
        allowed = self._allowed(asked)
        if not found:
            return Intel(indicator=asked.text, kind=asked.kind, known=False, allow_listed=allowed)
        strongest = max((m.item for m in found), key=lambda item: (item.score, item.indicator))
        return Intel(
            indicator=asked.text,
            kind=asked.kind,
            known=True,
            score=strongest.score,
            verdict=strongest.verdict,
            families=_union(m.item.families for m in found),
            techniques=_union(m.item.techniques for m in found),
            first_seen=min((m.item.first_seen for m in found if m.item.first_seen), default=""),
            last_seen=max((m.item.last_seen for m in found if m.item.last_seen), default=""),
            feeds=tuple(sorted({m.feed for m in found})),
            allow_listed=allowed,
            description=_describe(strongest, asked),
        )

    def _matches(self, asked: Indicator) -> Iterator[_Listed]:
        tables = self._tables
        seen: set[int] = set()
        for key in _keys(asked):
            for listed in tables.exact.get(key, ()):
                if id(listed) not in seen:
                    seen.add(id(listed))
                    yield listed
        address = as_address(asked.host or asked.text)
        if address is not None:
            yield from (listed for network, listed in tables.networks if address in network)

    def _allowed(self, asked: Indicator) -> str:
        tables = self._tables
        host = asked.host or asked.text
        address = as_address(host)
        if address is not None:
            named = tables.allowed.get(("ip", str(address)), "")
            return named or next((name for network, name in tables.allowed_networks if address in network), "")
        if asked.kind == "hash":
            return ""
        if name := tables.allowed.get(("domain", host)):
            return name
        suffixes = (tables.allowed.get(("domain_suffix", d)) for d in domain_and_parents(host))
        return next((name for name in suffixes if name), "")

    @cached_property
    def _tables(self) -> _Tables:
        tables = _Tables()
        for label, document in json_files(self._data_dir, "threatintel"):
            if isinstance(document, dict) and "list" in document:
                allow = validated(_AllowList, document, label)
                for number, entry in enumerate(allow.entries):
                    _add_allowed(tables, allow.name, entry, label, f"/entries/{number}")
            else:
                feed = validated(_Feed, document, label)
                for number, item in enumerate(feed.indicators):
                    _add_listed(tables, _Listed(feed=feed.feed, item=item), label, f"/indicators/{number}")
        return tables


def _keys(asked: Indicator) -> Iterator[tuple[str, str]]:
    yield asked.kind, asked.text
    host = asked.host or (asked.text if asked.kind == "domain" else "")
    if not host:
        return
    if as_address(host) is not None:
        yield "ip", host
    else:
        yield from (("domain", name) for name in domain_and_parents(host))


def _add_listed(tables: _Tables, listed: _Listed, label: str, where: str) -> None:
    item = listed.item
    if item.kind == "cidr" or (item.kind == "ip" and "/" in item.indicator):
        tables.networks.append((_network(item.indicator, label, where), listed))
        return
    try:
        normal = read_indicator(item.indicator)
    except ArgumentError:
        raise DataError(label, where, "indicator: expected an address, domain, URL, e-mail or hash") from None
    if normal.kind != item.kind:
        raise DataError(label, where, f"kind: expected {normal.kind} for this indicator, got {item.kind}")
    tables.exact.setdefault((normal.kind, normal.text), []).append(listed)


def _add_allowed(tables: _Tables, name: str, entry: _AllowItem, label: str, where: str) -> None:
    match entry.kind:
        case "cidr":
            tables.allowed_networks.append((_network(entry.value, label, where), name))
        case "ip":
            address = as_address(entry.value)
            if address is None:
                raise DataError(label, where, "value: expected an IP address")
            tables.allowed.setdefault(("ip", str(address)), name)
        case "domain" | "domain_suffix":
            tables.allowed.setdefault((entry.kind, entry.value.lower().strip(".")), name)


def _network(text: str, label: str, where: str) -> _Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise DataError(label, where, "expected a network such as 192.0.2.0/24") from None


def _union(lists: Iterator[list[str]]) -> tuple[str, ...]:
    return tuple(sorted({item for items in lists for item in items}))


def _describe(item: _FeedItem, asked: Indicator) -> str:
    if item.indicator.lower() in (asked.text, asked.text.rstrip("/")):
        return item.description
    return f"{item.description} (listed as {item.indicator})".strip()
