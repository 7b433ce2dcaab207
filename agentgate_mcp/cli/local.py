"""One call through dispatch as the user of this terminal: gated and recorded like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentgate_mcp.cli.terminal import err, fail
from agentgate_mcp.model.call import Json

if TYPE_CHECKING:
    from agentgate_mcp.config import Settings


def call_tool(settings: Settings, tool: str, arguments: dict[str, Json]) -> dict[str, Json]:
    """The released result without the frames that tell a model where data begins.

    Ends with exit code 1 and the reason when the call is held or refused."""
    import anyio

    from agentgate_mcp.compose import open_deployment
    from agentgate_mcp.dispatch.request import CallRequest
    from agentgate_mcp.model.verdict import Released
    from agentgate_mcp.server.identity import local_user
    from investigation.rows import unframed

    deployment = open_deployment(settings)

    async def progress(_done: float, _total: float | None, message: str) -> None:
        status.update(message)

    async def go() -> dict[str, Json]:
        request = CallRequest(tool=tool, arguments=arguments, principal=local_user(), agent_id=settings.agent_id)
        outcome = await deployment.dispatcher.execute(request, progress)
        if not isinstance(outcome, Released):
            fail(outcome.message)
        found = unframed(outcome.result, [])
        return found if isinstance(found, dict) else {}

    with deployment, err.status("starting") as status:
        return anyio.run(go)
