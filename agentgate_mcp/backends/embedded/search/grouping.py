"""Events put together to transactions, one event at a time, newest first.

What was chosen where Splunk leaves it open: an event joins the transaction that was opened first
among those it fits; an event with none of the fields belongs to none, whatever `unifyends` says. The
limits on open transactions hold only where they are given. A transaction that its `maxspan` or
`maxpause` ends before its `startswith` is met is evicted; without `startswith` every transaction is
given, also one that is still open at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What ends a transaction; None is no limit."""

    span: float | None = None
    pause: float | None = None
    events: int | None = None
    open_transactions: int | None = None
    open_events: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What the grouping needs of one event: its place, time, own values of the key fields, and
    whether it starts or ends a transaction."""

    place: int
    time: float
    key: Mapping[str, str]
    starts: bool
    ends: bool


@dataclass(slots=True, kw_only=True, eq=False)
class Transaction:
    """Events of one key, newest first."""

    key: dict[str, str]
    marks: list[Mark] = field(default_factory=list[Mark])
    closed: bool = False

    @property
    def duration(self) -> float:
        return self.marks[0].time - self.marks[-1].time


@dataclass(slots=True, kw_only=True)
class Grouping:
    """Takes marks newest first. ``starts`` and ``ends`` say whether the search has such conditions."""

    fields: tuple[str, ...]
    limits: Limits
    starts: bool
    ends: bool
    connected: bool = True
    done: list[Transaction] = field(default_factory=list[Transaction])
    orphans: list[int] = field(default_factory=list[int])
    _open: dict[int, Transaction] = field(default_factory=dict[int, Transaction])
    """By identity, the one used longest ago first."""
    _complete: dict[tuple[str, ...], Transaction] = field(default_factory=dict[tuple[str, ...], Transaction])
    """Those that have a value for every field."""
    _partial: dict[int, Transaction] = field(default_factory=dict[int, Transaction])
    _events: int = 0

    def take(self, mark: Mark) -> None:
        """Puts one event where it belongs."""
        if self.fields and not mark.key:
            self.orphans.append(mark.place)
            return
        found = self._fitting(mark)
        if self.ends and mark.ends and found is not None:
            # Read backwards, an end opens a transaction: what is open had no start before it.
            self._finish(found, closed=False)
            found = None
        elif self.ends and not mark.ends and found is None:
            self.orphans.append(mark.place)
            return
        self._join(found or Transaction(key={}), mark)

    def finish(self) -> list[Transaction]:
        """All transactions, those that are still open last."""
        for one in list(self._open.values()):
            self._finish(one, closed=False)
        return self.done

    # --- parts ---------------------------------------------------------------------------------

    def _fitting(self, mark: Mark) -> Transaction | None:
        for one in self._candidates(mark):
            if not self._fits(one, mark):
                continue
            if self._expired(one, mark.time):
                self._finish(one, closed=not self.starts)
                continue
            return one
        return None

    def _candidates(self, mark: Mark) -> Iterator[Transaction]:
        if len(mark.key) == len(self.fields):
            exact = self._complete.get(tuple(mark.key[name] for name in self.fields))
            if exact is not None:
                yield exact
            yield from list(self._partial.values())
        else:
            yield from list(self._open.values())

    def _fits(self, one: Transaction, mark: Mark) -> bool:
        shared = one.key.keys() & mark.key.keys()
        return all(one.key[name] == mark.key[name] for name in shared) and bool(
            shared or not self.fields or not self.connected
        )

    def _expired(self, one: Transaction, at: float) -> bool:
        span, pause = self.limits.span, self.limits.pause
        return (span is not None and one.marks[0].time - at > span) or (
            pause is not None and one.marks[-1].time - at > pause
        )

    def _join(self, one: Transaction, mark: Mark) -> None:
        self._forget(one)
        one.marks.append(mark)
        one.key.update(mark.key)
        self._events += 1
        if (self.starts and mark.starts) or len(one.marks) == self.limits.events:
            self._events -= len(one.marks)
            one.closed = True
            self.done.append(one)
            return
        self._open[id(one)] = one
        if len(one.key) == len(self.fields):
            self._complete[tuple(one.key[name] for name in self.fields)] = one
        else:
            self._partial[id(one)] = one
        self._make_room(mark.time)

    def _make_room(self, at: float) -> None:
        most, events = self.limits.open_transactions, self.limits.open_events
        while (most is not None and len(self._open) > most) or (events is not None and self._events > events):
            oldest = next(iter(self._open.values()), None)
            if oldest is None:
                return
            self._finish(oldest, closed=not self.starts and self._expired(oldest, at))

    def _forget(self, one: Transaction) -> None:
        self._open.pop(id(one), None)
        self._partial.pop(id(one), None)
        if one.key and len(one.key) == len(self.fields):
            key = tuple(one.key[name] for name in self.fields)
            if self._complete.get(key) is one:
                del self._complete[key]
        elif not self.fields:
            self._complete.pop((), None)

    def _finish(self, one: Transaction, *, closed: bool) -> None:
        self._forget(one)
        self._events -= len(one.marks)
        one.closed = closed
        self.done.append(one)
