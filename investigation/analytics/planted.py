"""Text in logs that addresses its reader and gives orders. It is recorded and never followed."""

from __future__ import annotations

import re

from investigation.dossier import Dossier
from investigation.evidence import Evidence, found
from investigation.rows import Row, texts

ORDERS = re.compile(
    r"(?:ignore|disregard|forget)\s+(?:all\s+|any\s+)?(?:the\s+)?(?:previous|prior|earlier|above)\s+(?:instructions|rules|orders)|"
    r"\b(?:ai|security|llm|language)\s+(?:assistant|model|agent)\b.{0,80}\b(?:must|now|disable|close|delete|ignore|call|run|mark)\b|"
    r"\bsystem\s+(?:message|prompt)\s+to\b|\bnew\s+instructions?\b\s*[,:]",
    re.I | re.S,
)
FIELDS = (
    "http_user_agent",
    "url",
    "query",
    "answer",
    "subject",
    "file_name",
    "process",
    "object",
    "msg",
    "ssl_server_name",
    "reason",
)
SHOWN = 120


def run(d: Dossier) -> list[Evidence]:
    """All signals of this kind for the case."""
    out: list[Evidence] = []
    seen: set[tuple[str, str]] = set()
    for name, rowset in d.sets.items():
        if name.startswith("lookup:"):
            continue
        flagged = frozenset(rowset.flagged)
        held: dict[tuple[str, str], list[Row]] = {}
        for row in rowset.rows:
            for field in FIELDS:
                for value in texts(row, field):
                    if value and (value in flagged or ORDERS.search(value)):
                        held.setdefault((field, value), []).append(row)
        for (field, value), rows in sorted(held.items()):
            if (field, value) in seen:
                continue
            seen.add((field, value))
            shown = value if len(value) <= SHOWN else f"{value[:SHOWN]}…"
            said = f'The field {field} holds text that gives orders to its reader; it was not followed: "{shown}"'
            out += found("text.orders", said, rows, rowset)
    return out
