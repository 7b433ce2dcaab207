"""R3: a record that cannot be made. What is not on record is not done, or not released."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import anyio
import apsw
import pytest

from agentgate_mcp.backends.embedded import read_journal
from agentgate_mcp.compose import Deployment
from agentgate_mcp.dispatch.request import CallRequest
from agentgate_mcp.errors import LedgerFullError
from agentgate_mcp.ledger.entries import EntryKind
from agentgate_mcp.ledger.ledger import FILE_NAME, Ledger
from agentgate_mcp.ledger.recovery import recover
from agentgate_mcp.ledger.store import file_factory
from agentgate_mcp.ledger.verify import verify
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.verdict import Outcome, Refused, Released
from agentgate_mcp.tools.definition import ToolContext
from tests.unit.dispatch.conftest import VALID
from tests.unit.dispatch.endings import endings, settled, ungated
from tests.unit.ledger.watched import Gate, Watched

pytestmark = pytest.mark.req("R3", "dispatch.ledger-faults")
MACRO = "network_long_dns_names_filter"
When = Literal["before", "after"]
"""Whether a commit fails before it is made, or is made and then reported as failed."""


@dataclass(slots=True)
class Disk:
    """Commits of the ledger, of which the nth from now on may fail."""

    fails: frozenset[int] = frozenset()
    when: When = "before"
    error: type[Exception] = apsw.FullError
    commits: int = 0
    gate: Gate = field(default_factory=Gate)

    def arm(self, *nth: int, when: When = "before", error: type[Exception] = apsw.FullError) -> None:
        self.fails, self.when, self.error, self.commits = frozenset(nth), when, error, 0

    def connect(self, path: Path) -> Any:
        inner = file_factory(path)
        return lambda: Failing(inner(), self)


class Failing(Watched):
    """A connection whose commits ask the disk."""

    def __init__(self, connection: Any, disk: Disk) -> None:
        super().__init__(connection, disk.gate)
        self._disk = disk

    def execute(self, statements: str, bindings: Any = None, /) -> Any:
        if statements != "COMMIT":
            return super().execute(statements, bindings)
        self._disk.commits += 1
        failing = self._disk.commits in self._disk.fails
        if failing and self._disk.when == "before":
            raise self._disk.error("planted")
        made = super().execute(statements, bindings)
        if failing:
            raise self._disk.error("planted")
        return made


@dataclass(slots=True)
class Bench:
    """A deployment over such a disk, and the bodies that ran in it."""

    deployment: Deployment
    disk: Disk
    ran: list[str] = field(default_factory=list)

    def ask(self, tool: str, arguments: Json = None, prompt: str | None = None) -> Outcome:
        taken = VALID[tool] if arguments is None else arguments
        request = CallRequest(
            tool=tool, arguments=taken, principal="p", agent_id="analyst-network", raw_user_prompt=prompt
        )
        return anyio.run(self.deployment.dispatcher.execute, request)

    def change(self) -> Outcome:
        definition = 'search NOT query="*.sentrel.example"'
        arguments: Json = {"name": MACRO, "settings": {"definition": definition}, "reason": "tuning"}
        return self.ask("propose_modify_macro", arguments, f"set the macro {MACRO} to {definition}")

    @property
    def ledger(self) -> Ledger:
        return self.deployment.office.ledger

    def made(self) -> list[str]:
        """Effects, each of which has its intent."""
        journal = read_journal(self.deployment.settings.state_dir)
        assert ungated(settled(self.ledger), journal) == []
        return [effect.what for effect in journal]


@pytest.fixture
def bench(deploy: Callable[..., Deployment], monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    disk = Disk()

    def on_disk(directory: Path, **more: Any) -> Ledger:
        directory.mkdir(mode=0o700, exist_ok=True)
        return Ledger(disk.connect(directory / FILE_NAME), deadline_s=5.0, **more)

    monkeypatch.setattr(Ledger, "open", on_disk)
    made = Bench(deployment=deploy(), disk=disk)
    tools = made.deployment.dispatcher.parts.tools
    for name, tool in list(tools.items()):
        tools[name] = replace(tool, body=counted(made.ran, tool.body))  # type: ignore[index]
    yield made
    disk.arm()
    assert verify(made.ledger).ok


def counted(ran: list[str], body: Callable[..., Any]) -> Callable[..., Any]:
    async def run(args: Any, ctx: ToolContext) -> Any:
        ran.append(ctx.call.tool_name)
        return await body(args, ctx)

    return run


def unrecorded(outcome: Outcome) -> None:
    """The client is told, in words, and by a code."""
    assert isinstance(outcome, Refused)
    assert outcome.code in ("ledger", "ledger_full")
    assert "record cannot be written" in outcome.message


ERRORS = [apsw.FullError, apsw.IOError, apsw.ReadOnlyError, apsw.BusyError, apsw.CorruptError]


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: e.__name__)
@pytest.mark.parametrize("when", ["before", "after"])
def test_no_body_runs_without_a_durable_intent(bench: Bench, error: type[Exception], when: When) -> None:
    bench.disk.arm(1, when=when, error=error)
    unrecorded(bench.change())
    assert bench.ran == []
    assert bench.made() == []
    # Where the intent was made after all, it does not stay open: nothing has run, and nothing will.
    assert bench.ledger.orphans() == ()
    statuses = [e.payload["status"] for e in bench.ledger.entries() if e.kind is EntryKind.OUTCOME]
    assert statuses == (["cancelled"] if when == "after" else [])
    assert isinstance(bench.change(), Released), "the next call finds a disk that works"


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: e.__name__)
def test_no_result_is_released_when_its_outcome_is_not_on_record(bench: Bench, error: type[Exception]) -> None:
    bench.disk.arm(2, error=error)
    outcome = bench.change()
    unrecorded(outcome)
    assert "not released" in getattr(outcome, "message", "")
    assert bench.ran == ["propose_modify_macro"]
    assert bench.made() == [f"modify:macro:{MACRO}"]
    (orphan,) = bench.ledger.orphans()
    # A person learns of it when this process is gone, once.
    (lost,) = recover(bench.ledger, dead=lambda _owner: True)
    assert (lost.call_id, lost.payload["status"], lost.payload["effects"]) == (orphan.call_id, "unknown", True)
    assert recover(bench.ledger, dead=lambda _owner: True) == ()


def test_a_result_whose_outcome_was_made_and_reported_as_failed_is_not_released(bench: Bench) -> None:
    bench.disk.arm(2, when="after")
    unrecorded(bench.ask("splunk_get_info"))
    assert bench.ledger.orphans() == ()


@pytest.mark.parametrize("nth", [1, 2, 3, 4])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_tool_that_fails_on_a_disk_that_fails_gives_an_error_and_one_ending_at_most(
    bench: Bench, nth: int, when: When
) -> None:
    bench.disk.arm(nth, when=when)
    outcome = bench.ask("telemetry_get_case", {"case_id": "0"})
    assert isinstance(outcome, Refused)
    bench.disk.arm()
    assert max(endings(settled(bench.ledger)).values(), default=0) <= 1


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("no_such_tool", {}),
        ("splunk_get_info", {"x": 1}),
        ("splunk_run_query", {"query": "search index=auth | delete"}),
        ("splunk_run_query", {"query": "search index=*", "earliest_time": "-30d"}),
        ("splunk_run_query", {"query": "search index=* password=hunter2-hunter2", "earliest_time": "-30d"}),
    ],
    ids=["unknown tool", "malformed", "blocked", "held", "secret"],
)
def test_a_refusal_that_cannot_be_recorded_is_still_a_refusal(bench: Bench, tool: str, arguments: Json) -> None:
    bench.disk.arm(*range(1, 10))
    unrecorded(bench.ask(tool, arguments))
    assert bench.ran == []
    assert bench.deployment.office.approvals.findings(now=0) == ()
    bench.disk.arm()
    assert not isinstance(bench.ask(tool, arguments), Released)


def test_a_name_that_is_not_offered_is_refused_in_words_on_a_disk_that_fails(bench: Bench) -> None:
    """The server's own face, where a tool, a resource or a prompt is not known at all."""

    async def run() -> list[Outcome]:
        gatekeeper = bench.deployment.gatekeeper
        request = CallRequest(tool="prompt_triage", arguments={}, principal="p", agent_id="a")
        return [
            await gatekeeper.execute(request, bench.deployment.dispatcher.parts.tools),  # type: ignore[arg-type]
            await gatekeeper.render_prompt("nothing", {}, "p", "a"),
        ]

    bench.disk.arm(*range(1, 10))
    for outcome in anyio.run(run):
        unrecorded(outcome)


