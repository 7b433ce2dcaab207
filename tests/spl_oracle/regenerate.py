"""Writes `tests/goldens/spl/*.jsonl` anew: ``python -m tests.spl_oracle.regenerate [--check] [GROUP …]``.

With ``--check`` nothing is written; the exit code is 1 where a file would change.
"""

from __future__ import annotations

import argparse
import json
import sys

from tests.spl_oracle.data import NOW, Data, bundled
from tests.spl_oracle.goldens import GOLDENS, queries, query_groups, record
from tests.spl_oracle.pipeline import run


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true", help="write nothing, tell what would change")
    parser.add_argument("groups", nargs="*")
    asked = parser.parse_args()
    data = bundled()
    GOLDENS.mkdir(parents=True, exist_ok=True)
    changed = 0
    for group in asked.groups or query_groups():
        path = GOLDENS / f"{group}.jsonl"
        before = path.read_text(encoding="utf-8") if path.is_file() else ""
        text = "".join(f"{line}\n" for line in lines(group, data))
        changed += text != before
        if not asked.check:
            path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{group}: {text.count(chr(10))}{' (changed)' if text != before else ''}\n")
    return 1 if asked.check and changed else 0


def lines(group: str, data: Data) -> list[str]:
    """The golden lines of a group; an error names the search."""
    found: list[str] = []
    for query in queries(group):
        try:
            answer = run(query.query, data, now=NOW, earliest=query.earliest, latest=query.latest)
        except Exception as error:
            error.add_note(f"{query.id}: {query.query}")
            raise
        found.append(json.dumps(record(query, answer), ensure_ascii=False))
    return found


if __name__ == "__main__":
    sys.exit(main())
