"""Who is asking, and what a client may say about it."""

from __future__ import annotations

import os
import sys
from typing import Any

import pytest
from mcp.server.auth.middleware.auth_context import auth_context_var
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken

from agentgate_mcp.errors import ArgumentError, InputError
from agentgate_mcp.server.identity import Asserted, Identity, TokenIdentity, local_user, read_asserted


@pytest.mark.req("server.identity")
@pytest.mark.skipif(sys.platform == "win32", reason="the user database is a POSIX one")
def test_the_local_user_comes_from_the_process_not_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import pwd

    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    assert local_user() == pwd.getpwuid(os.getuid()).pw_name


@pytest.mark.req("server.identity")
def test_the_requester_over_http_is_the_tokens_subject_and_client() -> None:
    with pytest.raises(InputError):
        TokenIdentity().current()
    token = AccessToken(token="t", client_id="cursor", scopes=[], subject="alice")
    mark = auth_context_var.set(AuthenticatedUser(token))
    try:
        assert TokenIdentity().current() == Identity(principal="alice", agent_id="cursor")
    finally:
        auth_context_var.reset(mark)


@pytest.mark.req("server.meta")
def test_absent_assertions_are_absent() -> None:
    for params in (None, {}, {"_meta": None}, {"_meta": {"progressToken": 1}}, {"_meta": "no mapping"}):
        assert read_asserted(params) == Asserted()


@pytest.mark.req("server.meta")
@pytest.mark.parametrize(
    ("key", "value", "field"),
    [
        ("agentgate/raw_user_prompt", ["x"], "_meta/agentgate/raw_user_prompt"),
        ("agentgate/incoming_context", {"a": "b"}, "_meta/agentgate/incoming_context"),
        ("agentgate/incoming_context", ["a", None], "_meta/agentgate/incoming_context/1"),
        ("agentgate/agent_id", "", "_meta/agentgate/agent_id"),
        ("agentgate/agent_id", "a b", "_meta/agentgate/agent_id"),
        ("agentgate/agent_id", 5, "_meta/agentgate/agent_id"),
        ("agentgate/other", 1, "_meta/agentgate/other"),
    ],
)
def test_a_wrong_type_names_its_key(key: str, value: Any, field: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        read_asserted({"_meta": {key: value}})
    assert caught.value.field == field


@pytest.mark.req("server.meta")
@pytest.mark.parametrize(
    ("key", "most", "over"),
    [
        ("agentgate/raw_user_prompt", "x" * 65_536, "x" * 65_537),
        ("agentgate/incoming_context", ["x"] * 64, ["x"] * 65),
        ("agentgate/incoming_context", ["x" * 131_072] * 2, ["x" * 131_072, "x" * 131_072, "y"]),
    ],
)
def test_what_comes_along_with_a_call_is_bounded(key: str, most: Any, over: Any) -> None:
    read_asserted({"_meta": {key: most}})
    with pytest.raises(ArgumentError, match="at most") as caught:
        read_asserted({"_meta": {key: over}})
    assert caught.value.field == f"_meta/{key}"
