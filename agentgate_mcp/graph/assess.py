"""One edit, judged: what it loses by itself, and in which state it leaves its object.

Removal is simple. A modification is compared with what was there before; for a macro, an event
type or a lookup the comparison is made in the searches that use it, as long as these are few.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from agentgate_mcp.graph.alerting import custom_condition
from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.exclusions import excluded_assets
from agentgate_mcp.graph.expansion import Expander
from agentgate_mcp.graph.grades import Grade
from agentgate_mcp.graph.known_settings import unknown_settings
from agentgate_mcp.graph.linking import dead_state
from agentgate_mcp.graph.lookups import Polarity, polarities, row_losses
from agentgate_mcp.graph.losses import Loss, settings_losses
from agentgate_mcp.graph.names import base_name
from agentgate_mcp.graph.narrowing import Narrowing
from agentgate_mcp.graph.nodes import State
from agentgate_mcp.graph.planning import Edit
from agentgate_mcp.graph.reading import read_text
from agentgate_mcp.graph.searches import SearchDiff, compare_searches, written_times
from agentgate_mcp.graph.settings import flag, macro_name, number, text
from agentgate_mcp.graph.states import Spend, no_limit, reach
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import KnowledgeObject
from agentgate_mcp.spl.knowledge import KnowledgeSet, is_true, well_known_macro

MAX_COMPARED = 32
"""Dependents whose searches are compared one by one; a hub's are judged by its text alone."""
_COMPARE_COST = 400
"""Work steps of comparing two expanded searches, beside those of walking the graph."""
_SHARING_REACH = {"user": 0, "app": 1, "global": 2}


