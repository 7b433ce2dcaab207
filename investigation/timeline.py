"""What happened, in order, in UTC."""

from __future__ import annotations

from collections.abc import Sequence

from agentgate_mcp.model.call import Json
from investigation.dossier import Dossier
from investigation.evidence import Evidence
from investigation.rows import Row, at, iso, text

MAX_ENTRIES = 80
_SHOWN = ("process", "url", "query", "file_path", "object", "msg", "command", "subject")


def timeline(d: Dossier, findings: Sequence[tuple[str, Evidence]]) -> list[Json]:
    """Alerts, and the first and last cited event of each finding, each event once."""
    events = d.events()
    wanted: dict[str, list[str]] = {}
    for row in d.rows("alerts"):
        wanted.setdefault(text(row, "event_id"), [])
    for finding_id, evidence in findings:
        if evidence.weight == 0 and evidence.code != "text.orders":
            continue
        few = evidence.event_ids if len(evidence.event_ids) <= 4 else (evidence.event_ids[0], evidence.event_ids[-1])
        for cited in few:
            wanted.setdefault(cited, []).append(finding_id)
    rows = sorted((at(events[i]), i) for i in wanted if i in events)
    return [
        {
            "time": iso(moment),
            "event_id": cited,
            "findings": [*wanted[cited]],
            "what": describe(d, events[cited]),
        }
        for moment, cited in rows[:MAX_ENTRIES]
    ]


def describe(d: Dossier, row: Row) -> str:
    """One event in a few words. Values are those of the log; a report escapes them."""
    kind = text(row, "sourcetype")
    who = text(row, "user") or text(row, "sender")
    src, dest = d.host_of(text(row, "src")), d.host_of(text(row, "dest"))
    path = f"{src} → {dest}" if src and dest and src != dest else src or dest or text(row, "host")
    port = f":{text(row, 'dest_port')}" if text(row, "dest_port") else ""
    detail = next((text(row, f) for f in _SHOWN if text(row, f)), "")
    outcome = text(row, "conn_state") or text(row, "status") or text(row, "action")
    parts = [
        kind,
        path + port,
        who,
        text(row, "signature"),
        detail,
        outcome,
    ]
    return " · ".join(dict.fromkeys(p[:160] for p in parts if p))
