"""Cron lines as runs per day and longest pause."""

import pytest

from agentgate_mcp.graph.cron import read_cron

pytestmark = pytest.mark.req("graph.cron")

HOUR, DAY = 3600.0, 86_400.0


@pytest.mark.parametrize(
    ("line", "runs", "pause"),
    [
        ("*/5 * * * *", 288.0, 300.0),
        ("0 * * * *", 24.0, HOUR),
        ("5/10 * * * *", 144.0, 600.0),
        ("3-59/20 * * * *", 72.0, 1200.0),
        ("@daily", 1.0, DAY),
        ("30 4,16 * * *", 2.0, 12 * HOUR),
    ],
)
def test_a_regular_line_runs_as_often_as_it_says(line: str, runs: float, pause: float) -> None:
    schedule = read_cron(line)
    assert schedule is not None
    assert schedule.runs_per_day == pytest.approx(runs)
    assert schedule.longest_pause_s == pause


def test_a_weekday_line_pauses_over_the_weekend() -> None:
    schedule = read_cron("0 6 * * mon-fri")
    assert schedule is not None
    assert schedule.longest_pause_s == 3 * DAY


def test_sunday_is_zero_and_seven() -> None:
    assert read_cron("0 0 * * 0") == read_cron("0 0 * * 7") == read_cron("0 0 * * sun")


def test_a_leap_day_comes_once_in_four_years() -> None:
    schedule = read_cron("0 0 29 2 *")
    assert schedule is not None
    assert schedule.longest_pause_s == 1461 * DAY


def test_a_day_that_does_not_exist_never_runs() -> None:
    schedule = read_cron("0 0 30 2 *")
    assert schedule is not None
    assert schedule.longest_pause_s is None
    assert schedule.runs_per_day == 0


def test_two_restricted_day_fields_are_alternatives() -> None:
    both = read_cron("0 0 13 * 5")
    friday = read_cron("0 0 * * 5")
    assert both is not None
    assert friday is not None
    assert both.runs_per_day > friday.runs_per_day


@pytest.mark.parametrize(
    "line", ["", "x", "61 * * * *", "* * * *", "*/0 * * * *", "5-1 * * * *", "* * * * 8", "1,,2 * * * *", "*/ * * * *"]
)
def test_a_malformed_line_is_not_read(line: str) -> None:
    assert read_cron(line) is None
