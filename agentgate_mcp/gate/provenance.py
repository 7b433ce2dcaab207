"""The provenance stage: for each argument, who named its value (DESIGN §6.2).

Reads are never gated on provenance. For calls with an effect, every sink must come from the
user's words or a constant; what an inventory knows proves that something exists, never that it
is meant. Containment may instead rest on corroborated evidence.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentgate_mcp.effects import CONTAINMENT
from agentgate_mcp.gate.context import StageContext
from agentgate_mcp.gate.following import Following, following
from agentgate_mcp.gate.leaves import leaves_of
from agentgate_mcp.gate.words import Prompt
from agentgate_mcp.model.call import ToolSpec
from agentgate_mcp.model.decision import Label, ParamRole, Severity, Stage, Trust
from agentgate_mcp.model.facts import ArgumentOrigin, ProvenanceFacts, SearchFacts
from agentgate_mcp.model.verdict import StageResult
from agentgate_mcp.spl.facts import read_search

_NESTED_SINKS = frozenset({"name", "target"})
"""Inside a list of changes or actions, what names the thing that is changed or acted on."""
_INDEPENDENT = 2
"""Different events or look-ups that must name a value before containment may rest on them."""
MAX_ORIGINS = 256


def run(ctx: StageContext) -> StageResult:
    """Origins of all argument leaves, and what they mean for sinks."""
    prompt = Prompt.of((*ctx.session.prompt_text, *((ctx.call.raw_user_prompt,) if ctx.call.raw_user_prompt else ())))
    writes = _search_writes(ctx)
    origins = tuple(_origins(ctx, prompt, writes))[:MAX_ORIGINS]
    has_effect = ctx.spec is None or ctx.spec.has_effect
    unsupported = tuple(
        o.path
        for o in origins
        if (has_effect or o.path.startswith("/query#"))
        and o.role is ParamRole.SINK
        and o.label not in (Label.PROMPT, Label.CONSTANT)
        and not (o.mandated or o.corroborated)
    )
    followed: Following = following(ctx)
    tainted = ctx.session.untrusted_reads(ctx.as_of) + bool(ctx.call.incoming_context)
    facts = ProvenanceFacts(
        arguments=origins,
        unsupported_sinks=unsupported,
        derives_from_flagged=followed.derives,
        follows_flagged=followed.follows,
        prompt_given=prompt.given,
        tainted=tainted > 0,
        untrusted_reads=tainted,
        untrusted_input=tainted > 0,
        sensitive_reach=bool(ctx.effects.searches or ctx.effects.saved_search or ctx.effects.changes),
        can_change_state=has_effect or bool(writes),
    )
    return StageResult(
        stage=Stage.PROVENANCE,
        severity=_severity(facts, followed),
        reasons=tuple(_reasons(origins, unsupported, followed)),
        facts=facts,
    )


def _origins(ctx: StageContext, prompt: Prompt, writes: tuple[str, ...]) -> Iterator[ArgumentOrigin]:
    for path, value in leaves_of(dict(ctx.call.arguments)):
        ctx.budget.spend(1)
        role = _role(ctx.spec, path)
        if isinstance(value, bool) or value == "":
            yield ArgumentOrigin(path=path, role=role, label=Label.CONSTANT, evidence="schema")
            continue
        text = value if isinstance(value, str) else f"{value:.15g}"
        yield _origin(ctx, prompt, path, role, text)
    for write in writes:
        target = write.partition(":")[2].rpartition("=")[2] or write
        yield _origin(ctx, prompt, f"/query#{write}", ParamRole.SINK, target)


def _origin(ctx: StageContext, prompt: Prompt, path: str, role: ParamRole, text: str) -> ArgumentOrigin:
    label, evidence = label_of(ctx, prompt, text)
    corroborated = role is ParamRole.SINK and label is not Label.PROMPT and _corroborated(ctx, path, text)
    return ArgumentOrigin(path=path, role=role, label=label, evidence=evidence, corroborated=corroborated)


def label_of(ctx: StageContext, prompt: Prompt, text: str) -> tuple[Label, str]:
    """The strongest origin of ``text``, and where it was found."""
    span = prompt.find(text)
    if span:
        return Label.PROMPT, span
    found = next(ctx.session.evidence(text), None)
    if found is not None:
        where = f"call:{found.call_id}:{found.leaf.path}"
        match found.leaf.trust:
            case Trust.USER | Trust.CONFIG:
                return Label.CONSTANT, where
            case Trust.STRUCTURED:
                return Label.TRUSTED, where
            case Trust.WRITABLE:
                return Label.UNTRUSTED, where
    if len(text) >= 3:
        for i, passed in enumerate(ctx.call.incoming_context):
            if text.lower() in passed.lower():
                return Label.UNTRUSTED, f"context:{i}"
        call_id = ctx.session.containing(text)
        if call_id:
            return Label.UNTRUSTED, f"call:{call_id}"
    return Label.NOVEL, ""


def _role(spec: ToolSpec | None, path: str) -> ParamRole:
    parts = path.split("/")
    role = spec.role(parts[1]) if spec is not None and len(parts) > 1 else ParamRole.SINK
    nested = len(parts) > 2
    ours = spec is not None and spec.toolset != "upstream"
    if ours and nested and role is ParamRole.SINK and parts[-1] not in _NESTED_SINKS:
        return ParamRole.BODY
    return role


def _search_writes(ctx: StageContext) -> tuple[str, ...]:
    """Write targets inside the SPL of this call: sinks, whatever the tool is."""
    found: list[str] = []
    for request in ctx.effects.searches:
        facts: SearchFacts = read_search(
            request.query, request.earliest, request.latest, ctx.world.knowledge, ctx.search_now
        )
        found.extend(facts.writes)
    return tuple(dict.fromkeys(found))


def _corroborated(ctx: StageContext, path: str, text: str) -> bool:
    """True for a containment target that two independent events, or a hit in threat
    intelligence, name. Whether the target is protected is the blast radius's question."""
    if not any(a.target == text and a.action in CONTAINMENT for a in ctx.effects.actions):
        return False
    sightings: set[tuple[str, str]] = set()
    for read in ctx.session.reads:
        if read.event.tool.startswith("threatintel_"):
            if _known_bad(read.event.leaves, text):
                return True
            continue
        for leaf in read.event.leaves:
            if leaf.value.lower() == text.lower() and leaf.trust is Trust.STRUCTURED:
                row = "/".join(leaf.path.split("/")[:3])
                sightings.add((read.event.call_id, row))
    return len(sightings) >= _INDEPENDENT


def _known_bad(leaves: tuple[object, ...], text: str) -> bool:
    """True when a look-up names ``text`` as its indicator and calls it malicious."""
    values = {getattr(leaf, "path", ""): getattr(leaf, "value", "") for leaf in leaves}
    for path, value in values.items():
        if path.endswith("/indicator") and value.lower() == text.lower():
            return values.get(path.removesuffix("indicator") + "verdict") == "malicious"
    return False


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
        source = f"from {origin.evidence}" if origin.evidence else "and appears nowhere before"
        yield f"{path} decides where the effect lands; nobody named it ({origin.label.value} {source})"
    if followed.derives:
        yield f"the call repeats text that was flagged ({followed.where})"
    elif followed.follows:
        yield f"the call does what flagged text asks for ({followed.where})"
