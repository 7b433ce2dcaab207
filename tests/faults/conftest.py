"""State directories that are warm, so that children start fast."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.children import opened


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory with the bundled telemetry as a store, and nothing done in it."""
    state = tmp_path_factory.mktemp("faults") / "state"
    with opened(state) as deployment:
        deployment.backends.search.indexes()
    return state
