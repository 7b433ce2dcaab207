"""When a scheduled search alerts: its condition before and after, compared.

Splunk spells each part twice, in its REST interface (`alert_comparator`) and in its files
(`relation`). Which spelling wins is not relied upon: the condition is read both ways.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agentgate_mcp.graph.grades import Grade, threshold_grade
from agentgate_mcp.graph.searches import compare_searches
from agentgate_mcp.graph.settings import number, text
from agentgate_mcp.model.call import Json

_SPELLINGS = (
    (("alert_type", "counttype"), ("alert_comparator", "relation"), ("alert_threshold", "quantity")),
    (("counttype", "alert_type"), ("relation", "alert_comparator"), ("quantity", "alert_threshold")),
)
_DEFAULT_TYPE, _DEFAULT_RELATION = "number of events", "greater than"
_MOST_RESULTS = 1e12
"""No search returns more rows."""

Weakening = tuple[str, Grade]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Condition:
    """``limit`` is None where the number cannot be read."""

    counted: str
    relation: str
    limit: float | None
    custom: str

    @property
    def never(self) -> bool:
        """Whether no number of results meets it."""
        if self.counted in ("always", "custom") or self.limit is None:
            return False
        if self.relation == "less than":
            return self.limit <= 0
        if self.relation == "equal to":
            return self.limit < 0 or self.limit != int(self.limit)
        return self.relation in ("greater than", "rises by", "drops by") and self.limit >= _MOST_RESULTS


def weakened(before: Mapping[str, Json], after: Mapping[str, Json]) -> list[Weakening]:
    """How ``after`` alerts on less than ``before``, each with what a person needs to read."""
    found: list[Weakening] = []
    for spelling in _SPELLINGS:
        old, new = _read(before, spelling), _read(after, spelling)
        if old != new:
            found += _compare(old, new)
    return list(dict.fromkeys(found))


def custom_condition(content: Mapping[str, Json]) -> str:
    """The search that the results must pass before anybody is told; empty where none is set."""
    return _read(content, _SPELLINGS[0]).custom


def _read(content: Mapping[str, Json], spelling: tuple[tuple[str, str], ...]) -> _Condition:
    kinds, relations, limits = spelling
    counted = _first(content, kinds).strip().lower() or _DEFAULT_TYPE
    written = _first(content, limits)
    custom = text(content, "alert_condition").strip()
    return _Condition(
        counted="custom" if custom and not any(text(content, k).strip() for k in kinds) else counted,
        relation=_first(content, relations).strip().lower() or _DEFAULT_RELATION,
        limit=number({"limit": written}, "limit") if written.strip() else 0.0,
        custom=custom,
    )


def _first(content: Mapping[str, Json], keys: tuple[str, str]) -> str:
    return next((found for k in keys if (found := text(content, k))), "")


def _compare(old: _Condition, new: _Condition) -> list[Weakening]:
    if new.custom and new.custom != old.custom:
        return [_custom(old.custom, new.custom)]
    if new.counted == "custom":
        return [] if new.custom else [("the custom alert condition is empty", Grade.MAJOR)]
    if new.counted == "always" or old.never:
        return []
    if new.never:
        return [(f"it alerts on no number of results: {new.relation} {new.limit:g}", Grade.BLIND)]
    if old.counted not in (new.counted, "always", "custom") or (
        old.counted == "always" and new.counted != _DEFAULT_TYPE
    ):
        return [(f"it counts {new.counted}, from {old.counted}", Grade.MAJOR)]
    if new.limit is None:
        return [("the number of results that it alerts on cannot be read", Grade.MAJOR)]
    was = 0.0 if old.counted == "always" or old.limit is None else old.limit
    return _numbers(old, new, was, new.limit)


def _numbers(old: _Condition, new: _Condition, was: float, limit: float) -> list[Weakening]:
    before = _DEFAULT_RELATION if old.counted in ("always", "custom") or _at_all(old, was) else old.relation
    after = _DEFAULT_RELATION if _at_all(new, limit) else new.relation
    if before != after:
        return [(f"it alerts on {after} {limit:g} results, from {before} {was:g}", Grade.MAJOR)]
    if after in ("greater than", "rises by", "drops by"):
        if limit > was:
            return [(f"it alerts above {limit:g} results, from {was:g}", threshold_grade(was, limit))]
    elif after == "less than":
        if limit < was:
            return [(f"it alerts below {limit:g} results, from {was:g}", threshold_grade(limit, was))]
    elif limit != was:
        return [(f"it alerts on {after} {limit:g} results, from {was:g}", Grade.MAJOR)]
    return []


def _at_all(condition: _Condition, limit: float) -> bool:
    """Whether it says "any result", in another way than `greater than 0`."""
    return condition.relation == "not equal to" and limit == 0


def _custom(old: str, new: str) -> Weakening:
    grade = compare_searches(old or "search *", new).grade or Grade.MODERATE
    return "the custom alert condition reads differently", max(Grade.MODERATE, grade)