@dataclass(slots=True, kw_only=True)
class Assessment:
    """``states`` are nodes broken by the edit itself; ``silenced`` are detections that run on and
    tell nobody."""

    losses: list[Loss] = field(default_factory=list[Loss])
    states: dict[str, State] = field(default_factory=dict[str, State])
    silenced: set[str] = field(default_factory=set[str])
    unseen: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Assets (ids) that a detection, by its node, no longer looks at."""

    def worsen(self, node: str, state: State) -> None:
        if state > self.states.get(node, State.OK):
            self.states[node] = state

    def overlook(self, graph: KnowledgeGraph, node: str, diff: SearchDiff) -> None:
        """Notes the assets of the detection ``node`` that ``diff`` takes out of its sight."""
        detection = graph.detections.get(node)
        if detection is not None and diff.narrowings:
            covered = [graph.assets[a] for a in detection.assets if a in graph.assets]
            self.unseen.setdefault(node, set()).update(excluded_assets(diff.narrowings, covered))


def assess(graph: KnowledgeGraph, edit: Edit, knowledge: Expander, *, spend: Spend = no_limit) -> Assessment:
    """The direct effects of ``edit``. ``knowledge`` expands searches as they will be."""
    result = Assessment()
    before, after = edit.before, edit.after
    if after is not None:
        known: Mapping[str, Json] = before.content if before is not None else {}
        found = unknown_settings(edit.node, edit.kind, known, after.content)
        result.losses += [x for x in found if before is not None or edit.external or x.kind == "unknown_setting"]
    if after is None or (after.disabled and not (before is not None and before.disabled)):
        state = State.DEGRADED if _replaced(graph, edit) else dead_state(edit.kind)
        result.worsen(edit.node, state)
        return result
    if before is None:
        if edit.external:
            _external(graph, edit, after, knowledge, result, spend)
        return result
    if after.disabled:
        result.worsen(edit.node, dead_state(edit.kind))
        return result
    if _SHARING_REACH[after.sharing] < _SHARING_REACH[before.sharing]:
        detail = f"it is shared with fewer: {after.sharing}, from {before.sharing}"
        result.losses.append(Loss(kind="shadowing", object=edit.node, detail=detail, grade=Grade.MAJOR))
    if "name" in after.content and text(after.content, "name") not in ("", after.name):
        result.worsen(edit.node, dead_state(edit.kind))
    _MODIFIED.get(edit.kind, _other)(graph, edit, before, after, knowledge, result, spend)
    return result


Assessor = Callable[[KnowledgeGraph, Edit, KnowledgeObject, KnowledgeObject, Expander, Assessment, Spend], None]


def _replaced(graph: KnowledgeGraph, edit: Edit) -> bool:
    """Whether another enabled object of this name takes over when this one goes."""
    before = edit.before
    if before is None or edit.after is not None:
        return False
    positions = graph.names.by_name.get((edit.kind, base_name(before)), ())
    rivals = [o for o in (graph.names.objects[p] for p in positions) if o is not before]
    if edit.kind == "macro":
        rivals = [o for o in rivals if macro_name(o)[1] == macro_name(before)[1]]
    return any(not o.disabled and o.sharing == "global" for o in rivals)


def _note(graph: KnowledgeGraph, result: Assessment, node: str, diff: SearchDiff, *, of: str = "") -> None:
    """Takes the narrowings of a search over as typed losses; a blind search finds nothing."""
    result.overlook(graph, of or node, diff)
    for narrowing in diff.narrowings:
        detail = f"{of}: {narrowing.detail}" if of else narrowing.detail
        result.losses.append(Loss(kind="narrowed_filter", object=node, detail=detail, grade=narrowing.grade))
    if diff.grade is Grade.BLIND:
        result.worsen(of or node, State.EMPTY)


def _saved_search(
    graph: KnowledgeGraph,
    edit: Edit,
    before: KnowledgeObject,
    after: KnowledgeObject,
    knowledge: Expander,
    result: Assessment,
    spend: Spend,
) -> None:
    spend(_COMPARE_COST)
    old, new = text(before.content, "search"), text(after.content, "search")
    if old != new:
        _note(graph, result, edit.node, compare_searches(old, new, old=graph.knowledge, new=knowledge.after(edit.node)))
    if (condition := custom_condition(after.content)) != custom_condition(before.content) and condition:
        # Read after the search, where it shows whether the fields that it needs are there.
        bare = knowledge.after(edit.node)
        _note(graph, result, edit.node, compare_searches(new, f"{new} | {condition.lstrip('| ')}", old=bare))
    losses = settings_losses(edit.node, _timed(before, graph.knowledge), _timed(after, knowledge.after(edit.node)))
    result.losses += losses
    if any(loss.grade is Grade.BLIND for loss in losses):
        result.silenced.add(edit.node)


def _timed(obj: KnowledgeObject, knowledge: KnowledgeSet) -> Mapping[str, Json]:
    """The settings, with times that the search states itself in the place of the schedule's."""
    search = text(obj.content, "search")
    if "earliest" not in search and "latest" not in search and "`" not in search:
        return obj.content
    earliest, latest = written_times(search, knowledge)
    written: dict[str, Json] = {"dispatch.earliest_time": earliest, "dispatch.latest_time": latest}
    return {**obj.content, **{k: v for k, v in written.items() if v}}


def _text_object(
    graph: KnowledgeGraph,
    edit: Edit,
    before: KnowledgeObject,
    after: KnowledgeObject,
    knowledge: Expander,
    result: Assessment,
    spend: Spend,
) -> None:
    """A macro or an event type."""
    key = "definition" if edit.kind == "macro" else "search"
    old, new = text(before.content, key), text(after.content, key)
    if edit.kind == "macro":
        if macro_name(before)[1] != macro_name(after)[1]:
            result.worsen(edit.node, State.FAILED)
            return
        if is_true(before.content.get("iseval")) != is_true(after.content.get("iseval")):
            result.worsen(edit.node, State.DEGRADED)
    if edit.kind == "macro" and (missing := _undefined(old, new, knowledge.after(edit.node))):
        detail = f"it calls {', '.join(f'`{m}`' for m in missing)}, which is not defined"
        result.losses.append(Loss(kind="narrowed_filter", object=edit.node, detail=detail, grade=Grade.MAJOR))
        result.worsen(edit.node, State.FAILED)
    if old.strip() == new.strip() and before.content.get("args") == after.content.get("args"):
        return
    if edit.kind == "macro":
        _compare_users(graph, edit.node, old, new, knowledge, result, spend)
    else:
        spend(_COMPARE_COST)
        diff = compare_searches(old, new, old=graph.knowledge, new=knowledge.after(edit.node))
        _note(graph, result, edit.node, diff)
        for user in reach(graph, [edit.node], spend=spend):
            result.overlook(graph, user, diff)


