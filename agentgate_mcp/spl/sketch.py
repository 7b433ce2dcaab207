"""What a search does, apart from when: gathered by `scan`, completed by `facts`."""

from __future__ import annotations

from dataclasses import dataclass, field

INHERITED = "\0inherited"
"""A bound that the tool's own argument sets."""
UNKNOWN_TIME = "\0unknown"
"""A bound that is computed when the search runs: taken as unbounded."""

Window = tuple[tuple[str, ...], tuple[str, ...]]
"""The earliest and the latest expressions written in one search; empty where the tool's hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place where a search reads events, or summaries of them."""

    window: Window
    indexes: tuple[str, ...]
    """As written, in lower case; patterns stay patterns."""
    everything: bool
    """Also reads whatever an unrestricted search reads."""
    sourcetypes: tuple[str, ...] = ()
    """Lower-case names and patterns, one of which every event read has; empty for any."""
    summaries: bool = False
    owner: str = ""
    """The command whose brackets it stands in; empty for the search itself."""
    runs: int = 1
    """How often it is read at most."""


def _places() -> list[Place]:
    return []


def _names() -> list[str]:
    return []


def _windows() -> list[Window]:
    return []


@dataclass(slots=True)
class Sketch:
    """Lists are in the order of finding, with repeats. Filled by one scan, then only read."""

    problem: str = ""
    """Why the search is no valid SPL as a whole; the rest of the sketch is its widest reading."""
    commands: list[str] = field(default_factory=_names)
    unknown: list[str] = field(default_factory=_names)
    unresolved: list[str] = field(default_factory=_names)
    destructive: list[str] = field(default_factory=_names)
    writes: list[str] = field(default_factory=_names)
    egress: list[str] = field(default_factory=_names)
    rest: list[str] = field(default_factory=_names)
    credentials: list[str] = field(default_factory=_names)
    rest_unlisted: list[str] = field(default_factory=_names)
    indexes: list[str] = field(default_factory=_names)
    sourcetypes: list[str] = field(default_factory=_names)
    data_models: list[str] = field(default_factory=_names)
    references: list[str] = field(default_factory=_names)
    windows: list[Window] = field(default_factory=_windows)
    places: list[Place] = field(default_factory=_places)
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

    def absorb(self, other: Sketch) -> None:
        """Take over what a condition reads and does, and the times that it names, but neither its places nor
        whether it reads raw events, the default indexes or everything: that is up to the search that it stands in."""
        for name in _ABSORBED:
            getattr(self, name).extend(getattr(other, name))
        self.absorb_times(other)
        self.commands.extend(c for c in other.commands if c != "search")
        self.all_indexes |= other.all_indexes
        self.opaque_stage |= other.opaque_stage
        self.subsearches += other.subsearches
        self.joins += other.joins
        self.leading_wildcards += other.leading_wildcards

    def absorb_times(self, other: Sketch) -> None:
        """Take over the times that a condition names."""
        self.windows.extend(window for window in other.windows if any(window))
        self.steered_time |= other.steered_time


_ABSORBED = (
    "unknown", "unresolved", "destructive", "writes", "egress", "rest", "credentials", "rest_unlisted", "indexes",
    "sourcetypes", "data_models", "references",
)  # fmt: skip
