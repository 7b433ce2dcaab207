"""How long the argument scan and the provenance stage take, with a session as full as it gets."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Final, TypeVar

from agentgate_mcp.bench.frame import Measure, Options, percentiles
from agentgate_mcp.effects import effects_of
from agentgate_mcp.gate import provenance
from agentgate_mcp.gate.context import Budget, StageContext
from agentgate_mcp.gate.injection import stage as injection
from agentgate_mcp.gate.leaves import leaves_of
from agentgate_mcp.gate.output import scan_output
from agentgate_mcp.gate.pipeline import WORK_BUDGET
from agentgate_mcp.gate.session import MAX_READS, SessionState
from agentgate_mcp.gate.world import World
from agentgate_mcp.model.call import Json, ToolCall
from agentgate_mcp.model.facts import InjectionFacts

T = TypeVar("T")
_AS_OF: Final = 1_795_000_000.0
_ROWS: Final = 100
_GOAL_MS: Final = 0.08
_CALLS: Final[tuple[tuple[str, dict[str, Json], str], ...]] = (
    (
        "splunk_run_query",
        {"query": "search index=auth user=j.doe action=failure | stats count by src", "earliest_time": "-24h"},
        "who failed to log on as j.doe?",
    ),
    ("telemetry_pivot", {"kind": "ip", "value": "203.0.113.45"}, "look at 203.0.113.45"),
    (
        "propose_disable_saved_search",
        {"name": "SOC - Daily Alert Summary", "app": "", "reason": "noise"},
        "disable SOC - Daily Alert Summary",
    ),
    (
        "response_request_action",
        {"action": "isolate_host", "target": "wks-031", "reason": "beacon", "simulate_response": True},
        "isolate wks-031",
    ),
)


def speed_measures(world: World, options: Options, details: dict[str, Json]) -> list[Measure]:
    """Percentiles over typical calls in turn; the baseline is a plain scan of the same reads for the same values."""
    session, texts = full_session(options.seed)
    rounds = 50 if options.quick else 500
    contexts = [_context(world, session, *call) for call in _CALLS]
    for ctx in contexts:
        _both(ctx)
    stage: list[float] = []
    scan: list[float] = []
    for _ in range(rounds):
        stage.extend(_ms(lambda c=ctx: _both(c)) for ctx in contexts)
    for _ in range(max(5, rounds // 50)):
        scan.extend(_ms(lambda c=ctx: _plain_scan(c, texts)) for ctx in contexts)
    middle, high = percentiles(stage, 50, 95)
    (plain,) = percentiles(scan, 50)
    kept = sum(len(read.event.leaves) for read in session.reads)
    details["speed"] = {"reads": len(session.reads), "leaves": kept, "characters": sum(map(len, texts))}
    said = "argument scan and provenance, typical calls, full session"
    scanned = "one pass over the texts that were read, per value"
    return [
        Measure(
            name="stages_p50",
            value=round(middle, 4),
            unit="ms",
            n=len(stage),
            goal=_GOAL_MS,
            baseline=round(plain, 4),
            baseline_of=scanned,
            note=said,
        ),
        Measure(name="stages_p95", value=round(high, 4), unit="ms", n=len(stage), note=said),
    ]


def full_session(seed: int) -> tuple[SessionState, tuple[str, ...]]:
    """A session with as many reads of a hundred rows as one keeps, and all their texts."""
    made = random.Random(seed)
    session = SessionState.empty()
    texts: list[str] = []
    for number in range(MAX_READS):
        rows: list[Json] = [
            {
                "_time": _AS_OF - made.random() * 1000,
                "event_id": f"e-{number}-{row}",
                "src": f"10.{made.randrange(40)}.{made.randrange(250)}.{made.randrange(250)}",
                "dest": f"192.0.2.{made.randrange(250)}",
                "user": f"user{made.randrange(500)}",
                "http_user_agent": f"agent/{made.randrange(90)}.{made.randrange(9)} (host {made.randrange(9999)})",
                "uri": f"/app/{made.randrange(400)}/item?id={made.randrange(10**9)}",
            }
            for row in range(_ROWS)
        ]
        result: dict[str, Json] = {"rows": rows, "total": _ROWS}
        event = scan_output("splunk_run_query", f"c{number}", result, at=_AS_OF - 60, frame="f").event
        session = session.apply(event)
        texts.append("\n".join(v.lower() for _, v in leaves_of(result) if isinstance(v, str)))
    return session, tuple(texts)


def _context(world: World, session: SessionState, tool: str, arguments: dict[str, Json], prompt: str) -> StageContext:
    call = ToolCall(
        call_id="c",
        parent_id=None,
        principal="bench",
        agent_id="agent",
        tool_name=tool,
        arguments=arguments,
        raw_user_prompt=prompt,
        incoming_context=(),
        digest="0" * 64,
    )
    return StageContext(
        call=call,
        spec=world.tools.get(tool),
        effects=effects_of(tool, arguments),
        session=session,
        world=world,
        as_of=_AS_OF,
        budget=Budget(WORK_BUDGET),
    )


def _both(ctx: StageContext) -> None:
    ctx.budget = Budget(WORK_BUDGET)
    found = injection.run(ctx).facts
    if isinstance(found, InjectionFacts):
        ctx.injection = found
    provenance.run(ctx)


def _plain_scan(ctx: StageContext, texts: tuple[str, ...]) -> int:
    values = [v.lower() for _, v in leaves_of(dict(ctx.call.arguments)) if isinstance(v, str) and v]
    return sum(value in text for value in values for text in texts)


def _ms(work: Callable[[], T]) -> float:
    start = time.thread_time_ns()
    work()
    return (time.thread_time_ns() - start) / 1e6
