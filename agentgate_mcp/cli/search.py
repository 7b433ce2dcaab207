"""`agentgate-mcp spl run`: a search from the terminal, through the same gate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from agentgate_mcp.cli.local import call_tool
from agentgate_mcp.cli.state import settings_of
from agentgate_mcp.cli.terminal import err, print_json, table
from agentgate_mcp.model.call import Json


def run(
    context: typer.Context,
    query: str,
    earliest: Annotated[str, typer.Option(help="Splunk time.")] = "-24h",
    latest: Annotated[str, typer.Option(help="Splunk time.")] = "now",
    limit: Annotated[int, typer.Option(help="Rows to show.", min=1, max=1000)] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Run a search and print its rows.

    The search passes the gate and is on record. Exit code 1 when it is held, blocked or cannot run."""
    arguments: dict[str, Json] = {
        "query": query,
        "earliest_time": earliest,
        "latest_time": latest,
        "row_limit": limit,
    }
    result = call_tool(settings_of(context), "splunk_run_query", arguments)
    if as_json:
        print_json(result)
        return
    fields = _texts(result.get("fields"))
    found = result.get("rows")
    rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
    table(fields, [[_cell(row.get(name)) for name in fields] for row in rows], "no results")
    partial = result.get("partial")
    cut = f"; {partial}" if partial else ""
    err.print(f"{len(rows)} rows of {result.get('scanned_events')} events{cut}", markup=False)


def _texts(value: Json) -> Sequence[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _cell(value: Json) -> str:
    match value:
        case None:
            return ""
        case list():
            return "\n".join(str(item) for item in value)
        case _:
            return str(value)
