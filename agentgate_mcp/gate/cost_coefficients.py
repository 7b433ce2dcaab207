"""The numbers that turn events into seconds, each with its source; a site may fit its own.

| coefficient | value | source |
|---|---|---|
| ``raw_rate``: events read per second | 16,000 | capacity manual [1]: geometric mean of dense and sparse searches |
| ``wildcard_rate``: the same behind a leading wildcard | 5,000 | capacity manual [1]: sparse rate, no term narrows |
| ``summary_rate``: events per second over summaries | 1,000,000 | assumed; `tstats` reads index files, not events |
| ``start_s``: start of a job, and of each search inside it | 0.5 s | assumed |
| ``events_low``, ``events_high``: 90 % interval of events without index statistics | ÷3 … ×3 | assumed |
| ``seconds_low``, ``seconds_high``: 90 % interval of seconds | ÷4 … ×4 | assumed |
| bytes read per event over summaries | 5 % of raw | assumed |
| one search in brackets | at most 60 s | limits.conf: a subsearch ends at 60 s or 10,000 rows |
| a real-time search | 3,600 s | it never ends; an hour of one core is counted |
| each further leading wildcard | 10 % slower | assumed |
| size of a bucket | 750 MiB on disk, half of the raw size | indexes.conf: maxDataSize=auto; capacity manual |
| all time | 365 days, or the index's retention | assumed where retention is not known |
| an index without a baseline | the largest known, else 5,000,000 events/day of 500 bytes | assumed |
| SVC-hours | seconds / 3,600 | a proxy: one busy core for an hour; no public formula exists |

[1] Splunk Enterprise 10 capacity manual, one indexer: dense searches (10 % of events match) up to
50,000 events/s, sparse ones (0.01–1 %) up to 5,000 events/s. `cost calibrate` fits the named ones to
a site's own history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Final

from agentgate_mcp.errors import DataError
from agentgate_mcp.model.call import Json

SUMMARY_BYTES_SHARE: Final = 0.05
SUBSEARCH_LIMIT_S: Final = 60.0
UNLIMITED: Final = frozenset({"multisearch", "union"})
"""Commands whose brackets hold whole searches, without a subsearch's limits."""
REAL_TIME_S: Final = 3_600.0
WILDCARD_SLOWER: Final = 0.1
BUCKET_RAW_BYTES: Final = 2 * 750 * 1_048_576.0
ALL_TIME_DAYS: Final = 365.0
_MAX: Final = 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficients:
    """See the table above. ``*_low`` and ``*_high`` are factors of the estimate."""

    raw_rate: float = 16_000.0
    wildcard_rate: float = 5_000.0
    summary_rate: float = 1_000_000.0
    start_s: float = 0.5
    events_low: float = 1 / 3
    events_high: float = 3.0
    seconds_low: float = 1 / 4
    seconds_high: float = 4.0

    def to_json(self) -> dict[str, Json]:
        return {**asdict(self)}


DEFAULT: Final = Coefficients()


def read_coefficients(value: Json) -> Coefficients:
    """Coefficients out of a calibration file. Raises: DataError naming the field."""
    names = {f.name for f in fields(Coefficients)}
    if not isinstance(value, Mapping) or set(value) != names:
        raise DataError("calibration", "/coefficients", f"expected an object of {', '.join(sorted(names))}")
    found: dict[str, float] = {}
    for name, number in value.items():
        if isinstance(number, bool) or not isinstance(number, int | float) or not 0 < number < _MAX:
            raise DataError("calibration", f"/coefficients/{name}", "expected a number above 0")
        found[name] = float(number)
    made = Coefficients(**found)
    if made.wildcard_rate > made.raw_rate or made.raw_rate > made.summary_rate:
        raise DataError("calibration", "/coefficients", "expected wildcard_rate ≤ raw_rate ≤ summary_rate")
    if not made.events_low <= 1 <= made.events_high or not made.seconds_low <= 1 <= made.seconds_high:
        raise DataError("calibration", "/coefficients", "expected every interval to hold its estimate")
    return made
