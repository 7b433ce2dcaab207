"""Talking to a person: stdout is data, stderr is for people (DESIGN §10)."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agentgate_mcp.model.call import Json

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False)

DECISION_STYLE = {"ALLOW": "bold green", "REQUIRE_APPROVAL": "bold yellow", "BLOCK": "bold red"}


def print_json(value: Json) -> None:
    """One JSON document on stdout, no colour, no wrapping."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False) + "\n")


def print_line(value: Json) -> None:
    """One JSON line on stdout, flushed, for programs that read along."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], title: str = "") -> None:
    grid = Table(*columns, title=title or None, title_justify="left", header_style="bold")
    for row in rows:
        grid.add_row(*row)
    out.print(grid)


def fail(message: str, code: int = 1) -> NoReturn:
    """Say why on stderr and end: 1 refused or failed, 2 usage."""
    err.print(Text("error: ", style="bold red") + Text(message))
    raise typer.Exit(code)
