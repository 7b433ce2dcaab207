"""What is refused at load although its form is right, with the place in the file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgate_mcp.errors import PolicyError
from agentgate_mcp.gate.policy.conditions import compile_condition
from agentgate_mcp.gate.policy.logic import Bound, Space
from agentgate_mcp.gate.policy.paths import FactSet, fact_at
from agentgate_mcp.gate.policy.schema import Condition
from agentgate_mcp.policies.loader import SHIPPED, read_policy
from agentgate_mcp.policies.selftest import facts_from

pytestmark = pytest.mark.req("policy.checks")
Document = dict[str, object]


class WrittenOut(yaml.SafeDumper):
    """Writes a value that stands twice twice: policy files hold no aliases."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def clause(fact: str, op: str, value: object = None) -> Document:
    return {"fact": fact, "op": op} if value is None else {"fact": fact, "op": op, "value": value}


def document(*rules: Document, **changes: object) -> Document:
    """A policy that loads, with `rules` in place of its own."""
    made = yaml.safe_load((SHIPPED / "POL-016.yaml").read_text("utf-8"))
    made["id"] = "SITE-001"
    if rules:
        made["rules"] = list(rules)
        ordinary = [t for t in made["tests"] if t["expect"] == "ALLOW"]
        fires = [{"name": f"{r['id']} fires", "expect": r["action"], "rule": r["id"], "facts": {}} for r in rules]
        made["tests"] = [*fires, *ordinary]
    return {**made, **changes}


def rule(name: str, when: Document, action: str = "REQUIRE_APPROVAL", **more: object) -> Document:
    return {"id": name, "action": action, "severity": "medium", "when": when, "reason": "For this test only.", **more}


def refusal(folder: Path, made: Document) -> PolicyError:
    path = folder / "site.yaml"
    path.write_text(yaml.dump(made, Dumper=WrittenOut, sort_keys=False), "utf-8")
    with pytest.raises(PolicyError) as caught:
        read_policy(path)
    return caught.value


def load(folder: Path, made: Document) -> None:
    (folder / "site.yaml").write_text(yaml.dump(made, Dumper=WrittenOut, sort_keys=False), "utf-8")
    read_policy(folder / "site.yaml")


@pytest.mark.parametrize(
    ("when", "place", "expected"),
    [
        (clause("cost.sore", "gt", 1), "when/fact", "no fact 'sore'"),
        (clause("cost.score", "contains", "x"), "when/fact", "is a number"),
        (clause("cost.score", "gt", 100), "when/value", "0 to 100"),
        (clause("cost.score", "lt", 0), "when/value", "can satisfy"),
        (clause("cost.score", "ge", 0), "when/value", "can fail"),
        (clause("cost.score", "eq", 0.5), "when/value", "whole number"),
        (clause("cost.score", "is_none"), "when/op", "can satisfy"),
        (clause("cost.score", "gt", float("nan")), "when/value", "can satisfy"),
        (clause("request.side_effect", "eq", "reads"), "when/value", "one of read, propose"),
        (clause("request.side_effect", "in", ["read", "writes"]), "when/value", "'writes'"),
        (clause("blast_radius.change.action", "ne", "remove"), "when/value", "one of create, modify"),
        (clause("request.tool", "in", ["a", 3]), "when/value", "a list of texts"),
        (clause("blast_radius.change.assets", "contains", "dc01"), "when/value", "a list of records"),
        (clause("request.foreign_teams", "len_gt", -1), "when/value", "can fail"),
        (clause("request.foreign_teams", "len_gt", 1e9), "when/value", "can satisfy"),
        (
            {"all": [clause("cost.score", "gt", 60), clause("cost.score", "lt", 40)]},
            "when",
            "a condition that can hold",
        ),
        (
            {
                "any": [
                    clause("request.mutates", "is_true"),
                    {"all": [clause("request.frozen", "is_true"), {"not": clause("request.frozen", "is_true")}]},
                ]
            },
            "when/any/1",
            "an alternative that can hold",
        ),
    ],
)
@pytest.mark.req("R9")
def test_a_comparison_that_means_nothing_is_refused_with_its_line(
    tmp_path: Path, when: Document, place: str, expected: str
) -> None:
    error = refusal(tmp_path, document(rule("odd", when)))
    assert f"rules/0/{place}" in error.location
    assert expected in error.problem
    line = int(error.location.removeprefix("line ").partition(",")[0])
    around = (tmp_path / "site.yaml").read_text("utf-8").splitlines()[line - 1]
    assert place.rsplit("/", 1)[-1] in around or around.lstrip().startswith("- ")


