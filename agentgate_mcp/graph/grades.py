"""How much a loss takes away: four grades, and the steps by which sizes become grades.

| grade | means | examples |
|---|---|---|
| minor | everyday tuning | up to 5 values excluded; threshold up to 3 ×; up to a tenth of the time or the rows |
| moderate | worth a look | up to 25 values excluded; threshold up to 10 ×; up to a quarter; a list cut; a condition |
| major | much is lost | wildcard exclusions; threshold beyond 10 ×; one entity only; a needed field gone |
| blind | nothing can be found any more | `NOT *`, `where 1=0`, `head 0`, contradictions, all data swapped |
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from ipaddress import ip_network


class Grade(IntEnum):
    """How much a loss takes away. The numbers only order."""

    MINOR = 1
    MODERATE = 2
    MAJOR = 3
    BLIND = 4


MANY_VALUES, FEW_VALUES = 25, 5
SHORT_WILDCARD = 3
"""A wildcard value with fewer literal characters than this excludes half the world."""
MANY_ROWS = 100
"""Results that nobody reads through in one alert."""


def threshold_grade(old: float | None, new: float) -> Grade:
    """How much a raised threshold takes away. Without an old one, by its size."""
    if old is None or old <= 0:
        return Grade.MINOR if new <= 10 else Grade.MODERATE if new <= 100 else Grade.MAJOR
    ratio = new / old
    return Grade.MINOR if ratio <= 3 else Grade.MODERATE if ratio <= 10 else Grade.MAJOR


def share_grade(lost: float) -> Grade:
    """How much is lost with this share (0–1) of the time or of the rows."""
    return Grade.MINOR if lost <= 0.1 else Grade.MODERATE if lost <= 0.25 else Grade.MAJOR


def rows_grade(kept: float) -> Grade:
    """How much is lost when only so many rows are kept."""
    return Grade.BLIND if kept < 1 else Grade.MINOR if kept >= MANY_ROWS else Grade.MODERATE


def exclusion_grade(values: Iterable[str]) -> Grade:
    """How much an exclusion of these values takes away: by number, wildcards and network size."""
    chosen = list(values)
    return max([_number_grade(len(chosen)), *(_breadth(v) for v in chosen)])


def _number_grade(count: int) -> Grade:
    return Grade.MINOR if count <= FEW_VALUES else Grade.MODERATE if count <= MANY_VALUES else Grade.MAJOR


def _breadth(value: str) -> Grade:
    if value.endswith("*") and value[:-1].replace(".", "").isdigit():
        octets = len([part for part in value[:-1].split(".") if part])
        return Grade.MINOR if octets >= 3 else Grade.MODERATE if octets == 2 else Grade.MAJOR
    if "*" in value:
        literal = len(value.replace("*", ""))
        return Grade.MAJOR if literal < SHORT_WILDCARD else Grade.MODERATE
    if "/" in value:
        try:
            network = ip_network(value, strict=False)
        except ValueError:
            return Grade.MINOR
        free = network.max_prefixlen - network.prefixlen
        return Grade.MINOR if free <= 8 else Grade.MODERATE if free <= 16 else Grade.MAJOR
    return Grade.MINOR
