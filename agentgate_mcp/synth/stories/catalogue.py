"""All cases, each told with its own random stream."""

from __future__ import annotations

from collections.abc import Callable

from agentgate_mcp.synth.chance import Stream
from agentgate_mcp.synth.stories import botnet, webattack
from agentgate_mcp.synth.story import Story

_TELLERS: dict[str, Callable[[Stream], Story]] = {
    "1002": botnet.botnet,
    "1007": webattack.intrusion,
    "2002": botnet.firmware,
    "2007": webattack.regression,
}


def all_stories(seed: int) -> list[Story]:
    """Every case in order of its id."""
    return [_TELLERS[case_id](Stream(seed, f"case/{case_id}")) for case_id in sorted(_TELLERS)]
