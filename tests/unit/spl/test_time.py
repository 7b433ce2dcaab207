"""Time expressions against dates worked out by hand. Now is Friday 2026-11-20 12:00 UTC."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.errors import SplError
from agentgate_mcp.spl.time import is_real_time, parse_time
from tests.unit.spl.samples import NOW

pytestmark = pytest.mark.req("spl.time")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("expression", "moment"),
    [
        ("now", "2026-11-20T12:00:00"),
        ("now()", "2026-11-20T12:00:00"),
        ("-24h", "2026-11-19T12:00:00"),
        ("-1h@h", "2026-11-20T11:00:00"),
        ("-1d@d", "2026-11-19T00:00:00"),
        ("@d", "2026-11-20T00:00:00"),
        ("@d-2h", "2026-11-19T22:00:00"),
        ("-1mon", "2026-10-20T12:00:00"),
        ("-12mon", "2025-11-20T12:00:00"),
        ("-12m", "2026-11-20T11:48:00"),
        ("-1mon@mon", "2026-10-01T00:00:00"),
        ("-1q@q", "2026-07-01T00:00:00"),
        ("-1y@y", "2025-01-01T00:00:00"),
        ("-10y", "2016-11-20T12:00:00"),
        ("@w", "2026-11-15T00:00:00"),
        ("@w0", "2026-11-15T00:00:00"),
        ("@w7", "2026-11-15T00:00:00"),
        ("@w1", "2026-11-16T00:00:00"),
        ("@w5", "2026-11-20T00:00:00"),
        ("@w6", "2026-11-14T00:00:00"),
        ("-h", "2026-11-20T11:00:00"),
        ("+1d", "2026-11-21T12:00:00"),
        ("-2weeks", "2026-11-06T12:00:00"),
        ("-1D@D", "2026-11-19T00:00:00"),
        ("now-30s", "2026-11-20T11:59:30"),
        ("rt-5m", "2026-11-20T11:55:00"),
        ("rt", "2026-11-20T12:00:00"),
        ("11/20/2025:10:00:00", "2025-11-20T10:00:00"),
        ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00"),
        ("2026-11-20T10:00:00.500+01:00", "2026-11-20T09:00:00.500"),
        ("2026-11-20", "2026-11-20T00:00:00"),
    ],
)
def test_an_expression_names_this_moment(expression: str, moment: str) -> None:
    assert parse_time(expression, NOW) == at(moment)


def test_the_last_day_of_a_month_shifts_to_a_day_that_exists() -> None:
    assert parse_time("-1mon", at("2026-03-31T08:00:00")) == at("2026-02-28T08:00:00")
    assert parse_time("-1y", at("2028-02-29T08:00:00")) == at("2027-02-28T08:00:00")


def test_epoch_numbers_are_seconds_and_empty_is_no_moment() -> None:
    assert parse_time("0", NOW) == 0.0
    assert parse_time("1", NOW) == 1.0
    assert parse_time("1795176000.25", NOW) == 1795176000.25
    assert parse_time("", NOW) is None
    assert parse_time("  ", NOW) is None


def test_moments_outside_the_calendar_are_clamped() -> None:
    assert parse_time("-9999999y", NOW) == 0.0
    assert parse_time("-99999999999999999d", NOW) == 0.0
    assert parse_time("-999999d", NOW) == 0.0
    top = parse_time("+99999999999999999d", NOW)
    assert top == parse_time("+99999y", NOW) == parse_time("9" * 40, NOW)


def test_real_time_is_recognised() -> None:
    assert all(is_real_time(t) for t in ("rt", "rt-5m", "RTnow", " rt"))
    assert not any(is_real_time(t) for t in ("", "-24h", "now", "0"))


@pytest.mark.parametrize(
    "expression", ["yesterday", "-1x", "-5", "@", "@q9", "-1d@", "$t$", "-1d@d foo", "1d", "13/40/2026:00:00:00"]
)
def test_what_names_no_time_is_an_error(expression: str) -> None:
    with pytest.raises(SplError):
        parse_time(expression, NOW)


@given(st.text(alphabet="-+@0123456789smhdwonqyrtu/: .TZ", max_size=30), st.floats(0, 4e9))
def test_any_text_is_a_moment_within_the_calendar_or_an_error(text: str, now: float) -> None:
    try:
        moment = parse_time(text, now)
    except SplError:
        return
    assert moment is None or 0.0 <= moment <= 253_402_300_800.0
