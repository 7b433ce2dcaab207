"""One bearer token for HTTP on loopback: made at start, shown once, compared in constant time.

It stands in until there is real authentication, which is why nothing but loopback is served. The
token stands for the user who started the server and for the configured agent.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from pydantic import AnyHttpUrl

from agentgate_mcp.server.identity import Identity

SCOPE = "agentgate"
_BYTES = 32


class BearerToken:
    """Verifies the one token of this process; keeps its hash, not the token."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._digest = b""

    def issue(self) -> str:
        """A new token, which replaces the last one. Shown to the person who starts the server."""
        token = secrets.token_urlsafe(_BYTES)
        self._digest = _digest(token)
        return token

    async def verify_token(self, token: str) -> AccessToken | None:
        """The access that ``token`` gives, or None. The time taken does not depend on the token."""
        if not hmac.compare_digest(_digest(token), self._digest):
            return None
        # The SDK keeps this object for as long as a session lives: the hash stands for the token.
        return AccessToken(
            token=self._digest.hex(),
            client_id=self._identity.agent_id,
            subject=self._identity.principal,
            scopes=[SCOPE],
        )


def auth_settings(url: str) -> AuthSettings:
    """Settings for a token that no OAuth server issues: nothing is advertised to clients."""
    return AuthSettings(
        issuer_url=AnyHttpUrl(url), resource_server_url=None, validate_token_resource=False, required_scopes=[SCOPE]
    )


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
