"""Talking to a person: stdout is data, stderr is for people (DESIGN §10)."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from agentgate_mcp.approvals.escape import escape
from agentgate_mcp.model.call import Json

# A pipe has no width: 80 columns would cut ids in two.
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 160)
err = Console(stderr=True, highlight=False, soft_wrap=True)

DECISION_STYLE = {"ALLOW": "bold green", "REQUIRE_APPROVAL": "bold yellow", "BLOCK": "bold red"}


def print_json(value: Json) -> None:
    """One JSON document on stdout, no colour, no wrapping."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False) + "\n")


def print_line(value: Json) -> None:
    """One JSON line on stdout, flushed, for programs that read along."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], empty: str = "nothing to show") -> None:
    """A table for people; with no rows, one line on stderr that says so."""
    if not rows:
        err.print(empty, markup=False)
        return
    grid = Table(*columns, header_style="bold")
    for row in rows:
        # Names may come from logs: no markup, and nothing that would move the cursor.
        grid.add_row(*(Text(escape(cell)) for cell in row))
    out.print(grid)


@contextmanager
def progress(what: str) -> Generator[Callable[[int, int], None]]:
    """A bar on stderr while it lasts, where that is a terminal; told how much is done of how much."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def complain(message: str) -> None:
    """One line on stderr that says what went wrong."""
    err.print(Text("error: ", style="bold red") + Text(escape(message)))


def fail(message: str, code: int = 1) -> NoReturn:
    """Say why on stderr and end: 1 refused or failed, 2 usage."""
    complain(message)
    raise typer.Exit(code)
