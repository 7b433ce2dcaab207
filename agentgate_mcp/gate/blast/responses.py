"""Targets of response actions, resolved against the inventory.

A target is an address, a network, a range, a host, an account or a domain. What cannot be read
as the kind that its action needs is protected: an action is not sent to a guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network, summarize_address_range
from typing import Literal

from agentgate_mcp.effects import CONTAINMENT, ResponseAction
from agentgate_mcp.gate.blast.spelling import Address, Network, addresses_of, as_ipv4, plain
from agentgate_mcp.gate.context import StageContext
from agentgate_mcp.model.facts import ResponseFacts, ResponseTarget
from agentgate_mcp.model.site import Asset

WIDEST_IPV4, WIDEST_IPV6 = 24, 64
"""Prefixes; anything shorter is a range that no single action may touch. An IPv6 /64 is one subnet."""
MAX_COUNTED = 2**32
"""Addresses are counted up to here; an IPv6 prefix has more than JSON can hold exactly."""

MAX_COLONS = 12
"""Colons in front of a path that may end a host; an IPv6 address has up to seven."""

PROTECTED_ROLES = ("domain controller", "dns", "gateway", "splunk", "gate")
_ROLE_WORDS = {
    "domain_controller": "domain controller", "dc": "domain controller", "directory": "domain controller",
    "resolver": "dns", "dns server": "dns", "router": "gateway", "firewall": "gateway", "default gateway": "gateway",
    "search head": "splunk", "indexer": "splunk", "siem": "splunk", "agentgate": "gate",
}  # fmt: skip
_SYSTEM_ACCOUNTS = frozenset({
    "splunk-system-user", "splunk", "nobody", "admin", "administrator", "root", "system", "krbtgt", "agentgate",
})  # fmt: skip
_SYSTEM_SIDS = frozenset({"s-1-5-18", "s-1-5-19", "s-1-5-20"})
_SYSTEM_RIDS = frozenset({"500", "502"})
"""The built-in administrator and krbtgt of every domain."""
_LOOPBACK_NAMES = frozenset({"localhost", "ip6-localhost", "ip6-loopback", "loopback"})
_PRIVATE_SUFFIXES = ("local", "internal", "lan", "corp", "home.arpa")
Weight = Literal["none", "low", "medium", "high", "critical"]
_WEIGHTS: tuple[Weight, ...] = ("none", "low", "medium", "high", "critical")


def response_facts(ctx: StageContext, actions: Sequence[ResponseAction]) -> ResponseFacts:
    """What stands behind each target, and what must not be touched."""
    targets: list[ResponseTarget] = []
    for action in actions:
        ctx.budget.spend(1 + len(ctx.world.assets))
        targets.append(_target(action, ctx.world.assets))
    real = [t for t, a in zip(targets, actions, strict=True) if not a.simulate]
    return ResponseFacts(
        targets=tuple(targets),
        simulate=all(a.simulate for a in actions),
        real_effects=len(real),
        protected=tuple(dict.fromkeys(f"{t.target} ({t.protected})" for t in targets if t.protected)),
        critical_targets=tuple(dict.fromkeys(t.entity or t.target for t in targets if t.criticality == "critical")),
        tickets_only=bool(actions) and all(a.action == "create_ticket" for a in actions),
    )


def _target(action: ResponseAction, assets: Sequence[Asset]) -> ResponseTarget:
    if action.action not in CONTAINMENT:
        return ResponseTarget(action=action.action, target=action.target)
    match action.action:
        case "block_ip":
            return _address_target(action, assets, needs_address=True)
        case "block_domain":
            return _domain_target(action, assets)
        case "disable_user" | "reset_credentials":
            return _account_target(action, assets)
        case "quarantine_file":
            return _file_target(action, assets)
        case _:
            return _address_target(action, assets, needs_address=False)


def _address_target(action: ResponseAction, assets: Sequence[Asset], *, needs_address: bool) -> ResponseTarget:
    name = _host_part(action.target)
    networks = read_networks(name)
    if networks is None:
        if _is_loopback(name):
            return ResponseTarget(action=action.action, target=action.target, protected="reserved address")
        found = _named(name, assets)
        if found:
            return _resolved(action, found, 1)
        if needs_address or not _is_name(name):
            kind = "an address, a network or a known host" if needs_address else "one host"
            return ResponseTarget(action=action.action, target=action.target, protected=f"not {kind}")
        return ResponseTarget(action=action.action, target=action.target)
    count = min(sum(n.num_addresses for n in networks), MAX_COUNTED)
    why = next((w for n in networks if (w := _reserved(n))), "")
    if not why and ((len(networks) > 1 and count > 256) or any(_too_wide(n) for n in networks)):
        why = "range"
    found = [a for a in assets if any(_holds(n, a) for n in networks)]
    return _resolved(action, found, count, why=why)


def _named(name: str, assets: Sequence[Asset]) -> list[Asset]:
    """The assets of that name; for a full name that is nobody's, those of its first label."""
    found = [a for a in assets if name in _names(a)]
    return found or [a for a in assets if name.split(".", 1)[0] in _names(a)]


