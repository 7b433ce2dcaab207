"""Reproducible randomness: named streams over the Mersenne Twister's `random()` alone.

Only `random()` is used, whose sequence Python guarantees for a given integer seed; everything
else is whole-number arithmetic on it. No logarithm, exponential or Gaussian, whose last bit may
differ between platforms.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_HEX = "0123456789abcdef"


class Stream:
    """One named stream; streams of different names never disturb each other."""

    def __init__(self, seed: int, name: str) -> None:
        self._seed, self._name = seed, name
        digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
        self._random = random.Random(int.from_bytes(digest[:8], "big"))

    def sub(self, name: str) -> Stream:
        """An independent stream below this one."""
        return Stream(self._seed, f"{self._name}/{name}")

    def below(self, bound: int) -> int:
        """A whole number in [0, bound)."""
        return int(self._random.random() * bound)

    def between(self, low: int, high: int) -> int:
        """A whole number in [low, high]."""
        return low + self.below(high - low + 1)

    def chance(self, percent: int) -> bool:
        return self.below(100) < percent

    def pick(self, items: Sequence[T]) -> T:
        return items[self.below(len(items))]

    def weighted(self, items: Sequence[T], weights: Sequence[int]) -> T:
        """One of ``items``, each as likely as its whole-number weight."""
        mark = self.below(sum(weights))
        for item, weight in zip(items, weights, strict=True):
            mark -= weight
            if mark < 0:
                return item
        return items[-1]

    def sample(self, items: Sequence[T], count: int) -> list[T]:
        """``count`` different items, in random order (all of them when there are fewer)."""
        pool = list(items)
        chosen: list[T] = []
        while pool and len(chosen) < count:
            chosen.append(pool.pop(self.below(len(pool))))
        return chosen

    def skewed(self, low: int, high: int) -> int:
        """A whole number in [low, high], small ones far more often: sizes and durations."""
        a, b, c = self.below(1000), self.below(1000), self.below(1000)
        return low + (high - low) * (a * b * c) // 997_002_999

    def around(self, centre: int, percent: int) -> int:
        """``centre`` give or take ``percent``."""
        spread = centre * percent // 100
        return centre + self.between(-spread, spread)

    def hexadecimal(self, length: int) -> str:
        return "".join(self.pick(_HEX) for _ in range(length))

    def base32(self, length: int) -> str:
        return "".join(self.pick(_BASE32) for _ in range(length))

    def port(self) -> int:
        """An ephemeral source port."""
        return self.between(49_152, 65_535)


def sha256_of(text: str) -> str:
    """A stable stand-in for a file hash."""
    return hashlib.sha256(text.encode()).hexdigest()
