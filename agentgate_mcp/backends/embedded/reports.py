"""Results of investigated cases, kept in the state database."""

from __future__ import annotations

from collections.abc import Mapping

from agentgate_mcp.backends.embedded import journal
from agentgate_mcp.backends.embedded.sqlite import Database
from agentgate_mcp.canonical import canonical_bytes, digest, loads_strict
from agentgate_mcp.effects import Effects
from agentgate_mcp.errors import ArgumentError, BackendError
from agentgate_mcp.model.call import Json
from agentgate_mcp.permits import Permit, PermitBook

MAX_REPORT = 16 * 1_048_576


class ReportStore:
    """Implements ReportPort. Earlier results of a case stay on record."""

    def __init__(self, database: Database, book: PermitBook) -> None:
        self._database = database
        self._book = book

    def save(self, case_id: str, result: Mapping[str, Json], *, permit: Permit, at: float) -> None:
        """Keeps one result. Raises: PermitError; ArgumentError when it is too large."""
        held = journal.spend(self._book, permit, digest(Effects(report_of=case_id).to_json()))
        body = canonical_bytes(dict(result))
        if len(body) > MAX_REPORT:
            raise ArgumentError("result", f"at most {MAX_REPORT} bytes", f"{len(body)} bytes")
        with self._database.transaction():
            self._database.run(
                "INSERT INTO reports (case_id, call_id, at, body) VALUES (?, ?, ?, ?)",
                (case_id, held.call_id, at, body.decode()),
            )
            journal.write(self._database, held, f"report:{case_id}", at)

    def latest(self, case_id: str) -> dict[str, Json] | None:
        """The newest result of a case, or None."""
        found = self._database.one("SELECT body FROM reports WHERE case_id = ? ORDER BY seq DESC LIMIT 1", (case_id,))
        if found is None:
            return None
        result = loads_strict(str(found[0]), max_bytes=MAX_REPORT)
        if not isinstance(result, dict):
            raise BackendError(f"the stored report of case {case_id} is damaged")
        return result
