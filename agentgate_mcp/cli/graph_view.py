"""Impact and coverage for a person's eyes: a tree, and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from rich.text import Text
from rich.tree import Tree

from agentgate_mcp.approvals.escape import escape
from agentgate_mcp.cli.terminal import out, table
from agentgate_mcp.graph.impact import Impact
from agentgate_mcp.graph.outline import Branch, Told, Tone, outline, told_impact
from agentgate_mcp.graph.tactics import AttackTable
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.facts import CoverageChange

MOST = 20
"""Lines under one heading; `--json` has them all."""
_STYLE: Mapping[Tone, str] = {"": "", "bad": "red", "warn": "yellow", "good": "green", "dim": "dim"}


def show_impact(found: Impact, report: Mapping[str, Json], attack: AttackTable) -> None:
    """The tree of an impact, its severity first."""
    title = f"{report['change']} {report['object']}: severity {report['severity']}, score {report['score']}"
    _show(outline(told_impact(found, title), attack, limit=MOST))
    parents = _rows(report["parents"])
    lost = [f"{t} {row['name']}" for t, row in parents if row["after"] == 0]
    if lost:
        out.print(Text(escape("techniques left with nothing, sub-techniques included: " + ", ".join(lost))))
    out.print(
        f"{len(found.lost)} of {found.detections_total} detections that count would be lost; "
        f"ATT&CK {attack.version}; --json has everything",
        markup=False,
        style="dim",
    )


def show_plain(report: Mapping[str, Json], attack: AttackTable) -> None:
    """The tree of a plain removal."""
    changes = [
        CoverageChange(id=t, before=cast(int, row["before"]), after=cast(int, row["after"]))
        for t, row in _rows(report["techniques"])
    ]
    title = f"{report['change']} {report['object']}: everything that names it, alternatives or not"
    broken = cast(Sequence[str], report["broken"])
    _show(outline(Told(title=title, broken=broken, techniques=changes, paths={}), attack, limit=MOST))


def show_coverage(report: Mapping[str, Json]) -> None:
    """Tables of coverage, what is thin first."""
    if "change" in report:
        _show_change(cast(Mapping[str, Json], report["change"]))
    table(
        ("tactic", "detections"),
        [(str(row["name"]), str(row["detections"])) for _, row in _rows(report["tactics"])],
    )
    every = [*_rows(report["techniques"]), *_rows(report["sub_techniques"])]
    thin = sorted((cast(int, row["detections"]), t, row) for t, row in every)
    out.print(
        f"{report['detections']} detections count. Techniques: {len(every)}, of which "
        f"{sum(n == 0 for n, _, _ in thin)} without cover, {sum(n == 1 for n, _, _ in thin)} with one detection.",
        markup=False,
    )
    table(
        ("technique", "name", "tactics", "detections"),
        [
            (t, str(row["name"]) or "(unknown)", ", ".join(cast(Sequence[str], row["tactics"])), str(n))
            for n, t, row in thin[:MOST]
        ],
        empty="the content names no technique",
    )
    _more(len(thin))
    sole = [(d, t) for d, t in cast(Mapping[str, Sequence[str]], report["sole"]).items()]
    table(
        ("sole cover", "of"),
        [(d, ", ".join(t[:4]) + (" …" if len(t) > 4 else "")) for d, t in sole[:MOST]],
        empty="no detection is the only one of anything",
    )
    _more(len(sole))
    _show_gaps(cast(Mapping[str, Json], report["gaps"]))
    _show_assets(cast(Sequence[Mapping[str, Json]], report["assets"]))
    odd = cast(Mapping[str, str], report["not_current"])
    if odd:
        said = ", ".join(f"{old} ({new})" for old, new in odd.items())
        out.print(Text(escape(f"ids that ATT&CK {report['attack_version']} does not have: {said}")))


def _show_change(change: Mapping[str, Json]) -> None:
    rows = sorted(_rows(change["techniques"]), key=lambda pair: (cast(int, pair[1]["after"]), pair[0]))
    table(
        ("technique", "name", "before", "after"),
        [(t, str(row["name"]), str(row["before"]), str(row["after"])) for t, row in rows[:MOST]],
        empty="no technique gains or loses a detection",
    )
    _more(len(rows))


def _show_gaps(gaps: Mapping[str, Json]) -> None:
    rows = cast(Sequence[Mapping[str, Json]], gaps["techniques"])
    table(
        ("gap", "name", "why no detection counts"),
        [
            (
                str(g["id"]),
                str(g["name"]),
                ", ".join(f"{len(d)} {r}" for r, d in cast(Mapping[str, Sequence[str]], g["reasons"]).items()),
            )
            for g in rows[:MOST]
        ],
        empty="every technique that the content names is covered",
    )
    _more(len(rows))
    empty = [str(t["name"]) for t in cast(Sequence[Mapping[str, Json]], gaps["tactics"])]
    if empty:
        out.print("Tactics without any: " + ", ".join(empty), markup=False)


def _show_assets(assets: Sequence[Mapping[str, Json]]) -> None:
    order = ("critical", "high", "medium", "low")
    rows = sorted(assets, key=lambda a: (_held(a), order.index(str(a["criticality"])), str(a["asset"])))
    table(
        ("asset", "criticality", "owner", "declared", "observed", "known by"),
        [
            (
                str(a["asset"]),
                str(a["criticality"]),
                str(a["owner_team"]),
                str(len(cast(list[Json], a["declared"]))),
                str(len(cast(list[Json], a["observed"]))),
                str(a["origin"]),
            )
            for a in rows[:MOST]
        ],
        empty="the inventory is empty",
    )
    _more(len(rows))


def _held(asset: Mapping[str, Json]) -> int:
    return len(cast(list[Json], asset["declared"])) + len(cast(list[Json], asset["observed"]))


def _more(count: int) -> None:
    if count > MOST:
        out.print(f"… and {count - MOST} more; --json has them all", markup=False, style="dim")


def _rows(value: Json) -> list[tuple[str, Mapping[str, Json]]]:
    return list(cast(Mapping[str, Mapping[str, Json]], value).items())


def _show(branch: Branch) -> None:
    root = Tree(Text(escape(branch.text), style="bold"))
    _grow(root, branch)
    out.print(root)


def _grow(tree: Tree, branch: Branch) -> None:
    for child in branch.under:
        _grow(tree.add(Text(escape(child.text), style=_STYLE[child.tone])), child)
