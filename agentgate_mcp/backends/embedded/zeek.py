"""Zeek logs into a telemetry store: TSV or JSON, plain or gzip, labelled or not.

Labels never reach the store: the readers drop them before a row exists, file names (which may
give the verdict away) are not kept, and what is stored is the same whatever the labels said.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from agentgate_mcp.backends.embedded.staging import Staging
from agentgate_mcp.backends.embedded.zeek_json import read_json
from agentgate_mcp.backends.embedded.zeek_map import to_event
from agentgate_mcp.backends.embedded.zeek_record import MalformedRow, RowProblem, ZeekRow, log_name
from agentgate_mcp.backends.embedded.zeek_tsv import read_tsv
from agentgate_mcp.errors import DataError

MAX_PROBLEMS: Final = 100
"""Problems that a report lists; further ones are only counted."""
MAX_LINE: Final = 1_048_576
_GZIP: Final = b"\x1f\x8b"
_FILE_NAME: Final = re.compile(r"(?:.*\.)?([a-z][a-z0-9_]*)(?:\.[0-9][0-9T:._-]*)?\.log(?:\.labeled)?(?:\.gz)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    """What was loaded. ``skipped`` rows could not be read; ``problems`` are the first of them.
    Times are epoch seconds, None where there are no events."""

    store: Path
    files: int
    rows: int
    skipped: int
    problems: tuple[RowProblem, ...]
    by_sourcetype: Mapping[str, int]
    earliest: float | None
    latest: float | None


def load_zeek(paths: Sequence[Path], out_duckdb: Path, *, strict: bool = False) -> LoadReport:
    """Loads logs (files, or folders of `*.log*`) into a new store at ``out_duckdb``.

    Malformed rows are reported and left out, or with ``strict`` refused. Nothing is written
    unless everything was read. Raises: DataError with file and line."""
    files = list(_files(paths))
    counts: Counter[str] = Counter()
    problems: list[RowProblem] = []
    skipped = 0
    earliest = latest = None
    with Staging(out_duckdb) as staging:
        for path in files:
            for row in read_zeek(path):
                found = _staged(row, path.name, staging)
                if isinstance(found, RowProblem):
                    if strict:
                        raise DataError(found.file, f"line {found.line}", found.problem)
                    skipped += 1
                    problems.extend([found] if len(problems) < MAX_PROBLEMS else [])
                    continue
                at, sourcetype = found
                counts[sourcetype] += 1
                earliest = at if earliest is None else min(earliest, at)
                latest = at if latest is None else max(latest, at)
        staging.build("zeek")
    return LoadReport(
        store=out_duckdb,
        files=len(files),
        rows=sum(counts.values()),
        skipped=skipped,
        problems=tuple(problems),
        by_sourcetype=dict(sorted(counts.items())),
        earliest=earliest,
        latest=latest,
    )


def read_zeek(path: Path) -> Iterator[ZeekRow | RowProblem]:
    """The rows of one log file, streaming. Raises: DataError when the file is none, or cut off."""
    lines = _lines(path)
    first = next(lines, None)
    if first is None:
        raise DataError(path.name, "line 1", "expected a Zeek log, got an empty file")
    rest = _with_first(first, lines)
    match first[1].lstrip()[:1]:
        case "#":
            yield from read_tsv(rest, path.name)
        case "{":
            named = _FILE_NAME.fullmatch(path.name)
            yield from read_json(rest, path.name, log_name(named[1]) if named else None)
        case _:
            raise DataError(path.name, "line 1", "expected a Zeek log: a # header or JSON objects")


def _staged(row: ZeekRow | RowProblem, label: str, staging: Staging) -> RowProblem | tuple[float, str]:
    if isinstance(row, RowProblem):
        return row
    try:
        at, fields = to_event(row)
        staging.add(at, fields)
    except MalformedRow as problem:
        return RowProblem(file=label, line=row.line, problem=str(problem))
    return at, str(fields["sourcetype"])


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            found = sorted(p for p in path.iterdir() if p.is_file() and re.search(r"\.log(\.|$)", p.name))
            if not found:
                raise DataError(path.name, "directory", "expected at least one .log file, got none")
            yield from found
        elif path.is_file():
            yield path
        else:
            raise DataError(path.name, "file", "expected a Zeek log, got no such file")


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines without their ends. Raises: DataError."""
    number = 0
    with path.open("rb") as plain:
        packed = plain.peek(2)[:2] == _GZIP
        source = cast(BinaryIO, gzip.GzipFile(fileobj=plain)) if packed else plain
        while True:
            number += 1
            where = f"line {number}"
            try:
                raw = source.readline(MAX_LINE + 1)
            except (EOFError, OSError, zlib.error) as error:
                raise DataError(path.name, where, f"expected a whole gzip file, got {type(error).__name__}") from None
            if not raw:
                return
            if len(raw) > MAX_LINE:
                raise DataError(path.name, where, f"expected lines of at most {MAX_LINE} bytes")
            try:
                yield number, raw.decode().rstrip("\r\n")
            except UnicodeDecodeError:
                # Zeek escapes what is not text, so such a line is damaged; it must not end the file.
                yield number, raw.decode(errors="backslashreplace").rstrip("\r\n")


def _with_first(first: tuple[int, str], rest: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    yield first
    yield from rest
