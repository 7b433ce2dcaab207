"""`agentgate-mcp scan`: looks for instructions to an AI system in text, line by line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from agentgate_mcp.cli.terminal import fail, print_line
from agentgate_mcp.errors import CanonicalError
from agentgate_mcp.model.call import Json

MAX_LINE = 4 * 1024 * 1024


def scan(
    file: Annotated[Path, typer.Argument(help="JSONL lines {id, text}; - reads stdin.")] = Path("-"),
) -> None:
    """Print {id, flagged, severity, hits} for each line of {id, text}, in order."""
    from agentgate_mcp.canonical import loads_strict
    from agentgate_mcp.gate.injection import scan_text

    bad = 0
    for number, line in lines(file):
        try:
            item = loads_strict(line, max_bytes=MAX_LINE)
        except CanonicalError as exc:
            bad += 1
            print_line({"line": number, "error": str(exc)})
            continue
        text = item.get("text") if isinstance(item, dict) else None
        if not isinstance(item, dict) or not isinstance(text, str):
            bad += 1
            print_line({"line": number, "error": "text: expected a string"})
            continue
        found = scan_text(text)
        hits: list[Json] = [{"family": h.family, "view": h.view, "start": h.start, "end": h.end} for h in found.hits]
        print_line(
            {"id": item.get("id", number), "flagged": found.flagged, "severity": found.severity.label, "hits": hits}
        )
    if bad:
        fail(f"{bad} line(s) could not be read")


def lines(file: Path) -> Iterator[tuple[int, str]]:
    """The non-empty lines of a file or of stdin, numbered from 1."""
    if str(file) == "-":
        yield from ((n, line) for n, line in enumerate(sys.stdin, 1) if line.strip())
        return
    try:
        with file.open(encoding="utf-8") as stream:
            yield from ((n, line) for n, line in enumerate(stream, 1) if line.strip())
    except (OSError, UnicodeDecodeError) as exc:
        fail(f"{file}: {exc}")
