"""The embedded engine over the bundled data, asked the golden searches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agentgate_mcp.backends.embedded import open_embedded
from agentgate_mcp.backends.ports import SearchJob, SearchResult
from agentgate_mcp.bundled import bundled_dir
from agentgate_mcp.model.facts import RuntimeGuard
from agentgate_mcp.permits import PermitBook
from tests.spl_oracle.data import NOW
from tests.spl_oracle.goldens import canonical, fingerprint

_GUARD = RuntimeGuard(max_time_s=60, max_rows=100_000, max_bytes=500_000_000)
_ORDERING = ("table", "stats", "chart", "timechart", "top", "rare", "tstats", "xyseries", "untable", "transpose")
"""Commands after which the order of the columns is the search's."""


class Engine:
    """Opens the backend in ``state``; close it."""

    def __init__(self, state: Path) -> None:
        self._backends = open_embedded(bundled_dir("data"), state, PermitBook(), lambda: NOW)

    def answer(self, query: str, earliest: str, latest: str) -> SearchResult:
        return self._backends.search.search(
            SearchJob(query=query, earliest=earliest, latest=latest, now=NOW, guard=_GUARD)
        )

    def close(self) -> None:
        self._backends.close()


def difference(golden: dict[str, Any], result: SearchResult) -> str:
    """What the engine says otherwise than the golden line, or empty."""
    rows = list(result.rows)
    if fingerprint(rows) != golden["sha256"]:
        if len(rows) != golden["rows"]:
            return f"{len(rows)} rows, expected {golden['rows']}"
        for position, expected in enumerate(golden["head"]):
            if canonical(rows[position]) != expected:
                return f"row {position + 1}: {canonical(rows[position])}, expected {expected}"
        return "rows behind the third differ"
    present = {name for row in rows for name in row}
    names = [name for name in result.fields if name in present]
    last = golden["query"].rsplit("|", 1)[-1]
    # Which of several matches of a `*` comes first is documented nowhere.
    if "*" not in last and last.split()[0] in _ORDERING and names != golden["fields"]:
        return f"fields {names}, expected {golden['fields']}"
    if sorted(names) != sorted(golden["fields"]):
        return f"fields {sorted(names)}, expected {sorted(golden['fields'])}"
    return ""
