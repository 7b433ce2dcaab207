"""AgentGate MCP: a gated Splunk toolset for LLM agents."""

__version__ = "0.1.0"
