"""The bearer token of one process."""

from __future__ import annotations

import anyio
import pytest

from agentgate_mcp.server.auth import BearerToken, auth_settings
from agentgate_mcp.server.identity import Identity

pytestmark = pytest.mark.req("server.http-auth")
WHO = Identity(principal="alice", agent_id="tester")


def verified(bearer: BearerToken, token: str) -> tuple[str | None, str] | None:
    access = anyio.run(bearer.verify_token, token)
    return None if access is None else (access.subject, access.client_id)


def test_only_the_issued_token_is_accepted_and_stands_for_the_user_and_agent() -> None:
    bearer = BearerToken(WHO)
    for token in ("", "x", "\ud800"):
        assert verified(bearer, token) is None
    issued = bearer.issue()
    assert len(issued) >= 40
    assert verified(bearer, issued) == ("alice", "tester")
    for token in (issued + " ", issued[:-1], issued.upper(), ""):
        assert verified(bearer, token) is None


def test_a_new_token_replaces_the_old_one_and_neither_is_kept() -> None:
    bearer = BearerToken(WHO)
    first, second = bearer.issue(), bearer.issue()
    assert first != second
    assert verified(bearer, first) is None
    assert verified(bearer, second) is not None
    access = anyio.run(bearer.verify_token, second)
    assert access is not None
    assert second not in repr(vars(bearer)) + access.model_dump_json()


def test_no_oauth_server_is_advertised() -> None:
    settings = auth_settings("http://127.0.0.1:8000")
    assert settings.resource_server_url is None
    assert settings.required_scopes
