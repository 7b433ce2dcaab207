"""Connections of our machines with strangers: channels, scans, floods, downloads, partners."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from investigation.analytics.beacon import beacon_score
from investigation.analytics.partner import trusted
from investigation.dossier import Dossier
from investigation.evidence import Evidence, found
from investigation.rows import Row, at, has, is_address, is_inside, is_outside, number, text

CHAT = frozenset({"irc"})
FAILED = frozenset({"S0", "REJ", "RSTOS0", "RSTRH", "SH", "OTH"})
MIN_BEACON = 24
BEACON_AT = 0.6
SCAN_TARGETS, SCAN_FAILED = 20, 0.8
FLOOD_BYTES, FLOOD_RATIO = 10_000_000, 1_000
PROGRAM_BYTES = 20_000


def run(d: Dossier) -> list[Evidence]:
    """All signals of this kind for the case."""
    return [*_channels(d), *_scans(d), *_floods(d), *_fetches(d), *_peers(d)]


def _outgoing(d: Dossier) -> tuple[Row, ...]:
    return tuple(r for r in d.rows("conn") if text(r, "src") in d.inside)


def _by_partner(rows: Sequence[Row]) -> dict[tuple[str, str, str], list[Row]]:
    grouped: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if is_outside(text(row, "dest")):
            grouped[(text(row, "src"), text(row, "dest"), text(row, "dest_port"))].append(row)
    return grouped


def _channels(d: Dossier) -> list[Evidence]:
    out: list[Evidence] = []
    nameless = {text(r, "dest") for r in d.rows("tls") if not has(r, "ssl_server_name") and is_outside(text(r, "dest"))}
    for (src, dest, port), rows in sorted(_by_partner(_outgoing(d)).items()):
        host = d.host_of(src)
        guilty = (("ip", dest), ("host", host))
        chat = [r for r in rows if text(r, "service") in CHAT]
        if chat:
            said = (
                f"{host} spoke {text(chat[0], 'service')} with {dest} on port {port} in {len(chat)} of {len(rows)} "
                "connections"
            )
            out += found("net.irc", said, chat, d.sets.get("conn"), guilty)
        known = trusted(d, dest)
        if dest in nameless and not known:
            bare = [r for r in d.rows("tls") if text(r, "dest") == dest and not has(r, "ssl_server_name")]
            issuer = text(bare[0], "ssl_issuer") or "no issuer"
            said = (
                f"{host} had {len(bare)} TLS sessions with {dest} that named no server; the certificate was of {issuer}"
            )
            out += found("net.nameless-tls", said, bare, d.sets.get("tls"), guilty)
        score = beacon_score([at(r) for r in rows], [number(r, "bytes_out") for r in rows], window=d.window)
        if score is None or len(rows) < MIN_BEACON or score.score < BEACON_AT:
            continue
        said = (
            f"{host} connected to {dest} on port {port} {len(rows)} times, about every "
            f"{score.median_gap:.0f} s (regularity {score.score:.2f})"
        )
        if known and dest in d.outside:
            # Only the partner that the alert names: an infected machine still talks to its maker too.
            said = f"{said}; {dest} is {known}"
            out += found("net.known-partner", said, rows, d.sets.get("conn"))
        elif not known:
            out += found("net.beacon", said, rows, d.sets.get("conn"), guilty)
    return out


def _scans(d: Dossier) -> list[Evidence]:
    out: list[Evidence] = []
    tried: dict[tuple[str, bool], list[Row]] = defaultdict(list)
    for row in _outgoing(d):
        if text(row, "transport") == "tcp" and text(row, "conn_state") in FAILED and not has(row, "service"):
            tried[(text(row, "src"), is_inside(text(row, "dest")))].append(row)
    for (src, inside), rows in sorted(tried.items()):
        burst = _densest(rows)
        targets = {text(r, "dest") for r in burst}
        if len(targets) < SCAN_TARGETS:
            continue
        ports = sorted({text(r, "dest_port") for r in burst})
        host = d.host_of(src)
        where = "addresses of our own" if inside else "addresses of strangers"
        said = (
            f"{host} tried {len(targets)} {where} on port {', '.join(ports[:4])} within "
            f"{(at(burst[-1]) - at(burst[0])) / 60:.0f} minutes and none of {len(burst)} attempts was answered"
        )
        code = "net.scan-inside" if inside else "net.scan-outside"
        out += found(code, said, burst, d.sets.get("conn"), () if inside else (("host", host),))
    return out


def _densest(rows: Sequence[Row], span: float = 1200.0) -> list[Row]:
    """The longest run of rows that fits into ``span`` seconds."""
    ordered = sorted(rows, key=at)
    best: tuple[int, int] = (0, 0)
    start = 0
    for end in range(len(ordered)):
        while at(ordered[end]) - at(ordered[start]) > span:
            start += 1
        if end + 1 - start > best[1] - best[0]:
            best = (start, end + 1)
    return ordered[best[0] : best[1]]


def _floods(d: Dossier) -> list[Evidence]:
    out: list[Evidence] = []
    for (src, dest, port), rows in sorted(_by_partner(_outgoing(d)).items()):
        if text(rows[0], "transport") != "udp":
            continue
        sent = sum(number(r, "bytes_out") for r in rows)
        back = sum(number(r, "bytes_in") for r in rows)
        if sent >= FLOOD_BYTES and sent > FLOOD_RATIO * max(back, 1.0):
            host = d.host_of(src)
            said = (
                f"{host} sent {sent / 1e6:.0f} MB over UDP to {dest} port {port} within "
                f"{at(rows[-1]) - at(rows[0]):.0f} s and got {back:.0f} bytes back"
            )
            out += found("net.flood", said, rows, d.sets.get("conn"), (("host", host),))
    return out


def _fetches(d: Dossier) -> list[Evidence]:
    out: list[Evidence] = []
    for row in d.rows("http"):
        host = text(row, "url").partition("://")[2].partition("/")[0].partition(":")[0]
        taken = text(row, "status") == "200" and number(row, "bytes_in") >= PROGRAM_BYTES
        if text(row, "src") in d.inside and is_outside(host) and taken:
            name = d.host_of(text(row, "src"))
            said = (
                f"{name} fetched {text(row, 'url')} over clear HTTP from a bare address "
                f"({number(row, 'bytes_in'):.0f} bytes, client {text(row, 'http_user_agent') or 'unnamed'})"
            )
            out += found("net.program-fetch", said, [row], d.sets.get("http"), (("ip", host), ("host", name)))
    return out


def _peers(d: Dossier) -> list[Evidence]:
    """Other machines of the same kind that did the same with the same partner."""
    out: list[Evidence] = []
    seen = {text(r, "dest"): r for r in d.rows("prevalence")}
    for (src, dest, port), rows in sorted(_by_partner(_outgoing(d)).items()):
        record = seen.get(dest)
        kind = d.asset(src)
        if record is None or kind is None or text(kind, "role") != "iot" or dest not in d.outside:
            continue
        value = record.get("src")
        sources = [str(v) for v in value] if isinstance(value, list) else [str(value)]
        alike = sorted(d.host_of(s) for s in sources if s != src and is_address(s) and d.tags_of(s) & d.tags_of(src))
        if len(alike) >= 2:
            said = f"{', '.join(alike)}, of the same kind as {d.host_of(src)}, talk to {dest} port {port} too"
            out += found("net.peers-alike", said, rows, d.sets.get("conn"))
    return out
