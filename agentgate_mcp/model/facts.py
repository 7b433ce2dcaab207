"""Typed facts, one model per stage: what policies match on, the ledger keeps, replay reads.

All are frozen and strict. A fact that could not be established is said so in a field of its
own (``unresolved``, ``unknown_targets``, ``tier``); absence never stands for "fine".
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from agentgate_mcp.model.decision import Label, ParamRole, SideEffect


class Facts(BaseModel):
    """Base of all facts: immutable, no coercion, no unknown field."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


# --- 1 injection ---------------------------------------------------------------------------


class InjectionHit(Facts):
    """One pattern hit. ``start``/``end`` are character offsets in the original text of ``where``
    (``argument:/query``, ``context:0``, ``session:CALL_ID:/rows/3/user_agent``).
    ``use`` is False for a mention: quoted or reported speech that addresses nobody."""

    family: str
    view: str
    where: str
    start: int
    end: int
    use: bool
    weight: float


class InjectionFacts(Facts):
    hits: tuple[InjectionHit, ...] = ()
    argument_use_hits: int = 0
    context_use_hits: int = 0
    session_use_hits: int = 0
    """Use-hits in outputs that this principal read earlier and that are still in force."""
    mention_hits: int = 0
    scanned_chars: int = 0


# --- 2 provenance --------------------------------------------------------------------------


class ArgumentOrigin(Facts):
    """Where one leaf of the arguments came from. ``evidence`` is a place such as
    ``prompt[12:24]`` or ``call:ID:/rows/0/src``; empty for NOVEL."""

    path: str
    role: ParamRole
    label: Label
    evidence: str = ""
    mandated: bool = False
    corroborated: bool = False


class ProvenanceFacts(Facts):
    arguments: tuple[ArgumentOrigin, ...] = ()
    unsupported_sinks: tuple[str, ...] = ()
    """Paths of sink arguments that are neither PROMPT, CONSTANT, DERIVED (the user named the asset by
    another of its names), mandated nor corroborated; `@action` when nobody asked for this deed."""
    derives_from_flagged: bool = False
    """An argument repeats text of a span that the injection stage flagged, here or earlier."""
    follows_flagged: bool = False
    """The call does what a flagged span asks for (its verb class and its target)."""
    prompt_given: bool = False
    tainted: bool = False
    untrusted_reads: int = 0
    untrusted_input: bool = False
    sensitive_reach: bool = False
    can_change_state: bool = False
    """The three bits of the Rule of Two, counting this call."""


# --- 3 blast radius ------------------------------------------------------------------------


class SearchFacts(Facts):
    """What a search reaches: from `spl`, after expansion. Names are as written, lower-cased
    where Splunk ignores case. Times are epoch seconds; None means unbounded on that side."""

    parsed: bool
    """Whether all of it fits the grammar. Where not, the rest is its widest reading, as far as it has one."""
    problem: str = ""
    commands: tuple[str, ...] = ()
    unknown_commands: tuple[str, ...] = ()
    unresolved: tuple[str, ...] = ()
    """Macros, saved searches, data models that no table and no knowledge set explains."""
    destructive: tuple[str, ...] = ()
    """Commands of class destroy, execute or send (`delete`, `runshellscript`, `sendemail`)."""
    writes: tuple[str, ...] = ()
    """`command:target` of each write (`outputlookup:allow.csv`, `collect:index=summary`)."""
    protected_writes: tuple[str, ...] = ()
    """Those of ``writes`` that land in audit or internal indexes or AgentGate's own objects."""
    egress: tuple[str, ...] = ()
    """Commands that send rows outside Splunk (`ai`, `sendemail`, `sendalert`, `dbxquery`)."""
    rest_endpoints: tuple[str, ...] = ()
    credential_endpoints: tuple[str, ...] = ()
    rest_unlisted: tuple[str, ...] = ()
    """Endpoints (`METHOD /path`) outside the list that ordinary work reads."""
    indexes: tuple[str, ...] = ()
    index_wildcard: bool = False
    """True when the reach is `*` or cannot be narrowed to named indexes."""
    default_indexes: bool = False
    """True when some part names no index and so searches the user's default indexes."""
    raw_events: bool = True
    """False for searches over metadata, lookups or accelerated data models only."""
    reads_everything: bool = False
    """True when some part reads raw events with no term or condition but an index and a time."""
    sourcetypes: tuple[str, ...] = ()
    data_models: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    """Knowledge objects named, as `kind:name`."""
    earliest: float | None = None
    latest: float | None = None
    real_time: bool = False
    span_seconds: float | None = None
    """None when unbounded or all-time."""
    subsearches: int = 0
    joins: int = 0
    leading_wildcards: int = 0
    transforming: bool = False


class CoverageChange(Facts):
    """Detections that cover something, before and after the call."""

    id: str
    before: int
    after: int


class AssetCoverage(Facts):
    """Enabled, scheduled, healthy detections that cover one asset, before and after."""

    asset: str
    criticality: Literal["low", "medium", "high", "critical"]
    tags: tuple[str, ...]
    owner_team: str
    before: int
    after: int
    origin: Literal["declared", "observed", "assumed"]


class TypedLoss(Facts):
    """A blinding that breaks no edge: `allow_list`, `throttle`, `recipients`, `schedule_gap`,
    `narrowed_filter`, `shadowing`, `disabled_action`, `claim`, `retention`, `unknown_setting`, `ownership`,
    `truncation`, `visibility`, `switched_off`, `erosion`."""

    kind: str
    object: str
    detail: str


