"""R6: an approval is for one call, to the letter, once, for its requester, and from somebody else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from agentgate_mcp.approvals.operators import Role
from agentgate_mcp.backends.embedded import read_journal
from agentgate_mcp.canonical import canonical_bytes, digest
from agentgate_mcp.compose import Deployment
from agentgate_mcp.dispatch.request import CallRequest, call_digest
from agentgate_mcp.effects import Effects
from agentgate_mcp.errors import ApprovalError, PermitError
from agentgate_mcp.ledger.entries import EntryKind
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import ObjectChange
from agentgate_mcp.model.verdict import FindingStatus, Held, Outcome, Refused, Released
from agentgate_mcp.permits import PermitKind
from agentgate_mcp.policies.loader import SHIPPED
from agentgate_mcp.tools.arguments import canonical_arguments
from agentgate_mcp.tools.definition import Output, ToolContext
from tests.unit.dispatch.conftest import REASON
from tests.unit.dispatch.endings import problems

pytestmark = pytest.mark.req("R6", "dispatch.resume")
TARGET, UNRELATED = "alert_events", "network_long_dns_names_filter"
CHANGE: dict[str, Json] = {"name": TARGET, "settings": {"definition": "index=notable source=*"}, "reason": REASON}
Deploy = Callable[..., Deployment]


def ask(deployment: Deployment, tool: str, arguments: Json, who: str, agent: str = "agent") -> Awaitable[Outcome]:
    return deployment.dispatcher.execute(CallRequest(tool=tool, arguments=arguments, principal=who, agent_id=agent))


def held(deployment: Deployment, who: str, tool: str = "propose_modify_macro", arguments: Json = None) -> Held:
    outcome = anyio.run(ask, deployment, tool, CHANGE if arguments is None else arguments, who)
    assert isinstance(outcome, Held), outcome
    return outcome


def resume(deployment: Deployment, finding_id: str, who: str, agent: str = "agent") -> Outcome:
    return anyio.run(ask, deployment, "gate_resume", {"finding_id": finding_id}, who, agent)


def approved(deployment: Deployment, token: str, who: str, **more: Any) -> str:
    finding_id = held(deployment, who, **more).finding_id
    record = deployment.office.approvals.approve(finding_id, token, "seen")
    assert record.finding.status is FindingStatus.APPROVED
    return finding_id


def effects_of_call(deployment: Deployment, finding_id: str) -> list[str]:
    call_id = deployment.office.approvals.get(finding_id, now=0).finding.call.call_id
    return [e.what for e in read_journal(deployment.settings.state_dir) if e.call_id == call_id]


def assert_refused(deployment: Deployment, outcome: Outcome, finding_id: str, words: str) -> None:
    """Refused, for the reason given, and nothing was made."""
    assert isinstance(outcome, Refused), outcome
    assert words in outcome.message
    assert effects_of_call(deployment, finding_id) == []
    assert problems(deployment.office.ledger, deployment.settings.state_dir) == []


@pytest.fixture(scope="module")
def olga(house: Deployment) -> str:
    return house.office.operators.add("olga", roles=["approver"])


@pytest.fixture(scope="module")
def bobs(house: Deployment, olga: str) -> str:
    """An approved finding on a call of bob's agent."""
    return approved(house, olga, "bob")


@pytest.fixture
def fresh(deploy: Deploy) -> tuple[Deployment, str]:
    """A deployment of its own, for tests that change what others rely on, and its operator."""
    deployment = deploy()
    return deployment, deployment.office.operators.add("olga", roles=["approver"])


def test_an_approved_call_runs_once(fresh: tuple[Deployment, str]) -> None:
    deployment, olga = fresh
    finding_id = approved(deployment, olga, "ann")
    outcome = resume(deployment, finding_id, "ann")
    assert isinstance(outcome, Released)
    assert outcome.result["status"] == "released"
    assert effects_of_call(deployment, finding_id) == [f"modify:macro:{TARGET}"]
    again = resume(deployment, finding_id, "ann")
    assert isinstance(again, Refused)
    assert "consumed" in again.message
    assert effects_of_call(deployment, finding_id) == [f"modify:macro:{TARGET}"]
    assert problems(deployment.office.ledger, deployment.settings.state_dir) == []


