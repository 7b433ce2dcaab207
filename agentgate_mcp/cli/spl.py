"""`agentgate-mcp spl`: what a search reaches and would do."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from agentgate_mcp.cli.state import settings_of
from agentgate_mcp.cli.terminal import out, print_json

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """Read a search: what it reaches, what it would do."""


@app.command("explain")
def explain(
    context: typer.Context,
    query: str,
    earliest: Annotated[str, typer.Option(help="Splunk time.")] = "-24h",
    latest: Annotated[str, typer.Option(help="Splunk time.")] = "now",
    knowledge: Annotated[
        Path | None, typer.Option("--knowledge", help="A file or directory of knowledge objects.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What a search reaches, risks and refers to. Times count from the data's own now.

    Exit code 1 when it cannot be read."""
    from agentgate_mcp.compose import offline_judge
    from agentgate_mcp.spl.explain import explain as explain_search

    world = offline_judge(settings_of(context), knowledge).world
    now = time.time() if world.search_now is None else world.search_now
    said = explain_search(query, earliest, latest, world.knowledge, now)
    if as_json:
        print_json(said.to_json())
    else:
        for line in said.lines():
            out.print(line, markup=False)
    if not said.facts.parsed:
        raise typer.Exit(1)
