"""The planner of a case: asks for tool calls, weighs what comes back, writes the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agentgate_mcp.model.call import Json
from investigation import gather
from investigation.analyse import analyse
from investigation.asking import Steps, tool
from investigation.assemble import REQUESTER, assemble
from investigation.dossier import Case, Dossier
from investigation.evidence import Evidence
from investigation.fusion import fuse
from investigation.machine import CaseMachine, CaseState
from investigation.recommend import Proposal, propose
from investigation.result import checked
from investigation.rows import Row, text
from investigation.runbooks import Book
from investigation.steps import Ask, CaseStage, Enter, Options, Planner

STEPS = len(CaseStage)
MAX_BOOKS = 3
MAX_ACTIONS = 50


def investigate(case_id: str, options: Options) -> Planner:
    """Work one case. Yields asks and stages; returns the result as JSON (result.py)."""
    machine = CaseMachine()
    yield _enter(CaseStage.TRIAGE, f"reading case {case_id} and its lookups")
    dossier = yield from _triage(case_id)
    state = CaseState(case_known=dossier.case.case_id == case_id)
    if machine.advance(CaseStage.INVESTIGATE, state):
        yield _enter(CaseStage.INVESTIGATE, f"reading telemetry {dossier.window_text()}")
        yield from gather.around(dossier)
        yield from gather.pivots(dossier)
    evidence = analyse(dossier)
    findings = [(f"F{n}", e) for n, e in enumerate(evidence, 1)]
    fused = fuse(evidence)
    seen = len(dossier.events())
    state = CaseState(case_known=state.case_known, events_seen=seen, findings=len(findings))
    proposals: tuple[Proposal, ...] = ()
    books: list[Book] = []
    if machine.stage is CaseStage.INVESTIGATE and machine.advance(CaseStage.VALIDATE, state):
        yield _enter(CaseStage.VALIDATE, f"weighing {len(findings)} findings over {seen} events")
        books = yield from _books(dossier, findings)
        state = CaseState(case_known=True, events_seen=seen, findings=len(findings), verdict=fused.verdict,
                          confidence=fused.confidence)  # fmt: skip
        if machine.advance(CaseStage.RECOMMEND, state):
            yield _enter(CaseStage.RECOMMEND, f"the case looks {fused.verdict}")
            if fused.verdict in ("malicious", "suspicious"):
                proposals, omitted = propose(dossier, findings, books)
                dossier.not_checked.extend(omitted)
            state = CaseState(case_known=True, events_seen=seen, findings=len(findings), verdict=fused.verdict,
                              confidence=fused.confidence, actions=len(proposals))  # fmt: skip
    actions = [p.to_json() | {"status": "recommended", "receipt": None, "finding_id": ""} for p in proposals]
    if machine.stage is CaseStage.RECOMMEND and machine.advance(CaseStage.RESPOND, state):
        yield _enter(CaseStage.RESPOND, f"requesting {len(proposals)} actions")
        actions = yield from _respond(dossier, proposals, options)
    return checked(assemble(dossier, case_id, options, machine, findings, fused, books, actions))


def _enter(stage: CaseStage, message: str) -> Enter:
    return Enter(stage=stage, step=tuple(CaseStage).index(stage) + 1, steps=STEPS, message=message)


def _triage(case_id: str) -> Steps[Dossier]:
    """The case record and the lookups."""
    empty = Case.of({"case_id": "", "earliest": "0", "latest": "0"})
    dossier = Dossier(case=empty)
    result = yield from tool(
        dossier,
        Ask(tool="telemetry_get_case", arguments={"case_id": case_id}, purpose="Read the case record."),
    )
    records = result.get("cases") if result else None
    if isinstance(records, list) and records and isinstance(records[0], dict):
        dossier.case = Case.of(records[0])
        yield from gather.lookups(dossier)
        gather.entities(dossier)
    return dossier


def _books(d: Dossier, findings: Sequence[tuple[str, Evidence]]) -> Steps[list[Book]]:
    """The runbooks that fit the category and the techniques shown, the best first."""
    shown = sorted({t for _, e in findings if e.weight > 0 for t in e.techniques})
    hits: dict[str, None] = {}
    wanted: list[dict[str, Json]] = [{"category": d.case.category}]
    if shown:
        wanted.append({"query": " ".join(shown)[:200]})
    for arguments in wanted:
        ask = Ask(tool="knowledge_search_runbooks", arguments=arguments, purpose="Find the runbooks that apply.")
        result = yield from tool(d, ask)
        listed = result.get("runbooks") if result else None
        for hit in listed if isinstance(listed, list) else ():
            if isinstance(hit, dict):
                hits[text(hit, "runbook_id")] = None
    books: list[Book] = []
    for runbook_id in list(hits)[:8]:
        ask = Ask(tool="knowledge_get_runbook", arguments={"runbook_id": runbook_id}, purpose=f"Read {runbook_id}.")
        raw = yield from tool(d, ask)
        if raw:
            books.append(Book.of(raw))
    ranked = sorted(books, key=lambda b: (-b.score(d.case.category, shown), b.runbook_id))
    return [b for b in ranked if d.case.category in b.categories or b.score(d.case.category, shown) >= 4][:MAX_BOOKS]


def _respond(d: Dossier, proposals: Sequence[Proposal], options: Options) -> Steps[list[dict[str, Json]]]:
    """Request the actions, one call each, so that one that is held does not hold up the others."""
    out: list[dict[str, Json]] = []
    for proposal in proposals[:MAX_ACTIONS]:
        wanted: dict[str, Json] = {"action": proposal.action, "target": proposal.target, "reason": proposal.reason}
        ask = Ask(
            tool="response_request_actions",
            arguments={
                "actions": [wanted],
                "case_id": d.case.case_id,
                "simulate_response": options.simulate_response,
                "requested_by": options.requested_by or REQUESTER,
            },
            purpose=f"Request {proposal.action} of {proposal.target}.",
        )
        answer = yield ask
        entry = proposal.to_json()
        receipts = answer.result.get("receipts") if answer and answer.status == "released" else None
        if isinstance(receipts, list) and receipts and isinstance(receipts[0], dict):
            out.append(entry | _receipt(receipts[0], entry))
            continue
        status = answer.status if answer else "refused"
        note: dict[str, Json] = {
            "tool": ask.tool,
            "purpose": ask.purpose,
            "reason": answer.reason if answer else "no answer",
            "finding_id": answer.finding_id if answer else "",
        }
        (d.held if status == "held" else d.refused).append(note)
        out.append(entry | {"status": status, "receipt": None, "finding_id": note["finding_id"]})
    return out


def _receipt(raw: Row, entry: Mapping[str, Json]) -> dict[str, Json]:
    """What came of an action. Its random id stays in the ledger: two runs give the same result."""
    expires = raw.get("expires_at")
    return {
        "status": text(raw, "status"),
        "rollback": text(raw, "rollback") or entry["rollback"],
        "receipt": {
            "expires_at": expires if isinstance(expires, (int, float)) else None,
            "detail": text(raw, "detail").partition(" as act-")[0],
        },
        "finding_id": "",
    }
