"""Puts on record what is refused before it becomes a call (R9), by whichever layer refuses it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Protocol, cast

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, INVALID_REQUEST, PARSE_ERROR
from pydantic import ValidationError

from agentgate_mcp.errors import AgentGateError, InputError
from agentgate_mcp.server.identity import IdentitySource
from agentgate_mcp.server.wire import first_problem

logger = logging.getLogger(__name__)

MALFORMED = frozenset({PARSE_ERROR, INVALID_REQUEST, INVALID_PARAMS})
"""Codes that say: this message was not acceptable. Others negotiate, and are not refusals."""
UNKNOWN_PRINCIPAL = "unauthenticated"


class RefusalLog(Protocol):
    """The part of a gatekeeper that keeps wire refusals."""

    async def refuse_wire(self, principal: str, reason: str, location: str) -> None: ...


class RefusalRecorder:
    """Writes wire refusals through the gatekeeper; says whether the record is durable."""

    def __init__(self, log: RefusalLog, identities: IdentitySource) -> None:
        self._log = log
        self._identities = identities

    async def record(self, reason: str, location: str, *, principal: str | None = None) -> bool:
        """True when the record is durable. The message is refused either way."""
        try:
            await self._log.refuse_wire(principal or self._principal(), reason[:500], location[:200])
        except Exception as error:  # deny-on-error: the message stays refused, and its answer says "not recorded"
            code = error.code if isinstance(error, AgentGateError) else type(error).__name__
            logger.warning("a refusal could not be recorded: %s", code)
            return False
        return True

    def _principal(self) -> str:
        try:
            return self._identities.current().principal
        except InputError:
            return UNKNOWN_PRINCIPAL


class RefusalWatch:
    """SDK middleware, outermost: records every message that the SDK refuses as malformed.

    It only looks and refuses; no decision is taken here."""

    def __init__(self, recorder: RefusalRecorder) -> None:
        self._recorder = recorder

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        try:
            return await call_next(ctx)
        except MCPError as error:
            if error.code not in MALFORMED or is_recorded(error.data):
                raise
            recorded = await self._recorder.record(error.message, ctx.method)
            raise MCPError(error.code, error.message, marked(error.data, error.message, "", recorded)) from error
        except ValidationError as error:
            reason, place = first_problem(error)
            location = f"/params{place}" if not place.startswith("/params") else place
            recorded = await self._recorder.record(reason, f"{ctx.method} {location}")
            message = f"Invalid request parameters at {location}: {reason}"
            raise MCPError(INVALID_PARAMS, message, marked(None, reason, location, recorded)) from error


def is_recorded(data: object) -> bool:
    """Whether an error's data says that its refusal was dealt with."""
    return isinstance(data, Mapping) and "recorded" in cast("Mapping[str, object]", data)


def marked(data: object, reason: str, location: str, recorded: bool) -> dict[str, Any]:
    """Error data with the reason, the place and whether the refusal is on record."""
    own = dict(cast("Mapping[str, Any]", data)) if isinstance(data, Mapping) else {}
    return {"reason": reason, "location": location, **own, "recorded": recorded}
