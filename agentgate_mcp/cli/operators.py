"""`agentgate-mcp operator`: the named people who may decide."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from agentgate_mcp.approvals.operators import Role
from agentgate_mcp.cli.state import office_of
from agentgate_mcp.cli.terminal import err, out, print_json, table
from agentgate_mcp.cli.tokens import read_token
from agentgate_mcp.model.call import Json


class Ceiling(StrEnum):
    """The labels of `Severity`, as choices."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


app = typer.Typer(no_args_is_help=True)
Reason = Annotated[str, typer.Option("--reason", help="Why; it goes on record.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("add")
def add(
    context: typer.Context,
    name: str,
    role: Annotated[list[Role] | None, typer.Option(help="May be given several times; approver if not given.")] = None,
    team: Annotated[
        list[str] | None, typer.Option(help="A team that the operator speaks for; several times; all if not given.")
    ] = None,
    max_severity: Annotated[
        Ceiling, typer.Option(help="The highest severity that the operator may approve.")
    ] = Ceiling.CRITICAL,
) -> None:
    """Add an operator and print the token, once.

    The first operator needs nobody's token and becomes a policy admin. For every other one a
    policy admin's token is asked for on the terminal."""
    from agentgate_mcp.model.decision import Severity

    with office_of(context) as office:
        first = not office.operators.book().by_name
        by = None if first else read_token("policy admin's token")
        token = office.operators.add(
            name,
            roles=role or (Role.APPROVER,),
            teams=team or ("*",),
            max_severity=Severity.parse(max_severity),
            by_token=by,
        )
    if first:
        err.print(f"{name} is the first operator and so a policy admin.", markup=False)
    err.print("The token is shown this once and kept nowhere:", markup=False)
    out.print(token, markup=False)


@app.command("list")
def list_operators(context: typer.Context, as_json: AsJson = False) -> None:
    """Operators and what they may decide."""
    with office_of(context) as office:
        found = office.operators.book().active
    rows: list[Json] = [
        {
            "name": o.name,
            "roles": [*sorted(r.value for r in o.roles)],
            "teams": [*o.teams],
            "max_severity": o.max_severity.label,
            "added_by": o.added_by,
        }
        for o in found
    ]
    if as_json:
        print_json(rows)
        return
    table(
        ("name", "roles", "teams", "up to"),
        [(o.name, ", ".join(sorted(o.roles)), ", ".join(o.teams), o.max_severity.label) for o in found],
        empty="no operators; `agentgate-mcp operator add NAME` makes the first",
    )


@app.command("remove")
def remove(context: typer.Context, name: str, reason: Reason) -> None:
    """End an operator's powers at once.

    A policy admin's token is asked for on the terminal."""
    token = read_token("policy admin's token")
    with office_of(context) as office:
        office.operators.remove(name, by_token=token, reason=reason)
    err.print(f"{name} may decide nothing any more", markup=False)