@pytest.mark.parametrize(("who", "agent"), [("eve", "agent"), ("bob", "other"), ("BOB", "agent"), ("bob/agent", "")])
def test_nobody_but_the_requester_resumes_a_call(house: Deployment, bobs: str, who: str, agent: str) -> None:
    assert_refused(house, resume(house, bobs, who, agent), bobs, "no finding named")


def test_a_call_that_nobody_decided_on_does_not_run(house: Deployment) -> None:
    finding_id = held(house, "cyd").finding_id
    assert_refused(house, resume(house, finding_id, "cyd"), finding_id, "pending, not approved")


@pytest.mark.parametrize("first_approved", [False, True])
def test_a_denied_call_does_not_run(house: Deployment, olga: str, first_approved: bool) -> None:
    who = f"dan{first_approved}"
    finding_id = held(house, who).finding_id
    if first_approved:
        house.office.approvals.approve(finding_id, olga, "seen")
    house.office.approvals.deny(finding_id, olga, "not today")
    assert_refused(house, resume(house, finding_id, who), finding_id, "denied, not approved")


def test_a_withdrawn_call_does_not_run(house: Deployment, olga: str) -> None:
    finding_id = approved(house, olga, "eli")

    async def withdraw() -> None:
        await house.office.approvals.withdraw(finding_id, requester="eli/agent", reason="mistaken", now=0)

    anyio.run(withdraw)
    assert_refused(house, resume(house, finding_id, "eli"), finding_id, "withdrawn, not approved")


@pytest.mark.parametrize(("step", "runs"), [(86_399.0, True), (86_401.0, False)])
def test_an_approval_is_good_until_it_expires(deploy: Deploy, step: float, runs: bool) -> None:
    now = [1_795_000_000.0]
    deployment = deploy(clock=lambda: now[0])
    olga = deployment.office.operators.add("olga", roles=["approver"])
    finding_id = approved(deployment, olga, "fay")
    now[0] += step
    outcome = resume(deployment, finding_id, "fay")
    if runs:
        assert isinstance(outcome, Released)
        return
    assert_refused(deployment, outcome, finding_id, "expired")
    now[0] -= step
    assert isinstance(resume(deployment, finding_id, "fay"), Refused), "turning the clock back revives nothing"


def edit(deployment: Deployment, name: str) -> None:
    """Another change to a macro, made after the approval."""
    change = ObjectChange(action="modify", kind="macro", name=name, app="", content={"definition": "index=notable x=1"})
    permit = deployment.permits.mint(
        kind=PermitKind.OPERATOR, digest=digest(Effects(changes=(change,)).to_json()), call_id="edit", intent_seq=1
    )
    deployment.backends.knowledge.apply([change], permit=permit, at=1.0)


def test_a_target_that_was_edited_since_voids_the_approval(fresh: tuple[Deployment, str]) -> None:
    deployment, olga = fresh
    finding_id = approved(deployment, olga, "gus")
    edit(deployment, TARGET)
    outcome = resume(deployment, finding_id, "gus")
    assert isinstance(outcome, Refused)
    assert "what the call acts on changed" in outcome.message
    assert effects_of_call(deployment, finding_id) == []


def test_an_object_that_has_nothing_to_do_with_it_may_be_edited(fresh: tuple[Deployment, str]) -> None:
    deployment, olga = fresh
    finding_id = approved(deployment, olga, "hal")
    edit(deployment, UNRELATED)
    assert isinstance(resume(deployment, finding_id, "hal"), Released)
    assert effects_of_call(deployment, finding_id) == [f"modify:macro:{TARGET}"]


