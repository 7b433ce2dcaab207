"""Reads an operator's token from the terminal only: never from arguments or the environment,
where an agent with a shell could read or set it (DESIGN §8)."""

from __future__ import annotations

import getpass
import sys

from agentgate_mcp.cli.terminal import fail


def read_token(whose: str = "operator token") -> str:
    """Ask for a token on the terminal, without echo. Ends with exit code 1 when there is none."""
    if not sys.stdin.isatty():
        fail("a token is read from a terminal only; run this command in one")
    token = getpass.getpass(f"{whose}: ").strip()
    if not token:
        fail("expected a token, got nothing")
    return token
