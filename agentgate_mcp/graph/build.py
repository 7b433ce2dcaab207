"""The knowledge graph: built whole from objects and inventory, immutable, with a hash.

Whatever is wrong with the content (cyclic macros, dangling names, duplicates, searches that
cannot be read) is a `Problem` with its place; the graph is complete all the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from agentgate_mcp.graph.detections import detection_of
from agentgate_mcp.graph.index.compiler import compile_index
from agentgate_mcp.graph.index.snapshot import GraphIndex
from agentgate_mcp.graph.linking import content_hash, dead_state, fed, invert, link, node_of, part_id, rings
from agentgate_mcp.graph.names import Names
from agentgate_mcp.graph.nodes import AssetNode, Detection, Group, Node, Problem, Reading, Role, State
from agentgate_mcp.graph.objects import TextReader, read_object
from agentgate_mcp.graph.observed import Sighting, observed_assets
from agentgate_mcp.graph.reading import read_text
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import Asset, KnowledgeObject, Team
from agentgate_mcp.spl.knowledge import KnowledgeSet

if TYPE_CHECKING:
    from agentgate_mcp.graph.adapter import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeGraph:
    """Nodes, requirement groups and coverage claims of one knowledge set.

    ``groups`` maps a dependent to its requirements, ``dependents`` a node to what may need it.
    ``baseline`` holds the nodes that are not OK before any change (disabled objects, cyclic
    macros and what leans on them). ``hash`` is the same for the same content in any order."""

    nodes: Mapping[str, Node]
    groups: Mapping[str, tuple[Group, ...]]
    dependents: Mapping[str, tuple[str, ...]]
    detections: Mapping[str, Detection]
    assets: Mapping[str, AssetNode]
    names: Names
    baseline: Mapping[str, State]
    own_states: Mapping[str, State]
    covering: Mapping[str, tuple[str, ...]]
    """From a technique, control or asset node to the detections that claim it."""
    problems: tuple[Problem, ...]
    knowledge: KnowledgeSet
    reader: TextReader
    index: GraphIndex
    """The same graph in arrays, which say what a change does."""
    readings: Mapping[tuple[str, bool], Reading] = field(repr=False)
    """What each text of the set needs, for the next build."""
    hash: str
    sightings: tuple[Sighting, ...] = ()
    watching: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """From an asset node to the detections that declare nothing and find its data."""

    @classmethod
    def build(
        cls,
        knowledge: KnowledgeSet,
        assets: Sequence[Asset] = (),
        teams: Sequence[Team] = (),
        *,
        sightings: Sequence[Sighting] = (),
        reader: TextReader = read_text,
        previous: KnowledgeGraph | None = None,
    ) -> KnowledgeGraph:
        """The graph of ``knowledge``. ``teams`` only checks that owners exist; ``sightings`` say
        what data really comes from the assets. What ``previous`` has read of the same texts is not
        read again; the graph is the same as without it."""
        builder = _Builder(knowledge, reader, sightings)
        if previous is not None and previous.reader is reader:
            builder.known = previous.readings
        builder.add_objects()
        builder.add_inventory(assets, teams)
        return builder.finish(cls)

    def groups_of(self, node: str) -> Sequence[Group]:
        return self.groups.get(node, ())

    def dependents_of(self, node: str) -> Sequence[str]:
        return self.dependents.get(node, ())

    def find(self, kind: str, name: str, app: str = "") -> tuple[str, ...]:
        """Ids that ``kind`` and ``name`` may mean: none (unknown), one, or several (ambiguous)."""
        found = self.names.find(kind, name, app)
        if found:
            return found
        plain = f"{kind}:{name}"
        return (plain,) if not app and plain in self.nodes else ()

    def model(self) -> Model:
        """The whole graph as a networkx model, coverage edges included, for export and checks."""
        from agentgate_mcp.graph.adapter import model_of  # networkx is heavy, and only this needs it

        attributes: dict[str, dict[str, Json]] = {
            n.id: {"kind": n.kind, "name": n.name, "defined": n.object is not None, "team": n.team}
            for n in self.nodes.values()
        }
        edges: list[tuple[str, str, dict[str, Json]]] = []
        for dependent, groups in self.groups.items():
            for position, group in enumerate(groups):
                about: dict[str, Json] = {"role": group.role.value, "group": position, "force": group.force.value}
                edges.extend((m, dependent, about) for m in group.members)
        for detection in self.detections.values():
            edges.extend((detection.id, t, {"role": r.value}) for t, r in covered_nodes(detection))
            edges.extend(
                (detection.id, f"asset:{a}", {"role": Role.PROTECTS.value, "origin": "observed"})
                for a in detection.observed
            )
        return model_of(attributes, edges)


def covered_nodes(detection: Detection) -> Iterable[tuple[str, Role]]:
    """The nodes that a detection covers or protects, with the role of the edge."""
    for technique in detection.techniques:
        yield f"technique:{technique}", Role.COVERS
    for control in detection.controls:
        yield f"control:{control}", Role.COVERS
    for asset in detection.assets:
        yield f"asset:{asset}", Role.PROTECTS


class _Builder:
    """Collects nodes and groups; used once."""

    def __init__(self, knowledge: KnowledgeSet, reader: TextReader, sightings: Sequence[Sighting] = ()) -> None:
        self.knowledge = knowledge
        self.sightings = tuple(sorted(sightings))
        self.names = names = Names.of(knowledge.objects)
        self.reader = reader
        self.nodes: dict[str, Node] = {}
        self.groups: defaultdict[str, list[Group]] = defaultdict(list)
        self.detections: dict[str, Detection] = {}
        self.assets: dict[str, AssetNode] = {}
        self.own: dict[str, State] = {}
        self.problems: list[Problem] = list(names.problems)
        self.writers: defaultdict[str, set[str]] = defaultdict(set)
        self.known: Mapping[tuple[str, bool], Reading] = {}
        self._read: dict[tuple[str, bool], Reading] = {}

    def add_objects(self) -> None:
        read = self._cached
        parts = [(p, obj, read_object(obj, read)) for p, obj in enumerate(self.names.objects)]
        for position, obj, pieces in parts:
            for piece in pieces:
                node_id = part_id(piece.kind, piece.name) if piece.name else self.names.ids[position]
                name = piece.name or obj.name
                self.nodes[node_id] = Node(id=node_id, kind=piece.kind, name=name, object=obj)
                if obj.disabled:
                    self.own[node_id] = dead_state(piece.kind)
        for position, obj, pieces in parts:
            for piece in pieces:
                node_id = part_id(piece.kind, piece.name) if piece.name else self.names.ids[position]
                self._connect(node_id, obj, piece.reading)
            if (detection := detection_of(obj, self.names.ids[position])) is not None:
                self.detections[detection.id] = detection
        for target, writers in self.writers.items():
            self.groups[target].append(fed(target, writers))

    def _cached(self, search: str, definition: bool) -> Reading:
        reading = self._read.get((search, definition))
        if reading is None:
            reading = self.known.get((search, definition)) or self.reader(search, definition)
            self._read[search, definition] = reading
        return reading

    def _connect(self, node_id: str, obj: KnowledgeObject, reading: Reading) -> None:
        if reading.problem:
            self.problems.append(Problem(where=node_id, kind="unreadable", detail=reading.problem))
        links = link(reading, obj, self.names, self.nodes)
        for kind, detail in links.problems:
            self.problems.append(Problem(where=node_id, kind=kind, detail=detail))
        for node in links.external:
            self.nodes.setdefault(node.id, node)
        self.groups[node_id].extend(links.groups)
        for target in links.feeds:
            if target != node_id:
                self.writers[target].add(node_id)

    def add_inventory(self, assets: Sequence[Asset], teams: Sequence[Team]) -> None:
        known_teams = {t.name for t in teams}
        for asset in sorted(assets, key=lambda a: a.asset_id):
            if asset.asset_id in self.assets:
                where = f"asset:{asset.asset_id}"
                detail = "a second asset of this id was left out"
                self.problems.append(Problem(where=where, kind="duplicate", detail=detail))
                continue
            self.assets[asset.asset_id] = AssetNode(
                id=asset.asset_id,
                criticality=asset.criticality,
                tags=tuple(sorted(asset.tags)),
                owner_team=asset.owner_team,
                names=frozenset(n.lower() for n in (asset.asset_id, *asset.hostnames, *asset.addresses) if n),
            )
            if known_teams and asset.owner_team and asset.owner_team not in known_teams:
                detail = f"owner team {asset.owner_team} is not defined"
                self.problems.append(Problem(where=f"asset:{asset.asset_id}", kind="dangling", detail=detail))
        for detection in self.detections.values():
            for asset_id in detection.assets:
                if asset_id not in self.assets:
                    # Kept, because cover of something unknown must not vanish silently.
                    self.assets[asset_id] = AssetNode(
                        id=asset_id,
                        criticality="medium",
                        tags=(),
                        owner_team="",
                        known=False,
                        names=frozenset({asset_id.lower()}),
                    )
                    detail = f"covers {asset_id}, which the inventory does not know"
                    self.problems.append(Problem(where=detection.id, kind="unknown_asset", detail=detail))
            for target, _ in covered_nodes(detection):
                self.nodes.setdefault(target, node_of(target))
        for asset_id in self.assets:
            self.nodes.setdefault(f"asset:{asset_id}", node_of(f"asset:{asset_id}"))

    def finish(self, cls: type[KnowledgeGraph]) -> KnowledgeGraph:
        groups = {n: tuple(dict.fromkeys(g)) for n, g in sorted(self.groups.items()) if g}
        dependents = invert(groups)
        for ring in rings(groups):
            for node in ring:
                self.own[node] = State.FAILED
            detail = f"they expand into each other: {', '.join(ring)}"
            self.problems.append(Problem(where=ring[0], kind="cycle", detail=detail))
        nodes = dict(sorted(self.nodes.items()))
        index = compile_index(
            {n.id: n.kind for n in nodes.values()},
            groups,
            self.detections.values(),
            self.own,
            frozenset(a.id for a in self.assets.values() if not a.known),
        )
        seen = observed_assets(index, self.detections.values(), self.assets.values(), self.sightings)
        for name, names in seen.items():
            self.detections[name] = replace(self.detections[name], observed=names)
        return cls(
            nodes=nodes,
            groups=groups,
            dependents=dependents,
            detections=dict(sorted(self.detections.items())),
            assets=dict(sorted(self.assets.items())),
            names=self.names,
            baseline=index.broken_before(),
            own_states=dict(sorted(self.own.items())),
            covering=_covering(self.detections.values()),
            problems=tuple(sorted(set(self.problems))),
            knowledge=self.knowledge,
            reader=self.reader,
            index=index,
            readings=self._read,
            hash=content_hash(nodes, groups, self.detections, self.assets, self.own),
            sightings=self.sightings,
            watching=_watching(self.detections.values()),
        )


def _covering(detections: Iterable[Detection]) -> dict[str, tuple[str, ...]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for detection in detections:
        for target, _ in covered_nodes(detection):
            found[target].append(detection.id)
    return {t: tuple(sorted(d)) for t, d in sorted(found.items())}


def _watching(detections: Iterable[Detection]) -> dict[str, tuple[str, ...]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for detection in detections:
        for asset in detection.observed:
            found[f"asset:{asset}"].append(detection.id)
    return {a: tuple(sorted(d)) for a, d in sorted(found.items())}
