"""The outermost frame of the command line: however a command ends, a person gets one line at most
and a program an exit code (0 done, 1 refused or failed, 2 usage, 130 interrupted)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from agentgate_mcp.cli.terminal import complain
from agentgate_mcp.errors import AgentGateError


def run() -> None:
    """Run the command line and end the process. Raises: SystemExit."""
    code = _quietly()
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has left. What is still buffered must not complain again at the very end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = code or 1
    raise SystemExit(code)


def _quietly() -> int:
    try:
        from agentgate_mcp.cli.app import app

        app(prog_name="agentgate-mcp")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1 if end.code else 0
    except KeyboardInterrupt:
        return 130
    except AgentGateError as exc:
        complain(str(exc))
    except BrokenPipeError:
        return 1
    except OSError as exc:
        complain(said_of(exc))
    except Exception as exc:  # deny-on-error: a fault of ours is a failed command, told in one line
        if "--debug" in sys.argv[1:2]:
            raise
        complain(
            f"internal error: {type(exc).__name__} at {_place(exc)}; `agentgate-mcp --debug …` shows the traceback"
        )
        return 1
    return 1


def said_of(exc: OSError) -> str:
    """What the system refused, and on which file."""
    name = exc.filename if isinstance(exc.filename, str | Path) else ""
    return f"{name}: {exc.strerror or type(exc).__name__}" if name else exc.strerror or type(exc).__name__


def _place(exc: BaseException) -> str:
    trace = exc.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "an unknown place"
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
