"""`init`: into a client's configuration and nowhere else."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

import pytest

from agentgate_mcp.cli.setup import ClientName, default_path, with_server
from agentgate_mcp.errors import ConfigError
from tests.unit.cli.shell import Cli

pytestmark = pytest.mark.req("cli.init")
HOME = PurePosixPath("/home/dana")
FOLDER = PurePosixPath("/src/site")
WINDOWS = PureWindowsPath(r"C:\Users\dana")
OTHER = {"theme": "dark", "mcpServers": {"other": {"command": "/bin/other", "env": {"KEY": "v"}}}, "größe": 1.5}


@pytest.mark.parametrize(
    ("client", "platform", "home", "environ", "expected"),
    [
        ("claude-desktop", "linux", HOME, {}, "/home/dana/.config/Claude/claude_desktop_config.json"),
        ("claude-desktop", "linux", HOME, {"XDG_CONFIG_HOME": "/cfg"}, "/cfg/Claude/claude_desktop_config.json"),
        (
            "claude-desktop",
            "darwin",
            HOME,
            {},
            "/home/dana/Library/Application Support/Claude/claude_desktop_config.json",
        ),
        (
            "claude-desktop",
            "win32",
            WINDOWS,
            {"APPDATA": r"D:\Roaming"},
            r"D:\Roaming\Claude\claude_desktop_config.json",
        ),
        ("claude-desktop", "win32", WINDOWS, {}, r"C:\Users\dana\AppData\Roaming\Claude\claude_desktop_config.json"),
        ("cursor", "linux", HOME, {}, "/home/dana/.cursor/mcp.json"),
        ("cursor", "darwin", HOME, {}, "/home/dana/.cursor/mcp.json"),
        ("cursor", "win32", WINDOWS, {}, r"C:\Users\dana\.cursor\mcp.json"),
        ("vscode", "linux", HOME, {}, "/src/site/.vscode/mcp.json"),
        ("vscode", "darwin", HOME, {}, "/src/site/.vscode/mcp.json"),
        ("vscode", "win32", WINDOWS, {}, r"C:\src\.vscode\mcp.json"),
        ("claude-code", "linux", HOME, {}, "/src/site/.mcp.json"),
        ("claude-code", "darwin", HOME, {}, "/src/site/.mcp.json"),
        ("claude-code", "win32", WINDOWS, {}, r"C:\src\.mcp.json"),
    ],
)
def test_each_client_keeps_its_file_where_the_platform_has_it(
    client: str, platform: str, home: PurePath, environ: dict[str, str], expected: str
) -> None:
    folder = PureWindowsPath(r"C:\src") if platform == "win32" else FOLDER
    assert str(default_path(ClientName(client), platform, home, folder, environ)) == expected


@pytest.mark.parametrize("client", list(ClientName))
def test_the_entry_has_absolute_paths_and_the_rest_stays(client: ClientName) -> None:
    after = with_server(OTHER, client, "/venv/bin/python")
    key = "servers" if client is ClientName.VSCODE else "mcpServers"
    entry = after[key]["agentgate"]
    assert (entry["command"], entry["args"], entry["env"]) == ("/venv/bin/python", ["-m", "agentgate_mcp"], {})
    assert entry.get("type") == (None if client in (ClientName.CURSOR, ClientName.CLAUDE_DESKTOP) else "stdio")
    assert after["mcpServers"]["other"] == OTHER["mcpServers"]["other"]
    assert (after["theme"], after["größe"]) == ("dark", 1.5)
    assert with_server(after, client, "/venv/bin/python") == after


def test_a_second_run_keeps_what_a_person_added_and_mends_the_path() -> None:
    entry = {"command": "/old/python", "args": ["-m", "agentgate_mcp", "serve", "--read-only"], "env": {"A": "b"}}
    before = {"mcpServers": {"agentgate": {**entry, "disabled": False}}}
    after = with_server(before, ClientName.CURSOR, "/new/python")["mcpServers"]["agentgate"]
    assert after == {**entry, "command": "/new/python", "disabled": False}
    foreign = {"mcpServers": {"agentgate": {"command": "x", "args": ["agentgate.py"]}}}
    assert with_server(foreign, ClientName.CURSOR, "/p")["mcpServers"]["agentgate"]["args"] == ["-m", "agentgate_mcp"]


@pytest.mark.parametrize("before", [{"mcpServers": []}, {"mcpServers": {"agentgate": "x"}}])
def test_servers_of_the_wrong_type_are_refused(before: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="mcpServers"):
        with_server(before, ClientName.CURSOR, "/p")


@pytest.mark.parametrize("client", list(ClientName))
def test_the_file_is_written_backed_up_and_left_alone_the_second_time(
    cold: Cli, tmp_path: Path, client: ClientName
) -> None:
    file = tmp_path / "new folder" / "config.json"
    assert cold("init", "--client", client, "--config", file).code == 0
    assert [p.name for p in file.parent.iterdir()] == ["config.json"]
    file.write_text(json.dumps(OTHER, ensure_ascii=False), encoding="utf-8")
    file.chmod(0o600)
    assert cold("init", "--client", client, "--config", file).code == 0
    written = json.loads(file.read_text(encoding="utf-8"))
    backup = file.with_name("config.json.agentgate-backup")
    assert json.loads(backup.read_text(encoding="utf-8")) == OTHER
    assert list(written)[:3] == list(OTHER)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    entry = written["servers" if client is ClientName.VSCODE else "mcpServers"]["agentgate"]
    assert (entry["command"], Path(entry["command"]).is_absolute()) == (sys.executable, True)
    before = {p: p.read_bytes() for p in file.parent.iterdir()}
    again = cold("init", "--client", client, "--config", file)
    assert (again.code, "nothing changed" in again.err) == (0, True)
    assert {p: p.read_bytes() for p in file.parent.iterdir()} == before


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"a": 1, // note\n "b": 2}', '{"a":1,"a":2}', "\xff", '{"mcpServers": 1}']
)
def test_what_cannot_be_read_back_whole_is_not_touched(cold: Cli, tmp_path: Path, text: str) -> None:
    file = tmp_path / "config.json"
    file.write_text(text, encoding="latin-1")
    done = cold("init", "--client", "cursor", "--config", file)
    assert done.code == 1
    assert done.err.startswith("error: ")
    assert [p.name for p in tmp_path.iterdir()] == ["config.json"]
    assert file.read_text(encoding="latin-1") == text


@pytest.mark.parametrize("text", ["", " \n", "\ufeff{}", "\ufeff"])
def test_an_empty_file_and_a_byte_order_mark_are_fine(cold: Cli, tmp_path: Path, text: str) -> None:
    file = tmp_path / "config.json"
    file.write_text(text, encoding="utf-8")
    assert cold("init", "--client", "cursor", "--config", file).code == 0
    assert "agentgate" in json.loads(file.read_text(encoding="utf-8"))["mcpServers"]


def test_an_older_backup_is_never_written_over_and_a_link_stays_a_link(cold: Cli, tmp_path: Path) -> None:
    real, link = tmp_path / "dotfiles.json", tmp_path / "config.json"
    link.symlink_to(real)
    for text in ('{"first": 1}', '{"second": 2}'):
        real.write_text(text)
        assert cold("init", "--client", "cursor", "--config", link).code == 0
    assert link.is_symlink()
    backups = sorted(tmp_path.glob("*backup*"))
    assert [json.loads(b.read_text()) for b in backups] == [{"first": 1}, {"second": 2}]


def test_a_dry_run_prints_and_writes_nothing(cold: Cli, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    done = cold("init", "--client", "vscode", "--config", file, "--dry-run")
    assert done.json()["servers"]["agentgate"]["type"] == "stdio"
    assert not file.exists()
