"""One edit, judged: what it loses by itself, and in which state it leaves its object.

Removal is simple. A modification is compared with what was there before, each kind in its way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from agentgate_mcp.graph.alerting import custom_condition
from agentgate_mcp.graph.assessment import Assessment, Scene
from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.definitions import MAX_COMPARED, assess_eventtype, assess_external, assess_macro
from agentgate_mcp.graph.expansion import Expander
from agentgate_mcp.graph.grades import Grade
from agentgate_mcp.graph.known_settings import unknown_settings
from agentgate_mcp.graph.linking import dead_state
from agentgate_mcp.graph.lookups import Polarity, polarities, row_losses, rows_out_of_sight
from agentgate_mcp.graph.losses import settings_losses
from agentgate_mcp.graph.names import base_name
from agentgate_mcp.graph.nodes import State
from agentgate_mcp.graph.objects import constraints_of
from agentgate_mcp.graph.past import Past
from agentgate_mcp.graph.planning import Edit
from agentgate_mcp.graph.settings import flag, macro_name, mappings, number, text, texts
from agentgate_mcp.graph.states import Spend, no_limit, reach
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import KnowledgeObject

_SHARING_REACH = {"user": 0, "app": 1, "global": 2}


def assess(
    graph: KnowledgeGraph, edit: Edit, knowledge: Expander, *, past: Past | None = None, spend: Spend = no_limit
) -> Assessment:
    """The direct effects of ``edit``. ``knowledge`` expands searches as they will be; ``past`` says
    what they are compared with, by default what the graph holds."""
    result = Assessment()
    before, after = edit.before, edit.after
    if after is not None:
        known: Mapping[str, Json] = before.content if before is not None else {}
        found = unknown_settings(edit.node, edit.kind, known, after.content)
        result.losses += [x for x in found if before is not None or edit.external or x.kind == "unknown_setting"]
    if after is not None and edit.kind in ("field_extraction", "sourcetype"):
        known = before.content if before is not None else {}
        if how := _rewrites(graph, after, {k for k, v in after.content.items() if known.get(k) != v}):
            result.lose("shadowing", edit.node, f"{how} gives events that are searched other fields", Grade.MAJOR)
    if after is None or (after.disabled and not (before is not None and before.disabled)):
        state = State.DEGRADED if _replaced(graph, edit) else dead_state(edit.kind)
        result.worsen(edit.node, state)
        if after is not None and before is not None and edit.action == "modify":
            result.lose("switched_off", edit.node, "it is disabled by a setting, not by the call for it", Grade.MAJOR)
        return result
    if before is None and not edit.external:
        return result
    scene = Scene(
        graph=graph,
        edit=edit,
        before=after if before is None else before,
        after=after,
        past=past or Past(graph=graph),
        knowledge=knowledge,
        result=result,
        spend=spend,
    )
    if before is None:
        assess_external(scene)
        return result
    if after.disabled:
        result.worsen(edit.node, dead_state(edit.kind))
        return result
    if _SHARING_REACH[after.sharing] < _SHARING_REACH[before.sharing]:
        detail = f"it is shared with fewer: {after.sharing}, from {before.sharing}"
        result.lose("shadowing", edit.node, detail, Grade.MAJOR)
    if (called := text(after.content, "name")) not in ("", after.name):
        result.worsen(edit.node, dead_state(edit.kind))
        result.lose("switched_off", edit.node, f"nothing has its name any more: it is called {called}", Grade.MAJOR)
    _MODIFIED.get(edit.kind, _other)(scene)
    return result


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


def _saved_search(scene: Scene) -> None:
    result, before, after = scene.result, scene.before, scene.after
    old, new = text(before.content, "search"), text(after.content, "search")
    if old != new or scene.past.objects:
        result.note(scene.graph, scene.node, scene.compare(old, new))
    if (condition := custom_condition(after.content)) != custom_condition(before.content) and condition:
        # Read after the search, where it shows whether the fields that it needs are there.
        result.note(scene.graph, scene.node, scene.compare(new, f"{new} | {condition.lstrip('| ')}"))
    losses = settings_losses(
        scene.node,
        scene.timed(before, scene.past.knowledge(scene.node)),
        scene.timed(after, scene.knowledge.after(scene.node)),
    )
    result.losses += losses
    if any(loss.grade is Grade.BLIND for loss in losses):
        result.silenced.add(scene.node)


_DECIDING = ("filename", "collection", "match_type", "max_matches", "min_matches", "default_match", "filter",
             "case_sensitive_match", "external_cmd", "external_type", "time_field")  # fmt: skip
"""Settings of a lookup that decide which row, if any, an event gets."""


def _lookup(scene: Scene) -> None:
    graph, result, before, after = scene.graph, scene.result, scene.before, scene.after
    users = sorted(n for n in reach(graph, [scene.node], spend=scene.spend) if n.startswith("saved_search:"))
    uses = _uses(scene, users)
    losses, blind = row_losses(scene.node, before.content, after.content, uses)
    result.losses += losses
    for user in blind:
        result.worsen(user, State.EMPTY)
    for user, polarity in uses.items():
        result.overlook(graph, user, rows_out_of_sight(before.content, after.content, polarity))
    changed = [k for k in _DECIDING if k in after.content and after.content.get(k) != before.content.get(k)]
    listed = next(
        (k for k in ("fields", "fields_list") if set(texts(before.content, k)) - set(texts(after.content, k))), ""
    )
    if listed:
        changed.append(listed)
    if changed:
        result.worsen(scene.node, State.DEGRADED)
        decided = [u for u, polarity in uses.items() if polarity - {Polarity.ADDS}]
        if decided:
            detail = f"other rows decide in {decided[0]}: {', '.join(changed)} changed"
            result.lose("allow_list", scene.node, detail, Grade.MAJOR)


def _uses(scene: Scene, users: list[str]) -> dict[str, frozenset[Polarity]]:
    """How each enabled search among ``users`` uses the lookup."""
    hint = _declared_polarity(scene.before)
    uses: dict[str, frozenset[Polarity]] = {}
    for user in users:
        obj = scene.graph.nodes[user].object
        if obj is None or obj.disabled:
            continue
        if len(users) > MAX_COMPARED:
            uses[user] = hint or frozenset({Polarity.UNKNOWN})
            continue
        scene.spend(len(text(obj.content, "search")))
        found = polarities(text(obj.content, "search"), scene.before, scene.knowledge.after(user))
        if found <= {Polarity.ADDS, Polarity.UNKNOWN} and hint:
            found |= hint
        uses[user] = found
    return uses


def _declared_polarity(lookup: KnowledgeObject) -> frozenset[Polarity]:
    """What the lookup's owner wrote of it."""
    word = text(lookup.content, "agentgate.polarity").lower()
    if word in ("allow", "exclude", "exclusion"):
        return frozenset({Polarity.EXCLUDES})
    return frozenset({Polarity.REQUIRES}) if word in ("watch", "block", "deny", "include") else frozenset()


