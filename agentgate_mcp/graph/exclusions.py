"""Assets that a narrowed search no longer looks at, because the narrowing names them."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from agentgate_mcp.graph.narrowing import Narrowing
from agentgate_mcp.graph.nodes import AssetNode

_MACHINE_FIELDS = frozenset({
    "host", "dest", "dest_host", "dest_ip", "dest_nt_host", "dvc", "dvc_host", "dvc_ip", "hostname", "computer",
    "computername", "asset", "asset_id", "machine",
})  # fmt: skip
"""Fields that say which machine an event is about, so that a pattern in them means machines."""
_SHORTEST_NAME = 3
"""A shorter name may stand in any text by chance."""


def excluded_assets(narrowings: Iterable[Narrowing], assets: Iterable[AssetNode]) -> frozenset[str]:
    """Ids of those of ``assets`` that one of ``narrowings`` takes out of sight."""
    found = list(narrowings)
    return frozenset(a.id for a in assets if any(_excludes(n, a.names) for n in found))


def _excludes(narrowing: Narrowing, names: frozenset[str]) -> bool:
    machine = narrowing.field.lower() in _MACHINE_FIELDS
    if any(_names(v, names, patterns=machine) for v in narrowing.values):
        return True
    if machine and narrowing.kept and not any(_names(v, names, patterns=True) for v in narrowing.kept):
        return True
    return bool(narrowing.text) and any(n in narrowing.text for n in names if len(n) >= _SHORTEST_NAME)


def _names(value: str, names: frozenset[str], *, patterns: bool) -> bool:
    """Whether a value of a condition is one of ``names``, or a network that holds one."""
    if value in names:
        return True
    if "/" in value:
        network = _network(value)
        return network is not None and any(_within(n, network) for n in names)
    return patterns and "*" in value and any(fnmatchcase(n, value.replace("[", "[[]")) for n in names)


def _network(value: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(value, strict=False)
    except ValueError:
        return None


def _within(name: str, network: IPv4Network | IPv6Network) -> bool:
    try:
        return ip_address(name) in network
    except ValueError:
        return False
