"""Does a call repeat, or do, what flagged text says? The text is data; a call that acts on it is
the attack, whoever made the call (POL-006).

Only the payload counts, from the flagged span to the end of its field: the address in front of a
poisoned user agent is what an analyst pivots on next, the address in the order is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from agentgate_mcp.gate.context import StageContext
from agentgate_mcp.gate.intent import SEARCH_VERBS, deeds, stems
from agentgate_mcp.gate.leaves import leaves_of
from agentgate_mcp.gate.roles import role_of
from agentgate_mcp.gate.session import SessionState
from agentgate_mcp.gate.words import Prompt, words
from agentgate_mcp.model.decision import ParamRole, Trust

AROUND = 400
"""Characters kept on either side of a flagged span (output.py)."""
_MIN_REPEATED = 12
"""Characters that an argument must share with flagged text before it counts as repeating it."""
_MIN_SHARED_WORDS = 3
_SHARE = 0.6
_MIN_TARGET = 3
_COMMON = frozenset(
    "the and for with from that this then now all any are was not you your have has been will into index search stats "
    "count where table fields head sort earliest latest source sourcetype host by as of to in on is it or a an".split()
)


@dataclass(frozen=True, slots=True)
class Following:
    """``where`` names the flagged text: `context:0` or `call:ID:/rows/3/query`."""

    derives: bool = False
    follows: bool = False
    where: str = ""


@dataclass(frozen=True, slots=True)
class _Payload:
    """One flagged order: as written in lower case, as spaced words, and its word stems."""

    where: str
    text: str
    spoken: str
    stems: frozenset[str]

    @classmethod
    def of(cls, where: str, text: str) -> _Payload:
        spoken = words(text)
        return cls(where, " ".join(text.lower().split()), f" {spoken} ", frozenset(stems(spoken)))

    def names(self, value: str) -> bool:
        plain = words(value)
        return len(plain) >= _MIN_TARGET and f" {plain} " in self.spoken


def following(ctx: StageContext, prompt: Prompt, *, can_act: bool) -> Following:
    """Compare the call with every flagged text: passed along now, or read earlier and not reviewed.
    What the user said in their own words follows the user."""
    if can_act and ctx.session.flags_lost:
        return Following(derives=True, where="flagged reads too many to keep")
    payloads = list(_payloads(ctx))
    if not payloads:
        return Following()
    arguments = [v for _, v in leaves_of(dict(ctx.call.arguments)) if isinstance(v, str) and v]
    unsaid = [v for v in arguments if not prompt.find(v)]
    targets = _targets(ctx, prompt, can_act)
    follows: Following | None = None
    for payload in payloads:
        ctx.budget.spend(1 + len(payload.text) // 64)
        asked = _asked(ctx, payload, targets, can_act)
        if any(_repeats(value, payload) for value in unsaid) or (can_act and any(payload.names(t) for t in targets)):
            return Following(derives=True, follows=asked, where=payload.where)
        if follows is None and asked:
            follows = Following(follows=True, where=payload.where)
    return follows or Following()


def read_orders(session: SessionState) -> Iterator[tuple[str, str]]:
    """(where, payload) of every flagged text that was read and not reviewed."""
    for call_id, span in session.flags_unreviewed():
        yield f"call:{call_id}:{span.path}", _order(span.text, min(span.start, AROUND))


def _payloads(ctx: StageContext) -> Iterator[_Payload]:
    for hit in ctx.injection.hits:
        if hit.use and hit.where.startswith("context:"):
            text = ctx.call.incoming_context[int(hit.where.removeprefix("context:"))]
            start = max(0, hit.start - AROUND)
            yield _Payload.of(hit.where, _order(text[start : hit.end + AROUND], hit.start - start))
    for where, text in read_orders(ctx.session):
        yield _Payload.of(where, text)


def _order(text: str, start: int) -> str:
    """From ``start`` to the end of the quotation or text that holds it."""
    end = text.find('"', start) if text.count('"', 0, start) % 2 else -1
    return text[start : end if end >= 0 else len(text)]


def _repeats(value: str, payload: _Payload) -> bool:
    """True when an argument is made of the flagged text: contained in it, or sharing most of its
    uncommon words with it. Single identifiers do not count: analysts pivot on what logs say."""
    plain = " ".join(value.lower().split())
    if len(plain) >= _MIN_REPEATED and " " in plain and plain in payload.text:
        return True
    own = {w for w in words(value).split() if len(w) > 2 and w not in _COMMON}
    shared = {w for w in own if f" {w} " in payload.spoken}
    return len(shared) >= _MIN_SHARED_WORDS and len(shared) >= _SHARE * len(own)


def _targets(ctx: StageContext, prompt: Prompt, can_act: bool) -> list[str]:
    """What the call is about and nobody but a text can have named: the sinks of an effect, the
    identifiers of a search."""
    found: list[str] = []
    for path, value in leaves_of(dict(ctx.call.arguments)):
        if isinstance(value, bool):
            continue
        text = value if isinstance(value, str) else f"{value:.15g}"
        if can_act and role_of(ctx.spec, path) is ParamRole.SINK:
            found.append(text)
        elif not can_act and path in ("/query", "/search"):
            found.extend(t for t in _identifiers(text) if not _measured(ctx, t))
    if ctx.effects.saved_search:
        found.append(ctx.effects.saved_search)
    return [t for t in dict.fromkeys(found) if t and not prompt.find(t)]


def _identifiers(search: str) -> Iterator[str]:
    """Index names, fields and values of a search that are more than a plain word."""
    spaced = "".join(c if c.isalnum() or c in "_.-:@" else " " for c in search)
    for token in spaced.split():
        plain = token.strip(".-:@").lower()
        if len(plain) > _MIN_TARGET and plain not in _COMMON and any(c in "_.-:@" or c.isdigit() for c in plain):
            yield plain


def _measured(ctx: StageContext, value: str) -> bool:
    """True for what a sensor or an inventory told us as well: pivoting on it follows nobody."""
    return any(e.leaf.trust is not Trust.WRITABLE for e in ctx.session.evidence(value))


def _asked(ctx: StageContext, payload: _Payload, targets: list[str], can_act: bool) -> bool:
    """True when the flagged text uses a verb for what the call does and names what it does it to."""
    named = any(payload.names(t) for t in targets)
    if not can_act:
        return named and bool(SEARCH_VERBS & payload.stems)
    verbs = deeds(ctx.call.tool_name, ctx.spec, ctx.effects)
    return (named or not targets) and any(group & payload.stems for group in verbs)
