"""The provenance stage: for each argument, who named its value (DESIGN §6.2).

Reads are never gated on provenance. For calls with an effect, the action itself and every sink
must come from the user's words or a constant; what an inventory knows proves that something
exists, never that it is meant. Containment may instead rest on corroborated evidence.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentgate_mcp.gate.context import StageContext
from agentgate_mcp.gate.corroboration import corroborated
from agentgate_mcp.gate.following import Following, following, read_orders
from agentgate_mcp.gate.identifiers import live_links
from agentgate_mcp.gate.intent import ACTION_PATH, asked, sends
from agentgate_mcp.gate.kinds import kinds_in
from agentgate_mcp.gate.leaves import leaves_of
from agentgate_mcp.gate.origin import Origins
from agentgate_mcp.gate.reference import References
from agentgate_mcp.gate.roles import decides_place, role_of
from agentgate_mcp.gate.words import Prompt, wished
from agentgate_mcp.model.decision import Label, ParamRole, Severity, Stage
from agentgate_mcp.model.facts import ArgumentOrigin, ProvenanceFacts
from agentgate_mcp.model.verdict import StageResult
from agentgate_mcp.spl.facts import search_writes

SUPPORTED = frozenset({Label.PROMPT, Label.CONSTANT, Label.DERIVED})
"""Labels that let a sink pass. DERIVED is computed from the user's words alone (origin.py)."""
MAX_ORIGINS = 256


def run(ctx: StageContext) -> StageResult:
    """Origins of all argument leaves, and what they mean for sinks."""
    prompt = _prompt(ctx)
    writes = _search_writes(ctx)
    has_effect = _has_effect(ctx)
    action = _action(ctx, prompt)
    asked_for = action.label is Label.PROMPT
    references = References.of(ctx, prompt, asked=asked_for) if has_effect else None
    origins = tuple(_origins(ctx, Origins.of(ctx, prompt, references), writes))
    if has_effect:
        origins = (action, *origins, *_links_sent(ctx, prompt))
    unsupported = tuple(
        o.path
        for o in origins
        if o.role is ParamRole.SINK
        and (has_effect or o.path.startswith("/query#"))
        and o.label not in SUPPORTED
        and not (o.mandated or o.corroborated)
    )
    followed: Following = following(ctx, prompt, can_act=has_effect or bool(writes))
    passed = len(ctx.call.incoming_context) > 0
    tainted = ctx.session.tainted(ctx.as_of) or passed
    facts = ProvenanceFacts(
        # What is unsupported is always listed; the rest may be cut.
        arguments=tuple(sorted(origins, key=lambda o: o.path not in unsupported)[:MAX_ORIGINS]),
        unsupported_sinks=unsupported,
        derives_from_flagged=followed.derives,
        follows_flagged=followed.follows,
        prompt_given=prompt.given,
        tainted=tainted,
        untrusted_reads=ctx.session.untrusted_reads(ctx.as_of) + passed,
        untrusted_input=tainted,
        sensitive_reach=bool(ctx.effects.searches or ctx.effects.saved_search or ctx.effects.changes),
        can_change_state=has_effect or bool(writes),
    )
    return StageResult(
        stage=Stage.PROVENANCE,
        severity=_severity(facts, followed),
        reasons=tuple(_reasons(origins, unsupported, followed)),
        facts=facts,
    )


def _prompt(ctx: StageContext) -> Prompt:
    """The user's turns, without those that only repeat flagged text."""
    turns = (*ctx.session.prompt_text, *((ctx.call.raw_user_prompt,) if ctx.call.raw_user_prompt else ()))
    return wished(turns, tuple(text for _, text in read_orders(ctx.session)))


def _has_effect(ctx: StageContext) -> bool:
    """True when the call can change something. A simulated response is a plan on paper."""
    if ctx.spec is None:
        return True
    acts = ctx.effects.actions
    if acts and not ctx.effects.changes and all(a.simulate for a in acts):
        return False
    return ctx.spec.has_effect


