"""`agentgate-mcp approvals`: held calls, and a named person's decision on them."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from agentgate_mcp.cli.state import office_of, settings_of
from agentgate_mcp.cli.terminal import fail, out, print_json, table
from agentgate_mcp.cli.tokens import read_token
from agentgate_mcp.model.call import Json

app = typer.Typer(no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it goes on record.")]


@app.command("list")
def list_findings(
    context: typer.Context,
    status: Annotated[
        str, typer.Option(help="Only those in this state: pending, approved, denied, … or all.")
    ] = "pending",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Findings, oldest first."""
    from agentgate_mcp.model.verdict import FindingStatus

    if status != "all" and status not in tuple(FindingStatus):
        fail(f"--status: expected all or one of {', '.join(FindingStatus)}, got {status!r}", code=2)
    wanted = None if status == "all" else FindingStatus(status)
    with office_of(context) as office:
        records = office.approvals.findings(wanted, now=time.time(), limit=limit)
    rows: list[dict[str, Json]] = [
        {
            "finding_id": r.finding.finding_id,
            "status": r.finding.status.value,
            "tool": r.finding.call.tool_name,
            "requester": r.finding.call.requester,
            "severity": r.finding.verdict.severity.label,
            "policies": list(r.finding.verdict.policies),
            "created_at": r.finding.created_at,
            "expires_at": r.finding.expires_at,
        }
        for r in records
    ]
    if as_json:
        print_json(list(rows))
        return
    table(
        ("finding", "status", "tool", "requester", "severity", "policies", "left"),
        [
            (
                str(r["finding_id"]),
                str(r["status"]),
                str(r["tool"]),
                str(r["requester"]),
                str(r["severity"]),
                ", ".join(record.finding.verdict.policies),
                _left(record.finding.expires_at - time.time()),
            )
            for r, record in zip(rows, records, strict=True)
        ],
        empty="no findings" if wanted is None else f"no {status} findings",
    )


@app.command("show")
def show(context: typer.Context, finding_id: str, as_json: AsJson = False) -> None:
    """One finding, as an approver should see it.

    Computed facts come first, log and model text last."""
    from agentgate_mcp.approvals.view import text_lines, to_json, view

    settings = settings_of(context)
    with office_of(context) as office:
        now = time.time()
        sections = view(office.approvals.get(finding_id, now=now), isolation=settings.isolation, now=now)
    if as_json:
        print_json(to_json(sections))
        return
    for line in text_lines(sections):
        out.print(line, markup=False)


@app.command("approve")
def approve(
    context: typer.Context,
    finding_id: str,
    reason: Reason,
    run: Annotated[bool, typer.Option("--run", help="Run the call at once, re-gated, as its requester.")] = False,
    as_json: AsJson = False,
) -> None:
    """Approve a held call. The token is asked for on the terminal."""
    token = read_token()
    with office_of(context) as office:
        record = office.approvals.approve(finding_id, token, reason)
    said: dict[str, Json] = {"finding_id": finding_id, "status": record.finding.status.value}
    if run and record.finding.status.value == "approved":
        said["run"] = _run(context, finding_id)
    if as_json:
        print_json(said)
        return
    out.print(f"{finding_id} is {record.finding.status.value}", markup=False)
    if "run" in said:
        print_json(said["run"])


@app.command("deny")
def deny(context: typer.Context, finding_id: str, reason: Reason, as_json: AsJson = False) -> None:
    """Deny a held call."""
    token = read_token()
    with office_of(context) as office:
        record = office.approvals.deny(finding_id, token, reason)
    said: dict[str, Json] = {"finding_id": finding_id, "status": record.finding.status.value}
    print_json(said) if as_json else out.print(f"{finding_id} is {said['status']}", markup=False)


def _run(context: typer.Context, finding_id: str) -> Json:
    import anyio

    from agentgate_mcp.compose import open_deployment
    from agentgate_mcp.dispatch.desk import resume_finding
    from agentgate_mcp.model.verdict import Released

    deployment = open_deployment(settings_of(context))

    async def go() -> Json:
        finding = await deployment.office.approvals.finding(finding_id, now=time.time())
        outcome = await resume_finding(deployment.dispatcher, finding)
        if isinstance(outcome, Released):
            return {"status": "released", "result": outcome.result}
        return {"status": "refused", "message": outcome.message}

    with deployment:
        return anyio.run(go)


def _left(seconds: float) -> str:
    if not seconds > 0:
        return "-"
    return f"{int(seconds // 3600)}h{int(seconds % 3600 // 60):02}m"
