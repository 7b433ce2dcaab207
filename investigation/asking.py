"""One ask at a time: its answer goes into the dossier, or on the list of what was not checked."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import TypeVar

from agentgate_mcp.model.call import Json
from investigation.dossier import Dossier, RowSet
from investigation.queries import Search
from investigation.rows import Row, at, event_id, unframed
from investigation.steps import Answer, Ask, Enter

T = TypeVar("T")
Steps = Generator[Ask | Enter, Answer | None, T]


def tool(dossier: Dossier, ask: Ask) -> Steps[Mapping[str, Json] | None]:
    """Make one call; None when it was held or refused, which the dossier then says."""
    answer = yield ask
    if answer is not None and answer.status == "released":
        return answer.result
    reason = answer.reason if answer is not None else "no answer"
    entry: dict[str, Json] = {"tool": ask.tool, "purpose": ask.purpose, "reason": reason}
    if answer is not None and answer.status == "held":
        dossier.held.append(entry | {"finding_id": answer.finding_id})
        dossier.not_checked.append(f"{ask.purpose} The call is held for approval as {answer.finding_id}.")
    else:
        dossier.refused.append(entry | {"finding_id": answer.finding_id if answer else ""})
        dossier.not_checked.append(f"{ask.purpose} The call was refused: {reason}")
    return None


def rows_of(dossier: Dossier, search: Search) -> Steps[tuple[Row, ...]]:
    """Run a search and keep its rows under its name, oldest first, frames of flagged text removed."""
    result = yield from tool(dossier, search.ask())
    if result is None:
        return ()
    spans: list[str] = []
    raw = unframed(result.get("rows"), spans)
    rows = [r for r in raw if isinstance(r, dict)] if isinstance(raw, list) else []
    partial = str(result.get("partial") or "")
    kept = RowSet(
        name=search.name,
        query=search.query,
        earliest=search.earliest,
        latest=search.latest,
        rows=tuple(sorted(rows, key=lambda r: (at(r), event_id(r)))),
        partial=partial,
        flagged=tuple(dict.fromkeys(spans)),
    )
    dossier.sets[search.name] = kept
    dossier.queries.append(kept.to_json(search.purpose))
    for span in kept.flagged:
        dossier.spans.setdefault(span, search.name)
    if partial:
        dossier.not_checked.append(f"{search.purpose} The result was cut: {partial}.")
    return kept.rows
