"""The compiled graph at three sizes: hubs first, because a random object is needed by nobody.

A full verdict is what the gate asks for: which objects break and degrade, with their kinds, and the
redundancy of each technique, control and asset before and after. Beside it stands the least that
networkx would have to do for the same removal: everything downstream, and a count per technique.

The clock is the thread's processor time, for both: one thread computes and waits for nothing, so on
a machine of its own it is the time that passes, and on a shared one other work is not counted. What
passed on the wall is given beside, with the machine's load.
"""

from __future__ import annotations

import os
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from agentgate_mcp.bench.frame import Measure, Options, Report, percentiles
from agentgate_mcp.bench.synthetic_graph import SyntheticGraph, synthetic_graph
from agentgate_mcp.graph.adapter import Model, model_of
from agentgate_mcp.graph.index import Fallout, GraphIndex, compile_index, downstream, remove
from agentgate_mcp.model.call import Json

T = TypeVar("T")
SIZES: Final = (2_000, 20_000, 200_000)
_GOALS: Final[Mapping[int, Mapping[str, float]]] = {20_000: {"p99": 5.0}, 200_000: {"p99": 25.0, "max": 50.0}}
"""Milliseconds of a full verdict on a hub."""
_BUILD_GOAL_S = 2.0
_MEMORY_GOAL_MB = 300.0
_HUBS = 200
_ROUNDS = 5
_ORACLE_HUBS = {2_000: 40, 20_000: 40, 200_000: 12}


def run(options: Options, say: Callable[[str], None]) -> Report:
    """Builds, weighs and asks graphs of each size; the smaller ones only, if it has to be quick."""
    measures: list[Measure] = []
    details: dict[str, Json] = {}
    for size in SIZES[:2] if options.quick else SIZES:
        label = f"{size // 1000}k"
        say(f"{label}: generating")
        graph = synthetic_graph(size, options.seed)
        model, model_build = _timed_s(lambda g=graph: _model(g))
        measures += _build(graph, label, size, model_build, say)
        index = compile_index(graph.kinds, graph.groups, graph.detections)
        hubs = graph.hubs(_HUBS)
        say(f"{label}: asking")
        oracle = _oracle(graph, model, hubs[: _ORACLE_HUBS[size]])
        measures += _verdicts(index, hubs, label, size, oracle)
        measures += _random_nodes(index, options.seed, label)
        reach = [int(downstream(index, index.find([h])).sum()) for h in hubs]
        middle, high, most = percentiles(reach, 50, 95, 100)
        agreeing = sum(_plain_equals(index, model, h) for h in hubs[: _ORACLE_HUBS[size]])
        details[label] = {
            "nodes": index.size,
            "requirement_edges": graph.edges,
            "choices": int(index.choices.size.size),
            "detections": len(graph.detections),
            "hub_reach": {"p50": middle, "p95": high, "max": most},
            "hubs_equal_to_networkx": [agreeing, min(_ORACLE_HUBS[size], len(hubs))],
            "hash": index.hash,
        }
    details["load_average"] = [round(x, 2) for x in os.getloadavg()]
    details["memory"] = "peak of allocations during the build, by tracemalloc; the facts themselves are not in it"
    return Report(suite="graph", options=options, measures=tuple(measures), details=details)


def _build(
    graph: SyntheticGraph, label: str, size: int, model_build: float, say: Callable[[str], None]
) -> list[Measure]:
    times = sorted(_timed_s(lambda: compile_index(graph.kinds, graph.groups, graph.detections))[1] for _ in range(5))
    say(f"{label}: built in {times[2]:.2f} s; weighing")
    tracemalloc.start()
    index = compile_index(graph.kinds, graph.groups, graph.detections)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del index
    largest = size == SIZES[-1]
    return [
        Measure(
            name=f"build {label}", value=round(times[2], 4), unit="s", n=len(times),
            goal=_BUILD_GOAL_S if largest else None, baseline=round(model_build, 4), baseline_of="networkx",
            note="median of builds from parsed facts, hash and baseline states included",
        ),
        Measure(
            name=f"memory {label}", value=round(peak / 1e6, 2), unit="MB", n=1,
            goal=_MEMORY_GOAL_MB if largest else None, note=f"peak; {kept / 1e6:.1f} MB stay",
        ),
    ]  # fmt: skip


def _verdicts(index: GraphIndex, hubs: Sequence[str], label: str, size: int, oracle: Sequence[float]) -> list[Measure]:
    wall = time.perf_counter()
    samples = [_timed_ms(lambda h=hub: verdict(index, h)) for _ in range(_ROUNDS) for hub in hubs]
    wall = (time.perf_counter() - wall) * 1_000 / len(samples)
    mean = sum(samples) / len(samples)
    ours = percentiles(samples, 50, 95, 99, 100)
    theirs = percentiles(oracle, 50, 95, 99, 100)
    goals = _GOALS.get(size, {})
    return [
        Measure(
            name=f"verdict hub {label} {rank}", value=round(value, 3), unit="ms", n=len(samples),
            goal=goals.get(rank), baseline=round(other, 3),
            baseline_of=f"networkx, the {len(oracle)} largest hubs",
            note=f"mean {mean:.2f} ms, on the wall {wall:.2f} ms",
        )
        for rank, value, other in zip(("p50", "p95", "p99", "max"), ours, theirs, strict=True)
    ]  # fmt: skip


def _random_nodes(index: GraphIndex, seed: int, label: str) -> list[Measure]:
    nodes = [index.ids[(seed + n * 7919) % index.size] for n in range(500)]
    p50, p99 = percentiles([_timed_ms(lambda n=node: verdict(index, n)) for node in nodes], 50, 99)
    return [
        Measure(name=f"verdict random {label} p50", value=round(p50, 3), unit="ms", n=len(nodes)),
        Measure(name=f"verdict random {label} p99", value=round(p99, 3), unit="ms", n=len(nodes)),
    ]


def verdict(index: GraphIndex, node: str) -> tuple[Fallout, dict[str, int], dict[str, dict[str, tuple[int, int]]]]:
    """A whole answer: what breaks, by kind, and the cover by id before and after."""
    found = remove(index, [node])
    kinds = found.by_kind(found.broken)
    return found, kinds, {kind: found.cover(kind) for kind in ("technique", "control", "asset")}


def _model(graph: SyntheticGraph) -> Model:
    nothing: dict[str, Json] = {}
    edges = ((m, d, nothing) for d, groups in graph.groups.items() for g in groups for m in g.members)
    return model_of({n: {"kind": k} for n, k in graph.kinds.items()}, edges)


def _oracle(graph: SyntheticGraph, model: Model, hubs: Sequence[str]) -> list[float]:
    techniques = {d.id: d.techniques for d in graph.detections if d.counts}

    def ask(hub: str) -> dict[str, int]:
        lost: dict[str, int] = {}
        for node in model.descendants([hub]):
            for technique in techniques.get(node, ()):
                lost[technique] = lost.get(technique, 0) + 1
        return lost

    return [_timed_ms(lambda h=hub: ask(h)) for hub in hubs]


def _plain_equals(index: GraphIndex, model: Model, hub: str) -> bool:
    seen = downstream(index, index.find([hub]))
    return frozenset(n for n, s in zip(index.ids, seen, strict=True) if s) == model.descendants([hub]) | {hub}


def _timed_s(function: Callable[[], T]) -> tuple[T, float]:
    start = time.thread_time()
    made = function()
    return made, time.thread_time() - start


def _timed_ms(function: Callable[[], object]) -> float:
    return _timed_s(function)[1] * 1_000
