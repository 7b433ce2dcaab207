"""`top` and `rare`."""

from __future__ import annotations

from collections import Counter

from agentgate_mcp.spl import ast
from tests.spl_oracle.evaluate import whole
from tests.spl_oracle.grouping import groups
from tests.spl_oracle.job import Result, truth, word
from tests.spl_oracle.values import Row, byte_order


def top(node: ast.Generic, source: Result) -> Result:
    """The most (`rare`: the least) frequent combinations, of equal ones the first by text; percent
    with six decimals of the group's rows that have the fields."""
    words = list(node.words)
    limit = 10
    if words and words[0].isdecimal():
        limit = int(words.pop(0))
    given = node.options
    if "limit" in given:
        limit = int(word(given["limit"]))
    lowered = [w.lower() for w in words]
    cut = lowered.index("by") if "by" in lowered else len(words)
    names, by = words[:cut], words[cut + 1 :]
    count_field = word(given["countfield"]) if "countfield" in given else "count"
    percent_field = word(given["percentfield"]) if "percentfield" in given else "percent"
    show_count, show_percent = truth(given.get("showcount"), True), truth(given.get("showperc"), True)
    rows: list[Row] = []
    found = groups(source.rows, by) if by else {(): source.rows}
    for key, members in found.items():
        counted = Counter({k: len(m) for k, m in groups(members, names).items()})
        total = sum(counted.values())
        sign = 1 if node.command == "rare" else -1
        ranked = sorted(counted, key=lambda k: (sign * counted[k], [byte_order(p) for p in k]))
        chosen = ranked[:limit] if limit else ranked
        shown = [(combination, counted[combination]) for combination in chosen]
        if truth(given.get("useother"), False) and len(ranked) > len(chosen):
            other = word(given["otherstr"]) if "otherstr" in given else "OTHER"
            shown.append((tuple(other for _ in names), total - sum(count for _, count in shown)))
        for combination, count in shown:
            row = Row(dict(zip((*by, *names), (*key, *combination), strict=True)))
            if show_count:
                row[count_field] = count
            if show_percent:
                row[percent_field] = whole(round(count * 100 / total, 6))
            rows.append(row)
    columns = [*by, *names, *([count_field] if show_count else ()), *([percent_field] if show_percent else ())]
    return Result(rows, columns)
