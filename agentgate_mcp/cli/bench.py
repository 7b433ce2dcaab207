"""`agentgate-mcp bench`: measured figures, as a table or JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from agentgate_mcp.bench.frame import Measure, Options
from agentgate_mcp.bench.suites import NAMES, run_suite
from agentgate_mcp.cli.terminal import err, fail, print_json, table


def bench(
    suite: Annotated[str, typer.Argument(help="The suite to run; without one, they are listed.")] = "",
    quick: Annotated[bool, typer.Option("--quick", help="Small samples, for a check by eye.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of everything that is drawn.")] = 20261120,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    file: Annotated[Path | None, typer.Option("--out", help="Also write the JSON report here.")] = None,
) -> None:
    """Measure speed and quality.

    Exit code 1 when a goal is missed."""
    if not suite:
        table(("suite", "measures"), list(NAMES.items()))
        return
    if suite not in NAMES:
        fail(f"suite: expected one of {', '.join(NAMES)}, got {suite[:40]!a}", code=2)
    report = run_suite(suite, Options(quick=quick, seed=seed), lambda text: err.print(text, markup=False))
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(report.to_json(), indent=2) + "\n", encoding="utf-8")
    if as_json:
        print_json(report.to_json())
    else:
        table(("measure", "value", "goal", "met", "baseline", "N"), [_row(m) for m in report.measures])
    if not report.met:
        raise typer.Exit(1)


def _row(measure: Measure) -> tuple[str, ...]:
    goal = "" if measure.goal is None else f"{'≤' if measure.bound == 'at most' else '≥'} {measure.goal:g}"
    met = {None: "", True: "yes", False: "NO"}[measure.met]
    beside = ""
    if measure.baseline is not None:
        beside = f"{measure.baseline:.4g} {measure.unit} ({measure.baseline_of})"
    return measure.name, f"{measure.value:.4g} {measure.unit}".rstrip(), goal, met, beside, str(measure.n)