def _undefined(old: str, new: str, knowledge: KnowledgeSet) -> list[str]:
    """Macros that ``new`` calls, that ``old`` did not, and that nobody defines."""
    called = {(r.name, r.arity) for need in read_text(new, True).needs for r in need.refs if r.kind == "macro"}
    known = {(r.name, r.arity) for need in read_text(old, True).needs for r in need.refs if r.kind == "macro"}
    unknown = [c for c in called - known if knowledge.macro(*c) is None and well_known_macro(*c) is None]
    return sorted(name for name, _ in unknown)


def _external(
    graph: KnowledgeGraph,
    edit: Edit,
    after: KnowledgeObject,
    knowledge: Expander,
    result: Assessment,
    spend: Spend,
) -> None:
    """An object that is used here and defined elsewhere: only a well-known macro can be compared."""
    known = well_known_macro(*macro_name(after)) if edit.kind == "macro" else None
    if known is None:
        result.worsen(edit.node, State.DEGRADED)
        return
    _compare_users(graph, edit.node, known.definition, text(after.content, "definition"), knowledge, result, spend)


def _compare_users(
    graph: KnowledgeGraph,
    node: str,
    old: str,
    new: str,
    knowledge: Expander,
    result: Assessment,
    spend: Spend,
) -> None:
    downstream = reach(graph, [node], spend=spend) - {node}
    users = sorted(n for n in downstream if n.startswith(("saved_search:", "eventtype:")))
    others = any(n.startswith("data_model:") for n in downstream)
    if len(users) > MAX_COMPARED or others or not users:
        spend(_COMPARE_COST)
        diff = _compare_texts(graph, node, old, new, knowledge, result, len(users))
        for user in users:
            result.overlook(graph, user, diff)
        return
    for user in users:
        obj = graph.nodes[user].object
        if obj is None:
            continue
        spend(_COMPARE_COST)
        search = text(obj.content, "search")
        diff = compare_searches(search, search, old=graph.knowledge, new=knowledge.after(user))
        _note(graph, result, node, diff, of=user)
        if obj.kind == "saved_search":
            timed = _timed(obj, graph.knowledge), _timed(obj, knowledge.after(user))
            gaps = [x for x in settings_losses(node, *timed) if x.kind == "schedule_gap"]
            result.losses += [replace(x, detail=f"{user}: {x.detail}") for x in gaps]
            if any(x.grade is Grade.BLIND for x in gaps):
                result.silenced.add(user)
        if user.startswith("eventtype:"):
            for detection in reach(graph, [user], spend=spend):
                result.overlook(graph, detection, diff)


def _compare_texts(
    graph: KnowledgeGraph,
    node: str,
    old: str,
    new: str,
    knowledge: Expander,
    result: Assessment,
    users: int,
) -> SearchDiff:
    """A macro by its text alone: what it is pasted into is not looked at."""
    if _is_value(old) and _is_value(new):
        result.worsen(node, State.DEGRADED)
        return SearchDiff()
    diff = compare_searches(old, new, old=graph.knowledge, new=knowledge.after(node))
    for narrowing in diff.narrowings:
        grade = _widened(narrowing, users)
        result.losses.append(Loss(kind="narrowed_filter", object=node, detail=narrowing.detail, grade=grade))
    if diff.grade is Grade.BLIND:
        result.worsen(node, State.EMPTY)
    elif not diff.narrowings and users and not diff.same:
        # What the new text does in so many places is not known to be harmless.
        result.worsen(node, State.DEGRADED)
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


