"""Accounts of the search platform: the members of the teams, named by the identity inventory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ConfigDict, Field

from agentgate_mcp.backends.embedded.files import Record, RecordT, items_of, read_json, validated

_ROLES: Final = ("user", "power")


class _Identity(Record):
    """Only what an account shows; the inventory may say more."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    user: str
    name: str = ""
    email: str = ""


class _Team(Record):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    name: str
    members: list[str] = Field(default_factory=list[str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account. ``roles`` are Splunk roles."""

    name: str
    realname: str
    email: str
    roles: tuple[str, ...]


def read_accounts(data_dir: Path) -> Sequence[Account]:
    """All accounts, by name. Raises: DataError."""
    people = {i.user: i for i in _records(data_dir / "identities.json", _Identity)}
    members = {member: team.name for team in _records(data_dir / "teams.json", _Team) for member in team.members}
    return tuple(
        Account(
            name=name,
            realname=people[name].name if name in people else "",
            email=people[name].email if name in people else "",
            roles=(*_ROLES, f"team_{members[name]}"),
        )
        for name in sorted(members)
    )


def _records(path: Path, model: type[RecordT]) -> Sequence[RecordT]:
    if not path.is_file():
        return ()
    document = read_json(path, path.name)
    return tuple(validated(model, raw, path.name, where) for where, raw in items_of(document, path.name, path.stem))
