"""How commands end: exit codes, one line of error, pure stdout, help everywhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from agentgate_mcp.cli import boundary
from tests.unit.cli.shell import PATIENCE, ROOT, Cli


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, child in getattr(command, "commands", {}).items():
        yield from leaves(child, (*path, name))
    if path:
        yield path, command


def commands() -> list[tuple[tuple[str, ...], Any]]:
    from agentgate_mcp.cli.app import app

    return sorted(leaves(typer.main.get_command(app)), key=lambda pair: pair[0])


@pytest.mark.req("cli.help")
def test_every_command_explains_itself_and_its_options(cli: Cli) -> None:
    assert len(commands()) > 25
    for path, command in commands():
        done = cli(*path, "--help")
        assert (done.code, done.err) == (0, ""), path
        assert done.out.startswith("Usage: agentgate-mcp " + " ".join(path)), path
        first = (command.help or "").partition("\n")[0]
        assert first.endswith("."), path
        for option in command.params:
            if option.param_type_name == "option":
                assert option.help, (path, option.name)


@pytest.mark.req("cli.help")
def test_the_list_of_commands_cuts_no_sentence(cli: Cli) -> None:
    for args in (["--help"], *([*path, "--help"] for path, c in commands() if hasattr(c, "commands"))):
        assert re.findall(r"\w\.\.\.$", cli(*args).out, re.MULTILINE) == []


@pytest.mark.req("cli.help")
def test_the_shell_is_told_how_to_complete(cli: Cli) -> None:
    done = cli("led", _AGENTGATE_MCP_COMPLETE="complete_bash", COMP_WORDS="agentgate-mcp led", COMP_CWORD="1")
    assert (done.code, done.out.split()) == (0, ["ledger"])


@pytest.mark.req("cli.ends")
@pytest.mark.parametrize(
    "args",
    [
        ["nope"],
        ["check", "--nope"],
        ["policy", "nope"],
        ["policy"],
        ["policy", "show"],
        ["serve", "--transport", "pigeon"],
        ["serve", "--port", "70000"],
        ["init"],
        ["init", "--client", "emacs"],
        ["investigate"],
        ["investigate", "1002", "--zeek", "x"],
        ["investigate", "1002", "--format", "html"],
        ["approvals", "list", "--status", "lost"],
        ["approvals", "approve", "f-1"],
        ["operator", "add", "x", "--role", "king"],
        ["operator", "add", "x", "--max-severity", "huge"],
        ["data", "generate"],
        ["data", "build-iot23"],
        ["changes", "rollback", "c-1"],
    ],
)
def test_wrong_usage_is_2_with_nothing_on_stdout(cli: Cli, args: list[str]) -> None:
    done = cli(*args)
    assert (done.code, done.out) == (2, "") or (done.code, args) == (2, ["policy"])
    assert "rror" in done.err or args == ["policy"]


@pytest.mark.req("cli.ends")
@pytest.mark.parametrize(
    "args",
    [
        ["policy", "show", "POL-999"],
        ["policy", "list", "--policies", "/nowhere"],
        ["approvals", "show", "f-0"],
        ["approvals", "approve", "f-0", "--reason", "r"],
        ["changes", "show", "c-0"],
        ["changes", "rollback", "c-0", "--reason", "r"],
        ["operator", "remove", "x", "--reason", "r"],
        ["thaw", "--reason", "r"],
        ["ledger", "verify"],
        ["ledger", "verify", "--file", str(ROOT / "README.md")],
        ["investigate", "9999"],
        ["investigate", "--zeek", "/nowhere"],
        ["data", "load-zeek", "/nowhere", "--store", "x.duckdb"],
        ["data", "build-iot23", "--from", "/nowhere"],
        ["check", "/nowhere.jsonl"],
        ["check", "--knowledge", "/nowhere"],
        ["spl", "explain", "search [ search index=auth"],
        ["serve", "--transport", "streamable-http", "--host", "192.0.2.1"],
        ["--env-file", "/nowhere", "data", "list"],
    ],
)
def test_a_refusal_is_1_with_one_line(cli: Cli, args: list[str], tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    done = cli(*args)
    assert done.code == 1
    if args[0] != "spl":
        assert done.out == ""
        assert done.err.startswith("error: ")
        assert done.err.count("\n") == 1


@pytest.mark.req("cli.ends")
@pytest.mark.parametrize("args", [["data", "list"], ["ledger", "export"], ["freeze", "--reason", "r"]])
@pytest.mark.parametrize(
    "env", [{"AGENTGATE_NOPE": "1"}, {"AGENTGATE_PROFILE": "none"}, {"AGENTGATE_STATE_DIR": "/dev/null/x"}]
)
def test_a_broken_setting_is_one_line_that_names_it(cli: Cli, args: list[str], env: dict[str, str]) -> None:
    done = cli(*args, **env)
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    name, value = next(iter(env.items()))
    assert name in done.err or value in done.err


@pytest.mark.req("cli.ends")
def test_a_fault_of_ours_is_one_line_that_says_where(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from agentgate_mcp.policies import loader

    def broken(*_: object) -> None:
        raise KeyError("s3cret")

    monkeypatch.setattr(loader, "load_library", broken)
    done = cli("policy", "list")
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    assert "KeyError at test_ends.py:" in done.err
    assert "s3cret" not in done.err
    monkeypatch.setattr(sys, "argv", ["agentgate-mcp", "--debug", "policy", "list"])
    with pytest.raises(KeyError):
        boundary.run()


@pytest.mark.req("cli.ends")
def test_text_that_would_move_the_cursor_is_shown_and_not_obeyed(cli: Cli) -> None:
    done = cli("policy", "show", "a\x1b[2J\nb")
    assert "\x1b" not in done.err
    assert done.err.count("\n") == 1


@pytest.mark.req("cli.json")
@pytest.mark.parametrize(
    "args",
    [
        ["policy", "list"],
        ["policy", "show", "POL-006"],
        ["policy", "test"],
        ["approvals", "list"],
        ["operator", "list"],
        ["changes", "list"],
        ["data", "list"],
        ["doctor"],
        ["spl", "explain", "search index=auth | stats count"],
    ],
)
def test_tables_come_as_json_alone_on_stdout(cli: Cli, args: list[str]) -> None:
    people, program = cli(*args), cli(*args, "--json")
    assert (people.code, program.code) == (0, 0)
    assert isinstance(program.json(), dict | list)
    assert program.err == ""
    assert people.out or people.err


@pytest.mark.req("cli.doctor")
def test_the_doctor_says_what_is_missing_and_what_it_costs(cli: Cli) -> None:
    said = cli("doctor", "--json").json()
    checks = {c["name"]: c for c in said["checks"]}
    assert said["ok"] is True
    assert {"settings", "isolation", "policies", "ledger", "data", "operators", "splunk"} <= checks.keys()
    assert checks["isolation"]["says"].startswith("same-user")
    assert all(c["costs"] for c in said["checks"] if c["state"] == "missing")
    cli("operator", "add", "alice")
    assert "operators" not in {c["name"] for c in cli("doctor", "--json").json()["checks"]}


@pytest.mark.req("cli.doctor")
@pytest.mark.parametrize(
    ("env", "name"),
    [
        ({"AGENTGATE_NOPE": "1"}, "settings"),
        ({"AGENTGATE_STATE_DIR": "/dev/null/x"}, "ledger"),
        ({"AGENTGATE_DATA_DIR": "/nowhere"}, "data"),
        ({"AGENTGATE_POLICIES_DIR": "/nowhere"}, "policies"),
    ],
)
def test_the_doctor_survives_what_it_finds(cli: Cli, env: dict[str, str], name: str) -> None:
    done = cli("doctor", "--json", **env)
    failed = [c["name"] for c in done.json()["checks"] if c["state"] == "failed"]
    assert (done.code, done.json()["ok"], name in failed) == (1, False, True)


@pytest.mark.req("cli.ends")
def test_a_reader_that_leaves_is_no_error(cli: Cli) -> None:
    child = cli.start("check", ROOT / "data" / "analyst_day.jsonl")
    assert child.stdin is not None and child.stdout is not None and child.stderr is not None
    child.stdin.close()
    assert json.loads(child.stdout.readline())["id"] == "day-0001"
    child.stdout.close()
    assert child.stderr.read() == b""
    child.stderr.close()
    assert child.wait(PATIENCE) == 1


@pytest.mark.req("cli.ends")
@pytest.mark.parametrize(("key", "code"), [("\x03", 130), ("\x04", 1)])
def test_leaving_a_prompt_is_quiet(cli: Cli, key: str, code: int) -> None:
    done = cli.on_terminal("thaw", "--reason", "r", answers=[key])
    assert (done.code, done.out) == (code, "")
    assert "Traceback" not in done.err
    assert done.err.startswith("operator token: ")


@pytest.mark.req("cli.diagnostic")
@pytest.mark.parametrize(
    ("args", "env", "named"),
    [
        ([], {"AGENTGATE_NOPE": "1"}, "AGENTGATE_NOPE"),
        (["serve", "--toolsets", "changes", "--read-only"], {}, "toolsets"),
        (["serve"], {"AGENTGATE_STATE_DIR": "/dev/null/x"}, "/dev/null"),
    ],
)
def test_a_configuration_error_is_served_as_one_tool(
    cli: Cli, args: list[str], env: dict[str, str], named: str
) -> None:
    def message(number: int, method: str, **params: Any) -> bytes:
        return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode() + b"\n"

    client = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    sent = [
        message(1, "initialize", **client),
        b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n',
        message(2, "tools/list"),
        message(3, "tools/call", name="agentgate_diagnose", arguments={}),
    ]
    command = [sys.executable, "-m", "agentgate_mcp", *args]
    environment = cli.environment(**env)
    done = subprocess.run(
        command, input=b"".join(sent), capture_output=True, cwd=ROOT, env=environment, timeout=PATIENCE
    )
    answers = {m["id"]: m["result"] for m in map(json.loads, done.stdout.splitlines())}
    assert [t["name"] for t in answers[2]["tools"]] == ["agentgate_diagnose"]
    assert named in json.dumps(answers[3])
    assert named.encode() in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.req("cli.ends")
def test_the_version_is_told_and_the_package_runs_as_a_module(cli: Cli) -> None:
    from agentgate_mcp import __version__

    assert cli("--version").out.strip() == __version__
    command = [sys.executable, "-m", "agentgate_mcp", "--version"]
    done = subprocess.run(command, capture_output=True, cwd=ROOT, env={**os.environ}, timeout=PATIENCE)
    assert (done.returncode, done.stdout.decode().strip()) == (0, __version__)
