"""Rows of Splunk's own searches, read by their documented columns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.gate.cost_model import CostBaselines
from agentgate_mcp.gate.cost_past import audit_search, modelled
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.usage import PastSearch
from agentgate_mcp.spl.knowledge import EMPTY

pytestmark = pytest.mark.req("cost.exports")

ROW: dict[str, Json] = {
    "search": "'search index=auth user=a'", "total_run_time": "2.5", "scan_count": "1200", "exec_time": "1795176000",
    "search_et": "1795089600.000", "search_lt": "1795176000.000", "info": "completed", "user": "a",
}  # fmt: skip


def test_a_row_of_the_audit_index_is_a_past_search() -> None:
    assert audit_search(ROW) == PastSearch(
        query="search index=auth user=a", earliest="1795089600.000", latest="1795176000.000", now=1_795_176_000.0,
        events=1200, seconds=2.5,
    )  # fmt: skip
    bare = {**ROW, "search": "| makeresults", "search_et": "N/A", "search_lt": None, "exec_time": None, "_time": 5}
    found = audit_search(bare)
    assert isinstance(found, PastSearch)
    assert (found.query, found.earliest, found.latest, found.now) == ("| makeresults", "", "", 5.0)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("search", "", "search: expected"),
        ("search", 3, "search: expected"),
        ("total_run_time", "-1", "total_run_time: expected"),
        ("total_run_time", None, "total_run_time: expected"),
        ("scan_count", "many", "scan_count: expected"),
        ("scan_count", "nan", "scan_count: expected"),
        ("exec_time", "today", "exec_time: expected"),
        ("search_et", "yesterday", "search_et: expected"),
        ("search_lt", "inf", "search_lt: expected"),
    ],
)
def test_a_row_that_is_wrong_is_told_by_its_column(name: str, value: Json, said: str) -> None:
    found = audit_search({**ROW, name: value})
    assert isinstance(found, str)
    assert found.startswith(said)


VALUES: st.SearchStrategy[Json] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.lists(st.integers(), max_size=2)
)


@given(st.dictionaries(st.sampled_from([*ROW]), VALUES))
def test_any_row_is_read_or_told_to_be_wrong(row: dict[str, Json]) -> None:
    found = audit_search(row)
    assert isinstance(found, str | PastSearch)
    if isinstance(found, PastSearch):
        assert found.seconds >= 0
        assert len([*modelled([found], EMPTY, CostBaselines())]) <= 1
