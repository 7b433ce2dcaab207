"""`agentgate-mcp freeze` and `thaw`: refuse every effect at once, and let them go on."""

from __future__ import annotations

from typing import Annotated

import typer

from agentgate_mcp.cli.state import office_of
from agentgate_mcp.cli.terminal import err
from agentgate_mcp.cli.tokens import read_token

Target = Annotated[str, typer.Argument(help="A principal; * for all.")]
Reason = Annotated[str, typer.Option("--reason", help="It goes on record.")]


def freeze(context: typer.Context, reason: Reason, principal: Target = "*") -> None:
    """Refuse every effect from now on. Open to whoever can reach it: stopping needs no token."""
    from agentgate_mcp.server.identity import local_user

    with office_of(context) as office:
        office.control.freeze(principal, by=local_user(), reason=reason)
    err.print(f"effects of {'everybody' if principal == '*' else principal} are frozen", markup=False)


def thaw(context: typer.Context, reason: Reason, principal: Target = "*") -> None:
    """Let effects go on. An operator's token is asked for on the terminal."""
    token = read_token()
    with office_of(context) as office:
        office.control.thaw(principal, token=token, reason=reason)
    err.print(f"effects of {'everybody' if principal == '*' else principal} go on", markup=False)
