"""Blinding that breaks no edge: what a new version of a saved search says less, or to fewer.

Schedule, time window, throttling, recipients, alert actions and alert condition, compared
setting by setting; what only needs a row of a table is in `dials.py`, the filter in `searches.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agentgate_mcp.errors import SplError
from agentgate_mcp.graph.alerting import weakened
from agentgate_mcp.graph.cron import read_cron
from agentgate_mcp.graph.dials import Found, span, turned
from agentgate_mcp.graph.grades import Grade, share_grade
from agentgate_mcp.graph.settings import actions, flag, is_scheduled, seconds, text, texts
from agentgate_mcp.model.call import Json
from agentgate_mcp.spl.time import parse_time

_HOUR, _DAY, _WEEK = 3600.0, 86_400.0, 604_800.0
_NOW = 1_800_014_400.0
"""A noon, so that snapping to the day leaves some of it; only differences are used."""

_RECIPIENTS = (
    "action.email.to", "action.email.cc", "action.email.bcc", "action.webhook.param.url", "action.slack.param.channel",
    "action.pagerduty.param.integration_url", "action.notable.param.recommended_actions",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Loss:
    """One typed loss. ``grade`` BLIND means that the object says nothing any more."""

    kind: str
    object: str
    detail: str
    grade: Grade


def settings_losses(object_id: str, before: Mapping[str, Json], after: Mapping[str, Json]) -> list[Loss]:
    """Everything that ``after`` says less, or later, or to fewer, than ``before``."""
    found = [
        *_schedule(before, after),
        *_throttle(before, after),
        *_actions(before, after),
        *_recipients(before, after),
        *_alert_condition(before, after),
        *turned(before, after),
    ]
    return [Loss(kind=kind, object=object_id, detail=detail, grade=grade) for kind, detail, grade in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Coverage:
    """How a schedule covers time. ``pause`` is the longest wait between two runs, ``window``
    what one run looks at, ``delay`` how late it looks; all in seconds, None where unknown."""

    pause: float | None
    window: float | None
    delay: float

    @property
    def uncovered(self) -> float:
        """The share of time that no run looks at."""
        if self.pause is None or self.window is None or self.pause <= 0:
            return 0.0
        return max(0.0, self.pause - self.window) / self.pause


def _schedule(before: Mapping[str, Json], after: Mapping[str, Json]) -> list[Found]:
    if not is_scheduled(before):
        return []
    if not is_scheduled(after):
        return [("schedule_gap", "it is no longer scheduled", Grade.BLIND)]
    cron = text(after, "cron_schedule")
    if not cron.strip() and text(before, "cron_schedule").strip():
        return [("schedule_gap", "it has no schedule any more", Grade.BLIND)]
    schedule = read_cron(cron) if cron else None
    if cron and schedule is None:
        return [("schedule_gap", f"the cron line cannot be read: {cron}", Grade.BLIND)]
    if schedule is not None and schedule.longest_pause_s is None:
        return [("schedule_gap", "the new schedule never runs", Grade.BLIND)]
    if unread := _unreadable(before, after):
        return [("schedule_gap", f"its time range cannot be read: {unread}", Grade.MAJOR)]
    old, new = _coverage(before), _coverage(after)
    found = _indexed(before, after, new)
    if _real_time(after) and not _real_time(before):
        found.append(("schedule_gap", "it looks only at what arrives while it runs", Grade.MODERATE))
    if new.window is not None and new.window <= 0 and not (old.window is not None and old.window <= 0):
        return [("schedule_gap", "the time range is empty", Grade.BLIND)]
    if new.uncovered > old.uncovered + 0.001:
        share = new.uncovered
        found.append(("schedule_gap", f"{share:.0%} of the time is looked at by no run", share_grade(share)))
    if old.pause is not None and new.pause is not None and new.pause > old.pause:
        grade = Grade.MINOR if new.pause <= 4 * _HOUR else Grade.MODERATE if new.pause <= _DAY else Grade.MAJOR
        found.append(("schedule_gap", f"up to {span(new.pause)} between runs, from {span(old.pause)}", grade))
    if new.delay > old.delay:
        extra = new.delay - old.delay
        grade = Grade.MINOR if extra <= _HOUR else Grade.MODERATE if extra <= _DAY else Grade.MAJOR
        found.append(("schedule_gap", f"it looks {span(extra)} later", grade))
    return found


_RANGE = ("dispatch.earliest_time", "dispatch.latest_time")
_INDEXED = ("dispatch.index_earliest", "dispatch.index_latest")


def _unreadable(before: Mapping[str, Json], after: Mapping[str, Json]) -> str:
    """A new end of the time range that is no time expression; empty where there is none."""
    for key in (*_RANGE, *_INDEXED):
        value = text(after, key).strip()
        changed = value and value != text(before, key).strip()
        if changed and not value.startswith("rt") and _instant(value) is None:
            return value
    return ""


def _real_time(content: Mapping[str, Json]) -> bool:
    return any(text(content, key).startswith("rt") for key in _RANGE)


def _indexed(before: Mapping[str, Json], after: Mapping[str, Json], coverage: _Coverage) -> list[Found]:
    """A range of the time of indexing, on top of that of the events."""
    if all(text(before, k).strip() == text(after, k).strip() for k in _INDEXED):
        return []
    start, stop = (_instant(text(after, k)) for k in _INDEXED)
    stop = _NOW if stop is None else stop
    if start is None:
        return (
            [("schedule_gap", "only events indexed long enough ago are looked at", Grade.MODERATE)]
            if (stop < _NOW)
            else []
        )
    if stop <= start:
        return [("schedule_gap", "the range of the time of indexing is empty", Grade.BLIND)]
    pause = coverage.pause or _HOUR
    missed = max(0.0, pause - (stop - start)) / pause
    return [("schedule_gap", f"only events indexed within {span(stop - start)} are looked at", share_grade(missed))]


def _coverage(content: Mapping[str, Json]) -> _Coverage:
    cron = text(content, "cron_schedule")
    schedule = read_cron(cron) if cron else None
    earliest, latest = (text(content, key) for key in _RANGE)
    if _real_time(content):
        return _Coverage(pause=None, window=None, delay=0.0)
    start, stop = _instant(earliest), _instant(latest or "now")
    window = None if start is None or stop is None else stop - start
    return _Coverage(
        pause=schedule.longest_pause_s if schedule else None,
        window=window,
        delay=max(0.0, _NOW - stop) if stop is not None else 0.0,
    )


def _instant(expression: str) -> float | None:
    if not expression:
        return None
    try:
        return parse_time(expression, _NOW)
    except SplError:
        return None


def _throttle(before: Mapping[str, Json], after: Mapping[str, Json]) -> list[Found]:
    if flag(after, "alert.suppress") is not True:
        return []
    was_on = flag(before, "alert.suppress") is True
    old = (seconds(text(before, "alert.suppress.period")) or 0.0) if was_on else 0.0
    new = seconds(text(after, "alert.suppress.period"))
    found: list[Found] = []
    if new is None:
        if not was_on:
            found.append(("throttle", "alerts are suppressed for no stated time", Grade.MAJOR))
    elif new > old:
        grade = Grade.MINOR if new <= _DAY else Grade.MODERATE if new <= _WEEK else Grade.MAJOR
        found.append(("throttle", f"alerts are suppressed for {span(new)}, from {span(old)}", grade))
    group = text(after, "alert.suppress.group_name").strip()
    if group and group != text(before, "alert.suppress.group_name").strip():
        found.append(("throttle", f"alerts of others of the group {group} suppress its own", Grade.MODERATE))
    kept = set(texts(after, "alert.suppress.fields"))
    dropped = set(texts(before, "alert.suppress.fields")) - kept if was_on else set[str]()
    if not kept and (dropped or not was_on) and new:
        found.append(("throttle", "one alert suppresses all others, whatever they are about", Grade.MODERATE))
    elif dropped:
        shown = ", ".join(sorted(dropped))
        found.append(("throttle", f"alerts that differ only in {shown} are suppressed now", Grade.MINOR))
    return found


def _actions(before: Mapping[str, Json], after: Mapping[str, Json]) -> list[Found]:
    old, new = _channels(before), _channels(after)
    gone = sorted(old - new)
    if not gone:
        return []
    if not new:
        return [("disabled_action", f"no alert action is left; gone: {', '.join(gone)}", Grade.BLIND)]
    grade = Grade.MAJOR if set(gone) & {"notable", "risk", "email", "webhook", "pagerduty", "slack"} else Grade.MODERATE
    return [("disabled_action", f"gone: {', '.join(gone)}; left: {', '.join(sorted(new))}", grade)]


def _channels(content: Mapping[str, Json]) -> frozenset[str]:
    """Everything by which somebody may hear of a result: alert actions, and the list of alerts."""
    listed = {"the list of triggered alerts"} if flag(content, "alert.track") is True else set[str]()
    return actions(content) | listed


def _recipients(before: Mapping[str, Json], after: Mapping[str, Json]) -> list[Found]:
    found: list[Found] = []
    for key in _RECIPIENTS:
        old, new = set(texts(before, key)), set(texts(after, key))
        gone = len(old - new)
        if not gone or key.split(".")[1] not in actions(before):
            continue
        grade = Grade.MINOR if gone < len(old) else Grade.MAJOR
        name = key.removeprefix("action.")
        found.append(("recipients", f"{name}: {gone} of {len(old)} recipients are gone, {len(new)} are left", grade))
    return found


def _alert_condition(before: Mapping[str, Json], after: Mapping[str, Json]) -> list[Found]:
    return [("narrowed_filter", detail, grade) for detail, grade in weakened(before, after)]
