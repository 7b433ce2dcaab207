"""What the well-known external macros and data models mean where no knowledge set has them.

The macros belong to the Common Information Model, Enterprise Security and its content
updates; sites that define their own override these. Definitions are ours, written from what the
macros are documented to do; the effect on facts (commands, targets, indexes) is what counts.
"""

from __future__ import annotations

TABLE_VERSION = 1
"""Counts the changes of the tables."""

MACROS: dict[tuple[str, int], tuple[tuple[str, ...], str]] = {
    # Common Information Model: which summaries to use, and field name clean-up.
    ("summariesonly", 0): ((), "summariesonly=false"),
    ("drop_dm_object_name", 1): (("object",), 'rename "$object$.*" as "*"'),
    ("cim_datamodel_fields", 1): (("model",), "search *"),
    ("cim_filter_vuln_severity", 0): ((), 'severity="critical" OR severity="high"'),
    # Content updates: options and time formats that every detection uses.
    ("security_content_summariesonly", 0): (
        (),
        "summariesonly=false allow_old_summaries=true fillnull_value=null",
    ),
    ("summariesonly_config", 0): ((), "false"),
    ("oldsummaries_config", 0): ((), "true"),
    ("fillnull_config", 0): ((), "null"),
    ("security_content_ctime", 1): (("field",), 'convert timeformat="%Y-%m-%dT%H:%M:%S" ctime($field$)'),
    # Enterprise Security: assets, identities, times.
    ("get_asset", 1): (("field",), "lookup asset_lookup_by_str asset as $field$ OUTPUTNEW category priority"),
    ("get_identity4events", 1): (("field",), "lookup identity_lookup_expanded identity as $field$ OUTPUTNEW priority"),
    ("get_identity", 1): (("field",), "lookup identity_lookup_expanded identity as $field$ OUTPUTNEW priority"),
    ("get_certificate_data", 0): ((), "search *"),
    ("get_event_id", 0): ((), "eval event_id=md5(_raw)"),
    ("get_event_id_meval", 0): ((), "event_id=md5(_raw)"),
    ("get_urgency", 0): ((), "lookup urgency_lookup priority severity OUTPUTNEW urgency"),
    ("ctime", 1): (("field",), 'convert timeformat="%m/%d/%Y %H:%M:%S" ctime($field$)'),
    ("ctime", 2): (("field", "format"), 'convert timeformat="$format$" ctime($field$)'),
    ("uitime", 1): (("field",), 'convert timeformat="%m/%d/%Y %H:%M:%S" ctime($field$)'),
    ("round", 1): (("field",), "eval $field$=round($field$,0)"),
    ("round", 2): (("field", "places"), "eval $field$=round($field$,$places$)"),
    ("settags", 1): (("tag",), "tags outputfield=tag"),
    ("mvappend_field", 2): (("field", "value"), "eval $field$=mvappend($field$,$value$)"),
    ("mvdedup", 1): (("field",), "eval $field$=mvdedup($field$)"),
    ("truncate", 2): (("field", "length"), "eval $field$=substr($field$,1,$length$)"),
    ("per_panel_filter", 2): (("first", "second"), "search *"),
    ("es_notable_events", 0): ((), "index=notable"),
    ("notable", 0): ((), "search index=notable"),
    ("notable_index", 0): ((), "index=notable"),
    ("risk_index", 0): ((), "index=risk"),
    ("suppression", 0): ((), "search *"),
    ("suppression_extract", 0): ((), "search *"),
    ("comment", 1): (("text",), ""),
}
"""(name, arity) → (argument names, definition)."""

FILTER_SUFFIX = "_filter"
FILTER_DEFINITION = "search *"
"""The publisher's build of the content updates creates `<detection>_filter` with this text."""

CIM_INDEXES_PREFIX, CIM_INDEXES_SUFFIX = "cim_", "_indexes"
CIM_INDEXES_DEFINITION = "()"
"""`cim_<Model>_indexes` restricts a data model to indexes; as shipped it restricts nothing."""

DATA_MODELS: frozenset[str] = frozenset(
    {
        # Common Information Model 6
        "Alerts", "Application_State", "Authentication", "Certificates", "Change", "Change_Analysis",
        "Compute_Inventory", "Data_Access", "DLP", "Databases", "Email", "Endpoint", "Event_Signatures",
        "Interprocess_Messaging", "Intrusion_Detection", "Inventory", "JVM", "Malware", "Network_Resolution",
        "Network_Sessions", "Network_Traffic", "Performance", "Splunk_Audit", "Splunk_CIM_Validation",
        "Ticket_Management", "Updates", "Vulnerabilities", "Web",
        # Enterprise Security
        "Assets_And_Identities", "Domain_Analysis", "Identity_Management", "Incident_Management", "Risk",
        "Threat_Intelligence", "UEBA",
        # shipped with Splunk itself
        "internal_audit_logs", "internal_server",
    }
)  # fmt: skip