def test_a_rule_that_a_stronger_one_covers_is_refused(tmp_path: Path) -> None:
    exact = clause("request.foreign_teams", "nonempty")
    narrower = {"all": [exact, clause("request.mutates", "is_true")]}
    for covered, covering in (
        (rule("b", exact), rule("a", exact, "BLOCK")),
        (rule("b", narrower), rule("a", exact, "BLOCK")),
        (rule("b", narrower), rule("a", exact)),
        (rule("b", clause("cost.score", "gt", 60)), rule("a", clause("cost.score", "ge", 50))),
        (
            rule("b", clause("request.side_effect", "in", ["propose"])),
            rule("a", clause("request.side_effect", "ne", "read")),
        ),
        (rule("b", clause("request.foreign_teams", "contains", "x")), rule("a", exact)),
    ):
        error = refusal(tmp_path, document(covering, covered))
        assert "rules/1/when" in error.location
        assert "rule b, which holds only where a does" in error.problem


def test_a_rule_that_adds_something_is_not_shadowed(tmp_path: Path) -> None:
    exact = clause("request.foreign_teams", "nonempty")
    narrower = {"all": [exact, clause("request.mutates", "is_true")]}
    for first, second in (
        (rule("a", narrower, "BLOCK"), rule("b", exact)),
        (rule("a", exact), rule("b", narrower, "BLOCK")),
        (rule("a", exact), rule("b", narrower, two_person=True)),
        (rule("a", exact), rule("b", narrower, approver_team_from="request.foreign_teams")),
        (rule("a", clause("cost.score", "gt", 60), "BLOCK"), rule("b", clause("cost.score", "gt", 40))),
    ):
        load(tmp_path, document(first, second))


def test_missing_and_repeated_tests_are_refused(tmp_path: Path) -> None:
    made = document()
    tests = made["tests"]
    assert isinstance(tests, list)
    assert "a test with `rule: scope`" in str(refusal(tmp_path, {**made, "tests": tests[1:]}))
    few = refusal(tmp_path, {**made, "tests": tests[:3]})
    assert few.location.endswith(", tests")
    assert "got 2" in few.problem
    same = [tests[0], *({**tests[1], "name": f"again {n}"} for n in range(3))]
    assert "different ordinary calls" in str(refusal(tmp_path, {**made, "tests": same}))
    odd = [*tests, {"name": "odd", "expect": "ALLOW", "facts": {"request.nothing": 1}}]
    assert "tests/4/facts/request.nothing" in str(refusal(tmp_path, {**made, "tests": odd}))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"standard": "PCI"}, "standards/0/standard"),
        ({"standard": "PCI DSS", "version": "four"}, "standards/0/version"),
        ({"standard": "MITRE ATLAS", "version": "5.6"}, "standards/0/version"),
        ({"year": 1066}, "standards/0/year"),
        ({"supports": "complies with logging"}, "standards/0/supports"),
    ],
)
def test_a_citation_that_cannot_be_found_is_refused(tmp_path: Path, change: Document, place: str) -> None:
    made = document()
    cited = made["standards"]
    assert isinstance(cited, list)
    assert place in refusal(tmp_path, {**made, "standards": [{**cited[0], **change}]}).location


def test_thresholds_that_nothing_uses_or_that_models_would_be_told_are_refused(tmp_path: Path) -> None:
    used = rule("a", {"fact": "cost.score", "op": "gt", "threshold": "score"})
    load(tmp_path, document(used, thresholds={"score": 40.0}))
    unused = refusal(tmp_path, document(used, thresholds={"score": 40.0, "spare": 1.0}))
    assert unused.location.endswith("thresholds/spare")
    told = refusal(tmp_path, document({**used, "suggestion": "Stay below 40."}, thresholds={"score": 40.0}))
    assert told.location.endswith("rules/0/suggestion")
    absent = refusal(tmp_path, document(used))
    assert "one of the thresholds none, got score" in absent.problem
    odd = refusal(tmp_path, document(used, thresholds={"score": 40.0}, overridable=["scores"]))
    assert odd.location.endswith("overridable/0")


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    error = refusal(tmp_path, document(rule("a", clause("cost.x", "gt", 1)), rule("b", clause("cost.y", "gt", 1))))
    assert "'x'" in error.problem
    assert "rules/1/when/fact" in error.problem


