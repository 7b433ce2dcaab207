"""A figure with its 90 % interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from agentgate_mcp.model.facts import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """``low`` ≤ ``mid`` ≤ ``high``."""

    low: float = 0.0
    mid: float = 0.0
    high: float = 0.0

    @classmethod
    def around(cls, mid: float, low: float, high: float) -> Spread:
        """``low`` and ``high`` are factors of ``mid``."""
        return cls(low=mid * low, mid=mid, high=mid * high)

    def times(self, factor: float) -> Spread:
        return Spread(low=self.low * factor, mid=self.mid * factor, high=self.high * factor)

    def plus(self, other: Spread) -> Spread:
        """The sum, errors taken to go the same way: never too narrow."""
        return Spread(low=self.low + other.low, mid=self.mid + other.mid, high=self.high + other.high)

    def scaled_to(self, mid: float) -> Spread:
        """The same relative width around another middle."""
        return self.times(mid / self.mid) if self.mid else Spread(low=mid, mid=mid, high=mid)

    def interval(self) -> Interval:
        return Interval(low=round(self.low, 3), estimate=round(self.mid, 3), high=round(self.high, 3))


NONE: Final = Spread()
