"""Named operators: who may approve what. A fold over the ledger's operator records. Pure but for
the random token of a new operator.

A token is shown once, when it is made. What is kept is an HMAC of it under its own salt; tokens
hold 256 random bits, so that a slow hash would protect nothing further.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from agentgate_mcp.errors import ApprovalError
from agentgate_mcp.ledger.codec import text, texts
from agentgate_mcp.ledger.entries import EntryKind, LedgerEntry
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.decision import Severity

ALL_TEAMS = "*"
TOKEN_PREFIX = "ago"
_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._@-")


class Role(StrEnum):
    """What an operator may do."""

    APPROVER = "approver"
    POLICY_ADMIN = "policy_admin"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One person. ``teams`` are those the operator speaks for (`*`: all); ``max_severity`` bounds
    what may be approved; ``verifier`` and ``salt`` are hex."""

    name: str
    roles: frozenset[Role]
    teams: tuple[str, ...]
    max_severity: Severity
    token_id: str
    salt: str
    verifier: str
    added_at: float = 0.0
    added_by: str = ""
    active: bool = True

    def speaks_for(self, team: str) -> bool:
        return team in self.teams or ALL_TEAMS in self.teams

    def to_json(self) -> dict[str, Json]:
        return {
            "action": "add",
            "name": self.name,
            "roles": [role.value for role in sorted(self.roles)],
            "teams": list(self.teams),
            "max_severity": self.max_severity.label,
            "token_id": self.token_id,
            "salt": self.salt,
            "verifier": self.verifier,
            "by": self.added_by,
        }


def new_operator(
    name: str,
    *,
    roles: Iterable[Role | str],
    teams: Iterable[str] = (ALL_TEAMS,),
    max_severity: Severity = Severity.CRITICAL,
) -> tuple[Operator, str]:
    """A new operator and the token, which nothing else will ever hold.

    Raises: ApprovalError naming what is not acceptable."""
    if not (0 < len(name) <= 64 and set(name) <= _NAME_CHARACTERS):
        raise ApprovalError("operator name: expected 1 to 64 of a-z, 0-9, '.', '_', '@' and '-'")
    try:
        known = frozenset(Role(r) for r in roles)
    except ValueError:
        raise ApprovalError(f"operator roles: expected some of {', '.join(Role)}") from None
    speaks = tuple(dict.fromkeys(teams))
    if not known or not speaks or not all(speaks):
        raise ApprovalError("operator: expected at least one role and one team (`*` for all)")
    token_id, secret, salt = secrets.token_hex(4), secrets.token_urlsafe(32), secrets.token_hex(16)
    token = f"{TOKEN_PREFIX}_{token_id}_{secret}"
    operator = Operator(
        name=name,
        roles=known,
        teams=speaks,
        max_severity=max_severity,
        token_id=token_id,
        salt=salt,
        verifier=verifier_of(token, salt),
    )
    return operator, token


def verifier_of(token: str, salt: str) -> str:
    """HMAC-SHA256 of ``token`` under ``salt`` (hex), hex."""
    return hmac.new(bytes.fromhex(salt), token.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class OperatorBook:
    """All operators that were ever added, by name."""

    by_name: Mapping[str, Operator]

    @classmethod
    def fold(cls, entries: Iterable[LedgerEntry]) -> OperatorBook:
        """The book that the operator records tell of. Raises: LedgerError when one is malformed."""
        book: dict[str, Operator] = {}
        for entry in entries:
            if entry.kind is EntryKind.OPERATOR:
                _apply(book, entry)
        return cls(book)

    @property
    def active(self) -> tuple[Operator, ...]:
        return tuple(o for o in self.by_name.values() if o.active)

    def holder(self, token: str) -> Operator:
        """The active operator whose token this is. Raises: ApprovalError, the same for every cause."""
        presented = token.strip()
        found: Operator | None = None
        for operator in self.by_name.values():
            # Every record is compared, and in constant time, so that timing tells nothing.
            if hmac.compare_digest(verifier_of(presented, operator.salt), operator.verifier) and operator.active:
                found = operator
        if found is None:
            raise ApprovalError("expected the token of an active operator")
        return found

    def administrators(self) -> tuple[Operator, ...]:
        return tuple(o for o in self.active if Role.POLICY_ADMIN in o.roles)


def is_requester(operator: str, principal: str, agent_id: str) -> bool:
    """True if the operator's name is one under which the requester acts. Spelling tricks (case,
    width, a `user:` in front) make no other person."""
    own = {principal, agent_id, f"{principal}/{agent_id}", principal.rpartition(":")[2]}
    return _folded(operator) in {_folded(name) for name in own}


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().strip()


def _apply(book: dict[str, Operator], entry: LedgerEntry) -> None:
    payload = entry.payload
    name = text(payload, "name")
    match payload.get("action"):
        case "add":
            book[name] = Operator(
                name=name,
                roles=frozenset(Role(r) for r in texts(payload, "roles") if r in set(Role)),
                teams=texts(payload, "teams"),
                max_severity=Severity.parse(text(payload, "max_severity")),
                token_id=text(payload, "token_id"),
                salt=text(payload, "salt"),
                verifier=text(payload, "verifier"),
                added_at=entry.at,
                added_by=text(payload, "by"),
            )
        case "remove" if name in book:
            book[name] = replace(book[name], active=False)
        case _:
            pass
