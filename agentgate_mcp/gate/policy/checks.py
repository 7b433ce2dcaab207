"""What is wrong with a policy that has the right form: checked at load, all problems at once.

A comparison that no value of its fact satisfies, a rule that another always overrules and a test
that is missing are mistakes which nobody would notice while the policy is in force.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agentgate_mcp.gate.policy import standards
from agentgate_mcp.gate.policy.logic import Bound, Space, TooManyAlternatives
from agentgate_mcp.gate.policy.paths import fact_at, kind_of
from agentgate_mcp.gate.policy.schema import UNARY, Clause, Condition, PolicyFile, Rule, clauses_of
from agentgate_mcp.gate.policy.template import Template
from agentgate_mcp.model.decision import Decision, Severity

MIN_ORDINARY = 3
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake: where in the file, what was expected there and what came."""

    path: Path
    expected: str
    got: str

    def __str__(self) -> str:
        return f"expected {self.expected}, got {self.got}"


def problems(file: PolicyFile) -> tuple[Problem, ...]:
    """Everything wrong with ``file``, in the order of the file; empty when it may be loaded."""
    return (*_standards(file), *_thresholds(file), *rule_problems(file), *_tests(file))


def rule_problems(file: PolicyFile, *, shadowed: bool = True) -> tuple[Problem, ...]:
    """What is wrong with the rules. Not ``shadowed`` where a site tightens a rule so far that it covers
    another: that is what it wants."""
    found: list[Problem] = []
    for index, rule in enumerate(file.rules):
        path: Path = ("rules", index)
        own = [*_texts(rule, path, file.thresholds), *_clauses(rule.when, (*path, "when"), file.thresholds)]
        found += own or _whole(rule, path, file.thresholds)
    ids = [r.id for r in file.rules]
    found += [
        Problem(path=("rules", i, "id"), expected="an id that no other rule has", got=name)
        for i, name in enumerate(ids)
        if name in ids[:i]
    ]
    return tuple(found) if found or not shadowed else tuple(_shadowed(file))


def _standards(file: PolicyFile) -> Iterator[Problem]:
    for index, standard in enumerate(file.standards):
        for field, expected, got in standards.problems(standard):
            yield Problem(path=("standards", index, field), expected=expected, got=got)


def _thresholds(file: PolicyFile) -> Iterator[Problem]:
    used = {c.threshold for r in file.rules for c in clauses_of(r.when) if c.threshold}
    for name in file.thresholds:
        if name not in used:
            yield Problem(path=("thresholds", name), expected="a threshold that a rule names", got="one that none does")
    for index, name in enumerate(file.overridable):
        if name not in {*file.thresholds, "mode"}:
            known = ", ".join([*sorted(file.thresholds), "mode"])
            yield Problem(path=("overridable", index), expected=f"one of {known}", got=name)


def _tests(file: PolicyFile) -> Iterator[Problem]:
    """Each rule is seen to fire by a test, and ordinary calls are seen to pass."""
    rules = {r.id: r for r in file.rules}
    fires = {t.rule for t in file.tests if t.expect != "ALLOW"}
    for index, rule in enumerate(file.rules):
        if rule.id not in fires:
            yield Problem(path=("rules", index, "id"), expected=f"a test with `rule: {rule.id}`", got="no such test")
    seen: set[str] = set()
    for index, test in enumerate(file.tests):
        if test.name in seen:
            yield Problem(path=("tests", index, "name"), expected="a name that no other test has", got=test.name)
        seen.add(test.name)
        if test.rule and test.rule not in rules:
            known = ", ".join(rules)
            yield Problem(path=("tests", index, "rule"), expected=f"one of {known}", got=test.rule)
        for fact in test.facts:
            if problem := _unknown(fact):
                yield Problem(path=("tests", index, "facts", fact), expected="a declared fact", got=problem)
    ordinary = {repr(sorted(t.facts.items(), key=lambda f: f[0])) for t in file.tests if t.expect == "ALLOW"}
    if len(ordinary) < MIN_ORDINARY:
        yield Problem(
            path=("tests",),
            expected=f"at least {MIN_ORDINARY} different ordinary calls that pass (expect: ALLOW)",
            got=str(len(ordinary)),
        )


def _unknown(path: str) -> str:
    """What is wrong with a path that a test sets; lists of records may be set too, so kinds do not matter."""
    try:
        fact_at(path)
    except ValueError as exc:
        return str(exc)
    return ""


def _texts(rule: Rule, path: Path, thresholds: Mapping[str, float]) -> Iterator[Problem]:
    for field, text in (("reason", rule.reason), ("suggestion", rule.suggestion)):
        try:
            Template.parse(text)
        except ValueError as exc:
            yield Problem(path=(*path, field), expected="text with facts in braces", got=str(exc))
        told = {w.strip(".,;:()") for w in text.split()}
        for name, number in thresholds.items():
            # A model that knows the number stays just below it.
            if f"{number:g}" in told:
                yield Problem(path=(*path, field), expected=f"no number of a threshold ({name})", got=f"{number:g}")
    if rule.approver_team_from:
        try:
            if kind_of(rule.approver_team_from) != "list":
                yield Problem(
                    path=(*path, "approver_team_from"),
                    expected="a fact that is a list of teams",
                    got=rule.approver_team_from,
                )
        except ValueError as exc:
            yield Problem(path=(*path, "approver_team_from"), expected="a declared fact", got=str(exc))


