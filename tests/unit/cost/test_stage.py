"""The cost stage: tiers, guards, schedules, rewrites."""

import pytest

from agentgate_mcp.gate import blast_radius, cost
from agentgate_mcp.gate.cost_model import CostBaselines
from agentgate_mcp.gate.cost_stats import IndexStats
from agentgate_mcp.gate.evidence import evidence_hash
from agentgate_mcp.gate.world import World
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.decision import Severity
from agentgate_mcp.model.facts import BlastRadiusFacts, CostFacts
from agentgate_mcp.model.usage import Volume
from agentgate_mcp.model.verdict import StageResult
from tests.unit.blast.worlds import NOW, bundled_world, context, world_of
from tests.unit.graph.samples import detection

WORLD = world_of(
    [
        detection("S", "index=auth x"),
        detection("Wide", "index=* x", dispatch__earliest_time="-30d", cron_schedule="@daily"),
    ]
)


def priced(tool: str, world: World = WORLD, **arguments: Json) -> tuple[StageResult, CostFacts]:
    result = cost.run(context(world, tool, arguments))
    assert isinstance(result.facts, CostFacts)
    return result, result.facts


@pytest.mark.req("cost.static")
def test_a_call_without_a_search_has_no_cost() -> None:
    for tool, arguments in (
        ("splunk_get_indexes", {}),
        ("response_request_action", {"action": "create_ticket", "target": "t", "reason": "r"}),
        ("propose_disable_saved_search", {"name": "S", "reason": "r"}),
        ("propose_modify_saved_search", {"name": "S", "settings": {"alert.severity": "5"}, "reason": "r"}),
    ):
        result, facts = priced(tool, **arguments)
        assert (result.severity, facts) == (Severity.NONE, CostFacts())


@pytest.mark.req("cost.static", "cost.guard")
def test_a_search_has_every_figure_and_limits() -> None:
    result, facts = priced(
        "splunk_run_query", query="index=auth x", earliest_time="-24h", latest_time="now", row_limit=50
    )
    assert facts.tier == "static"
    for figure in (facts.events, facts.bytes, facts.seconds, facts.svc_hours):
        assert figure is not None
        assert figure.low < figure.estimate < figure.high
    assert facts.svc_hours is not None
    assert facts.seconds is not None
    assert facts.svc_hours.estimate == pytest.approx(facts.seconds.estimate / 3600, abs=0.001)
    assert facts.guard is not None
    assert facts.guard.max_rows == 50
    assert facts.guard.max_time_s >= facts.seconds.high
    assert facts.guard.max_bytes > 0
    assert result.severity is Severity.LOW


@pytest.mark.req("cost.guard")
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("splunk_run_query", {"query": "| makeresults"}),
        ("splunk_run_query", {"query": "index=* x", "earliest_time": "0"}),
        ("splunk_run_query", {"query": "index=a ["}),
        ("splunk_run_query", {"query": "index=auth x", "earliest_time": "rt-5m", "latest_time": "rt"}),
        ("splunk_run_saved_search", {"name": "S", "row_limit": 7}),
    ],
)
def test_every_search_that_runs_is_limited(tool: str, arguments: dict[str, Json]) -> None:
    _, facts = priced(tool, **arguments)
    assert facts.guard is not None
    assert cost.MIN_TIME_S <= facts.guard.max_time_s <= cost.MAX_TIME_S
    assert facts.guard.max_rows >= 1


@pytest.mark.req("cost.guard")
def test_a_saved_search_keeps_the_callers_row_limit() -> None:
    _, facts = priced("splunk_run_saved_search", name="S", row_limit=7)
    assert facts.guard is not None
    assert facts.guard.max_rows == 7


@pytest.mark.req("cost.rewrite", "cost.static")
@pytest.mark.parametrize(
    ("query", "earliest", "hint"),
    [
        ("index=* x", "-7d", "Name the indexes"),
        ("x", "-24h", "Name the indexes"),
        ("index=network x", "-60d", "last 24 hours"),
        ("index=network user=*admin", "-24h", "end of a value"),
        ("index=network | join user [ search index=auth ]", "-24h", "join"),
        ("index=network | stats count by src", "-24h", "tstats"),
        ("index=network x", "rt-1h", "real-time"),
    ],
)
def test_a_dear_search_comes_with_a_cheaper_way(query: str, earliest: str, hint: str) -> None:
    result, facts = priced("splunk_run_query", query=query, earliest_time=earliest, latest_time="now")
    assert hint in facts.rewrite
    assert facts.reasons
    assert result.reasons == facts.reasons


@pytest.mark.req("cost.rewrite")
def test_a_cheap_search_is_left_alone() -> None:
    result, facts = priced("splunk_run_query", query="| tstats count where index=auth by host", earliest_time="-1h")
    assert (facts.rewrite, result.reasons) == ("", ())


@pytest.mark.req("cost.scheduled")
def test_a_created_search_counts_every_run_of_its_day() -> None:
    def created(cron: str) -> CostFacts:
        settings: dict[str, Json] = {
            "search": "index=auth x", "cron_schedule": cron, "is_scheduled": True, "dispatch.earliest_time": "-24h",
        }  # fmt: skip
        return priced("propose_create_saved_search", name="n", app="search", settings=settings, reason="r")[1]

    daily, often = created("0 6 * * *"), created("*/5 * * * *")
    assert daily.seconds is not None
    assert often.seconds is not None
    assert often.seconds.estimate == pytest.approx(288 * daily.seconds.estimate)
    assert any("288 times a day" in r for r in often.reasons)
    assert often.guard is None


