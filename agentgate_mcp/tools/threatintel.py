"""Threat intelligence from local feeds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from agentgate_mcp.backends.ports import Backends, Intel
from agentgate_mcp.tools import inputs
from agentgate_mcp.tools.definition import Output, ToolContext


class IntelRecord(Output):
    """One indicator. ``known`` false means that no feed names it, never that it is harmless."""

    indicator: str
    kind: Literal["ip", "domain", "url", "hash", "email"]
    known: bool
    score: int
    verdict: Literal["malicious", "suspicious", "benign", "unknown"]
    families: tuple[str, ...]
    techniques: tuple[str, ...]
    first_seen: str
    last_seen: str
    feeds: tuple[str, ...]
    allow_listed: str
    description: str


class IntelBatch(Output):
    results: tuple[IntelRecord, ...]


@dataclass(frozen=True, slots=True)
class ThreatIntelTools:
    backends: Backends

    async def enrich(self, args: inputs.Enrich, ctx: ToolContext) -> IntelRecord:
        return _record(await ctx.thread(self.backends.intel.lookup, args.indicator))

    async def enrich_batch(self, args: inputs.EnrichBatch, ctx: ToolContext) -> IntelBatch:
        def lookups() -> tuple[IntelRecord, ...]:
            return tuple(_record(self.backends.intel.lookup(i)) for i in args.indicators)

        return IntelBatch(results=await ctx.thread(lookups))


def _record(intel: Intel) -> IntelRecord:
    return IntelRecord(**asdict(intel))
