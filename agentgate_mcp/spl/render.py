"""Syntax tree to text: what `parse` reads back as the same tree.

Recursion follows the tree, whose height the parser bounds (cursor.MAX_HEIGHT).
"""

from __future__ import annotations

import re
from typing import assert_never

from agentgate_mcp.spl import ast
from agentgate_mcp.spl.commands import TEMPLATE_COMMANDS
from agentgate_mcp.spl.text import escape

_PLAIN = re.compile(r"[A-Za-z_{}.:@$*][\w{}.:@$*\-]*(?:\([\w{}.:@$*\-]*\))?")
_COMMAND_NAME = re.compile(r"""[^\s"'`|\[\](),=<>!\\]+""")
_KEYWORDS = frozenset(
    {
        "by", "groupby", "as", "over", "where", "from", "output", "outputnew", "sortby", "and", "or", "not", "in",
        "auto", "str", "ip", "num", "desc", "d", "xor", "like",
    }
)  # fmt: skip
_EVAL_NAME = re.compile(r"(?:<<\w+>>|[^\W\d]|[$@#{}:?~])(?:<<\w+>>|[\w$@#{}:?~])*")
_XOR, _OR, _AND, _NOT, _COMPARE, _ADD, _MUL, _UNARY, _ATOM = range(9)


def render(pipeline: ast.Pipeline) -> str:
    """The pipeline as text, commands in lower case, one blank where any blank will do."""
    return _pipeline(pipeline, leading_pipe=True)


def _pipeline(pipeline: ast.Pipeline, *, leading_pipe: bool) -> str:
    parts = [_command(c) for c in pipeline.commands]
    text = " | ".join(parts)
    if leading_pipe and not isinstance(pipeline.commands[0], ast.Search):
        return f"| {text}"
    return text


def _command(command: ast.Command) -> str:
    match command:
        case ast.Search(expr=expr):
            return f"search {_search(expr, inside='')}" if expr is not None else "search"
        case ast.Where(expr=expr):
            return f"where {_eval(expr, _XOR)}"
        case ast.Eval(assignments=assignments):
            return "eval " + ", ".join(f"{_target(a.field)}={_eval(a.expr, _XOR)}" for a in assignments)
        case ast.Head():
            return _head(command)
        case ast.Table(fields=fields):
            return _join("table", ", ".join(map(_name, fields)))
        case ast.Fields(fields=fields, remove=remove):
            return _join("fields", "-" if remove else "+", ", ".join(map(_name, fields)))
        case ast.Sort(keys=keys, limit=limit, reverse=reverse):
            count = f"limit={limit}" if limit is not None else ""
            return _join("sort", count, ", ".join(map(_sort_key, keys)), "desc" if reverse else "")
        case ast.Dedup():
            count = str(command.count) if command.count != 1 else ""
            by = "sortby " + ", ".join(map(_sort_key, command.sortby)) if command.sortby else ""
            return _join("dedup", count, ", ".join(map(_name, command.fields)), _options(command.options), by)
        case ast.Rename(pairs=pairs):
            return "rename " + ", ".join(f"{_name(old)} AS {_name(new)}" for old, new in pairs)
        case ast.Stats():
            return _join(
                command.command, _options(command.options), _aggregations(command.aggregations), _by("BY", command.by)
            )
        case ast.Chart():
            return _join(
                command.command,
                _options(command.options),
                _aggregations(command.aggregations),
                _by("OVER", (command.over,) if command.over else ()),
                _by("BY", command.by),
                f"where {command.where}" if command.where else "",
            )
        case ast.Tstats():
            model = f"FROM datamodel={_value_text(command.data_model)}" if command.data_model else ""
            where = f"WHERE {_search(command.where, inside='')}" if command.where is not None else ""
            parts = (_options(command.options), _aggregations(command.aggregations), model, where)
            return _join(command.command, *parts, _by("BY", command.by))
        case ast.Lookup():
            word = "OUTPUTNEW" if command.keep_existing else "OUTPUT" if command.output else ""
            parts = (_options(command.options), _name(command.name), ", ".join(map(_lookup_field, command.match)))
            return _join("lookup", *parts, word, ", ".join(map(_lookup_field, command.output)))
        case ast.InputLookup():
            where = f"where {_search(command.where, inside='')}" if command.where is not None else ""
            return _join("inputlookup", _options(command.options), _name(command.name), where)
        case ast.Generic(command=name, raw=raw) if raw:
            return f"{name} {raw}"
        case ast.Generic(command=name, args=args):
            template = name in TEMPLATE_COMMANDS
            return _join(_command_name(name), *(_argument(a, template=template) for a in args))
        case ast.MacroCall():
            return _macro(command)
        case _:
            assert_never(command)


def _command_name(name: str) -> str:
    return name if not name or _COMMAND_NAME.fullmatch(name) else f'"{escape(name)}"'


def _head(command: ast.Head) -> str:
    count = str(command.count) if command.counted or command.count != 10 or command.expr is None else ""
    expr = f"({_eval(command.expr, _XOR)})" if command.expr is not None else ""
    return _join(command.command, count, expr, _options(command.options))


def _aggregations(aggregations: tuple[ast.Aggregation, ...]) -> str:
    return ", ".join(map(_aggregation, aggregations))


def _aggregation(item: ast.Aggregation) -> str:
    text = item.function
    if item.expr is not None:
        inside = _eval(item.expr, _XOR)
        text = f"eval({inside})" if item.function == "eval" else f"{item.function}(eval({inside}))"
    elif item.argument:
        text = f"{item.function}({item.argument})"
    elif item.field:
        text = f"{item.function}({_name(item.field)})"
    return f"{text} AS {_name(item.alias)}" if item.alias else text


