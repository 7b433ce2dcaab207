"""The embedded backend: everything that the tools need, without a Splunk (DESIGN §9)."""

from __future__ import annotations

from agentgate_mcp.backends.embedded.assemble import open_embedded, read_journal
from agentgate_mcp.backends.embedded.journal import JournalEntry
from agentgate_mcp.backends.embedded.store import TelemetryStore, open_telemetry
from agentgate_mcp.backends.embedded.zeek import LoadReport, load_zeek

__all__ = [
    "JournalEntry",
    "LoadReport",
    "TelemetryStore",
    "load_zeek",
    "open_embedded",
    "open_telemetry",
    "read_journal",
]
