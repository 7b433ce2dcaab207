"""How far the author of each piece of tool output is trusted.

What an attacker may have written is everything that is not listed here: user agents, URIs, DNS
names, mail subjects, command lines, file names, ticket text, descriptions and comments of
knowledge objects, threat-intelligence prose, the rows of a free search, and whatever a model wrote.
"""

from __future__ import annotations

from collections.abc import Mapping

from agentgate_mcp.gate.sourcetypes import measured
from agentgate_mcp.model.decision import Trust

_MEASURED = frozenset(
    "_time event_id index sourcetype src src_ip src_port dest dest_ip dest_port transport protocol duration "
    "bytes bytes_in bytes_out packets_in packets_out conn_state signature_id status query_type reply_code "
    "count first_seen last_seen event_count row_count total scanned_events partial".split()
)
"""Fields of a pivot's rows that a sensor measures or Splunk sets: each pivot asks one sourcetype for them."""

_ROW_TOOLS = frozenset("telemetry_search_events telemetry_pivot telemetry_pivot_domain".split())
"""Tools whose searches our own code writes. The rows of a free search are not among them: `eval`
and `rename` give any text the name of a measured field."""
EVENT_TOOL = "telemetry_search_events"
"""Answers with whole events, each of a sourcetype that says what is measured in it."""
_OF_AN_ANSWER = frozenset({"row_count", "event_count", "scanned_events", "partial"})
ROW_READS = _ROW_TOOLS | {"splunk_run_query", "splunk_run_saved_search"}
"""Tools that answer with rows of events."""
_OUR_NAMES = (
    "splunk_", "telemetry_", "threatintel_", "knowledge_", "response_", "propose_", "gate_", "prompt_",
    "investigate_", "get_case_report",
)  # fmt: skip
_STRUCTURED: Mapping[str, frozenset[str]] = {
    "splunk_get_info": frozenset("*"),
    "splunk_get_indexes": frozenset({"name", "total", "totalEventCount", "minTime", "maxTime", "currentDBSizeMB"}),
    "splunk_get_index_info": frozenset({"name", "total", "totalEventCount", "minTime", "maxTime", "currentDBSizeMB"}),
    "splunk_get_user_info": frozenset({"name", "roles", "total"}),
    "splunk_get_user_list": frozenset({"name", "roles", "total"}),
    "splunk_get_kv_store_collections": frozenset({"name", "app", "total"}),
    "splunk_get_knowledge_objects": frozenset({"name", "app", "owner", "sharing", "team", "disabled", "total"}),
    "telemetry_list_cases": frozenset({"case_id", "severity", "status", "category", "created_at", "total"}),
    "telemetry_get_case": frozenset(
        {"case_id", "severity", "status", "category", "created_at", "earliest", "latest", "alerts", "total"}
    ),
    "threatintel_enrich": frozenset({"indicator", "kind", "known", "score", "verdict", "allow_listed", "feeds"}),
    "threatintel_enrich_batch": frozenset({"indicator", "kind", "known", "score", "verdict", "allow_listed", "feeds"}),
    "response_request_action": frozenset({"action_id", "status", "at", "expires_at", "rollback", "duplicate_of"}),
    "response_request_actions": frozenset({"action_id", "status", "at", "expires_at", "rollback", "duplicate_of"}),
    "gate_preview": frozenset("*"),
    "gate_finding_status": frozenset("*"),
}
_CONFIGURED: Mapping[str, frozenset[str]] = {
    "knowledge_get_runbook": frozenset({"runbook_id", "categories", "techniques", "actions", "severity", "updated"}),
    "knowledge_search_runbooks": frozenset({"runbook_id", "categories", "techniques", "score"}),
    "prompt_investigate": frozenset("*"),
    "prompt_triage": frozenset("*"),
}


def trust_of(tool: str, path: str, sourcetype: str = "") -> Trust:
    """The trust of the leaf at ``path`` (`/rows/0/src`) in the output of ``tool``, in an event of ``sourcetype``.

    The name that decides is the last one that is not a position."""
    field = next((part for part in reversed(path.split("/")) if part and not part.isdigit()), "")
    if tool == EVENT_TOOL:
        known = measured(sourcetype, field) or field in _OF_AN_ANSWER
        return Trust.STRUCTURED if known else Trust.WRITABLE
    if tool in _ROW_TOOLS:
        return Trust.STRUCTURED if field in _MEASURED else Trust.WRITABLE
    if _listed(_CONFIGURED, tool, field):
        return Trust.CONFIG
    return Trust.STRUCTURED if _listed(_STRUCTURED, tool, field) else Trust.WRITABLE


def ours(tool: str) -> bool:
    """True for a name of our own catalogue, whoever provides the tool: its answers are objects, not texts."""
    return tool.startswith(_OUR_NAMES)


def _listed(table: Mapping[str, frozenset[str]], tool: str, field: str) -> bool:
    fields = table.get(tool, frozenset())
    return "*" in fields or field in fields
