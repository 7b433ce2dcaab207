"""`agentgate-mcp check`: JSONL calls in, JSONL verdicts out, nothing executed (DESIGN §10)."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from agentgate_mcp.cli.lines import input_of, lines
from agentgate_mcp.cli.state import settings_of
from agentgate_mcp.cli.terminal import fail, print_line


def check(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="JSONL calls; - reads stdin.")] = Path("-"),
    knowledge: Annotated[
        Path | None, typer.Option("--knowledge", help="A file or directory of knowledge objects to judge against.")
    ] = None,
) -> None:
    """Judge calls without running them.

    Prints the verdict on each line, in order. Exit code 1 when a line cannot be read."""
    from agentgate_mcp.cli.checker import Checker
    from agentgate_mcp.compose import offline_judge

    checker = Checker(judge=offline_judge(settings_of(context), knowledge), as_of=time.time())
    bad = 0
    with input_of(file) as stream:
        for number, text in lines(stream):
            said = checker.check(text, number)
            bad += "error" in said
            print_line(said)
    if bad:
        fail(f"{bad} line(s) could not be read")
