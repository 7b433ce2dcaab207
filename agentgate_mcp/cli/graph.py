"""`agentgate-mcp graph`: what a change breaks, what is covered, and the graph itself."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from agentgate_mcp.cli.graph_input import Action, change_of, one_node, read_plan, read_settings
from agentgate_mcp.cli.state import settings_of
from agentgate_mcp.cli.terminal import err, fail, print_json
from agentgate_mcp.model.site import ObjectChange

if TYPE_CHECKING:
    from agentgate_mcp.graph.build import KnowledgeGraph
    from agentgate_mcp.graph.impact import Impact

app = typer.Typer(no_args_is_help=True)
Change = Annotated[Action, typer.Option("--change", help="What happens to the object.")]
NewSettings = Annotated[str, typer.Option("--settings", help="New settings: a JSON object, or the file that holds it.")]
Knowledge = Annotated[
    Path | None, typer.Option("--knowledge", help="A file or directory of knowledge objects, instead of the site's.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def group() -> None:
    """The knowledge graph: what a change breaks, what is covered."""


@app.command("impact")
def impact(
    context: typer.Context,
    object_id: Annotated[str, typer.Argument(metavar="OBJECT", help="kind:name, or kind:app/name.")],
    change: Change = "delete",
    settings: NewSettings = "",
    knowledge: Knowledge = None,
    reachability: Annotated[
        Literal["any-of", "plain"],
        typer.Option("--reachability", help="plain: all that names the object, whatever its alternatives."),
    ] = "any-of",
    as_json: AsJson = False,
    mermaid: Annotated[Path | None, typer.Option("--mermaid", help="Draw the losses into this Mermaid file.")] = None,
    dot: Annotated[Path | None, typer.Option("--dot", help="Draw the losses into this Graphviz file.")] = None,
) -> None:
    """What stops working, or goes blind, if an object changes.

    Nothing is changed. Exit code 1 when the object is unknown or ambiguous."""
    from agentgate_mcp.cli.graph_reports import impact_report, plain_report
    from agentgate_mcp.cli.graph_view import show_impact, show_plain
    from agentgate_mcp.graph.tactics import attack_table

    _check_settings(change, settings)
    if reachability == "plain" and (change not in ("delete", "disable") or mermaid or dot):
        fail("--reachability plain: counts removals only, and draws nothing", code=2)
    graph = _graph(context, knowledge)
    table = attack_table()
    if reachability == "plain":
        node = one_node(graph, object_id)
        plain = plain_report(graph, node, table) | {"change": change}
        print_json(plain) if as_json else show_plain(plain, table)
        return
    changes = (change_of(graph, object_id, change, read_settings(settings) if settings else {}),)
    found = _impact(graph, changes)
    _draw(graph, found, mermaid, dot)
    report = impact_report(graph, found, table, action=change, protected=_protected(graph, changes))
    print_json(report) if as_json else show_impact(found, report, table)


@app.command("coverage")
def coverage(
    context: typer.Context,
    object_id: Annotated[
        str, typer.Argument(metavar="[OBJECT]", help="An object that would change: kind:name, or kind:app/name.")
    ] = "",
    change: Change = "delete",
    settings: NewSettings = "",
    plan: Annotated[
        Path | None, typer.Option("--plan", help="A change set, as propose_change_set takes it, to be judged whole.")
    ] = None,
    knowledge: Knowledge = None,
    navigator: Annotated[
        Path | None, typer.Option("--navigator", help="Write an ATT&CK Navigator layer (4.5) into this file.")
    ] = None,
    layer: Annotated[
        Literal["before", "after", "diff"] | None,
        typer.Option("--layer", help="What the layer shows; diff when there is a change, else before."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Detections per technique, tactic and asset; gaps; sole cover.

    With an object or a plan: before and after that change, which is not made."""
    from agentgate_mcp.cli.graph_reports import coverage_report, coverage_with, technique_changes
    from agentgate_mcp.cli.graph_view import show_coverage
    from agentgate_mcp.graph.navigator import layer as layer_of
    from agentgate_mcp.graph.tactics import attack_table

    if object_id and plan is not None:
        fail("--plan: expected an object or a plan, got both", code=2)
    changing = bool(object_id) or plan is not None
    if layer in ("after", "diff") and not changing:
        fail(f"--layer {layer}: expected an object or --plan, whose change it would show", code=2)
    if settings and not object_id:
        fail("--settings: expected an object whose settings they are", code=2)
    if object_id:
        _check_settings(change, settings)
    graph, table = _graph(context, knowledge), attack_table()
    found: Impact | None = None
    if plan is not None:
        found = _impact(graph, read_plan(plan))
    elif object_id:
        found = _impact(graph, (change_of(graph, object_id, change, read_settings(settings) if settings else {}),))
    if navigator is not None:
        mode = layer or ("diff" if changing else "before")
        counts = technique_changes(coverage_with(graph, table), found)
        made = layer_of(counts, name=f"Detection coverage, {mode}", mode=mode, table=table)
        _write(navigator, json.dumps(made, indent=2, ensure_ascii=False) + "\n")
    report = coverage_report(graph, table, found)
    print_json(report) if as_json else show_coverage(report)


