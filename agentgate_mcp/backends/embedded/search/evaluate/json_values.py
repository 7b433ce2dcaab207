"""Functions that make JSON: `json_object`, `json_array`, `json_set`, `json_delete`, `mv_to_json_array`.

What was chosen where Splunk leaves it open: a number stays a number, a text that is itself a JSON
object or array is put in as such, a multivalue field becomes an array, null becomes null.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Final

from agentgate_mcp.backends.embedded.search import sqltext
from agentgate_mcp.backends.embedded.search.evaluate.calls import arity, flag, item, literal, refused
from agentgate_mcp.backends.embedded.search.evaluate.core import Evaluator, Function, Result, Truth
from agentgate_mcp.backends.embedded.search.evaluate.json_paths import parsed, pointed
from agentgate_mcp.backends.embedded.search.relation import Column
from agentgate_mcp.errors import SplError
from agentgate_mcp.spl import ast


def _json_of(result: Result) -> str:
    """The JSON text of a value, never NULL."""
    if isinstance(result, Truth):
        return f"CASE {result.sql} WHEN true THEN 'true' WHEN false THEN 'false' ELSE 'null' END"
    match result.kind:
        case "number":
            return f"coalesce({sqltext.text_sql(result)}, 'null')"
        case "list":
            return sqltext.let(result.sql, lambda v: f"CASE WHEN len({v}) > 0 THEN {_array_of(v)} ELSE 'null' END")
        case "text":
            return sqltext.let(result.sql, _json_of_text)


def _json_of_text(c: str) -> str:
    nested = f"regexp_matches({c}, '^[\\[{{]') AND json_valid({c})"
    text = f"CASE WHEN {nested} THEN CAST(json({c}) AS VARCHAR) ELSE CAST(to_json({c}) AS VARCHAR) END"
    return f"CASE WHEN {c} IS NULL THEN 'null' ELSE {text} END"


def _array_of(values: str) -> str:
    name = sqltext.fresh()
    return f"'[' || array_to_string(list_transform({values}, lambda {name}: {_json_of(item(name))}), ',') || ']'"


def _json_object(call: ast.Call, to: Evaluator) -> Result:
    if len(call.args) % 2:
        raise SplError(f"json_object has {len(call.args)} arguments", call.span.start, "keys with their values")
    members: list[str] = []
    for key, value in zip(call.args[::2], call.args[1::2], strict=True):
        name = sqltext.let(to.text(key), lambda c: f"CASE WHEN {c} IS NOT NULL THEN CAST(to_json({c}) AS VARCHAR) END")
        members.append(f"{name} || ':' || {_json_of(to.result(value))}")
    # A member without a key is left out.
    inner = f"concat_ws(',', {', '.join(members)})" if members else "''"
    return Column(sql=f"('{{' || {inner} || '}}')", kind="text")


def _json_array(call: ast.Call, to: Evaluator) -> Result:
    parts = [_json_of(to.result(arg)) for arg in call.args]
    inner = f"concat_ws(',', {', '.join(parts)})" if parts else "''"
    return Column(sql=f"('[' || {inner} || ']')", kind="text")


def _mv_to_json_array(call: ast.Call, to: Evaluator) -> Result:
    """With a second argument `true()`, values that are JSON by themselves are put in as such."""
    arity(call, 1, 2)
    values, name = sqltext.list_sql(to.value(call.args[0])), sqltext.fresh()
    if flag(call, 1):
        one = (
            f"CASE WHEN json_valid({name}) THEN CAST(json({name}) AS VARCHAR) ELSE CAST(to_json({name}) AS VARCHAR) END"
        )
    else:
        one = f"CAST(to_json({name}) AS VARCHAR)"

    def of(v: str) -> str:
        made = f"'[' || array_to_string(list_transform({v}, lambda {name}: {one}), ',') || ']'"
        return f"CASE WHEN len({v}) > 0 THEN {made} END"

    return Column(sql=sqltext.let(values, of), kind="text")


def _path(call: ast.Call, to: Evaluator, number: int) -> str:
    """The place that an argument names, one for certain. Raises: SplError, UnsupportedSplError."""
    start = call.args[number].span.start
    if call.function.endswith("_exact"):
        return pointed((literal(call, to, number, "key"),), start)
    steps = parsed(literal(call, to, number, "path"), start)
    if not steps or None in steps:
        raise SplError(f"{call.function} changes one place", start, "a path without {}")
    return pointed(steps, start)


def _document(call: ast.Call, to: Evaluator) -> str:
    """The first argument as JSON. Left to the engine, the cast would be taken out of the TRY around it."""
    return f"TRY_CAST({to.text(call.args[0])} AS JSON)"


def _json_set(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 3)
    if len(call.args) % 2 == 0:
        raise SplError(f"{call.function} has {len(call.args)} arguments", call.span.start, "paths with their values")
    places = [(_path(call, to, n), _json_of(to.result(call.args[n + 1]))) for n in range(1, len(call.args), 2)]

    def one(document: str, place: tuple[str, str]) -> str:
        return f"TRY(json_set({document}, {to.build.bind(place[0])}, CAST({place[1]} AS JSON)))"

    return Column(sql=f"CAST({reduce(one, places, _document(call, to))} AS VARCHAR)", kind="text")


def _json_delete(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 2)
    places = [to.build.bind(_path(call, to, n)) for n in range(1, len(call.args))]
    sql = reduce(lambda document, place: f"TRY(json_remove({document}, {place}))", places, _document(call, to))
    return Column(sql=f"CAST({sql} AS VARCHAR)", kind="text")


FUNCTIONS: Final[Mapping[str, Function]] = {
    "json_object": _json_object,
    "json_array": _json_array,
    "json_set": _json_set,
    "json_set_exact": _json_set,
    "json_delete": _json_delete,
    "mv_to_json_array": _mv_to_json_array,
    **dict.fromkeys(("json_append", "json_extend", "json_entries"), refused("make the array with json_array")),
}
