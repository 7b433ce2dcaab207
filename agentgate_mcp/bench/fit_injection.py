"""Fits the weights of mention.py to the development corpora, and says how well they carry over.

Run: AGENTGATE_CORPORA=DIR python -m agentgate_mcp.bench.fit_injection --out tests/bench/results/injection_fit.json

A hit in an attack is a use, a hit in ordinary text a mention; logistic regression weighs what stands
around it. Three things keep it from learning rows: both classes count the same, and so does every
source within its class; weights are drawn to a prior, which stays where the corpora say nothing; and
no weight may change its sign. The error is that of sources the fit has not seen, one left out at a
time. The report's weights, rounded, are the table in mention.py, which a test compares.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from agentgate_mcp.bench.injection_corpus import Row, corpus
from agentgate_mcp.gate.injection import evidence, scan_text
from agentgate_mcp.gate.injection.scan import FLAG_AT
from agentgate_mcp.model.call import Json

PRIOR: Final[dict[str, float]] = {
    "bias": 0.50, "leading": 0.30, "emphasis": 0.40, "second_person": 0.10, "continues": 0.20, "disguised": 0.60,
    "quoted": -0.50, "inside_quote": -0.20, "reported": -0.70, "grammar": -0.80, "afterwards": -0.50, "code": -0.50,
    "fence": -0.40, "labelled": -0.80, "program": -0.70, "query": -0.90, "clerical": -1.00, "topic": -0.20,
}  # fmt: skip
"""What was thought before any data: the sign of a feature, and its size beside the others."""
FLOOR: Final[dict[str, float]] = {"bias": 0.45, "topic": -0.20, "fence": -0.40, "quoted": -0.60}
"""How far what an attacker can write at no cost may soften a hit, whatever the corpora say."""
STRENGTH: Final = 0.05
"""How hard a weight is drawn to its prior, in units of the mean loss."""
SCALE: Final = 4.0
"""Log-odds in one unit of weight, so that weights stay of a size that a person can add up."""
ROUNDING: Final = 0.05
_STEPS = 4_000
_RATE = 0.02
_NAMES: Final = tuple(PRIOR)

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """One row of the corpora: its hits as (family, weight, features)."""

    row: Row
    hits: tuple[tuple[str, float, Vector], ...]

    def flagged(self, weights: Vector) -> bool:
        strongest: dict[str, float] = {}
        for family, weight, features in self.hits:
            if float(features @ weights) > 0:
                strongest[family] = max(strongest.get(family, 0.0), weight)
        return round(sum(strongest.values()), 3) >= FLAG_AT


def examples(rows: tuple[Row, ...]) -> list[Example]:
    """The rows that have hits at all; the others are flagged by no weights."""
    out: list[Example] = []
    for row in rows:
        hits: list[tuple[str, float, Vector]] = []
        for hit in scan_text(row.text).hits:
            found = evidence(row.text, hit)
            hits.append((hit.family, hit.weight, np.array([float(found.get(n, 0)) for n in _NAMES])))
        if hits:
            out.append(Example(row, tuple(hits)))
    return out


def fit(of: list[Example]) -> Vector:
    """The weights: the most likely ones under the prior, by projected gradient descent."""
    per_source = Counter((e.row.attack, e.row.source) for e in of for _ in e.hits)
    sources = Counter(attack for attack, _ in per_source)
    x = np.array([h[2] for e in of for h in e.hits])
    y = np.array([1.0 if e.row.attack else 0.0 for e in of for _ in e.hits])
    share = np.array(
        [1 / (2 * sources[e.row.attack] * per_source[e.row.attack, e.row.source]) for e in of for _ in e.hits]
    )
    prior = np.array([PRIOR[n] for n in _NAMES])
    floor = np.array([FLOOR.get(n, 0.0 if PRIOR[n] > 0 else -np.inf) for n in _NAMES])
    ceiling = np.where(prior > 0, np.inf, 0.0)
    weights = prior.copy()
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-SCALE * (x @ weights)))
        slope = SCALE * (x.T @ (share * (chance - y))) + STRENGTH * (weights - prior)
        weights = weights - _RATE * slope
        weights = np.clip(weights, floor, ceiling)
    return np.round(weights / ROUNDING) * ROUNDING + 0.0


def errors(of: list[Example], rows: tuple[Row, ...], weights: Vector) -> dict[str, Json]:
    """What ``weights`` get wrong of all ``rows``, whose hits are ``of``."""
    negatives = [e for e in of if not e.row.attack]
    positives = [e for e in of if e.row.attack]
    hit_errors = sum((float(h[2] @ weights) > 0) != e.row.attack for e in of for h in e.hits)
    return {
        "rows": len(rows),
        "hits": sum(len(e.hits) for e in of),
        "hit_errors": hit_errors,
        "false_positives": sum(e.flagged(weights) for e in negatives),
        "negatives": sum(not r.attack for r in rows),
        "found": sum(e.flagged(weights) for e in positives),
        "attacks": sum(r.attack for r in rows),
    }


def report(rows: tuple[Row, ...]) -> dict[str, Json]:
    """The fit to everything, and what it gets wrong of each source when fitted to the others."""
    of = examples(rows)
    prior = np.array([PRIOR[n] for n in _NAMES])
    fitted = fit(of)
    left_out: dict[str, Json] = {}
    total: Counter[str] = Counter()
    for source in sorted({r.source for r in rows}):
        unseen = [e for e in of if e.row.source == source]
        weights = fit([e for e in of if e.row.source != source])
        found = errors(unseen, tuple(r for r in rows if r.source == source), weights)
        left_out[source] = found
        total.update({k: v for k, v in found.items() if isinstance(v, int)})
    return {
        "command": "python -m agentgate_mcp.bench.fit_injection",
        "weights": {n: round(float(w), 3) for n, w in zip(_NAMES, fitted, strict=True)},
        "prior": dict(PRIOR),
        "floor": dict(FLOOR),
        "flag_at": FLAG_AT,
        "strength": STRENGTH,
        "seen": errors(of, rows, fitted),
        "prior_alone": errors(of, rows, prior),
        "unseen": dict(total),
        "unseen_by_source": left_out,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Fit the weights of mention or use.")
    parser.add_argument("--out", type=Path, help="also write the report here")
    out: Path | None = parser.parse_args().out
    text = json.dumps(report(corpus()), indent=2) + "\n"
    if out is not None:
        out.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
