"""What a search does, apart from when: gathered by `scan`, completed by `facts`."""

from __future__ import annotations

from dataclasses import dataclass, field

INHERITED = "\0inherited"
"""A bound that the tool's own argument sets."""
UNKNOWN_TIME = "\0unknown"
"""A bound that is computed when the search runs: taken as unbounded."""

Window = tuple[tuple[str, ...], tuple[str, ...]]
"""The earliest and the latest expressions written in one search; empty where the tool's hold."""


@dataclass(slots=True)
class Sketch:
    """Lists are in the order of finding, with repeats. Filled by one scan, then only read."""

    problem: str = ""
    """Why the search is no valid SPL as a whole; the rest of the sketch is its widest reading."""
    commands: list[str] = field(default_factory=list[str])
    unknown: list[str] = field(default_factory=list[str])
    unresolved: list[str] = field(default_factory=list[str])
    destructive: list[str] = field(default_factory=list[str])
    writes: list[str] = field(default_factory=list[str])
    egress: list[str] = field(default_factory=list[str])
    rest: list[str] = field(default_factory=list[str])
    credentials: list[str] = field(default_factory=list[str])
    rest_unlisted: list[str] = field(default_factory=list[str])
    indexes: list[str] = field(default_factory=list[str])
    sourcetypes: list[str] = field(default_factory=list[str])
    data_models: list[str] = field(default_factory=list[str])
    references: list[str] = field(default_factory=list[str])
    windows: list[Window] = field(default_factory=list[Window])
    all_indexes: bool = False
    default_indexes: bool = False
    raw_events: bool = False
    reads_everything: bool = False
    """Some part searches raw events with no term or condition but an index and a time."""
    steered_time: bool = False
    """A subsearch returns the outer search's time range, or its very text."""
    opaque_stage: bool = False
    """A macro stands where a command should, and has no known text."""
    subsearches: int = 0
    joins: int = 0
    leading_wildcards: int = 0
    transforming: bool = False
