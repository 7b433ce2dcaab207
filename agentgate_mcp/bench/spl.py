"""How fast searches are read: facts and trees over real content, over hostile texts, and from memory.

Times are processor time, the least of several rounds of one search, with the garbage collector off as
`timeit` has it: what is above that is the machine. Beside them stands Python's own parser over a list
of the same words, a figure that moves with the machine in the same way.
"""

from __future__ import annotations

import ast as python_ast
import gc
import json
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Final

from agentgate_mcp import config
from agentgate_mcp.bench.engine import engine_measures
from agentgate_mcp.bench.frame import Measure, Options, Report, percentiles
from agentgate_mcp.bundled import bundled_dir
from agentgate_mcp.errors import SplError
from agentgate_mcp.graph.content import load_objects
from agentgate_mcp.model.call import Json
from agentgate_mcp.spl import facts, parser
from agentgate_mcp.spl.knowledge import KnowledgeSet
from agentgate_mcp.spl.lexer import MAX_CHARS

Say = Callable[[str], None]
Part = Callable[[Options, Say, dict[str, Json]], Sequence[Measure]]

NOW: Final = 1_795_176_000.0
"""2026-11-20T12:00:00Z, the bundled data's own now."""
FACTS_P50_MS, FACTS_P99_MS = 0.25, 2.0
WORST_MS = 250.0
GROWTH = 12.0
"""Goals; growth is how many times longer ten times the text may take."""

SHAPES: Final[dict[str, tuple[str, str]]] = {
    # name: (what stands first, what is repeated)
    "terms": ("search ", "error "),
    "phrases": ("search ", '"a b" '),
    "conditions": ("search ", "a=b "),
    "alternatives": ("search x ", "OR index=a "),
    "times": ("search x ", "OR earliest=-1h "),
    "lists": ("search ", "x IN (a,b) "),
    "parentheses": ("search ", "(a) "),
    "negations": ("search ", "NOT a "),
    "wildcards": ("search ", "*a* "),
    "event types": ("search x ", "OR eventtype=a OR tag=b "),
    "single quotes": ("search ", "'a b' "),
    "apostrophes": ("search ", "a' 'b "),
    "escapes": ("search ", '\\" '),
    "comments": ("search ", "```c``` "),
    "macros": ("search ", "`m` "),
    "subsearches": ("search ", "[search a] "),
    "pipes": ("search x", " | head 5"),
    "joins": ("search x", " | join x [search a]"),
    "maps": ("search x", ' | map search="search a"'),
    "templates": ("search x", " | foreach * [eval a=1]"),
    "saved searches": ("search x", " | savedsearch a"),
    "sums": ("| eval x=1", "+1"),
    "calls": ("| eval x=1", ",x=f(x)"),
    "logic": ("| where a", " AND NOT a=b"),
    "aggregations": ("| stats ", "count "),
    "keys": ("| stats count by ", "a, "),
    "series": ("| tstats count where ", "a=b "),
    "names": ("| table ", "a,"),
    "renames": ("| rename a as b", ",a as b"),
    "values in parentheses": ("| transaction ", "a=(b) "),
    "open parentheses": ("| collect ", "a=( "),
}
_SCALED: Final = ("terms", "alternatives", "subsearches", "pipes", "sums", "calls", "keys", "series", "joins")


def run(options: Options, say: Say) -> Report:
    """Every part in turn."""
    details: dict[str, Json] = {}
    measures = [measure for part in PARTS for measure in part(options, say, details)]
    return Report(suite="spl", options=options, measures=tuple(measures), details=details)


