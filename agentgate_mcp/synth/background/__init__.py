"""Ordinary life of the organisation, by who or what causes it."""

from __future__ import annotations

from agentgate_mcp.synth.background import accounts, office, servers
from agentgate_mcp.synth.chance import Stream
from agentgate_mcp.synth.clock import NOW, START
from agentgate_mcp.synth.event import Event
from agentgate_mcp.synth.log import Log

__all__ = ["ordinary_week"]


def ordinary_week(seed: int) -> list[Event]:
    """A week in which nothing happens."""
    log = Log("bg")
    office.write(Stream(seed, "office"), log)
    accounts.write(Stream(seed, "accounts"), log)
    servers.write(Stream(seed, "servers"), log)
    log.clip(START, NOW)
    return log.numbered().events