def _clauses(condition: Condition, path: Path, thresholds: Mapping[str, float]) -> Iterator[Problem]:
    """Each clause by itself: its fact, and whether it can hold and can fail."""
    if condition.clause is not None:
        yield from _clause(condition.clause, path, thresholds)
    if condition.not_ is not None:
        yield from _clauses(condition.not_, (*path, "not"), thresholds)
    for name, parts in (("all", condition.all), ("any", condition.any)):
        for index, part in enumerate(parts or ()):
            yield from _clauses(part, (*path, name, index), thresholds)


def _clause(clause: Clause, path: Path, thresholds: Mapping[str, float]) -> Iterator[Problem]:
    try:
        fact = fact_at(clause.fact)
        space = Space([Bound(condition=Condition(clause=clause), thresholds=thresholds)])
    except ValueError as exc:
        yield Problem(path=(*path, "fact"), expected="a comparison of a declared fact", got=str(exc))
        return
    operand = thresholds[clause.threshold] if clause.threshold else clause.value
    shown = clause.op if clause.op in UNARY else f"{clause.op} {operand!r}"
    where: Path = (*path, "op" if clause.op in UNARY else "threshold" if clause.threshold else "value")
    if fact.choices and clause.op not in UNARY:
        for value in operand if isinstance(operand, list) else [operand]:
            if value not in fact.choices:
                yield Problem(path=where, expected=f"{clause.fact} to be {fact}", got=repr(value))
                return
    if clause.op in ("in", "not_in", "contains_any") and isinstance(operand, list):
        for value in operand:
            if not isinstance(value, str):
                yield Problem(path=where, expected="a list of texts", got=repr(value))
                return
    held, possible = space.share(clause, thresholds)
    if held == 0:
        yield Problem(path=where, expected=f"a comparison that {clause.fact} ({fact}) can satisfy", got=shown)
    elif held == possible:
        yield Problem(path=where, expected=f"a comparison that {clause.fact} ({fact}) can fail", got=shown)


def _whole(rule: Rule, path: Path, thresholds: Mapping[str, float]) -> list[Problem]:
    """The condition as a whole, and each alternative of an `any` in it, can hold."""
    bound = Bound(condition=rule.when, thresholds=thresholds)
    space = Space([bound])
    excluded = "parts that exclude each other"
    try:
        if not space.alternatives(bound):
            return [Problem(path=(*path, "when"), expected="a condition that can hold", got=excluded)]
        return [
            Problem(path=(*path, *where), expected="an alternative that can hold", got=excluded)
            for where, part in _parts(rule.when, ("when",))
            if not space.alternatives(Bound(condition=part, thresholds=thresholds))
        ]
    except TooManyAlternatives as exc:
        return [Problem(path=(*path, "when"), expected="a condition that can be checked", got=str(exc))]


def _parts(condition: Condition, path: Path) -> Iterator[tuple[Path, Condition]]:
    for name, parts in (("all", condition.all), ("any", condition.any)):
        for index, part in enumerate(parts or ()):
            yield (*path, name, index), part
            yield from _parts(part, (*path, name, index))


def _shadowed(file: PolicyFile) -> Iterator[Problem]:
    """Rules that never decide: wherever one holds, another that is at least as strict holds too."""
    bounds = [Bound(condition=r.when, thresholds=file.thresholds) for r in file.rules]
    space = Space(bounds)
    for index, rule in enumerate(file.rules):
        for other, stronger in enumerate(file.rules):
            if other == index or not _overrules(stronger, rule, earlier=other < index):
                continue
            if space.implies(bounds[index], bounds[other]):
                yield Problem(
                    path=("rules", index, "when"),
                    expected=f"a case that rule {stronger.id} ({stronger.action}) does not decide",
                    got=f"rule {rule.id}, which holds only where {stronger.id} does",
                )
                break


def _overrules(stronger: Rule, rule: Rule, *, earlier: bool) -> bool:
    """True when ``rule`` adds nothing where both hold."""
    mine, its = Decision[rule.action], Decision[stronger.action]
    if its is not mine:
        return its > mine
    strength, against = _strength(rule), _strength(stronger)
    same_team = rule.approver_team_from in ("", stronger.approver_team_from)
    covers = same_team and all(a >= b for a, b in zip(against, strength, strict=True))
    return covers and (earlier or against != strength or rule.approver_team_from != stronger.approver_team_from)


def _strength(rule: Rule) -> tuple[int, int]:
    return Severity.parse(rule.severity), int(rule.two_person)
