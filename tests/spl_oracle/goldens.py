"""The golden suite: searches in `queries/*.spl`, their answers in `tests/goldens/spl/*.jsonl`.

A query file holds one search a line; ``# …`` is a comment and ``#@ EARLIEST LATEST`` sets the time
range of the lines after it (``-`` for none). An answer is kept as field names, the number of rows,
the SHA-256 of all rows and the first three of them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.spl_oracle.pipeline import Answer, Shown

HERE = Path(__file__).resolve().parent
QUERIES = HERE / "queries"
GOLDENS = HERE.parent / "goldens" / "spl"
_DECIMAL = re.compile(r"-?\d+\.\d+(?:e[+-]?\d+)?|-?\d+e[+-]?\d+|-?\d{14,}")
_DIGITS = 13
"""Significant digits of a decimal number that count: sums taken in another order differ behind them."""


class Query(NamedTuple):
    id: str
    query: str
    earliest: str
    latest: str


def query_groups() -> list[str]:
    return sorted(path.stem for path in QUERIES.glob("*.spl"))


def queries(group: str) -> Iterator[Query]:
    """The searches of a group. Ids count from 1."""
    earliest = latest = ""
    number = 0
    for line in (QUERIES / f"{group}.spl").read_text(encoding="utf-8").splitlines():
        if line.startswith("#@"):
            earliest, latest = ("" if word == "-" else word for word in line[2:].split())
        elif line.strip() and not line.startswith("# "):
            number += 1
            yield Query(f"{group}-{number:03d}", line.strip(), earliest, latest)


def stored(group: str) -> list[dict[str, Any]]:
    path = GOLDENS / f"{group}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def record(query: Query, answer: Answer) -> dict[str, Any]:
    """One line of a golden file."""
    return {
        **query._asdict(),
        "fields": answer.fields,
        "rows": len(answer.rows),
        "sha256": fingerprint(answer.rows),
        "head": [canonical(row) for row in answer.rows[:3]],
    }


def canonical(row: Mapping[str, Any]) -> Shown:
    """A row with its decimals cut to the digits that count, fields by name."""
    return {name: _rounded(row[name]) for name in sorted(row)}


def _rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return f"{float(value):.{_DIGITS}g}"
    return value


def fingerprint(rows: Sequence[Mapping[str, Any]]) -> str:
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps(canonical(row), sort_keys=True, ensure_ascii=False).encode())
        digest.update(b"\n")
    return digest.hexdigest()
