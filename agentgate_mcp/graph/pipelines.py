"""A pipeline read command by command into its `Shape`."""

from __future__ import annotations

from agentgate_mcp.graph.alternatives import DATA_FIELDS
from agentgate_mcp.graph.conditions import Condition, Either, In, Opaque, literals_in, of_eval, of_search, read_by
from agentgate_mcp.graph.settings import seconds
from agentgate_mcp.graph.shapes import Dropper, Shape
from agentgate_mcp.spl import ast

_DROPPING = frozenset(
    {"regex", "sample", "join", "transaction", "rare", "top", "selfjoin", "transpose", "untable", "xyseries"}
)
"""Commands that drop rows without stating a condition on a field."""
_REWRITES = frozenset({"replace", "foreach", "convert", "spath", "nomv", "strcat", "accum"})
"""Commands that give the fields which they name other values."""
_RESHAPES = frozenset({"transpose", "untable", "xyseries"})
"""Commands that make rows of other fields, so that what comes after them reads something else."""
_KEEPS_FIELDS = frozenset({
    "fillnull", "filldown", "reverse", "bin", "bucket", "convert", "makemv", "mvexpand", "regex", "rex", "replace",
})  # fmt: skip


def shape_of(pipeline: ast.Pipeline) -> Shape:
    """The shape of a whole pipeline; brackets count only through the commands that hold them."""
    shape = Shape()
    for position, command in enumerate(pipeline.commands):
        _take(shape, command, first=position == 0)
    return shape


def _take(shape: Shape, command: ast.Command, *, first: bool) -> None:
    match command:
        case ast.Search():
            _search(shape, command.expr, first=first)
        case ast.Where():
            shape.filter(of_eval(command.expr))
        case ast.Tstats():
            _search(shape, command.where, first=first)
            if command.data_model:
                shape.data.add(f"data_model:{command.data_model}")
            _count(shape, command, anew=not (_is_on(command, "prestats") or _is_on(command, "append")))
        case ast.InputLookup():
            shape.conditions += of_search(command.where)
            if first:
                shape.data.add(f"lookup:{command.name}")
        case ast.Eval():
            for assignment in command.assignments:
                _assign(shape, assignment)
        case ast.Stats():
            anew = command.command in ("stats", "sistats")
            shape.stats += anew
            _count(shape, command, anew=anew)
        case ast.Chart():
            shape.keep(None)
            shape.make(*(a.output for a in command.aggregations))
        case ast.Lookup():
            for out in command.output:
                if command.keep_existing:
                    shape.make(out.alias or out.field)
                else:
                    shape.assign(out.alias or out.field, ("lookup", f"{command.name} {out.field}"))
            if not command.output:
                shape.keep(None)
        case ast.Rename():
            for old, new in command.pairs:
                _rename(shape, old, new)
        case ast.Head():
            if command.expr is None:
                shape.heads.append(command.count)
            else:
                shape.droppers.append(Dropper(command="head", text=repr(command)))
        case ast.Fields():
            if command.remove and any(not f.strip("*") for f in command.fields):
                shape.droppers.append(Dropper(command="fields", text=repr(command), everything=True))
            elif command.remove:
                shape.drop(*command.fields)
            else:
                shape.keep({*command.fields, "_time", "_raw"})
        case ast.Table():
            shape.keep(set(command.fields))
        case ast.Dedup():
            names = frozenset(command.fields)
            nothing = any(shape.lacks(n) for n in names) or names <= shape.constants.keys()
            shape.droppers.append(Dropper(command="dedup", text=repr(command), everything=nothing, fields=names))
        case ast.Generic():
            _generic(shape, command, first=first)
        case ast.MacroCall():
            shape.filter(of_search(command))
            shape.keep(None)
        case ast.Sort():
            if command.limit:
                shape.heads.append(command.limit)


def _count(shape: Shape, command: ast.Stats | ast.Tstats, *, anew: bool) -> None:
    """Aggregates; ``anew`` says that the rows are made of nothing but these and the keys."""
    keys = {k.field for k in command.by}
    made = {a.output for a in command.aggregations}
    if anew:
        if not any(o.key == "fillnull_value" for o in command.options):
            shape.group(keys if isinstance(command, ast.Stats) else set(), counted=keys)
        shape.keep({*made, *keys})
        shape.certain |= keys | {a.output for a in command.aggregations if a.function in ("count", "c", "dc")}
    for found in command.aggregations:
        read = read_by(found.expr) if found.expr is not None else frozenset({found.field} - {"", "*"})
        shape.assign(found.output, (command.command, repr(found)), read)


def _is_on(command: ast.Tstats, option: str) -> bool:
    found = next((o.value for o in command.options if o.key == option), None)
    return isinstance(found, ast.Value) and found.text.lower() in ("t", "true", "1")


