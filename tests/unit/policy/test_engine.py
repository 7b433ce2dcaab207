"""The policy engine: typed conditions, refused at load when they cannot mean anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.errors import PolicyError
from agentgate_mcp.gate.policy.conditions import ImpossibleClause, compile_condition
from agentgate_mcp.gate.policy.paths import UnknownFact, kind_of, reader
from agentgate_mcp.gate.policy.schema import Condition
from agentgate_mcp.gate.policy.template import Template
from agentgate_mcp.policies.loader import SHIPPED, read_policy
from agentgate_mcp.policies.selftest import facts_from

pytestmark = pytest.mark.req("policy.engine")
FACTS = facts_from(
    {
        "blast_radius.change.action": "disable",
        "blast_radius.change.techniques_lost": 2,
        "blast_radius.change.broken": ["saved_search:A", "saved_search:B"],
        "cost.score": 41,
    }
)


def condition(**clause: object) -> Condition:
    return Condition.model_validate(clause)


def holds(**clause: object) -> bool:
    return compile_condition(condition(**clause), {"limit": 40.0})(FACTS) is not None


def test_a_comparison_holds_on_the_value_and_names_it() -> None:
    found = compile_condition(condition(fact="cost.score", op="gt", threshold="limit"), {"limit": 40.0})(FACTS)
    assert found is not None
    assert (found[0].fact, found[0].operator, found[0].value) == ("cost.score", "gt", "41")


def test_absent_evidence_satisfies_no_comparison() -> None:
    for op in ("eq", "ne", "lt", "le", "gt", "ge"):
        assert not holds(fact="blast_radius.search.span_seconds", op=op, value=1)
    assert holds(fact="blast_radius.search.span_seconds", op="is_none")


@given(st.sampled_from([float("nan")]), st.sampled_from(["lt", "le", "gt", "ge"]))
@pytest.mark.req("R2")
def test_nan_is_inside_no_bound(value: float, op: str) -> None:
    compiled = compile_condition(condition(fact="cost.score", op=op, value=value), {})
    assert compiled(FACTS) is None


def test_all_any_and_not_combine() -> None:
    disabled = {"fact": "blast_radius.change.action", "op": "eq", "value": "disable"}
    lost = {"fact": "blast_radius.change.techniques_lost", "op": "gt", "value": 5}
    assert holds(any=(disabled, lost))
    assert not holds(all=(disabled, lost))
    assert holds(all=(disabled, {"not": lost}))


@pytest.mark.parametrize(
    ("clause", "error"),
    [
        ({"fact": "cost.nothing", "op": "eq", "value": 1}, UnknownFact),
        ({"fact": "cost.score.deeper", "op": "eq", "value": 1}, UnknownFact),
        ({"fact": "cost", "op": "nonempty"}, UnknownFact),
        ({"fact": "cost.score", "op": "contains", "value": "x"}, ImpossibleClause),
        ({"fact": "cost.score", "op": "gt", "value": "many"}, ImpossibleClause),
        ({"fact": "blast_radius.change.action", "op": "gt", "value": 1}, ImpossibleClause),
        ({"fact": "blast_radius.change.broken", "op": "eq", "value": "x"}, ImpossibleClause),
        ({"fact": "request.mutates", "op": "eq", "value": "yes"}, ImpossibleClause),
        ({"fact": "blast_radius.change.action", "op": "in", "value": []}, ImpossibleClause),
    ],
)
def test_an_unknown_fact_or_impossible_clause_is_refused_at_load(
    clause: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        compile_condition(condition(**clause), {})


def test_every_declared_fact_has_a_kind_and_a_reader() -> None:
    assert kind_of("blast_radius.change.broken") == "list"
    assert reader("blast_radius.change.broken")(FACTS) == ("saved_search:A", "saved_search:B")
    assert reader("blast_radius.search.parsed")(FACTS) is None


def test_a_reason_fills_in_values_and_cuts_long_lists() -> None:
    text = Template.parse("breaks {blast_radius.change.broken}, score {cost.score}").fill(FACTS)
    assert text == "breaks saved_search:A, saved_search:B, score 41"
    long = facts_from({"blast_radius.change.broken": [f"saved_search:{n}" for n in range(9)]})
    assert Template.parse("{blast_radius.change.broken}").fill(long).endswith("saved_search:3 and 5 more")


@pytest.mark.parametrize("text", ["{cost.score", "cost.score}", "{no.such}"])
def test_a_broken_reason_is_refused_at_load(text: str) -> None:
    with pytest.raises(ValueError, match=r"unbalanced|no fact"):
        Template.parse(text)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (("id: POL-016", "id: nonsense"), "id"),
        (("version: 1", "version: '1'"), "version"),
        (("kind: both", "kind: sometimes"), "kind"),
        (("op: nonempty", "op: resembles"), "op"),
        (("fact: request.out_of_scope", "fact: request.scope"), "rules/0/when/fact"),
        (("rule: scope", "rule: other"), "rules/0/id"),
        (("title:", "titel:"), "title"),
        (("- id: scope", "- id: scope\n  id: scope\n  - x"), "line"),
    ],
)
@pytest.mark.req("R9")
def test_a_broken_policy_file_is_refused_with_its_place(tmp_path: Path, change: tuple[str, str], place: str) -> None:
    text = (SHIPPED / "POL-016.yaml").read_text("utf-8")
    assert change[0] in text
    path = tmp_path / "POL-016.yaml"
    path.write_text(text.replace(change[0], change[1], 1), "utf-8")
    with pytest.raises(PolicyError) as caught:
        read_policy(path)
    assert caught.value.file == "POL-016.yaml"
    assert place in caught.value.location or place in caught.value.problem
