"""Rows of the engine as rows of Splunk's results endpoint: strings, and lists of strings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, cast

from agentgate_mcp.backends.embedded.schema import EVENT_FIELDS
from agentgate_mcp.backends.embedded.search.relation import Relation
from agentgate_mcp.backends.embedded.search.sqltext import number_text
from agentgate_mcp.backends.ports import Row
from agentgate_mcp.model.call import Json

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS: Final = range(-62135596800, 253402300800)
"""Seconds that ISO 8601 can write: the years 1 to 9999."""


def selected(relation: Relation) -> str:
    """The expressions whose values `to_row` takes, in its order."""
    columns = [relation.unasked(name).sql for name in relation.columns]
    return ", ".join([*columns, relation.extra] if relation.extra else columns) or "1"


def to_row(relation: Relation, values: Sequence[object]) -> Row:
    """One row; fields without a value are absent."""
    row: Row = {}
    for name, value in zip(relation.columns, values, strict=False):
        shown = _shown(name, value)
        if shown is not None and shown != []:
            row[name] = shown
    if relation.extra:
        further = values[len(relation.columns)]
        if isinstance(further, Mapping):
            items = sorted(cast("Mapping[object, object]", further).items())
            # A column of the same name was computed since, and hides what the event came with.
            row.update({str(k): str(v) for k, v in items if k not in relation.columns and k in relation.extra_fields})
    return row


def fields_of(relation: Relation, rows: Sequence[Row]) -> tuple[str, ...]:
    """Column names for a reader: those chosen by the search, or for whole events those present."""
    present = {name for row in rows for name in row}
    if not relation.extra:
        return tuple(n for n in relation.columns if n != "_raw" or not relation.made or n in present)
    return (*(n for n in EVENT_FIELDS if n in present), *sorted(present.difference(EVENT_FIELDS)))


def size_of(row: Row) -> int:
    """UTF-8 bytes of names and values."""
    return sum(len(name) + _length(value) for name, value in row.items())


def iso_time(at: float) -> str:
    """Epoch seconds as Splunk shows `_time`: UTC with milliseconds, cut off."""
    seconds, fraction = divmod(at, 1)
    if int(seconds) not in _YEARS:
        return number_text(at)
    moment = _EPOCH + timedelta(seconds=int(seconds))
    # The stored double is a little off the decimal that was meant: 0.123 may be 0.12299….
    milliseconds = min(999, int(fraction * 1000 + 1e-3))
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds:03d}+00:00"


def _shown(name: str, value: object) -> Json:
    match value:
        case None | "":
            return None
        case bool():
            return "true" if value else "false"
        case int():
            return iso_time(value) if name == "_time" else str(value)
        case float():
            return iso_time(value) if name == "_time" else number_text(value)
        case list():
            items: list[Json] = [str(item) for item in cast("list[object]", value) if item is not None]
            return items[0] if len(items) == 1 else items
        case _:
            return str(value)


def _length(value: object) -> int:
    if isinstance(value, list):
        return sum(len(str(item).encode()) for item in cast("list[object]", value))
    return len(str(value).encode())
