"""The result of a case out of its parts; every finding under one number."""

from __future__ import annotations

from collections.abc import Sequence

from agentgate_mcp.graph.tactics import attack_table
from agentgate_mcp.model.call import Json
from investigation.dossier import Dossier
from investigation.entities import graph, indicators
from investigation.evidence import Evidence
from investigation.fusion import Fused
from investigation.machine import CaseMachine
from investigation.narrative import benign_explanation, sentences, summary
from investigation.runbooks import Book
from investigation.steps import CaseStage, Options
from investigation.timeline import timeline

REQUESTER = "investigate_case"


def assemble(
    d: Dossier,
    case_id: str,
    options: Options,
    machine: CaseMachine,
    findings: Sequence[tuple[str, Evidence]],
    fused: Fused,
    books: Sequence[Book],
    actions: Sequence[dict[str, Json]],
) -> dict[str, Json]:
    """The result in the shape of result.py."""
    if not options.simulate_response and machine.stage is not CaseStage.RESPOND:
        d.not_checked.append("No action was requested: the guard of the response stage did not open.")
    return {
        "case_id": case_id,
        "title": d.case.title,
        "category": d.case.category,
        "severity": d.case.severity,
        "window": {"earliest": d.case.earliest, "latest": d.case.latest},
        "verdict": fused.verdict,
        "confidence": fused.confidence,
        "probability": fused.probability,
        "summary": summary(fused, findings),
        "stages": list(machine.log),
        "findings": [e.to_json(n) for n, (_, e) in enumerate(findings, 1)],
        "contributions": fused.to_json(),
        "narrative": sentences(findings),
        "benign_explanation": benign_explanation(fused, findings),
        "techniques": _techniques(findings),
        "not_checked": [*dict.fromkeys(d.not_checked)],
        "indicators": indicators(d, findings),
        "timeline": timeline(d, findings),
        "entities": graph(d, findings),
        "actions": list(actions),
        "held": list(d.held),
        "refused": list(d.refused),
        "runbooks": [{"runbook_id": b.runbook_id, "title": b.title} for b in books],
        "queries": list(d.queries),
        "events_seen": len(d.events()),
        "requested_by": options.requested_by or REQUESTER,
        "simulated": options.simulate_response,
        "as_of": options.as_of,
        "llm_analysis": "",
    }


def _techniques(findings: Sequence[tuple[str, Evidence]]) -> list[Json]:
    """Techniques shown by findings that speak for malice, each with the findings that show it."""
    shown: dict[str, list[Json]] = {}
    for finding_id, evidence in findings:
        if evidence.weight > 0:
            for technique in evidence.techniques:
                shown.setdefault(technique, []).append(finding_id)
    table, out = attack_table(), list[Json]()
    for technique in sorted(shown):
        row = table.techniques[technique]
        tactic = row.tactics[0].replace("-", " ")
        out.append({"id": technique, "name": row.name, "tactic": tactic, "findings": shown[technique]})
    return out
