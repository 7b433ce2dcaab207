"""What the feeds say about addresses, names, URLs and files, tied to the events that hold them."""

from __future__ import annotations

from collections.abc import Mapping

from investigation.dossier import Dossier, RowSet
from investigation.evidence import Evidence, found
from investigation.rows import Row, text
from investigation.suffixes import registered_domain

FIELDS = ("src", "dest", "query", "url", "ssl_server_name", "file_hash", "process_hash", "sender")
MALICIOUS_AT = 70
_NOWHERE: tuple[list[Row], RowSet | None] = ([], None)
KINDS: Mapping[str, str] = {"ip": "ip", "domain": "domain", "hash": "hash"}


def run(d: Dossier) -> list[Evidence]:
    """All signals of this kind for the case."""
    out: list[Evidence] = []
    named = {
        k: r
        for k, r in d.intel.items()
        if text(r, "known") == "True" and text(r, "verdict") in ("malicious", "suspicious")
    }
    if not named:
        return out
    held = _holders(d, frozenset(named))
    for indicator, record in sorted(named.items()):
        rows, source = held.get(indicator, _NOWHERE)
        if not rows or source is None or text(record, "allow_listed") or _said_already(indicator, named):
            continue
        score = int(text(record, "score") or "0")
        bad = text(record, "verdict") == "malicious" and score >= MALICIOUS_AT
        if not bad and score < 40:
            continue  # an old or faint entry says nothing about today
        said = (
            f"{indicator} is called {text(record, 'verdict')} (score {score}) by {', '.join(_list(record, 'feeds'))}: "
            f"{text(record, 'description')}"
        )
        kind = KINDS.get(text(record, "kind"))
        value = (registered_domain(indicator) or indicator) if kind == "domain" else indicator
        code = "intel.malicious" if bad else "intel.suspicious"
        guilty = [(kind, value)] if kind and (bad or score >= 50) else []
        out += found(code, said, rows, source, guilty, _list(record, "techniques"))
    return out


def _said_already(indicator: str, named: Mapping[str, Row]) -> bool:
    """Whether the same feeds say the same of the host that the URL or name lies on."""
    host = indicator.partition("://")[2].partition("/")[0] or indicator
    for wider in (host, registered_domain(host)):
        other = named.get(wider)
        if other and wider != indicator and text(other, "score") == text(named[indicator], "score"):
            return True
    return False


def _list(record: Row, field: str) -> list[str]:
    value = record.get(field)
    return [str(v) for v in value] if isinstance(value, list) else []


def _holders(d: Dossier, wanted: frozenset[str]) -> dict[str, tuple[list[Row], RowSet | None]]:
    """For each indicator the events of the first result set that holds it."""
    out: dict[str, tuple[list[Row], RowSet | None]] = {}
    for name, rowset in d.sets.items():
        if name == "alerts" or name.startswith("lookup:"):
            continue
        here: dict[str, list[Row]] = {}
        for row in rowset.rows:
            if not text(row, "event_id"):
                continue
            values = {text(row, f) for f in FIELDS} - {""}
            names = {text(row, "query"), text(row, "ssl_server_name"), text(row, "sender").rpartition("@")[2]}
            site = text(row, "url").partition("://")[2].partition("/")[0]
            values |= {site, *(registered_domain(n) for n in (*names, site) if "." in n)}
            for value in values & wanted:
                here.setdefault(value, []).append(row)
        for value, rows in here.items():
            out.setdefault(value, (rows, rowset))
    return out
