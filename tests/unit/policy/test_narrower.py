"""What is suggested instead of a refused call is allowed when it is asked."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgate_mcp.dispatch.preview import OfflineJudge
from agentgate_mcp.gate.pipeline import STAGES, Pipeline
from agentgate_mcp.model.call import Json
from agentgate_mcp.policies.loader import SHIPPED, read_directory
from tests.unit.policy.test_reasons import verdict

pytestmark = pytest.mark.req("policy.narrower")
Arguments = dict[str, Json]
SEARCH = "splunk_run_query"
ISOLATE: Arguments = {"action": "isolate_host", "target": "wks-031", "reason": "x", "simulate_response": False}
PREFIX = "The same call with "


def suggested(offline: OfflineJudge, tool: str, arguments: Arguments) -> Arguments:
    """The arguments that the verdict suggests instead; empty when it suggests none."""
    text = verdict(offline, tool, arguments).suggestion
    if not text.startswith(PREFIX):
        return {}
    changes: Arguments = {}
    rest = text.removeprefix(PREFIX)
    while True:
        name, _, rest = rest.partition(" ")
        changes[name], end = json.JSONDecoder().raw_decode(rest)
        rest = rest[end:]
        if not rest.startswith(", "):
            return {**arguments, **changes}
        rest = rest.removeprefix(", ")


@pytest.mark.parametrize(
    ("tool", "arguments", "changes"),
    [
        (SEARCH, {"query": "search index=* src=10.20.30.31", "earliest_time": "-30d"}, {"earliest_time": "-24h"}),
        (SEARCH, {"query": "search index=auth user=x", "earliest_time": "0"}, {"earliest_time": "-24h"}),
        (SEARCH, {"query": "search index=auth | outputlookup a.csv"}, {"query": "search index=auth"}),
        (SEARCH, {"query": "search index=auth | head 5 | delete"}, {"query": "search index=auth | head 5"}),
        ("response_request_action", ISOLATE, {"simulate_response": True}),
    ],
)
def test_a_refused_call_comes_with_a_narrower_one_that_is_allowed(
    offline: OfflineJudge, tool: str, arguments: Arguments, changes: Arguments
) -> None:
    assert verdict(offline, tool, arguments).decision.name != "ALLOW"
    narrowed = suggested(offline, tool, arguments)
    assert {name: narrowed[name] for name in changes} == changes
    assert verdict(offline, tool, narrowed).decision.name == "ALLOW"


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        (SEARCH, {"query": "search index=* earliest=-60d src=10.20.30.31", "earliest_time": "-30d"}),
        (SEARCH, {"query": "search index=*", "earliest_time": "-30d"}),
        (SEARCH, {"query": "search index=auth | where n>5 | delete"}),
        (SEARCH, {"query": "| delete"}),
        (SEARCH, {"query": 'search index=auth "broken'}),
        (SEARCH, {"query": "| rest /services/storage/passwords"}),
        ("propose_delete_saved_search", {"name": "No Such Search", "reason": "x"}),
    ],
)
def test_what_would_not_be_allowed_is_not_suggested(offline: OfflineJudge, tool: str, arguments: Arguments) -> None:
    assert verdict(offline, tool, arguments).decision.name != "ALLOW"
    assert suggested(offline, tool, arguments) == {}


_PARTS = st.lists(
    st.sampled_from(
        [
            "head 5",
            "outputlookup a.csv",
            "delete",
            "stats count by host",
            "sendemail to=a@corp.example",
            "collect index=summary",
            "ai prompt=x",
        ]
    ),
    max_size=3,
)
_HEADS = st.sampled_from(["search index=*", "search index=auth", "search index=* src=10.20.30.31", "search user=x"])


@settings(max_examples=40)
@given(_HEADS, _PARTS, st.sampled_from(["-1h", "-24h", "-30d", "0", "rt-5m"]))
def test_every_suggestion_is_allowed_when_it_is_asked(
    offline: OfflineJudge, head: str, parts: list[str], earliest: str
) -> None:
    arguments: Arguments = {"query": " | ".join([head, *parts]), "earliest_time": earliest, "latest_time": "now"}
    if narrowed := suggested(offline, SEARCH, arguments):
        assert verdict(offline, SEARCH, narrowed).decision.name == "ALLOW"


def test_no_suggestion_tells_a_threshold(offline: OfflineJudge) -> None:
    numbers = {f"{n:g}" for p in read_directory(SHIPPED) for n in p.file.thresholds.values()}
    said = verdict(offline, SEARCH, {"query": "search index=* src=10.20.30.31", "earliest_time": "-30d"}).suggestion
    assert not numbers & set(said.replace('"', " ").split())


@pytest.mark.req("R4")
def test_a_dear_verdict_is_not_followed_by_more_of_them(offline: OfflineJudge) -> None:
    asked = 0

    def counted(ctx: object) -> object:
        nonlocal asked
        asked += 1
        return STAGES[0][1](ctx)  # type: ignore[arg-type]

    stages = ((STAGES[0][0], counted), *STAGES[1:])
    arguments: Arguments = {"query": f"search index=* src=10.20.30.31 {'user=x ' * 4000}", "earliest_time": "-30d"}
    counting = replace(offline, pipeline=Pipeline(stages=stages))  # type: ignore[arg-type]
    assert verdict(counting, SEARCH, {**arguments, "query": "search index=* src=10.20.30.31"}).decision.name != "ALLOW"
    assert asked == 2
    asked = 0
    assert verdict(counting, SEARCH, arguments).decision.name != "ALLOW"
    assert asked == 1