class ChangeFacts(Facts):
    """What a change to knowledge objects breaks."""

    action: Literal["create", "modify", "disable", "delete"]
    targets: tuple[str, ...]
    unknown_targets: tuple[str, ...] = ()
    nearest: tuple[str, ...] = ()
    owner_teams: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()
    losses: tuple[TypedLoss, ...] = ()
    techniques: tuple[CoverageChange, ...] = ()
    compliance: tuple[CoverageChange, ...] = ()
    assets: tuple[AssetCoverage, ...] = ()
    techniques_lost: int = 0
    assets_uncovered: int = 0
    critical_assets_uncovered: int = 0
    pci_assets_uncovered: int = 0
    pci_assets_single: int = 0
    hipaa_assets_uncovered: int = 0
    hipaa_assets_single: int = 0
    assumed_coverage: bool = False
    """True when there is no inventory to say which assets the object protects."""
    accumulated: tuple[str, ...] = ()
    """Objects (`kind:app/name`) whose earlier changes nobody accepted, and that were counted with this one."""
    protected: tuple[str, ...] = ()
    """Targets that POL-009 guards: audit and internal indexes, HEC tokens, AgentGate's own."""
    detections_total: int = 0


class ResponseTarget(Facts):
    """One response action and what stands behind its target."""

    action: str
    target: str
    entity: str = ""
    """The asset or identity it resolves to; empty when the inventory does not know it."""
    criticality: Literal["none", "low", "medium", "high", "critical"] = "none"
    protected: str = ""
    """Why the entity must never be acted on (`domain controller`, `dns`, `gateway`, `splunk`,
    `gate`, `range`); empty when it is not protected."""
    addresses: int = 1


class ResponseFacts(Facts):
    targets: tuple[ResponseTarget, ...] = ()
    simulate: bool = True
    real_effects: int = 0
    protected: tuple[str, ...] = ()
    critical_targets: tuple[str, ...] = ()
    tickets_only: bool = False


class BlastRadiusFacts(Facts):
    """What the call reaches. ``score`` is 0–100; severity is cut from it (gate/blast_radius)."""

    search: SearchFacts | None = None
    change: ChangeFacts | None = None
    response: ResponseFacts | None = None
    score: int = 0


# --- 4 cost --------------------------------------------------------------------------------


class Interval(Facts):
    """A 90 % interval around an estimate."""

    low: float
    estimate: float
    high: float


class RuntimeGuard(Facts):
    """The limits that a backend sets on the job. Seconds, rows and bytes."""

    max_time_s: int
    max_rows: int
    max_bytes: int
    status_buckets: int = 0
    """Buckets of the job's timeline: none, as nobody looks at it."""
    workload_pool: str = ""
    """Where the site has one for these searches; empty for the account's own."""


class CostFacts(Facts):
    tier: Literal["none", "static", "index_stats", "history"] = "none"
    events: Interval | None = None
    bytes: Interval | None = None
    buckets: Interval | None = None
    seconds: Interval | None = None
    svc_hours: Interval | None = None
    reasons: tuple[str, ...] = ()
    rewrite: str = ""
    guard: RuntimeGuard | None = None
    score: int = 0
    """0–100; severity is cut from it (gate/cost)."""


# --- 5 policy ------------------------------------------------------------------------------


class RequestFacts(Facts):
    """The call itself and the requester's standing, as far as policies may look."""

    tool: str
    side_effect: SideEffect
    known_tool: bool
    nested: bool
    read_only: bool
    frozen: bool
    breaker_open: bool
    targets_in_call: int = 0
    targets_1h: int = 0
    targets_24h: int = 0
    targets_7d: int = 0
    out_of_scope: tuple[str, ...] = ()
    foreign_teams: tuple[str, ...] = ()
    """Teams that own a target and are not the requester's."""
    rows_today: int = 0
    bytes_today: int = 0
    rows_budget_left: int = 0
    bytes_budget_left: int = 0
    mutates: bool = False


class ClauseMatch(Facts):
    """One clause that held, with the value that made it hold."""

    fact: str
    operator: str
    expected: str
    value: str


class PolicyMatch(Facts):
    policy: str
    rule: str
    version: int
    action: Literal["ALLOW", "REQUIRE_APPROVAL", "BLOCK"]
    severity: Literal["none", "low", "medium", "high", "critical"]
    mode: Literal["enforce", "shadow"]
    reason: str
    suggestion: str = ""
    clauses: tuple[ClauseMatch, ...] = ()
    two_person: bool = False
    approver_team: str = ""
    mandated: bool = False
    """True when an active mandate grants this approval in advance."""


class PolicyFacts(Facts):
    request: RequestFacts
    matches: tuple[PolicyMatch, ...] = ()


# --- 6 decision ----------------------------------------------------------------------------


class DecisionFacts(Facts):
    invariants: tuple[str, ...] = ()
    """Invariants that were violated (R2); any of them is a BLOCK that no policy can soften."""
    deciding: tuple[str, ...] = ()
    """Policies (or invariants) that carry the decision."""


StageFacts = InjectionFacts | ProvenanceFacts | BlastRadiusFacts | CostFacts | PolicyFacts | DecisionFacts
