"""The ordered scales on which verdicts are given."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Decision(IntEnum):
    """ALLOW < REQUIRE_APPROVAL < BLOCK; the strongest wins. The wire form is ``.name``."""

    ALLOW = 0
    REQUIRE_APPROVAL = 1
    BLOCK = 2


class Severity(IntEnum):
    """none < low < medium < high < critical. The wire form is ``.label``."""

    NONE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def label(self) -> str:
        return self.name.lower()

    @classmethod
    def parse(cls, label: str) -> Severity:
        """The severity called ``label``. Raises: ValueError naming the accepted labels."""
        try:
            return cls[label.upper()]
        except KeyError:
            known = ", ".join(s.label for s in cls)
            raise ValueError(f"severity: expected one of {known}, got {label!r}") from None


class SideEffect(StrEnum):
    """What a tool can do to the world (DESIGN §5)."""

    READ = "read"
    PROPOSE = "propose"
    RESPOND = "respond"
    EGRESS = "egress"


class ParamRole(StrEnum):
    """What an argument decides: where an effect lands, what is looked at, or free text."""

    SINK = "sink"
    SELECTOR = "selector"
    BODY = "body"


class Trust(StrEnum):
    """How far the author of a value is trusted, strongest first."""

    USER = "user"
    CONFIG = "config"
    STRUCTURED = "structured-trusted"
    WRITABLE = "attacker-writable"


class Label(StrEnum):
    """Where an argument's value came from."""

    PROMPT = "PROMPT"
    CONSTANT = "CONSTANT"
    TRUSTED = "TRUSTED"
    UNTRUSTED = "UNTRUSTED"
    NOVEL = "NOVEL"
    DERIVED = "DERIVED"


class Stage(StrEnum):
    """The six stages, in the order in which they run."""

    INJECTION = "injection"
    PROVENANCE = "provenance"
    BLAST_RADIUS = "blast_radius"
    COST = "cost"
    POLICY = "policy"
    DECISION = "decision"


class Profile(StrEnum):
    """How a site runs: everything enforced, or read-only with soft read policies shadowed."""

    ENFORCE = "enforce"
    OBSERVE = "observe"
