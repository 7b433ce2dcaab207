"""Puts the command groups together. Without a command the server is served over stdio."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agentgate_mcp import __version__
from agentgate_mcp.cli import (
    approvals,
    bench,
    cases,
    changes,
    check,
    cost,
    data,
    demo,
    doctor,
    freeze,
    graph,
    ledger,
    operators,
    policy,
    scan,
    search,
    serve,
    setup,
    spl,
)

app = typer.Typer(
    name="agentgate-mcp",
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("serve")(serve.serve)
app.command("init")(setup.init)
app.command("demo")(demo.demo)
app.command("investigate")(cases.investigate)
app.command("check")(check.check)
app.command("scan")(scan.scan)
app.command("doctor")(doctor.doctor)
app.command("bench")(bench.bench)
app.command("freeze")(freeze.freeze)
app.command("thaw")(freeze.thaw)
spl.app.command("run")(search.run)
app.add_typer(spl.app, name="spl", help="Read a search: what it reaches, what it would do; or run it.")
app.add_typer(graph.app, name="graph", help="What a change breaks, and what is covered.")
app.add_typer(policy.app, name="policy", help="The policy library.")
app.add_typer(approvals.app, name="approvals", help="Held calls, and a person's decision on them.")
app.add_typer(operators.app, name="operator", help="Named people who may decide.")
app.add_typer(changes.app, name="changes", help="Executed changes and their way back.")
app.add_typer(ledger.app, name="ledger", help="The tamper-evident record.")
app.add_typer(cost.app, name="cost", help="What searches cost here.")
app.add_typer(data.app, name="data", help="Bundled and loaded data.")


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    env_file: Annotated[Path | None, typer.Option("--env-file", help="Read settings from this file.")] = None,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an internal error; must come first.")
    ] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """A gate between LLM agents and Splunk. Without a command: serve over stdio."""
    del debug  # read by the outermost frame, which sees errors that this one does not
    context.obj = env_file
    if version:
        typer.echo(__version__)
        raise typer.Exit(0)
    if context.invoked_subcommand is None:
        serve.serve(context)
