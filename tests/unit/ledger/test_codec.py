"""Calls and verdicts there and back."""

from __future__ import annotations

import json
import types
import typing
from enum import Enum

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from agentgate_mcp.canonical import canonical_bytes, loads_canonical
from agentgate_mcp.errors import LedgerError
from agentgate_mcp.ledger.codec import call_from_json, call_to_json, verdict_from_json
from agentgate_mcp.model.decision import Decision, Severity, Stage
from agentgate_mcp.model.verdict import FACTS_OF_STAGE, StageResult, Verdict
from tests.unit.ledger.samples import NOW, make_call, make_verdict

pytestmark = pytest.mark.req("ledger.codec")

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
REALS = st.floats(allow_nan=False, allow_infinity=False)


def values_of(kind):
    """A strategy for one annotated type of the fact models."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*(st.none() if a is type(None) else values_of(a) for a in args))
    if origin is typing.Literal:
        return st.sampled_from(args)
    if origin is tuple:
        return st.lists(values_of(args[0]), max_size=2).map(tuple)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return st.fixed_dictionaries({n: values_of(f.annotation) for n, f in kind.model_fields.items()}).map(
            lambda values: kind(**values)
        )
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    return {str: TEXT, bool: st.booleans(), int: st.integers(-(2**50), 2**50), float: REALS}[kind]


STAGES = st.tuples(
    *(
        st.builds(
            StageResult,
            stage=st.just(stage),
            severity=st.sampled_from(Severity),
            reasons=st.lists(TEXT, max_size=2).map(tuple),
            facts=values_of(facts),
        )
        for stage, facts in FACTS_OF_STAGE.items()
    )
)
VERDICTS = st.builds(
    Verdict,
    decision=st.sampled_from(Decision),
    severity=st.sampled_from(Severity),
    stages=STAGES,
    policies=st.lists(TEXT, max_size=3).map(tuple),
    suggestion=TEXT,
    policy_lock=TEXT,
    world_hash=TEXT,
    session_hash=TEXT,
    evidence_hash=TEXT,
    as_of=REALS,
    call_digest=TEXT,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(VERDICTS)
def test_every_verdict_comes_back_as_it_was(verdict):
    raw = canonical_bytes(verdict.to_json())
    again = verdict_from_json(loads_canonical(raw.decode()))
    assert again == verdict
    assert canonical_bytes(again.to_json()) == raw


def test_the_order_of_stages_survives_sorted_keys():
    verdict = make_verdict(make_call())
    again = verdict_from_json(loads_canonical(canonical_bytes(verdict.to_json()).decode()))
    assert [s.stage for s in again.stages] == list(Stage)


@given(st.dictionaries(TEXT, TEXT | st.integers(-9, 9) | st.lists(st.booleans())), TEXT, st.none() | TEXT)
def test_every_call_comes_back_as_it_was(arguments, context, prompt):
    call = make_call(arguments=arguments, incoming_context=(context,), raw_user_prompt=prompt, parent_id=prompt)
    assert call_from_json(loads_canonical(canonical_bytes(call_to_json(call)).decode())) == call


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("decision", "PERHAPS", "PERHAPS"),
        ("decision", 1, "decision"),
        ("severity", "odd", "odd"),
        ("as_of", "now", "as_of"),
        ("as_of", True, "as_of"),
        ("policies", "POL-001", "policies"),
        ("policies", [1], "policies"),
        ("stages", [], "stages"),
        ("stages", {"other": {}}, "other"),
        ("stages", {"cost": {"severity": "none", "reasons": [], "facts": {"extra": 1}}}, "extra"),
        ("stages", {"cost": {"severity": "none", "reasons": [], "facts": {"score": "1"}}}, "score"),
        ("call_digest", None, "call_digest"),
    ],
)
def test_a_malformed_verdict_is_refused_by_the_name_of_its_field(field, value, named):
    raw = make_verdict(make_call()).to_json() | {field: value}
    with pytest.raises(LedgerError, match=named):
        verdict_from_json(json.loads(json.dumps(raw)))


@pytest.mark.parametrize("field", ["call_id", "principal", "agent_id", "tool_name", "arguments", "incoming_context"])
def test_a_malformed_call_is_refused_by_the_name_of_its_field(field):
    with pytest.raises(LedgerError, match=field):
        call_from_json(call_to_json(make_call()) | {field: 7})


def test_a_verdict_at_a_large_cost_is_stored_and_read():
    verdict = make_verdict(make_call(), as_of=NOW)
    assert verdict_from_json(loads_canonical(canonical_bytes(verdict.to_json()).decode())) == verdict