@app.command("export")
def export(
    context: typer.Context,
    form: Annotated[
        Literal["json", "graphml", "node-link", "mermaid", "dot"], typer.Option("--format", help="The form to write.")
    ] = "json",
    knowledge: Knowledge = None,
    file: Annotated[Path | None, typer.Option("--out", help="Write into this file instead of stdout.")] = None,
) -> None:
    """The whole graph: nodes, needs with their alternatives, coverage."""
    import sys

    from agentgate_mcp.graph import drawing
    from agentgate_mcp.graph.export import graph_json
    from agentgate_mcp.graph.pictures import whole_picture

    graph = _graph(context, knowledge)
    with _busy("writing the graph"):
        match form:
            case "json":
                text = json.dumps(graph_json(graph), indent=2, ensure_ascii=False) + "\n"
            case "node-link":
                text = json.dumps(graph.model().to_json(), indent=2, ensure_ascii=False) + "\n"
            case "graphml":
                text = graph.model().to_graphml()
            case "mermaid":
                text = drawing.mermaid(whole_picture(graph))
            case "dot":
                text = drawing.dot(whole_picture(graph))
    if file is not None:
        _write(file, text)
    else:
        sys.stdout.write(text)


def _check_settings(change: Action, settings: str) -> None:
    if change == "modify" and not settings:
        fail("--settings: expected the new settings of the object, got nothing", code=2)
    if change in ("delete", "disable") and settings:
        fail(f"--settings: expected none with --change {change}", code=2)


def _graph(context: typer.Context, knowledge: Path | None) -> KnowledgeGraph:
    from agentgate_mcp.compose import graph_of

    with _busy("reading knowledge objects"):
        return graph_of(settings_of(context), knowledge)


def _impact(graph: KnowledgeGraph, changes: tuple[ObjectChange, ...]) -> Impact:
    from agentgate_mcp.errors import NotFoundError
    from agentgate_mcp.graph.impact import impact as impact_of

    found = impact_of(graph, changes, explained=len(graph.nodes))
    if found.plan.unknown:
        raise NotFoundError("object", ", ".join(found.plan.unknown), found.plan.nearest[:3])
    return found


def _protected(graph: KnowledgeGraph, changes: tuple[ObjectChange, ...]) -> bool:
    from agentgate_mcp.gate.blast.protected import protected_change

    return any(protected_change(c, graph.knowledge.all_named(c.target)) for c in changes)


def _draw(graph: KnowledgeGraph, found: Impact, mermaid: Path | None, dot: Path | None) -> None:
    from agentgate_mcp.graph import drawing
    from agentgate_mcp.graph.pictures import picture_of

    picture = picture_of(graph, found) if mermaid or dot else None
    if picture is not None and mermaid is not None:
        _write(mermaid, drawing.mermaid(picture))
    if picture is not None and dot is not None:
        _write(dot, drawing.dot(picture))


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    err.print(f"wrote {file}", markup=False)


@contextmanager
def _busy(what: str) -> Generator[None]:
    """A sign of life for a person who waits; nothing where nobody looks."""
    if not err.is_terminal:
        yield
        return
    with err.status(what):
        yield
