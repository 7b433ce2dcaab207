"""The cases: each malicious one beside a harmless twin of the same shape."""

from agentgate_mcp.synth.stories.catalogue import all_stories

__all__ = ["all_stories"]