def over_content(options: Options, say: Say, details: dict[str, Json]) -> list[Measure]:
    """Facts and trees of real searches, nothing of them remembered."""
    source, searches, knowledge = _content()
    details["searches"] = {"source": source, "count": len(searches), "characters": sum(map(len, searches))}
    say(f"reading {len(searches):,} searches of {source}")
    rounds = 3 if options.quick else 7
    anew = KnowledgeSet.from_objects(knowledge.objects)
    with _undisturbed():
        first = [_facts_ms(text, anew) for text in searches]
        read = _least([[_facts_ms(text, knowledge) for text in searches] for _ in range(rounds)])
        trees = _least([[_parse_ms(text) for text in searches] for _ in range(rounds)])
        plain = _least([[_python_ms(text) for text in searches] for _ in range(rounds)])
    n = len(searches)
    lows, highs = percentiles(plain, 50, 99), percentiles(read, 50, 99)
    tree_p50, tree_p99 = percentiles(trees, 50, 99)
    label = "Python's parser, the same words"
    note = f"least of {rounds} rounds per search; expansions of macros are remembered, as between calls"
    return [
        _ms("facts p50", highs[0], n, FACTS_P50_MS, baseline=lows[0], baseline_of=label, note=note),
        _ms("facts p99", highs[1], n, FACTS_P99_MS, baseline=lows[1], baseline_of=label, note=note),
        _ms("facts p50, first round", percentiles(first, 50)[0], n, note="macros not yet expanded; one round"),
        _ms("tree p50", tree_p50, n, baseline=lows[0], baseline_of=label, note="as written, macros unexpanded"),
        _ms("tree p99", tree_p99, n, baseline=lows[1], baseline_of=label),
    ]


def worst_cases(options: Options, say: Say, details: dict[str, Json]) -> list[Measure]:
    """The longest text allowed, of one thing over and over."""
    _, _, knowledge = _content()
    rounds = 1 if options.quick else 5
    facts_ms: dict[str, float] = {}
    trees_ms: dict[str, float] = {}
    say(f"reading {len(SHAPES)} shapes of {MAX_CHARS:,} characters")
    for name in SHAPES:
        text = shaped(name, MAX_CHARS)
        with _undisturbed():
            facts_ms[name] = min(_facts_ms(text, knowledge) for _ in range(rounds))
            trees_ms[name] = min(_parse_ms(text) for _ in range(rounds))
    details["worst cases, ms"] = {
        name: {"facts": round(facts_ms[name], 1), "tree": round(trees_ms[name], 1)} for name in SHAPES
    }
    plain = max(_python_ms(shaped(name, MAX_CHARS)) for name in ("terms", "names"))
    found: list[Measure] = []
    for what, times in (("facts", facts_ms), ("tree", trees_ms)):
        slowest = max(times, key=lambda name: times[name])
        found.append(
            _ms(
                f"{what} of 64 KiB, worst", times[slowest], len(times), WORST_MS,
                baseline=plain, baseline_of="Python's parser, the same length", note=f"the shape is: {slowest}",
            )
        )  # fmt: skip
    return found


