"""Where one value came from: the user's words, settings in force, a tool's output, or nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agentgate_mcp.gate.context import StageContext
from agentgate_mcp.gate.leaves import leaves_of
from agentgate_mcp.gate.reference import References
from agentgate_mcp.gate.session import Evidence
from agentgate_mcp.gate.words import Prompt
from agentgate_mcp.model.decision import Label, Trust
from agentgate_mcp.model.site import Asset

_SHORTEST = 3
"""Characters. Shorter values stand in every text by chance."""
_STRENGTH = (Trust.USER, Trust.CONFIG, Trust.STRUCTURED, Trust.WRITABLE)


@dataclass(frozen=True, slots=True)
class Origins:
    """Answers for the values of one call. ``settings`` are those of the objects that the call
    changes, as they are now: repeating one changes nothing."""

    ctx: StageContext
    prompt: Prompt
    settings: frozenset[str]
    context: tuple[str, ...]
    references: References | None

    @classmethod
    def of(cls, ctx: StageContext, prompt: Prompt, references: References | None) -> Origins:
        context = tuple(t.lower() for t in ctx.call.incoming_context)
        return cls(ctx, prompt, frozenset(_settings(ctx)), context, references)

    def of_value(self, text: str, path: str, *, sink: bool) -> tuple[Label, str]:
        """The strongest origin of ``text``, and where it was found. Only for a sink is it worth
        asking whether the user named the same asset by another name."""
        span = self.prompt.find(text)
        if span:
            return Label.PROMPT, span
        if "/settings/" in path and text.lower() in self.settings:
            return Label.CONSTANT, "setting in force"
        evidence, within = self.ctx.session.found(text)
        found = _strongest(evidence)
        if found is not None and found[0] is Label.CONSTANT:
            return found
        alias = self._meant(path, text) if sink else ""
        return (Label.DERIVED, alias) if alias else found or self._contained(text, within)

    def _contained(self, text: str, within: str) -> tuple[Label, str]:
        if len(text) >= _SHORTEST:
            lowered = text.lower()
            for index, passed in enumerate(self.context):
                at = passed.find(lowered)
                if at >= 0:
                    return Label.UNTRUSTED, f"context:{index}[{at}:{at + len(text)}]"
            if within:
                return Label.UNTRUSTED, f"call:{within}"
        return Label.NOVEL, ""

    def _meant(self, path: str, text: str) -> str:
        """How the user's words lead to ``text`` though it does not stand in them."""
        return self._named_asset(text) or (self.references.resolve(path, text) if self.references else "")

    def _named_asset(self, text: str) -> str:
        """The user named the asset by another of its names: the inventory only translates."""
        wanted = text.lower()
        for asset in self.ctx.world.assets:
            names = _names(asset)
            if wanted in names:
                spans = (self.prompt.find(name) for name in names if len(name) >= _SHORTEST)
                return next((f"{span} as asset {asset.asset_id}" for span in spans if span), "")
        return ""


def _strongest(evidence: Sequence[Evidence]) -> tuple[Label, str] | None:
    """The most trusted whole leaf among those that equal a value."""
    if not evidence:
        return None
    best = min(evidence, key=lambda e: _STRENGTH.index(e.leaf.trust))
    where = f"call:{best.call_id}:{best.leaf.path}"
    match best.leaf.trust:
        case Trust.USER | Trust.CONFIG:
            return Label.CONSTANT, where
        case Trust.STRUCTURED:
            return Label.TRUSTED, where
        case Trust.WRITABLE:
            return Label.UNTRUSTED, where


def _names(asset: Asset) -> tuple[str, ...]:
    return tuple(n.lower() for n in (asset.asset_id, *asset.hostnames, *asset.addresses))


def _settings(ctx: StageContext) -> Iterator[str]:
    for change in ctx.effects.changes:
        held = ctx.world.knowledge.get(change.target)
        if held is not None:
            for _, value in leaves_of(dict(held.content)):
                if not isinstance(value, bool):
                    yield (value if isinstance(value, str) else f"{value:.15g}").lower()
