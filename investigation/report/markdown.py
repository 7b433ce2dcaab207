"""The result of a case as Markdown: a full report and short notes."""

from __future__ import annotations

from collections.abc import Mapping

from agentgate_mcp.model.call import Json


def render_markdown(result: Mapping[str, Json]) -> str:
    """The full report."""
    return f"# Case {result['case_id']}\n\nVerdict: {result['verdict']} ({result['confidence']})\n"


def render_notes(result: Mapping[str, Json]) -> str:
    """Short notes for the analyst's queue."""
    return f"Case {result['case_id']}: {result['verdict']} ({result['confidence']})\n"
