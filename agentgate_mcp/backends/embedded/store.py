"""The telemetry store: an immutable DuckDB file that several processes read at once.

Loading writes a new file and renames it into place; a file is never changed. Bundled data is
loaded on first use into a file named by its content, so a new version of it is a new file.
"""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from agentgate_mcp.backends.embedded.duck import Query, ReadOnlyStore
from agentgate_mcp.backends.embedded.jsonl import read_events
from agentgate_mcp.backends.embedded.manifest import expected_digests
from agentgate_mcp.backends.embedded.schema import STORE_VERSION
from agentgate_mcp.backends.embedded.staging import Staging, sweep
from agentgate_mcp.errors import BackendError, DataError
from agentgate_mcp.graph.observed import Sighting
from agentgate_mcp.model.usage import Volume

_STRETCH_S, _MOST_STRETCHES = 600, 4_464
"""Ten minutes, and how many of them a month has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSummary:
    """What one index holds. Times are epoch seconds."""

    name: str
    events: int
    earliest: float
    latest: float
    text_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataRow:
    """One host, source or sourcetype: how often it was seen, and when."""

    value: str
    events: int
    earliest: float
    latest: float


class TelemetryStore:
    """A store that is open for reading. Thread-safe; what it has read about itself it keeps."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._store = ReadOnlyStore(path)
        try:
            about = {str(k): str(v) for k, v in self.rows("SELECT name, value FROM about")}
            self.extra_fields = frozenset(str(name) for (name,) in self.rows("SELECT name FROM extra_fields"))
        except BackendError:
            self._store.close()
            raise DataError(path.name, "file", "expected a telemetry store, got another database") from None
        if about.get("version") != str(STORE_VERSION):
            self._store.close()
            raise DataError(path.name, "version", f"expected {STORE_VERSION}, got {about.get('version', 'none')!a}")
        self.origin = about.get("origin", "")

    def query(self) -> Query:
        """A connection for one job; the caller closes it."""
        return self._store.query()

    def rows(self, sql: str, parameters: dict[str, str] | None = None) -> list[tuple[object, ...]]:
        """All rows of one constant statement."""
        query = self.query()
        try:
            return query.rows(sql, parameters)
        finally:
            query.close()

    @cached_property
    def indexes(self) -> Sequence[IndexSummary]:
        """Every index with events, by name."""
        found = self.rows(
            'SELECT "index", count(*), min(_time), max(_time), sum(strlen(_raw)) FROM events GROUP BY 1 ORDER BY 1'
        )
        return tuple(
            IndexSummary(
                name=str(name), events=_int(n), earliest=_float(first), latest=_float(last), text_bytes=_int(size)
            )
            for name, n, first, last, size in found
        )

    def metadata(self, kind: Literal["host", "source", "sourcetype"], *patterns: str) -> Sequence[MetadataRow]:
        """Distinct values of ``kind`` in the indexes that match one of the ``patterns``.

        A pattern that does not start with `_` leaves internal indexes out."""
        wanted = [i.name for i in self.indexes if any(matches_index(i.name, pattern) for pattern in patterns)]
        if not wanted:
            return ()
        names = {f"p{n}": name for n, name in enumerate(wanted)}
        marks = ", ".join(f"${key}" for key in names)
        found = self.rows(
            f'SELECT "{kind}", count(*), min(_time), max(_time) FROM events '  # noqa: S608 - kind is a Literal
            f'WHERE "index" IN ({marks}) AND "{kind}" IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1',
            names,
        )
        return tuple(
            MetadataRow(value=str(value), events=_int(n), earliest=_float(first), latest=_float(last))
            for value, n, first, last in found
        )

    def sightings(self, since: float) -> Sequence[Sighting]:
        """What each host has sent at ``since`` (epoch seconds) or later, internal indexes left out."""
        found = self.rows(
            'SELECT host, "index", sourcetype, max(_time) FROM events WHERE host IS NOT NULL '
            """AND _time >= CAST($since AS DOUBLE) AND "index" NOT LIKE '\\_%' ESCAPE '\\' """
            "GROUP BY ALL ORDER BY ALL",
            {"since": repr(since)},
        )
        return tuple(
            Sighting(host=str(host), index=str(index), sourcetype=str(kind), last_seen=_float(last))
            for host, index, kind, last in found
        )

    @cached_property
    def volumes(self) -> Sequence[Volume]:
        """Events and bytes of raw text per index and source type, in stretches of ten minutes; longer
        ones where the events reach over more than a month."""
        first, last = (
            min((i.earliest for i in self.indexes), default=0.0),
            max((i.latest for i in self.indexes), default=0.0),
        )
        span = _STRETCH_S * max(1, -(-int(last - first) // (_STRETCH_S * _MOST_STRETCHES)))
        found = self.rows(
            'SELECT "index", sourcetype, floor(_time / CAST($span AS DOUBLE)), count(*), sum(strlen(_raw)) '
            "FROM events GROUP BY ALL ORDER BY ALL",
            {"span": str(span)},
        )
        return tuple(
            Volume(
                index=str(index), sourcetype=str(kind or ""), start=_int(start) * span, span=span, events=_int(n),
                size=_int(size),
            )
            for index, kind, start, n, size in found
        )  # fmt: skip

    def close(self) -> None:
        self._store.close()


def matches_index(name: str, pattern: str) -> bool:
    """Whether an index pattern reaches an index: `*` never reaches one that starts with `_`."""
    if name.startswith("_") and not pattern.startswith("_"):
        return False
    return fnmatch.fnmatchcase(name, pattern.lower().replace("[", "[[]").replace("?", "[?]"))


def open_telemetry(path: Path) -> TelemetryStore:
    """Opens a store file. Raises: DataError when it is none, or of another version."""
    if not path.is_file():
        raise DataError(path.name, "file", "expected a telemetry store, got no such file")
    return TelemetryStore(path)


def open_bundled(data_dir: Path, state_dir: Path) -> TelemetryStore:
    """The store of ``data_dir``/telemetry, loaded into ``state_dir`` when it is not there yet.

    Several processes may do this at once: each builds its own file and the last rename wins.
    Raises: DataError with file and line; nothing is then left behind."""
    files = sorted((data_dir / "telemetry").glob("*.jsonl"))
    if not files:
        raise DataError("telemetry", "directory", "expected at least one .jsonl file, got none")
    target = state_dir / "telemetry" / f"dummy-{_key(data_dir, files)}.duckdb"
    if target.is_file():
        try:
            return TelemetryStore(target)
        except DataError:
            # Only a cache: a damaged one is built again from the files.
            target.unlink(missing_ok=True)
    sweep(target.parent, ".dummy-*")
    load_events(data_dir, files, target)
    return TelemetryStore(target)


def load_events(data_dir: Path, files: Sequence[Path], target: Path) -> int:
    """Loads event files into a new store; returns the number of events. Raises: DataError."""
    digests = expected_digests(data_dir)
    seen: set[str] = set()
    with Staging(target) as staging:
        for path in files:
            label = f"telemetry/{path.name}"
            for number, at, fields in read_events(path, label):
                event_id = str(fields["event_id"])
                if event_id in seen:
                    raise DataError(
                        label, f"line {number}", f"event_id: expected a new one, got {event_id[:40]!a} again"
                    )
                seen.add(event_id)
                try:
                    staging.add(at, fields)
                except UnicodeEncodeError:
                    raise DataError(label, f"line {number}", "expected text, got a lone surrogate") from None
            _check_digest(path, label, digests.get(label))
        staging.build("bundled")
        return staging.count


def _check_digest(path: Path, label: str, expected: str | None) -> None:
    if expected is None:
        return
    with path.open("rb") as file:
        actual = hashlib.file_digest(file, "sha256").hexdigest()
    if actual != expected:
        raise DataError(label, "file", "expected the content that MANIFEST.json names, got another")


def _key(data_dir: Path, files: Sequence[Path]) -> str:
    """Names the content without reading it: the manifest's digest with the files' sizes."""
    hasher = hashlib.sha256(f"{STORE_VERSION}\n".encode())
    manifest = data_dir / "MANIFEST.json"
    for path in files:
        hasher.update(f"{path.name} {path.stat().st_size}\n".encode())
        if not manifest.is_file():
            hasher.update(path.read_bytes())
    if manifest.is_file():
        hasher.update(manifest.read_bytes())
    return hasher.hexdigest()[:16]


def _int(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0


def _float(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
