"""An ordinary day of the security team, as input lines of `agentgate-mcp check`."""

from agentgate_mcp.synth.day.calls import analyst_day

__all__ = ["analyst_day"]
