"""The story of a case in sentences, each with the events it rests on."""

from __future__ import annotations

from collections.abc import Sequence

from agentgate_mcp.model.call import Json
from investigation.evidence import Evidence
from investigation.fusion import Fused

CITED = 3


def sentences(findings: Sequence[tuple[str, Evidence]]) -> list[Json]:
    """Findings as sentences in order of time, each with its event ids."""
    ordered = sorted((f for f in findings), key=lambda f: (f[1].event_ids[0], f[0]))
    return [{"text": f"{e.statement}.", "finding": finding_id, "event_ids": _few(e)} for finding_id, e in ordered]


def _few(evidence: Evidence) -> list[Json]:
    ids = evidence.event_ids
    return [*ids[:CITED]] if len(ids) <= CITED else [ids[0], ids[len(ids) // 2], ids[-1]]


def summary(fused: Fused, findings: Sequence[tuple[str, Evidence]]) -> str:
    """Two sentences: the verdict and what carries it."""
    sign = -1 if fused.verdict == "benign" else 1
    carrying = [e for _, e in findings if e.weight * sign > 0][:3]
    head = f"The case is {fused.verdict} (confidence {fused.confidence:.2f})"
    if not carrying:
        return f"{head}; nothing that was found speaks for or against it."
    return f"{head}: {'; '.join(f'{e.statement} [{e.event_ids[0]}]' for e in carrying)}."


def benign_explanation(fused: Fused, findings: Sequence[tuple[str, Evidence]]) -> dict[str, Json]:
    """The strongest harmless reading of the case, and why it fails or holds."""
    harmless = [(f, e) for f, e in findings if e.weight < 0]
    grave = [(f, e) for f, e in findings if e.weight > 0]
    if harmless:
        best = harmless[0]
        statement = f"{best[1].statement}."
        ids: list[Json] = _few(best[1])
    else:
        best = None
        statement = "An ordinary job of the machine or person, not yet known to us, looks like this."
        ids = _few(grave[0][1]) if grave else []
    out: dict[str, Json] = {"statement": statement, "finding": best[0] if best else "", "event_ids": ids}
    if fused.verdict == "benign":
        rest = "; ".join(f"{e.statement} [{e.event_ids[0]}]" for _, e in harmless[1:3])
        out["why_it_holds"] = f"It explains the alert, and further: {rest}." if rest else "It explains the alert."
    else:
        rest = "; ".join(f"{e.statement} [{e.event_ids[0]}]" for _, e in grave[:3])
        out["why_it_fails"] = f"It does not explain this: {rest}." if rest else "Too little is known to say."
    return out
