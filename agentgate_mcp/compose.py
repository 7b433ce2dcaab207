"""The composition root: settings in, wired objects out. Nothing else constructs a backend."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from agentgate_mcp.advisors import Desk as NoteDesk
from agentgate_mcp.advisors import analyst_of, desk_of
from agentgate_mcp.approvals.accepted import accepted_calls
from agentgate_mcp.approvals.control import Control
from agentgate_mcp.approvals.operators import Operator
from agentgate_mcp.approvals.registry import OperatorRegistry
from agentgate_mcp.approvals.service import ApprovalService
from agentgate_mcp.approvals.standing import LedgerStanding
from agentgate_mcp.backends.embedded import LoadReport, load_zeek, open_embedded
from agentgate_mcp.backends.ports import ActionReceipt, Backends, SearchPort
from agentgate_mcp.bundled import bundled_dir
from agentgate_mcp.canonical import canonical_bytes, loads_strict
from agentgate_mcp.config import Settings
from agentgate_mcp.dispatch.desk import Desk, NestedCaller
from agentgate_mcp.dispatch.executor import Dispatcher, Parts
from agentgate_mcp.dispatch.gatekeeper import DispatchGatekeeper
from agentgate_mcp.dispatch.judge import Judge
from agentgate_mcp.dispatch.preview import OfflineJudge
from agentgate_mcp.dispatch.records import Records
from agentgate_mcp.dispatch.rollback import roll_back
from agentgate_mcp.dispatch.sessions import SessionKeeper
from agentgate_mcp.dispatch.worlds import WorldKeeper
from agentgate_mcp.errors import CanonicalError, ConfigError, DataError
from agentgate_mcp.gate.cost_coefficients import DEFAULT, Coefficients
from agentgate_mcp.gate.cost_fit import Calibration, read_calibration
from agentgate_mcp.gate.cost_model import CostBaselines, IndexBaseline
from agentgate_mcp.gate.cost_past import Modelled, history_of, modelled
from agentgate_mcp.gate.cost_stats import PARTS, IndexStats
from agentgate_mcp.gate.pipeline import Pipeline
from agentgate_mcp.gate.policy.compiled import PolicyLibrary
from agentgate_mcp.gate.world import World
from agentgate_mcp.graph.baseline import Baseline
from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.content import load_objects
from agentgate_mcp.graph.observed import OBSERVED_DAYS, Sighting
from agentgate_mcp.ledger.files import installation_key
from agentgate_mcp.ledger.ledger import Ledger
from agentgate_mcp.ledger.mirror import Mirror
from agentgate_mcp.ledger.recovery import recover
from agentgate_mcp.ledger.runlog import RunLog
from agentgate_mcp.ledger.usage import past_searches
from agentgate_mcp.model.site import ChangeRecord, KnowledgeObject
from agentgate_mcp.model.usage import PastSearch
from agentgate_mcp.permits import PermitBook
from agentgate_mcp.policies.keeper import LibraryKeeper, PolicedWorlds, Told
from agentgate_mcp.policies.loader import load_library
from agentgate_mcp.redact import Redactor
from agentgate_mcp.site import SiteFiles, read_site
from agentgate_mcp.spl.knowledge import KnowledgeSet
from agentgate_mcp.tools.catalogue import catalogue
from agentgate_mcp.tools.definition import ToolDefinition
from agentgate_mcp.worlds import build_world

if TYPE_CHECKING:
    from starlette.routing import Route

CALIBRATION_FILE = "cost-calibration.json"
"""Coefficients that `cost calibrate` fitted, in the state directory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What an operator works with: the record and the findings, no tools and no backends."""

    ledger: Ledger
    approvals: ApprovalService
    operators: OperatorRegistry
    control: Control

    def __enter__(self) -> Office:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ledger.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One running gate, wired. Close it to flush the mirror and the ledger."""

    settings: Settings
    office: Office
    backends: Backends
    permits: PermitBook
    dispatcher: Dispatcher
    gatekeeper: DispatchGatekeeper
    mirror: Mirror
    runlog: RunLog
    desk: NoteDesk
    worlds: WorldKeeper

    def __enter__(self) -> Deployment:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.worlds.close()
        self.desk.close()
        self.dispatcher.parts.judge.close()
        self.mirror.close()
        self.backends.close()
        self.office.ledger.close()

    def warm_up(self) -> None:
        """Build the world beside the start, and again whenever the knowledge changes, so that calls
        seldom wait for it; follow open response actions."""
        self.worlds.follow()
        self.backends.follow()

    def roll_back(self, change_id: str, *, operator: Operator, reason: str) -> ChangeRecord:
        """Undo one change on an operator's word. Raises: ApprovalError, NotFoundError, BackendError, LedgerError."""
        knowledge = self.backends.knowledge
        return roll_back(
            change_id,
            operator=operator,
            reason=reason,
            ledger=self.office.ledger,
            permits=self.permits,
            undo=lambda permit: knowledge.rollback(change_id, permit=permit, at=self.dispatcher.parts.clock()),
        )