def growth(options: Options, say: Say, details: dict[str, Json]) -> list[Measure]:
    """Ten times the text, how many times the time."""
    _, _, knowledge = _content()
    rounds = 3 if options.quick else 15
    ratios: dict[str, dict[str, float]] = {"facts": {}, "tree": {}}
    say("comparing texts with ones of ten times the length")
    for name in _SCALED:
        short, long = shaped(name, MAX_CHARS // 10), shaped(name, MAX_CHARS)
        with _undisturbed():
            ratios["facts"][name] = _growth(lambda text: _facts_ms(text, knowledge), short, long, rounds)
            ratios["tree"][name] = _growth(_parse_ms, short, long, rounds)
    details["growth"] = {what: dict(by_shape) for what, by_shape in ratios.items()}
    return [
        Measure(
            name=f"{what}, 10 times the text", value=max(by_shape.values()), unit="times", n=len(by_shape),
            goal=GROWTH, note=f"the most of {len(by_shape)} shapes, {max(by_shape, key=lambda k: by_shape[k])}",
        )
        for what, by_shape in ratios.items()
    ]  # fmt: skip


def from_memory(options: Options, say: Say, details: dict[str, Json]) -> list[Measure]:
    """A search that was read before: only its time range is computed anew."""
    source, searches, knowledge = _content()
    chosen = searches[:500]
    say(f"reading {len(chosen)} searches again")
    for text in chosen:
        facts.read_search(text, "-24h", "now", knowledge, NOW)
    with _undisturbed():
        again = _least(
            [[_timed_ms(lambda t=text: facts.read_search(t, "-24h", "now", knowledge, NOW)) for text in chosen]
             for _ in range(3 if options.quick else 9)]
        )  # fmt: skip
    details["remembered"] = {"source": source, "count": len(chosen)}
    return [_ms("facts p50, remembered", percentiles(again, 50)[0], len(chosen))]


PARTS: Final[tuple[Part, ...]] = (over_content, worst_cases, growth, from_memory, engine_measures)
"""What the suite runs, in this order."""


def shaped(name: str, length: int) -> str:
    """A text of one of `SHAPES`, as long as its repeated part allows without going beyond ``length``."""
    head, unit = SHAPES[name]
    return (head + unit * ((length - len(head)) // len(unit))).rstrip(", ")


_Content = tuple[str, list[str], KnowledgeSet]
_KEPT: list[_Content] = []


def _content() -> _Content:
    """A name, searches, and the objects they refer to: the corpora's where there are any, else what
    is bundled."""
    if not _KEPT:
        corpora = config.corpora()
        if corpora is not None:
            lines = (corpora / "escu" / "detections.jsonl").read_text(encoding="utf-8").splitlines()
            found = [str(json.loads(line)["search"]) for line in lines]
            made = ("corpora/escu", found, KnowledgeSet.from_objects(load_objects(corpora / "escu")))
        else:
            knowledge = KnowledgeSet.from_objects(load_objects(bundled_dir("data") / "knowledge"))
            found = [str(o.content["search"]) for o in knowledge.of_kind("saved_search") if o.content.get("search")]
            made = ("data/knowledge", found, knowledge)
        _KEPT.append(made)
    return _KEPT[0]


@contextmanager
def _undisturbed() -> Generator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _facts_ms(text: str, knowledge: KnowledgeSet) -> float:
    facts.forget()
    return _timed_ms(lambda: facts.read_search(text, "-24h", "now", knowledge, NOW))


def _parse_ms(text: str) -> float:
    parser.forget()
    return _timed_ms(lambda: _parsed(text))


def _growth(measured: Callable[[str], float], short: str, long: str, rounds: int) -> float:
    """How many times longer ``long`` takes; the two in turns, so that a busy moment meets both."""
    pairs = [(measured(short), measured(long)) for _ in range(rounds)]
    return round(min(b for _, b in pairs) / min(a for a, _ in pairs), 2)


def _parsed(text: str) -> object:
    try:
        return parser.parse(text)
    except SplError as error:
        return error


def _python_ms(text: str) -> float:
    source = repr(text.split())
    return _timed_ms(lambda: python_ast.parse(source))


def _timed_ms(work: Callable[[], object]) -> float:
    start = time.thread_time()
    made = work()
    # What was made is dropped after the clock has stopped, whether a memo keeps it or not.
    elapsed = time.thread_time() - start
    del made
    return elapsed * 1e3


def _least(rounds: list[list[float]]) -> list[float]:
    return [min(times) for times in zip(*rounds, strict=True)]


def _ms(
    name: str,
    value: float,
    n: int,
    goal: float | None = None,
    *,
    baseline: float | None = None,
    baseline_of: str = "",
    note: str = "",
) -> Measure:
    """A measure in milliseconds, to a tenth of a microsecond."""
    return Measure(
        name=name, value=round(value, 4), unit="ms", n=n, goal=goal,
        baseline=None if baseline is None else round(baseline, 4), baseline_of=baseline_of, note=note,
    )  # fmt: skip
