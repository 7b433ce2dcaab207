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

from agentgate_mcp.graph.index.arrays import Flags
from agentgate_mcp.graph.index.breakage import from_nothing
from agentgate_mcp.graph.index.snapshot import GraphIndex
from agentgate_mcp.graph.nodes import AssetNode, Detection, State

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


def seen_from(asset: AssetNode, sightings: Mapping[str, Sequence[Sighting]]) -> frozenset[str]:
    """Node ids of the data that ``asset`` sends under any of its names."""
    found = (s for name in asset.names for s in sightings.get(name, ()))
    return frozenset(node for s in found for node in (f"sourcetype:{s.sourcetype}".lower(), f"index:{s.index}".lower()))


def observed_assets(
    index: GraphIndex,
    detections: Iterable[Detection],
    assets: Iterable[AssetNode],
    sightings: Iterable[Sighting],
) -> dict[str, tuple[str, ...]]:
    """From each detection that declares nothing to the ids of the assets whose data it finds."""
    data = [n for n in index.ids if n.startswith(_SEEN_KINDS)]
    silent = _blind(index, data, frozenset())
    # What finds something without any data (a data model of unknown content) says nothing of hosts.
    asking = [d.id for d in detections if not d.declares_assets and silent[index.number_of[d.id]]]
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
        blind = _blind(index, data, seen)
        for detection in asking:
            if not blind[index.number_of[detection]]:
                found[detection] += names
    return {d: tuple(sorted(a)) for d, a in sorted(found.items())}


def _blind(index: GraphIndex, data: Sequence[str], seen: frozenset[str]) -> Flags:
    """The nodes that find nothing where only ``seen`` of ``data`` is there."""
    starts = {index.number_of[n]: State.EMPTY for n in data if not _is_seen(n.lower(), seen)}
    levels, _ = from_nothing(index, starts)
    return levels >= State.EMPTY


def _is_seen(node: str, seen: frozenset[str]) -> bool:
    return node in seen or ("*" in node and any(fnmatchcase(s, node) for s in seen))
