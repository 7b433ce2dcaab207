"""Small losses, one after another, counted as the large one that they make together.

A change is judged against what its object, and everything that its searches are made of, was when
an operator last accepted it. Only a change that itself takes something away is counted so: to
undo some of the damage is never held up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import pairwise

from agentgate_mcp.graph.assess import assess
from agentgate_mcp.graph.baseline import Baseline, Key, key_of, object_id
from agentgate_mcp.graph.build import KnowledgeGraph, covered_nodes
from agentgate_mcp.graph.detections import detection_of
from agentgate_mcp.graph.expansion import Expander
from agentgate_mcp.graph.grades import Grade
from agentgate_mcp.graph.impact import Impact
from agentgate_mcp.graph.losses import Loss, settings_losses
from agentgate_mcp.graph.nodes import Detection, State
from agentgate_mcp.graph.overlay import Overlay
from agentgate_mcp.graph.past import Past
from agentgate_mcp.graph.planning import Edit, Plan
from agentgate_mcp.graph.searches import compare_searches
from agentgate_mcp.graph.settings import text
from agentgate_mcp.graph.states import Spend, no_limit, reach
from agentgate_mcp.model.facts import AssetCoverage
from agentgate_mcp.model.site import KnowledgeObject

SOME_STEPS, MANY_STEPS = 3, 5
"""Narrowings of one object that nobody accepted: worth a look, and not to be continued unseen."""
_MAX_REGION = 200
"""Dependents beyond which a changed object is a hub, and judged without what lies beside it."""

Forms = tuple[KnowledgeObject, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accumulated:
    """An impact with what earlier open changes add to it. ``objects`` are those (`kind:app/name`)
    that were counted with it; ``lost_before`` the detections that they took away."""

    impact: Impact
    objects: tuple[str, ...] = ()
    lost_before: tuple[str, ...] = ()


def accumulate(graph: KnowledgeGraph, found: Impact, baseline: Baseline, *, spend: Spend = no_limit) -> Accumulated:
    """``found`` counted from ``baseline`` instead of from now."""
    if not baseline.forms or not (found.losses or found.lost or found.assets):
        return Accumulated(impact=found)
    work = _Work(graph, found, baseline, spend)
    losing = {x.object for x in found.losses}
    for edit in found.plan.edits:
        if edit.node in losing and edit.after is not None and not edit.after.disabled:
            work.recount(edit)
    assets = tuple(work.recovered(a) for a in found.assets)
    lost_before = work.lost_before()
    losses = tuple(sorted({*found.losses, *work.losses}))
    return Accumulated(
        impact=replace(found, losses=losses, assets=assets),
        objects=tuple(sorted(work.counted)),
        lost_before=lost_before,
    )


class _Work:
    """One recount; used once."""

    def __init__(self, graph: KnowledgeGraph, found: Impact, baseline: Baseline, spend: Spend) -> None:
        self.graph = graph
        self.found = found
        self.baseline = baseline
        self.spend = spend
        self.losses: list[Loss] = []
        self.counted: set[str] = set()
        self.unseen: dict[str, set[str]] = {}
        self.after = Expander.of(Overlay.of(graph, found.plan.edits), found.plan)

    def recount(self, edit: Edit) -> None:
        """The losses of ``edit`` since its object, and what stands beside it, was accepted."""
        own = self._forms(edit)
        beside = {n: f for n, f in self._related(edit.node).items() if n != edit.node}
        if not own and not beside:
            return
        self._count([*([self._key(edit)] if own else []), *(key_of(f[0]) for f in beside.values())])
        past = self._past({n: f[0] for n, f in beside.items()} | ({edit.node: own[0]} if own else {}))
        whole = replace(edit, before=own[0] if own else edit.before)
        result = assess(self.graph, whole, self.after, past=past, spend=self.spend)
        for node, assets in result.unseen.items():
            self.unseen.setdefault(node, set()).update(assets)
        known = {(x.kind, x.detail) for x in self.found.losses}
        self.losses += [
            replace(x, detail=f"{x.detail}, counted from what was last accepted")
            for x in result.losses
            if (x.kind, x.detail) not in known and x.kind not in ("unknown_setting", "ownership")
        ]
        if own:
            self._repeated(edit, own)

    def _repeated(self, edit: Edit, forms: Forms) -> None:
        now = () if edit.before is None else (edit.before,)
        chain = [*forms, *now]
        steps = 1 + sum(_narrows(self.graph, edit.node, a, b) for a, b in pairwise(chain))
        if steps >= SOME_STEPS:
            grade = Grade.MAJOR if steps >= MANY_STEPS else Grade.MODERATE
            detail = f"it is the {steps}. time that it loses something since it was last accepted"
            self.losses.append(Loss(kind="erosion", object=edit.node, detail=detail, grade=grade))

    def recovered(self, asset: AssetCoverage) -> AssetCoverage:
        """The cover of an asset without the detections that open changes made look away from it."""
        lost, graph = set(self.found.lost), self.graph
        away = 0
        for detection in graph.covering.get(f"asset:{asset.asset}", ()):
            counts = graph.detections[detection].counts and not graph.baseline.get(detection, State.OK).broken
            if counts and detection not in lost and asset.asset not in self.unseen.get(detection, ()):
                away += asset.asset in self._overlooked(detection)
        return asset if not away else asset.model_copy(update={"after": max(0, asset.after - away)})

    def _overlooked(self, detection: str) -> Set[str]:
        """Assets that open changes of what ``detection`` is made of took out of its sight."""
        found: set[str] = set()
        for node, forms in self._open(self._upstream([detection]) - self.found.plan.nodes).items():
            current = self.graph.nodes[node].object
            if current is None:
                continue
            edit = Edit(node=node, kind=current.kind, action="modify", before=forms[0], after=current)
            nothing = Expander.of(Overlay.of(self.graph, ()), Plan())
            result = assess(self.graph, edit, nothing, past=self._past({node: forms[0]}), spend=self.spend)
            if assets := result.unseen.get(detection):
                found |= assets
                self._count([key_of(forms[0])])
        return found

    def lost_before(self) -> tuple[str, ...]:
        """Detections that open changes took away, of what the lost ones cover."""
        claimed = {c for d in self.found.lost for c in _claims(self.graph.detections[d])}
        gone: list[str] = []
        if not claimed:
            return ()
        for key, forms in self.baseline.forms.items():
            node = _node(self.graph, key)
            then = detection_of(forms[0], node or object_id(key))
            now = self.graph.detections.get(node)
            if then is None or not then.counts or node in self.found.lost or (now is not None and now.counts):
                continue
            if _claims(then) & claimed:
                gone.append(object_id(key))
        self.counted.update(gone)
        return tuple(sorted(gone))

    # --- what belongs together -----------------------------------------------------------------

    def _forms(self, edit: Edit) -> Forms:
        """The earlier forms of an edited object, one that was deleted and comes back included."""
        return self.baseline.forms.get(self._key(edit), ())

    def _open(self, nodes: Iterable[str]) -> dict[str, Forms]:
        """Those of ``nodes`` that stand for an object with open changes, and its earlier forms."""
        found: dict[str, Forms] = {}
        for node in sorted(nodes):
            obj = self.graph.nodes[node].object if node in self.graph.names.by_id else None
            forms = self.baseline.forms.get(key_of(obj)) if obj is not None else None
            if forms is not None:
                found[node] = forms
        return found

    def _key(self, edit: Edit) -> Key:
        obj = edit.before or edit.after
        if obj is None:
            return (edit.kind, "", edit.node)
        if obj.app:
            return key_of(obj)
        # A creation need not say its app.
        same = [k for k in self.baseline.forms if (k[0], k[2]) == (obj.kind, obj.name)]
        return same[0] if len(same) == 1 else key_of(obj)

    def _related(self, node: str) -> dict[str, Forms]:
        """Objects with open changes that the searches which use ``node`` are made of."""
        region = reach(self.graph, [node], spend=self.spend)
        if len(region) > _MAX_REGION:
            return {}
        return self._open(self._upstream(region))

    def _upstream(self, nodes: Iterable[str]) -> set[str]:
        seen = set(nodes)
        stack = list(seen)
        while stack:
            groups = self.graph.groups_of(stack.pop())
            self.spend(1 + len(groups))
            for member in (m for g in groups for m in g.members):
                if member not in seen:
                    seen.add(member)
                    stack.append(member)
        return seen

    def _past(self, objects: Mapping[str, KnowledgeObject]) -> Past:
        edits = tuple(
            Edit(node=n, kind=o.kind, action="modify", before=self.graph.nodes[n].object, after=o)
            for n, o in sorted(objects.items())
            if n in self.graph.nodes
        )
        expander = Expander.of(Overlay.of(self.graph, edits), Plan(edits=edits))
        return Past(graph=self.graph, objects=objects, expander=expander)

    def _count(self, keys: Sequence[Key]) -> None:
        self.counted.update(object_id(k) for k in keys)


def _node(graph: KnowledgeGraph, key: Key) -> str:
    """The node of an object; empty where it is gone."""
    kind, app, name = key
    return next((n for n in graph.names.find(kind, name, app) if _is(graph, n, key)), "")


def _is(graph: KnowledgeGraph, node: str, key: Key) -> bool:
    known = graph.nodes.get(node)
    return known is not None and known.object is not None and key_of(known.object) == key


def _claims(detection: Detection) -> frozenset[str]:
    return frozenset(target for target, _ in covered_nodes(detection))


def _narrows(graph: KnowledgeGraph, node: str, old: KnowledgeObject, new: KnowledgeObject) -> bool:
    """Whether one step took something away, read by its own text; what cannot be read did."""
    if new.disabled and not old.disabled:
        return True
    if old.kind == "saved_search":
        if settings_losses(node, old.content, new.content):
            return True
        diff = compare_searches(text(old.content, "search"), text(new.content, "search"), old=graph.knowledge)
    elif old.kind in ("macro", "eventtype"):
        field = "definition" if old.kind == "macro" else "search"
        first, second = text(old.content, field), text(new.content, field)
        diff = compare_searches(first, second, old=graph.knowledge)
        if not any(c in f"{first}{second}" for c in "=|<>("):
            return first.strip() != second.strip()
    else:
        return dict(old.content) != dict(new.content)
    return bool(diff.narrowings or diff.problem)
