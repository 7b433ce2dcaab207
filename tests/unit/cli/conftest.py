"""One state directory per test, with the bundled telemetry loaded already."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from agentgate_mcp import config
from agentgate_mcp.compose import open_site_backends
from tests.unit.cli.shell import Cli


@pytest.fixture(scope="session")
def telemetry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of the bundled telemetry. Building it is what takes long in an empty state directory."""
    state = tmp_path_factory.mktemp("warm") / "state"
    open_site_backends(config.load(None, {"AGENTGATE_STATE_DIR": str(state)})).search.indexes()
    return state / "telemetry"


@pytest.fixture
def cli(tmp_path: Path, telemetry: Path) -> Cli:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    shutil.copytree(telemetry, state / "telemetry")
    return Cli(state)


@pytest.fixture
def cold(tmp_path: Path) -> Cli:
    """The command line before its first use: no state directory yet."""
    return Cli(tmp_path / "cold")