def _rename(shape: Shape, old: str, new: str) -> None:
    if old.count("*") > 1 or old.count("*") != new.count("*"):
        shape.keep(None)
        return
    if old == new:
        return
    known = {*(shape.visible or ()), *shape.produced, *shape.certain} | ({old} if "*" not in old else set[str]())
    first, star, last = old.partition("*")
    for name in sorted(n for n in known if n == old or (star and n.startswith(first) and n.endswith(last))):
        called = new.replace("*", name[len(first) : len(name) - len(last)]) if star else new
        origin = shape.assigned.get(name, ("rename", name))
        certain = name in shape.certain
        shape.drop(name)
        shape.assign(called, origin, frozenset({name}))
        shape.certain.discard(name)
        if certain:
            shape.certain.add(called)


def _assign(shape: Shape, assignment: ast.Assignment) -> None:
    how = "constant" if isinstance(assignment.expr, ast.Number | ast.String) else "eval"
    shape.assign(assignment.field, (how, repr(assignment.expr)), read_by(assignment.expr))
    match assignment.expr:
        case ast.Number():
            shape.constants[assignment.field] = assignment.expr.raw
        case ast.String():
            shape.constants[assignment.field] = assignment.expr.value
        case ast.Call(function="null"):
            shape.drop(assignment.field)
        case _:
            pass


def _generic(shape: Shape, command: ast.Generic, *, first: bool) -> None:
    if first:
        shape.data.add(f"{command.command}:{' '.join(command.words)}")
    if command.command in _DROPPING:
        shape.droppers.append(
            Dropper(
                command=command.command,
                text=repr(command),
                everything=command.command in _RESHAPES or _drops_everything(command),
                demanding=_is_demanding(command),
            )
        )
    span = command.options.get("span")
    if command.command in ("bin", "bucket") and isinstance(span, ast.Value) and (length := seconds(span.text)):
        shape.spans.append(length)
    if command.command == "rex":
        for word in command.words:
            for opening in ("(?<", "(?P<"):
                for part in word.split(opening)[1:]:
                    if ">" in part:
                        shape.assign(part.split(">", 1)[0], ("rex", word))
        target, mode = command.options.get("field"), command.options.get("mode")
        if isinstance(target, ast.Value) and isinstance(mode, ast.Value) and mode.text == "sed":
            shape.assign(target.text, ("rex", repr(command)), frozenset({target.text}))
    elif command.command in _REWRITES:
        words = [w.strip(",") for w in command.words]
        lowered = [w.lower() for w in words]
        if command.command == "replace":
            words = words[lowered.index("in") + 1 :] if "in" in lowered else []
        output = command.options.get("output")
        if isinstance(output, ast.Value):
            words.append(output.text)
        for name in words:
            shape.assign(name, (command.command, repr(command)), frozenset({name}))
    elif command.command not in _KEEPS_FIELDS:
        shape.keep(None)


def _is_demanding(command: ast.Generic) -> bool:
    """Whether it is an inner join, a sample, or a `regex` that rows must match."""
    if command.command == "regex":
        return not _is_unequal(command)
    kind = command.options.get("type")
    outer = isinstance(kind, ast.Value) and kind.text.lower() in ("left", "outer")
    return command.command in ("join", "selfjoin", "sample") and not outer


def _is_unequal(command: ast.Generic) -> bool:
    return any(isinstance(a, ast.Punct) and a.text == "!=" for a in command.args)


def _drops_everything(command: ast.Generic) -> bool:
    """A `regex` that keeps only what its pattern, which fits anything, does not fit."""
    return (
        command.command == "regex"
        and _is_unequal(command)
        and bool(command.words)
        and literals_in(command.words[-1]) < 3
    )


def _search(shape: Shape, expr: ast.SearchExpr | None, *, first: bool) -> None:
    conditions = of_search(expr)
    shape.filter(conditions)
    for modifier in _times(expr):
        value = modifier.value.text if isinstance(modifier.value, ast.Value) else ""
        if modifier.name == "earliest":
            shape.earliest = value
        elif modifier.name == "latest":
            shape.latest = value
    if first:
        shape.data |= {name for c in conditions for name in _data_names(c)}


def _times(expr: ast.SearchExpr | None) -> list[ast.TimeModifier]:
    if isinstance(expr, ast.TimeModifier):
        return [expr]
    if isinstance(expr, ast.SearchAnd | ast.SearchOr):
        return [t for o in expr.operands for t in _times(o)]
    return []


def _data_names(condition: Condition) -> set[str]:
    match condition:
        case In() if condition.field in DATA_FIELDS:
            return {f"{condition.field}:{v}" for v in condition.values if v.strip("*")}
        case Either():
            return {n for b in condition.branches for c in b for n in _data_names(c)}
        case Opaque() if condition.positive and condition.pipeline is None and condition.shown.startswith("`"):
            return {f"macro:{condition.text}"}
        case _:
            return set()
