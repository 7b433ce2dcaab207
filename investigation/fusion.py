"""From evidence to a verdict of four, with every contribution shown.

Log-odds add up: a prior, then one contribution per family of correlated evidence. Inside a
family the strongest piece counts fully and each further one half of the one before, so that ten
views of one fact do not outweigh two independent facts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from agentgate_mcp.model.call import Json
from investigation.evidence import Evidence

VerdictName = Literal["malicious", "benign", "suspicious", "inconclusive"]

PRIOR = -0.8
"""Log-odds of an alerted case before any evidence: about three in ten are real."""
FAMILY_CAP = 4.0
MAX_LOG_ODDS = 4.6
"""No case is called surer than 99 in 100, whatever adds up."""
MALICIOUS_AT = 0.80
BENIGN_AT = 0.25
"""Probability of malice above which a case is malicious, below which it is benign."""
MIN_FAMILIES = 2
"""A verdict rests on at least this many independent families of evidence, or it is inconclusive
(when little was found) or suspicious (when one family alone speaks loudly)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What one family adds to the log-odds."""

    family: str
    weight: float
    pieces: int

    def to_json(self) -> dict[str, Json]:
        return {"family": self.family, "weight": round(self.weight, 3), "pieces": self.pieces}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fused:
    """The verdict. ``confidence`` is the probability of the verdict that is given; for
    `suspicious` and `inconclusive` it is how far the case is from a coin toss."""

    verdict: VerdictName
    confidence: float
    probability: float
    contributions: tuple[Contribution, ...]

    def to_json(self) -> dict[str, Json]:
        """Prior, families and sum, in log-odds."""
        return {
            "prior": PRIOR,
            "families": [c.to_json() for c in self.contributions],
            "log_odds": round(PRIOR + sum(c.weight for c in self.contributions), 3),
        }


def fuse(evidence: Sequence[Evidence]) -> Fused:
    """Weigh all evidence. The order in which it came does not matter."""
    families = sorted({e.family for e in evidence})
    contributions = tuple(_family(name, [e.weight for e in evidence if e.family == name]) for name in families)
    log_odds = PRIOR + sum(c.weight for c in contributions)
    log_odds = max(-MAX_LOG_ODDS, min(MAX_LOG_ODDS, log_odds))
    probability = 1.0 / (1.0 + math.exp(-log_odds))
    telling = sum(abs(c.weight) >= 0.5 for c in contributions)
    verdict, confidence = _verdict(probability, telling)
    ordered = tuple(sorted(contributions, key=lambda c: (-abs(c.weight), c.family)))
    return Fused(
        verdict=verdict, confidence=round(confidence, 4), probability=round(probability, 4), contributions=ordered
    )


def _family(name: str, weights: list[float]) -> Contribution:
    total = 0.0
    for sign in (1, -1):
        same = sorted((w for w in weights if w * sign > 0), key=abs, reverse=True)
        total += sum(w * 0.5**i for i, w in enumerate(same))
    return Contribution(family=name, weight=max(-FAMILY_CAP, min(FAMILY_CAP, total)), pieces=len(weights))


def _verdict(probability: float, telling: int) -> tuple[VerdictName, float]:
    if telling == 0:
        return "inconclusive", abs(2 * probability - 1)
    if probability >= MALICIOUS_AT:
        return ("malicious", probability) if telling >= MIN_FAMILIES else ("suspicious", probability)
    if probability <= BENIGN_AT and telling >= MIN_FAMILIES:
        return "benign", 1.0 - probability
    if probability >= 0.5:
        return "suspicious", probability
    return "inconclusive", abs(2 * probability - 1)
