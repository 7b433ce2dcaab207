"""The compiled graph: arrays that answer for a whole removal what breaks, and what cover is left."""

from agentgate_mcp.graph.index.arrays import Flags, Ints, Levels, Rows
from agentgate_mcp.graph.index.breakage import Spread, downstream, from_baseline, spread
from agentgate_mcp.graph.index.compiler import compile_index
from agentgate_mcp.graph.index.cover import Fallout, fallout, remove
from agentgate_mcp.graph.index.rules import contribution
from agentgate_mcp.graph.index.snapshot import GraphIndex

__all__ = [
    "Fallout",
    "Flags",
    "GraphIndex",
    "Ints",
    "Levels",
    "Rows",
    "Spread",
    "compile_index",
    "contribution",
    "downstream",
    "fallout",
    "from_baseline",
    "remove",
    "spread",
]
