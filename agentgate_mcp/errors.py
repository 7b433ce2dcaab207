"""Every error that AgentGate raises on purpose.

    AgentGateError
    ├── ConfigError            a setting is missing, unknown or malformed
    ├── InputError             a caller sent something that is not acceptable
    │   ├── CanonicalError     JSON that has no single canonical reading
    │   ├── ArgumentError      a tool argument: names the field, what was expected, what came
    │   └── NotFoundError      a named thing does not exist; carries the nearest names
    ├── SplError               a search that cannot be read; carries position and expectation
    │   └── UnsupportedSplError   a command or function that this engine does not have
    ├── DataError              a data file that cannot be loaded; carries file and location
    ├── PolicyError            a policy file that cannot be loaded; carries file and location
    ├── GateError              a decision could not be reached: always ends in BLOCK
    │   └── BudgetError        a stage used up its work budget
    ├── PermitError            an effect was attempted without a valid, unused permit
    ├── LedgerError            a record could not be made durable, or does not verify
    │   └── LedgerFullError    the outbox or the disk cannot take more
    ├── ApprovalError          an approval is missing, stale, used, or not this person's to give
    └── BackendError           Splunk, a feed or a responder failed
        └── BackendTimeout     it did not answer in time

A message says what was expected and what came; it never holds a secret or a host name.
"""

from __future__ import annotations


class AgentGateError(Exception):
    """Base of the tree; ``code`` is stable and goes to programs, the text is for people."""

    code = "error"


class ConfigError(AgentGateError):
    code = "config"


class InputError(AgentGateError):
    code = "input"


class CanonicalError(InputError):
    code = "canonical"


class ArgumentError(InputError):
    """One argument of one tool is not acceptable."""

    code = "argument"

    def __init__(self, field: str, expected: str, got: str) -> None:
        super().__init__(f"{field}: expected {expected}, got {got}")
        self.field, self.expected, self.got = field, expected, got


class NotFoundError(InputError):
    """A named object does not exist; ``nearest`` holds up to three similar names that do."""

    code = "not_found"

    def __init__(self, kind: str, name: str, nearest: tuple[str, ...] = ()) -> None:
        hint = f"; did you mean {', '.join(nearest)}?" if nearest else ""
        super().__init__(f"no {kind} named {name!r}{hint}")
        self.kind, self.name, self.nearest = kind, name, nearest


class SplError(AgentGateError):
    """A search that cannot be read. ``position`` counts characters from 0."""

    code = "spl"

    def __init__(self, message: str, position: int, expected: str = "") -> None:
        tail = f"; expected {expected}" if expected else ""
        super().__init__(f"{message} at position {position}{tail}")
        self.problem, self.position, self.expected = message, position, expected


class UnsupportedSplError(SplError):
    code = "spl_unsupported"


class DataError(AgentGateError):
    """A data file is malformed. ``location`` is a line, a JSON path or a byte offset."""

    code = "data"

    def __init__(self, file: str, location: str, problem: str) -> None:
        super().__init__(f"{file}: {location}: {problem}")
        self.file, self.location, self.problem = file, location, problem


class PolicyError(DataError):
    code = "policy"


class GateError(AgentGateError):
    code = "gate"


class BudgetError(GateError):
    code = "budget"


class PermitError(AgentGateError):
    code = "permit"


class LedgerError(AgentGateError):
    code = "ledger"


class LedgerFullError(LedgerError):
    code = "ledger_full"


class ApprovalError(AgentGateError):
    code = "approval"


class BackendError(AgentGateError):
    code = "backend"


class BackendTimeout(BackendError):
    code = "backend_timeout"
