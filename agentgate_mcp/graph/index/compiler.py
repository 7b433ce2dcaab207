"""From the facts of a graph to its arrays, all at once: a graph of 200,000 nodes in about a second."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, product
from typing import Final

import numpy as np

from agentgate_mcp.errors import DataError
from agentgate_mcp.graph.index.arrays import (
    Flags,
    Ints,
    Levels,
    Rows,
    flagged,
    frozen,
    listed,
    numbers,
    ordered,
    rows_of,
)
from agentgate_mcp.graph.index.breakage import from_nothing
from agentgate_mcp.graph.index.rules import Rule, choices_of, rule_of
from agentgate_mcp.graph.index.snapshot import Choices, Claims, GraphIndex
from agentgate_mcp.graph.nodes import DATA_KINDS, Detection, Force, Group, Role, State

_NONE: Final = np.zeros(0, np.int64)
_BITS: Final = 28
"""Of a node's number in a packed edge: 268 million nodes."""
_RULE_BITS: Final = 3
_TERMS: Final = tuple(product(Role, Force))
_RULES: Final = np.array(
    [rule_of(role, force, several=s, data=d) for role, force in _TERMS for s in (False, True) for d in (False, True)]
)
"""`rule_of` as a table: by term, several, data."""
_STATES: Final = len(State)
_MADE: Final = [[c.level * _STATES + c.outcome for c in choices_of(role, force)] for role, force in _TERMS]
_CHOICES: Final = tuple(np.array([made[n] if n < len(made) else -1 for made in _MADE]) for n in range(2))
"""`choices_of` as tables, the first and the second: level and outcome by term, -1 for none."""
_SHOWN: Final = np.array([role in (Role.REQUIRES, Role.DISPLAYS) for role, _ in _TERMS])


def compile_index(
    kinds: Mapping[str, str],
    groups: Mapping[str, Sequence[Group]],
    detections: Iterable[Detection] = (),
    own: Mapping[str, State] | None = None,
    unknown_assets: frozenset[str] = frozenset(),
) -> GraphIndex:
    """The index of the nodes of ``kinds`` (id to kind).

    ``groups`` maps a dependent to its requirements, ``own`` has the states that objects have by
    themselves, ``unknown_assets`` are asset ids that no inventory holds. Raises: DataError where a
    fact speaks of a node that is not in ``kinds``; no smaller index is made of the rest."""
    ids = tuple(sorted(kinds))
    number_of = {node: number for number, node in enumerate(ids)}
    names = tuple(sorted(set(kinds.values())))
    kind_number = {name: number for number, name in enumerate(names)}
    kind_of = np.fromiter([kind_number[kinds[i]] for i in ids], np.int8, len(ids))
    starts = np.zeros(len(ids), np.int8)
    try:
        facts = _Facts(number_of, groups)
        packed, plain = facts.edges(kind_of, names)
        choices = facts.choices(len(ids))
        claims = _claims(number_of, list(detections), unknown_assets)
        for node, state in (own or {}).items():
            starts[number_of[node]] = state
    except KeyError as error:
        raise DataError("graph", str(error.args[0]), "expected a node of the graph, got an unknown id") from None
    targets, sources = packed & ((1 << _BITS) - 1), packed >> (_BITS + _RULE_BITS)
    rules = (packed >> _BITS) & ((1 << _RULE_BITS) - 1)
    index = GraphIndex(
        ids=ids,
        number_of=number_of,
        kinds=names,
        kind_of=frozen(kind_of),
        edges=rows_of(sources, targets, len(ids), band=rules, bands=len(Rule)),
        plain=_pairs(plain, len(ids)),
        choices=choices,
        claims=claims,
        own=frozen(starts),
        baseline=frozen(np.zeros(len(ids), np.int8)),
        hash=_hash(ids, [kind_of, packed, plain, starts], choices, claims),
    )
    return _settled(index)


