"""One row of a Zeek log, whatever it was written as, with labels and passwords already gone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

Value = str | list[str]

_NOT_LETTERS: Final = re.compile(r"[^a-z]")
_LABELS: Final = frozenset({"label", "labels", "detailedlabel", "detailedlabels"})
_LOG_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
SECRET: Final = frozenset({"password"})
"""Fields that hold credentials in clear (http, ftp): never read, never stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZeekRow:
    """``fields`` by Zeek's names with `_` for `.`, unset ones absent; ``raw`` is the row as it
    was written, without labels and passwords; ``line`` counts from 1."""

    log: str
    line: int
    fields: Mapping[str, Value]
    raw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """A row that could not be read. ``problem`` never repeats the row's own text."""

    file: str
    line: int
    problem: str


class MalformedRow(Exception):
    """Raised inside the reader; it ends as a `RowProblem` or, when strict, as a DataError."""


def is_label(name: str) -> bool:
    """Whether a field is ground truth of a labelled data set: it must not reach a store."""
    return _NOT_LETTERS.sub("", name.lower()) in _LABELS


def plain_name(name: str) -> str:
    """`id.orig_h` and `id_orig_h` are one field."""
    return name.replace(".", "_")


def log_name(name: str) -> str | None:
    """The name of a log as Zeek writes it (`conn`, `smb_files`), or None when it is no such."""
    return name if _LOG_NAME.fullmatch(name) else None
