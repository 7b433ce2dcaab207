"""`agentgate-mcp init`: puts the server into a client's configuration, with a backup."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, cast

import typer

from agentgate_mcp.canonical import loads_strict
from agentgate_mcp.cli.terminal import err, fail, print_json
from agentgate_mcp.errors import CanonicalError
from agentgate_mcp.model.call import Json

SERVER = "agentgate"


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
    """Add this server to a client's configuration, with absolute paths and a backup."""
    if client is ClientName.CLAUDE_CODE:
        # Claude Code keeps its own store; its command line is the supported way in.
        command = ["claude", "mcp", "add", SERVER, "--", sys.executable, "-m", "agentgate_mcp"]
        err.print("Run this once:", markup=False)
        print_json({"command": list(command)})
        return
    path = config or default_path(client, sys.platform, Path.home(), os.environ)
    before = _read(path)
    after = with_server(before, client)
    if dry_run:
        print_json(after)
        return
    if after == before:
        err.print(f"{path} already has this server; nothing changed", markup=False)
        return
    if path.exists():
        backup = path.with_suffix(path.suffix + ".agentgate-backup")
        shutil.copy2(path, backup)
        err.print(f"kept a copy of the old file at {backup}", markup=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(path.name + ".agentgate-new")
    scratch.write_text(json.dumps(after, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    scratch.replace(path)
    err.print(f"wrote {path}; restart the client", markup=False)


def with_server(before: dict[str, Json], client: ClientName) -> dict[str, Json]:
    """The configuration with this server in it; everything else is kept as it is."""
    key = "servers" if client is ClientName.VSCODE else "mcpServers"
    entry: dict[str, Json] = {"command": sys.executable, "args": ["-m", "agentgate_mcp"], "env": {}}
    if client is ClientName.VSCODE:
        entry = {"type": "stdio", **entry}
    servers = before.get(key, {})
    if not isinstance(servers, dict):
        fail(f"{key}: expected an object in the configuration, got {type(servers).__name__}")
    kept = servers.get(SERVER)
    if isinstance(kept, dict) and isinstance(kept.get("env"), dict):
        entry["env"] = kept["env"]
    return {**before, key: {**servers, SERVER: entry}}


def default_path(client: ClientName, platform: str, home: Path, environ: Mapping[str, str]) -> Path:
    """Where the client keeps its configuration on this platform."""
    match client:
        case ClientName.CLAUDE_DESKTOP if platform == "darwin":
            return home / "Library" / "Application Support" / "Claude" / "claude_desktop_config.json"
        case ClientName.CLAUDE_DESKTOP if platform == "win32":
            return Path(environ.get("APPDATA", str(home))) / "Claude" / "claude_desktop_config.json"
        case ClientName.CLAUDE_DESKTOP:
            return Path(environ.get("XDG_CONFIG_HOME", str(home / ".config"))) / "Claude" / "claude_desktop_config.json"
        case ClientName.CURSOR:
            return home / ".cursor" / "mcp.json"
        case ClientName.VSCODE | ClientName.CLAUDE_CODE:
            return Path.cwd() / ".vscode" / "mcp.json"


def _read(path: Path) -> dict[str, Json]:
    if not path.exists():
        return {}
    try:
        found = loads_strict(path.read_bytes())
    except CanonicalError as exc:
        fail(f"{path} is not plain JSON ({exc}); nothing was changed")
    except OSError as exc:
        fail(f"{path} cannot be read: {exc.strerror}")
    if not isinstance(found, dict):
        fail(f"{path}: expected a JSON object; nothing was changed")
    return cast(dict[str, Json], found)
