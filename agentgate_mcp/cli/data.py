"""`agentgate-mcp data`: what is bundled, what is loaded, and how to make it again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agentgate_mcp.cli.state import settings_of
from agentgate_mcp.cli.terminal import err, fail, out, print_json, table
from agentgate_mcp.model.call import Json

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
    table(("case", "severity", "title"), cases)
    table(("index", "events", "latest"), indexes)


@app.command("generate")
def generate(
    out_dir: Annotated[Path, typer.Argument(help="Where to write; made if it does not exist.")],
    check: Annotated[
        bool, typer.Option("--check", help="Only compare what is there with what would be written.")
    ] = False,
) -> None:
    """Write the bundled synthetic data, byte for byte the same every time."""
    from agentgate_mcp import synth

    if check:
        different = synth.verify(out_dir)
        for path in different:
            out.print(path, markup=False)
        if different:
            fail(f"{len(different)} file(s) differ")
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
    """Load Zeek logs into a store for TELEMETRY_BACKEND=iot23. Labels are dropped on the way."""
    from agentgate_mcp.compose import load_zeek_store

    with err.status("reading logs"):
        report = load_zeek_store(paths, store, strict=strict)
    for problem in report.problems[:20]:
        err.print(f"{problem.file}:{problem.line}: {problem.problem}", markup=False)
    said: dict[str, Json] = {
        "store": str(report.store),
        "files": report.files,
        "rows": report.rows,
        "skipped": report.skipped,
        "by_sourcetype": dict(report.by_sourcetype),
    }
    print_json(said) if as_json else out.print(
        f"{report.rows} rows in, {report.skipped} left out: {store}", markup=False
    )


@app.command("build-iot23")
def build_iot23(
    source: Annotated[Path, typer.Option("--from", help="A folder with IoT-23 `conn.log.labeled` files.")],
    store: Annotated[Path | None, typer.Option("--store", help="The store to write.")] = None,
) -> None:
    """Build the IoT-23 store from captures that you downloaded (see data/iot23/README.md)."""
    from agentgate_mcp.compose import load_zeek_store

    files = sorted(p for p in source.rglob("*conn.log.labeled*") if p.is_file())
    if not files:
        fail(f"{source}: expected conn.log.labeled files, found none")
    target = store or Path("data/iot23/build/iot23.duckdb")
    target.parent.mkdir(parents=True, exist_ok=True)
    with err.status(f"reading {len(files)} captures"):
        report = load_zeek_store(files, target, strict=False)
    err.print(f"{report.rows} flows of {report.files} captures, {report.skipped} left out: {target}", markup=False)
