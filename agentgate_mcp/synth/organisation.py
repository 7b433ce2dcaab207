"""The invented organisation: who works there, on what, and which services they use."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from agentgate_mcp.errors import NotFoundError
from agentgate_mcp.model.call import Json
from agentgate_mcp.synth import reader

_FILE = "organisation.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One asset with one address; ``name`` is its asset id and short host name."""

    name: str
    ip: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One account. ``host`` is where it works, ``home`` the address it uses from outside."""

    user: str
    department: str
    host: str
    home: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One outside service: what it is called, where it answers, how often staff use it."""

    domain: str
    ips: tuple[str, ...]
    kind: str
    category: str
    weight: int


@cache
def domain() -> str:
    return reader.string(reader.document(_FILE), "domain")


@cache
def machines() -> dict[str, Machine]:
    raw = reader.objects(reader.document(_FILE), "assets")
    found = [
        Machine(name=reader.string(m, "id"), ip=reader.string(m, "ip"), role=reader.string(m, "role")) for m in raw
    ]
    return {machine.name: machine for machine in found}


def machine(name: str) -> Machine:
    """The machine called ``name``. Raises: NotFoundError."""
    try:
        return machines()[name]
    except KeyError:
        raise NotFoundError("asset", name) from None


@cache
def people() -> tuple[Person, ...]:
    raw = reader.objects(reader.document(_FILE), "identities")
    return tuple(
        Person(
            user=reader.string(p, "user"),
            department=reader.string(p, "department"),
            host=reader.string(p, "host"),
            home=reader.string(p, "home"),
        )
        for p in raw
    )


@cache
def staff() -> tuple[Person, ...]:
    """People who sit at a workstation; not service, administrative or security accounts."""
    return tuple(p for p in people() if p.host.startswith("wks-") and p.user != "r.santos")


def person(user: str) -> Person:
    """The account ``user``. Raises: NotFoundError."""
    for candidate in people():
        if candidate.user == user:
            return candidate
    raise NotFoundError("identity", user)


@cache
def services() -> tuple[Service, ...]:
    raw = reader.objects(reader.document(_FILE), "services")
    return tuple(
        Service(
            domain=reader.string(s, "domain"),
            ips=reader.strings(s, "ips"),
            kind=reader.string(s, "kind"),
            category=reader.string(s, "category"),
            weight=reader.integer(s, "weight"),
        )
        for s in raw
    )


def service(name: str) -> Service:
    """The outside service at the domain ``name``. Raises: NotFoundError."""
    for candidate in services():
        if candidate.domain == name:
            return candidate
    raise NotFoundError("service", name)


def asset_records() -> list[Json]:
    """`data/assets.json`: one record per asset, in the shape of `model.site.Asset`."""
    out: list[Json] = []
    for raw in reader.objects(reader.document(_FILE), "assets"):
        name = reader.string(raw, "id")
        out.append(
            {
                "asset_id": name,
                "hostnames": [name, f"{name}.{domain()}"],
                "addresses": [reader.string(raw, "ip")],
                "role": reader.string(raw, "role"),
                "criticality": reader.string(raw, "criticality"),
                "tags": list(reader.strings(raw, "tags")),
                "owner_team": reader.string(raw, "team"),
                "owner": reader.string(raw, "owner"),
            }
        )
    return out


def team_records() -> list[Json]:
    """`data/teams.json`, in the shape of `model.site.Team`."""
    return [dict(team) for team in reader.objects(reader.document(_FILE), "teams")]


def agent_records() -> dict[str, Json]:
    """`data/agents.json`: the team and roles of each agent of the analyst day."""
    return dict(reader.as_object(reader.document(_FILE)["agents"], "agents"))


def identity_records() -> list[Json]:
    """`data/identities.json`: one record per account."""
    out: list[Json] = []
    for raw in reader.objects(reader.document(_FILE), "identities"):
        user, home = reader.string(raw, "user"), reader.string(raw, "home")
        out.append(
            {
                "user": user,
                "name": reader.string(raw, "name"),
                "email": "" if user.startswith(("svc_", "adm-")) else f"{user}@{domain()}",
                "department": reader.string(raw, "department"),
                "title": reader.string(raw, "title"),
                "privileged": raw.get("privileged") is True,
                "service_account": user.startswith("svc_"),
                "workstation": reader.string(raw, "host"),
                "usual_addresses": [home] if home else [],
            }
        )
    return out
