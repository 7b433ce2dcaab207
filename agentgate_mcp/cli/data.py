"""`agentgate-mcp data`: what is bundled, what is loaded, and how to make it again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentgate_mcp.bundled import bundled_dir
from agentgate_mcp.cli.state import settings_of
from agentgate_mcp.cli.terminal import err, fail, out, print_json, table
from agentgate_mcp.model.call import Json

if TYPE_CHECKING:
    from agentgate_mcp.compose import LoadReport

app = typer.Typer(no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_data(context: typer.Context, as_json: AsJson = False) -> None:
    """Cases, indexes and counts of the data in use."""
    from agentgate_mcp.compose import open_site_backends

    backends = open_site_backends(settings_of(context))
    cases = [(c.case_id, c.severity, c.title) for c in backends.cases.cases()]
    indexes = [(str(r["name"]), str(r["totalEventCount"]), str(r["maxTime"])) for r in backends.search.indexes()]
    if as_json:
        listed: dict[str, Json] = {
            "cases": [{"case_id": c, "severity": s, "title": t} for c, s, t in cases],
            "indexes": [{"name": n, "events": int(e), "latest": t} for n, e, t in indexes],
        }
        print_json(listed)
        return
    table(("case", "severity", "title"), cases, empty="no cases")
    table(("index", "events", "latest"), indexes, empty="no indexes")


@app.command("generate")
def generate(
    out_dir: Annotated[
        Path | None, typer.Argument(help="Where to write; made if it does not exist. With --check: the bundled data.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only compare what is there with what would be written.")
    ] = False,
) -> None:
    """Write the bundled data, or compare it.

    The data is synthetic and comes out byte for byte the same every time."""
    from agentgate_mcp import synth

    if out_dir is None:
        if not check:
            raise typer.BadParameter("expected a directory to write to", param_hint="OUT_DIR")
        out_dir = bundled_dir("data")
    if check:
        different = synth.verify(out_dir)
        for path in different:
            out.print(path, markup=False)
        if different:
            fail(f"{len(different)} file(s) of {out_dir} differ from what would be written")
        err.print(f"{out_dir} is what would be written", markup=False)
        return
    manifest = synth.generate(out_dir)
    err.print(f"wrote {len(manifest.files)} files to {out_dir}", markup=False)


@app.command("load-zeek")
def load_zeek(
    paths: Annotated[list[Path], typer.Argument(help="Zeek logs, or folders of them; .gz too.")],
    store: Annotated[Path, typer.Option("--store", help="The store to write.")],
    strict: Annotated[bool, typer.Option("--strict", help="Refuse everything when one row is malformed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Load Zeek logs into a store. Labels are dropped on the way."""
    from agentgate_mcp.compose import load_zeek_store

    store.parent.mkdir(parents=True, exist_ok=True)
    with err.status("reading logs"):
        report = load_zeek_store(paths, store, strict=strict)
    _problems(report)
    if as_json:
        print_json(_said(report))
        return
    out.print(f"{report.rows} rows in, {report.skipped} left out: {store}", markup=False)
    _how_to_use(store)


@app.command("build-iot23")
def build_iot23(
    context: typer.Context,
    source: Annotated[Path, typer.Option("--from", help="A folder with IoT-23 `conn.log.labeled` files, or .gz.")],
    out_dir: Annotated[
        Path | None, typer.Option("--out", help="Where to write; else `build` beside the instructions.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Build a store of each IoT-23 capture.

    You download the captures; data/iot23/README.md says where. Labels are dropped on the way."""
    from agentgate_mcp.compose import load_zeek_store

    files = [source] if source.is_file() else sorted(p for p in source.rglob("*conn.log.labeled*") if p.is_file())
    if not files:
        fail(f"{source}: expected conn.log.labeled files, found none")
    folder = out_dir or _build_folder(settings_of(context).state_dir)
    folder.mkdir(parents=True, exist_ok=True)
    built: list[LoadReport] = []
    for file in files:
        with err.status(f"reading {file.name}"):
            report = load_zeek_store([file], folder / f"{capture_name(file)}.duckdb", strict=False)
        built.append(report)
        _problems(report)
        if not as_json:
            out.print(f"{report.rows} flows in, {report.skipped} left out: {report.store}", markup=False)
    if as_json:
        print_json([_said(report) for report in built])
        return
    _how_to_use(built[0].store)


def capture_name(file: Path) -> str:
    """The capture that a `conn.log.labeled` file holds: of its name or, as in the published
    archive, of the folder that it lies in."""
    name = file.name.partition("conn.log.labeled")[0].rstrip(".-_")
    folders = [p.name for p in file.resolve().parents if p.name.startswith("CTU-")]
    return name or next(iter(folders), file.resolve().parent.name or "capture")


def _build_folder(state_dir: Path) -> Path:
    beside = bundled_dir("data") / "iot23" / "build"
    try:
        beside.mkdir(parents=True, exist_ok=True)
    except OSError:
        return state_dir / "iot23"
    return beside if os.access(beside, os.W_OK) else state_dir / "iot23"


def _problems(report: LoadReport) -> None:
    for problem in report.problems[:20]:
        err.print(f"{problem.file}:{problem.line}: {problem.problem}", markup=False)
    if report.skipped > 20:
        err.print(f"… {report.skipped} rows were left out in all", markup=False)


def _said(report: LoadReport) -> dict[str, Json]:
    return {
        "store": str(report.store),
        "files": report.files,
        "rows": report.rows,
        "skipped": report.skipped,
        "by_sourcetype": dict(report.by_sourcetype),
        "problems": [{"file": p.file, "line": p.line, "problem": p.problem} for p in report.problems],
    }


def _how_to_use(store: Path) -> None:
    err.print(f"to use it: TELEMETRY_BACKEND=iot23 AGENTGATE_TELEMETRY_STORE={store.resolve()}", markup=False)
