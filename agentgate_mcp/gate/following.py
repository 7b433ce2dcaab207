"""Does a call repeat, or do, what flagged text says? The text is data; a call that acts on it is
the attack, whoever made the call (POL-006)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agentgate_mcp.gate.context import StageContext
from agentgate_mcp.gate.leaves import leaves_of
from agentgate_mcp.gate.words import words

_AROUND = 800
_MIN_REPEATED = 12
"""Characters that an argument must share with flagged text before it counts as repeating it."""
_MIN_SHARED_WORDS = 3
_SHARE = 0.6
_VERBS: Mapping[str, frozenset[str]] = {
    "disable": frozenset("disable deactivate stop pause mute suppress silence switch turn".split()),
    "delete": frozenset("delete remove drop erase purge wipe clear".split()),
    "modify": frozenset(
        "modify change edit set update replace overwrite rewrite add whitelist allowlist allow".split()
    ),
    "create": frozenset("create add make open".split()),
    "isolate_host": frozenset("isolate quarantine disconnect contain".split()),
    "block_ip": frozenset("block ban deny blacklist blocklist".split()),
    "block_domain": frozenset("block ban deny blacklist blocklist sinkhole".split()),
    "disable_user": frozenset("disable lock suspend deactivate".split()),
    "reset_credentials": frozenset("reset rotate revoke change".split()),
    "quarantine_file": frozenset("quarantine delete remove".split()),
    "create_ticket": frozenset("ticket open create".split()),
    "search": frozenset("run search execute query export show list send print output reveal dump return".split()),
}
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


def following(ctx: StageContext) -> Following:
    """Compare the call with every flagged text: passed along now, or read earlier and not reviewed."""
    arguments = [v for _, v in leaves_of(dict(ctx.call.arguments)) if isinstance(v, str) and v]
    follows: Following | None = None
    for where, text in _flagged(ctx):
        ctx.budget.spend(1 + len(text) // 256)
        spoken = f" {words(text)} "
        if any(_repeats(value, text.lower(), spoken) for value in arguments):
            return Following(derives=True, follows=_asked(ctx, spoken), where=where)
        if follows is None and _asked(ctx, spoken):
            follows = Following(follows=True, where=where)
    return follows or Following()


def _flagged(ctx: StageContext) -> Iterator[tuple[str, str]]:
    for hit in ctx.injection.hits:
        if hit.use and hit.where.startswith("context:"):
            text = ctx.call.incoming_context[int(hit.where.removeprefix("context:"))]
            yield hit.where, text[max(0, hit.start - _AROUND) : hit.end + _AROUND]
    for call_id, span in ctx.session.flags_unreviewed():
        yield f"call:{call_id}:{span.path}", span.text


def _repeats(value: str, text: str, spoken: str) -> bool:
    """True when an argument is made of the flagged text: contained in it, or sharing most of its
    uncommon words with it. Single identifiers do not count: analysts pivot on what logs say."""
    plain = " ".join(value.lower().split())
    if len(plain) >= _MIN_REPEATED and " " in plain and plain in " ".join(text.split()):
        return True
    own = {w for w in words(value).split() if len(w) > 2 and w not in _COMMON}
    shared = {w for w in own if f" {w} " in spoken}
    return len(shared) >= _MIN_SHARED_WORDS and len(shared) >= _SHARE * len(own)


def _asked(ctx: StageContext, spoken: str) -> bool:
    """True when the flagged text uses a verb for what the call does and names what it does it to."""
    for kind, target in _deeds(ctx):
        verbs = _VERBS.get(kind, frozenset())
        if any(f" {verb} " in spoken for verb in verbs) and target and f" {words(target)} " in spoken:
            return True
    return False


def _deeds(ctx: StageContext) -> Iterator[tuple[str, str]]:
    for change in ctx.effects.changes:
        yield change.action, change.name
    for action in ctx.effects.actions:
        yield action.action, action.target
    if ctx.effects.saved_search:
        yield "search", ctx.effects.saved_search
    if ctx.spec is not None and ctx.spec.toolset == "upstream" and ctx.spec.has_effect:
        verb = ctx.call.tool_name.partition("_")[0]
        for _, value in leaves_of(dict(ctx.call.arguments)):
            if isinstance(value, str) and f" {verb} ":
                yield "search", value
