"""A ledger on a real file, and its clock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agentgate_mcp.ledger.ledger import Ledger
from tests.unit.ledger.samples import REDACTOR, Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    opened = Ledger.open(tmp_path / "state", redactor=REDACTOR, clock=clock)
    yield opened
    opened.close()
