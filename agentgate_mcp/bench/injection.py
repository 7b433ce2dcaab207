"""What the injection scanner finds, what it leaves alone, through which disguises, and how fast.

Recall and specificity are those of the development corpora, per source with Wilson 95 % intervals. Rows
that are known to carry no override language ("send this mail to …") are counted apart: no pattern
can be expected to know them, provenance stops them. The matrix disguises payloads that are found in
the plain, each inside a log line. Times are the thread's processor time, after one pass over the same
texts, beside one plain RE2 pass over the same bytes.
"""

from __future__ import annotations

import math
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from agentgate_mcp.bench.disguises import DISGUISES, LOSSY, Disguise
from agentgate_mcp.bench.frame import Measure, Options, Report, percentiles
from agentgate_mcp.bench.injection_corpus import CARRIER_SOURCE, MENTION_SOURCE, SOC_SOURCES, Row, corpus
from agentgate_mcp.gate.injection import scan_text
from agentgate_mcp.gate.injection.engine import Pattern
from agentgate_mcp.gate.injection.rules import RULES
from agentgate_mcp.model.call import Json

Say = Callable[[str], None]

PAYLOAD_SOURCES: Final = ("agentdojo_payload", "bipia_attack_train", "asb_opi", "pallms", "agt_smoke")
"""Sources whose rows are payloads alone; in the others they stand inside mails and log lines."""
_LONGEST = 700
_PER_FAMILY = 60
_BLOCK = 10_000
_LARGE = 1_000_000
_Z = 1.959964
"""The normal quantile of 95 %."""


