# pyright: basic
"""The only place that knows networkx: the graph as a model to export, import and check against.

Everything else sees the `Model` protocol. networkx has no complete types, hence the relaxed
checking of this one file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, cast

import networkx as nx

from agentgate_mcp.errors import DataError
from agentgate_mcp.graph.drawing import visible
from agentgate_mcp.model.call import Json


class Model(Protocol):
    """A directed graph of named nodes; edges run from a dependency to its dependent."""

    @property
    def node_count(self) -> int: ...
    @property
    def edge_count(self) -> int: ...
    def descendants(self, sources: Iterable[str]) -> frozenset[str]:
        """All that can be reached from ``sources``, the sources themselves left out."""
        ...

    def shortest_path(self, source: str, target: str) -> tuple[str, ...]:
        """Node ids from ``source`` to ``target``; empty where there is no way."""
        ...

    def cycles(self) -> tuple[tuple[str, ...], ...]:
        """Strongly connected sets of two or more nodes, and nodes that depend on themselves."""
        ...

    def to_json(self) -> dict[str, Json]:
        """The node-link form that networkx and others read."""
        ...

    def to_graphml(self) -> str:
        """GraphML, for tools that draw. What XML cannot hold is spelled out as `\\u{...}`."""
        ...


class _NetworkxModel:
    __slots__ = ("_graph",)

    def __init__(self, graph: nx.DiGraph) -> None:
        self._graph = graph

    @property
    def node_count(self) -> int:
        return self._graph.number_of_nodes()

    @property
    def edge_count(self) -> int:
        return self._graph.number_of_edges()

    def descendants(self, sources: Iterable[str]) -> frozenset[str]:
        starts = [s for s in sources if s in self._graph]
        reached: set[str] = set()
        for start in starts:
            reached |= nx.descendants(self._graph, start)
        return frozenset(reached - set(starts))

    def shortest_path(self, source: str, target: str) -> tuple[str, ...]:
        try:
            return tuple(nx.shortest_path(self._graph, source, target))
        except (nx.NetworkXNoPath, nx.NodeNotFound):
            return ()

    def cycles(self) -> tuple[tuple[str, ...], ...]:
        found = [
            tuple(sorted(part))
            for part in nx.strongly_connected_components(self._graph)
            if len(part) > 1 or any(self._graph.has_edge(n, n) for n in part)
        ]
        return tuple(sorted(found))

    def to_json(self) -> dict[str, Json]:
        return cast("dict[str, Json]", nx.node_link_data(self._graph, edges="edges"))

    def to_graphml(self) -> str:
        plain: nx.DiGraph = nx.DiGraph()
        plain.add_nodes_from((visible(n), _scalars(a)) for n, a in self._graph.nodes(data=True))
        plain.add_edges_from((visible(a), visible(b), _scalars(about)) for a, b, about in self._graph.edges(data=True))
        return "\n".join(nx.generate_graphml(plain)) + "\n"


def _scalars(attributes: Mapping[str, Json]) -> dict[str, str | int | float | bool]:
    held = ((k, v) for k, v in attributes.items() if isinstance(v, str | int | float))
    return {k: visible(v) if isinstance(v, str) else v for k, v in held}


def model_of(nodes: Mapping[str, Mapping[str, Json]], edges: Iterable[tuple[str, str, Mapping[str, Json]]]) -> Model:
    """A model of ``nodes`` (id to attributes) and ``edges`` (dependency, dependent, attributes)."""
    graph: nx.DiGraph = nx.DiGraph()
    graph.add_nodes_from(nodes.items())
    graph.add_edges_from((a, b, dict(attributes)) for a, b, attributes in edges)
    return _NetworkxModel(graph)


def model_from_json(value: Mapping[str, Json], *, file: str = "graph") -> Model:
    """The inverse of `Model.to_json`. Raises: DataError when it is not node-link data."""
    try:
        graph = nx.node_link_graph(dict(value), directed=True, multigraph=False, edges="edges")
    except (nx.NetworkXError, KeyError, TypeError, ValueError) as error:
        raise DataError(file, "/", f"expected node-link data, got {type(error).__name__}") from None
    return _NetworkxModel(graph)