def test_other_policies_void_the_approval(fresh: tuple[Deployment, str], deploy: Deploy, tmp_path: Path) -> None:
    deployment, olga = fresh
    finding_id = approved(deployment, olga, "ida")
    policies = tmp_path / "policies"
    policies.mkdir()
    text = (SHIPPED / "POL-016.yaml").read_text("utf-8").replace("id: POL-016", "id: SITE-001")
    (policies / "site.yaml").write_text(text, "utf-8")
    changed = deploy(policies_dir=policies)
    assert_refused(changed, resume(changed, finding_id, "ida"), finding_id, "policies changed")
    # With the policies that it was given under, the same approval still holds.
    assert isinstance(resume(deployment, finding_id, "ida"), Released)


def test_a_gate_that_fails_at_the_resume_runs_nothing(house: Deployment, olga: str) -> None:
    finding_id = approved(house, olga, "jan")
    judge = house.dispatcher.parts.judge
    working = judge._pipeline

    def planted(_ctx: object) -> Any:
        raise ValueError("planted")

    judge._pipeline = replace(working, stages=((working.stages[0][0], planted), *working.stages[1:]))
    try:
        outcome = resume(house, finding_id, "jan")
    finally:
        judge._pipeline = working
    assert isinstance(outcome, Refused)
    assert effects_of_call(house, finding_id) == []


ODD: dict[str, Json] = {
    "name": TARGET,
    "settings": {
        "definition": "index=notable  cafe\u0301 café \u200b“x” 1e3 05",
        "args": ["1.0", "true", '{"a": 1}', ""],
        "iseval": 0,
    },
    "reason": "  text with\tspaces and \u202e marks  ",
}


def test_the_held_arguments_are_the_ones_executed_to_the_byte(deploy: Deploy) -> None:
    deployment = deploy()
    olga = deployment.office.operators.add("olga", roles=["approver"])
    seen: list[tuple[bytes, bytes, str]] = []

    class Done(Output):
        ok: bool

    async def body(args: Any, ctx: ToolContext) -> Done:
        parsed = args.model_dump(mode="json")
        seen.append((canonical_bytes(dict(ctx.call.arguments)), canonical_bytes(parsed), ctx.call.digest))
        return Done(ok=True)

    tools = deployment.dispatcher.parts.tools
    tool = tools["propose_modify_macro"]
    tools["propose_modify_macro"] = replace(tool, body=body)  # type: ignore[index]
    finding_id = approved(deployment, olga, "kim", arguments=ODD)
    assert isinstance(resume(deployment, finding_id, "kim"), Released)
    sent = canonical_arguments(tool.input_model, ODD)
    expected = canonical_bytes(dict(sent))
    assert seen == [(expected, expected, call_digest(tool.name, sent, "kim", "agent"))]


SECRET = "tr0ub4dor-and-3"


@pytest.mark.req("R8")
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("splunk_run_query", {"query": f"search index=* password={SECRET}", "earliest_time": "-30d"}),
        ("propose_modify_macro", {**CHANGE, "reason": f"Authorization: Bearer {SECRET}{SECRET}"}),
        ("propose_modify_macro", {**CHANGE, "settings": {"definition": "index=notable", "password": SECRET}}),
    ],
)
def test_a_call_with_a_secret_is_not_kept_for_approval(house: Deployment, tool: str, arguments: Json) -> None:
    outcome = anyio.run(ask, house, tool, arguments, f"lee{digest(arguments)[:6]}")
    assert isinstance(outcome, Refused)
    assert outcome.code == "secret_argument"
    assert outcome.finding_id == ""
    assert SECRET not in outcome.message
    state = house.settings.state_dir
    for path in (p for p in state.rglob("*") if p.is_file() and "telemetry" not in p.parts):
        assert SECRET.encode() not in path.read_bytes(), path.name