def data_dir(settings: Settings) -> Path:
    """Where the data is: the site's own, or what is bundled. Raises: ConfigError."""
    if settings.data_dir is None:
        return bundled_dir("data")
    if not settings.data_dir.is_dir():
        raise ConfigError(f"AGENTGATE_DATA_DIR: expected a directory, got {settings.data_dir}")
    return settings.data_dir


def open_office(state_dir: Path, clock: Callable[[], float] = time.time) -> Office:
    """The record in ``state_dir``, for operators. Raises: LedgerError."""
    ledger = Ledger.open(state_dir, redactor=Redactor(installation_key(state_dir)), clock=clock)
    return Office(
        ledger=ledger,
        approvals=ApprovalService(ledger),
        operators=OperatorRegistry(ledger),
        control=Control(ledger),
    )


def open_deployment(
    settings: Settings, *, clock: Callable[[], float] = time.time, pipeline: Pipeline | None = None
) -> Deployment:
    """Everything for serving; orphaned intents of dead processes are recorded as UNKNOWN.

    Raises: ConfigError, DataError, PolicyError, LedgerError, BackendError."""
    site = _Site.open(settings, clock)
    with ExitStack() as undo:
        office = undo.enter_context(open_office(settings.state_dir, clock))
        recovered = recover(office.ledger)
        logs = settings.state_dir / "logs"
        mirror, runlog = Mirror(office.ledger, logs), RunLog(logs, redactor=site.redactor, clock=clock)
        desk = desk_of(settings, site.redactor, office.approvals)
        worlds = WorldKeeper(
            site.backends.knowledge.generation, lambda previous: site.world(ledger=office.ledger, previous=previous)
        )
        library = LibraryKeeper(settings.policies_dir, told=_policies_told(runlog), held=site.policies)
        judge = Judge(
            pipeline=pipeline or Pipeline(),
            world=PolicedWorlds(worlds, library),
            sessions=SessionKeeper(office.ledger),
            standing=LedgerStanding(office.ledger),
            timeout_s=settings.gate_timeout_s,
            watchdog_s=settings.watchdog_s,
        )
        parts = Parts(
            tools=site.tools,
            judge=judge,
            ledger=office.ledger,
            approvals=office.approvals,
            permits=site.permits,
            records=Records(redactor=site.redactor, owner=office.ledger.owner),
            advisory=desk,
            clock=clock,
        )
        dispatcher = Dispatcher(parts, Desk, NestedCaller)
        mirror.start()
        runlog.write("start", backend=site.backends.label, unknown_outcomes=len(recovered))
        undo.pop_all()
    return Deployment(
        settings=settings,
        office=office,
        backends=site.backends,
        permits=site.permits,
        dispatcher=dispatcher,
        gatekeeper=DispatchGatekeeper(dispatcher),
        mirror=mirror,
        runlog=runlog,
        desk=desk,
        worlds=worlds,
    )


def offline_judge(settings: Settings, knowledge: Path | None = None) -> OfflineJudge:
    """Verdicts without execution or record, over the configured knowledge or ``knowledge``.

    Raises: ConfigError, DataError, PolicyError, BackendError."""
    site = _Site.open(settings, time.time)
    objects = load_objects(knowledge) if knowledge is not None else None
    return OfflineJudge(world=site.world(objects), tools=site.tools)


def knowledge_of(settings: Settings, path: Path | None = None) -> KnowledgeSet:
    """The configured knowledge objects, or those of a file or directory."""
    if path is not None:
        return KnowledgeSet.from_objects(load_objects(path))
    return KnowledgeSet.from_objects(open_site_backends(settings).knowledge.objects())


def graph_of(settings: Settings, path: Path | None = None) -> KnowledgeGraph:
    """The graph of the configured knowledge, or of a file or directory, over the site's inventory.

    Raises: ConfigError, DataError, BackendError."""
    source = data_dir(settings)
    backends, files = _open_backends(settings, source, PermitBook(), time.time), read_site(source)
    try:
        objects = load_objects(path) if path is not None else backends.knowledge.objects()
        seen = _sightings(backends, _data_clock(source, backends))
    finally:
        backends.close()
    return KnowledgeGraph.build(KnowledgeSet.from_objects(objects), files.assets, files.teams, sightings=seen)


