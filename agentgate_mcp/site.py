"""What a site says of itself besides its knowledge objects: assets, teams, agents (data files)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from agentgate_mcp.canonical import loads_strict
from agentgate_mcp.errors import CanonicalError, DataError
from agentgate_mcp.model.site import Asset, Team


class AgentRow(BaseModel):
    """One agent of `agents.json`. Empty lists set no limit of their kind."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    team: str = ""
    roles: tuple[str, ...] = ()
    read_only: bool = False
    indexes: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    rows_per_day: int = 200_000
    bytes_per_day: int = 200_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFiles:
    assets: tuple[Asset, ...]
    teams: tuple[Team, ...]
    agents: dict[str, AgentRow]


_ASSETS: TypeAdapter[tuple[Asset, ...]] = TypeAdapter(tuple[Asset, ...])
_TEAMS: TypeAdapter[tuple[Team, ...]] = TypeAdapter(tuple[Team, ...])
_AGENTS: TypeAdapter[dict[str, AgentRow]] = TypeAdapter(dict[str, AgentRow])
MAX_FILE = 16 * 1024 * 1024
T = TypeVar("T")


def read_site(data_dir: Path) -> SiteFiles:
    """The site's files. Raises: DataError with file and place."""
    return SiteFiles(
        assets=_read(data_dir / "assets.json", _ASSETS),
        teams=_read(data_dir / "teams.json", _TEAMS),
        agents=_read(data_dir / "agents.json", _AGENTS) if (data_dir / "agents.json").exists() else {},
    )


def _read(path: Path, adapter: TypeAdapter[T]) -> T:
    try:
        raw = path.read_bytes()
        loads_strict(raw, max_bytes=MAX_FILE)
        return adapter.validate_json(raw)
    except OSError as exc:
        raise DataError(path.name, "file", exc.strerror or "cannot be read") from None
    except CanonicalError as exc:
        raise DataError(path.name, "file", str(exc)) from None
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        raise DataError(path.name, "/".join(str(p) for p in first["loc"]), first["msg"]) from None
