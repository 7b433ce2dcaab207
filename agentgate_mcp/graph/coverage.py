"""What the loaded content covers: detections per technique, tactic and control, and what hangs
on a single one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.nodes import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Counts of detections that count. Sub-techniques stand by themselves; ``families`` adds
    them to their parent. ``sole`` maps a detection to what only it covers, as node ids."""

    techniques: Mapping[str, int]
    families: Mapping[str, int]
    tactics: Mapping[str, int]
    controls: Mapping[str, int]
    assets: Mapping[str, int]
    sole: Mapping[str, tuple[str, ...]]
    detections: int
    not_counting: Mapping[str, str]
    """Detections that do not count, and why."""


def coverage_of(
    graph: KnowledgeGraph,
    *,
    experimental: bool = False,
    tactics: Mapping[str, tuple[str, ...]] | None = None,
    without: Set[str] = frozenset(),
) -> Coverage:
    """The coverage of ``graph``. With ``experimental``, detections of that status count too.

    ``tactics`` maps a technique to its tactics; without it none are counted. ``without`` are
    detections to leave out, as after a change that costs them."""
    left = [d for d in graph.detections if d not in without]
    counting = {d for d in left if counts(graph, d, experimental=experimental)}
    per_target = {t: sum(d in counting for d in ds) for t, ds in graph.covering.items()}
    techniques = _named(per_target, "technique:")
    families: dict[str, set[str]] = {}
    by_tactic: dict[str, set[str]] = {}
    for technique in techniques:
        users = {d for d in graph.covering[f"technique:{technique}"] if d in counting}
        families.setdefault(technique.split(".", 1)[0], set()).update(users)
        for tactic in (tactics or {}).get(technique, ()):
            by_tactic.setdefault(tactic, set()).update(users)
    sole: dict[str, list[str]] = {}
    for target, count in per_target.items():
        if count == 1:
            only = next(d for d in graph.covering[target] if d in counting)
            sole.setdefault(only, []).append(target)
    return Coverage(
        techniques=techniques,
        families={t: len(d) for t, d in sorted(families.items())},
        tactics={t: len(d) for t, d in sorted(by_tactic.items())},
        controls=_named(per_target, "control:"),
        assets=_named(per_target, "asset:"),
        sole={d: tuple(sorted(t)) for d, t in sorted(sole.items())},
        detections=len(counting),
        not_counting={d: graph.detections[d].reason or "what it needs is broken" for d in left if d not in counting},
    )


def counts(graph: KnowledgeGraph, detection: str, *, experimental: bool = False) -> bool:
    """Whether a detection is cover: it counts by itself, and what it needs works."""
    known = graph.detections[detection]
    able = known.counts or (experimental and known.reason == "experimental")
    return able and not graph.baseline.get(detection, State.OK).broken


def _named(per_target: Mapping[str, int], prefix: str) -> dict[str, int]:
    return {t.removeprefix(prefix): n for t, n in per_target.items() if t.startswith(prefix)}
