"""Calibration: what is fitted, what is refused, what a file may hold."""

import json
import random

import pytest

from agentgate_mcp.canonical import canonical_bytes
from agentgate_mcp.errors import DataError
from agentgate_mcp.gate.cost_coefficients import DEFAULT
from agentgate_mcp.gate.cost_fit import MIN_JOBS, Job, calibrate, fitted, read_calibration

pytestmark = pytest.mark.req("cost.calibrate")


def jobs(count: int, *, seed: int = 1, noise: float = 0.2, hung: float = 0.0) -> list[Job]:
    """Searches on a site that reads 80,000 events/s, a tenth of it behind wildcards, and starts in 2 s."""
    chance = random.Random(seed)
    made: list[Job] = []
    for n in range(count):
        events, kind = 10 ** chance.uniform(2, 7), n % 3
        seconds = 2.0 + events / (80_000.0, 8_000.0, 4_000_000.0)[kind]
        seconds *= 2 ** chance.gauss(0, noise) * (200 if chance.random() < hung else 1)
        made.append(Job(kind=kind, starts=1, events=events, modelled_events=events * 2, seconds=seconds))
    return made


def test_the_rates_of_a_site_are_found_again() -> None:
    found = fitted(jobs(600))
    assert found.raw_rate == pytest.approx(80_000, rel=0.1)
    assert found.wildcard_rate == pytest.approx(8_000, rel=0.1)
    assert found.summary_rate == pytest.approx(4_000_000, rel=0.25)
    assert found.start_s == pytest.approx(2.0, rel=0.1)


def test_a_few_searches_that_hung_do_not_bend_the_fit() -> None:
    assert fitted(jobs(600, hung=0.05)).raw_rate == pytest.approx(80_000, rel=0.15)


def test_errors_are_told_before_and_after_for_searches_not_fitted_to() -> None:
    found = calibrate(jobs(600), source="test")
    assert found.before.median_percent > 50
    assert found.after.median_percent < 15
    assert 0.85 <= found.after.coverage <= 0.95
    assert found.jobs == 600


def test_intervals_hold_ninety_in_a_hundred() -> None:
    rates, fresh = fitted(jobs(600)), jobs(2_000, seed=2)
    inside = sum(
        job.predicted(rates) * rates.seconds_low <= job.seconds <= job.predicted(rates) * rates.seconds_high
        for job in fresh
    )
    assert 0.87 <= inside / len(fresh) <= 0.93


def test_what_no_search_speaks_of_keeps_its_documented_value() -> None:
    found = fitted([job for job in jobs(300) if job.kind == 0])
    assert found.summary_rate == DEFAULT.summary_rate
    assert found.wildcard_rate <= found.raw_rate
    slow = fitted([Job(kind=0, starts=1, events=1e6, modelled_events=1e6, seconds=1e4) for _ in range(40)])
    assert slow.wildcard_rate <= slow.raw_rate <= slow.summary_rate


def test_too_few_searches_are_refused_by_number() -> None:
    with pytest.raises(DataError, match="expected at least 30 that can be read, got 29"):
        calibrate(jobs(MIN_JOBS - 1), source="test")


def test_a_calibration_reads_back_as_it_was_written() -> None:
    found = calibrate(jobs(100), source="test")
    assert read_calibration(canonical_bytes(found.to_json())) == found.coefficients


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": 9}, "/version: expected 1"),
        ({"coefficients": {}}, "/coefficients: expected an object"),
        ({"raw_rate": 0}, "/coefficients/raw_rate"),
        ({"raw_rate": True}, "/coefficients/raw_rate"),
        ({"raw_rate": "fast"}, "/coefficients/raw_rate"),
        ({"raw_rate": 1e99}, "/coefficients/raw_rate"),
        ({"wildcard_rate": 20_000_000.0}, "wildcard_rate ≤ raw_rate"),
        ({"seconds_low": 2.0}, "hold its estimate"),
        ({"events_high": 0.5}, "hold its estimate"),
    ],
)
def test_a_file_that_is_no_calibration_is_refused_by_field(change: dict[str, object], said: str) -> None:
    value = calibrate(jobs(60), source="test").to_json()
    for name, wrong in change.items():
        inside = value["coefficients"]
        assert isinstance(inside, dict)
        (value if name in value else inside)[name] = wrong  # pyright: ignore[reportArgumentType]
    with pytest.raises(DataError, match=said):
        read_calibration(json.dumps(value).encode())


def test_a_file_that_is_no_json_is_refused() -> None:
    with pytest.raises(DataError):
        read_calibration(b"{")
    with pytest.raises(DataError):
        read_calibration(b"[]")
