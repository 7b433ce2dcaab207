"""The array shapes of the index: numbered nodes, and rows of numbers that belong to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
"""Numbers of nodes, edges or groups; of the width that indexing wants, so that nothing is converted."""
Levels: TypeAlias = NDArray[np.int8]
"""States by node number."""
Flags: TypeAlias = NDArray[np.bool_]
_Scalar = TypeVar("_Scalar", bound=np.generic)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Compressed rows in bands: band ``b`` of row ``n`` is ``data[starts[b][n]:starts[b + 1][n]]``.

    The bands of a row follow each other, so that several neighbouring ones are one slice."""

    starts: Ints
    data: Ints

    @property
    def bands(self) -> int:
        return len(self.starts) - 1

    def counts(self, rows: Ints) -> Ints:
        """How many values each of ``rows`` has, in all bands."""
        return self.starts[-1].take(rows) - self.starts[0].take(rows)

    def of(self, rows: Ints, first: int = 0, last: int | None = None) -> Ints:
        """The values of the bands ``first`` up to ``last`` of ``rows``, one row after the other."""
        begin = self.starts[first].take(rows)
        counts = self.starts[self.bands if last is None else last].take(rows)
        counts -= begin
        if rows.size == 1:
            return self.data[int(begin[0]) : int(begin[0] + counts[0])]
        ends = counts.cumsum()
        total = int(ends[-1]) if ends.size else 0
        begin -= ends
        begin += counts
        places = begin.repeat(counts)
        places += np.arange(total)
        return self.data[places]


def rows_of(owners: Ints, data: Ints, size: int, *, band: Ints | None = None, bands: int = 1) -> Rows:
    """Rows of ``size`` owners, from values that are sorted by owner, then by ``band``."""
    slots = owners if band is None else owners * bands + band
    ends = np.zeros(size * bands + 1, np.int64)
    np.bincount(slots, minlength=size * bands).cumsum(out=ends[1:])
    starts = np.empty((bands + 1, size), np.int64)
    starts[:bands] = ends[:-1].reshape(size, bands).T
    starts[bands] = ends[bands::bands]
    return Rows(starts=frozen(starts), data=frozen(data))


def ordered(keys: Ints) -> Ints:
    """The distinct values of ``keys``, in order."""
    keys = np.sort(keys)
    fresh = np.ones(keys.size, np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=fresh[1:])
    return keys[fresh]


def numbers(values: Iterable[int], count: int = -1) -> Ints:
    return np.fromiter(values, np.int64, count)


def listed(found: Ints) -> list[int]:
    """``found`` as plain numbers."""
    return cast("list[int]", found.tolist())


def flagged(flags: Flags) -> Ints:
    """The numbers of what is flagged, in order."""
    return np.flatnonzero(flags)


def frozen(array: NDArray[_Scalar]) -> NDArray[_Scalar]:
    """``array``, which nobody can write to any more."""
    array.flags.writeable = False
    return array


def distinct(values: Ints, scratch: Ints) -> Ints:
    """Each of ``values`` once. ``scratch`` has a place for every value, and any content."""
    if values.size < 2:
        return values
    order = np.arange(values.size)
    scratch[values] = order
    kept = np.equal(scratch.take(values), order)
    return values[kept]
