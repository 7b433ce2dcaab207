"""`agentgate-mcp ledger`: prove the record, export it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from agentgate_mcp.cli.state import office_of, settings_of
from agentgate_mcp.cli.terminal import err, out, print_json, progress
from agentgate_mcp.errors import LedgerError
from agentgate_mcp.model.call import Json

app = typer.Typer(no_args_is_help=True)


@app.command("verify")
def verify(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    file: Annotated[Path | None, typer.Option("--file", help="A ledger file, if not the configured one.")] = None,
) -> None:
    """Prove the record from first to last.

    Exit code 1 when something does not hold."""
    from agentgate_mcp.ledger.ledger import FILE_NAME
    from agentgate_mcp.ledger.verify import verify_file

    path = file or settings_of(context).state_dir / FILE_NAME
    with progress("verifying") as told:
        try:
            report = verify_file(path, told)
        except LedgerError as exc:
            if as_json:
                problems: list[Json] = [{"seq": 0, "problem": str(exc)}]
                print_json({"ok": False, "entries": 0, "problems": problems})
            raise
    if as_json:
        print_json(report.to_json())
    else:
        for problem in report.problems[:50]:
            out.print(f"record {problem.seq}: {problem.problem}", markup=False)
        state = "ok" if report.ok else f"NOT OK, {len(report.problems)} problem(s)"
        out.print(f"{state}: {report.entries} records", markup=False)
        if report.unknown:
            out.print(f"{report.unknown} call(s) ended with their process: outcome UNKNOWN, look at them", markup=False)
    if not report.ok:
        raise typer.Exit(1)


@app.command("export")
def export(
    context: typer.Context,
    since: Annotated[int, typer.Option(min=0, help="Only records after this sequence.")] = 0,
) -> None:
    """Print the records as JSON lines."""
    from agentgate_mcp.ledger.export import export as write

    with office_of(context) as office:
        count = write(office.ledger, sys.stdout, since)
    err.print(f"{count} records", markup=False)
