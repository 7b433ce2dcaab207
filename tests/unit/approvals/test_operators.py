"""Operators: names, tokens, who may add whom."""

from __future__ import annotations

import pytest

from agentgate_mcp.approvals.operators import ALL_TEAMS, Role, is_requester, new_operator, verifier_of
from agentgate_mcp.errors import ApprovalError
from agentgate_mcp.ledger.entries import EntryKind
from agentgate_mcp.model.decision import Severity

pytestmark = pytest.mark.req("approvals.operators")


def test_the_first_operator_is_free_and_becomes_a_policy_admin(office):
    olga = office.operators.book().by_name["olga"]
    assert olga.roles == {Role.APPROVER, Role.POLICY_ADMIN}
    assert olga.added_by == ""


def test_every_later_operator_needs_a_policy_admins_token(office):
    for token in (None, "", "ago_x_y", office.tokens["omar"], office.tokens["olga"] + "x"):
        with pytest.raises(ApprovalError):
            office.operators.add("eve", roles=["approver"], by_token=token)
    token = office.operators.add("eva", roles=[Role.AUDITOR], by_token=office.tokens["olga"])
    eva = office.operators.authenticate(token)
    assert (eva.name, eva.roles, eva.teams, eva.added_by) == ("eva", {Role.AUDITOR}, (ALL_TEAMS,), "olga")


def test_a_token_is_kept_nowhere_and_stored_as_a_salted_hash(office, tmp_path):
    token = office.tokens["olga"]
    records = list(office.ledger.entries(kinds=frozenset({EntryKind.OPERATOR})))
    assert len(records) == 2
    assert records[0].payload["verifier"] == verifier_of(token, str(records[0].payload["salt"]))
    secret = token.rpartition("_")[2].encode()
    assert not any(secret in f.read_bytes() for f in (tmp_path / "state").iterdir())
    assert records[0].payload["salt"] != records[1].payload["salt"]


def test_only_the_whole_token_of_an_active_operator_is_accepted(office):
    token = office.tokens["olga"]
    assert office.operators.authenticate(f" {token}\n").name == "olga"
    for wrong in ("", token[:-1], token + "a", token.upper(), "olga", "\ud800"):
        with pytest.raises(ApprovalError, match="expected the token of an active operator"):
            office.operators.authenticate(wrong)


def test_a_removed_operator_has_no_powers_and_its_name_stays_taken(office):
    office.operators.remove("omar", by_token=office.tokens["olga"], reason="left the team")
    with pytest.raises(ApprovalError):
        office.operators.authenticate(office.tokens["omar"])
    with pytest.raises(ApprovalError, match="not used again"):
        office.operators.add("omar", roles=["approver"], by_token=office.tokens["olga"])
    with pytest.raises(ApprovalError, match="none named"):
        office.operators.remove("omar", by_token=office.tokens["olga"], reason="again")


def test_the_last_policy_admin_stays_and_removal_needs_a_reason(office):
    with pytest.raises(ApprovalError, match="last policy admin"):
        office.operators.remove("olga", by_token=office.tokens["olga"], reason="tidy")
    with pytest.raises(ApprovalError, match="reason"):
        office.operators.remove("omar", by_token=office.tokens["olga"], reason="  ")
    with pytest.raises(ApprovalError, match="policy admin"):
        office.operators.remove("olga", by_token=office.tokens["omar"], reason="coup")


@pytest.mark.parametrize("name", ["", "Olga", "a b", "a/b", "a" * 65, "оlga", "x\n"])
def test_a_name_that_could_be_mistaken_is_refused(name):
    with pytest.raises(ApprovalError, match="operator name"):
        new_operator(name, roles=["approver"])


@pytest.mark.parametrize("roles", [[], ["root"], ["approver", ""]])
def test_unknown_or_missing_roles_are_refused(roles):
    with pytest.raises(ApprovalError):
        new_operator("olga", roles=roles)
    with pytest.raises(ApprovalError):
        new_operator("olga", roles=["approver"], teams=[])


def test_tokens_are_long_and_never_alike():
    tokens = {new_operator("olga", roles=["approver"])[1] for _ in range(50)}
    assert len(tokens) == 50
    assert min(map(len, tokens)) >= 50


def test_severity_and_teams_are_kept(office):
    token = office.operators.add(
        "eva", roles=["approver"], teams=["soc", "iam"], max_severity=Severity.MEDIUM, by_token=office.tokens["olga"]
    )
    eva = office.operators.authenticate(token)
    assert (eva.teams, eva.max_severity) == (("soc", "iam"), Severity.MEDIUM)
    assert eva.speaks_for("iam")
    assert not eva.speaks_for("network")


@pytest.mark.req("approvals.not-requester")
@pytest.mark.parametrize(
    "operator", ["alice", "ALICE", "ａｌｉｃｅ", " alice", "user:alice", "agent", "user:alice/agent"]
)
def test_a_requester_is_recognised_in_every_spelling(operator):
    assert is_requester(operator, "user:alice", "agent")


@pytest.mark.req("approvals.not-requester")
@pytest.mark.parametrize("operator", ["olga", "alice2", "malice", "user", ""])
def test_another_person_is_not_the_requester(operator):
    assert not is_requester(operator, "user:alice", "agent")
