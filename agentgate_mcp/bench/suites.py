"""The suites by name. A suite is imported when it runs: each may need heavy libraries."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Final, cast

from agentgate_mcp.bench.frame import Options, Report

Say = Callable[[str], None]

NAMES: Final[dict[str, str]] = {
    "injection": "what the scanner finds and leaves alone, through which disguises, and how fast",
    "spl": "reading searches: facts and trees over real content and hostile texts",
    "provenance": "hijacks without override words held, and what that costs honest tasks",
    "graph": "a whole verdict on the compiled knowledge graph, beside networkx",
    "cost": "cost estimates against what searches took on the embedded engine",
}
"""Name to what it measures; the module `agentgate_mcp.bench.<name>` has `run(options, say)`."""


def run_suite(name: str, options: Options, say: Say) -> Report:
    """Runs one suite. ``say`` tells a person what is being done. Raises: KeyError for an unknown name."""
    if name not in NAMES:
        raise KeyError(name)
    run = cast(Callable[[Options, Say], Report], import_module(f"agentgate_mcp.bench.{name}").run)
    return run(options, say)
