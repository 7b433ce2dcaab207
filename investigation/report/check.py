"""A machine check of a result: every citation exists, every sentence has one (R7)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from agentgate_mcp.model.call import Json


def problems(result: Mapping[str, Json], seen: Collection[str]) -> list[str]:
    """What is wrong, one line each; ``seen`` are the ids of all events that the case has read."""
    known = frozenset(seen)
    found: list[str] = []
    findings = _dicts(result, "findings")
    names = {str(f.get("id")) for f in findings}
    for finding in findings:
        found += _cited(f"finding {finding.get('id')}", finding, known)
        if not finding.get("query") or not finding.get("result_hash"):
            found.append(f"finding {finding.get('id')} has no query that gives its rows again")
    for number, sentence in enumerate(_dicts(result, "narrative"), 1):
        found += _cited(f"sentence {number}", sentence, known)
        if str(sentence.get("finding")) not in names:
            found.append(f"sentence {number} names no finding")
    for moment in _dicts(result, "timeline"):
        if str(moment.get("event_id")) not in known:
            found.append(f"the timeline cites {moment.get('event_id')}, which was not seen")
    for part in ("techniques", "indicators", "actions"):
        for entry in _dicts(result, part):
            grounds = entry.get("findings")
            if not isinstance(grounds, list) or not grounds or not names.issuperset(map(str, grounds)):
                found.append(f"an entry of {part} rests on no finding: {sorted(map(str, entry.values()))[:2]}")
    return found


def _cited(where: str, node: Mapping[str, Json], known: Collection[str]) -> list[str]:
    ids = node.get("event_ids")
    if not isinstance(ids, list) or not ids:
        return [f"{where} cites no event"]
    return [f"{where} cites {i}, which was not seen" for i in ids if str(i) not in known]


def _dicts(node: Mapping[str, Json], key: str) -> list[Mapping[str, Json]]:
    value = node.get(key)
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []
