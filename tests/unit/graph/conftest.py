"""The published content as a graph, built once for all tests that only look at it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.content import load_objects
from agentgate_mcp.spl.knowledge import KnowledgeSet


@pytest.fixture(scope="session")
def published(corpora: Path) -> KnowledgeGraph:
    return KnowledgeGraph.build(KnowledgeSet.from_objects(load_objects(corpora / "escu")))
