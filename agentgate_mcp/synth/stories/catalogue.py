"""All cases, each told with its own random stream."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from agentgate_mcp.synth.chance import Stream
from agentgate_mcp.synth.stories import botnet, export, lateral, phishing, signin, tunnel, webattack
from agentgate_mcp.synth.story import Story

_TELLERS: dict[str, Callable[[Stream], Story]] = {
    "1001": phishing.lure,
    "1002": botnet.botnet,
    "1003": signin.guessed,
    "1004": export.backup,
    "1005": tunnel.tunnel,
    "1006": lateral.precursor,
    "1007": webattack.intrusion,
    "1008": export.insider,
    "2001": phishing.newsletter,
    "2002": botnet.firmware,
    "2003": signin.expired,
    "2005": tunnel.reputation,
    "2006": lateral.patching,
    "2007": webattack.regression,
}

_TAKEN = frozenset({"1003", "1005", "2001", "2006"})
"""Cases that somebody has begun to work on."""


def all_stories(seed: int) -> list[Story]:
    """Every case in order of its id."""
    told = [_TELLERS[case_id](Stream(seed, f"case/{case_id}")) for case_id in sorted(_TELLERS)]
    return [
        replace(story, brief=replace(story.brief, status="in_progress")) if story.brief.case_id in _TAKEN else story
        for story in told
    ]
