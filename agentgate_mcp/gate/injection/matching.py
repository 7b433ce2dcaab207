"""Rules in bytes: which match where, in three steps and with a limit on the work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from agentgate_mcp.gate.injection.engine import Pattern, PatternSet
from agentgate_mcp.gate.injection.families import Rule
from agentgate_mcp.gate.injection.rules import RULES

MAX_MATCHES: Final = 200
"""Matches of one rule that are judged; if all of so many are mentions, the last counts as a use."""
_REACH: Final = 768
"""Bytes on either side of an anchor; far longer than any phrase people write."""
_STEP: Final = 256
_LEAD: Final = 4
"""What an anchor's first expression may look back at."""
_MATCH_COST: Final = 4_096
"""Bytes that could be read in the time that one match takes."""
_WORK_BASE: Final = 1_000_000
_WORK_PER_CHAR: Final = 20
_SCRIPTS: Final[dict[str, str]] = {
    "ru": r"[\x{0410}-\x{044f}]{3}",
    "zh": r"[\x{4e00}-\x{9fff}]{2}",
    "ja": r"[\x{3040}-\x{30ff}]{2}",
    "ko": r"[\x{ac00}-\x{d7a3}]{2}",
    "ar": r"[\x{0620}-\x{064a}]{3}",
}
"""Languages with an alphabet of their own, and what shows that a text has it."""


@dataclass(slots=True)
class Work:
    """What may still be done for one window, counted in bytes matched again after the first pass.

    Ordinary text stays far below the limit, security prose at a third of it. What lies behind the
    limit is not read, and text that was not read is flagged."""

    left: int
    exhausted: bool = False

    @classmethod
    def of(cls, chars: int) -> Work:
        return cls(left=_WORK_BASE + _WORK_PER_CHAR * chars)

    def spend(self, amount: int) -> bool:
        self.left -= amount
        self.exhausted = self.exhausted or self.left <= 0
        return not self.exhausted


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """Rules that share an alphabet, matched in three steps so that no automaton is ever a product
    of many: ``anchor`` finds places worth a look (None: the whole text), ``union`` says whose
    anchors stand there, and only those rules' own expressions are run."""

    anchor: Pattern | None
    rules: tuple[Rule, ...]
    union: PatternSet

    @classmethod
    def of(cls, rules: Sequence[Rule], *, anchored: bool = True) -> RuleGroup:
        anchors = [r.anchor for r in rules]
        return cls(
            anchor=Pattern("|".join(dict.fromkeys(anchors))) if anchored else None,
            rules=tuple(rules),
            union=PatternSet(anchors if anchored else [r.source for r in rules]),
        )

    def matches(self, data: bytes, work: Work) -> Iterator[tuple[Rule, int, int]]:
        """Every match as (rule, byte start, byte end); a match may come twice. Ends when ``work`` does."""
        read: dict[int, int] = {}
        for probe, low, high in self._places(data):
            for index in sorted(self.union.match(probe)):
                start = max(low, read.get(index, 0) - _REACH)
                read[index] = high
                if not work.spend(high - start + _STEP):
                    return
                for count, (first, last) in enumerate(_pattern(self.rules[index].source).spans(data, start, high)):
                    if count >= MAX_MATCHES or not work.spend(_MATCH_COST):
                        break
                    yield self.rules[index], first, last

    def _places(self, data: bytes) -> Iterator[tuple[bytes, int, int]]:
        """(what may hold anchors, where a match may begin, where it ends), for each place with an anchor."""
        if self.anchor is None or len(data) <= 2 * _REACH:
            if self.anchor is None or self.anchor.found(data):
                yield data, 0, len(data)
            return
        at = self.anchor.first(data)
        while at >= 0:
            probe = data[max(0, at - _LEAD) : at + _STEP + _REACH]
            yield probe, max(0, at - _REACH), min(len(data), at + 2 * _REACH)
            at = self.anchor.first(data, at + _STEP)


def groups_for(data: bytes) -> list[RuleGroup]:
    """The groups whose rules may match ``data``."""
    if data.isascii():
        return [plain_group()]
    return [plain_group(), *(_script_group(name) for name, script in _SCRIPTS.items() if _pattern(script).found(data))]


@cache
def _pattern(source: str) -> Pattern:
    return Pattern(source)


@cache
def plain_group() -> RuleGroup:
    """The rules of languages that share an alphabet with English."""
    return RuleGroup.of([r for r in RULES if r.language not in _SCRIPTS])


@cache
def _script_group(language: str) -> RuleGroup:
    return RuleGroup.of([r for r in RULES if r.language == language], anchored=False)