class _Facts:
    """All groups as flat arrays: who has each, what term it is, and its members one after the other."""

    def __init__(self, number_of: Mapping[str, int], groups: Mapping[str, Sequence[Group]]) -> None:
        flat = [g for requirements in groups.values() for g in requirements]
        owners = numbers([number_of[dependent] for dependent in groups], len(groups))
        self.owner = owners.repeat(numbers(map(len, groups.values()), len(groups)))
        # Nearly all requirements are of one term, and to hash two enums for each takes longer than all the rest.
        role, force, usual = Role.REQUIRES, Force.FULL, _TERMS.index((Role.REQUIRES, Force.FULL))
        terms = [usual if g.role is role and g.force is force else _TERMS.index((g.role, g.force)) for g in flat]
        self.term = numbers(terms, len(flat))
        self.width = numbers([len(g.members) for g in flat], len(flat))
        self.member = numbers(map(number_of.__getitem__, chain.from_iterable([g.members for g in flat])))

    def edges(self, kind_of: Levels, kinds: Sequence[str]) -> tuple[Ints, Ints]:
        """Distinct edges, packed as (from, rule, to), and those that plain reachability follows as (from, to)."""
        source, target = self.member, self.owner.repeat(self.width)
        term, several = self.term.repeat(self.width), (self.width > 1).repeat(self.width)
        data = np.array([k in DATA_KINDS for k in kinds], np.bool_)[kind_of[source]]
        rule = _RULES[term * 4 + several * 2 + data]
        plain = _SHOWN[term] & _named(kind_of[source], kind_of[target], rule, kinds)
        packed = (source << (_BITS + _RULE_BITS)) | (rule << _BITS) | target
        return ordered(packed), ordered(((source << _BITS) | target)[plain])

    def choices(self, size: int) -> Choices:
        """The groups of several members as choices, in an order that only their content decides."""
        owners, outcomes, sizes = [_NONE], [_NONE], [_NONE]
        members, levels = [_NONE], [_NONE]
        begins = self.width.cumsum() - self.width
        for width in listed(ordered(self.width[self.width > 1])):
            rows = flagged(self.width == width)
            table = np.column_stack(
                [self.owner[rows], self.term[rows], self.member[begins[rows, None] + np.arange(width)]]
            )
            for choice in _CHOICES:
                own = choice[table[:, 1]]
                made = table[own >= 0]
                made[:, 1] = own[own >= 0]
                made = _distinct_rows(made)
                owners.append(made[:, 0])
                outcomes.append(made[:, 1] % _STATES)
                levels.append((made[:, 1] // _STATES - State.EMPTY).repeat(width))
                sizes.append(np.full(len(made), width))
                members.append(made[:, 2:].ravel())
        count = np.concatenate(sizes)
        choice = np.arange(count.size).repeat(count)
        packed = np.sort((((np.concatenate(members) << 1) | np.concatenate(levels)) << _BITS) | choice)
        band = (packed >> _BITS) & 1
        return Choices(
            of=rows_of(packed >> (_BITS + 1), packed & ((1 << _BITS) - 1), size, band=band, bands=2),
            owner=frozen(np.concatenate(owners)),
            outcome=frozen(np.concatenate(outcomes).astype(np.int8)),
            size=frozen(count),
            left=frozen(count.copy()),
        )


def _distinct_rows(table: Ints) -> Ints:
    """The rows of ``table`` in order, each once."""
    table = table[np.lexsort(table.T[::-1])]
    fresh = np.ones(len(table), np.bool_)
    fresh[1:] = (table[1:] != table[:-1]).any(axis=1)
    return table[fresh]


def _named(source: Levels, target: Levels, rule: Ints, kinds: Sequence[str]) -> Flags:
    """What plain reachability follows: not a source value that a search names itself, nor a macro
    that stands only inside quotes. ``source`` and ``target`` are kinds by number."""
    number = {kind: n for n, kind in enumerate(kinds)}
    own = (source == number.get("source", -1)) & (target == number.get("saved_search", -1))
    quoted = (source == number.get("macro", -1)) & (rule == Rule.WEAK)
    return ~(own | quoted)


def _pairs(packed: Ints, size: int) -> Rows:
    return rows_of(packed >> _BITS, packed & ((1 << _BITS) - 1), size)


def _claims(number_of: Mapping[str, int], detections: Sequence[Detection], unknown: frozenset[str]) -> Claims:
    size = len(number_of)
    found = numbers([number_of[d.id] for d in detections], len(detections))
    claimed = [
        (
            [number_of[f"technique:{t}"] for d in detections for t in d.techniques],
            [len(d.techniques) for d in detections],
        ),
        ([number_of[f"control:{c}"] for d in detections for c in d.controls], [len(d.controls) for d in detections]),
        ([number_of[f"asset:{a}"] for d in detections for a in d.assets], [len(d.assets) for d in detections]),
    ]
    pairs = [(found.repeat(numbers(counts, len(counts))) << _BITS) | numbers(targets) for targets, counts in claimed]

    def flags(values: Iterable[bool]) -> Flags:
        made = np.zeros(size, np.bool_)
        made[found] = np.fromiter(values, np.bool_, len(detections))
        return frozen(made)

    return Claims(
        of=_pairs(ordered(np.concatenate(pairs)), size),
        detection=flags(True for _ in detections),
        counting=flags(d.counts for d in detections),
        able=flags(d.counts or d.reason == "experimental" for d in detections),
        declares=flags(bool(d.assets) for d in detections),
        doubtful=flags(not unknown.isdisjoint(d.assets) for d in detections),
        covered=frozen(np.zeros(size, np.int64)),
        assumed=0,
    )


def _settled(index: GraphIndex) -> GraphIndex:
    """``index`` with its baseline: what the states that objects have by themselves lead to."""
    levels, left = from_nothing(index, index.own)
    working = flagged(index.claims.counting & (levels < State.EMPTY))
    covered = np.bincount(index.claims.of.of(working), minlength=index.size)
    return replace(
        index,
        baseline=frozen(levels),
        choices=replace(index.choices, left=frozen(left)),
        claims=replace(index.claims, covered=frozen(covered), assumed=int((~index.claims.declares[working]).sum())),
    )


def _hash(ids: tuple[str, ...], arrays: list[Levels | Ints], choices: Choices, claims: Claims) -> str:
    """SHA-256 over every array that the facts determine, in the order of the ids."""
    digest = hashlib.sha256()
    for node in ids:
        digest.update(node.encode("utf-8", "surrogatepass") + b"\0")
    parts: list[Levels | Ints | Flags] = [
        *arrays, choices.of.starts, choices.of.data, choices.owner, choices.outcome, claims.of.starts, claims.of.data,
        claims.detection, claims.counting, claims.able, claims.declares, claims.doubtful,
    ]  # fmt: skip
    for part in parts:
        digest.update(f"{part.dtype.str}{part.size};".encode())
        digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()
