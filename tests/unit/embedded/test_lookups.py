"""`inputlookup`: rows of a lookup as the start of a search."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agentgate_mcp.backends.ports import SearchResult
from agentgate_mcp.errors import SplError, UnsupportedSplError

pytestmark = pytest.mark.req("embedded.search")

Run = Callable[..., SearchResult]


def test_the_rows_of_a_lookup_start_a_search(run: Run) -> None:
    assert list(run("| inputlookup allow.csv").rows) == [{"dest": "192.0.2.7"}]
    assert list(run("| inputlookup allow.csv | search dest=192.0.2.8").rows) == []
    assert list(run("| inputlookup allow.csv where dest=192.0.2.*").rows) == [{"dest": "192.0.2.7"}]
    assert list(run("| inputlookup allow.csv | stats count").rows) == [{"count": "1"}]
    assert run("| inputlookup allow.csv").scanned_events == 0


def test_a_lookup_that_does_not_exist_is_named_with_its_neighbours(run: Run) -> None:
    with pytest.raises(SplError, match=r"'alow.csv' does not exist.*allow\.csv"):
        run("| inputlookup alow.csv")


def test_options_of_inputlookup_are_refused_by_name(run: Run) -> None:
    with pytest.raises(UnsupportedSplError, match="inputlookup with options"):
        run("| inputlookup append=true allow.csv")
