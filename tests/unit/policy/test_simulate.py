"""Recorded calls decided again under other policies: the same as running the gate again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import pytest

from agentgate_mcp.cli.instants import instant
from agentgate_mcp.compose import open_office
from agentgate_mcp.dispatch.preview import OfflineJudge
from agentgate_mcp.dispatch.records import Records
from agentgate_mcp.dispatch.request import CallRequest, checked_call
from agentgate_mcp.gate.pipeline import evaluate
from agentgate_mcp.gate.policy.compiled import PolicyLibrary
from agentgate_mcp.gate.session import SessionState
from agentgate_mcp.ledger.entries import Draft, EntryKind
from agentgate_mcp.ledger.files import installation_key
from agentgate_mcp.ledger.ledger import Ledger
from agentgate_mcp.model.call import Json, ToolCall
from agentgate_mcp.model.decision import Decision, Profile
from agentgate_mcp.policies.loader import load_library
from agentgate_mcp.policies.simulate import simulate
from agentgate_mcp.redact import Redactor
from tests.unit.cli.shell import Cli
from tests.unit.policy.test_keeper import write

pytestmark = pytest.mark.req("policy.simulate")
NOW = 1_795_000_000.0
SEARCHES = (
    "search index=* src=10.20.30.31",
    "search index=auth | stats count by user",
    "search index=auth | outputlookup seen.csv",
    "search index=auth | delete",
    "search index=* | nosuchcommand",
    "search index=auth `no_such_macro`",
    'search index=auth "broken',
    "search index IN (network, endpoint, auth, email, proxy, cloud) wks-031",
)
OTHERS: tuple[tuple[str, dict[str, Json]], ...] = (
    ("propose_delete_saved_search", {"name": "SOC - Daily Alert Summary", "reason": "noise"}),
    ("propose_delete_saved_search", {"name": "No Such Search", "reason": "noise"}),
    (
        "response_request_action",
        {"action": "isolate_host", "target": "wks-031", "reason": "x", "simulate_response": False},
    ),
    ("response_request_action", {"action": "isolate_host", "target": "wks-031", "reason": "x"}),
    ("splunk_get_info", {}),
)


@dataclass(frozen=True, kw_only=True)
class Day:
    judge: OfflineJudge
    ledger: Ledger
    calls: tuple[ToolCall, ...]
    state: Path


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory, offline: OfflineJudge) -> Iterator[Day]:
    """Calls of two agents, judged by the shipped policies and recorded; an operator denied the first."""
    state = tmp_path_factory.mktemp("state")
    asked: list[tuple[str, dict[str, Json]]] = [
        ("splunk_run_query", {"query": query, "earliest_time": earliest})
        for query, earliest in product(SEARCHES, ("-1h", "-12h", "-30d"))
    ]
    calls = tuple(
        checked_call(
            offline.tools[tool],
            CallRequest(tool=tool, arguments=arguments, principal="p", agent_id=f"agent-{n % 2}"),
            f"call-{n}",
        )
        for n, (tool, arguments) in enumerate([*asked, *OTHERS])
    )
    with open_office(state, lambda: NOW) as office:
        records = Records(redactor=Redactor(installation_key(state)), owner=office.ledger.owner)
        token = office.operators.add("olga", roles=["approver"], teams=["soc"])
        held: list[str] = []
        for call in calls:
            verdict = evaluate(call, SessionState.empty(), offline.world, NOW)
            draft = records.verdict(call, verdict)
            if verdict.decision is Decision.REQUIRE_APPROVAL:
                found = asyncio.run(office.approvals.open_finding(call, verdict, [draft], now=NOW))
                held.append(found.finding_id)
            else:
                office.ledger.append([draft]).result(10)
        office.approvals.deny(held[0], token, "not now", now=NOW)
        office.approvals.approve(held[1], token, "seen", now=NOW)
        yield Day(judge=offline, ledger=office.ledger, calls=calls, state=state)


def libraries(folder: Path) -> list[PolicyLibrary]:
    shipped = load_library()
    write(folder / "site", 3600.0)
    return [
        load_library(folder / "site"),
        *(
            PolicyLibrary(policies=tuple(p for p in shipped.policies if p.file.id != name))
            for name in ("POL-004", "POL-012", "POL-014")
        ),
        PolicyLibrary(policies=()),
    ]


@pytest.mark.req("R4")
def test_a_simulation_flips_what_the_gate_itself_would_flip(day: Day, tmp_path: Path) -> None:
    flipped = 0
    for library in libraries(tmp_path):
        found = simulate(day.ledger, library, Profile.ENFORCE)
        assert found.calls == len(day.calls)
        assert found.unread == ()
        again = {
            call.call_id: (
                evaluate(call, SessionState.empty(), day.judge.world, NOW).decision.name,
                evaluate(call, SessionState.empty(), replace(day.judge.world, policies=library), NOW).decision.name,
            )
            for call in day.calls
        }
        assert {f.call_id: (f.before, f.after) for f in found.flips} == {c: w for c, w in again.items() if w[0] != w[1]}
        flipped += len(found.flips)
    assert flipped > 10


def test_the_same_policies_flip_nothing(day: Day) -> None:
    found = simulate(day.ledger, load_library(), Profile.ENFORCE)
    assert (found.calls, found.flips) == (len(day.calls), ())


def test_flips_are_counted_by_agent_tool_and_operator(day: Day) -> None:
    seen: list[tuple[int, int]] = []
    found = simulate(day.ledger, PolicyLibrary(policies=()), Profile.ENFORCE, told=lambda d, t: seen.append((d, t)))
    counts = found.counts()
    assert counts["by_operator"]["denied"] == counts["by_operator"]["approved"] == 1
    assert counts["by_operator"]["none"] == len(found.flips) - 2
    assert sum(counts["by_agent"].values()) == sum(counts["by_tool"].values()) == len(found.flips)
    assert not any(f.stricter for f in found.flips)
    assert all(f.policies for f in found.flips)
    assert seen[-1][0] == seen[-1][1] == day.ledger.last_seq()


def test_only_what_came_after_a_record_is_looked_at(day: Day) -> None:
    nothing = PolicyLibrary(policies=())
    assert simulate(day.ledger, nothing, Profile.ENFORCE, since=day.ledger.last_seq()).calls == 0
    first = next(e.seq for e in day.ledger.entries(kinds=frozenset({EntryKind.VERDICT})))
    assert simulate(day.ledger, nothing, Profile.ENFORCE, since=first).calls == len(day.calls) - 1


@pytest.mark.req("R9")
def test_a_record_that_cannot_be_judged_again_is_named(tmp_path: Path) -> None:
    with open_office(tmp_path) as office:
        draft = Draft(kind=EntryKind.VERDICT, principal="p", call_id="c", payload={"call": {}, "verdict": {}})
        office.ledger.append([draft]).result(10)
        found = simulate(office.ledger, load_library(), Profile.ENFORCE)
    assert [u.startswith("record 1: cannot be judged again: ") for u in found.unread] == [True]


def test_the_command_prints_flips_and_says_with_its_code_that_there_are_some(day: Day, tmp_path: Path) -> None:
    write(tmp_path / "site", 1800.0)
    run = Cli(day.state)
    done = run("policy", "simulate", "--policies", str(tmp_path / "site"), "--json")
    assert done.code == 0
    said = json.loads(done.out)
    assert said["calls"] == len(day.calls)
    assert said["stricter"] == len(said["flips"]) > 0
    assert run("policy", "simulate", "--policies", str(tmp_path / "site"), "--check").code == 1
    quiet = run("policy", "simulate", "--check", "--since", "2026-01-01")
    assert (quiet.code, "0 stricter, 0 laxer" in quiet.out) == (0, True)
    assert run("policy", "simulate", "--since", "yesterday").code == 2


@pytest.mark.req("policy.diff")
def test_the_command_tells_tighter_from_looser(day: Day, tmp_path: Path) -> None:
    write(tmp_path / "site", 1800.0)
    run = Cli(day.state)
    site = str(tmp_path / "site")
    assert json.loads(run("policy", "diff", "--json").out)["changes"] == []
    told = json.loads(run("policy", "diff", site, "--json").out)["changes"]
    assert {c["what"]: c["direction"] for c in told} == {"tests": "neither", "thresholds/span_seconds": "looser"}
    assert "no difference" in run("policy", "diff", site, site).err


def test_times_are_read_as_people_write_them() -> None:
    assert instant("7d", NOW) == NOW - 7 * 86_400
    assert instant("2026-11-01T08:00", NOW) == instant("2026-11-01T09:00+01:00", NOW)
