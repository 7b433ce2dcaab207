"""Changes to knowledge objects. What the gate lets through is executed, with a way back."""

from __future__ import annotations

from dataclasses import dataclass

from agentgate_mcp.backends.ports import Backends
from agentgate_mcp.effects import effects_of
from agentgate_mcp.errors import PermitError
from agentgate_mcp.tools.definition import Input, Output, ToolContext


class Change(Output):
    change_id: str
    action: str
    object: str
    rollback: str


class Changes(Output):
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class ProposeTools:
    backends: Backends

    async def propose(self, _args: Input, ctx: ToolContext) -> Changes:
        """Execute the changes of this call, all or none."""
        changes = effects_of(ctx.call.tool_name, ctx.call.arguments).changes
        if ctx.permit is None:
            raise PermitError("a change needs a permit")
        records = await ctx.thread(self.backends.knowledge.apply, changes, permit=ctx.permit, at=ctx.as_of)
        return Changes(
            changes=tuple(
                Change(
                    change_id=r.change_id,
                    action=r.change.action,
                    object=r.change.target,
                    rollback=f"agentgate-mcp changes rollback {r.change_id}",
                )
                for r in records
            )
        )
