"""The ports: what a tool may ask of the world, whoever answers.

Methods are synchronous and thread-safe; tools run them in worker threads. Every method with an
effect takes a Permit and spends it before it acts. Errors: BackendError, BackendTimeout,
SplError (with position), NotFoundError (with nearest names).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from agentgate_mcp.effects import ResponseAction
from agentgate_mcp.graph.observed import Sighting
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.facts import RuntimeGuard
from agentgate_mcp.model.site import CaseRecord, ChangeRecord, KnowledgeObject, ObjectChange
from agentgate_mcp.model.usage import Volume
from agentgate_mcp.permits import Permit

Row = dict[str, Json]
"""One result row: field name to string, or list of strings for a multivalue field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchJob:
    """A search to run. Times are Splunk time expressions (`-24h@h`, epoch); ``now`` is epoch
    seconds, fixed at job start; ``cancelled`` is polled by long-running engines."""

    query: str
    earliest: str
    latest: str
    now: float
    guard: RuntimeGuard


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """Rows and job statistics. ``partial`` names the limit that cut the result, or is empty."""

    fields: tuple[str, ...]
    rows: tuple[Row, ...]
    scanned_events: int
    run_seconds: float
    partial: str = ""


class SearchPort(Protocol):
    """Searching and looking around. Reads only."""

    def search(self, job: SearchJob) -> SearchResult: ...
    def server_info(self) -> Row: ...
    def indexes(self) -> Sequence[Row]: ...
    def index_info(self, name: str) -> Row: ...
    def metadata(self, kind: Literal["hosts", "sources", "sourcetypes"], index: str) -> Sequence[Row]: ...
    def user_info(self) -> Row: ...
    def users(self) -> Sequence[Row]: ...
    def kv_collections(self) -> Sequence[Row]: ...


class KnowledgePort(Protocol):
    """Knowledge objects. ``generation`` changes whenever any object changes, in any process."""

    def generation(self) -> int: ...
    def objects(self) -> Sequence[KnowledgeObject]: ...
    def apply(self, changes: Sequence[ObjectChange], *, permit: Permit, at: float) -> Sequence[ChangeRecord]:
        """Execute all changes or none. The permit's digest is that of `Effects.to_json`."""
        ...

    def changes(self) -> Sequence[ChangeRecord]: ...
    def rollback(self, change_id: str, *, permit: Permit, at: float) -> ChangeRecord:
        """Undo one change. The permit's digest is that of `["rollback", change_id]`."""
        ...


class CasePort(Protocol):
    def cases(self) -> Sequence[CaseRecord]: ...
    def case(self, case_id: str) -> CaseRecord: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Intel:
    """What the feeds say of one indicator. ``score`` is 0–100; no record means not known,
    never harmless. ``allow_listed`` names the list that says it is ordinary."""

    indicator: str
    kind: Literal["ip", "domain", "url", "hash", "email"]
    known: bool
    score: int = 0
    verdict: Literal["malicious", "suspicious", "benign", "unknown"] = "unknown"
    families: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    first_seen: str = ""
    last_seen: str = ""
    feeds: tuple[str, ...] = ()
    allow_listed: str = ""
    description: str = ""


class IntelPort(Protocol):
    def lookup(self, indicator: str) -> Intel: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Runbook:
    """One runbook: front matter and Markdown body. ``actions`` are names of response actions."""

    runbook_id: str
    title: str
    categories: tuple[str, ...]
    techniques: tuple[str, ...]
    actions: tuple[str, ...]
    severity: str
    updated: str
    body: str


class RunbookPort(Protocol):
    def runbooks(self) -> Sequence[Runbook]: ...
    def runbook(self, runbook_id: str) -> Runbook: ...


ReceiptStatus = Literal["simulated", "queued", "sent", "done", "failed", "unknown", "duplicate"]
"""`queued`: permitted and not sent yet; `sent`: taken and not done yet; `unknown`: it may have been done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionReceipt:
    """What a responder did. ``duplicate_of`` names an earlier identical action still in force."""

    action_id: str
    action: str
    target: str
    status: ReceiptStatus
    at: float
    expires_at: float | None
    rollback: str
    detail: str
    duplicate_of: str = ""


class ResponderPort(Protocol):
    """The one executor of response actions. Without a configured webhook it only simulates."""

    @property
    def live(self) -> bool: ...
    def request(
        self, actions: Sequence[ResponseAction], *, permit: Permit | None, call_id: str, at: float
    ) -> Sequence[ActionReceipt]: ...
    def receipts(self, case_id: str) -> Sequence[ActionReceipt]: ...


class ReportPort(Protocol):
    """Results of investigated cases, newest first per case."""

    def save(self, case_id: str, result: Mapping[str, Json], *, permit: Permit, at: float) -> None:
        """Keep one result. The permit's digest is that of `Effects.to_json`."""
        ...

    def latest(self, case_id: str) -> dict[str, Json] | None: ...


class EventSink(Protocol):
    """Where the ledger's outbox sends replicas (HEC). The permit is of kind REPLICA."""

    def send(self, events: Sequence[Mapping[str, Json]], *, permit: Permit) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Backends:
    """All ports of one deployment, wired by `compose`."""

    search: SearchPort
    knowledge: KnowledgePort
    cases: CasePort
    intel: IntelPort
    runbooks: RunbookPort
    responder: ResponderPort
    reports: ReportPort
    label: str = "embedded"
    extra: Mapping[str, str] = field(default_factory=dict[str, str])
    sightings: Callable[[float], Sequence[Sighting]] = lambda _since: ()
    """What each host has sent since an instant (epoch seconds)."""
    volumes: Callable[[], Sequence[Volume]] = lambda: ()
    """Events per index, source type and stretch of time, of a store to which nothing is added; empty
    where that is not known."""
    follow: Callable[[], None] = lambda: None
    """Starts following response actions to their end, in the background; `close` ends that."""
    close: Callable[[], None] = lambda: None
    """Closes files and connections; the ports are not used after it."""
