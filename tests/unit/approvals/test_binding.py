"""What an approval is bound to. Pure."""

from __future__ import annotations

import itertools
import math
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.approvals.binding import Holds, Refusal, bind, holds, rule_of
from agentgate_mcp.canonical import canonical_bytes
from agentgate_mcp.model.decision import Decision, Severity
from tests.unit.ledger.samples import NOW, make_call, make_verdict, match

CALL = make_call()
APPROVED = make_verdict(CALL)
BOUND = bind(CALL, APPROVED).digest


def judge(call=CALL, fresh=APPROVED, approved=APPROVED, **changes):
    values = {
        "bound_digest": BOUND,
        "requester": "alice/agent",
        "now": NOW + 10,
        "created_at": NOW,
        "expires_at": NOW + 3600,
    }
    return holds(call=call, approved=approved, fresh=fresh, **{**values, **changes})


@pytest.mark.req("approvals.binding", "R6")
def test_an_approval_holds_for_the_same_call_and_evidence():
    assert judge() == Holds()


@pytest.mark.req("approvals.binding")
@pytest.mark.parametrize(
    "fresh",
    [
        make_verdict(CALL, as_of=NOW + 500),
        replace(APPROVED, world_hash="another world", session_hash="another session"),
        replace(APPROVED, suggestion="other words"),
        make_verdict(CALL, Decision.ALLOW, matches=(), severity=Severity.NONE),
        make_verdict(CALL, severity=Severity.MEDIUM),
        make_verdict(CALL, matches=(match(), match("POL-099", mode="shadow"))),
        make_verdict(CALL, matches=(match(), match("POL-099", mandated=True))),
    ],
    ids=["later", "world", "words", "allowed", "milder", "shadow", "mandated"],
)
def test_what_moves_by_itself_or_gets_milder_voids_nothing(fresh):
    assert judge(fresh=fresh) == Holds()


@pytest.mark.req("approvals.binding", "R6")
@pytest.mark.parametrize(
    "changes",
    [
        {"fresh": make_verdict(CALL, Decision.BLOCK)},
        {"fresh": make_verdict(CALL, severity=Severity.CRITICAL)},
        {"fresh": make_verdict(CALL, policy_lock="lock-2")},
        {"fresh": make_verdict(CALL, policy_lock="")},
        {"fresh": make_verdict(CALL, evidence_hash="evidence-2")},
        {"fresh": make_verdict(CALL, evidence_hash="")},
        {"fresh": make_verdict(CALL, matches=(match(), match("POL-012")))},
        {"fresh": make_verdict(CALL, matches=(match(two_person=True),))},
        {"fresh": make_verdict(CALL, matches=(match(approver_team="soc"),))},
        {"fresh": make_verdict(CALL, invariants=("unresolved",))},
        {"fresh": make_verdict(make_call("c-1", tool_name="propose_delete_saved_search"))},
        {"requester": "bob/agent"},
        {"requester": "alice/other"},
        {"requester": ""},
        {"now": NOW + 3600},
        {"now": NOW - 0.001},
        {"now": math.nan},
        {"now": math.inf},
        {"expires_at": math.nan},
        {"created_at": math.nan},
        {"bound_digest": ""},
        {"bound_digest": "0" * 64},
    ],
    ids=str,
)
def test_anything_stricter_other_or_late_is_refused(changes):
    assert isinstance(judge(**changes), Refusal)


@pytest.mark.req("approvals.binding")
def test_an_empty_lock_or_hash_never_holds_even_when_it_is_equal():
    for empty in ({"policy_lock": ""}, {"evidence_hash": ""}):
        bare = make_verdict(CALL, **empty)
        assert isinstance(judge(approved=bare, fresh=bare, bound_digest=bind(CALL, bare).digest), Refusal)


@pytest.mark.req("approvals.binding")
def test_the_rule_is_the_strictest_of_all_policies_that_ask():
    verdict = make_verdict(
        CALL,
        matches=(
            match("POL-005", approver_team="soc"),
            match("POL-013", two_person=True),
            match("POL-001", action="BLOCK", approver_team="never"),
            match("POL-002", mode="shadow", approver_team="shadow"),
        ),
    )
    rule = rule_of(verdict)
    assert (rule.people, rule.teams) == (2, ("soc",))


ALTERNATIVES = [
    "Brute force", "Brute Force ", "Brute\u00a0Force", "Brute\u200bForce", "Вrute Force", "search\u0000", "ﬁ", "fi",
    unicodedata.normalize("NFD", "é"), unicodedata.normalize("NFC", "é"), "", "1", "1.0", "true", "null",
    "\u202enoisy", None, True, False, 0, 1, 2, -1, 1.5, 2**53 - 1, 1e300, [], {}, ["Brute Force"],
    {"name": "Brute Force"}, [1],
]  # fmt: skip


def mutations():
    """Calls that differ from the approved one in one place: a value, a key, the tool, the requester."""
    base = dict(CALL.arguments)
    for key, value in itertools.product(base, ALTERNATIVES):
        yield replace(CALL, arguments={**base, key: value})
    for key in base:
        yield replace(CALL, arguments={k: v for k, v in base.items() if k != key})
        yield replace(CALL, arguments={(k.upper() if k == key else k): v for k, v in base.items()})
        yield replace(CALL, arguments={(f"{k} " if k == key else k): v for k, v in base.items()})
    for extra, value in itertools.product(["extra", "", "__proto__", "name\u200b", "force"], ALTERNATIVES):
        yield replace(CALL, arguments={**base, extra: value})
    for field in ("tool_name", "principal", "agent_id"):
        for value in ("", "x", " ", f"{getattr(CALL, field)} ", getattr(CALL, field).upper()):
            yield replace(CALL, **{field: value})
    for value in ("", "0" * 64, CALL.digest.upper()):
        yield replace(CALL, digest=value)


@pytest.mark.req("approvals.mutations", "R6")
def test_no_mutated_call_is_accepted_under_an_approval_of_another():
    """With the digest of the approved call left in place, as a forger would."""
    accepted, tried = [], 0
    same = canonical_bytes(dict(CALL.arguments))
    for call in mutations():
        tried += 1
        equal = canonical_bytes(dict(call.arguments)) == same and call == replace(CALL, arguments=call.arguments)
        fresh = replace(APPROVED, call_digest=call.digest)
        held = judge(call=call, fresh=fresh, requester=call.requester)
        again = judge(call=call, requester=CALL.requester)
        if (isinstance(held, Holds) or isinstance(again, Holds)) is not equal:
            accepted.append(call)
    assert accepted == []
    assert tried > 250


@pytest.mark.req("approvals.mutations")
@given(
    st.sampled_from(["policy_lock", "evidence_hash", "call_digest"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=70),
)
def test_no_changed_hash_of_a_verdict_is_accepted(field, value):
    fresh = replace(APPROVED, **{field: value})
    assert isinstance(judge(fresh=fresh), Holds) is (fresh == APPROVED)


@pytest.mark.req("approvals.mutations")
@pytest.mark.parametrize("field", ["policy_lock", "evidence_hash", "call_digest", "severity"])
def test_a_stored_verdict_that_was_changed_no_longer_fits_the_binding(field):
    changed = replace(APPROVED, **{field: Severity.LOW if field == "severity" else "other"})
    assert isinstance(judge(approved=changed, fresh=changed), Refusal)
