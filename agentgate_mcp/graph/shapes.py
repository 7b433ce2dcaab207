"""The shape of a search: what it reads, what it filters by, what it computes on the way.

Order matters where a filter needs a field: one that was dropped, renamed or never computed
before it makes the filter fail for every row. `pipelines.py` reads the shape off a pipeline.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from agentgate_mcp.graph.conditions import (
    Bound,
    Condition,
    Either,
    In,
    Never,
    NotIn,
    Opaque,
    fields_of,
    number_of,
)
from agentgate_mcp.graph.narrowing import ALWAYS_PRESENT

Origin = tuple[str, str]
"""How a field came about: the command, and what it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropper:
    """A command that drops rows. ``everything`` says that it drops nearly all, ``demanding`` that
    only rows which have or match something stay; ``fields`` are those that rows are told apart by."""

    command: str
    text: str
    everything: bool = False
    demanding: bool = False
    fields: frozenset[str] = frozenset()


@dataclass(slots=True, kw_only=True)
class Shape:
    """``visible`` are the fields that exist at the end, None where any may; ``starved`` are fields
    that a condition needed when they did not exist; ``constants`` were set to one value."""

    conditions: list[Condition] = field(default_factory=list[Condition])
    data: set[str] = field(default_factory=set[str])
    produced: set[str] = field(default_factory=set[str])
    assigned: dict[str, Origin] = field(default_factory=dict[str, Origin])
    sources: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """The fields that a computed field is made of."""
    tested: dict[str, set[Origin | None]] = field(default_factory=dict[str, "set[Origin | None]"])
    """What each field was when a condition read it; None for a field of the data."""
    constants: dict[str, str] = field(default_factory=dict[str, str])
    certain: set[str] = field(default_factory=set[str])
    """Fields that every row has, because `stats` made the rows from them."""
    hidden: set[str] = field(default_factory=set[str])
    visible: set[str] | None = None
    starved: set[str] = field(default_factory=set[str])
    droppers: list[Dropper] = field(default_factory=list[Dropper])
    stats: int = 0
    """How often the rows are made anew by `stats`."""
    groups: list[frozenset[str]] = field(default_factory=list[frozenset[str]])
    """What rows are counted by, per `stats`; a row without one of the fields is not counted."""
    spans: list[float] = field(default_factory=list[float])
    """Seconds that rows are counted by, per `bin` of the time."""
    heads: list[int] = field(default_factory=list[int])
    earliest: str = ""
    latest: str = ""

    @property
    def used(self) -> set[str]:
        """Fields that a condition needs a value of."""
        return {name for c in self.conditions for name in needs_value(c)}

    @property
    def relied(self) -> set[str]:
        """Fields whose value decides what is let through; exclusions only take away by it."""
        demanding = (c for c in self.conditions if not isinstance(c, NotIn) and not _is_denial(c))
        return {name for c in demanding for name in fields_of(c) or ()}

    @property
    def mentioned(self) -> set[str]:
        """Fields that the search works with: computed, kept, or read by a condition."""
        read = {name for c in self.conditions for name in fields_of(c) or ()}
        return read | self.produced | self.certain | (self.visible or set()) | ALWAYS_PRESENT

    def lacks(self, name: str) -> bool:
        """Whether no row can have the field here."""
        return name in self.hidden or (self.visible is not None and name not in self.visible)

    def filter(self, conditions: list[Condition]) -> None:
        """Takes conditions, and notes those that cannot hold here."""
        for condition in conditions:
            self.conditions.append(condition)
            for name in fields_of(condition) or ():
                self.tested.setdefault(name, set()).add(self.assigned.get(name))
            for name in needs_value(condition):
                if self.lacks(name) and not any("*" in v for v in self.visible or ()):
                    self.starved.add(name)
            if _refuted(condition, self.constants):
                self.conditions.append(Never())

    def group(self, names: set[str], *, counted: set[str]) -> None:
        """Rows are ``counted`` by these fields; ``names`` are those that rows must have by now."""
        self.groups.append(frozenset(counted))
        self.starved.update(n for n in names if self.lacks(n) and not any("*" in v for v in self.visible or ()))

    def assign(self, name: str, origin: Origin, sources: frozenset[str] | None = None) -> None:
        """A field that a command computes, from ``sources`` where these are known."""
        self.make(name)
        self.assigned[name] = origin
        self.sources[name] = sources or frozenset()

    def make(self, *names: str) -> None:
        """Fields that a command adds."""
        self.produced.update(names)
        self.hidden.difference_update(names)
        for name in names:
            self.constants.pop(name, None)
        if self.visible is not None:
            self.visible.update(names)

    def drop(self, *names: str) -> None:
        """Fields that a command takes away."""
        self.hidden.update(names)
        if self.visible is not None:
            self.visible.difference_update(names)

    def keep(self, names: set[str] | None) -> None:
        """From here on only ``names`` exist; None where that is not known."""
        self.visible = names
        if names is None:
            self.hidden.clear()
        else:
            self.hidden.difference_update(names)


def needs_value(condition: Condition) -> set[str]:
    """Fields without which the condition cannot hold."""
    match condition:
        case In() | Bound():
            return {condition.field}
        case Either():
            branches = [{n for c in b for n in needs_value(c)} for b in condition.branches]
            return {n for n in branches[0] if all(n in b for b in branches)} if branches else set()
        case Opaque() if condition.positive and condition.on:
            return {condition.on}
        case NotIn() | Opaque() | Never():
            return set()


def _is_denial(condition: Condition) -> bool:
    return isinstance(condition, Opaque) and not condition.positive


def _refuted(condition: Condition, constants: dict[str, str]) -> bool:
    """Whether a condition on a constant is false."""
    if isinstance(condition, In) and condition.field in constants:
        return not any("*" in v or v == constants[condition.field].lower() for v in condition.values)
    if isinstance(condition, NotIn) and condition.field in constants:
        return any(v == constants[condition.field].lower() or not v.strip("*") for v in condition.values)
    if isinstance(condition, Bound) and condition.field in constants:
        value = number_of(constants[condition.field])
        if value is None:
            return True
        return value < condition.limit if condition.side == "min" else value > condition.limit
    return False
