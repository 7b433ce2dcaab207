"""Rules of the source, as functions over text: each returns what is wrong, or nothing."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator

BROAD = {"Exception", "BaseException"}
UNTYPED = {"networkx", "splunklib", "apsw", "re2", "duckdb"}
MARK = re.compile(r"#\s*deny-on-error: \S+")
TELLS = {"failures", "refused", "problems"}
"""Lists whose members make the caller refuse."""


def _is_broad(kind: ast.expr | None) -> bool:
    match kind:
        case None:
            return True
        case ast.Tuple(elts=kinds):
            return any(_is_broad(k) for k in kinds)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in BROAD
        case _:
            return False


def _refuses(handler: ast.ExceptHandler) -> bool:
    """Whether the handler raises, returns a value, fails a future or adds to a list of failures."""
    for node in _own(handler.body):
        match node:
            case ast.Raise():
                return True
            case ast.Return(value=value) if value is not None and not (
                isinstance(value, ast.Constant) and value.value in (None, True)
            ):
                return True
            case ast.Call(func=ast.Attribute(attr="set_exception")):
                return True
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append")) if name in TELLS:
                return True
            case _:
                continue
    return False


def _own(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """All nodes of the statements except inside functions that they define."""
    todo: list[ast.AST] = list(body)
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            todo.extend(ast.iter_child_nodes(node))


def broad_excepts(source: str) -> list[str]:
    """A broad except without its comment, or one that lets the error pass."""
    lines = source.splitlines()
    found: list[str] = []
    marked = {n for n, line in enumerate(lines, 1) if "deny-on-error" in line}
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ExceptHandler) or not _is_broad(node.type):
            continue
        if not MARK.search(lines[node.lineno - 1]):
            found.append(f"line {node.lineno}: broad except without '# deny-on-error: why'")
        if not _refuses(node):
            found.append(f"line {node.lineno}: broad except that does not end in a refusal or a raise")
        marked.discard(node.lineno)
    return found + [f"line {n}: deny-on-error on something that is not a broad except" for n in sorted(marked)]


def imports(source: str) -> set[str]:
    """Top-level names of everything that is imported, lazily or not."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=aliases):
                names |= {a.name.partition(".")[0] for a in aliases}
            case ast.ImportFrom(module=str(module), level=0):
                names.add(module.partition(".")[0])
            case _:
                continue
    return names


def relaxed_types(source: str) -> list[str]:
    """Typing that is relaxed outside an adapter of an untyped library, or without naming a rule."""
    found: list[str] = []
    adapter = bool(imports(source) & UNTYPED)
    for number, line in enumerate(source.splitlines(), 1):
        if re.search(r"#\s*type:\s*ignore", line) or re.search(r"#\s*pyright:\s*ignore(?!\[\w+)", line):
            found.append(f"line {number}: ignores the type checker without naming a rule of pyright")
        elif re.search(r"#\s*pyright:(?!\s*(?:ignore\[|strict\b))", line) and not adapter:
            found.append(f"line {number}: relaxes typing but adapts none of {', '.join(sorted(UNTYPED))}")
    return found


# In pieces, so that this file does not hold what it looks for.
LATER = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")


def left_for_later(source: str) -> list[str]:
    """Comments that put work off, and bodies that are not written."""
    found: list[str] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        later = token.type == tokenize.COMMENT and LATER.search(token.string)
        if later or (token.type == tokenize.NAME and token.string == "NotImplemented" + "Error"):
            found.append(f"line {token.start[0]}: {token.string}")
    return found
