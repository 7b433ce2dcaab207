"""The embedded search engine over ten million events: time, memory and the speed of a plain count.

The store is made by SQL, not from JSON, and each search runs in a process of its own, so that its
peak of resident memory is its own too.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, cast

from agentgate_mcp.backends.embedded.duck import Scalar, build_store
from agentgate_mcp.backends.embedded.schema import EVENT_FIELDS, EXTRA, MADE, MORE, SEQ, STORE_VERSION, column_type
from agentgate_mcp.bench.frame import Measure, Options
from agentgate_mcp.model.call import Json

EVENTS: Final = 10_000_000
QUICK_EVENTS: Final = 200_000
MEMORY_MB: Final = 1500.0
BASELINE: Final = "SELECT src, count(*) FROM events GROUP BY src"
_START: Final = 1_700_000_000
_MB: Final = 1_000_000
SEARCHES: Final = (
    ("stats_by_src", "index=network | stats count by src", 3.0),
    ("sum_by_dest", "index=network | stats sum(bytes_out) by dest", None),
    ("timechart_by_action", "index=network | timechart span=1d count by action", None),
)
"""Name, search, and the seconds promised (DESIGN §9) where there is a promise."""
_MADE_OF: Final[dict[str, str]] = {
    "_time": f"{_START} + i * 0.1",
    "event_id": "'e-' || i",
    "index": "'network'",
    "sourcetype": "'zeek:conn'",
    "host": "'sensor0' || i % 7",
    "src": "'10.0.' || i * 7919 % 60000 // 256 || '.' || i * 7919 % 60000 % 256",
    "dest": "'192.0.2.' || i * 31 % 256",
    "action": "CASE WHEN i % 11 = 0 THEN 'blocked' ELSE 'allowed' END",
    "bytes_out": "CAST(i * 7919 % 100000 AS VARCHAR)",
    "_raw": "'conn'",
}
"""SQL over the row's number; every other field is empty."""


def engine_measures(options: Options, say: Callable[[str], None], details: dict[str, Json]) -> tuple[Measure, ...]:
    """Seconds (the least of three runs) and peak megabytes of each search; ``details`` gets their texts."""
    events = QUICK_EVENTS if options.quick else EVENTS
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "events.duckdb"
        say(f"writing {events:,} events")
        details["engine"] = {name: query for name, query, _ in SEARCHES}
        write_store(store, events)
        measures: list[Measure] = []
        for name, query, goal in SEARCHES:
            say(query)
            found = _measured(store, query)
            note = f"{query} ({int(found['rows']):,} rows)"
            seconds = Measure(
                name=f"{name}_seconds",
                value=found["seconds"],
                unit="s",
                n=events,
                goal=goal,
                baseline=found["baseline"],
                baseline_of=BASELINE,
                note=note,
            )
            memory = Measure(
                name=f"{name}_peak_memory", value=found["megabytes"], unit="MB", n=events, goal=MEMORY_MB, note=note
            )
            measures.extend((seconds, memory))
        return tuple(measures)


def write_store(path: Path, events: int) -> None:
    """A telemetry store of ``events`` made-up network events. Raises: BackendError."""
    columns = [f'i + 1 AS "{SEQ}"']
    columns += [
        f'CAST({_MADE_OF.get(name, "NULL")} AS {column_type(name)}) AS "{name}"'
        for name in sorted(EVENT_FIELDS, key=lambda name: name != "event_id")
    ]
    columns += [
        f"CAST(NULL AS MAP(VARCHAR, VARCHAR)) AS {EXTRA}",
        f"CAST(NULL AS VARCHAR) AS {MORE}",
        f"CAST(NULL AS BOOLEAN) AS {MADE}",
    ]
    nothing: dict[str, Scalar] = {}
    build_store(
        path,
        [
            (f"CREATE TABLE events AS SELECT {', '.join(columns)} FROM range({int(events)}) t(i)", nothing),  # noqa: S608
            ("CREATE TABLE about (name VARCHAR PRIMARY KEY, value VARCHAR)", nothing),
            ("INSERT INTO about VALUES ('version', $version), ('origin', 'bench')", {"version": str(STORE_VERSION)}),
            ("CREATE TABLE extra_fields (name VARCHAR)", nothing),
        ],
    )


def _measured(store: Path, query: str) -> dict[str, float]:
    """What `search_once` finds, in a fresh process."""
    command = [sys.executable, "-m", "agentgate_mcp.bench.engine", str(store), query]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    return cast("dict[str, float]", json.loads(done.stdout))


def search_once(store: Path, query: str, *, runs: int = 3) -> dict[str, float]:
    """The shortest of ``runs`` in seconds, that of the same count in bare SQL, the peak of this
    process in megabytes, and the rows."""
    from agentgate_mcp.backends.embedded.search.engine import SearchEngine
    from agentgate_mcp.backends.embedded.store import open_telemetry
    from agentgate_mcp.backends.ports import SearchJob
    from agentgate_mcp.model.facts import RuntimeGuard
    from agentgate_mcp.spl.knowledge import EMPTY

    telemetry = open_telemetry(store)
    engine = SearchEngine(telemetry, lambda: EMPTY)
    guard = RuntimeGuard(max_time_s=300, max_rows=100_000, max_bytes=100_000_000)
    job = SearchJob(query=query, earliest="", latest="", now=float(_START), guard=guard)
    seconds: list[float] = []
    bare: list[float] = []
    rows = 0
    for _ in range(runs):
        started = time.perf_counter()
        rows = len(engine.run(job).rows)
        between = time.perf_counter()
        telemetry.rows(BASELINE)
        seconds.append(between - started)
        bare.append(time.perf_counter() - between)
    best, plain = round(min(seconds), 4), round(min(bare), 4)
    return {"seconds": best, "baseline": plain, "megabytes": round(_peak_bytes() / _MB, 1), "rows": rows}


def _peak_bytes() -> int:
    """The peak of this process alone: Linux' resource usage still holds what its parent reached."""
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main(arguments: Sequence[str]) -> None:
    """One search in this process; its figures go to the standard output as JSON."""
    store, query = arguments
    sys.stdout.write(json.dumps(search_once(Path(store), query)))


if __name__ == "__main__":
    main(sys.argv[1:])
