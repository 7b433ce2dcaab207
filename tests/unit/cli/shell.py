"""The command line as a person uses it: in this process, and in a child with a terminal."""

from __future__ import annotations

import io
import json
import os
import pty
import select
import subprocess
import sys
import termios
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest

from agentgate_mcp import config
from agentgate_mcp.cli import boundary
from agentgate_mcp.compose import open_deployment
from agentgate_mcp.dispatch.request import CallRequest
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.verdict import Outcome

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 60.0
"""Seconds until a missing prompt is a failure; never a wait that is expected to run out."""
# The child makes the terminal on its stdin its controlling one, as a login shell would.
# A run that was started in the background ignores Ctrl-C and hands that down; a person's shell does not.
_CHILD = (
    "import fcntl, runpy, signal, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "signal.signal(signal.SIGINT, signal.default_int_handler); "
    "runpy.run_module('agentgate_mcp', run_name='__main__', alter_sys=True)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a command ended. On a terminal ``err`` holds the prompts too."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)

    def rows(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True, slots=True)
class Cli:
    """Runs commands against one state directory."""

    state: Path

    def __call__(self, *args: str | Path, stdin: str | bytes = b"", **env: str) -> Done:
        """One command in this process, without a terminal."""
        raw = stdin.encode() if isinstance(stdin, str) else stdin
        streams = [io.TextIOWrapper(io.BytesIO(data), encoding="utf-8") for data in (raw, b"", b"")]
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {"AGENTGATE_STATE_DIR": str(self.state), "ENABLE_LLM": "0", **env}.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["agentgate-mcp", *map(str, args)])
            for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
                patch.setattr(sys, name, stream)
            with pytest.raises(SystemExit) as end:
                boundary.run()
            said = [s.buffer.getvalue().decode() for s in streams[1:] if not s.flush()]  # type: ignore[attr-defined]
        return Done(code=int(end.value.code or 0), out=said[0], err=said[1])

    def environment(self, **env: str) -> dict[str, str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("AGENTGATE_")}
        return {**clean, "AGENTGATE_STATE_DIR": str(self.state), "ENABLE_LLM": "0", "NO_COLOR": "1", **env}

    def start(self, *args: str | Path, **env: str) -> subprocess.Popen[bytes]:
        """One command in a child, with three pipes."""
        pipe = subprocess.PIPE
        command = [sys.executable, "-m", "agentgate_mcp", *map(str, args)]
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=ROOT, env=self.environment(**env))

    def on_terminal(self, *args: str | Path, answers: Sequence[str]) -> Done:
        """One command in a child whose stdin and stderr are a terminal; each answer is typed at a prompt."""
        ours, theirs = pty.openpty()
        attributes = termios.tcgetattr(theirs)
        attributes[1] &= ~termios.OPOST
        termios.tcsetattr(theirs, termios.TCSANOW, attributes)
        command = [sys.executable, "-c", _CHILD, *map(str, args)]
        child = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=theirs,
            cwd=ROOT,
            env=self.environment(),
            start_new_session=True,
        )
        os.close(theirs)
        try:
            seen = _converse(ours, list(answers))
            assert child.stdout is not None
            with child.stdout:
                out = child.stdout.read()
            return Done(code=child.wait(PATIENCE), out=out.decode(), err=seen.decode(errors="replace"))
        finally:
            os.close(ours)
            if child.poll() is None:
                child.kill()
                child.wait()
            if child.stdout is not None:
                child.stdout.close()


def _converse(fd: int, answers: list[str]) -> bytes:
    """Type an answer at each prompt; gives everything that was shown until the child let go."""
    seen = since = b""
    while True:
        ready, _, _ = select.select([fd], [], [], PATIENCE)
        assert ready, f"nothing happened after {seen!r}"
        try:
            piece = os.read(fd, 4096)
        except OSError:  # EIO: the last one who had the terminal open is gone
            return seen
        if not piece:
            return seen
        seen, since = seen + piece, since + piece
        if since.endswith(b": ") and answers:
            answer = answers.pop(0)
            since = b""
            os.write(fd, answer.encode() if answer in ("\x03", "\x04") else answer.encode() + b"\n")


def dispatched(cli: Cli, *requests: CallRequest) -> list[Outcome]:
    """Calls through the whole gate, on the record that the commands see."""
    with open_deployment(config.load(None, {"AGENTGATE_STATE_DIR": str(cli.state)})) as deployment:

        async def go() -> list[Outcome]:
            return [await deployment.dispatcher.execute(request) for request in requests]

        return anyio.run(go)


def request(tool: str, arguments: dict[str, Json], prompt: str | None = None) -> CallRequest:
    return CallRequest(
        tool=tool, arguments=arguments, principal="dana", agent_id="engineer-soc", raw_user_prompt=prompt
    )
