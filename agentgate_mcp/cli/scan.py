"""`agentgate-mcp scan`: looks for instructions to an AI system in text, line by line."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Final, Literal

import typer
from rich.text import Text

from agentgate_mcp.approvals.escape import escape
from agentgate_mcp.canonical import loads_strict
from agentgate_mcp.cli.lines import MAX_LINE, input_of, lines
from agentgate_mcp.cli.terminal import err, fail, out, print_line
from agentgate_mcp.errors import CanonicalError
from agentgate_mcp.model.call import Json

if TYPE_CHECKING:
    from agentgate_mcp.gate.injection import Hit, Scan

_PROGRESS_BYTES: Final = 32 * 1024 * 1024
_AROUND: Final = 60
_BATCH_BYTES: Final = 65_536

Format = Literal["jsonl", "text"]


def scan(
    file: Annotated[Path, typer.Argument(help="JSONL lines {id, text}, or plain text; - reads stdin.")] = Path("-"),
    as_text: Annotated[bool, typer.Option("--text", help="Plain text, whatever the first line looks like.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Show a person what was found, where and why.")] = False,
) -> None:
    """Look for injected instructions in texts.

    Prints {id, flagged, severity, hits} for each line, in order. Lines are JSON objects {id, text} when
    the first line that is not empty begins with `{`; otherwise, and then it is said on stderr, every
    line is a text and its number the id. Exit code 1 when a line cannot be read."""
    from agentgate_mcp.gate.injection import Scan, scan_fields, scan_text

    bad = 0
    with input_of(file) as stream:
        numbered = lines(stream)
        first = list(islice(numbered, 1))
        kind: Format = "text" if as_text or not _is_object(first) else "jsonl"
        if kind == "text":
            err.print("plain text: each line is a text, its number the id", markup=False)
        size = _BATCH_BYTES if _is_file(stream) else 1
        for batch in _batches(_with_progress(chain(first, numbered), stream), size):
            items = [_read(line, number, kind) for number, line in batch]
            # Texts that have no hit together have none alone.
            clean = len(items) > 1 and not scan_fields([item.text for item in items]).hits
            for item in items:
                if item.error:
                    bad += 1
                    print_line({"line": item.name, "error": item.error})
                    continue
                found = Scan(chars=len(item.text)) if clean else scan_text(item.text)
                if explain:
                    _explain(item.name, item.text, found)
                else:
                    print_line(_said(item.name, found))
    if bad:
        fail(f"{bad} line(s) could not be read")


def _is_object(first: list[tuple[int, bytes]]) -> bool:
    return not first or first[0][1].lstrip().startswith(b"{")


def _is_file(stream: IO[bytes]) -> bool:
    """True when all input is there already. A program that writes a line to a pipe waits for its answer."""
    try:
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError):
        return False


@dataclass(frozen=True, slots=True)
class _Item:
    """A line's name and text, or why it has none."""

    name: Json
    text: str = ""
    error: str = ""


def _read(line: bytes, number: int, kind: Format) -> _Item:
    if kind == "text":
        if len(line) > MAX_LINE:
            return _Item(number, error=f"expected at most {MAX_LINE} bytes in a line")
        return _Item(number, line.decode("utf-8", "replace").rstrip("\r\n"))
    try:
        item = loads_strict(line, max_bytes=MAX_LINE)
    except CanonicalError as exc:
        return _Item(number, error=str(exc))
    if not isinstance(item, dict):
        return _Item(number, error="expected an object with id and text")
    text = item.get("text")
    if not isinstance(text, str):
        return _Item(number, error="text: expected a string" + (", got nothing" if text is None else ""))
    name = item.get("id")
    return _Item(number if name is None else name, text)


def _batches(numbered: Iterator[tuple[int, bytes]], size: int) -> Iterator[list[tuple[int, bytes]]]:
    """Lines together until they hold ``size`` bytes."""
    batch: list[tuple[int, bytes]] = []
    held = 0
    for number, line in numbered:
        batch.append((number, line))
        held += len(line)
        if held >= size:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def _with_progress(numbered: Iterator[tuple[int, bytes]], stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """The same lines; on stderr, now and then, how far it is."""
    total = os.fstat(stream.fileno()).st_size if _is_file(stream) else 0
    done, said = 0, _PROGRESS_BYTES
    for number, line in numbered:
        yield number, line
        done += len(line)
        if done >= said:
            said += _PROGRESS_BYTES
            share = f" of {total / 1e6:.0f}" if total else ""
            err.print(f"{done / 1e6:.0f}{share} MB, line {number}", markup=False)


def _said(name: Json, found: Scan) -> Json:
    return {
        "id": name,
        "flagged": found.flagged,
        "severity": found.severity.label,
        "hits": [{"family": h.family, "view": h.view, "start": h.start, "end": h.end} for h in found.hits],
    }


def _explain(name: Json, text: str, found: Scan) -> None:
    """One paragraph per text that has hits: the sum, and for each hit its span and what was weighed."""
    if not found.hits:
        return
    from agentgate_mcp.gate.injection import evidence
    from agentgate_mcp.gate.injection.mention import WEIGHTS

    verdict = "flagged" if found.flagged else "not flagged"
    head = f"{name}: {verdict}, severity {found.severity.label}, score {found.score:g}"
    out.print(Text(escape(head), style="bold red" if found.flagged else "bold"))
    for hit in found.hits:
        weighed = {k: round(WEIGHTS[k] * n, 2) for k, n in evidence(text, hit).items()}
        said = "use" if hit.use else "mention"
        out.print(
            Text(
                f"  {said} of {hit.family} ({hit.rule}, weight {hit.weight:g}), view {hit.view}, {hit.start}-{hit.end}"
            )
        )
        out.print(Text(f"    {_quoted(text, hit)}"))
        out.print(
            Text("    " + ", ".join(f"{k} {v:+g}" for k, v in weighed.items()) + f" = {sum(weighed.values()):+.2f}")
        )


def _quoted(text: str, hit: Hit) -> str:
    """The hit between marks, with a little of what stands around it; nothing in it can act on a terminal."""
    before = escape(text[max(0, hit.start - _AROUND) : hit.start])
    span = escape(text[hit.start : hit.end][: 4 * _AROUND])
    return f"{before}»{span}«{escape(text[hit.end : hit.end + _AROUND])}"