def _action(ctx: StageContext, prompt: Prompt) -> ArgumentOrigin:
    """The action itself as a sink: did anybody ask for this kind of thing?"""
    spoken = asked(ctx.call.tool_name, ctx.spec, ctx.effects, prompt)
    return ArgumentOrigin(
        path=ACTION_PATH,
        role=ParamRole.SINK,
        label=Label.PROMPT if spoken else Label.NOVEL,
        evidence="prompt" if spoken else "",
    )


def _origins(ctx: StageContext, origins: Origins, writes: tuple[str, ...]) -> Iterator[ArgumentOrigin]:
    for path, value in leaves_of(dict(ctx.call.arguments)):
        ctx.budget.spend(1)
        role = role_of(ctx.spec, path)
        if isinstance(value, bool) or value == "":
            yield ArgumentOrigin(path=path, role=role, label=Label.CONSTANT, evidence="schema")
            continue
        text = value if isinstance(value, str) else f"{value:.15g}"
        if role is ParamRole.BODY and decides_place(path, text):
            role = ParamRole.SINK
        label, evidence = origins.of_value(text, path, sink=role is ParamRole.SINK)
        backed = role is ParamRole.SINK and label not in SUPPORTED and corroborated(ctx.session, ctx.effects, text)
        yield ArgumentOrigin(path=path, role=role, label=label, evidence=evidence, corroborated=backed)
    for write in writes:
        target = write.partition(":")[2].rpartition("=")[2] or write
        label, evidence = origins.of_value(target, "", sink=True)
        yield ArgumentOrigin(path=f"/query#{write}", role=ParamRole.SINK, label=label, evidence=evidence)


def _links_sent(ctx: StageContext, prompt: Prompt) -> Iterator[ArgumentOrigin]:
    """Live links of untrusted text that a message of another server's tool would carry on: where its
    reader goes next. Defanged ones lead nowhere, and who asks for links may have them."""
    if ctx.spec is None or ctx.spec.toolset != "upstream" or not sends(ctx.call.tool_name):
        return
    if "link" in kinds_in([w for turn in prompt.spoken for w in turn.split()]):
        return
    read = (*(t.lower() for t in ctx.call.incoming_context), *(r.blob for r in ctx.session.reads))
    forgotten = not ctx.session.complete(ctx.as_of)
    for path, value in leaves_of(dict(ctx.call.arguments)):
        if isinstance(value, str) and role_of(ctx.spec, path) is ParamRole.BODY:
            for link in live_links(value):
                if not prompt.find(link) and (forgotten or any(link in text for text in read)):
                    yield ArgumentOrigin(
                        path=f"{path}#{link}", role=ParamRole.SINK, label=Label.UNTRUSTED, evidence="session"
                    )


def _search_writes(ctx: StageContext) -> tuple[str, ...]:
    """Write targets inside the SPL of this call: sinks, whatever the tool is."""
    found: list[str] = []
    for request in ctx.effects.searches:
        found.extend(search_writes(request.query, ctx.world.knowledge))
    return tuple(dict.fromkeys(found))


def _severity(facts: ProvenanceFacts, followed: Following) -> Severity:
    if followed.derives or followed.follows:
        return Severity.HIGH
    if facts.untrusted_input and facts.sensitive_reach and facts.can_change_state:
        return Severity.MEDIUM
    return Severity.MEDIUM if facts.unsupported_sinks else Severity.NONE


def _reasons(origins: tuple[ArgumentOrigin, ...], unsupported: tuple[str, ...], followed: Following) -> Iterator[str]:
    by_path = {o.path: o for o in origins}
    for path in unsupported[:3]:
        origin = by_path[path]
        if path == ACTION_PATH:
            yield "nobody is known to have asked for this kind of action"
            continue
        source = f"from {origin.evidence}" if origin.evidence else "and appears nowhere before"
        yield f"{path} decides where the effect lands; nobody named it ({origin.label.value} {source})"
    if followed.derives:
        yield f"the call repeats text that was flagged ({followed.where})"
    elif followed.follows:
        yield f"the call does what flagged text asks for ({followed.where})"
