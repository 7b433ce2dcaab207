"""Stages so plain that one look at their tokens tells that the parser takes them.

Each token becomes one letter, a keyword its own, and one expression per command says which rows of
letters are plain. It describes less than the grammar: what it does not match may still be good and
is left to the parser, but what it matches is always good.
"""

from __future__ import annotations

import re
from itertools import pairwise, product

from agentgate_mcp.spl.arguments import VALUE_KINDS
from agentgate_mcp.spl.layout import Stage
from agentgate_mcp.spl.lexer import FIELD, STRING

HEIGHT = 20
"""No tree of a plain stage is higher than this."""

_KEYWORDS = {"by": "b", "groupby": "b", "as": "a", "where": "W", "from": "F", "in": "i", "eval": "e"}
# Words that are read as operators of a search as they stand here, and as terms in lower case.
_CONNECTIVES = {"AND": "&", "OR": "&", "NOT": "!"}
_OPERATORS = {"==": "<", "!=": "<", "<": "<", "<=": "<", ">": "<", ">=": "<"}
# Before a parenthesis they ask for one value in it.
_DIRECTIVES = ("term", "case", "prefix")


def _cases(word: str) -> list[str]:
    return ["".join(letters) for letters in product(*((c, c.upper()) for c in word))]


_LETTER = {
    **{spelling: letter for word, letter in _KEYWORDS.items() for spelling in _cases(word)},
    **{spelling: "d" for word in _DIRECTIVES for spelling in _cases(word)},
    **_CONNECTIVES,
    **_OPERATORS,
}

# w a word, " and ' a string or a quoted field, d a directive's name, e `eval`: a value is any of them.
_VALUE = "[w\"'de]"
_WORD = "[wd]"
_OPTION = f"{_WORD}={_VALUE}"
_ATOM = f"(?:{_VALUE}(?:[=<]{_VALUE}(?![=<])|i\\({_VALUE}(?:,?{_VALUE})*+\\))|[w\"'e]|d(?!\\())"


def _condition(depth: int) -> str:
    """A search expression with at most ``depth`` levels of parentheses."""
    unit = f"!?+(?:{_ATOM}|\\({_condition(depth - 1)}\\))" if depth else f"!?+{_ATOM}"
    return f"{unit}(?:&?+{unit})*+"


_CONDITION = _condition(3)
_AGGREGATIONS = f"(?:,|{_OPTION}|{_WORD}(?:\\({_VALUE}\\))?+(?:a{_VALUE})?+(?![=(]))*+"
_KEYS = f"b,*+{_VALUE}(?![=(])(?:,|{_OPTION}|{_VALUE}(?![=(]))*+"
_SOURCE = f"F(?:{_OPTION}|[w\"'](?![=(]))"
_TSTATS = f"{_AGGREGATIONS}(?:{_SOURCE}|W{_CONDITION}|{_KEYS}|,|{_OPTION})*+"

_PLAIN = {
    "search": re.compile(f"(?:{_CONDITION})?+"),
    "rename": re.compile(f"(?:{_VALUE}a{_VALUE},*+)++"),
    "table": re.compile(f",*+{_VALUE}(?:{_VALUE}|,)*+"),
    **dict.fromkeys(("stats", "eventstats", "streamstats", "sistats"), re.compile(f"{_AGGREGATIONS}(?:{_KEYS})?+")),
    **dict.fromkeys(("tstats", "mstats"), re.compile(_TSTATS)),
}


def is_plain(stage: Stage) -> bool:
    """Whether the stage has a form of its own that is plain; False says nothing."""
    expression = _PLAIN.get(stage.name)
    if expression is None:
        return False
    letter = _LETTER.get
    letters = "".join([letter(text, kind) for kind, text, _ in stage.tokens])
    return expression.fullmatch(letters) is not None and not _is_glued(stage, letters)


def _is_glued(stage: Stage, letters: str) -> bool:
    """Whether a quoted value stands against another without a blank: the two may be one name."""
    if STRING not in letters and FIELD not in letters:
        return False
    return any(
        left[2] + len(left[1]) == right[2] and left[0] in VALUE_KINDS and right[0] in VALUE_KINDS
        for left, right in pairwise(stage.tokens)
    )
