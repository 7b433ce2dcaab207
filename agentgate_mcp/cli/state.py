"""Settings and state for commands that do not serve."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from agentgate_mcp import config
from agentgate_mcp.config import Settings

if TYPE_CHECKING:
    from agentgate_mcp.compose import Office


def settings_of(context: typer.Context, **overrides: object) -> Settings:
    """The settings, with `--env-file` of the root command. Raises: ConfigError."""
    root = context.find_root()
    return config.load(root.obj if isinstance(root.obj, Path) else None, None, **overrides)


def office_of(context: typer.Context) -> Office:
    """The record of the configured state directory, to be closed by the caller."""
    from agentgate_mcp.compose import open_office

    return open_office(settings_of(context).state_dir)
