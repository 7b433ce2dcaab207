"""Input models of every tool. Descriptions are read by models: short, and about use."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from agentgate_mcp.effects import ActionName
from agentgate_mcp.model.site import ObjectKind
from agentgate_mcp.tools.definition import Input

Name = Annotated[str, Field(min_length=1, max_length=512)]
App = Annotated[str, Field(max_length=100, description="App; needed only when the name is ambiguous")]
Reason = Annotated[str, Field(min_length=1, max_length=2000, description="Why; an approver reads it")]
Settings = Annotated[dict[str, JsonValue], Field(description="Settings to set, under Splunk's names")]
Earliest = Annotated[str, Field(max_length=64, description="Splunk time, e.g. -24h@h or epoch")]
Latest = Annotated[str, Field(max_length=64)]
Rows = Annotated[int, Field(ge=1, le=1000)]
Offset = Annotated[int, Field(ge=0, le=1_000_000)]
CaseId = Annotated[str, Field(min_length=1, max_length=64)]
Target = Annotated[str, Field(min_length=1, max_length=512, description="Host, address, domain, account, hash")]
Indicator = Annotated[str, Field(min_length=1, max_length=2048)]
IndexName = Annotated[str, Field(min_length=1, max_length=128)]


class Nothing(Input):
    """No arguments."""


class Page(Input):
    row_limit: Rows = 100
    offset: Offset = 0


class RunQuery(Input):
    query: Annotated[str, Field(min_length=1, max_length=65_536, description="SPL; name an index and a time range")]
    earliest_time: Earliest = "-24h"
    latest_time: Latest = "now"
    row_limit: Rows = 100


class IndexInfo(Input):
    index_name: IndexName


class Metadata(Input):
    type: Literal["hosts", "sources", "sourcetypes"]
    index: IndexName = "*"
    row_limit: Rows = 100


class KnowledgeObjects(Input):
    type: Literal[
        "saved_searches",
        "alerts",
        "field_extractions",
        "lookups",
        "macros",
        "tags",
        "data_models",
        "eventtypes",
        "views",
    ]
    name: Annotated[str, Field(max_length=512, description="Only names that contain this")] = ""
    row_limit: Rows = 100
    offset: Offset = 0


class RunSavedSearch(Input):
    name: Name
    app: App = ""
    row_limit: Rows = 100


class ChangeObject(Input):
    name: Name
    app: App = ""
    reason: Reason


class SetObject(Input):
    name: Name
    app: App = ""
    settings: Settings
    reason: Reason


class OneChange(Input):
    action: Literal["create", "modify", "disable", "delete"]
    kind: ObjectKind
    name: Name
    app: App = ""
    settings: dict[str, JsonValue] = Field(default_factory=dict)


class ChangeSet(Input):
    changes: Annotated[tuple[OneChange, ...], Field(min_length=1, max_length=50)]
    reason: Reason


class ListCases(Input):
    status: Literal["", "new", "in_progress", "closed"] = ""
    row_limit: Rows = 50
    offset: Offset = 0


class OneCase(Input):
    case_id: CaseId


class SearchEvents(Input):
    index: IndexName = "*"
    filters: Annotated[dict[str, str], Field(max_length=20, description="Field to value; * is a wildcard")]
    earliest_time: Earliest = "-24h"
    latest_time: Latest = "now"
    row_limit: Rows = 100


class Pivot(Input):
    kind: Literal["ip", "host", "user", "domain", "url", "hash", "email", "process"]
    value: Indicator
    earliest_time: Earliest = "-24h"
    latest_time: Latest = "now"
    row_limit: Rows = 50


class PivotDomain(Input):
    domain: Annotated[str, Field(min_length=1, max_length=253)]
    earliest_time: Earliest = "-24h"
    latest_time: Latest = "now"
    row_limit: Rows = 50


class Enrich(Input):
    indicator: Indicator


class EnrichBatch(Input):
    indicators: Annotated[tuple[Indicator, ...], Field(min_length=1, max_length=100)]


class GetRunbook(Input):
    runbook_id: Annotated[str, Field(min_length=1, max_length=100)]


class SearchRunbooks(Input):
    query: Annotated[str, Field(max_length=200)] = ""
    category: Annotated[str, Field(max_length=64)] = ""
    row_limit: Annotated[int, Field(ge=1, le=50)] = 10


class RequestAction(Input):
    action: ActionName
    target: Target
    reason: Reason
    case_id: Annotated[str, Field(max_length=64)] = ""
    simulate_response: Annotated[bool, Field(description="false acts for real and needs approval")] = True
    requested_by: Annotated[str, Field(max_length=100)] = ""


class OneAction(Input):
    action: ActionName
    target: Target
    reason: Reason


class RequestActions(Input):
    actions: Annotated[tuple[OneAction, ...], Field(min_length=1, max_length=50)]
    case_id: Annotated[str, Field(max_length=64)] = ""
    simulate_response: Annotated[bool, Field(description="false acts for real and needs approval")] = True
    requested_by: Annotated[str, Field(max_length=100)] = ""


class InvestigateCase(Input):
    case_id: CaseId
    simulate_response: Annotated[
        bool, Field(description="false lets confident findings act, each through the gate")
    ] = True
    requested_by: Annotated[str, Field(max_length=100)] = ""


class InvestigateHost(Input):
    host: Annotated[str, Field(max_length=253, description="address; empty for the busiest")] = ""


class CaseReport(Input):
    case_id: CaseId
    format: Literal["md", "json", "notes"] = "md"


class Preview(Input):
    tool: Annotated[str, Field(min_length=1, max_length=128)]
    arguments: dict[str, JsonValue]


class FindingStatus(Input):
    finding_id: Annotated[str, Field(min_length=1, max_length=64)]
    wait_s: Annotated[int, Field(ge=0, le=25, description="Wait this long for a decision")] = 0


class Resume(Input):
    finding_id: Annotated[str, Field(min_length=1, max_length=64)]
