"""What is really seen from each host, and which detections therefore look at which assets.

A detection that declares no assets looks at those whose data it finds: with every source type and
index that was not seen from the asset taken away, it must still be able to find something. What
an analyst declared is never widened by observation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from agentgate_mcp.graph.nodes import AssetNode, Detection, Group, State
from agentgate_mcp.graph.states import View, reach, settle

OBSERVED_DAYS = 30
"""How long a host that has fallen silent still counts as seen."""
_SEEN_KINDS = ("sourcetype:", "index:")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Sighting:
    """Events of one source type in one index came from ``host``, at ``last_seen`` (epoch seconds)
    for the last time."""

    host: str
    index: str
    sourcetype: str
    last_seen: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bare:
    """The structure of a graph that is still being built."""

    groups: Mapping[str, tuple[Group, ...]]
    dependents: Mapping[str, tuple[str, ...]]

    def groups_of(self, node: str) -> Sequence[Group]:
        return self.groups.get(node, ())

    def dependents_of(self, node: str) -> Sequence[str]:
        return self.dependents.get(node, ())


def seen_from(asset: AssetNode, sightings: Mapping[str, Sequence[Sighting]]) -> frozenset[str]:
    """Node ids of the data that ``asset`` sends under any of its names."""
    found = (s for name in asset.names for s in sightings.get(name, ()))
    return frozenset(node for s in found for node in (f"sourcetype:{s.sourcetype}".lower(), f"index:{s.index}".lower()))


def observed_assets(
    groups: Mapping[str, tuple[Group, ...]],
    dependents: Mapping[str, tuple[str, ...]],
    detections: Iterable[Detection],
    assets: Iterable[AssetNode],
    sightings: Iterable[Sighting],
) -> dict[str, tuple[str, ...]]:
    """From each detection that declares nothing to the ids of the assets whose data it finds."""
    view = _Bare(groups=groups, dependents=dependents)
    data = [n for n in dependents if n.startswith(_SEEN_KINDS)]
    fed = reach(view, data)
    dark = _without(view, data, frozenset(), fed)
    # What finds something without any data (a data model of unknown content) says nothing of hosts.
    asking = [d.id for d in detections if not d.declares_assets and dark.get(d.id, State.OK).broken]
    if not asking:
        return {}
    by_host: defaultdict[str, list[Sighting]] = defaultdict(list)
    for sighting in sightings:
        by_host[sighting.host.lower()].append(sighting)
    # Hosts of one kind send the same data: one answer serves them all.
    alike: defaultdict[frozenset[str], list[str]] = defaultdict(list)
    for asset in assets:
        if seen := seen_from(asset, by_host):
            alike[seen].append(asset.id)
    found: defaultdict[str, list[str]] = defaultdict(list)
    for seen, names in alike.items():
        blind = _without(view, data, seen, fed)
        for detection in asking:
            if not blind.get(detection, State.OK).broken:
                found[detection] += names
    return {d: tuple(sorted(a)) for d, a in sorted(found.items())}


def _without(view: View, data: Sequence[str], seen: frozenset[str], region: frozenset[str]) -> dict[str, State]:
    starts = {n: State.EMPTY for n in data if not _is_seen(n.lower(), seen)}
    return settle(view, region=region, starts=starts, outside={})


def _is_seen(node: str, seen: frozenset[str]) -> bool:
    return node in seen or ("*" in node and any(fnmatchcase(s, node) for s in seen))
