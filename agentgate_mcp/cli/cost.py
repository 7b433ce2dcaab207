"""`agentgate-mcp cost`: fit the cost estimates to a site."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from agentgate_mcp.cli.state import settings_of
from agentgate_mcp.cli.terminal import err, print_json, table
from agentgate_mcp.errors import CanonicalError, DataError

if TYPE_CHECKING:
    from agentgate_mcp.gate.cost_fit import Calibration
    from agentgate_mcp.model.call import Json
    from agentgate_mcp.model.usage import PastSearch

app = typer.Typer(no_args_is_help=True)
MAX_FILE_BYTES = 256 * 1024 * 1024
"""Of an export. A million searches are about this much."""
_MAX_CELL = 1024 * 1024


@app.callback()
def group() -> None:
    """What searches cost here."""


@app.command("calibrate")
def calibrate_command(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(
            help="An export of `index=_audit action=search info=completed`, .csv or JSON lines, with the columns "
            "search, total_run_time, scan_count, exec_time (or _time), search_et, search_lt. Without one: the "
            "searches that the ledger has on record."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be kept; keep nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Fit the cost coefficients to searches that have run here, and tell the error before and after.

    Servers take them when they next start. Exit code 1 for fewer than 30 searches that can be read."""
    from agentgate_mcp.compose import past_of, save_calibration
    from agentgate_mcp.gate.cost_fit import Job, calibrate

    settings = settings_of(context)
    searches = list(read_export(file)) if file is not None else None
    source = file.name if file is not None else "ledger"
    jobs = [job for item in past_of(settings, searches) if (job := Job.of(item)) is not None]
    found = calibrate(jobs, source=source)
    path = None if dry_run else save_calibration(settings, found)
    if as_json:
        print_json({**found.to_json(), "file": str(path) if path is not None else None})
    else:
        _show(found, path)


def read_export(file: Path) -> Iterator[PastSearch]:
    """The searches of an export, by its ending a CSV or JSON lines. Raises: DataError with the line."""
    from agentgate_mcp.gate.cost_past import audit_search

    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise DataError(file.name, "file", f"expected at most {MAX_FILE_BYTES} bytes, got {file.stat().st_size}")
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as exc:
        raise DataError(file.name, f"byte {exc.start}", "expected UTF-8") from None
    except OSError as exc:
        raise DataError(file.name, "file", exc.strerror or "cannot be read") from None
    rows = _csv_rows(text, file.name) if file.suffix.lower() == ".csv" else _json_rows(text, file.name)
    for line, row in rows:
        found = audit_search(row)
        if isinstance(found, str):
            raise DataError(file.name, f"line {line}", found)
        yield found


def _csv_rows(text: str, name: str) -> Iterator[tuple[int, Mapping[str, Json]]]:
    csv.field_size_limit(_MAX_CELL)
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            if None in row:
                raise DataError(name, f"line {reader.line_num}", "expected as many cells as the header has")
            yield reader.line_num, cast("Mapping[str, Json]", row)
    except csv.Error as exc:
        raise DataError(name, f"line {reader.line_num}", f"expected CSV: {exc}") from None


def _json_rows(text: str, name: str) -> Iterator[tuple[int, Mapping[str, Json]]]:
    from agentgate_mcp.canonical import loads_strict

    for line, part in enumerate(text.split("\n"), start=1):
        if not part.strip():
            continue
        try:
            value = loads_strict(part)
        except CanonicalError as exc:
            raise DataError(name, f"line {line}", str(exc)) from None
        # Splunk's export stands each row under `result`.
        row = value.get("result", value) if isinstance(value, dict) else value
        if not isinstance(row, dict):
            raise DataError(name, f"line {line}", "expected an object")
        yield line, row


def _show(found: Calibration, path: Path | None) -> None:
    from agentgate_mcp.gate.cost_coefficients import DEFAULT

    before = DEFAULT.to_json()
    rows = [(name, f"{before[name]:.4g}", f"{value:.4g}") for name, value in found.coefficients.to_json().items()]
    rows.append(("error, median %", f"{found.before.median_percent:.4g}", f"{found.after.median_percent:.4g}"))
    rows.append(("inside the 90 % interval", f"{found.before.coverage:.0%}", f"{found.after.coverage:.0%}"))
    table(("", "documented", "fitted"), rows)
    err.print(f"{found.jobs} searches of {found.source}; errors after are of searches not fitted to", markup=False)
    err.print(f"kept in {path}" if path is not None else "nothing was kept", markup=False)
