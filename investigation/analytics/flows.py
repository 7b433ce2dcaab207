"""One machine's connections, grouped by partner: behaviour before port numbers.

For captures that hold nothing but connections: no names, no programs, no intelligence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from investigation.dossier import Dossier
from investigation.evidence import Evidence, found
from investigation.rows import Row, at, is_inside, is_outside, number, text, texts

# Not SH: a half-seen close is how a sensor sees what it captured on one side only.
FAILED = ("S0", "REJ", "RSTOS0", "RSTRH")
TERMINAL = frozenset({"23", "2323"})
LONG_S, QUIET_RATE = 3600.0, 10.0
MIN_RETRIES, RETRY_SHARE = 10, 0.3
MIN_NO_TLS = 2
HAMMER_FLOWS, HAMMER_RATE = 100, 1.0
ORDINARY = frozenset({"dns", "ntp", "http", "ssl", "dhcp", "mdns", "ssdp", "quic"})
ORDINARY_UDP = frozenset({"53", "67", "68", "123", "137", "1900", "5353", "5355"})
MOSTLY = 0.9


def run(d: Dossier, host: str) -> list[Evidence]:
    """All signals of the machine ``host``."""
    pairs = [r for r in d.rows("pairs") if is_outside(text(r, "dest"))]
    failed = {_key(r): number(r, "count") for r in d.rows("failed")}
    out: list[Evidence] = []
    for pair in pairs:
        out += _pair(d, host, pair, failed.get(_key(pair), 0.0))
    out += _single_flows(d, host)
    return out or _harmless(d, host, pairs, failed)


def _key(row: Row) -> tuple[str, str, str]:
    return text(row, "dest"), text(row, "dest_port"), text(row, "transport")


def _events(pair: Row) -> list[Row]:
    """The first and the last event of a group, as rows to cite."""
    return [
        {"event_id": text(pair, f"{which}_event"), "_time": text(pair, f"{which}_seen")} for which in ("first", "last")
    ]


def _pair(d: Dossier, host: str, pair: Row, failures: float) -> list[Evidence]:
    out: list[Evidence] = []
    dest, port, transport = _key(pair)
    source, cited, guilty = d.sets.get("pairs"), _events(pair), (("ip", dest), ("host", host))
    count = number(pair, "count")
    services = set(texts(pair, "service"))
    if "irc" in services:
        said = f"{host} spoke irc with {dest} on port {port}, in a group of {count:.0f} connections"
        out += found("net.irc", said, cited, source, guilty)
    if transport == "tcp" and failures >= MIN_RETRIES and failures >= RETRY_SHARE * count:
        said = f"{failures:.0f} of {count:.0f} attempts of {host} at {dest} port {port} failed, and it went on trying"
        out += found("net.retries", said, cited, source, guilty)
    span = max(at(pair, "last_seen") - at(pair, "first_seen"), 1.0)
    if count >= HAMMER_FLOWS and count / span > HAMMER_RATE:
        said = f"{host} opened {count:.0f} connections to {dest} port {port}/{transport} within {span:.0f} s"
        out += found("net.hammer", said, cited, source, guilty)
    if transport == "tcp" and port in TERMINAL and number(pair, "bytes_in") > 0:
        said = f"{host} held a terminal session with {dest} on port {port}"
        out += found("net.telnet-out", said, cited, source, guilty)
    return out


def _grouped(rows: Sequence[Row]) -> list[tuple[tuple[str, str, str], list[Row]]]:
    groups: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if is_outside(text(row, "dest")):
            groups[_key(row)].append(row)
    return sorted(groups.items())


def _single_flows(d: Dossier, host: str) -> list[Evidence]:
    """What is seen in single connections, fetched by the condition that makes them odd."""
    out: list[Evidence] = []
    for (dest, port, _), rows in _grouped(d.rows("no-tls")):
        if len(rows) < MIN_NO_TLS:
            continue  # one conversation that the sensor did not recognise proves nothing
        said = f"{host} exchanged data with {dest} on port {port} in {len(rows)} connections that were no TLS"
        out += found("net.no-tls", said, rows, d.sets.get("no-tls"), (("ip", dest), ("host", host)))
    for (dest, port, _), rows in _grouped([r for r in d.rows("long") if _quiet(r)]):
        longest = max(number(r, "duration") for r in rows)
        said = (
            f"{host} held a connection with {dest} port {port} for {longest / 3600:.1f} hours that carried "
            f"{number(rows[0], 'bytes_out') + number(rows[0], 'bytes_in'):.0f} bytes of no known service"
        )
        out += found("net.long-quiet", said, rows, d.sets.get("long"), (("ip", dest), ("host", host)))
    failed = {_key(r): number(r, "count") for r in d.rows("failed")}
    for key, rows in _grouped(d.rows("big-http")):
        if len(rows) >= 3 and failed.get(key, 0.0) >= MIN_RETRIES:
            said = f"{host} fetched {len(rows)} files over clear HTTP from {key[0]}, which often did not answer"
            out += found("net.big-fetch", said, rows, d.sets.get("big-http"), (("ip", key[0]), ("host", host)))
    for (dest, port, transport), rows in _grouped(d.rows("one-sided")):
        sent = sum(number(r, "packets_out") for r in rows)
        said = f"{host} sent {sent:.0f} packets to {dest} port {port}/{transport} and got next to nothing back"
        out += found("net.flood", said, rows, d.sets.get("one-sided"), (("ip", dest), ("host", host)))
    return out


def _quiet(row: Row) -> bool:
    both = number(row, "bytes_out") > 0 and number(row, "bytes_in") > 0
    rate = (number(row, "bytes_out") + number(row, "bytes_in")) / max(number(row, "duration"), 1.0)
    return both and rate <= QUIET_RATE


def _harmless(d: Dossier, host: str, pairs: Sequence[Row], failed: dict[tuple[str, str, str], float]) -> list[Evidence]:
    """What speaks for an ordinary device; only said when nothing odd was found."""
    out: list[Evidence] = []
    total = sum(number(p, "count") for p in pairs)
    plain = [
        p
        for p in pairs
        if set(texts(p, "service")) & ORDINARY or _plain_udp(p) or text(p, "dest_port") in ("80", "443")
    ]
    ordinary = sum(number(p, "count") for p in plain)
    source = d.sets.get("pairs")
    if total and ordinary >= MOSTLY * total:
        cited = [e for p in plain[:3] for e in _events(p)]
        said = f"{ordinary:.0f} of {total:.0f} connections of {host} to the outside are names, time, web or TLS"
        out += found("net.ordinary", said, cited, source)
    lost = sum(n for (dest, _, _), n in failed.items() if not is_inside(dest))
    if total and lost <= (1 - MOSTLY) * total:
        cited = [e for p in pairs[:3] for e in _events(p)]
        said = f"{total - lost:.0f} of {total:.0f} connections of {host} to the outside were answered"
        out += found("net.answered", said, cited, source)
    return out


def _plain_udp(pair: Row) -> bool:
    return text(pair, "transport") == "udp" and text(pair, "dest_port") in ORDINARY_UDP
