"""Large transfers to strangers: how much, to whom, read from where, by whom."""

from __future__ import annotations

import re
from collections import defaultdict

from investigation.analytics.partner import trusted
from investigation.dossier import Dossier
from investigation.evidence import Evidence, found
from investigation.rows import Row, is_inside, is_outside, number, text, texts

LARGE = 500_000_000
TIMES = 10
SENSITIVE = frozenset({"pci", "hipaa", "cardholder-data", "clinical"})
READ = 100_000_000
FILE_STORE = re.compile(r"file.?(?:shar|stor|transfer)|cloud stor|online stor|personal stor|paste", re.I)


def run(d: Dossier) -> list[Evidence]:
    """All signals of this kind for the case."""
    sent: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in d.rows("conn"):
        if text(row, "src") in d.inside and is_outside(text(row, "dest")) and text(row, "transport") == "tcp":
            sent[(text(row, "src"), text(row, "dest"))].append(row)
    out: list[Evidence] = []
    for (src, dest), rows in sorted(sent.items()):
        volume = sum(number(r, "bytes_out") for r in rows)
        if volume >= LARGE and volume >= TIMES * _usual(d, src):
            out += _transfer(d, src, dest, rows, volume)
    return out


def _usual(d: Dossier, src: str) -> float:
    """Bytes that the machine sent to all strangers in a usual stretch as long as the case."""
    sent = sum(
        number(r, "bytes_out") for r in d.rows("usual-conn") if text(r, "src") == src and is_outside(text(r, "dest"))
    )
    return sent * (d.case.latest - d.case.earliest) / (7 * 86_400)


def _transfer(d: Dossier, src: str, dest: str, rows: list[Row], volume: float) -> list[Evidence]:
    host, source = d.host_of(src), d.sets.get("conn")
    new = not any(text(r, "dest") == dest for r in d.rows("usual-conn") if text(r, "src") == src)
    known = trusted(d, dest)
    said = (
        f"{host} sent {volume / 1e9:.1f} GB to {dest} in {len(rows)} connections; usual for such a time are "
        f"{_usual(d, src) / 1e9:.2f} GB"
    )
    guilty = () if known else (("host", host), ("ip", dest))
    out = found("exfil.volume", said, rows, source, guilty)
    if known:
        out += found("net.known-partner", f"{dest} is {known}", rows, source)
    elif new:
        out += found(
            "net.unknown-partner", f"{dest} is new for {host} and on no list of approved partners", rows, source
        )
    return [*out, *_store(d, dest, rows), *_sources(d, src, host)]


def _store(d: Dossier, dest: str, rows: list[Row]) -> list[Evidence]:
    """Whether the partner keeps files for anybody, as the proxy classes it."""
    for row in d.rows("classes"):
        classes = [c for c in texts(row, "category") if FILE_STORE.search(c)]
        if text(row, "dest") == dest and classes and not trusted(d, dest):
            said = f"The proxy classes {dest} as {classes[0]}; {text(row, 'users')} people use it"
            return found("exfil.store", said, rows, d.sets.get("conn"))
    return []


def _sources(d: Dossier, src: str, host: str) -> list[Evidence]:
    """What was read before: within the scope of the account at work, or records beyond it."""
    own = [r for r in d.rows("conn") if text(r, "src") == src and is_inside(text(r, "dest"))]
    read = [r for r in own if number(r, "bytes_in") >= READ]
    if not read:
        return []
    places = sorted({d.host_of(text(r, "dest")) for r in read})
    service = {text(r, "user"): text(r, "targets").split() for r in d.lookup("service_accounts")}
    acting = [u for u in d.case.named("user") if u]
    for user in acting:
        if user in service and set(places) <= set(service[user]):
            said = f"{user} read only from {', '.join(places)}, all of which it is there to read"
            return found("exfil.in-scope", said, read, d.sets.get("conn"))
    records = sorted(p for p in places if d.tags_of(p) & SENSITIVE)
    if records:
        who = ", ".join(acting) or "an unknown account"
        tags = sorted({t for p in records for t in d.tags_of(p) & SENSITIVE})
        rows = [r for r in read if d.host_of(text(r, "dest")) in records]
        said = (
            f"{who} on {host} read {sum(number(r, 'bytes_in') for r in rows) / 1e9:.1f} GB from "
            f"{', '.join(records)} ({', '.join(tags)})"
        )
        guilty = (("host", host), *(("user", u) for u in acting if u not in service))
        return found("exfil.sensitive", said, rows, d.sets.get("conn"), guilty)
    return []
