"""Writes `tests/goldens/spl/*.jsonl` anew: ``python -m tests.spl_oracle.regenerate [GROUP …]``."""

from __future__ import annotations

import json
import sys

from tests.spl_oracle.data import NOW, bundled
from tests.spl_oracle.goldens import GOLDENS, queries, query_groups, record
from tests.spl_oracle.pipeline import run


def main(groups: list[str]) -> None:
    data = bundled()
    GOLDENS.mkdir(parents=True, exist_ok=True)
    for group in groups or query_groups():
        lines: list[str] = []
        for query in queries(group):
            try:
                answer = run(query.query, data, now=NOW, earliest=query.earliest, latest=query.latest)
            except Exception as error:
                error.add_note(f"{query.id}: {query.query}")
                raise
            lines.append(json.dumps(record(query, answer), ensure_ascii=False))
        (GOLDENS / f"{group}.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        sys.stdout.write(f"{group}: {len(lines)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
