"""What broke, and what cover is left of techniques, controls and assets: before → after."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from agentgate_mcp.graph.index.arrays import Flags, Ints, flagged, listed
from agentgate_mcp.graph.index.breakage import Spend, Spread, from_baseline, no_limit
from agentgate_mcp.graph.index.snapshot import GraphIndex
from agentgate_mcp.graph.linking import dead_state
from agentgate_mcp.graph.nodes import State


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fallout:
    """The difference to the baseline, as node numbers in order.

    ``lost`` are detections that counted and worked and no longer do, ``regained`` the reverse.
    ``targets`` are the techniques, controls and assets whose redundancy changes, ``before`` and
    ``after`` beside them how many detections cover each. ``assumed`` is how many detections that
    name no asset work before and after: what nobody watches by name is theirs."""

    spread: Spread
    broken: Ints
    degraded: Ints
    lost: Ints
    regained: Ints
    targets: Ints
    before: Ints
    after: Ints
    assumed: tuple[int, int]

    def by_kind(self, found: Ints) -> dict[str, int]:
        """How many of ``found`` there are of each kind."""
        index = self.spread.index
        counts = np.bincount(index.kind_of[found], minlength=len(index.kinds)).tolist()
        return {kind: count for kind, count in zip(index.kinds, counts, strict=True) if count}

    def delta(self) -> dict[str, int]:
        """By how much the redundancy of each node changes, where it does."""
        return dict(zip(self.spread.index.names(self.targets), listed(self.after - self.before), strict=True))

    def cover(self, kind: str) -> dict[str, tuple[int, int]]:
        """Redundancy of the nodes of ``kind`` (technique, control, asset), by id, where it changes."""
        index = self.spread.index
        if kind not in index.kinds:
            return {}
        chosen = index.kind_of[self.targets] == index.kinds.index(kind)
        pairs = zip(self.before[chosen].tolist(), self.after[chosen].tolist(), strict=True)
        return dict(zip(index.names(self.targets[chosen]), pairs, strict=True))


def remove(index: GraphIndex, nodes: Iterable[str], *, state: State | None = None, spend: Spend = no_limit) -> Fallout:
    """What the removal or disabling of ``nodes`` does; with ``state``, what a change does that
    leaves them in that state. Ids that are no nodes do nothing."""
    found = index.find(nodes)
    starts = {n: dead_state(index.ids[n].partition(":")[0]) if state is None else state for n in listed(found)}
    return fallout(from_baseline(index, starts, spend=spend))


def fallout(result: Spread, *, aside: Flags | None = None) -> Fallout:
    """The difference that ``result`` makes. The detections flagged in ``aside`` are left out of
    the cover: the caller knows better what they cover."""
    index = result.index
    claims, base, size = index.claims, index.baseline, index.size
    before_all = result.before
    worse = result.levels > before_all
    gone = result.levels >= State.EMPTY
    inside = gone[:size]
    turned = claims.counting & (inside != (base >= State.EMPTY))
    if aside is not None:
        turned &= ~aside
    moved = flagged(turned)
    lost, regained = moved[inside[moved]], moved[~inside[moved]]
    delta = np.bincount(claims.of.of(lost), minlength=size)
    if regained.size:
        delta = delta - np.bincount(claims.of.of(regained), minlength=size)
    targets = flagged(delta != 0)
    before = claims.covered[targets]
    left = claims.assumed - int((~claims.declares[lost]).sum()) + int((~claims.declares[regained]).sum())
    return Fallout(
        spread=result,
        broken=flagged(worse & gone & (before_all < State.EMPTY)),
        degraded=flagged(worse & ~gone),
        lost=lost,
        regained=regained,
        targets=targets,
        before=before,
        after=before - delta[targets],
        assumed=(claims.assumed, left),
    )
