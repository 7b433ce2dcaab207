"""`agentgate-mcp investigate`: a whole case from the terminal, through the same gate."""

from __future__ import annotations

import json
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentgate_mcp.cli.local import call_tool
from agentgate_mcp.cli.state import settings_of
from agentgate_mcp.cli.terminal import err, fail, out, print_json
from agentgate_mcp.model.call import Json

if TYPE_CHECKING:
    from agentgate_mcp.config import Settings


class Format(StrEnum):
    MD = "md"
    JSON = "json"


def investigate(
    context: typer.Context,
    case_id: Annotated[str, typer.Argument(help="A case id; see `agentgate-mcp data list`.")] = "",
    zeek: Annotated[Path | None, typer.Option("--zeek", help="Investigate a Zeek capture instead of a case.")] = None,
    host: Annotated[str, typer.Option("--host", help="With --zeek: the host; else the busiest inside host.")] = "",
    form: Annotated[Format, typer.Option("--format", help="Format of the report.")] = Format.MD,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    out_dir: Annotated[Path | None, typer.Option("--out", help="Write the report into this folder.")] = None,
) -> None:
    """Investigate a case, or a Zeek capture.

    Prints the report; progress goes to stderr. Every step passes the gate and is on record."""
    if bool(case_id) == (zeek is not None):
        fail("expected a case id, or --zeek PATH", code=2)
    wanted = Format.JSON if as_json else form
    if zeek is None:
        result, text = _case(settings_of(context), case_id)
    else:
        with tempfile.TemporaryDirectory(prefix="agentgate-zeek-") as scratch:
            result, text = _capture(context, zeek, host, Path(scratch))
    if out_dir is not None:
        out_dir.mkdir(parents=True, exist_ok=True)
        name = str(result.get("case_id", "case")).replace("/", "_")
        target = out_dir / f"{name}.{wanted.value}"
        target.write_text(_dump(result) if wanted is Format.JSON else text, "utf-8")
        err.print(f"wrote {target}", markup=False)
    elif wanted is Format.JSON:
        print_json(result)
    else:
        out.print(text, markup=False)


def _case(settings: Settings, case_id: str) -> tuple[dict[str, Json], str]:
    return _call(settings, "investigate_case", {"case_id": case_id})


def _capture(context: typer.Context, zeek: Path, host: str, scratch: Path) -> tuple[dict[str, Json], str]:
    from agentgate_mcp.compose import load_zeek_store

    store = scratch / "capture.duckdb"
    with err.status("reading the capture"):
        report = load_zeek_store([zeek], store, strict=False)
    err.print(f"{report.rows} rows, {report.skipped} left out", markup=False)
    settings = settings_of(context, telemetry_backend="iot23", telemetry_store=store, state_dir=scratch / "state")
    return _call(settings, "investigate_host", {"host": host})


def _call(settings: Settings, tool: str, arguments: dict[str, Json]) -> tuple[dict[str, Json], str]:
    """The result of one tool, and its report as text."""
    from investigation.report.markdown import render_markdown

    found = call_tool(settings, tool, arguments).get("result")
    result = found if isinstance(found, dict) else {}
    return result, render_markdown(result)


def _dump(result: dict[str, Json]) -> str:
    return json.dumps(result, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
