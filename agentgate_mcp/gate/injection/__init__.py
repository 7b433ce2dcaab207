"""Finding text that tries to instruct the reader: views, pattern families, mention or use."""

from __future__ import annotations

from agentgate_mcp.gate.injection.scan import Hit, Scan, evidence, scan_fields, scan_text

__all__ = ["Hit", "Scan", "evidence", "scan_fields", "scan_text"]
