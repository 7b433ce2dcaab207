"""The response executor behind a signed webhook: what it sends, what it learns, what it keeps."""

from agentgate_mcp.backends.webhook.endpoint import Endpoint, read_endpoint
from agentgate_mcp.backends.webhook.responder import WebhookResponder
from agentgate_mcp.backends.webhook.route import callback_route
from agentgate_mcp.backends.webhook.tracker import Tracker
from agentgate_mcp.backends.webhook.wiring import callback_routes, responding

__all__ = [
    "Endpoint",
    "Tracker",
    "WebhookResponder",
    "callback_route",
    "callback_routes",
    "read_endpoint",
    "responding",
]
