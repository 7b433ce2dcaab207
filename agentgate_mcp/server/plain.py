"""Words for a model: short, without the numbers that would tell it how far it may go."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"[A-Za-z]{1,4}|\d{1,2}|[^\sA-Za-z\d]")
_COMPARED = (
    "more than", "less than", "fewer than", "greater than", "at most", "at least", "up to", "no more than", "over",
    "above", "below", "under", "beyond", "exceeds", "exceeding", "exceeded", "ceiling of", "limit of", "threshold of",
    "maximum of", "minimum of", "budget of", "ceiling", "limit", "threshold", "budget", "maximum", "wider than",
)  # fmt: skip
# A number, but not the beginning of an address, a version or a date.
_NUMBER = r"/?\d+(?:[,_]\d{3})*(?:\.\d+)?(?:[eE][+-]?\d+)?%?(?![-.:]?\d)"
_THRESHOLD = re.compile(rf"\b({'|'.join(sorted(_COMPARED, key=len, reverse=True))})(:?\s+\(?|\s+is\s+){_NUMBER}", re.I)
_SYMBOLIC = re.compile(rf"(?:[<>]=?|[≤≥])\s*{_NUMBER}")


def without_thresholds(text: str) -> str:
    """``text`` with the number after every comparison replaced: what was asked for stays, the
    line that it crossed does not show (DESIGN §3.4)."""
    named = _THRESHOLD.sub(lambda m: f"{m[1]}{m[2]}[limit]", text)
    return _SYMBOLIC.sub("past [limit]", named)


def token_estimate(text: str) -> int:
    """Tokens that a model would read, estimated high: four letters, two digits or one sign each."""
    return len(_TOKEN.findall(text))


def fit(text: str, budget: int) -> str:
    """The longest beginning of ``text``, in whole words, that stays within ``budget`` tokens."""
    if token_estimate(text) <= budget:
        return text
    spent, end = 1, 0
    for word in re.finditer(r"\s*\S+", text):
        spent += token_estimate(word[0])
        if spent > budget:
            break
        end = word.end()
    return text[:end].rstrip(" ,;:.") + "…" if end else ""