def test_an_approval_is_not_used_up_by_a_resume_that_cannot_be_recorded(bench: Bench) -> None:
    olga = bench.deployment.office.operators.add("olga", roles=["approver"])
    held = bench.ask("response_request_action", {**VALID["response_request_action"], "simulate_response": False})
    finding_id = str(getattr(held, "finding_id", ""))
    bench.deployment.office.approvals.approve(finding_id, olga, "seen")
    bench.disk.arm(2)  # the first is the intent of the resume itself
    refused = bench.ask("gate_resume", {"finding_id": finding_id})
    assert isinstance(refused, Refused)
    assert bench.made() == []
    outcome = bench.ask("gate_resume", {"finding_id": finding_id})
    assert isinstance(outcome, Released)
    assert len(bench.made()) == 1


def test_a_record_that_comes_too_late_is_closed_and_nothing_ran(bench: Bench) -> None:
    """The disk hangs until after the deadline; then the intent is written after all."""
    bench.ask("splunk_get_info")
    bench.ran.clear()
    ledger = bench.ledger
    ledger._deadline_s = 0.1
    bench.disk.gate.open.clear()
    unrecorded(bench.change())
    bench.disk.gate.open.set()
    ledger._deadline_s = 30.0
    last = settled(ledger)[-1]
    assert (last.kind, last.payload["status"]) == (EntryKind.OUTCOME, "cancelled")
    assert bench.ran == []
    assert bench.made() == []
    assert ledger.orphans() == ()


def test_a_full_queue_refuses_new_calls(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: Any, **_named: Any) -> Any:
        raise LedgerFullError("planted")

    monkeypatch.setattr(bench.ledger, "append", full)
    outcome = bench.change()
    unrecorded(outcome)
    assert getattr(outcome, "code", "") == "ledger_full"
    assert bench.ran == []
    assert bench.made() == []