def _lookup(
    graph: KnowledgeGraph,
    edit: Edit,
    before: KnowledgeObject,
    after: KnowledgeObject,
    knowledge: Expander,
    result: Assessment,
    spend: Spend,
) -> None:
    users = sorted(n for n in reach(graph, [edit.node], spend=spend) if n.startswith("saved_search:"))
    hint = _declared_polarity(before)
    uses: dict[str, frozenset[Polarity]] = {}
    for user in users:
        obj = graph.nodes[user].object
        if obj is None or obj.disabled:
            continue
        if len(users) > MAX_COMPARED:
            uses[user] = hint or frozenset({Polarity.UNKNOWN})
            continue
        spend(_COMPARE_COST)
        found = polarities(text(obj.content, "search"), before, knowledge.after(user))
        if found <= {Polarity.ADDS, Polarity.UNKNOWN} and hint:
            found |= hint
        uses[user] = found
    losses, blind = row_losses(edit.node, before.content, after.content, uses)
    result.losses += losses
    for user in blind:
        result.worsen(user, State.EMPTY)
    for key in ("filename", "collection", "match_type", "max_matches", "min_matches", "default_match", "filter"):
        if key in after.content and after.content.get(key) != before.content.get(key):
            result.worsen(edit.node, State.DEGRADED)


def _declared_polarity(lookup: KnowledgeObject) -> frozenset[Polarity]:
    """What the lookup's owner wrote of it."""
    word = text(lookup.content, "agentgate.polarity").lower()
    if word in ("allow", "exclude", "exclusion"):
        return frozenset({Polarity.EXCLUDES})
    return frozenset({Polarity.REQUIRES}) if word in ("watch", "block", "deny", "include") else frozenset()


def _data_model(
    graph: KnowledgeGraph,
    edit: Edit,
    before: KnowledgeObject,
    after: KnowledgeObject,
    knowledge: Expander,
    result: Assessment,
    spend: Spend,
) -> None:
    old, new = before.content.get("acceleration"), after.content.get("acceleration")
    was_on = isinstance(old, Mapping) and flag(old, "enabled") is True
    if was_on and not (isinstance(new, Mapping) and flag(new, "enabled") is True):
        detail = "its acceleration is switched off: searches over its summaries alone find nothing"
        result.losses.append(Loss(kind="narrowed_filter", object=edit.node, detail=detail, grade=Grade.MODERATE))
        result.worsen(edit.node, State.DEGRADED)
    if before.content.get("objects") != after.content.get("objects"):
        result.worsen(edit.node, State.DEGRADED)


def _index(
    graph: KnowledgeGraph,
    edit: Edit,
    before: KnowledgeObject,
    after: KnowledgeObject,
    knowledge: Expander,
    result: Assessment,
    spend: Spend,
) -> None:
    for key in ("frozenTimePeriodInSecs", "maxTotalDataSizeMB", "maxGlobalDataSizeMB"):
        old, new = number(before.content, key), number(after.content, key)
        if new is not None and old is not None and new < old:
            detail = f"older events are deleted: {key} {new:g}, from {old:g}"
            result.losses.append(Loss(kind="retention", object=edit.node, detail=detail, grade=Grade.MAJOR))


def _dashboard(*_: object) -> None:
    """A dashboard covers nothing; panels that stop working show in the graph."""


def _other(
    graph: KnowledgeGraph,
    edit: Edit,
    before: KnowledgeObject,
    after: KnowledgeObject,
    knowledge: Expander,
    result: Assessment,
    spend: Spend,
) -> None:
    """A kind whose settings are not understood: whoever needs it is at least touched."""
    if replace(before, content={}) != replace(after, content={}) or before.content != after.content:
        result.worsen(edit.node, State.DEGRADED)


_MODIFIED: dict[str, Assessor] = {
    "saved_search": _saved_search,
    "macro": _text_object,
    "eventtype": _text_object,
    "lookup": _lookup,
    "data_model": _data_model,
    "index": _index,
    "dashboard": _dashboard,
}
