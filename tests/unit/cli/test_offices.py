"""Operators, held calls, freezing, changes and the record, as the people in charge use them."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from agentgate_mcp.model.call import Json
from agentgate_mcp.model.verdict import Held, Refused, Released
from tests.unit.cli.shell import Cli, dispatched, request

WIDE = "search (index=network OR index=endpoint OR index=auth OR index=email OR index=proxy OR index=cloud) | head {}"
MACRO = "proxy_rare_user_agent_filter"
DEFINITION = 'search NOT http_user_agent="HealthProbe/*"'
TUNING = request(
    "propose_modify_macro",
    {"name": MACRO, "settings": {"definition": DEFINITION}, "reason": "Availability probes."},
    f"Set {MACRO} to: {DEFINITION}",
)


def held(cli: Cli, rows: int) -> str:
    arguments: dict[str, Json] = {"query": WIDE.format(rows), "earliest_time": "-30d"}
    (outcome,) = dispatched(cli, request("splunk_run_query", arguments))
    assert isinstance(outcome, Held)
    return outcome.finding_id


def first_operator(cli: Cli) -> str:
    done = cli("operator", "add", "alice")
    assert done.code == 0
    return done.out.strip()


@pytest.mark.req("cli.tokens", "R6")
def test_operators_are_added_by_an_administrator_on_a_terminal(cli: Cli) -> None:
    token = first_operator(cli)
    refused = cli("operator", "add", "bob", stdin=token + "\n")
    assert (refused.code, refused.out) == (1, "")
    assert "terminal" in refused.err
    wrong = cli.on_terminal("operator", "add", "bob", answers=["ago_not_a_token"])
    assert (wrong.code, wrong.out) == (1, "")
    added = cli.on_terminal("operator", "add", "bob", "--max-severity", "medium", answers=[token])
    assert added.code == 0
    assert added.out.strip().startswith("ago_")
    assert token not in added.err + added.out, "a token that is typed is never echoed"
    rows = {o["name"]: o for o in cli("operator", "list", "--json").json()}
    assert rows["alice"]["roles"] == ["approver", "policy_admin"]
    assert (rows["bob"]["roles"], rows["bob"]["max_severity"], rows["bob"]["added_by"]) == (
        ["approver"],
        "medium",
        "alice",
    )
    removed = cli.on_terminal("operator", "remove", "bob", "--reason", "left", answers=[token])
    assert removed.code == 0
    assert [o["name"] for o in cli("operator", "list", "--json").json()] == ["alice"]


@pytest.mark.req("cli.approvals", "cli.tokens", "R6")
def test_a_held_call_is_listed_shown_approved_and_run_once(cli: Cli) -> None:
    token, finding = first_operator(cli), held(cli, 20)
    (row,) = cli("approvals", "list", "--json").json()
    assert (row["finding_id"], row["status"], row["requester"]) == (finding, "pending", "dana/engineer-soc")
    assert finding in cli("approvals", "list").out
    shown = cli("approvals", "show", finding)
    assert "same-user" in shown.out
    assert "index=network" in shown.out
    assert cli("approvals", "show", finding, "--json").code == 0
    approve = ("approvals", "approve", finding, "--reason", "seen")
    assert cli(*approve, stdin=token + "\n").code == 1
    wrong = cli.on_terminal(*approve, answers=["ago_not_a_token"])
    assert (wrong.code, wrong.out) == (1, "")
    done = cli.on_terminal(*approve, "--run", "--json", answers=[token])
    said = done.json()
    assert (done.code, said["finding_id"], said["run"]["status"]) == (0, finding, "released")
    assert said["run"]["result"]["row_count"] == 20
    again = cli.on_terminal(*approve, answers=[token])
    assert (again.code, again.out) == (1, "")
    assert cli("approvals", "list", "--json").json() == []
    (row,) = cli("approvals", "list", "--status", "all", "--json").json()
    assert row["status"] == "consumed"


@pytest.mark.req("cli.approvals")
def test_a_denied_call_stays_denied(cli: Cli) -> None:
    token, finding = first_operator(cli), held(cli, 30)
    done = cli.on_terminal("approvals", "deny", finding, "--reason", "too wide", answers=[token])
    assert (done.code, done.out.strip()) == (0, f"{finding} is denied")
    after = cli.on_terminal("approvals", "approve", finding, "--reason", "r", answers=[token])
    assert (after.code, after.out) == (1, "")


@pytest.mark.req("cli.freeze", "R11")
def test_freezing_needs_nobody_and_thawing_needs_an_operator(cli: Cli) -> None:
    token = first_operator(cli)
    assert cli("freeze", "--reason", "strange calls").code == 0
    (frozen,) = dispatched(cli, TUNING)
    assert isinstance(frozen, Refused)
    assert "FROZEN" in cli("doctor").out
    assert cli("thaw", "--reason", "done", stdin=token + "\n").code == 1
    assert cli.on_terminal("thaw", "--reason", "done", answers=["ago_wrong"]).code == 1
    assert cli.on_terminal("thaw", "--reason", "done", answers=[token]).code == 0
    (thawed,) = dispatched(cli, TUNING)
    assert isinstance(thawed, Released)


@pytest.mark.req("cli.changes", "cli.ledger", "R11")
def test_a_change_is_listed_shown_and_rolled_back_on_record(cli: Cli) -> None:
    def definition() -> Json:
        arguments: dict[str, Json] = {"type": "macros", "name": MACRO}
        (outcome,) = dispatched(cli, request("splunk_get_knowledge_objects", arguments))
        assert isinstance(outcome, Released)
        return str(outcome.result)

    token, before = first_operator(cli), definition()
    (changed,) = dispatched(cli, TUNING)
    assert isinstance(changed, Released)
    assert definition() != before
    (row,) = cli("changes", "list", "--json").json()
    change = row["change_id"]
    assert (row["object"], row["rolled_back"]) == (f"macro:{MACRO}", False)
    assert change in cli("changes", "list").out
    assert "HealthProbe" in cli("changes", "show", change).out
    shown = cli("changes", "show", change, "--json").json()
    assert shown["before"]["settings"] != shown["after"]["settings"]
    rollback = ("changes", "rollback", change, "--reason", "too broad")
    assert cli(*rollback, stdin=token + "\n").code == 1
    done = cli.on_terminal(*rollback, answers=[token])
    assert done.code == 0, done.err
    assert definition() == before
    assert cli("changes", "list", "--json").json()[0]["rolled_back"] is True
    assert cli.on_terminal(*rollback, answers=[token]).code == 1
    verified = cli("ledger", "verify", "--json")
    assert (verified.code, verified.json()["ok"]) == (0, True)
    assert "too broad" in cli("ledger", "export").out


@pytest.mark.req("cli.ledger", "R3")
def test_the_record_verifies_and_a_changed_copy_does_not(cli: Cli, tmp_path: Path) -> None:
    dispatched(cli, *(request("splunk_get_info", {}) for _ in range(3)))
    fine = cli("ledger", "verify", "--json")
    said = fine.json()
    assert (fine.code, said["ok"], said["problems"]) == (0, True, [])
    assert said["entries"] >= 6
    assert len(cli("ledger", "export").rows()) == said["entries"]
    assert len(cli("ledger", "export", "--since", str(said["entries"] - 1)).rows()) == 1
    copy = tmp_path / "copy.sqlite3"
    with sqlite3.connect(cli.state / "ledger.sqlite3") as source, sqlite3.connect(copy) as target:
        source.backup(target)
    shutil.copy(copy, tmp_path / "whole.sqlite3")
    assert cli("ledger", "verify", "--file", tmp_path / "whole.sqlite3").code == 0
    with sqlite3.connect(copy) as tampered:
        triggers = tampered.execute("select name from sqlite_master where type = 'trigger'").fetchall()
        for (name,) in triggers:
            tampered.execute(f'drop trigger "{name}"')
        tampered.execute("update entry set principal = 'eve' where seq = 2")
    tampered.close()
    source.close()
    target.close()
    broken = cli("ledger", "verify", "--json", "--file", copy)
    said = broken.json()
    assert (broken.code, said["ok"]) == (1, False)
    assert said["problems"]
    assert all({"seq", "problem"} <= p.keys() for p in said["problems"])
    assert cli("ledger", "verify", "--file", copy).code == 1
    nothing = cli("ledger", "verify", "--json", "--file", tmp_path / "none")
    assert (nothing.code, nothing.json()["ok"]) == (1, False)
