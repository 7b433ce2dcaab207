"""Settings that Splunk knows, per kind of object, and changes of those that it does not.

A misspelt key is either ignored, and then the change is not the one that was read, or means
something here unknown; neither is judged harmless. Who owns or may read an object is not its
content, and is not changed as if it were.
"""

from __future__ import annotations

from collections.abc import Mapping

from agentgate_mcp.graph.grades import Grade
from agentgate_mcp.graph.losses import Loss
from agentgate_mcp.graph.settings import flag
from agentgate_mcp.model.call import Json

_SHARED = frozenset({"name", "description", "disabled", "sharing"})
_SAVED_SEARCH = frozenset({
    "search", "actions", "alert_type", "alert_comparator", "alert_threshold", "alert_condition", "counttype",
    "relation", "quantity", "alert.digest_mode", "alert.display_view", "alert.expires", "alert.managedBy",
    "alert.severity", "alert.suppress", "alert.suppress.fields", "alert.suppress.group_name",
    "alert.suppress.period", "alert.track", "allow_skew", "args", "auto_summarize", "cron_schedule",
    "defer_scheduled_searchable_idxc", "dispatchAs", "dispatch.allow_partial_results", "dispatch.auto_cancel",
    "dispatch.auto_pause", "dispatch.buckets", "dispatch.earliest_time", "dispatch.index_earliest",
    "dispatch.index_latest", "dispatch.indexedRealtime", "dispatch.indexedRealtimeMinSpan",
    "dispatch.indexedRealtimeOffset", "dispatch.latest_time", "dispatch.lookups", "dispatch.max_count",
    "dispatch.max_time", "dispatch.rate_limit_retry", "dispatch.reduce_freq", "dispatch.rt_backfill",
    "dispatch.rt_maximum_span", "dispatch.sample_ratio", "dispatch.spawn_process", "dispatch.time_format",
    "dispatch.ttl", "displayview", "enableSched", "federated.provider", "is_scheduled", "is_visible",
    "max_concurrent", "next_scheduled_time", "precalculate_required_fields_for_alerts", "qualifiedSearch",
    "realtime_schedule", "restart_on_searchpeer_add", "run_n_times", "run_on_startup", "schedule", "schedule_as",
    "schedule_priority", "schedule_window", "skip_scheduled_realtime_idxc", "userid", "vsid", "workload_pool",
})  # fmt: skip
_SAVED_SEARCH_PREFIXES = ("action.", "args.", "auto_summarize.", "display.", "durable.", "embed.", "request.")
_MACRO = frozenset({"definition", "args", "errormsg", "iseval", "validation"})
_LOOKUP = frozenset({
    "allow_caching", "batch_index_query", "case_sensitive_match", "check_permission", "collection", "default_match",
    "external_cmd", "external_type", "feature_id_element", "fields", "fields_list", "filename", "filter",
    "index_fields_list", "match_type", "max_ext_batch", "max_matches", "max_offset_secs", "min_matches",
    "min_offset_secs", "replicate", "reverse_lookup_honor_case_sensitive_match", "rows", "time_field", "time_format",
    "type",
})  # fmt: skip
_KNOWN: dict[str, tuple[frozenset[str], tuple[str, ...]]] = {
    "saved_search": (_SHARED | _SAVED_SEARCH, (*_SAVED_SEARCH_PREFIXES, "agentgate.")),
    "macro": (_SHARED | _MACRO, ("agentgate.",)),
    "lookup": (_SHARED | _LOOKUP, ("agentgate.",)),
}
_OWNERSHIP = frozenset({"owner", "team", "agentgate.team", "agentgate.owner"})
_OWNERSHIP_PREFIXES = ("eai:", "perms")
_SWITCHES = ("disabled", "is_scheduled", "enableSched", "alert.suppress", "alert.track", "iseval")


def unknown_settings(object_id: str, kind: str, before: Mapping[str, Json], after: Mapping[str, Json]) -> list[Loss]:
    """A typed loss for each changed key that is no setting of ``kind``, says who owns the object,
    or is a switch set to neither on nor off. Kinds without a table have none."""
    if kind not in _KNOWN:
        return []
    found: list[Loss] = []
    for key in sorted(k for k, v in after.items() if k not in before or before[k] != v):
        if key.lower() in _OWNERSHIP or key.lower().startswith(_OWNERSHIP_PREFIXES):
            found.append(_loss("ownership", object_id, f"{key!r} says who owns or sees it, and is changed"))
        elif not _is_known(kind, key):
            found.append(_loss("unknown_setting", object_id, f"{key!r} is no known setting of a {kind}"))
        elif key in _SWITCHES and after[key] is not None and flag(after, key) is None:
            found.append(_loss("unknown_setting", object_id, f"{key} is set to neither on nor off"))
    return found


def _is_known(kind: str, key: str) -> bool:
    names, prefixes = _KNOWN[kind]
    if key in names:
        return True
    plain = key.replace(".", "").replace("_", "").replace("-", "")
    misspelt = key.lower() in {n.lower() for n in names}
    return not misspelt and key.startswith(prefixes) and plain.isascii() and plain.isalnum()


def _loss(kind: str, object_id: str, detail: str) -> Loss:
    return Loss(kind=kind, object=object_id, detail=detail, grade=Grade.MAJOR)
