"""Who is asking: authenticated by the transport, never read from arguments or free headers.

Over stdio the principal is the operating system's user, taken from the process and not from an
environment variable, with the configured agent. Over HTTP it is the token's subject with the
token's client. What `_meta` claims is kept apart: it may narrow, it never widens (DESIGN §3.1).
"""

from __future__ import annotations

import getpass
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

from mcp.server.auth.middleware.auth_context import get_access_token

from agentgate_mcp.errors import ArgumentError, InputError

PROMPT_KEY = "agentgate/raw_user_prompt"
CONTEXT_KEY = "agentgate/incoming_context"
AGENT_KEY = "agentgate/agent_id"
_KNOWN = (PROMPT_KEY, CONTEXT_KEY, AGENT_KEY)
MAX_PROMPT = 65_536
MAX_TEXTS = 64
MAX_CONTEXT = 262_144
"""Characters of a prompt; number of texts of a context, and their characters together. Each is
scanned, so what a client sends along must not cost more than a call may."""
_AGENT = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The requester: an authenticated principal and the agent that acts for it."""

    principal: str
    agent_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asserted:
    """What the client says of a call. Nothing here is checked against anything."""

    raw_user_prompt: str | None = None
    incoming_context: tuple[str, ...] = ()
    agent_id: str | None = None


class IdentitySource(Protocol):
    """Names the requester of the message that is being handled."""

    def current(self) -> Identity:
        """Raises: InputError when nobody is authenticated."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalIdentity:
    """One requester for the whole process: stdio."""

    identity: Identity

    def current(self) -> Identity:
        return self.identity


class TokenIdentity:
    """The requester of this very message: HTTP."""

    def current(self) -> Identity:
        token = get_access_token()
        if token is None:
            raise InputError("expected an authenticated principal, got none")
        return Identity(principal=token.subject or token.client_id, agent_id=token.client_id)


def local_user() -> str:
    """The name of the user that this process runs as."""
    if sys.platform == "win32":
        return getpass.getuser()
    import os
    import pwd

    uid = os.getuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid-{uid}"


def read_asserted(params: Mapping[str, Any] | None) -> Asserted:
    """What `_meta` claims, with strict types.

    Raises: ArgumentError naming the key, what was expected and what came."""
    meta = (params or {}).get("_meta")
    if not isinstance(meta, Mapping):
        return Asserted()
    given = cast("Mapping[str, Any]", meta)
    strange = sorted(k for k in given if k.startswith("agentgate/") and k not in _KNOWN)
    if strange:
        raise ArgumentError(f"_meta/{strange[0][:64]}", f"one of {', '.join(_KNOWN)}", "an unknown key")
    return Asserted(
        raw_user_prompt=_text(given, PROMPT_KEY, MAX_PROMPT),
        incoming_context=_texts(given, CONTEXT_KEY),
        agent_id=_agent(given),
    )


def _text(meta: Mapping[str, Any], key: str, most: int) -> str | None:
    value = meta.get(key)
    if value is not None and not isinstance(value, str):
        raise ArgumentError(f"_meta/{key}", "a string", type(value).__name__)
    if value is not None and len(value) > most:
        raise ArgumentError(f"_meta/{key}", f"at most {most} characters", str(len(value)))
    return value


def _texts(meta: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = meta.get(key)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise ArgumentError(f"_meta/{key}", "a list of strings", type(value).__name__)
    items = cast("list[Any]", value)
    if len(items) > MAX_TEXTS:
        raise ArgumentError(f"_meta/{key}", f"at most {MAX_TEXTS} texts", str(len(items)))
    for position, item in enumerate(items):
        if not isinstance(item, str):
            raise ArgumentError(f"_meta/{key}/{position}", "a string", type(item).__name__)
    texts = tuple(cast("list[str]", items))
    total = sum(map(len, texts))
    if total > MAX_CONTEXT:
        raise ArgumentError(f"_meta/{key}", f"at most {MAX_CONTEXT} characters together", str(total))
    return texts


def _agent(meta: Mapping[str, Any]) -> str | None:
    value = _text(meta, AGENT_KEY, MAX_PROMPT)
    if value is not None and not _AGENT.fullmatch(value):
        expected = "1 to 64 letters, digits, dots, dashes or underscores"
        raise ArgumentError(f"_meta/{AGENT_KEY}", expected, "another string")
    return value
