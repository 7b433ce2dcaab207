"""The composition root: settings in, wired objects out. Nothing else constructs a backend."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from agentgate_mcp import config
from agentgate_mcp.approvals.control import Control
from agentgate_mcp.approvals.registry import OperatorRegistry
from agentgate_mcp.approvals.service import ApprovalService
from agentgate_mcp.approvals.standing import LedgerStanding
from agentgate_mcp.backends.embedded import open_embedded
from agentgate_mcp.backends.ports import Backends
from agentgate_mcp.bundled import bundled_dir
from agentgate_mcp.config import Settings
from agentgate_mcp.dispatch.desk import Desk, NestedCaller
from agentgate_mcp.dispatch.executor import Dispatcher, Parts
from agentgate_mcp.dispatch.gatekeeper import DispatchGatekeeper
from agentgate_mcp.dispatch.judge import Judge
from agentgate_mcp.dispatch.records import Records
from agentgate_mcp.dispatch.sessions import SessionKeeper
from agentgate_mcp.dispatch.worlds import WorldKeeper
from agentgate_mcp.errors import ConfigError
from agentgate_mcp.gate.pipeline import Pipeline
from agentgate_mcp.ledger.files import installation_key
from agentgate_mcp.ledger.ledger import Ledger
from agentgate_mcp.ledger.mirror import Mirror
from agentgate_mcp.ledger.recovery import recover
from agentgate_mcp.ledger.runlog import RunLog
from agentgate_mcp.llm.wiring import Advisors, advisors
from agentgate_mcp.permits import PermitBook
from agentgate_mcp.policies.loader import load_library
from agentgate_mcp.redact import Redactor
from agentgate_mcp.tools.catalogue import catalogue
from agentgate_mcp.worlds import build_world


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
    judge: Judge
    mirror: Mirror
    runlog: RunLog
    advisors: Advisors

    def __enter__(self) -> Deployment:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.judge.close()
        self.advisors.close()
        self.mirror.close()
        self.office.ledger.close()


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
    """Everything for serving, with orphaned intents of dead processes recorded as UNKNOWN.

    Raises: ConfigError, DataError, PolicyError, LedgerError."""
    if settings.telemetry_backend == "splunk":
        raise ConfigError("TELEMETRY_BACKEND: expected dummy or iot23; a live Splunk is not supported by this version")
    source = data_dir(settings)
    library = load_library(settings.policies_dir)
    office = open_office(settings.state_dir, clock)
    try:
        return _wire(settings, source, library_world(settings, source, library), office, clock, pipeline or Pipeline())
    except BaseException:
        office.ledger.close()
        raise
