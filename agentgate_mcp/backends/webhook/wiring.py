"""Puts the executor into a deployment's ports, where one is configured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from starlette.routing import Route

from agentgate_mcp.backends.embedded.sqlite import Database
from agentgate_mcp.backends.ports import Backends
from agentgate_mcp.backends.webhook.endpoint import Endpoint
from agentgate_mcp.backends.webhook.responder import WebhookResponder
from agentgate_mcp.backends.webhook.route import callback_route
from agentgate_mcp.backends.webhook.tracker import Tracker
from agentgate_mcp.permits import PermitBook
from agentgate_mcp.redact import Redactor


def responding(
    endpoint: Endpoint,
    redactor: Redactor,
    clock: Callable[[], float],
    opened: Callable[[Callable[[Database, PermitBook], WebhookResponder]], Backends],
) -> Backends:
    """``opened`` with a responder that acts; `follow` tracks open actions, and `close` ends that."""
    made: list[WebhookResponder] = []

    def make(database: Database, book: PermitBook) -> WebhookResponder:
        made.append(WebhookResponder(database, book, endpoint=endpoint, redactor=redactor, clock=clock))
        return made[-1]

    backends = opened(make)
    tracker = Tracker(made[-1].settle)

    def close() -> None:
        tracker.close()
        backends.close()

    return replace(backends, follow=tracker.start, close=close)


def callback_routes(backends: Backends) -> tuple[Route, ...]:
    """What an HTTP server mounts for the executor's callbacks; nothing where none is configured."""
    responder = backends.responder
    return (callback_route(responder),) if isinstance(responder, WebhookResponder) else ()
