"""The evidence hash: what a verdict read about the call's target, and nothing else.

An approval is void when this changes (R6). It leaves out what moves by itself (the clock,
cost baselines, totals over the whole knowledge set), so that unrelated edits void nothing.
"""

from __future__ import annotations

from agentgate_mcp.canonical import digest
from agentgate_mcp.gate.context import StageContext
from agentgate_mcp.model.call import Json
from agentgate_mcp.spl.knowledge import KnowledgeSet

_MOVING_SEARCH = {"earliest", "latest"}
_MOVING_CHANGE = {"detections_total", "nearest"}


def evidence_hash(ctx: StageContext) -> str:
    """SHA-256 over the target objects' settings and the impact facts of this call."""
    radius = ctx.blast_radius
    search = radius.search.model_dump(mode="json", exclude=_MOVING_SEARCH) if radius.search else None
    if search is not None and isinstance(search.get("span_seconds"), float):
        # Relative ranges differ by the sub-second between request and approval.
        search["span_seconds"] = round(float(search["span_seconds"]))
    parts: dict[str, Json] = {
        "objects": {c.target: _settings(ctx.world.knowledge, c.target) for c in ctx.effects.changes},
        "saved_search": _settings(ctx.world.knowledge, f"saved_search:{ctx.effects.saved_search}")
        if ctx.effects.saved_search
        else None,
        "change": radius.change.model_dump(mode="json", exclude=_MOVING_CHANGE) if radius.change else None,
        "search": search,
        "response": radius.response.model_dump(mode="json") if radius.response else None,
        "sinks": list(ctx.provenance.unsupported_sinks),
    }
    return digest(parts)


def _settings(knowledge: KnowledgeSet, object_id: str) -> Json:
    found = knowledge.get(object_id)
    if found is None:
        return None
    return {
        "app": found.app,
        "owner": found.owner,
        "sharing": found.sharing,
        "disabled": found.disabled,
        "content": dict(found.content),
    }
