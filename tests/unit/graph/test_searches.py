"""What a new version of a search no longer finds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.graph.grades import Grade
from agentgate_mcp.graph.searches import compare_searches
from agentgate_mcp.spl.knowledge import KnowledgeSet

pytestmark = pytest.mark.req("graph.narrowing")

BASE = "index=auth sourcetype=sec action=failure | stats count, dc(user) AS users BY src | where count>=10"


def grade(before: str, after: str) -> Grade | None:
    return compare_searches(before, after).grade


@pytest.mark.parametrize(
    "after",
    [
        BASE,
        BASE + "  ",
        BASE.replace("count>=10", "count>=8"),
        BASE.replace("action=failure", "action IN (failure, error)"),
        BASE.replace("action=failure ", ""),
        BASE + " | table src, count, users",
        BASE + " | rename count AS Count",
        BASE + ' | eval note="x"',
        BASE.replace("index=auth", "index IN (auth, network)"),
        BASE.replace("stats count", "stats values(host) AS hosts, count"),
        BASE.replace("index=auth sourcetype=sec", "sourcetype=sec index=auth"),
    ],
)
def test_more_or_the_same_is_no_loss(after: str) -> None:
    assert grade(BASE, after) is None


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (BASE.replace("count>=10", "count>=20"), Grade.MINOR),
        (BASE.replace("count>=10", "count>=90"), Grade.MODERATE),
        (BASE.replace("count>=10", "count>=10000"), Grade.MAJOR),
        (BASE + " | search NOT src=10.0.0.9", Grade.MINOR),
        (BASE + " | search src!=10.0.0.9 src!=10.0.0.8", Grade.MINOR),
        (BASE + " | search NOT (src=10.0.0.9 users=1)", Grade.MINOR),
        (BASE + ' | where NOT cidrmatch("10.0.0.0/24", src)', Grade.MINOR),
        (BASE + " | search NOT src=10.1.2.*", Grade.MINOR),
        (BASE + " | search NOT src=10.1.*", Grade.MODERATE),
        (BASE + " | search NOT src=10.*", Grade.MAJOR),
        (BASE + " | search NOT src=0.0.0.0/1", Grade.MAJOR),
        (BASE + " | search NOT user=svc*", Grade.MODERATE),
        (BASE + " | search NOT user=*a*", Grade.MAJOR),
        (BASE.replace("action=", "NOT zone=* action="), Grade.MAJOR),
        (BASE.replace("action=", "category=server action="), Grade.MODERATE),
        (BASE + " | search src=10.0.0.1", Grade.MAJOR),
        (BASE + ' | where match(src, "^10\\.")', Grade.MAJOR),
        (BASE + ' | where NOT match(src, ".*")', Grade.MAJOR),
        (BASE + " | search src=*", Grade.MINOR),
        (BASE.replace("BY src", "BY src, host"), Grade.MINOR),
        (BASE + " | head 10", Grade.MODERATE),
        (BASE + " | dedup src", Grade.MINOR),
        (BASE + ' | regex src!=".*"', Grade.MAJOR),
        (BASE.replace("sourcetype=sec", "sourcetype=sec earliest=-1m"), Grade.MODERATE),
        (BASE.replace("action=failure", "action=success"), Grade.MAJOR),
        (BASE + " | where now()<0", Grade.MAJOR),
        (BASE + " | where NOT (random()>=0)", Grade.MAJOR),
        (BASE + ' | where len("a")>3 OR now()<0', Grade.MAJOR),
        (BASE + " | dedup nosuch", Grade.MAJOR),
        (BASE + " | eval same=1 | dedup same", Grade.MAJOR),
        (BASE + " | stats count BY nosuch", Grade.MAJOR),
        (BASE + " | fields - *", Grade.MAJOR),
        (BASE + " | join src [search index=nope]", Grade.MAJOR),
        (BASE + " | join type=left src [search index=nope]", Grade.MODERATE),
        (BASE + ' | regex src="^$a"', Grade.MAJOR),
        (BASE + ' | regex src!="^svc_backup"', Grade.MODERATE),
        (BASE + " | lookup known a AS b OUTPUT y | where isnotnull(y)", Grade.MAJOR),
        (BASE + " | lookup known src OUTPUT y | where isnull(y)", Grade.MODERATE),
        (BASE + " | eventstats count AS n | where n>5", Grade.MAJOR),
    ],
)
def test_a_loss_has_the_grade_of_its_size(after: str, expected: Grade) -> None:
    assert grade(BASE, after) is expected


@pytest.mark.parametrize(
    "after",
    [
        BASE + " | search NOT *",
        BASE.replace("index=auth ", ""),
        BASE.replace("index=auth ", "* "),
        BASE + " | where 1=0",
        BASE + " | where false()",
        BASE + " | where 1>2 AND count>0",
        BASE + " | head 0",
        BASE + " | search count=5 NOT count=5",
        BASE + " | where count<5",
        BASE + " | search NOT count=*",
        BASE + " | search NOT src=*",
        BASE + " | eval x=1 | where x=2",
        BASE.replace("index=auth", "index=other"),
        BASE.replace("sourcetype=sec", "sourcetype=nothing"),
        "| makeresults | eval count=11 | where count>=10",
        "index=auth sourcetype=sec | stats count by (",
        "",
    ],
)
def test_what_can_find_nothing_any_more_is_blind(after: str) -> None:
    assert grade(BASE, after) is Grade.BLIND


@pytest.mark.parametrize(
    "after",
    [
        BASE.replace("| where", "| rename count AS n | where"),
        BASE.replace("| where", "| fields src | where"),
        BASE.replace("| where", "| table src | where"),
        BASE.replace("| where", "| fields - count | where"),
        BASE.replace("| where", "| stats dc(users) AS n BY src | where"),
        BASE.replace("| where", "| eval count=count/1000 | where"),
        BASE.replace("stats count, dc(user) AS users", "stats dc(user) AS users"),
    ],
)
def test_a_condition_whose_field_is_taken_away_is_a_major_loss(after: str) -> None:
    assert grade(BASE, after) is Grade.MAJOR


def test_a_list_cut_short_names_what_is_gone() -> None:
    before = "index=a process_name IN (a.exe, b.exe, c.exe, d.exe, e.exe, f.exe)"
    diff = compare_searches(before, before.replace(", f.exe", ""))
    assert [(n.grade, n.detail) for n in diff.narrowings] == [(Grade.MINOR, "process_name no longer matches f.exe")]
    assert grade(before, "index=a process_name IN (a.exe, b.exe, c.exe)") is Grade.MODERATE
    assert grade(before, "index=a process_name=a.exe") is Grade.MAJOR


def test_an_alternative_lost_is_reported_and_one_gained_is_not() -> None:
    before = "index=a (process_name=x OR original=y)"
    assert grade(before, "index=a process_name=x") is Grade.MODERATE
    assert grade("index=a process_name=x", before) is None


def test_an_exclusion_that_a_wildcard_already_covered_is_no_loss() -> None:
    assert grade("index=a NOT user=svc*", "index=a NOT user=svc* NOT user=svc_backup") is None


def test_moving_a_filter_into_a_macro_is_no_difference_and_hiding_one_there_is_no_hiding() -> None:
    old = KnowledgeSet.from_definitions(macros={"f": {"definition": "search *"}})
    plain = "index=a | search NOT src=1"
    same = KnowledgeSet.from_definitions(macros={"f": {"definition": "search NOT src=1"}})
    assert not compare_searches(plain, "index=a | `f`", old=old, new=same).narrowings
    worse = KnowledgeSet.from_definitions(macros={"f": {"definition": "search NOT *"}})
    assert compare_searches("index=a | `f`", "index=a | `f`", old=old, new=worse).grade is Grade.BLIND


def test_replacing_the_data_model_is_blind_and_dropping_one_of_two_is_major() -> None:
    assert grade("| tstats count from datamodel=Endpoint.Processes", "| tstats count from datamodel=Web") is Grade.BLIND
    two = "| tstats count from datamodel=A | append [ search index=x ]"
    assert grade(two, "| tstats count from datamodel=B | append [ search index=x ]") is Grade.BLIND


def test_a_search_that_could_not_be_read_before_has_nothing_to_lose() -> None:
    diff = compare_searches("index=a | stats [", "index=b")
    assert diff.narrowings == ()
    assert diff.problem


VALUES = st.sampled_from(["a", "b", "c", "d", "e"])


@given(st.sets(VALUES, min_size=1), st.sets(VALUES, min_size=1))
def test_a_list_loses_exactly_when_a_value_is_missing(before: set[str], after: set[str]) -> None:
    def text(values: set[str]) -> str:
        return f"index=x kind IN ({', '.join(sorted(values))})"

    assert (grade(text(before), text(after)) is None) == (before <= after)


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_threshold_loses_exactly_when_it_rises(before: int, after: int) -> None:
    found = grade(f"index=x | stats count | where count>{before}", f"index=x | stats count | where count>{after}")
    assert (found is None) == (after <= before)


@given(st.text(alphabet="abz=*|()[]\"'`,<>! 0.9NOT", max_size=60))
def test_no_text_makes_the_comparison_raise(text: str) -> None:
    compare_searches(BASE, text)
    compare_searches(text, BASE)


SITE = KnowledgeSet.from_definitions(saved_searches={"other": "index=auth | stats count BY src, dest, ticket"})
COUNTED = "index=auth sourcetype=sec action=failure | stats count BY src | where count>10"
MODEL = "| tstats count from datamodel=Endpoint.Processes by Processes.dest Processes.user | rename Processes.* as *"


def graded(before: str, after: str) -> Grade | None:
    return compare_searches(before, after, old=SITE).grade


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (COUNTED.replace("BY src", "BY src, nosuch"), Grade.MAJOR),
        (COUNTED.replace("BY src", "BY src, ticket"), Grade.MINOR),
        (COUNTED.replace("BY src", "BY src, user"), Grade.MINOR),
        (COUNTED.replace("action=", "nosuch=x action="), Grade.MAJOR),
        (COUNTED.replace("action=", "nosuch!=x action="), Grade.MAJOR),
        (COUNTED.replace("action=", "ticket=x action="), Grade.MODERATE),
        (COUNTED.replace("| stats", "| where nosuch>5 | stats"), Grade.MAJOR),
        (COUNTED.replace("action=failure", "action=failure action=success"), Grade.MAJOR),
        (COUNTED.replace("count BY", "sum(nosuch) AS count BY"), Grade.MAJOR),
        (COUNTED.replace("count BY", "dc(src) AS count BY"), Grade.MODERATE),
        (COUNTED.replace("| where", "| eval count=0 | where"), Grade.BLIND),
        (COUNTED.replace("| where", "| lookup l src OUTPUT count | where"), Grade.MAJOR),
        (COUNTED.replace("| where", "| lookup l src OUTPUTNEW count | where"), None),
        (COUNTED.replace("| where", "| streamstats count | where"), Grade.MAJOR),
        (COUNTED.replace("| where", '| rex mode=sed field=count "s/./0/" | where'), Grade.MAJOR),
        (COUNTED.replace("| where", "| replace 50 with 1 in count | where"), Grade.MAJOR),
        (COUNTED + " | eval count=0", None),
        (COUNTED + " | sort 1 -count", Grade.MODERATE),
        (COUNTED + " | sort 0 -count", None),
    ],
)
def test_fields_that_nothing_has_and_fields_made_anew_before_their_test(after: str, expected: Grade | None) -> None:
    assert graded(COUNTED, after) is expected


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("search NOT dest=*", Grade.BLIND),
        ("search NOT dest=adm01", Grade.MINOR),
        ("where count>3", Grade.MINOR),
        ('where process="x"', Grade.MAJOR),
        ("where total>3", Grade.MAJOR),
        ("table dest user count", None),
    ],
)
def test_what_a_data_model_search_gives_is_known_through_its_rename(command: str, expected: Grade | None) -> None:
    assert graded(MODEL, f"{MODEL} | {command}") is expected


def test_absent_fields_that_are_filled_in_are_counted_all_the_same() -> None:
    filled = MODEL.replace("tstats", "tstats fillnull_value=null")
    more = "by Processes.dest Processes.nosuch"
    assert graded(filled, filled.replace("by Processes.dest", more)) is None
    assert graded(MODEL, MODEL.replace("by Processes.dest", more)) is Grade.MAJOR


TWO = "index=a x=1 | append [ search index=b | stats count AS n BY dest | where n>5 ]"


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (TWO, None),
        (TWO.replace("n>5", "n>4"), None),
        (TWO.replace("n>5", "n>6"), Grade.MINOR),
        (TWO.replace("| where", "| eval n=0 | where"), Grade.MAJOR),
        (TWO.replace("index=b", "index=c"), Grade.MAJOR),
        ("index=a x=1", Grade.MAJOR),
        (TWO + " | append [ search index=c ]", None),
    ],
)
def test_what_an_appended_search_finds_less_is_a_loss(after: str, expected: Grade | None) -> None:
    assert grade(TWO, after) is expected
