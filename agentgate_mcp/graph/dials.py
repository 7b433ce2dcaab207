"""Settings of a saved search that can be turned one way for nothing, and cost something the other.

Each row of the tables says what a setting is worth when it is absent (Splunk's default, from
savedsearches.conf), which way hurts, how much, and in which words. What a dial limits is one of:
how much a run reads (`truncation`), when it runs (`schedule_gap`), what the rows hold
(`narrowed_filter`), how loud and how long an alert is heard (`visibility`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from agentgate_mcp.graph.cron import read_cron
from agentgate_mcp.graph.grades import Grade, rows_grade, share_grade, threshold_grade
from agentgate_mcp.graph.settings import flag, number, seconds, text
from agentgate_mcp.model.call import Json

Found = tuple[str, str, Grade]
"""Kind of loss, what a person needs to read, and how much it is."""
Content = Mapping[str, Json]
Reader = Callable[[Content, str], float | None]
Grader = Callable[[float, float], Grade]

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """One ordered setting. ``says`` is filled with the old and the new value."""

    key: str
    kind: str
    default: float
    worse: Literal["up", "down"]
    read: Reader
    grade: Grader
    says: str
    show: Callable[[float], str] = lambda v: f"{v:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A setting that is on or off; ``worse`` is the position that costs something."""

    key: str
    kind: str
    default: bool
    worse: bool
    grade: Grade
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A setting without an order: any other value may mean less."""

    key: str
    kind: str
    grade: Grade
    says: str


def turned(before: Content, after: Content) -> list[Found]:
    """What ``after`` costs that ``before`` did not. A value that cannot be read is not taken for
    a harmless one."""
    found = [f for d in DIALS if (f := _turn(d, before, after)) is not None]
    found += [
        (s.kind, s.says, s.grade)
        for s in SWITCHES
        if _position(after, s) is s.worse and _position(before, s) is not s.worse
    ]
    found += [
        (c.kind, c.says.format(new=text(after, c.key) or "(none)"), c.grade)
        for c in CHOICES
        if text(before, c.key).strip() != text(after, c.key).strip()
    ]
    return found


def span(value: float) -> str:
    """A time in the largest unit that fits; without end where it is infinite."""
    if math.isinf(value):
        return "no limit"
    for unit, size in (("d", _DAY), ("h", _HOUR), ("min", _MINUTE)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.3g} s"


def _turn(dial: Dial, before: Content, after: Content) -> Found | None:
    if before.get(dial.key) == after.get(dial.key):
        return None
    new = _value(dial, after)
    if new is None:
        return dial.kind, f"{dial.key} cannot be read: {text(after, dial.key)}", Grade.MODERATE
    old = _value(dial, before)
    old = dial.default if old is None else old
    if new <= old if dial.worse == "up" else new >= old:
        return None
    return dial.kind, dial.says.format(old=dial.show(old), new=dial.show(new)), dial.grade(old, new)


def _value(dial: Dial, content: Content) -> float | None:
    return dial.read(content, dial.key) if text(content, dial.key).strip() else dial.default


def _position(content: Content, switch: Switch) -> bool:
    state = flag(content, switch.key)
    return switch.default if state is None else state


# --- how values are read -----------------------------------------------------------------------


def _capped(content: Content, key: str) -> float | None:
    """A limit, where 0 stands for none."""
    value = number(content, key)
    return math.inf if value == 0 else value


def _duration(content: Content, key: str) -> float | None:
    return seconds(text(content, key))


def _lifetime(content: Content, key: str) -> float | None:
    """`2p` are two periods of the schedule, anything else seconds."""
    value = text(content, key).strip().lower()
    if value.endswith("p") and value[:-1].isdigit():
        return int(value[:-1]) * (_pause(content) or _HOUR)
    return seconds(value)


def _delay(content: Content, key: str) -> float | None:
    """How late a run may start: minutes, a duration, or a share of the time between two runs."""
    value = text(content, key).strip().lower()
    if value == "auto":
        return 15 * _MINUTE
    if value.endswith("%"):
        share = number({key: value[:-1]}, key)
        return None if share is None else share / 100 * (_pause(content) or _HOUR)
    if value.isdigit():
        return int(value) * _MINUTE
    return seconds(value)


def _pause(content: Content) -> float | None:
    schedule = read_cron(text(content, "cron_schedule"))
    return schedule.longest_pause_s if schedule else None


def _rank(*words: str) -> Reader:
    """The place of a word in an order, or of a number."""

    def read(content: Content, key: str) -> float | None:
        word = text(content, key).strip().lower()
        return float(words.index(word)) if word in words else number(content, key)

    return read


# --- how much it is ----------------------------------------------------------------------------


def _below(*steps: tuple[float, Grade]) -> Grader:
    """The grade of the first step that the new value stays below."""
    return lambda _old, new: next((grade for limit, grade in steps if new < limit), Grade.MINOR)


def _above(*steps: tuple[float, Grade]) -> Grader:
    """The grade of the first step that the new value exceeds."""
    return lambda _old, new: next((grade for limit, grade in steps if new > limit), Grade.MINOR)


def _levels(old: float, new: float) -> Grade:
    drop = old - new
    return Grade.MINOR if drop <= 1 else Grade.MODERATE if drop <= 2 else Grade.MAJOR


def _score(old: float, new: float) -> Grade:
    return Grade.MAJOR if new <= 0 else threshold_grade(new, old)


_BRIEF = _below((10, Grade.MAJOR), (_MINUTE, Grade.MODERATE))
_IDLE = _below((_MINUTE, Grade.MAJOR), (10 * _MINUTE, Grade.MODERATE))
_LATE = _above((_HOUR, Grade.MAJOR), (15 * _MINUTE, Grade.MODERATE))
_SHORT = _below((10 * _MINUTE, Grade.MAJOR), (4 * _HOUR, Grade.MODERATE))

DIALS = (
    Dial(key="dispatch.sample_ratio", kind="truncation", default=1, worse="up", read=number,
         grade=lambda old, new: share_grade(1 - old / new), says="one event in {new} is looked at, from one in {old}"),
    Dial(key="dispatch.max_count", kind="truncation", default=500_000, worse="down", read=number,
         grade=lambda _old, new: Grade.MAJOR if 1 <= new < 10 else rows_grade(new),
         says="a run keeps at most {new} results, from {old}"),
    Dial(key="dispatch.max_time", kind="truncation", default=math.inf, worse="down", read=_capped, grade=_BRIEF,
         says="a run is cut off after {new}, from {old}", show=span),
    Dial(key="dispatch.auto_cancel", kind="truncation", default=math.inf, worse="down", read=_capped, grade=_IDLE,
         says="a run that nobody watches is ended after {new}", show=span),
    Dial(key="dispatch.auto_pause", kind="truncation", default=math.inf, worse="down", read=_capped, grade=_IDLE,
         says="a run that nobody watches is halted after {new}", show=span),
    Dial(key="run_n_times", kind="schedule_gap", default=math.inf, worse="down", read=_capped,
         grade=lambda _old, _new: Grade.MAJOR, says="it runs {new} times and then no more"),
    Dial(key="max_concurrent", kind="schedule_gap", default=1, worse="down", read=number,
         grade=_below((1, Grade.MAJOR)), says="{new} of it may run at a time, from {old}"),
    Dial(key="schedule_window", kind="schedule_gap", default=0, worse="up", read=_delay, grade=_LATE,
         says="a run may start {new} late, from {old}", show=span),
    Dial(key="allow_skew", kind="schedule_gap", default=0, worse="up", read=_delay, grade=_LATE,
         says="a run may start {new} late, from {old}", show=span),
    Dial(key="schedule_priority", kind="schedule_gap", default=0, worse="down",
         read=_rank("default", "higher", "highest"), grade=_levels, says="its runs give way to others"),
    Dial(key="alert.expires", kind="visibility", default=_DAY, worse="down", read=_duration, grade=_SHORT,
         says="an alert is shown for {new}, from {old}", show=span),
    Dial(key="dispatch.ttl", kind="visibility", default=_DAY, worse="down", read=_lifetime, grade=_SHORT,
         says="results are kept for {new}, from {old}", show=span),
    Dial(key="alert.severity", kind="visibility", default=3, worse="down", read=number, grade=_levels,
         says="alerts have severity {new}, from {old}"),
    Dial(key="action.notable.param.severity", kind="visibility", default=2, worse="down",
         read=_rank("informational", "low", "medium", "high", "critical"), grade=_levels,
         says="notable events are of level {new} (0 to 4), from {old}"),
    Dial(key="action.risk.param._risk_score", kind="visibility", default=0, worse="down", read=number, grade=_score,
         says="it adds a risk of {new}, from {old}"),
)  # fmt: skip

SWITCHES = (
    Switch(key="alert.digest_mode", kind="throttle", default=True, worse=True, grade=Grade.MINOR,
           says="one alert stands for all results of a run"),
    Switch(key="realtime_schedule", kind="schedule_gap", default=True, worse=True, grade=Grade.MODERATE,
           says="a run that comes too late is skipped"),
    Switch(key="realtime_schedule", kind="schedule_gap", default=True, worse=False, grade=Grade.MINOR,
           says="runs that come late queue up and fall behind"),
    Switch(key="defer_scheduled_searchable_idxc", kind="schedule_gap", default=False, worse=True, grade=Grade.MINOR,
           says="it waits while the indexers are upgraded"),
    Switch(key="skip_scheduled_realtime_idxc", kind="schedule_gap", default=False, worse=True, grade=Grade.MINOR,
           says="it is skipped while the indexers are upgraded"),
    Switch(key="restart_on_searchpeer_add", kind="truncation", default=True, worse=False, grade=Grade.MINOR,
           says="an indexer that comes back is left out"),
    Switch(key="dispatch.allow_partial_results", kind="truncation", default=True, worse=False, grade=Grade.MINOR,
           says="a run fails where one indexer does not answer"),
    Switch(key="dispatch.lookups", kind="narrowed_filter", default=True, worse=False, grade=Grade.MAJOR,
           says="automatic lookups are off, so fields are missing"),
)  # fmt: skip

CHOICES = (
    Choice(key="workload_pool", kind="schedule_gap", grade=Grade.MODERATE,
           says="it runs in the workload pool {new}, which may delay or end it"),
    Choice(key="federated.provider", kind="narrowed_filter", grade=Grade.MAJOR, says="it runs on {new}"),
    Choice(key="dispatchAs", kind="narrowed_filter", grade=Grade.MODERATE,
           says="it reads with the rights of the {new}"),
    Choice(key="schedule_as", kind="narrowed_filter", grade=Grade.MODERATE, says="it reads with the rights of {new}"),
    Choice(key="dispatch.time_format", kind="schedule_gap", grade=Grade.MODERATE,
           says="its time range is read in the format {new}"),
    Choice(key="action.notable.param.default_status", kind="visibility", grade=Grade.MAJOR,
           says="its notable events begin in the state {new}"),
    Choice(key="schedule", kind="schedule_gap", grade=Grade.MODERATE, says="it has another schedule: {new}"),
)  # fmt: skip
