"""Response actions: planned and recorded by default, real only after the gate and a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from agentgate_mcp.backends.ports import ActionReceipt, Backends, ReceiptStatus
from agentgate_mcp.effects import effects_of
from agentgate_mcp.tools import inputs
from agentgate_mcp.tools.definition import Output, ToolContext


class Receipt(Output):
    """What became of one action. ``expires_at`` is epoch seconds; None means until undone."""

    action_id: str
    action: str
    target: str
    status: ReceiptStatus
    at: float
    expires_at: float | None
    rollback: str
    detail: str
    duplicate_of: str


class Receipts(Output):
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True)
class ResponseTools:
    backends: Backends

    async def request_action(self, _args: inputs.RequestAction, ctx: ToolContext) -> Receipts:
        return await self._request(ctx)

    async def request_actions(self, _args: inputs.RequestActions, ctx: ToolContext) -> Receipts:
        return await self._request(ctx)

    async def _request(self, ctx: ToolContext) -> Receipts:
        actions = effects_of(ctx.call.tool_name, ctx.call.arguments).actions
        got: Sequence[ActionReceipt] = await ctx.thread(
            self.backends.responder.request, actions, permit=ctx.permit, call_id=ctx.call.call_id, at=ctx.as_of
        )
        return Receipts(receipts=tuple(Receipt(**asdict(r)) for r in got))
