"""Two versions of a policy: which of them stops more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.gate.policy.changes import compare, compare_all
from agentgate_mcp.gate.policy.conditions import compile_condition
from agentgate_mcp.gate.policy.schema import Condition, PolicyFile, Rule
from agentgate_mcp.policies.loader import SHIPPED, read_directory
from agentgate_mcp.policies.selftest import facts_from

pytestmark = pytest.mark.req("policy.diff")
FILES = {p.file.id: p.file for p in read_directory(SHIPPED)}


def ways(old: PolicyFile, new: PolicyFile) -> dict[str, str]:
    return {c.what: c.direction for c in compare(old, new)}


def changed(policy: str, rule: str = "", **updates: object) -> PolicyFile:
    file = FILES[policy]
    if not rule:
        return file.model_copy(update=updates)
    rules = tuple(r.model_copy(update=updates) if r.id == rule else r for r in file.rules)
    return file.model_copy(update={"rules": rules})


def when(**parts: object) -> Condition:
    return Condition.model_validate(parts)


@pytest.mark.parametrize("policy", sorted(FILES))
def test_a_policy_does_not_differ_from_itself(policy: str) -> None:
    assert compare(FILES[policy], FILES[policy]) == ()


@pytest.mark.parametrize(
    ("policy", "rule", "updates", "what", "direction"),
    [
        ("POL-012", "", {"mode": "shadow"}, "mode", "looser"),
        ("POL-012", "wide", {"action": "BLOCK"}, "rules/wide/action", "tighter"),
        ("POL-012", "wide", {"severity": "low"}, "rules/wide/severity", "looser"),
        ("POL-013", "critical-asset", {"two_person": False}, "rules/critical-asset/two_person", "looser"),
        ("POL-005", "foreign-team", {"approver_team_from": ""}, "rules/foreign-team/approver_team_from", "looser"),
        ("POL-009", "", {"mandate_covers": "approval"}, "mandate_covers", "looser"),
        ("POL-012", "", {"overridable": ()}, "overridable", "tighter"),
        ("POL-012", "", {"overridable": ("cost_score",)}, "overridable", "neither"),
        ("POL-009", "", {"kind": "read"}, "kind", "looser"),
        ("POL-016", "scope", {"reason": "Something else is said."}, "rules/scope/reason", "neither"),
        ("POL-016", "", {"version": 2}, "version", "neither"),
        (
            "POL-016",
            "scope",
            {
                "when": when(
                    all=(
                        {"fact": "request.out_of_scope", "op": "nonempty"},
                        {"fact": "request.mutates", "op": "is_true"},
                    )
                )
            },
            "rules/scope/when",
            "looser",
        ),
        (
            "POL-016",
            "scope",
            {
                "when": when(
                    any=(
                        {"fact": "request.out_of_scope", "op": "nonempty"},
                        {"fact": "request.mutates", "op": "is_true"},
                    )
                )
            },
            "rules/scope/when",
            "tighter",
        ),
        ("POL-016", "scope", {"when": when(fact="request.mutates", op="is_true")}, "rules/scope/when", "neither"),
    ],
)
def test_each_change_has_its_direction(
    policy: str, rule: str, updates: dict[str, object], what: str, direction: str
) -> None:
    assert ways(FILES[policy], changed(policy, rule, **updates)) == {what: direction}


@pytest.mark.parametrize(
    ("policy", "name", "lower"),
    [("POL-012", "span_seconds", "tighter"), ("POL-012", "indexes", "tighter"), ("POL-007", "seconds", "tighter")],
)
def test_a_threshold_has_the_direction_of_what_it_stops(policy: str, name: str, lower: str) -> None:
    file = FILES[policy]
    less = file.model_copy(update={"thresholds": {**file.thresholds, name: 3.0}})
    assert ways(file, less) == {f"thresholds/{name}": lower}
    assert ways(less, file) == {f"thresholds/{name}": "looser"}


def test_rules_and_policies_that_come_and_go_are_told() -> None:
    file = FILES["POL-004"]
    fewer = file.model_copy(update={"rules": file.rules[:1]})
    assert ways(file, fewer) == {"rules/writes": "looser"}
    assert ways(fewer, file) == {"rules/writes": "tighter"}
    all_of_them = list(FILES.values())
    assert [(c.policy, c.direction) for c in compare_all(all_of_them, all_of_them[1:])] == [("POL-001", "looser")]
    assert [(c.policy, c.direction) for c in compare_all(all_of_them[1:], all_of_them)] == [("POL-001", "tighter")]


@given(
    st.sampled_from(["gt", "ge", "lt", "le", "eq", "ne"]),
    st.integers(1, 99),
    st.integers(1, 99),
    st.booleans(),
    st.lists(st.integers(0, 100), min_size=20, max_size=40),
)
def test_a_direction_holds_of_every_call(op: str, before: int, after: int, negated: bool, scores: list[int]) -> None:
    clause: dict[str, object] = {"fact": "cost.score", "op": op, "threshold": "n"}
    file = changed("POL-016", "scope", when=Condition.model_validate({"not": clause} if negated else clause))
    old, new = (file.model_copy(update={"thresholds": {"n": float(n)}}) for n in (before, after))
    direction = ways(old, new).get("thresholds/n")
    rule: Rule = file.rules[0]
    for score in scores:
        held = [
            compile_condition(rule.when, f.thresholds)(facts_from({"cost.score": score})) is not None
            for f in (old, new)
        ]
        assert direction != "tighter" or held[1] or not held[0]
        assert direction != "looser" or held[0] or not held[1]
    if op in ("gt", "ge", "lt", "le") and before != after:
        holds_of_more = (after < before) == (op in ("gt", "ge"))
        assert direction == ("tighter" if holds_of_more != negated else "looser")
