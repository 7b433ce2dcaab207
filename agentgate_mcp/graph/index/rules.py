"""What a requirement does to the object that has it, as tables: one reading for arrays and objects.

A group acts in two ways. Each member hands on a state of its own (a `Rule`); and once all members
have reached a level, the group as a whole hands one on (a `Choice`): the last alternative is gone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from agentgate_mcp.graph.nodes import DATA_KINDS, Force, Group, Role, State


class Rule(IntEnum):
    """What one member's state means to the object; the rows of `HANDED_ON`, the bands of the edges."""

    ALL = 0
    """The only way: the object fares like its member."""
    MUST_RUN = 1
    """Code beside data: no results are borne, code that cannot run is not."""
    SOFT = 2
    """One of several alternatives: its loss can be borne."""
    WEAK = 3
    """Its loss is noticed, and no more."""
    NOTHING = 4
    """One of several writers: the rest still write."""


HANDED_ON: Final[tuple[tuple[State, State, State, State], ...]] = (
    (State.OK, State.DEGRADED, State.EMPTY, State.FAILED),
    (State.OK, State.DEGRADED, State.DEGRADED, State.FAILED),
    (State.OK, State.DEGRADED, State.DEGRADED, State.DEGRADED),
    (State.OK, State.OK, State.DEGRADED, State.DEGRADED),
    (State.OK, State.OK, State.OK, State.OK),
)
"""By rule, then by the member's state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """When every member is at ``level`` or worse, the object gets ``outcome``."""

    level: State
    outcome: State


_ALL_WRITERS = (Choice(level=State.EMPTY, outcome=State.DEGRADED),)
_ALL_ALTERNATIVES = (Choice(level=State.EMPTY, outcome=State.EMPTY),)
_ALL_PANELS = (*_ALL_ALTERNATIVES, Choice(level=State.FAILED, outcome=State.FAILED))


def rule_of(role: Role, force: Force, *, several: bool, data: bool) -> Rule:
    """What a member hands on: one of ``several`` or not, and whether it is ``data`` or code."""
    if role is Role.FEEDS:
        # A lookup whose writers are all gone still answers, from rows that grow old.
        return Rule.NOTHING if several else Rule.WEAK
    if force is not Force.FULL:
        return Rule.WEAK if force is Force.WEAK else Rule.MUST_RUN
    if not several:
        return Rule.ALL
    # An alternative that cannot be expanded fails the whole search; one without data does not.
    return Rule.SOFT if data or role is Role.DISPLAYS else Rule.MUST_RUN


def choices_of(role: Role, force: Force) -> tuple[Choice, ...]:
    """What a group of several does as a whole; nothing where its members say it all."""
    if role is Role.FEEDS:
        return _ALL_WRITERS
    if force is not Force.FULL:
        return ()
    return _ALL_PANELS if role is Role.DISPLAYS else _ALL_ALTERNATIVES


def contribution(group: Group, state: Callable[[str], State]) -> State:
    """What one requirement does to the object that has it, member by member."""
    several = len(group.members) > 1
    found = [State.OK]
    least = State.FAILED
    for member in group.members:
        now = state(member)
        least = min(least, now)
        rule = rule_of(group.role, group.force, several=several, data=is_data(member))
        found.append(HANDED_ON[rule][now])
    if several:
        found += [c.outcome for c in choices_of(group.role, group.force) if least >= c.level]
    return max(found)


def is_data(node: str) -> bool:
    """Whether a node, by its id, is something that a search reads and not something that it runs."""
    return node.partition(":")[0] in DATA_KINDS