# --- what the checks conclude holds of every call -----------------------------------------------

_NUMBERS = st.integers(min_value=1, max_value=5)
_TEAMS = st.sampled_from(["a", "b", "c"])
_CLAUSES = st.one_of(
    st.builds(
        lambda op, n: clause("cost.score", op, n), st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"]), _NUMBERS
    ),
    st.builds(lambda op, n: clause("blast_radius.search.span_seconds", op, n), st.sampled_from(["lt", "ge"]), _NUMBERS),
    st.builds(lambda op: clause("blast_radius.search.span_seconds", op), st.sampled_from(["is_none", "not_none"])),
    st.builds(lambda op: clause("request.mutates", op), st.sampled_from(["is_true", "is_false"])),
    st.builds(lambda op: clause("request.foreign_teams", op), st.sampled_from(["empty", "nonempty"])),
    st.builds(lambda v: clause("request.foreign_teams", "contains", v), _TEAMS),
    st.builds(lambda v: clause("request.foreign_teams", "contains_any", v), st.lists(_TEAMS, min_size=1, max_size=2)),
    st.builds(lambda n: clause("request.foreign_teams", "len_gt", n), st.integers(min_value=0, max_value=3)),
    st.builds(lambda v: clause("request.side_effect", "ne", v), st.sampled_from(["read", "propose"])),
    st.builds(lambda op, v: clause("request.tool", op, v), st.just("in"), st.lists(_TEAMS, min_size=1, max_size=2)),
)
_CONDITIONS = st.recursive(
    _CLAUSES,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=5,
)
_FACTS = st.fixed_dictionaries(
    {
        "cost.score": st.integers(min_value=0, max_value=6),
        "request.mutates": st.booleans(),
        "request.foreign_teams": st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=5),
        "request.side_effect": st.sampled_from(["read", "propose", "egress"]),
        "request.tool": st.sampled_from(["a", "b", "z", ""]),
    },
    optional={"blast_radius.search.span_seconds": st.one_of(st.none(), st.floats(min_value=0, max_value=6))},
)


def _bound(made: Document) -> Bound:
    return Bound(condition=Condition.model_validate(_frozen(made)), thresholds={})


def _frozen(value: object) -> object:
    if isinstance(value, dict):
        return {k: v if k == "value" else _frozen(v) for k, v in value.items()}
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value


def _holds(bound: Bound, facts: FactSet) -> bool:
    return compile_condition(bound.condition, bound.thresholds)(facts) is not None


@settings(max_examples=150)
@given(_CONDITIONS, _CONDITIONS, st.lists(_FACTS, min_size=10, max_size=30))
def test_what_implies_holds_where_its_cause_does(
    one: Document, other: Document, calls: list[Mapping[str, object]]
) -> None:
    narrow, wide = _bound(one), _bound(other)
    space = Space([narrow, wide])
    implied, possible = space.implies(narrow, wide), bool(space.alternatives(narrow))
    for paths in calls:
        facts = facts_from(dict(paths))  # type: ignore[arg-type]
        if _holds(narrow, facts):
            assert possible
            assert not implied or _holds(wide, facts)


@given(_CONDITIONS)
def test_a_condition_implies_itself_and_less(made: Document) -> None:
    own, wider = _bound(made), _bound({"any": [made, clause("request.frozen", "is_true")]})
    space = Space([own, wider])
    assert space.implies(own, own)
    assert space.implies(own, wider)


def test_facts_know_what_they_can_be() -> None:
    assert fact_at("blast_radius.change.action").choices == ("create", "modify", "disable", "delete")
    assert fact_at("blast_radius.change.action").optional
    assert not fact_at("request.side_effect").optional
    assert str(fact_at("cost.score")) == "a whole number from 0 to 100"
