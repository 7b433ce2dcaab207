"""Cover before and after: which detections stop counting, and which new claims are believed.

A claim (`agentgate.covers`, `agentgate.techniques`, `agentgate.controls`) that an edit adds is
believed only where the edited search demonstrably finds what a detection lost by the same set
found: otherwise anybody could write that an empty search protects everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Literal

from agentgate_mcp.graph.build import KnowledgeGraph, covered_nodes
from agentgate_mcp.graph.detections import detection_of
from agentgate_mcp.graph.exclusions import excluded_assets
from agentgate_mcp.graph.expansion import Expander
from agentgate_mcp.graph.grades import Grade
from agentgate_mcp.graph.index.breakage import Spread
from agentgate_mcp.graph.index.cover import Fallout, fallout
from agentgate_mcp.graph.losses import Loss, settings_losses
from agentgate_mcp.graph.nodes import AssetNode, Detection
from agentgate_mcp.graph.planning import Edit, Plan
from agentgate_mcp.graph.searches import compare_searches
from agentgate_mcp.graph.settings import text
from agentgate_mcp.model.facts import AssetCoverage, CoverageChange
from agentgate_mcp.model.site import KnowledgeObject

Origin = Literal["declared", "observed", "assumed"]
_STATUS_FROM = ("experimental", "deprecated", "draft", "test", "retired")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """``lost`` are detections that counted and do not any more."""

    lost: tuple[str, ...]
    losses: tuple[Loss, ...]
    techniques: tuple[CoverageChange, ...]
    controls: tuple[CoverageChange, ...]
    assets: tuple[AssetCoverage, ...]
    assumed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """One detection before and after. Claims are node ids (`technique:…`, `asset:…`)."""

    id: str
    before: frozenset[str]
    after: frozenset[str]
    counted: bool
    counts: bool


def cover_changes(
    graph: KnowledgeGraph,
    plan: Plan,
    after: Spread,
    silenced: frozenset[str],
    unseen: Mapping[str, Set[str]],
    knowledge: Expander,
) -> Cover:
    """Compares the cover of everything that ``after`` changes. ``silenced`` detections run on and
    tell nobody; ``unseen`` maps detections to assets that they no longer look at, whatever they claim."""
    edits = {e.node: e for e in plan.edits}
    # Detections that only what they need has changed are counted all at once.
    singled = sorted(edits.keys() | silenced | unseen.keys())
    rest = fallout(after, aside=graph.index.flags(singled))
    found = (_turn(graph, edits.get(n), n, after, n in silenced, unseen.get(n, frozenset())) for n in singled)
    turns = [t for t in found if t is not None]
    gone = tuple(sorted([*graph.index.names(rest.lost), *(t.id for t in turns if t.counted and not t.counts)]))
    believed, losses = _believe(graph, edits, turns, gone, knowledge)
    changes = _count(graph, rest, turns, believed)
    undeclared = [d for d in gone if not graph.detections[d].assets]
    seeing = [d for d in undeclared if graph.detections[d].observed]
    blind = [d for d in undeclared if not graph.detections[d].observed]
    # Where the same set makes something that finds as much, what was seen is still seen.
    gone_dark = {d for d in seeing if not any(b & _claims(graph.detections[d]) for b in believed.values())}
    doubtful = graph.index.claims.doubtful
    return Cover(
        lost=gone,
        losses=tuple(losses),
        techniques=_named(changes, "technique:"),
        controls=_named(changes, "control:"),
        assets=(*_assets(graph, changes, blind), *_watched(graph, changes, gone_dark)),
        assumed=bool(blind) or bool(doubtful[graph.index.find(gone)].any()),
    )


def _turn(
    graph: KnowledgeGraph, edit: Edit | None, node: str, after: Spread, silenced: bool, unseen: Set[str]
) -> _Turn | None:
    known = graph.detections.get(node)
    now = _detection_after(known, edit, node)
    if known is None and now is None:
        return None
    return _Turn(
        id=node,
        before=_claims(known),
        after=_claims(now) - {f"asset:{a}" for a in unseen},
        counted=known is not None and known.counts and not graph.index.state_of(node).broken,
        counts=now is not None and now.counts and not (silenced or after.state_of(node).broken),
    )


def _claims(detection: Detection | None) -> frozenset[str]:
    return frozenset(t for t, _ in covered_nodes(detection)) if detection is not None else frozenset()


def _detection_after(known: Detection | None, edit: Edit | None, node: str) -> Detection | None:
    if edit is None:
        return known
    if edit.after is None:
        return None
    made = detection_of(edit.after, node)
    if made is not None and edit.before is not None and _promoted(edit.before, edit.after):
        # That an experiment is ready is for people to say, not for the call that needs it.
        return Detection(
            id=made.id, techniques=made.techniques, controls=made.controls, assets=made.assets, counts=False,
            reason="promoted by this call",
        )  # fmt: skip
    return made


def _promoted(before: KnowledgeObject, after: KnowledgeObject) -> bool:
    old, new = text(before.content, "agentgate.status").lower(), text(after.content, "agentgate.status").lower()
    return old in _STATUS_FROM and new not in _STATUS_FROM


def _believe(
    graph: KnowledgeGraph,
    edits: Mapping[str, Edit],
    turns: Sequence[_Turn],
    lost: Sequence[str],
    knowledge: Expander,
) -> tuple[dict[str, frozenset[str]], list[Loss]]:
    """New claims by detection that count, and a loss for those that do not."""
    believed: dict[str, frozenset[str]] = {}
    losses: list[Loss] = []
    for turn in turns:
        claimed = turn.after - turn.before
        edit = edits.get(turn.id)
        if not claimed or edit is None or edit.after is None:
            continue
        shown: set[str] = set()
        for old in lost if turn.counts else ():
            if shared := claimed & _claims(graph.detections[old]):
                shown |= shared & _finds_the_same(graph, old, turn.id, edit.after, knowledge)
        believed[turn.id] = frozenset(shown)
        doubtful = sorted(claimed - shown)
        if doubtful:
            grave = any(not c.startswith("technique:") for c in doubtful)
            detail = f"claims to cover {', '.join(doubtful[:3])}{' …' if len(doubtful) > 3 else ''}, unproven"
            grade = Grade.MAJOR if grave else Grade.MODERATE
            losses.append(Loss(kind="claim", object=turn.id, detail=detail, grade=grade))
    return believed, losses


def _finds_the_same(graph: KnowledgeGraph, old: str, node: str, new: KnowledgeObject, knowledge: Expander) -> Set[str]:
    """What the detection ``old`` covered of which ``new`` finds, and tells, at least as much."""
    original = graph.nodes[old].object
    if original is None or (new.sharing == "user" != original.sharing):
        return frozenset()
    search = text(original.content, "search")
    diff = compare_searches(search, text(new.content, "search"), old=graph.knowledge, new=knowledge.after(node))
    if diff.problem or (diff.grade is not None and diff.grade > Grade.MINOR):
        return frozenset()
    if any(loss.grade > Grade.MINOR for loss in settings_losses(old, original.content, new.content)):
        return frozenset()
    covered = [graph.assets[a] for a in graph.detections[old].assets if a in graph.assets]
    return _claims(graph.detections[old]) - {f"asset:{a}" for a in excluded_assets(diff.narrowings, covered)}


def _count(
    graph: KnowledgeGraph, rest: Fallout, turns: Sequence[_Turn], believed: Mapping[str, frozenset[str]]
) -> dict[str, tuple[int, int]]:
    """Detections per covered node, before and after, where they differ."""
    delta = rest.delta()
    nothing = frozenset[str]()
    for turn in turns:
        was = turn.before if turn.counted else nothing
        kept = (turn.after & turn.before) | believed.get(turn.id, nothing)
        now = kept if turn.counts else nothing
        for target in was - now:
            delta[target] = delta.get(target, 0) - 1
        for target in now - was:
            delta[target] = delta.get(target, 0) + 1
    return {t: (before := count_covering(graph, t), before + d) for t, d in sorted(delta.items()) if d}


def count_covering(graph: KnowledgeGraph, target: str) -> int:
    """Detections that cover ``target`` (a node id) and count, before any change."""
    return graph.index.covered_by(target)


def _named(changes: Mapping[str, tuple[int, int]], prefix: str) -> tuple[CoverageChange, ...]:
    return tuple(
        CoverageChange(id=t.removeprefix(prefix), before=before, after=now)
        for t, (before, now) in changes.items()
        if t.startswith(prefix)
    )


def _assets(
    graph: KnowledgeGraph, changes: Mapping[str, tuple[int, int]], undeclared: Sequence[str]
) -> tuple[AssetCoverage, ...]:
    found = [
        _asset(graph.assets[t.removeprefix("asset:")], before, now, "declared")
        for t, (before, now) in changes.items()
        if t.startswith("asset:") and t.removeprefix("asset:") in graph.assets
    ]
    if undeclared:
        # Detections that declare nothing are assumed to watch whatever nobody else declares.
        seeing = {d for watchers in graph.watching.values() for d in watchers}
        before = graph.index.claims.assumed - sum(_works(graph, d) for d in seeing)
        if before - len(undeclared) <= 0:
            found += [
                _asset(a, before, 0, "assumed")
                for a in graph.assets.values()
                if a.known and not count_covering(graph, f"asset:{a.id}") and not _watchers(graph, f"asset:{a.id}")
            ]
    return tuple(found)


def _watched(graph: KnowledgeGraph, changes: Mapping[str, tuple[int, int]], gone: Set[str]) -> Iterator[AssetCoverage]:
    """Assets whose data nobody declared for them and a lost detection found. What is declared holds
    them up too, but never the other way: telemetry is nobody's word that an asset is protected."""
    for asset in sorted({a for d in gone for a in graph.detections[d].observed}):
        node = f"asset:{asset}"
        if node not in changes:
            watchers = _watchers(graph, node)
            before = count_covering(graph, node) + len(watchers)
            yield _asset(graph.assets[asset], before, before - len(watchers & gone), "observed")


def _watchers(graph: KnowledgeGraph, node: str) -> frozenset[str]:
    """Detections that find data of the asset ``node``, declare nothing, and count."""
    found = graph.watching.get(node, ())
    return frozenset(d for d in found if _works(graph, d))


def _works(graph: KnowledgeGraph, detection: str) -> bool:
    return graph.detections[detection].counts and not graph.index.state_of(detection).broken


def _asset(asset: AssetNode, before: int, after: int, origin: Origin) -> AssetCoverage:
    return AssetCoverage(
        asset=asset.id,
        criticality=asset.criticality,
        tags=asset.tags,
        owner_team=asset.owner_team,
        before=before,
        after=after,
        origin=origin,
    )
