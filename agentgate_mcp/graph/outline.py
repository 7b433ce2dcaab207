"""An impact told as a tree: what breaks, what is left of cover, whom it concerns, and why.

One shape for every reader: the terminal colours it, a model gets it as lines of text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from agentgate_mcp.graph.drawing import visible
from agentgate_mcp.graph.impact import Impact
from agentgate_mcp.graph.tactics import AttackTable
from agentgate_mcp.model.facts import AssetCoverage, ChangeFacts, CoverageChange

Tone = Literal["", "bad", "warn", "good", "dim"]
_CRITICALITY = ("critical", "high", "medium", "low")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One line of a tree and what hangs on it. Texts hold names from anywhere: whoever shows them
    makes them visible first."""

    text: str
    tone: Tone = ""
    under: tuple[Branch, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a tree is made of. ``losses`` are (kind, object, detail, grade); ``paths`` explain
    broken objects, from the cause."""

    title: str
    broken: Sequence[str] = ()
    degraded: Sequence[str] = ()
    losses: Sequence[tuple[str, str, str, str]] = ()
    techniques: Sequence[CoverageChange] = ()
    controls: Sequence[CoverageChange] = ()
    assets: Sequence[AssetCoverage] = ()
    assumed: bool = False
    owners: Sequence[str] = ()
    paths: Mapping[str, Sequence[str]]


def told_impact(impact: Impact, title: str) -> Told:
    return Told(
        title=title,
        broken=impact.broken,
        degraded=impact.degraded,
        losses=[(x.kind, x.object, x.detail, x.grade.name.lower()) for x in impact.losses],
        techniques=impact.techniques,
        controls=impact.controls,
        assets=impact.assets,
        assumed=impact.assumed,
        owners=impact.owner_teams,
        paths=impact.paths,
    )


def told_facts(facts: ChangeFacts, title: str) -> Told:
    return Told(
        title=title,
        broken=facts.broken,
        degraded=facts.degraded,
        losses=[(x.kind, x.object, x.detail, "") for x in facts.losses],
        techniques=facts.techniques,
        controls=facts.compliance,
        assets=facts.assets,
        assumed=facts.assumed_coverage,
        owners=facts.owner_teams,
        paths={},
    )


def outline(told: Told, table: AttackTable, *, limit: int = 20) -> Branch:
    """The tree of ``told``, at most ``limit`` lines under each branch; the counts are of all."""

    def technique(change: CoverageChange) -> Branch:
        name = table.name(change.id)
        return _change(f"{change.id} {name}" if name else f"{change.id} (not in ATT&CK {table.version})", change)

    branches = [
        _group("broken", told.broken, lambda n: _explained(n, told.paths.get(n, ())), limit, "bad"),
        _group("degraded", told.degraded, lambda n: Branch(text=n), limit, "warn"),
        _group(_counted("techniques", told.techniques), _worst(told.techniques), technique, limit, ""),
        _group(_counted("controls", told.controls), _worst(told.controls), lambda c: _change(c.id, c), limit, ""),
        _group("assets losing cover", sorted(told.assets, key=_urgency), _asset, limit, ""),
        _group("blinding that breaks nothing", told.losses, _loss, limit, "warn"),
    ]
    if told.assumed:
        branches.append(Branch(text="what the lost detections look at is neither declared nor seen", tone="warn"))
    if told.owners:
        branches.append(Branch(text="owners: " + ", ".join(told.owners), tone="dim"))
    kept = tuple(b for b in branches if b is not None)
    return Branch(text=told.title, under=kept or (Branch(text="nothing else is affected", tone="good"),))


def lines(branch: Branch) -> tuple[str, ...]:
    """The tree as text, drawn with lines."""
    return (visible(branch.text), *_under(branch, ""))


def _under(branch: Branch, lead: str) -> Iterator[str]:
    for position, child in enumerate(branch.under, start=1):
        last = position == len(branch.under)
        yield f"{lead}{'└ ' if last else '├ '}{visible(child.text)}"
        yield from _under(child, lead + ("  " if last else "│ "))


def _group(title: str, items: Sequence[T], told: Callable[[T], Branch], limit: int, tone: Tone) -> Branch | None:
    if not items:
        return None
    under = [told(item) for item in items[:limit]]
    if len(items) > limit:
        under.append(Branch(text=f"… and {len(items) - limit} more", tone="dim"))
    return Branch(text=f"{title}: {len(items)}" if ":" not in title else title, tone=tone, under=tuple(under))


def _explained(node: str, path: Sequence[str]) -> Branch:
    return Branch(text=" ← ".join([node, *reversed(path[:-1])]))


def _counted(title: str, changes: Iterable[CoverageChange]) -> str:
    changes = list(changes)
    lost = sum(c.before > 0 and c.after == 0 for c in changes)
    single = sum(c.before > 1 and c.after == 1 for c in changes)
    return f"{title}: {len(changes)} changed, {lost} lost, {single} left with one detection"


def _worst(changes: Sequence[CoverageChange]) -> list[CoverageChange]:
    return sorted(changes, key=lambda c: (c.after >= c.before, c.after, c.id))


def _change(label: str, change: CoverageChange) -> Branch:
    after: Tone = "good" if change.after > change.before else "bad" if change.after == 0 else "warn"
    note = {0: ", none left", 1: ", one left"}.get(change.after, "") if change.after < change.before else ""
    return Branch(text=f"{label}: {change.before} → {change.after}{note}", tone=after)


def _urgency(asset: AssetCoverage) -> tuple[bool, int, int, str]:
    return asset.after >= asset.before, asset.after, _CRITICALITY.index(asset.criticality), asset.asset


def _asset(asset: AssetCoverage) -> Branch:
    about = [asset.criticality, *(["owner " + asset.owner_team] if asset.owner_team else []), asset.origin]
    change = CoverageChange(id=asset.asset, before=asset.before, after=asset.after)
    return _change(f"{asset.asset} ({', '.join(about)})", change)


def _loss(loss: tuple[str, str, str, str]) -> Branch:
    kind, name, detail, grade = loss
    return Branch(text=f"{kind.replace('_', ' ')}: {name}: {detail}{f' ({grade})' if grade else ''}")
