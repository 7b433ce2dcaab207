"""`agentgate-mcp operator`: the named people who may decide."""

from __future__ import annotations

from typing import Annotated

import typer

from agentgate_mcp.cli.state import office_of
from agentgate_mcp.cli.terminal import err, out, print_json, table
from agentgate_mcp.cli.tokens import read_token
from agentgate_mcp.model.call import Json

app = typer.Typer(no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("add")
def add(
    context: typer.Context,
    name: str,
    role: Annotated[list[str], typer.Option(help="approver, policy_admin, auditor.")] = ["approver"],  # noqa: B006
    team: Annotated[list[str], typer.Option(help="Teams that the operator speaks for; * for all.")] = ["*"],  # noqa: B006
    max_severity: Annotated[str, typer.Option(help="The highest severity that may be approved.")] = "critical",
) -> None:
    """Add an operator and print the token, once. After the first, a policy admin's token is asked for."""
    from agentgate_mcp.model.decision import Severity

    with office_of(context) as office:
        first = not office.operators.book().by_name
        by = None if first else read_token("policy admin's token")
        token = office.operators.add(
            name, roles=role, teams=team, max_severity=Severity.parse(max_severity), by_token=by
        )
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
    )


@app.command("remove")
def remove(
    context: typer.Context, name: str, reason: Annotated[str, typer.Option("--reason", help="It goes on record.")]
) -> None:
    """End an operator's powers at once."""
    token = read_token("policy admin's token")
    with office_of(context) as office:
        office.operators.remove(name, by_token=token, reason=reason)
    err.print(f"{name} may decide nothing any more", markup=False)
