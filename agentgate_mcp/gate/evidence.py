"""The evidence hash: what a verdict read about the call's target, and nothing else.

An approval is void when this changes (R6). It binds the target objects in every app that has one
of that name, the impact facts, and each search as it reads once macros and saved searches are put
in. It leaves out what moves by itself: the clock, cost baselines, the session, and totals over the
whole knowledge set. What gets stricter through those is found by judging again.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentgate_mcp.canonical import digest
from agentgate_mcp.errors import SplError
from agentgate_mcp.gate.context import StageContext
from agentgate_mcp.model.call import Json
from agentgate_mcp.spl.expand import expand
from agentgate_mcp.spl.knowledge import KnowledgeSet

_MOVING_SEARCH = {"earliest", "latest", "span_seconds"}
_MOVING_CHANGE = {"detections_total", "nearest"}
_BOUND_REFERENCES = ("macro:", "saved_search:", "eventtype:", "data_model:")
"""What a search is made of. The rows of a lookup are data that it reads, like events."""


def evidence_hash(ctx: StageContext) -> str:
    """SHA-256 over the target objects' settings, the expanded searches and the impact facts."""
    radius, knowledge = ctx.blast_radius, ctx.world.knowledge
    saved = f"saved_search:{ctx.effects.saved_search}" if ctx.effects.saved_search else ""
    references = radius.search.references if radius.search else ()
    bound = [*(c.target for c in ctx.effects.changes), *([saved] if saved else [])]
    bound += [r for r in references if r.startswith(_BOUND_REFERENCES)]
    parts: dict[str, Json] = {
        "objects": {name: [*_settings(knowledge, name)] for name in bound},
        "searches": [*_expanded(ctx, saved)],
        "change": radius.change.model_dump(mode="json", exclude=_MOVING_CHANGE) if radius.change else None,
        "search": radius.search.model_dump(mode="json", exclude=_MOVING_SEARCH) if radius.search else None,
        "response": radius.response.model_dump(mode="json") if radius.response else None,
    }
    return digest(parts)


def _expanded(ctx: StageContext, saved: str) -> Iterator[Json]:
    """The text of each search with its macros put in, or as written where that fails."""
    knowledge = ctx.world.knowledge
    texts = [r.query for r in ctx.effects.searches]
    texts += [str(o.content.get("search") or "") for o in knowledge.all_named(saved)] if saved else []
    for text in texts:
        try:
            yield expand(text, knowledge).text
        except SplError:
            yield text


def _settings(knowledge: KnowledgeSet, object_id: str) -> Iterator[Json]:
    for found in sorted(knowledge.all_named(object_id), key=lambda o: (o.app, o.owner)):
        yield {
            "app": found.app,
            "owner": found.owner,
            "sharing": found.sharing,
            "disabled": found.disabled,
            "content": dict(found.content),
        }
