"""Zeek's tab-separated logs, the labelled IoT-23 kind included.

IoT-23 puts three columns into the last one: `tunnel_parents   label   detailed-label`, three
blanks apart, in the header and in every row. Other labelled sets use tabs, and now and then one
too many. Whatever stands at or behind the first label is dropped before a row leaves this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from agentgate_mcp.backends.embedded.zeek_record import (
    SECRET,
    MalformedRow,
    RowProblem,
    Value,
    ZeekRow,
    is_label,
    log_name,
    plain_name,
)
from agentgate_mcp.errors import DataError

_BLANKS: Final = re.compile(r"\s{2,}")
_ESCAPE: Final = re.compile(r"(?:\\x[0-9a-fA-F]{2})+|\\\\")
_CONTAINERS: Final = ("set[", "vector[", "table[")
Kind = Literal["", "list", "bool"]
_EXTRA_ALLOWED: Final = 1
"""Fields too many that a row may have where they can only be part of its label."""


@dataclass(slots=True)
class _Header:
    """The `#` lines seen so far, and what they say about rows."""

    separator: str = "\t"
    set_separator: str = ","
    empty: str = "(empty)"
    unset: str = "-"
    log: str = ""
    names: list[str] = field(default_factory=list[str])
    data: int = 0
    """Number of leading items that are data and stand alone; the label region follows."""
    combined: tuple[str, ...] = ()
    """Names inside a combined last item."""
    labelled: bool = False
    columns: tuple[tuple[str, Kind], ...] = ()
    """Name and kind of each leading data item."""

    def take(self, line: str, label: str, number: int) -> None:
        """Reads one header line. Raises: DataError."""
        key, _, value = line.lstrip().removeprefix("#").partition(self.separator)
        if key.startswith("separator"):
            # `#separator \x09` has a blank in it, or a tab; the value is an escape either way.
            self.separator = _separator(line, label, number)
            return
        match key.strip():
            case "set_separator":
                self.set_separator = value or ","
            case "empty_field":
                self.empty = value
            case "unset_field":
                self.unset = value
            case "path":
                self.log = value.strip()
                if log_name(self.log) is None:
                    raise DataError(label, f"line {number}", "#path: expected the name of a Zeek log")
            case "fields":
                self._fields(value.split(self.separator), label, number)
            case "types":
                self._types(value.split(self.separator), label, number)
            case _:
                # `#open`, `#close` and comments say nothing about rows.
                return

    def _fields(self, items: list[str], label: str, number: int) -> None:
        last = items[-1].split()
        self.combined = tuple(last) if len(last) > 1 else ()
        first_label = next((i for i, name in enumerate(items) if is_label(name)), len(items))
        tail_only = all(is_label(name) for name in items[first_label:])
        self.labelled = first_label < len(items) or any(is_label(name) for name in self.combined)
        if not tail_only:
            raise DataError(label, f"line {number}", "#fields: expected the label columns to be the last ones")
        self.data = len(items) - 1 if self.combined else first_label
        self.names = items
        if len(set(items)) < len(items) or "" in items:
            raise DataError(label, f"line {number}", "#fields: expected different names, got one twice or empty")
        self.columns = tuple((plain_name(name), "") for name in items[: self.data])

    def _types(self, types: list[str], label: str, number: int) -> None:
        if len(types) != len(self.names):
            problem = f"#types: expected {len(self.names)} types, got {len(types)}"
            raise DataError(label, f"line {number}", problem)
        self.columns = tuple((name, _kind(kind)) for (name, _), kind in zip(self.columns, types, strict=False))


def read_tsv(lines: Iterable[tuple[int, str]], label: str) -> Iterator[ZeekRow | RowProblem]:
    """The rows of one file; several logs one after the other are read each by its own header.

    Raises: DataError when the header is missing or cannot be understood."""
    header = _Header()
    for number, line in lines:
        if line.lstrip().startswith("#"):
            header.take(line, label, number)
            continue
        if not line.strip():
            continue
        if not header.names:
            raise DataError(label, f"line {number}", "expected a #fields line before the first row")
        if not header.log:
            raise DataError(label, f"line {number}", "expected a #path line before the first row")
        try:
            yield _row(line, number, header)
        except MalformedRow as problem:
            yield RowProblem(file=label, line=number, problem=str(problem))


def _kind(zeek_type: str) -> Kind:
    if zeek_type.startswith(_CONTAINERS):
        return "list"
    return "bool" if zeek_type == "bool" else ""


def _row(line: str, number: int, header: _Header) -> ZeekRow:
    items = line.split(header.separator)
    most = len(header.names) + (_EXTRA_ALLOWED if header.labelled else 0)
    fewest = header.data + (1 if header.combined else 0) if header.labelled else len(header.names)
    if not fewest <= len(items) <= most:
        raise MalformedRow(f"expected {len(header.names)} fields, got {len(items)}")
    fields: dict[str, Value] = {}
    rest = items[header.data :]
    del items[header.data :]
    for index, (name, kind) in enumerate(header.columns):
        text = items[index]
        if text in (header.unset, header.empty):
            continue
        if name in SECRET:
            items[index] = header.unset
        elif value := text if kind == "" and "\\" not in text else _value(text, kind, header):
            fields[name] = value
    for name, text in _from_combined(rest, header):
        items.append(text)
        if text not in (header.unset, header.empty):
            fields[plain_name(name)] = _value(text, "list", header)
    return ZeekRow(log=header.log, line=number, fields=fields, raw=header.separator.join(items))


def _from_combined(rest: Sequence[str], header: _Header) -> Iterator[tuple[str, str]]:
    """The data in the combined last column: by place where the row has as many parts as the
    header, else only what cannot be a label."""
    if not header.combined:
        return
    parts = _BLANKS.split("   ".join(rest))
    if len(parts) >= len(header.combined):
        yield from ((n, p) for n, p in zip(header.combined, parts, strict=False) if p and not is_label(n))
    elif not header.labelled or parts[0] in (header.unset, header.empty):
        yield header.combined[0], parts[0]


def _value(text: str, kind: Kind, header: _Header) -> Value:
    """A set value by its kind: text, list or truth value."""
    match kind:
        case "":
            return _unescaped(text)
        case "list":
            return [_unescaped(item) for item in text.split(header.set_separator) if item not in (header.unset, "")]
        case "bool":
            return {"T": "true", "F": "false"}.get(text, text)


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(match: re.Match[str]) -> str:
    """`\\x2d` as the character it stands for; bytes that are no text stay escaped."""
    if match[0] == "\\\\":
        return "\\"
    try:
        decoded = bytes.fromhex(match[0].replace("\\x", "")).decode()
    except UnicodeDecodeError:
        return match[0]
    return decoded if decoded.isprintable() else match[0]


def _separator(line: str, label: str, number: int) -> str:
    text = line.lstrip().removeprefix("#separator").strip(" \t\r\n")
    match text[:2]:
        case "\\x":
            try:
                return bytes.fromhex(text[2:]).decode("ascii")
            except ValueError:
                pass
        case _ if len(text) == 1:
            return text
        case _:
            pass
    raise DataError(label, f"line {number}", "#separator: expected an escape such as \\x09")
