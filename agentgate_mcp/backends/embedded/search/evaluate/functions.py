"""All eval functions by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agentgate_mcp.backends.embedded.search.evaluate import logic
from agentgate_mcp.backends.embedded.search.evaluate.core import Function

FUNCTIONS: Final[Mapping[str, Function]] = {**logic.FUNCTIONS}