def open_site_backends(settings: Settings) -> Backends:
    """The backends alone, for commands that only look."""
    return _Site.open(settings, time.time).backends


def past_of(settings: Settings, searches: Sequence[PastSearch] | None = None) -> list[Modelled]:
    """The site's past searches, or ``searches``, as the documented model sees them.

    Raises: ConfigError, DataError, LedgerError, BackendError."""
    site = _Site.open(settings, time.time)
    try:
        if searches is None:
            with open_office(settings.state_dir) as office:
                searches = past_searches(office.ledger)
        knowledge = KnowledgeSet.from_objects(site.backends.knowledge.objects())
        # Events are compared with daily volumes: where they are counted there is nothing to fit.
        return [*modelled(searches, knowledge, baselines(site.backends.search), calibrated=False)]
    finally:
        site.backends.close()


def save_calibration(settings: Settings, found: Calibration) -> Path:
    """Make ``found`` the site's own, whole or not at all; servers take it when they next start."""
    path = settings.state_dir / CALIBRATION_FILE
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    staged = path.with_suffix(f".{os.getpid()}.part")
    staged.write_bytes(canonical_bytes(found.to_json()) + b"\n")
    staged.replace(path)
    return path


def load_zeek_store(paths: Sequence[Path], store: Path, *, strict: bool) -> LoadReport:
    """Load Zeek logs into a telemetry store. Raises: DataError."""
    return load_zeek(paths, store, strict=strict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Site:
    """Backends, tools and everything that a world is built from."""

    settings: Settings
    files: SiteFiles
    policies: PolicyLibrary
    permits: PermitBook
    redactor: Redactor
    backends: Backends
    tools: dict[str, ToolDefinition]
    search_now: float | None

    @classmethod
    def open(cls, settings: Settings, clock: Callable[[], float]) -> _Site:
        source, permits = data_dir(settings), PermitBook()
        backends = _open_backends(settings, source, permits, clock)
        redactor = Redactor(installation_key(settings.state_dir))
        return cls(
            settings=settings,
            files=read_site(source),
            policies=load_library(settings.policies_dir),
            permits=permits,
            redactor=redactor,
            backends=backends,
            tools=catalogue(backends, analyst_of(settings, redactor)),
            search_now=_data_clock(source, backends),
        )

    def world(
        self,
        objects: Sequence[KnowledgeObject] | None = None,
        ledger: Ledger | None = None,
        previous: World | None = None,
    ) -> World:
        """``ledger`` says what operators accepted; without one every object counts from now."""
        return build_world(
            objects=self.backends.knowledge.objects() if objects is None else objects,
            site=self.files,
            library=self.policies,
            tools={name: tool.spec for name, tool in self.tools.items()},
            cost=self.cost(knowledge=None if objects is None else KnowledgeSet.from_objects(objects), ledger=ledger),
            profile=self.settings.profile,
            search_now=self.search_now,
            accepted=Baseline.of(self.backends.knowledge.changes(), accepted_calls(ledger)) if ledger else None,
            sightings=_sightings(self.backends, self.search_now),
            previous=previous,
        )

    def cost(self, *, knowledge: KnowledgeSet | None = None, ledger: Ledger | None = None) -> CostBaselines:
        """Everything that cost estimates rest on; past searches only where there is a ledger.

        Raises: DataError for a calibration that cannot be read, LedgerError, BackendError."""
        volumes, settings = self.backends.volumes(), self.settings
        found = replace(
            baselines(self.backends.search),
            stats=IndexStats.of(volumes, width=PARTS * volumes[0].span) if volumes else None,
            coefficients=_calibrated(settings),
            workload_pool=settings.workload_pool,
        )
        past = past_searches(ledger) if ledger is not None else ()
        if not past:
            return found
        known = KnowledgeSet.from_objects(self.backends.knowledge.objects()) if knowledge is None else knowledge
        return replace(found, history=history_of(past, known, found))


def _policies_told(runlog: RunLog) -> Told:
    """Says in the run log what library is in force, and on stderr too when a directory was not taken."""

    def told(library: PolicyLibrary, problem: str) -> None:
        if not problem:
            runlog.write("policies", lock=library.lock)
            return
        runlog.write("policies_refused", level="error", problem=problem, in_force=library.lock)
        sys.stderr.write(f"agentgate-mcp: {problem}; the policies before it stay in force\n")
        sys.stderr.flush()

    return told


def _calibrated(settings: Settings) -> Coefficients:
    """The site's coefficients, or the documented ones. Raises: DataError."""
    path = settings.state_dir / CALIBRATION_FILE
    try:
        return read_calibration(path.read_bytes())
    except FileNotFoundError:
        return DEFAULT
    except OSError as exc:
        raise DataError(CALIBRATION_FILE, "file", exc.strerror or "cannot be read") from None


def _open_backends(settings: Settings, source: Path, permits: PermitBook, clock: Callable[[], float]) -> Backends:
    if settings.telemetry_backend == "splunk":
        raise ConfigError("TELEMETRY_BACKEND: expected dummy or iot23; a live Splunk needs a later version")
    if settings.telemetry_backend == "iot23" and settings.telemetry_store is None:
        raise ConfigError("AGENTGATE_TELEMETRY_STORE: expected a store built by `data load-zeek`, got nothing")
    telemetry = settings.telemetry_store if settings.telemetry_backend == "iot23" else None
    opened = partial(open_embedded, source, settings.state_dir, permits, clock, telemetry=telemetry)
    if settings.response_url is None and settings.response_secret_file is None:
        return opened()
    from agentgate_mcp.backends.webhook import read_endpoint, responding

    endpoint, redactor = read_endpoint(settings), Redactor(installation_key(settings.state_dir))
    return responding(endpoint, redactor, clock, lambda make: opened(responder=make))


def callback_routes(deployment: Deployment) -> Sequence[Route]:
    """What an HTTP server mounts for the response executor to call back; nothing where there is none."""
    if not deployment.backends.responder.live:
        return ()
    from agentgate_mcp.backends import webhook

    return webhook.callback_routes(deployment.backends)


def open_responses(settings: Settings) -> Sequence[ActionReceipt]:
    """The response actions whose end is not known, oldest first. The executor is not called.

    Raises: ConfigError for settings that make no executor, DataError, BackendError."""
    backends = _open_backends(settings, data_dir(settings), PermitBook(), time.time)
    try:
        return [r for r in backends.responder.receipts("") if r.status in ("queued", "sent", "unknown")]
    finally:
        backends.close()


def _sightings(backends: Backends, search_now: float | None) -> Sequence[Sighting]:
    """What each host has sent lately, as the data's own clock has it."""
    now = time.time() if search_now is None else search_now
    return backends.sightings(now - OBSERVED_DAYS * 86_400)


def baselines(search: SearchPort) -> CostBaselines:
    """Daily volumes per index from what the indexes hold now."""
    found: dict[str, IndexBaseline] = {}
    for row in search.indexes():
        events = int(str(row["totalEventCount"]))
        first, last = str(row["minTime"]), str(row["maxTime"])
        if not events or not first or not last:
            continue
        days = max((datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds() / 86_400, 1.0)
        size = max(int(str(row["currentDBSizeMB"])) * 1_048_576 / events, 1.0)
        retention = row.get("frozenTimePeriodInSecs")
        kept = int(retention) / 86_400 if isinstance(retention, str) and retention.isdigit() else days
        found[str(row["name"]).lower()] = IndexBaseline(
            events_per_day=events / days, bytes_per_event=size, retention_days=max(kept, days)
        )
    return CostBaselines(indexes=found)


def _data_clock(source: Path, backends: Backends) -> float | None:
    """The instant that `now` means in searches: bundled data and captures have a clock of their own."""
    if backends.extra.get("telemetry") == "bundled":
        try:
            manifest = loads_strict((source / "MANIFEST.json").read_bytes())
        except (CanonicalError, OSError) as exc:
            raise DataError(
                "MANIFEST.json", "file", str(exc) if isinstance(exc, CanonicalError) else "cannot be read"
            ) from None
        now = manifest.get("now") if isinstance(manifest, dict) else None
        try:
            return datetime.fromisoformat(now if isinstance(now, str) else "").timestamp()
        except ValueError:
            raise DataError("MANIFEST.json", "/now", "expected an ISO 8601 time") from None
    latest = [str(row["maxTime"]) for row in backends.search.indexes() if row["maxTime"]]
    # `latest=now` is exclusive and index times are cut to milliseconds: one second keeps the last event.
    return max((datetime.fromisoformat(t).timestamp() + 1.0 for t in latest), default=None)
