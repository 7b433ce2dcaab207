"""`data` and `investigate`: what is bundled, what is loaded, and a case worked on it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import anyio
import pytest

from agentgate_mcp import config
from agentgate_mcp.bundled import bundled_dir
from agentgate_mcp.cli.data import capture_name
from agentgate_mcp.compose import open_deployment
from agentgate_mcp.model.verdict import Refused
from tests.unit.cli.shell import PATIENCE, Cli

HEAD = [
    "#separator \\x09",
    "#set_separator\t,",
    "#empty_field\t(empty)",
    "#unset_field\t-",
    "#path\tconn",
    "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tconn_state\tlabel",
    "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tstring",
]
FLOW = "{ts}\tC{n}\t192.0.2.7\t4000{n}\t198.51.100.9\t6667\ttcp\tS0\tMalicious"


def capture(folder: Path, name: str, *extra: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    flows = [FLOW.format(ts=1_540_000_000.5 + n, n=n) for n in range(5)]
    path = folder / name
    path.write_bytes(gzip.compress("\n".join([*HEAD, *flows, *extra, ""]).encode()))
    return path


@pytest.mark.req("cli.data")
def test_bundled_data_is_made_again_and_compared(cli: Cli, tmp_path: Path) -> None:
    assert cli("data", "generate", "--check").code == 0
    made = cli("data", "generate", tmp_path / "data")
    assert made.code == 0
    (tmp_path / "data" / "assets.json").write_text("[]")
    differs = cli("data", "generate", tmp_path / "data", "--check")
    assert (differs.code, differs.out.split()) == (1, ["assets.json"])
    manifest = (bundled_dir("data") / "MANIFEST.json").read_bytes()
    assert (tmp_path / "data" / "MANIFEST.json").read_bytes() == manifest


@pytest.mark.req("cli.data")
def test_the_data_in_use_is_listed(cli: Cli) -> None:
    said = cli("data", "list", "--json").json()
    assert len(said["cases"]) >= 8
    assert sum(i["events"] for i in said["indexes"]) >= 20_000
    people = cli("data", "list").out
    assert "1002" in people
    assert "network" in people


@pytest.mark.req("cli.data")
def test_zeek_logs_are_loaded_and_malformed_rows_are_named(cli: Cli, tmp_path: Path) -> None:
    log = capture(tmp_path, "conn.log.gz", "not a row")
    store = tmp_path / "new" / "capture.duckdb"
    done = cli("data", "load-zeek", log, "--store", store, "--json")
    said = done.json()
    assert (done.code, said["rows"], said["skipped"], said["store"]) == (0, 5, 1, str(store))
    assert said["problems"][0]["line"] == len(HEAD) + 6
    assert f"conn.log.gz:{len(HEAD) + 6}:" in done.err
    listed = cli("data", "list", "--json", TELEMETRY_BACKEND="iot23", AGENTGATE_TELEMETRY_STORE=str(store)).json()
    assert [(i["name"], i["events"]) for i in listed["indexes"] if i["events"]] == [("network", 5)]
    strict = cli("data", "load-zeek", log, "--store", tmp_path / "strict.duckdb", "--strict")
    assert (strict.code, (tmp_path / "strict.duckdb").exists()) == (1, False)


@pytest.mark.req("cli.data")
def test_each_iot23_capture_gets_a_store_of_its_own(cli: Cli, tmp_path: Path) -> None:
    source = tmp_path / "IoT"
    capture(source, "CTU-IoT-Malware-Capture-34-1.conn.log.labeled.gz")
    capture(source / "CTU-Honeypot-Capture-4-1" / "bro", "conn.log.labeled.gz")
    done = cli("data", "build-iot23", "--from", source, "--out", tmp_path / "build", "--json")
    assert done.code == 0
    assert [r["rows"] for r in done.json()] == [5, 5]
    names = sorted(p.name for p in (tmp_path / "build").iterdir())
    assert names == ["CTU-Honeypot-Capture-4-1.duckdb", "CTU-IoT-Malware-Capture-34-1.duckdb"]
    assert b"Malicious" not in (tmp_path / "build" / names[0]).read_bytes()
    people = cli("data", "build-iot23", "--from", source, "--out", tmp_path / "build")
    assert "AGENTGATE_TELEMETRY_STORE=" in people.err


@pytest.mark.req("cli.data")
def test_stores_go_beside_the_instructions_or_into_the_state_directory(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from agentgate_mcp.cli import data

    source = capture(tmp_path / "in", "CTU-A.conn.log.labeled.gz").parent
    monkeypatch.setattr(data, "bundled_dir", lambda _: tmp_path / "data")
    (beside,) = cli("data", "build-iot23", "--from", source, "--json").json()
    assert beside["store"] == str(tmp_path / "data" / "iot23" / "build" / "CTU-A.duckdb")
    (tmp_path / "blocked").write_text("a file where a folder would have to be")
    monkeypatch.setattr(data, "bundled_dir", lambda _: tmp_path / "blocked")
    (state,) = cli("data", "build-iot23", "--from", source, "--json").json()
    assert state["store"] == str(cli.state / "iot23" / "CTU-A.duckdb")


@pytest.mark.req("cli.data")
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("x/CTU-IoT-Malware-Capture-34-1.conn.log.labeled.gz", "CTU-IoT-Malware-Capture-34-1"),
        ("CTU-IoT-Malware-Capture-1-1/bro/conn.log.labeled", "CTU-IoT-Malware-Capture-1-1"),
        ("mine/conn.log.labeled", "mine"),
    ],
)
def test_a_capture_is_named_by_its_file_or_folder(path: str, name: str) -> None:
    assert capture_name(Path(path)) == name


@pytest.mark.req("cli.investigate")
def test_a_case_is_investigated_from_the_terminal(cli: Cli, tmp_path: Path) -> None:
    done = cli("investigate", "1002", "--json")
    assert (done.code, done.json()["case_id"], done.json()["verdict"]) == (0, "1002", "malicious")
    written = cli("investigate", "1002", "--out", tmp_path / "reports")
    assert (written.code, written.out) == (0, "")
    assert "1002" in (tmp_path / "reports" / "1002.md").read_text(encoding="utf-8")
    assert cli("ledger", "verify").code == 0
    unknown = cli("investigate", "9999")
    assert (unknown.code, unknown.out) == (1, "")
    assert "9999" in unknown.err


@pytest.mark.req("cli.investigate")
def test_a_real_capture_is_investigated_and_its_infected_machine_found(cold: Cli, corpora: Path) -> None:
    log = corpora / "iot23" / "CTU-IoT-Malware-Capture-34-1.conn.log.labeled.gz"
    done = cold("investigate", "--zeek", log, "--json")
    said = done.json()
    assert (done.code, said["case_id"], said["verdict"]) == (0, "host-192.168.1.195", "malicious")
    assert "185.244.25.235" in said["summary"]
    assert "23145 rows, 0 left out" in done.err
    assert not cold.state.exists(), "a capture is worked in a place of its own"


@pytest.mark.req("cli.investigate")
def test_an_ordinary_capture_is_not_called_malicious(cli: Cli, corpora: Path, tmp_path: Path) -> None:
    log = corpora / "iot23" / "CTU-Honeypot-Capture-4-1.conn.log.labeled.gz"
    done = cli("investigate", "--zeek", log, "--host", "192.168.1.132", "--out", tmp_path)
    assert (done.code, done.out) == (0, "")
    report = (tmp_path / "host-192.168.1.132.md").read_text(encoding="utf-8")
    assert "**Verdict: malicious**" not in report


@pytest.mark.req("cli.investigate", "R1")
def test_what_the_command_line_alone_asks_for_is_unknown_to_clients(cli: Cli) -> None:
    from agentgate_mcp.server.seam import Incoming

    call = Incoming(tool="investigate_host", arguments={}, principal="dana", agent_id="agent")

    async def ignored(_done: float, _total: float | None, _message: str) -> None: ...

    with open_deployment(config.load(None, {"AGENTGATE_STATE_DIR": str(cli.state)})) as deployment:
        outcome = anyio.run(deployment.gatekeeper.execute, call, ignored)
        assert call.tool not in [t.name for t in deployment.gatekeeper.tools()]
    assert isinstance(outcome, Refused)
    assert outcome.code == "unknown_tool"


@pytest.mark.req("cli.demo")
def test_the_demo_comes_out_as_expected(cli: Cli) -> None:
    child = cli.start("demo", "--json", "--state-dir", cli.state)
    out, err = child.communicate(timeout=PATIENCE)
    assert child.returncode == 0, err.decode()
    said = json.loads(out)
    decisions = {s["name"]: (s["decision"], s["resumed"]) for s in said["scenarios"]}
    assert decisions == {
        "friendly_fire": ("BLOCK", False),
        "prompt_injection": ("BLOCK", False),
        "approval": ("REQUIRE_APPROVAL", True),
        "happy_path": ("ALLOW", False),
    }
    assert all({"name", "tool", "decision", "policies", "resumed"} <= s.keys() for s in said["scenarios"])
    assert (said["case"]["case_id"], said["case"]["verdict"]) == ("1002", "malicious")
    assert said["case"]["confidence"] > 0.5
    assert (said["ledger"]["ok"], said["ledger"]["entries"] > 20) == (True, True)
