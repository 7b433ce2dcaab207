"""Which saved searches are detections, what they claim to cover, and whether they count.

Cover is what an analyst would hear of: enabled, scheduled, healthy and past the experimental
stage. A detection that fails one of these stays in the graph and covers nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from agentgate_mcp.graph.cron import read_cron
from agentgate_mcp.graph.nodes import Detection
from agentgate_mcp.graph.settings import flag, is_scheduled, text, texts
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import KnowledgeObject

_CLAIMS = ("agentgate.techniques", "agentgate.controls", "agentgate.covers")
_NOT_COVER = frozenset({"experimental", "deprecated", "draft", "test", "retired"})
_UNHEALTHY = frozenset({"failing", "failed", "error", "skipped", "unhealthy"})


def is_detection(obj: KnowledgeObject) -> bool:
    """A saved search that claims coverage. Where nothing is said of coverage either way, one that
    Splunk treats as an alert; an empty claim says that it is a report."""
    if obj.kind != "saved_search":
        return False
    content = obj.content
    if flag(content, "action.correlationsearch.enabled") is True:
        return True
    if any(key in content for key in _CLAIMS):
        return any(texts(content, key) for key in _CLAIMS) or flag(content, "alert.track") is True
    return flag(content, "alert.track") is True or text(content, "alert_type").strip().lower() not in ("", "always")


def detection_of(obj: KnowledgeObject, node_id: str) -> Detection | None:
    """The claims of ``obj``, or None where it is no detection."""
    if not is_detection(obj):
        return None
    reason = not_counting(obj.content, disabled=obj.disabled)
    return Detection(
        id=node_id,
        techniques=_sorted(obj.content, "agentgate.techniques"),
        controls=_sorted(obj.content, "agentgate.controls"),
        assets=_sorted(obj.content, "agentgate.covers"),
        counts=not reason,
        reason=reason,
        experimental=_status(obj.content) == "experimental",
    )


def not_counting(content: Mapping[str, Json], *, disabled: bool) -> str:
    """Why a detection is no cover; empty where it is one."""
    if disabled or flag(content, "disabled") is True:
        return "disabled"
    if not is_scheduled(content):
        return "not scheduled"
    cron = text(content, "cron_schedule")
    schedule = read_cron(cron) if cron else None
    if cron and (schedule is None or schedule.longest_pause_s is None):
        return "its schedule never runs"
    if _status(content) in _NOT_COVER:
        return _status(content)
    if text(content, "agentgate.health").strip().lower() in _UNHEALTHY or flag(content, "agentgate.failing") is True:
        return "failing"
    return ""


def _status(content: Mapping[str, Json]) -> str:
    return text(content, "agentgate.status").strip().lower()


def _sorted(content: Mapping[str, Json], key: str) -> tuple[str, ...]:
    return tuple(sorted(set(texts(content, key))))
