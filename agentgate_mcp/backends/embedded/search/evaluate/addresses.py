"""Functions over IP addresses: `cidrmatch`, `ipmask`.

An address is compared as hexadecimal text of 8 or 32 digits, so that a version 4 address is in no
version 6 network. A network that the search writes must be one; one from the rows that is none
holds nothing.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import Final

from agentgate_mcp.backends.embedded.search import sqltext
from agentgate_mcp.backends.embedded.search.evaluate.calls import arity, of_texts
from agentgate_mcp.backends.embedded.search.evaluate.core import Evaluator, Function, Result, Truth
from agentgate_mcp.errors import SplError
from agentgate_mcp.spl import ast

_GROUP: Final = "[0-9A-Fa-f]{1,4}"
_IPV6: Final = f"'({_GROUP}(:{_GROUP})*)?(::({_GROUP}(:{_GROUP})*)?)?'"
_TAIL: Final = r"':([0-9]{1,3}(\.[0-9]{1,3}){3})$'"
_OCTET: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_DIGITS: Final = "'0123456789abcdef'"


def _hex(text: str) -> str:
    """The address as 8 or 32 hexadecimal digits; NULL for anything else."""

    def of(c: str) -> str:
        four = f"printf('%08x', {sqltext.address_sql(c)})"
        return f"CASE WHEN contains({c}, ':') THEN {_hex_of_version_6(c)} ELSE {four} END"

    return sqltext.let(text, of)


def _hex_of_version_6(c: str) -> str:
    return sqltext.let(_without_tail(c), _hex_of_groups)


def _without_tail(c: str) -> str:
    """A version 6 address, its last 32 bits in groups where they were written as version 4."""

    def of(tail: str) -> str:
        value = sqltext.address_sql(tail)
        groups = sqltext.let(value, lambda v: f"printf('%x:%x', {v} // 65536, {v} % 65536)")
        return f"CASE WHEN {tail} = '' THEN {c} ELSE left({c}, length({c}) - length({tail})) || {groups} END"

    return sqltext.let(f"regexp_extract({c}, {_TAIL}, 1)", of)


def _hex_of_groups(c: str) -> str:
    name = sqltext.fresh()

    def part(number: int) -> str:
        one = sqltext.fresh()
        return f"list_filter(string_split(split_part({c}, '::', {number}), ':'), lambda {one}: {one} != '')"

    def of(head: str, tail: str) -> str:
        gap = f"8 - len({head}) - len({tail})"
        zeros = f"list_resize(CAST([] AS VARCHAR[]), greatest({gap}, 0), '0')"
        digits = f"list_transform(flatten([{head}, {zeros}, {tail}]), lambda {name}: lpad(lower({name}), 4, '0'))"
        whole = f"CASE WHEN contains({c}, '::') THEN {gap} > 0 ELSE {gap} = 0 END"
        return f"CASE WHEN regexp_full_match({c}, {_IPV6}) AND {whole} THEN array_to_string({digits}, '') END"

    return sqltext.let(part(1), lambda head: sqltext.let(part(2), lambda tail: of(head, tail)))


def _cidrmatch(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 2, 2)
    address, written = to.text(call.args[1]), to.constant(call.args[0])
    if written is None:
        test = sqltext.let(to.text(call.args[0]), lambda n: _in_network(address, n))
        return Truth(sql=test)
    try:
        network = ipaddress.ip_network(written, strict=False)
    except ValueError:
        raise SplError(
            f"cidrmatch: unreadable network {written[:50]!a}", call.args[0].span.start, "a network such as 10.0.0.0/8"
        ) from None
    if isinstance(network, ipaddress.IPv4Network):
        # Far cheaper than the value of every address.
        return Truth(sql=f"regexp_full_match({address}, {to.build.bind(network_pattern(network))})")
    low, high = (to.build.bind(f"{int(bound):032x}") for bound in (network.network_address, network.broadcast_address))

    def within(c: str) -> str:
        between = sqltext.let(_hex_of_version_6(c), lambda x: f"{x} BETWEEN {low} AND {high}")
        return f"CASE WHEN contains({c}, ':') THEN {between} END"

    return Truth(sql=_known(address, within))


def network_pattern(network: ipaddress.IPv4Network) -> str:
    """A pattern of all addresses of a network, in dotted form."""
    whole, bits = divmod(network.prefixlen, 8)
    octets = network.network_address.packed
    parts = [str(octet) for octet in octets[:whole]]
    if bits:
        first = octets[whole]
        parts.append(f"(?:{'|'.join(map(str, range(first, first + (256 >> bits))))})")
    return r"\.".join([*parts, *[_OCTET] * (4 - len(parts))])


def _known(text: str, test: Callable[[str], str]) -> str:
    """The test of a text; false where it is no address, null where there is none."""
    return sqltext.let(text, lambda c: f"CASE WHEN {c} IS NOT NULL THEN coalesce({test(c)}, false) END")


def _in_network(address: str, network: str) -> str:
    """Whether an address is in a network, both from the row."""
    base = _hex(f"split_part({network}, '/', 1)")
    digits = f"split_part({network}, '/', 2)"

    def prefix(y: str) -> str:
        given = f"CASE WHEN regexp_full_match({digits}, '[0-9]{{1,3}}') THEN CAST({digits} AS INTEGER) END"
        return f"CASE WHEN contains({network}, '/') THEN {given} ELSE length({y}) * 4 END"

    def same(x: str, y: str, bits: str) -> str:
        rest = f"{bits} % 4"
        x_digit, y_digit = (f"(strpos({_DIGITS}, substring({h}, {bits} // 4 + 1, 1)) - 1)" for h in (x, y))
        parts = (
            f"length({x}) = length({y})",
            f"{bits} <= length({y}) * 4",
            f"left({x}, {bits} // 4) = left({y}, {bits} // 4)",
            f"({rest} = 0 OR {x_digit} >> (4 - {rest}) = {y_digit} >> (4 - {rest}))",
        )
        return " AND ".join(parts)

    def of(c: str) -> str:
        return sqltext.let(
            _hex(c),
            lambda x: sqltext.let(base, lambda y: sqltext.let(prefix(y), lambda bits: same(x, y, bits))),
        )

    return f"CASE WHEN {network} IS NOT NULL THEN {_known(address, of)} END"


def _ipmask(mask: str, address: str) -> str:
    def dotted(v: str) -> str:
        return f"printf('%d.%d.%d.%d', {', '.join(f'({v} >> {shift}) & 255' for shift in (24, 16, 8, 0))})"

    return sqltext.let(f"{sqltext.address_sql(mask)} & {sqltext.address_sql(address)}", dotted)


FUNCTIONS: Final[Mapping[str, Function]] = {"cidrmatch": _cidrmatch, "ipmask": of_texts(_ipmask, 2)}