def _data_model(scene: Scene) -> None:
    result, before, after = scene.result, scene.before, scene.after
    old, new = before.content.get("acceleration"), after.content.get("acceleration")
    was_on = isinstance(old, Mapping) and flag(old, "enabled") is True
    if was_on and not (isinstance(new, Mapping) and flag(new, "enabled") is True):
        detail = "its acceleration is switched off: searches over its summaries alone find nothing"
        result.lose("narrowed_filter", scene.node, detail, Grade.MODERATE)
        result.worsen(scene.node, State.DEGRADED)
    if before.content.get("objects") != after.content.get("objects"):
        result.worsen(scene.node, State.DEGRADED)
        known, kept = _datasets(before), _datasets(after)
        for name in sorted(known.keys() & kept.keys()):
            if known[name] != kept[name]:
                result.note(scene.graph, scene.node, scene.compare(known[name], kept[name]))


def _datasets(model: KnowledgeObject) -> dict[str, str]:
    """What the events of each dataset match."""
    found = mappings(model.content.get("objects"))
    return {
        text(d, "objectName") or text(d, "name"): " ".join(f"({c})" for c in constraints_of(d)) or "*" for d in found
    }


_RETENTION = {"frozenTimePeriodInSecs": 188_697_600, "maxTotalDataSizeMB": 500_000, "maxGlobalDataSizeMB": 0}
"""Splunk's defaults (indexes.conf); 0 is no limit."""


def _index(scene: Scene) -> None:
    for key, default in _RETENTION.items():
        old, new = number(scene.before.content, key), number(scene.after.content, key)
        old = default if old is None else old
        if new is not None and (new or math.inf) < (old or math.inf):
            detail = f"older events are deleted: {key} {new:g}, from {old:g}"
            scene.result.lose("retention", scene.node, detail, Grade.MAJOR)


def _dashboard(_scene: Scene) -> None:
    """A dashboard covers nothing; panels that stop working show in the graph."""


_REWRITING = ("eval", "fieldalias", "lookup", "transforms", "sedcmd")
"""Properties of a sourcetype, and types of extraction, that give events other fields or drop them."""


def _rewrites(graph: KnowledgeGraph, after: KnowledgeObject, changed: Iterable[str]) -> str:
    """How changed properties give the events of a sourcetype that is searched other fields."""
    if after.kind == "field_extraction":
        found, stanza = (
            text(after.content, "type") or after.name.rpartition(":")[2].strip(),
            text(after.content, "stanza"),
        )
    else:
        found, stanza = next((k for k in sorted(changed) if k.lower().startswith(_REWRITING)), ""), after.name
    used = any(graph.dependents_of(n) for n in graph.find("sourcetype", stanza))
    return found if used and found.lower().startswith(_REWRITING) else ""


def _other(scene: Scene) -> None:
    """A kind whose settings are not understood: whoever needs it is at least touched."""
    before, after = scene.before, scene.after
    if replace(before, content={}) != replace(after, content={}) or before.content != after.content:
        scene.result.worsen(scene.node, State.DEGRADED)


_MODIFIED: dict[str, Callable[[Scene], None]] = {
    "saved_search": _saved_search,
    "macro": assess_macro,
    "eventtype": assess_eventtype,
    "lookup": _lookup,
    "data_model": _data_model,
    "index": _index,
    "dashboard": _dashboard,
}