def _by(word: str, keys: tuple[ast.GroupKey, ...]) -> str:
    if not keys:
        return ""
    return f"{word} " + ", ".join(_join(_name(k.field), _options(k.options)) for k in keys)


def _sort_key(key: ast.SortKey) -> str:
    name = f"{key.cast}({_name(key.field)})" if key.cast else _name(key.field)
    return f"- {name}" if key.descending else f"+ {name}"


def _lookup_field(item: ast.LookupField) -> str:
    return f"{_name(item.field)} AS {_name(item.alias)}" if item.alias else _name(item.field)


def _options(options: tuple[ast.Option, ...]) -> str:
    return " ".join(_argument(o, template=False) for o in options)


def _argument(arg: ast.Arg, *, template: bool) -> str:
    match arg:
        case ast.Value():
            return _value(arg)
        case ast.Option(name=name, value=value):
            return f"{name}={_argument(value, template=template)}"
        case ast.MacroCall():
            return _macro(arg)
        case ast.Subsearch(pipeline=pipeline):
            return f"[{_pipeline(pipeline, leading_pipe=not template)}]"
        case ast.Punct(text=text):
            return text
        case _:
            assert_never(arg)


def _search(expr: ast.SearchExpr, *, inside: str) -> str:
    """``inside`` is the connective around: one of another kind needs parentheses."""
    match expr:
        case ast.Term(value=value):
            return _value(value)
        case ast.Comparison(field=name, op=op, value=value):
            return f"{_search_field(name, op)}{op}{_argument(value, template=False)}"
        case ast.TimeModifier(name=name, value=value):
            return f"{name}={_argument(value, template=False)}"
        case ast.Membership(field=name, values=values):
            return f"{_search_field(name)} IN ({', '.join(_argument(v, template=False) for v in values)})"
        case ast.Directive(name=name, value=value):
            return f"{name}({_value(value)})"
        case ast.SearchNot(operand=operand):
            return f"NOT {_search(operand, inside='NOT')}"
        case ast.SearchAnd(operands=operands):
            text = " ".join(_search(o, inside="AND") for o in operands)
            return f"({text})" if inside else text
        case ast.SearchOr(operands=operands):
            text = " OR ".join(_search(o, inside="OR") for o in operands)
            return f"({text})" if inside else text
        case ast.Subsearch():
            return _argument(expr, template=False)
        case ast.MacroCall():
            return _macro(expr)
        case _:
            assert_never(expr)


def _eval(expr: ast.EvalExpr, loosest: int) -> str:
    """``loosest`` is the loosest level that may stand here without parentheses."""
    text, level = _eval_parts(expr)
    return f"({text})" if level < loosest else text


def _eval_parts(expr: ast.EvalExpr) -> tuple[str, int]:
    match expr:
        case ast.Number(raw=raw):
            return raw, _ATOM
        case ast.String(raw=raw):
            return f'"{raw}"', _ATOM
        case ast.FieldRef(name=name, quoted=quoted):
            return (f"'{name}'" if quoted or not _EVAL_NAME.fullmatch(name) else name), _ATOM
        case ast.Call(function=function, args=args):
            return f"{function}({', '.join(_eval(a, _XOR) for a in args)})", _ATOM
        case ast.Unary(op="NOT", operand=operand):
            return f"NOT {_eval(operand, _NOT)}", _NOT
        case ast.Unary(op=op, operand=operand):
            return f"{op} {_eval(operand, _UNARY)}", _UNARY
        case ast.Chain(first=first, rest=rest):
            level = _MUL if rest[0][0] in "*/%" else _ADD
            tail = "".join(f" {op} {_eval(operand, level + 1)}" for op, operand in rest)
            return _eval(first, level + 1) + tail, level
        case ast.Compare(op=op, left=left, right=right):
            return f"{_eval(left, _ADD)} {op} {_eval(right, _ADD)}", _COMPARE
        case ast.InTest(operand=operand, values=values):
            return f"{_eval(operand, _ADD)} IN ({', '.join(_eval(v, _XOR) for v in values)})", _COMPARE
        case ast.Logical(op=op, operands=operands):
            level = {"AND": _AND, "OR": _OR, "XOR": _XOR}[op]
            return f" {op} ".join(_eval(o, level + 1) for o in operands), level
        case ast.MacroCall():
            return _macro(expr), _ATOM
        case ast.Subsearch():
            return _argument(expr, template=False), _ATOM
        case _:
            assert_never(expr)


def _macro(call: ast.MacroCall) -> str:
    return f"`{call.name}({', '.join(call.args)})`" if call.args else f"`{call.name}`"


def _value(value: ast.Value) -> str:
    return f"{value.quote}{value.raw}{value.quote}"


def _value_text(text: str) -> str:
    return text if _PLAIN.fullmatch(text) and "(" not in text else f'"{escape(text)}"'


def _name(name: str) -> str:
    """A field name, quoted unless it is a plain word and no keyword of any command."""
    if _PLAIN.fullmatch(name) and name.lower() not in _KEYWORDS:
        return name
    return f'"{escape(name)}"'


def _search_field(name: str, op: str = "=") -> str:
    plain = _PLAIN.fullmatch(name) and "(" not in name and "::" not in name and name.lower() not in _KEYWORDS
    if op == "::" or plain:
        return name
    return f'"{escape(name)}"'


def _target(name: str) -> str:
    return name if _EVAL_NAME.fullmatch(name) else f'"{escape(name)}"'


def _join(*parts: str) -> str:
    return " ".join(p for p in parts if p)