def _is_loopback(name: str) -> bool:
    return name.split(".", 1)[0] in _LOOPBACK_NAMES or name.endswith(".localhost")


def _resolved(action: ResponseAction, found: Sequence[Asset], count: int, *, why: str = "") -> ResponseTarget:
    """A target that stands for ``found``: as critical and as protected as the worst of them."""
    roles = [r for a in found if (r := protected_role(a))]
    shown = ", ".join(a.asset_id for a in found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
    return ResponseTarget(
        action=action.action,
        target=action.target,
        entity=shown,
        criticality=_worst(found),
        protected=why or (roles[0] if roles else ""),
        addresses=count,
    )


def _worst(assets: Sequence[Asset]) -> Weight:
    return _WEIGHTS[max((_WEIGHTS.index(a.criticality) for a in assets), default=0)]


def protected_role(asset: Asset) -> str:
    """The role that makes an asset untouchable, or empty."""
    role = asset.role.strip().lower()
    role = _ROLE_WORDS.get(role, role)
    return role if role in PROTECTED_ROLES else ""


def _domain_target(action: ResponseAction, assets: Sequence[Asset]) -> ResponseTarget:
    domain = _host_part(action.target).lstrip("*").strip(".")
    if read_networks(domain) is not None or not _is_name(domain):
        return ResponseTarget(action=action.action, target=action.target, protected="not one domain")
    if "." not in domain or domain in _PRIVATE_SUFFIXES:
        return ResponseTarget(action=action.action, target=action.target, protected="range")
    if _is_loopback(domain):
        return ResponseTarget(action=action.action, target=action.target, protected="reserved address")
    # A first label says whose host it is in a private zone only: elsewhere anybody may have chosen it.
    private = domain.endswith(tuple(f".{suffix}" for suffix in _PRIVATE_SUFFIXES))
    exact = _named(domain, assets) if private else [a for a in assets if domain in _names(a)]
    if exact:
        return _resolved(action, exact, 1)
    under = [a for a in assets if any(n.endswith(f".{domain}") for n in _names(a))]
    if under:
        # The domain of our own hosts: blocking it cuts them all off.
        return _resolved(action, under, len(under), why="own domain")
    return ResponseTarget(action=action.action, target=action.target)


def _account_target(action: ResponseAction, assets: Sequence[Asset]) -> ResponseTarget:
    account = plain(action.target).replace("/", "\\").rsplit("\\", 1)[-1].split("@", 1)[0]
    name = account.rsplit("=", 1)[-1].strip().strip("\"'`").rstrip(".")
    if not name or "*" in name or "," in name or any(c.isspace() for c in name):
        return ResponseTarget(action=action.action, target=action.target, protected="not one account")
    if name in _SYSTEM_ACCOUNTS or _is_system_sid(name) or name.startswith("agentgate"):
        return ResponseTarget(action=action.action, target=action.target, entity=name, protected="system account")
    machine = [a for a in assets if name.removesuffix("$") in _names(a)] if name.endswith("$") else []
    if machine:
        return _resolved(action, machine, 1)
    owned = [a for a in assets if plain(a.owner) == name]
    return ResponseTarget(
        action=action.action,
        target=action.target,
        entity=name if owned else "",
        # An account is as critical as what it answers for, up to high: it is not the machine itself.
        criticality="high" if _worst(owned) == "critical" else _worst(owned),
    )


def _is_system_sid(name: str) -> bool:
    return name.startswith("s-1-") and (name in _SYSTEM_SIDS or name.rsplit("-", 1)[-1] in _SYSTEM_RIDS)


def _file_target(action: ResponseAction, assets: Sequence[Asset]) -> ResponseTarget:
    """A hash, a path, or a path on a host: `host:path`, `\\\\host\\share`, a URL; a drive letter is no host."""
    if "*" in action.target or "?" in action.target.replace("\\\\?\\", ""):
        return ResponseTarget(action=action.action, target=action.target, protected="not one file")
    for host in _file_hosts(plain(action.target)):
        if _is_loopback(host):
            return ResponseTarget(action=action.action, target=action.target, protected="reserved address")
        networks = read_networks(host) or ()
        found = [a for a in assets if any(_holds(n, a) for n in networks)] if networks else _named(host, assets)
        why = next((w for n in networks if (w := _reserved(n))), "")
        if found or why:
            return _resolved(action, found, 1, why=why)
    return ResponseTarget(action=action.action, target=action.target)


def _file_hosts(target: str) -> list[str]:
    """What may be the host in a file's place, in lower case."""
    text = target.replace("\\", "/").replace("|", ":")
    if "://" in text:
        text = text.split("://", 1)[1].lstrip("/")
    elif text.startswith("//"):
        text = text.lstrip("/").removeprefix("?/").removeprefix("./").removeprefix("unc/")
    first = text.split("/", 1)[0]
    ends = [i for i, c in enumerate(first) if c == ":"][:MAX_COLONS]
    candidates = [first, *(first[:i] for i in ends)]
    # `host@port` of WebDAV, `user@host:` of a copy.
    names = [n for c in candidates for n in (c, c.split("@", 1)[0], c.rsplit("@", 1)[-1])]
    return [n for n in dict.fromkeys(n.strip(" []\"'`").rstrip(".") for n in names) if len(n) > 1]


def read_networks(text: str) -> tuple[Network, ...] | None:
    """Addresses, CIDR networks, ``a-b`` ranges, and comma-separated lists of them; None where it
    is none of these. IPv4 written as IPv6 is read as IPv4."""
    parts = [p.strip().strip("[]") for p in text.replace(";", ",").replace(" ", ",").split(",") if p.strip()]
    found: list[Network] = []
    for part in parts:
        read = _one(part)
        if read is None:
            return None
        found.extend(read)
    return tuple(found) if found else None


def _one(part: str) -> list[Network] | None:
    try:
        if "/" in part:
            return [as_ipv4(n) for n in _network(*part.split("/", 1))]
        first, dash, last = part.partition("-")
        if dash:
            ends = [(a, b) for a in addresses_of(first.strip()) for b in addresses_of(last.strip())]
            ranges = [_range(a, b) for a, b in ends]
            return None if None in ranges else [n for found in ranges for n in found or ()]
        return [as_ipv4(ip_network(a)) for a in addresses_of(part)]
    except ValueError:
        return None


def _network(address: str, mask: str) -> list[Network]:
    return [ip_network(f"{a}/{mask}", strict=False) for a in addresses_of(address)]


def _range(first: Address, last: Address) -> list[Network] | None:
    if isinstance(first, IPv4Address) and isinstance(last, IPv4Address):
        return list(summarize_address_range(first, last))
    if isinstance(first, IPv6Address) and isinstance(last, IPv6Address):
        return [as_ipv4(n) for n in summarize_address_range(first, last)]
    return None


def _too_wide(network: Network) -> bool:
    return network.prefixlen < (WIDEST_IPV4 if network.version == 4 else WIDEST_IPV6)


def _reserved(network: Network) -> str:
    if network.is_loopback or network.is_unspecified or network.is_multicast or network.is_link_local:
        return "reserved address"
    return "reserved address" if str(network) == "255.255.255.255/32" else ""


def _holds(network: Network, asset: Asset) -> bool:
    for address in asset.addresses:
        try:
            own = as_ipv4(ip_network(address, strict=False))
        except ValueError:
            continue
        if isinstance(own, IPv4Network) and isinstance(network, IPv4Network) and own.overlaps(network):
            return True
        if isinstance(own, IPv6Network) and isinstance(network, IPv6Network) and own.overlaps(network):
            return True
    return False


@lru_cache(maxsize=16_384)
def _names(asset: Asset) -> frozenset[str]:
    full = {plain(asset.asset_id), *(plain(h).rstrip(".") for h in asset.hostnames)} - {""}
    return frozenset(full | {n.split(".", 1)[0] for n in full if not n[0].isdigit()})


def _host_part(target: str) -> str:
    """The host of a URL, or the target itself; lower-case, without port and trailing dot."""
    text = plain(target)
    if "://" in text:
        text = text.split("://", 1)[1].split("/", 1)[0].rsplit("@", 1)[-1]
    host, colon, port = text.rpartition(":")
    if colon and port.isdigit() and ":" not in host:
        text = host
    return text.rstrip(".")


def _is_name(text: str) -> bool:
    return bool(text) and all(c.isalnum() or c in "-._" for c in text) and not text.replace(".", "").isdigit()