@pytest.mark.req("cost.scheduled")
def test_an_unscheduled_or_disabled_search_costs_nothing_yet() -> None:
    for extra in ({"is_scheduled": False}, {"disabled": True, "cron_schedule": "* * * * *"}):
        settings: dict[str, Json] = {"search": "index=* x", **extra}
        assert priced("propose_create_saved_search", name="n", settings=settings, reason="r")[1] == CostFacts()


@pytest.mark.req("cost.scheduled")
def test_a_modified_search_counts_only_where_it_becomes_dearer() -> None:
    def modified(**settings: Json) -> CostFacts:
        named: dict[str, Json] = {k.replace("__", "."): v for k, v in settings.items()}
        return priced("propose_modify_saved_search", name="Wide", settings=named, reason="r")[1]

    assert modified(search="index=* y") == CostFacts()
    assert modified(search="index=auth x") == CostFacts()
    assert modified(cron_schedule="0 6 * * 1") == CostFacts()
    dearer = modified(cron_schedule="*/5 * * * *")
    assert dearer.score == 100
    assert modified(dispatch__earliest_time="0").score > 0


@pytest.mark.req("cost.static")
def test_no_bundled_search_is_dear_on_the_bundled_volumes() -> None:
    world = bundled_world()
    small = world_of(world.knowledge.objects, world.assets, CostBaselines.of({"network": (5_000.0, 300.0)}))
    for item in world.knowledge.of_kind("saved_search"):
        result, facts = priced("splunk_run_saved_search", small, name=item.name)
        assert facts.tier == "static"
        assert result.severity <= Severity.LOW, item.name


@pytest.mark.req("R4")
def test_the_same_call_gives_the_same_bytes() -> None:
    first, _ = priced("splunk_run_query", query="index=* x", earliest_time="-7d")
    again, _ = priced("splunk_run_query", query="index=* x", earliest_time="-7d")
    assert first.to_json() == again.to_json()


def counted_world(pool: str = "") -> World:
    rows = [
        Volume(index=index, sourcetype=kind, start=int(NOW) - hour * 3_600, span=3_600, events=60_000, size=9_000_000)
        for hour in range(1, 24 * 8)
        for index, kind in (("network", "zeek:conn"), ("auth", "okta"))
    ]
    return world_of((), (), CostBaselines(stats=IndexStats.of(rows, width=3_600), workload_pool=pool))


@pytest.mark.req("cost.index_stats")
def test_counted_events_say_so_with_their_shares() -> None:
    _, facts = priced(
        "splunk_run_query", counted_world(), query="index IN (network, auth) x", earliest_time="-24h", latest_time="now"
    )
    assert facts.tier == "index_stats"
    assert facts.events is not None
    assert (facts.events.low, facts.events.estimate, facts.events.high) == (2_880_000, 2_880_000, 2_880_000)
    assert facts.buckets is not None
    assert facts.buckets.estimate >= 2
    assert "index network: about 1,440,000 events, 50%" in facts.reasons
    assert "counted from index statistics" in facts.reasons


@pytest.mark.req("cost.guard")
def test_the_guard_names_the_workload_pool_and_asks_for_no_timeline() -> None:
    for pool in ("", "agents"):
        _, facts = priced("splunk_run_query", counted_world(pool), query="index=auth x")
        assert facts.guard is not None
        assert (facts.guard.workload_pool, facts.guard.status_buckets) == (pool, 0)


@pytest.mark.req("cost.rewrite", "cost.index_stats")
@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("index=network | stats count by host", "| tstats count WHERE index=network BY host"),
        ("sourcetype=okta x", "index=auth."),
        ("sourcetype IN (okta, zeek*) x", "index IN (auth, network)."),
        ("(sourcetype=okta OR sourcetype=zeek:conn) x", "index IN (auth, network)."),
        ("(sourcetype=okta OR y) x", "Name the indexes that matter"),
        ("NOT sourcetype=okta x", "Name the indexes that matter"),
        ("index=network | stats count by src", "Count with tstats"),
    ],
)
def test_the_cheaper_way_is_written_out_where_it_is_known(query: str, hint: str) -> None:
    _, facts = priced("splunk_run_query", counted_world(), query=query, earliest_time="-7d", latest_time="now")
    assert hint in facts.rewrite


@pytest.mark.req("R6", "cost.index_stats")
def test_an_approvals_evidence_does_not_change_with_volumes() -> None:
    tool, arguments = "splunk_run_query", {"query": "index=auth x"}
    hashes = set[str]()
    for world in (counted_world(), counted_world("agents"), world_of()):
        ctx = context(world, tool, {**arguments})
        facts = blast_radius.run(ctx).facts
        assert isinstance(facts, BlastRadiusFacts)
        ctx.blast_radius = facts
        hashes.add(evidence_hash(ctx))
    assert len(hashes) == 1
    assert len({counted_world().hash, counted_world("agents").hash, world_of().hash}) == 3
