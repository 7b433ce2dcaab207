"""`agentgate-mcp scan`: looks for instructions to an AI system in text, line by line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agentgate_mcp.cli.lines import MAX_LINE, input_of, lines
from agentgate_mcp.cli.terminal import fail, print_line
from agentgate_mcp.errors import CanonicalError
from agentgate_mcp.model.call import Json


def scan(
    file: Annotated[Path, typer.Argument(help="JSONL lines {id, text}; - reads stdin.")] = Path("-"),
) -> None:
    """Look for injected instructions in texts.

    Prints {id, flagged, severity, hits} for each line of {id, text}, in order. Exit code 1 when a
    line cannot be read."""
    from agentgate_mcp.canonical import loads_strict
    from agentgate_mcp.gate.injection import scan_text

    def read(line: bytes) -> tuple[Json, str]:
        item = loads_strict(line, max_bytes=MAX_LINE)
        if not isinstance(item, dict):
            raise CanonicalError("expected an object with id and text")
        text = item.get("text")
        if not isinstance(text, str):
            raise CanonicalError("text: expected a string" + (", got nothing" if text is None else ""))
        return item.get("id"), text

    bad = 0
    with input_of(file) as stream:
        for number, line in lines(stream):
            try:
                name, text = read(line)
            except CanonicalError as exc:
                bad += 1
                print_line({"line": number, "error": str(exc)})
                continue
            found = scan_text(text)
            said: dict[str, Json] = {
                "id": number if name is None else name,
                "flagged": found.flagged,
                "severity": found.severity.label,
                "hits": [{"family": h.family, "view": h.view, "start": h.start, "end": h.end} for h in found.hits],
            }
            print_line(said)
    if bad:
        fail(f"{bad} line(s) could not be read")
