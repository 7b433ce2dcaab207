"""`agentgate-mcp init`: puts the server into a client's configuration, with a backup."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path, PurePath
from typing import Annotated, cast

import typer

from agentgate_mcp.canonical import loads_strict
from agentgate_mcp.cli.terminal import err, fail, print_json
from agentgate_mcp.errors import CanonicalError, ConfigError
from agentgate_mcp.model.call import Json

SERVER = "agentgate"
_LAUNCH: tuple[Json, ...] = ("-m", "agentgate_mcp")
_MAX_FILE = 16 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"


class ClientName(StrEnum):
    CLAUDE_DESKTOP = "claude-desktop"
    CURSOR = "cursor"
    VSCODE = "vscode"
    CLAUDE_CODE = "claude-code"


def init(
    client: Annotated[ClientName, typer.Option("--client", help="Whose configuration to write.")],
    config: Annotated[
        Path | None, typer.Option("--config", help="The configuration file, if not the usual one.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be written; write nothing.")] = False,
) -> None:
    """Add this server to a client.

    Writes absolute paths into the client's configuration file and keeps a copy of the old one.
    VS Code and Claude Code keep theirs in the folder of a project: run this there."""
    usual = default_path(client, sys.platform, PurePath(Path.home()), PurePath(Path.cwd()), os.environ)
    path = config or Path(usual)
    before = read_config(path)
    after = with_server(before, client, sys.executable)
    if dry_run:
        print_json(after)
        return
    if after == before:
        err.print(f"{path} already has this server; nothing changed", markup=False)
        return
    backup = write_config(path, after)
    if backup is not None:
        err.print(f"kept a copy of the old file at {backup}", markup=False)
    err.print(f"wrote {path}; restart the client", markup=False)
    if client is ClientName.CLAUDE_CODE:
        err.print(f"for all your projects: claude mcp add {SERVER} -- {sys.executable} -m agentgate_mcp", markup=False)


def with_server(before: dict[str, Json], client: ClientName, python: str) -> dict[str, Json]:
    """The configuration with this server in it, started by ``python``; the rest is kept as it is.

    What a person added to an earlier entry (environment, options of `serve`) is kept too.
    Raises: ConfigError when the file does not hold servers where they belong."""
    key = "servers" if client is ClientName.VSCODE else "mcpServers"
    servers = before.get(key, {})
    if not isinstance(servers, dict):
        raise ConfigError(f"{key}: expected an object in the configuration, got {type(servers).__name__}")
    kept = servers.get(SERVER, {})
    if not isinstance(kept, dict):
        raise ConfigError(f"{key}/{SERVER}: expected an object in the configuration, got {type(kept).__name__}")
    args = kept.get("args")
    ours = isinstance(args, list) and tuple(args[: len(_LAUNCH)]) == _LAUNCH
    kind: dict[str, Json] = {"type": "stdio"} if client in (ClientName.VSCODE, ClientName.CLAUDE_CODE) else {}
    entry: dict[str, Json] = {**kind, "command": python, "args": args if ours else [*_LAUNCH], "env": {}}
    return {**before, key: {**servers, SERVER: {**entry, **kept, **entry, "env": kept.get("env", {})}}}


def default_path(
    client: ClientName, platform: str, home: PurePath, folder: PurePath, environ: Mapping[str, str]
) -> PurePath:
    """Where the client keeps its configuration on this platform; ``folder`` is the project's."""
    match client:
        case ClientName.CLAUDE_DESKTOP if platform == "darwin":
            return home / "Library" / "Application Support" / "Claude" / "claude_desktop_config.json"
        case ClientName.CLAUDE_DESKTOP if platform == "win32":
            roaming = environ.get("APPDATA")
            return (home / "AppData" / "Roaming" if not roaming else type(home)(roaming)) / _DESKTOP
        case ClientName.CLAUDE_DESKTOP:
            configured = environ.get("XDG_CONFIG_HOME")
            return (home / ".config" if not configured else type(home)(configured)) / _DESKTOP
        case ClientName.CURSOR:
            return home / ".cursor" / "mcp.json"
        case ClientName.VSCODE:
            return folder / ".vscode" / "mcp.json"
        case ClientName.CLAUDE_CODE:
            return folder / ".mcp.json"


_DESKTOP = PurePath("Claude", "claude_desktop_config.json")


def read_config(path: Path) -> dict[str, Json]:
    """The configuration as it is; none, or an empty file, is an empty one. Ends with exit code 1
    when it is not plain JSON: a file that cannot be read back whole is never written."""
    try:
        raw = path.read_bytes().removeprefix(_BOM)
    except FileNotFoundError:
        return {}
    except OSError as exc:
        fail(f"{path} cannot be read: {exc.strerror}")
    if not raw.strip():
        return {}
    try:
        found = loads_strict(raw, max_bytes=_MAX_FILE)
    except CanonicalError as exc:
        fail(f"{path} is not plain JSON ({exc}); nothing was changed. With --dry-run --config NEW you get the entry")
    if not isinstance(found, dict):
        fail(f"{path}: expected a JSON object; nothing was changed")
    return cast(dict[str, Json], found)


def write_config(path: Path, after: dict[str, Json]) -> Path | None:
    """Replace the file in one step; gives where the old one was copied to. Raises: OSError."""
    target = path.resolve()  # a link into somebody's dot files stays a link
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(target.name + ".agentgate-new")
    scratch.write_text(json.dumps(after, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    backup = None
    if target.exists():
        backup = _unused(target.with_name(target.name + ".agentgate-backup"))
        shutil.copy2(target, backup)
        shutil.copymode(target, scratch)  # it may hold keys of other servers
    scratch.replace(target)
    return backup


def _unused(path: Path) -> Path:
    """``path``, or the next number after it: an older backup is the only copy of the original."""
    number, candidate = 1, path
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.name}-{number}")
    return candidate
