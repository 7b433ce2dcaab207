"""Fixtures: the bundled data opened once, and a way to work a case over it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from agentgate_mcp.backends.embedded import open_embedded
from agentgate_mcp.backends.ports import Backends
from agentgate_mcp.permits import PermitBook
from investigation.planner import investigate
from investigation.steps import Answer
from tests.unit.investigation.driver import NOW, ROOT, Change, Drive, options


@pytest.fixture(scope="session")
def telemetry_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory in which the bundled telemetry has been built once."""
    return tmp_path_factory.mktemp("investigation")


@pytest.fixture(scope="session")
def bundled(telemetry_state: Path) -> Backends:
    """The bundled data, opened once."""
    return open_embedded(ROOT / "data", telemetry_state, PermitBook(), lambda: NOW)


@pytest.fixture
def case(bundled: Backends, tmp_path: Path) -> Callable[..., tuple[dict[str, Any], Drive]]:
    """Works a case, with receipts of its own, and gives its result and the run."""
    runs = count()

    def work(
        case_id: str, *, change: Change | None = None, deny: Mapping[str, Answer] | None = None, simulate: bool = True
    ) -> tuple[dict[str, Any], Drive]:
        fresh = open_embedded(ROOT / "data", tmp_path / f"run{next(runs)}", PermitBook(), lambda: NOW)
        drive = Drive(replace(bundled, responder=fresh.responder), change=change, deny=deny or {})
        return drive.run(investigate(case_id, options(simulate=simulate))), drive

    return work


@pytest.fixture(scope="session")
def truth() -> dict[str, dict[str, Any]]:
    return json.loads((ROOT / "tests/goldens/case_truth.json").read_text("utf-8"))