def run(options: Options, say: Say) -> Report:
    """Scans the corpora, a disguised sample and four kinds of text. Raises: ConfigError without the corpora."""
    rows = corpus()
    if options.quick:
        rows = tuple(random.Random(options.seed).sample(rows, len(rows) // 8))
    say(f"scanning {len(rows)} rows")
    flagged = [scan_text(row.text).flagged for row in rows]
    measures, details = _quality(rows, flagged)
    say("disguising payloads")
    measures += _matrix(rows, options, details)
    say("timing")
    measures += _speed(rows, options)
    return Report(suite="injection", options=options, measures=tuple(measures), details=details)


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The Wilson score interval of a share, 95 %."""
    if n == 0:
        return 0.0, 1.0
    p = hits / n
    centre = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * math.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
    return max(0.0, centre - half), min(1.0, centre + half)


# --- recall and specificity ----------------------------------------------------------------


def _quality(rows: Sequence[Row], flagged: Sequence[bool]) -> tuple[list[Measure], dict[str, Json]]:
    pairs = list(zip(rows, flagged, strict=True))

    def share(name: str, keep: Callable[[Row], bool], goal: float | None, *, attack: bool) -> Measure:
        picked = [f == attack for r, f in pairs if r.attack == attack and keep(r)]
        low, high = wilson(sum(picked), len(picked))
        value = sum(picked) / len(picked) if picked else math.nan
        note = f"95 % interval {low:.4f} to {high:.4f}"
        return Measure(name=name, value=value, unit="", n=len(picked), goal=goal, bound="at least", note=note)

    measures = [
        share("specificity, SOC text", lambda r: r.source in SOC_SOURCES, 0.9985, attack=False),
        share("specificity, benign carriers", lambda r: r.source == CARRIER_SOURCE, 1.0, attack=False),
        share("specificity, prose that mentions attacks", lambda r: r.source == MENTION_SOURCE, 0.98, attack=False),
        share("specificity, all", lambda _: True, None, attack=False),
        share("recall, all", lambda _: True, 0.60, attack=True),
        share("recall, log fields", lambda r: r.source == "soc_log_injected", 0.70, attack=True),
        share("recall, InjecAgent enhanced", lambda r: r.source == "injecagent_dh_enhanced", 0.99, attack=True),
        share("recall, override language", lambda r: r.marker is True, None, attack=True),
        share("recall, no override language", lambda r: r.marker is False, None, attack=True),
    ]
    return measures, {
        "recall": _per_source(pairs, attack=True, marker=(True, None)),
        "recall_without_override_language": _per_source(pairs, attack=True, marker=(False,)),
        "specificity": _per_source(pairs, attack=False, marker=(True, False, None)),
    }


def _per_source(pairs: Sequence[tuple[Row, bool]], *, attack: bool, marker: tuple[bool | None, ...]) -> dict[str, Json]:
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for row, flagged in pairs:
        if row.attack == attack and row.marker in marker:
            total[row.source] += 1
            right[row.source] += flagged == attack
    out: dict[str, Json] = {}
    for source in sorted(total):
        low, high = wilson(right[source], total[source])
        out[source] = {
            "n": total[source],
            "right": right[source],
            "share": right[source] / total[source],
            "wilson95": [low, high],
        }
    return out


# --- disguises -----------------------------------------------------------------------------


def _payloads(rows: Sequence[Row], options: Options) -> dict[str, list[str]]:
    """Payloads that are found as they stand, by the family that weighs most."""
    found: dict[str, list[str]] = defaultdict(list)
    shuffled = [r for r in rows if r.source in PAYLOAD_SOURCES and r.text.isascii() and len(r.text) <= _LONGEST]
    random.Random(options.seed).shuffle(shuffled)
    for row in shuffled:
        scan = scan_text(_in_log(row.text))
        plain = [h for h in scan.hits if h.use and h.view == "original"]
        if scan.flagged and plain:
            family = max(plain, key=lambda h: h.weight).family
            if len(found[family]) < (_PER_FAMILY // 6 if options.quick else _PER_FAMILY):
                found[family].append(row.text)
    return dict(found)


def _in_log(payload: str) -> str:
    return f"10.2.3.4 GET /index; {payload} . done"


def _matrix(rows: Sequence[Row], options: Options, details: dict[str, Json]) -> list[Measure]:
    payloads = _payloads(rows, options)
    cells, pooled = _cells(DISGUISES, payloads)
    lossy, lossy_pooled = _cells(LOSSY, payloads)
    examples = _examples()
    shown, shown_pooled = _cells(DISGUISES, examples)
    details["matrix"] = {
        "payloads": {k: len(v) for k, v in payloads.items()},
        "cells": _json(cells),
        "lossy": _json(lossy),
    }
    details["matrix_of_examples"] = {"payloads": {k: len(v) for k, v in examples.items()}, "cells": _json(shown)}
    lowest = {n: min(hits / len(payloads[f]) for f, hits in found.items()) for n, found in cells.items()}
    least = min(lowest, key=lambda name: lowest[name])
    least_shown = min(shown_pooled, key=lambda name: shown_pooled[name])
    n = sum(len(v) for v in payloads.values())
    worst = min(pooled, key=lambda name: pooled[name])
    return [
        Measure(
            name="recall through the worst disguise", value=pooled[worst], unit="", n=n, goal=0.95, bound="at least",
            note=worst,
        ),
        Measure(
            name="recall in the worst cell of the matrix", value=lowest[least], unit="", n=n, goal=0.95,
            bound="at least", note=least,
        ),
        Measure(
            name="recall through the worst disguise, one example per rule", value=shown_pooled[least_shown], unit="",
            n=sum(len(v) for v in examples.values()), note=least_shown,
        ),
        *(Measure(name=f"recall, {name}", value=x, unit="", n=n) for name, x in (pooled | lossy_pooled).items()),
    ]  # fmt: skip


def _examples() -> dict[str, list[str]]:
    """The English rules' own examples that are flagged in a log line: few, but of every family."""
    found: dict[str, list[str]] = defaultdict(list)
    for rule in RULES:
        if rule.language == "en" and scan_text(_in_log(rule.example)).flagged:
            found[rule.family].append(rule.example)
    return dict(found)


def _cells(
    disguises: Mapping[str, Disguise], payloads: Mapping[str, Sequence[str]]
) -> tuple[dict[str, dict[str, int]], dict[str, float]]:
    """How many are found: by disguise and family, and as a share by disguise."""
    cells: dict[str, dict[str, int]] = {}
    pooled: dict[str, float] = {}
    total = sum(len(texts) for texts in payloads.values())
    for name, disguise in disguises.items():
        found = {f: sum(scan_text(_in_log(disguise(t))).flagged for t in texts) for f, texts in payloads.items()}
        cells[name] = found
        pooled[name] = sum(found.values()) / total if total else math.nan
    return cells, pooled


def _json(cells: Mapping[str, Mapping[str, int]]) -> dict[str, Json]:
    return {name: dict(found) for name, found in cells.items()}


# --- speed ---------------------------------------------------------------------------------

_CYRILLIC = "В журнале видно, что пользователь вошёл в систему с нового адреса и открыл отчёт за прошлый месяц. "
_CJK = "日志显示用户从新地址登录系统并打开了上个月的报告。ユーザーは先月のレポートを開きました。"


def _log_lines(options: Options) -> str:
    """Made-up web, process and authentication events, as JSON and as text."""
    draw = random.Random(options.seed)
    users = ("ana", "bob", "svc_backup", "j.doe", "root", "SYSTEM")
    programs = ("powershell.exe -nop -w hidden", "cmd.exe /c whoami", "svchost.exe -k netsvcs", "python3 run.py --all")
    lines: list[str] = []
    for second in range(6_000):
        address = f"10.{draw.randrange(256)}.{draw.randrange(256)}.{draw.randrange(1, 255)}"
        stamp = f"2026-11-20T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"
        user, number = draw.choice(users), draw.randrange(10**9)
        match second % 3:
            case 0:
                request = f"GET /app/{number:x}?id={number} HTTP/1.1"
                lines.append(f'{address} - {user} [{stamp}] "{request}" 200 {number % 9000} "-" "agent/1.0"')
            case 1:
                program = draw.choice(programs)
                lines.append(
                    f'{{"_time":"{stamp}","EventCode":4688,"user":"{user}","process":"{program}","id":{number}}}'
                )
            case _:
                said = f"Failed password for {user} from {address} port {number % 60_000}"
                lines.append(f"{stamp} host{number % 90:02} sshd[{number % 30_000}]: {said}")
    return "\n".join(lines)


def _texts(options: Options) -> dict[str, tuple[str, float]]:
    """Kinds of text, each with the MB/s that is promised."""
    log = _log_lines(options)
    return {
        "ASCII log": (log, 40.0),
        "Cyrillic": (_CYRILLIC * 200, 4.0),
        "Chinese and Japanese": (_CJK * 200, 4.0),
        "mixed": ("\n".join(f"{log[i : i + 800]}\n{_CYRILLIC}{_CJK}" for i in range(0, 60_000, 800)), 4.0),
    }


def _speed(rows: Sequence[Row], options: Options) -> list[Measure]:
    plain = Pattern("ignore|disregard|instructions")
    rounds = 5 if options.quick else 25
    measures: list[Measure] = []
    for name, (source, goal) in _texts(options).items():
        block, large = _of_length(source, _BLOCK), _of_length(source, _LARGE)
        data, megabytes = large.encode(), len(large.encode()) / 1e6
        scan_text(large)
        times = [_seconds(lambda t=block: scan_text(t)) * 1e3 for _ in range(rounds)]
        p50, p95 = percentiles(times, 50, 95)
        short = block.encode()
        small = min(_seconds(lambda d=short: sum(1 for _ in plain.spans(d))) * 1e3 for _ in range(rounds))
        whole = min(_seconds(lambda t=large: scan_text(t)) for _ in range(3))
        once = min(_seconds(lambda d=data: sum(1 for _ in plain.spans(d))) for _ in range(3))
        measures += [
            Measure(
                name=f"10 kB, {name}, p50", value=p50, unit="ms", n=rounds, baseline=small, baseline_of="one RE2 pass",
                goal=0.25 if goal > 4 else None,
            ),
            Measure(name=f"10 kB, {name}, p95", value=p95, unit="ms", n=rounds),
            Measure(
                name=f"1 MB, {name}", value=megabytes / whole, unit="MB/s", n=3, goal=goal, bound="at least",
                baseline=megabytes / once, baseline_of="one RE2 pass",
            ),
        ]  # fmt: skip
    calls = [_seconds(lambda t=row.text: scan_text(t)) * 1e3 for row in rows if row.source in SOC_SOURCES]
    p50, p95 = percentiles(calls, 50, 95)
    measures += [
        Measure(name="one SOC text, p50", value=p50, unit="ms", n=len(calls)),
        Measure(name="one SOC text, p95", value=p95, unit="ms", n=len(calls)),
    ]
    return measures


def _of_length(text: str, length: int) -> str:
    return (text * (length // len(text) + 1))[:length]


def _seconds(work: Callable[[], object]) -> float:
    before = time.thread_time()
    work()
    return time.thread_time() - before
