"""Compares the engine with the golden files: ``python -m tests.spl_oracle.report [--only a,b] [--diffs N]``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from agentgate_mcp.errors import AgentGateError
from tests.spl_oracle.data import NOW, Data, bundled
from tests.spl_oracle.goldens import canonical, query_groups, stored
from tests.spl_oracle.judged import Engine, difference
from tests.spl_oracle.pipeline import run


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="", help="groups, or ids such as eval-012, with commas")
    parser.add_argument("--diffs", type=int, default=5, help="differences shown per group")
    asked = parser.parse_args()
    only = [name for name in asked.only.split(",") if name]
    failed = total = 0
    with tempfile.TemporaryDirectory() as state:
        engine = Engine(Path(state))
        data = bundled()
        for group in query_groups():
            lines = [g for g in stored(group) if not only or group in only or g["id"] in only]
            problems: list[str] = []
            for golden in lines:
                problem = _problem(engine, golden, data)
                if problem:
                    problems.append(f"  {golden['id']}  {golden['query']}\n      {problem}")
            total += len(lines)
            failed += len(problems)
            if lines:
                sys.stdout.write(f"{group}: {len(lines) - len(problems)} of {len(lines)} agree\n")
            for problem in problems[: asked.diffs]:
                sys.stdout.write(problem + "\n")
        engine.close()
    sys.stdout.write(f"all: {total - failed} of {total} agree\n")
    return 1 if failed else 0


def _problem(engine: Engine, golden: dict[str, object], data: Data) -> str:
    query, earliest, latest = (str(golden[key]) for key in ("query", "earliest", "latest"))
    try:
        result = engine.answer(query, earliest, latest)
    except AgentGateError as error:
        return f"error: {error}"
    except Exception as error:
        return f"CRASH {type(error).__name__}: {error}"[:300]
    problem = difference(golden, result)
    if problem == "rows behind the third differ":
        for position, expected in enumerate(run(query, data, now=NOW, earliest=earliest, latest=latest).rows):
            if canonical(result.rows[position]) != canonical(expected):
                return f"row {position + 1}: {canonical(result.rows[position])}, expected {canonical(expected)}"[:900]
    return problem[:900]


if __name__ == "__main__":
    sys.exit(main())
