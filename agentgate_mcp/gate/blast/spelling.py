"""One plain spelling of what an action is aimed at, and addresses in all their notations.

Look-alike letters, width and case are folded as the injection stage folds them. An address that
two readers would read in two ways is read in both.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from agentgate_mcp.gate.injection.views import folded, original

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

_DOTS = str.maketrans({"\u3002": ".", "\u2024": ".", "\u00b7": "."})
_SMALLEST_DWORD = 2**24
"""A single number below this is no address that anybody means: it would begin with 0."""
_TRANSLATED = (
    # prefix of IPv6 that carries an IPv4 address, and the bit where that begins
    (IPv6Network("::ffff:0:0/96"), 96),
    (IPv6Network("64:ff9b::/96"), 96),
    (IPv6Network("64:ff9b:1::/48"), 96),
    (IPv6Network("2002::/16"), 16),
    (IPv6Network("::/96"), 96),
)
_ISATAP = (0x00005EFE, 0x02005EFE)


def plain(text: str) -> str:
    """``text`` folded to plain letters, in lower case, without blanks and quotes around it."""
    return folded(original(text.strip())).text.translate(_DOTS).strip().strip("\"'`").strip()


def addresses_of(text: str) -> tuple[Address, ...]:
    """The addresses that ``text`` may mean: IPv6, dotted IPv4, and the hexadecimal, octal, short
    and single-number forms that system libraries accept. Raises: ValueError where it is none."""
    try:
        return (ip_address(text),)
    except ValueError:
        found = dict.fromkeys(a for octal in (True, False) if (a := _classful(text, octal=octal)) is not None)
        if not found:
            raise
        return tuple(found)


def _classful(text: str, *, octal: bool) -> IPv4Address | None:
    """`inet_aton`: one to four numbers, the last of which fills what is left."""
    numbers = [_number(part, octal=octal) for part in text.split(".")]
    if not 1 <= len(numbers) <= 4 or None in numbers:
        return None
    *heads, last = [n for n in numbers if n is not None]
    if any(n > 255 for n in heads) or last >= 256 ** (4 - len(heads)):
        return None
    value = last + sum(n << (24 - 8 * i) for i, n in enumerate(heads))
    return IPv4Address(value) if heads or value >= _SMALLEST_DWORD else None


def _number(part: str, *, octal: bool) -> int | None:
    if not part.isascii() or not part.isalnum() or len(part) > 16:
        return None
    base = 16 if part.startswith("0x") else 8 if octal and part.startswith("0") and len(part) > 1 else 10
    try:
        return int(part, base)
    except ValueError:
        return None


def as_ipv4(network: Network) -> Network:
    """The IPv4 network that an IPv6 one carries; any other as it is."""
    if isinstance(network, IPv4Network):
        return network
    value = int(network.network_address)
    for prefix, start in _TRANSLATED:
        if network.prefixlen >= max(start, prefix.prefixlen) and network.subnet_of(prefix):
            inner = value >> (96 - start) & 0xFFFFFFFF
            if prefix.prefixlen == 96 and not value >> 32 and inner < _SMALLEST_DWORD:
                return network  # `::1` and its like are addresses of their own
            return ip_network((inner, min(32, network.prefixlen - start)), strict=False)
    if network.prefixlen >= 96 and value >> 32 & 0xFFFFFFFF in _ISATAP:
        return ip_network((value & 0xFFFFFFFF, network.prefixlen - 96), strict=False)
    return network
