"""R2: a stage that never returns. The call is refused and recorded, then the process ends itself."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from agentgate_mcp.backends.embedded import read_journal
from agentgate_mcp.compose import open_office
from agentgate_mcp.dispatch.judge import EXIT_HUNG_STAGE
from agentgate_mcp.dispatch.request import CallRequest
from agentgate_mcp.gate.pipeline import STAGES
from agentgate_mcp.ledger.entries import EntryKind
from agentgate_mcp.ledger.recovery import recover
from agentgate_mcp.ledger.verify import verify
from agentgate_mcp.model.decision import Stage
from tests.faults.children import HANGS, MACRO, hang, started

pytestmark = pytest.mark.req("R2", "dispatch.hung-stage")
AT_ONCE = 3
DEFINITION = 'search NOT query="*.sentrel.example"'
TOOLS = {
    "splunk_run_query": {"query": "search index=auth | head 5"},
    "propose_modify_macro": {"name": MACRO, "settings": {"definition": DEFINITION}, "reason": "tuning"},
    "response_request_action": {
        "action": "block_ip",
        "target": "203.0.113.45",
        "reason": "c2",
        "simulate_response": False,
    },
    "investigate_case": {"case_id": "1002"},
    "knowledge_get_runbook": {"runbook_id": "rb-iot-command-and-control"},
}


@pytest.fixture
def state(warm: Path, tmp_path: Path) -> Iterator[Path]:
    """A state directory for many processes; at the end it is whole, and nothing was done in it."""
    copied = tmp_path / "state"
    shutil.copytree(warm, copied)
    yield copied
    assert read_journal(copied) == ()
    with open_office(copied) as office:
        assert recover(office.ledger) == ()
        assert verify(office.ledger).ok
        assert not list(office.ledger.entries(kinds=frozenset({EntryKind.INTENT})))


def request(tool: str, who: str) -> CallRequest:
    prompt = f"set the macro {MACRO} to {DEFINITION}"
    return CallRequest(
        tool=tool, arguments=TOOLS[tool], principal=who, agent_id="analyst-network", raw_user_prompt=prompt
    )


def recorded(state: Path, who: str) -> list[str]:
    with open_office(state) as office:
        entries = office.ledger.entries(principal=who)
        return [str(e.payload["code"]) for e in entries if e.kind is EntryKind.REFUSAL]


@pytest.mark.parametrize("stage", [stage for stage, _ in STAGES])
def test_a_call_whose_stage_hangs_is_refused_and_the_process_ends(state: Path, stage: Stage) -> None:
    """Five tools each, with every way to hang: 25 processes over the five stages."""
    ways = list(HANGS)
    faults = [(tool, ways[n % len(ways)]) for n, tool in enumerate(TOOLS)]
    for first in range(0, len(faults), AT_ONCE):
        with ExitStack() as stack:
            children = [
                (tool, stack.enter_context(started(hang, state, stage, how, request(tool, tool), "waits")))
                for tool, how in faults[first : first + AT_ONCE]
            ]
            for tool, child in children:
                assert child.line() == "Refused gate"
                assert recorded(state, tool) == ["gate"], "the refusal is durable when the client has it"
                assert child.ended() == EXIT_HUNG_STAGE


@pytest.mark.parametrize("how", HANGS)
def test_a_client_that_leaves_does_not_keep_a_hung_process_alive(state: Path, how: str) -> None:
    with started(hang, state, Stage.INJECTION, how, request("splunk_run_query", "leaver"), "leaves") as child:
        assert list(child.lines()) == ["Refused gate"]
        assert child.ended() == EXIT_HUNG_STAGE
    assert recorded(state, "leaver") == ["gate"]


@pytest.mark.req("dispatch.cancellation")
@pytest.mark.parametrize("how", HANGS)
def test_a_cancelled_call_does_not_hide_a_hung_stage(state: Path, how: str) -> None:
    with started(hang, state, Stage.COST, how, request("propose_modify_macro", "quitter"), "cancelled") as child:
        assert list(child.lines()) == ["cancelled"]
        assert child.ended() == EXIT_HUNG_STAGE
    assert recorded(state, "quitter") == ["cancelled"]
