"""A changed macro or event type: what it takes away is seen in the searches that use it.

They are compared one by one as long as they are few; a hub's definition is judged by its text.
"""

from __future__ import annotations

from dataclasses import replace

from agentgate_mcp.errors import SplError
from agentgate_mcp.graph.assessment import Scene
from agentgate_mcp.graph.grades import Grade
from agentgate_mcp.graph.losses import settings_losses
from agentgate_mcp.graph.narrowing import Narrowing, compare_conditions
from agentgate_mcp.graph.nodes import State
from agentgate_mcp.graph.pipelines import shape_of
from agentgate_mcp.graph.reading import parse_fragment, read_text
from agentgate_mcp.graph.searches import SearchDiff
from agentgate_mcp.graph.settings import macro_name, text
from agentgate_mcp.graph.states import reach
from agentgate_mcp.spl.knowledge import KnowledgeSet, is_true, well_known_macro

MAX_COMPARED = 32
"""Dependents whose searches are compared one by one."""


def assess_macro(scene: Scene) -> None:
    """Arity, kind and definition of a macro, and which calls of it are refused."""
    before, after, result = scene.before, scene.after, scene.result
    if macro_name(before)[1] != macro_name(after)[1]:
        result.worsen(scene.node, State.FAILED)
        return
    if is_true(before.content.get("iseval")) != is_true(after.content.get("iseval")):
        result.worsen(scene.node, State.DEGRADED)
    _validation(scene, text(before.content, "validation").strip(), text(after.content, "validation").strip())
    old, new = text(before.content, "definition"), text(after.content, "definition")
    if missing := _undefined(old, new, scene.knowledge.after(scene.node)):
        detail = f"it calls {', '.join(f'`{m}`' for m in missing)}, which is not defined"
        result.lose("narrowed_filter", scene.node, detail, Grade.MAJOR)
        result.worsen(scene.node, State.FAILED)
    alike = old.strip() == new.strip() and before.content.get("args") == after.content.get("args")
    if not alike or scene.past.objects:
        _compare_users(scene, old, new)


def assess_eventtype(scene: Scene) -> None:
    """The search that an event type stands for."""
    old, new = text(scene.before.content, "search"), text(scene.after.content, "search")
    if old.strip() == new.strip():
        return
    diff = scene.compare(old, new)
    scene.result.note(scene.graph, scene.node, diff)
    for user in reach(scene.graph, [scene.node], spend=scene.spend):
        scene.result.overlook(scene.graph, user, diff.narrowings)


def assess_external(scene: Scene) -> None:
    """An object that is used here and defined elsewhere: only a well-known macro can be compared."""
    known = well_known_macro(*macro_name(scene.after)) if scene.edit.kind == "macro" else None
    if known is None:
        scene.result.worsen(scene.node, State.DEGRADED)
    else:
        _compare_users(scene, known.definition, text(scene.after.content, "definition"))


def _validation(scene: Scene, old: str, new: str) -> None:
    """Splunk refuses a call whose arguments the expression does not hold for, and with it the search."""
    if new == old or not new:
        return
    try:
        conditions = shape_of(parse_fragment(f"where {new.replace('$', '')}")).conditions
    except SplError:
        scene.result.lose("narrowed_filter", scene.node, f"its validation cannot be read: {new}", Grade.BLIND)
        scene.result.worsen(scene.node, State.FAILED)
        return
    try:
        known = shape_of(parse_fragment(f"where {old.replace('$', '')}")).conditions if old else []
    except SplError:
        known = []
    found = compare_conditions(known, conditions)
    if any(n.grade is Grade.BLIND for n in found):
        scene.result.lose("narrowed_filter", scene.node, "its validation refuses every call", Grade.BLIND)
        scene.result.worsen(scene.node, State.FAILED)
    elif found:
        scene.result.lose("narrowed_filter", scene.node, f"its validation refuses more calls: {new}", Grade.MAJOR)


def _undefined(old: str, new: str, knowledge: KnowledgeSet) -> list[str]:
    """Macros that ``new`` calls, that ``old`` did not, and that nobody defines."""
    called = {(r.name, r.arity) for need in read_text(new, True).needs for r in need.refs if r.kind == "macro"}
    known = {(r.name, r.arity) for need in read_text(old, True).needs for r in need.refs if r.kind == "macro"}
    unknown = [c for c in called - known if knowledge.macro(*c) is None and well_known_macro(*c) is None]
    return sorted(name for name, _ in unknown)


def _compare_users(scene: Scene, old: str, new: str) -> None:
    graph, result = scene.graph, scene.result
    downstream = reach(graph, [scene.node], spend=scene.spend) - {scene.node}
    users = sorted(n for n in downstream if n.startswith(("saved_search:", "eventtype:")))
    others = any(n.startswith("data_model:") for n in downstream)
    if len(users) > MAX_COMPARED or others or not users:
        diff = _compare_texts(scene, old, new, len(users))
        for user in users:
            result.overlook(graph, user, diff.narrowings)
        return
    for user in users:
        obj, was = graph.nodes[user].object, scene.past.object(user)
        if obj is None or was is None:
            continue
        diff = scene.compare(text(was.content, "search"), text(obj.content, "search"), user)
        result.note(graph, scene.node, diff, of=user)
        if obj.kind == "saved_search":
            timed = (
                scene.timed(was, scene.past.knowledge(user)),
                scene.timed(obj, scene.knowledge.after(user)),
            )
            gaps = [x for x in settings_losses(scene.node, *timed) if x.kind == "schedule_gap"]
            result.losses += [replace(x, detail=f"{user}: {x.detail}") for x in gaps]
            if any(x.grade is Grade.BLIND for x in gaps):
                result.silenced.add(user)
        if user.startswith("eventtype:"):
            for detection in reach(graph, [user], spend=scene.spend):
                result.overlook(graph, detection, diff.narrowings)


def _compare_texts(scene: Scene, old: str, new: str, users: int) -> SearchDiff:
    """A macro by its text alone: what it is pasted into is not looked at."""
    if _is_value(old) and _is_value(new):
        scene.result.worsen(scene.node, State.DEGRADED)
        return SearchDiff()
    diff = scene.compare(old, new)
    for narrowing in diff.narrowings:
        scene.result.lose("narrowed_filter", scene.node, narrowing.detail, _widened(narrowing, users))
    if diff.grade is Grade.BLIND:
        scene.result.worsen(scene.node, State.EMPTY)
    elif not diff.narrowings and users and not diff.same:
        # What the new text does in so many places is not known to be harmless.
        scene.result.worsen(scene.node, State.DEGRADED)
    return diff


def _is_value(definition: str) -> bool:
    """A single word: an option's value or a number, no filter."""
    return not any(c in definition.strip() for c in " \t\n=|`()*")


def _widened(narrowing: Narrowing, users: int) -> Grade:
    """A filter shared by many takes away more."""
    if narrowing.grade is Grade.BLIND:
        return Grade.BLIND
    steps = 2 if users >= 3 * MAX_COMPARED else 1 if users > MAX_COMPARED else 0
    return Grade(min(int(Grade.MAJOR), int(narrowing.grade) + steps))
