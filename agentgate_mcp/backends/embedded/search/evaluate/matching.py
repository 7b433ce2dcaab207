"""Functions that test texts: `like`, `match`, `searchmatch`, and what `replace` and `mvfind` share.

A pattern that the search writes is checked before anything runs. One that comes from the rows is
tried row by row: where it cannot be read the result is null, for the other rows it is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agentgate_mcp.backends.embedded.search import patterns, sqltext
from agentgate_mcp.backends.embedded.search.evaluate.calls import arity, literal
from agentgate_mcp.backends.embedded.search.evaluate.core import Evaluator, Function, Result, Truth
from agentgate_mcp.backends.embedded.search.reparsed import placed, search_of
from agentgate_mcp.spl import ast


def written(call: ast.Call, to: Evaluator, number: int) -> str | None:
    """A pattern argument as RE2 takes it; None where it depends on the row.

    Raises: UnsupportedSplError for what RE2 lacks, SplError for what is no pattern."""
    argument = call.args[number]
    text = to.constant(argument)
    return None if text is None else patterns.checked(text, argument.span.start, what=call.function)


def from_row(call: ast.Call, to: Evaluator, number: int) -> str:
    """A pattern argument that depends on the row, as SQL."""
    # Splunk's way to name a group is not the engine's.
    return f"replace({to.text(call.args[number])}, '(?<', '(?P<')"


def matcher(call: ast.Call, to: Evaluator, number: int) -> tuple[str, str]:
    """The pattern of argument ``number`` as SQL and, with ``{c}`` for a text and ``{p}`` for the
    pattern, the SQL that tests."""
    pattern = written(call, to, number)
    if pattern is not None:
        return to.build.bind(pattern), "regexp_matches({c}, {p})"
    return from_row(call, to, number), "TRY(regexp_matches({c}, {p}))"


def _match(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 2, 2)
    pattern, test = matcher(call, to, 1)
    subject = to.value(call.args[0])
    if subject.kind != "list":
        return Truth(sql=sqltext.let(pattern, lambda p: test.format(c=sqltext.text_sql(subject), p=p)))
    name = sqltext.fresh()
    some = sqltext.let(
        pattern, lambda p: f"len(list_filter({subject.sql}, lambda {name}: {test.format(c=name, p=p)})) > 0"
    )
    return Truth(sql=f"(CASE WHEN len({subject.sql}) > 0 THEN {some} END)")


def _like(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 2, 2)
    return Truth(sql=f"({to.text(call.args[0])} LIKE {to.text(call.args[1])})")


def _searchmatch(call: ast.Call, to: Evaluator) -> Result:
    from agentgate_mcp.backends.embedded.search.predicates import Predicates

    arity(call, 1, 1)
    text = literal(call, to, 0, "search")
    with placed(call.args[0].span.start, "searchmatch"):
        expr = search_of(text)
        predicates = Predicates(relation=to.relation, build=to.build, over_events=False)
        return Truth(sql="true" if expr is None else predicates.compile(expr))


FUNCTIONS: Final[Mapping[str, Function]] = {"match": _match, "like": _like, "searchmatch": _searchmatch}
