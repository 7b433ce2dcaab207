"""One state directory per test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.shell import Cli


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path / "state")
