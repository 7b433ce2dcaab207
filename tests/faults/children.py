"""What the child processes do, and how they are started: forked from a process that has imported all.

A child talks in lines over a pipe: a mark and, where there is one, an id.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import multiprocessing.forkserver
import os
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

import anyio

from agentgate_mcp import config
from agentgate_mcp.backends.embedded import journal
from agentgate_mcp.backends.embedded.objects import KnowledgeStore
from agentgate_mcp.compose import Deployment, open_deployment
from agentgate_mcp.dispatch.request import CallRequest
from agentgate_mcp.gate.pipeline import STAGES, Pipeline
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.decision import Stage
from agentgate_mcp.model.verdict import Held, Released

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
"""Seconds until a missing answer is a failure; never a wait that is expected to run out."""


class Child:
    """One process that runs ``function(*arguments, pipe)``; killed at the end of its block."""

    def __init__(self, context: ForkServerContext, function: Callable[..., None], *arguments: object) -> None:
        self._pipe, theirs = context.Pipe(duplex=False)
        self.process: ForkServerProcess = context.Process(target=function, args=(*arguments, theirs))
        self.process.start()
        theirs.close()
        self._rest = b""

    def line(self) -> str:
        """The next line that the child wrote; empty at its end."""
        while b"\n" not in self._rest:
            assert self._pipe.poll(PATIENCE), "the child neither says anything nor ends"
            more = os.read(self._pipe.fileno(), 4096)
            if not more:
                return ""
            self._rest += more
        line, self._rest = self._rest.split(b"\n", 1)
        return line.decode()

    def lines(self) -> Iterator[str]:
        while line := self.line():
            yield line

    def ended(self) -> int | None:
        """The exit code, once the child has ended by itself or by a signal."""
        self.process.join(PATIENCE)
        return self.process.exitcode

    def close(self) -> None:
        self.process.kill()
        self.process.join(PATIENCE)
        self.process.close()
        self._pipe.close()


@contextmanager
def started(function: Callable[..., None], *arguments: object) -> Iterator[Child]:
    child = Child(_nursery(), function, *arguments)
    try:
        yield child
    finally:
        child.close()


def _nursery() -> ForkServerContext:
    """Starts children by forking, which takes milliseconds where an import takes seconds."""
    context = multiprocessing.get_context("forkserver")
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(ROOT)  # read by the nursery when it starts, at the first child
    try:
        context.set_forkserver_preload(["tests.faults.children"])
        multiprocessing.forkserver.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
    return context


def opened(state: Path, pipeline: Pipeline | None = None, **settings: Any) -> Deployment:
    return open_deployment(config.load(environ={"AGENTGATE_STATE_DIR": str(state)}, **settings), pipeline=pipeline)


def _tell(pipe: Connection, line: str) -> None:
    # Short writes to a pipe are whole, whichever thread makes them.
    os.write(pipe.fileno(), line.encode() + b"\n")


# --- a stage that hangs -----------------------------------------------------------------------


def _spin() -> None:
    while True:
        pass


def _block() -> None:
    threading.Event().wait()


def _read() -> None:
    os.read(os.pipe()[0], 1)


def _lock() -> None:
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


HANGS: dict[str, Callable[[], None]] = {"spins": _spin, "blocks": _block, "reads": _read, "deadlocks": _lock}


def hang(state: Path, stage: Stage, how: str, request: CallRequest, then: str, pipe: Connection) -> None:
    """Makes one call whose ``stage`` hangs, and says what came of it. ``then`` the client `waits`,
    `leaves` so that the server has nothing more to do, or has it `cancelled` while the stage hangs."""
    cancel: list[Callable[[], object]] = []

    def hanging(_ctx: object) -> Any:
        if then == "cancelled":
            cancel[0]()
        HANGS[how]()

    stages = tuple((s, hanging if s is stage else run) for s, run in STAGES)
    deployment = opened(state, Pipeline(stages=stages), gate_timeout_s=0.3, watchdog_s=0.3)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        with anyio.CancelScope() as scope:
            cancel.append(lambda: loop.call_soon_threadsafe(scope.cancel))
            outcome = await deployment.dispatcher.execute(request)
            _tell(pipe, f"{type(outcome).__name__} {getattr(outcome, 'code', '')}")
        if scope.cancelled_caught:
            _tell(pipe, "cancelled")
        if then != "leaves":
            await anyio.sleep_forever()

    anyio.run(run)


# --- mixed calls, until killed ----------------------------------------------------------------

MACRO = "network_long_dns_names_filter"


def mixed(rng: random.Random, n: int) -> CallRequest:
    """One of the calls of an ordinary day: reads, allowed changes, held calls, responses, a case."""

    def ask(tool: str, arguments: Json, prompt: str | None = None) -> CallRequest:
        who = f"p{rng.randrange(10**9)}"
        return CallRequest(
            tool=tool, arguments=arguments, principal=who, agent_id="analyst-network", raw_user_prompt=prompt
        )

    definition = f'search NOT query="*.n{n}-{rng.randrange(10**6)}.example"'
    response: dict[str, Json] = {"action": "block_ip", "target": f"198.51.100.{rng.randrange(250)}", "reason": "c2"}
    change: Json = {"name": MACRO, "settings": {"definition": definition}, "reason": "tuning"}
    return rng.choice(
        [
            ask("splunk_get_info", {}),
            ask("splunk_run_query", {"query": "search index=auth | stats count by action", "earliest_time": "-4h"}),
            ask("telemetry_get_case", {"case_id": "0"}),
            ask("propose_modify_macro", change, f"set the macro {MACRO} to {definition}"),
            ask("propose_modify_macro", change, f"set the macro {MACRO} to {definition}"),
            ask("response_request_action", response),
            ask("response_request_action", {**response, "simulate_response": False}),
            ask("response_request_action", {**response, "simulate_response": False}),
            ask("splunk_run_query", {"query": f"search index=* {n}", "earliest_time": "-30d"}),
            ask("investigate_case", {"case_id": "1002"}),
        ]
    )


def work(state: Path, seed: int, token: str, stop_at: str, pipe: Connection) -> None:
    """Makes mixed calls, three at a time, approving and resuming what is held, until it is killed.

    Says `durable` after each commit of the ledger, `effect` before and `made` after each effect is
    written in its transaction, `applied` after that is committed, and `released` with the call's id
    when the caller has the result. The thread that says ``stop_at`` goes no further."""
    rng = random.Random(seed)
    deployment = opened(state)
    ready = threading.Event()

    def mark(name: str) -> None:
        _tell(pipe, name)
        if name == stop_at and ready.is_set():
            _block()

    deployment.office.ledger.subscribe(lambda _seq: mark("durable"))
    write, apply = journal.write, KnowledgeStore.apply

    def written(*arguments: Any) -> None:
        mark("effect")
        write(*arguments)
        mark("made")

    def applied(*arguments: Any, **named: Any) -> Any:
        records = apply(*arguments, **named)
        mark("applied")
        return records

    journal.write = written
    KnowledgeStore.apply = applied

    async def one(request: CallRequest) -> None:
        outcome = await deployment.dispatcher.execute(request)
        if isinstance(outcome, Held):
            await anyio.to_thread.run_sync(deployment.office.approvals.approve, outcome.finding_id, token, "seen")
            outcome = await deployment.dispatcher.execute(
                CallRequest(
                    tool="gate_resume",
                    arguments={"finding_id": outcome.finding_id},
                    principal=request.principal,
                    agent_id=request.agent_id,
                )
            )
        if isinstance(outcome, Released):
            _tell(pipe, f"released {outcome.call_id}")

    async def forever() -> None:
        await deployment.dispatcher.execute(
            CallRequest(tool="splunk_get_info", arguments={}, principal="w", agent_id="w")
        )
        _tell(pipe, "ready")
        ready.set()
        n = 0
        while True:
            async with anyio.create_task_group() as group:
                for _ in range(3):
                    n += 1
                    group.start_soon(one, mixed(rng, n))

    anyio.run(forever)
