"""One gate over the bundled world for all tests of policies: building it is what takes long."""

from __future__ import annotations

import pytest

from agentgate_mcp import config
from agentgate_mcp.compose import offline_judge
from agentgate_mcp.dispatch.preview import OfflineJudge


@pytest.fixture(scope="session")
def offline(tmp_path_factory: pytest.TempPathFactory) -> OfflineJudge:
    return offline_judge(config.load(environ={"AGENTGATE_STATE_DIR": str(tmp_path_factory.mktemp("state"))}))