def test_many_resumes_of_one_approval_execute_once(fresh: tuple[Deployment, str]) -> None:
    deployment, olga = fresh
    finding_id = approved(deployment, olga, "mia")
    outcomes: list[Outcome] = []

    async def one() -> None:
        outcomes.append(await ask(deployment, "gate_resume", {"finding_id": finding_id}, "mia"))

    async def run() -> None:
        with anyio.fail_after(120):
            async with anyio.create_task_group() as group:
                for _ in range(32):
                    group.start_soon(one)

    anyio.run(run)
    assert len(outcomes) == 32
    assert sum(isinstance(o, Released) for o in outcomes) == 1
    assert effects_of_call(deployment, finding_id) == [f"modify:macro:{TARGET}"]
    consumed = [e for e in deployment.office.ledger.entries() if e.payload.get("status") == "consumed"]
    assert len(consumed) == 1
    assert problems(deployment.office.ledger, deployment.settings.state_dir) == []


@pytest.mark.parametrize(
    ("name", "who", "agent"),
    [("nia", "nia", "agent"), ("ned", "user:ned", "agent"), ("nat", "NAT", "agent"), ("nor", "x", "nor")],
)
def test_the_requester_cannot_approve_their_own_call(
    house: Deployment, olga: str, name: str, who: str, agent: str
) -> None:
    own = house.office.operators.add(name, roles=[Role.APPROVER, Role.POLICY_ADMIN], by_token=olga)
    outcome = anyio.run(ask, house, "propose_modify_macro", CHANGE, who, agent)
    assert isinstance(outcome, Held)
    with pytest.raises(ApprovalError):
        house.office.approvals.approve(outcome.finding_id, own, "mine")
    refused = resume(house, outcome.finding_id, who, agent)
    assert_refused(house, refused, outcome.finding_id, "pending, not approved")


def test_an_approval_ends_with_the_powers_of_who_gave_it(house: Deployment, olga: str) -> None:
    leaving = house.office.operators.add("omar", roles=["approver"], by_token=olga)
    finding_id = approved(house, leaving, "ola")
    house.office.operators.remove("omar", by_token=olga, reason="left")
    assert_refused(house, resume(house, finding_id, "ola"), finding_id, "no operator any more")


def test_a_frozen_principal_resumes_nothing(fresh: tuple[Deployment, str]) -> None:
    deployment, olga = fresh
    finding_id = approved(deployment, olga, "pam")
    deployment.office.control.freeze("pam", by="olga", reason="look into it")
    outcome = resume(deployment, finding_id, "pam")
    assert isinstance(outcome, Refused)
    assert effects_of_call(deployment, finding_id) == []


def test_the_permit_of_a_resumed_call_is_good_for_nothing_else(deploy: Deploy) -> None:
    deployment = deploy()
    olga = deployment.office.operators.add("olga", roles=["approver"])
    kept: list[ToolContext] = []

    async def body(_args: Any, ctx: ToolContext) -> Any:
        kept.append(ctx)
        raise ValueError("planted")

    tools = deployment.dispatcher.parts.tools
    tools["propose_modify_macro"] = replace(tools["propose_modify_macro"], body=body)  # type: ignore[index]
    finding_id = approved(deployment, olga, "quy")
    resume(deployment, finding_id, "quy")
    permit = kept[0].permit
    assert permit is not None
    with pytest.raises(PermitError):
        deployment.permits.spend(permit, digest=permit.digest)


def test_a_resumed_read_leaves_a_finding_consumed_and_an_outcome(house: Deployment, olga: str) -> None:
    arguments: Json = {"query": "search index=*", "earliest_time": "-30d", "row_limit": 5}
    finding_id = approved(house, olga, "ray", tool="splunk_run_query", arguments=arguments)
    outcome = resume(house, finding_id, "ray")
    assert isinstance(outcome, Released)
    assert outcome.result["status"] == "released"
    finding = house.office.approvals.get(finding_id, now=0).finding
    assert finding.status is FindingStatus.CONSUMED
    kinds = [e.kind for e in house.office.ledger.entries(call_id=finding.call.call_id)]
    assert kinds[-3:] == [EntryKind.VERDICT, EntryKind.INTENT, EntryKind.OUTCOME]
