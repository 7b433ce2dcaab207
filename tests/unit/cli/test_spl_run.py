"""`spl run`: a search from the terminal, gated like any other."""

from __future__ import annotations

import pytest

from tests.unit.cli.shell import Cli

pytestmark = pytest.mark.req("cli.spl-run")


def test_a_search_prints_its_rows(cli: Cli) -> None:
    done = cli("spl", "run", "index=network | stats count BY sourcetype | head 1", "--earliest", "-7d", "--json")
    assert done.code == 0, done.err
    result = done.json()
    assert result["fields"] == ["sourcetype", "count"]
    assert [row["sourcetype"] for row in result["rows"]] == ["zeek:conn"]
    assert result["scanned_events"] > 0
    shown = cli("spl", "run", "| makeresults | eval answer=42 | table answer")
    assert "answer" in shown.out
    assert "42" in shown.out
    assert "1 rows" in shown.err


def test_a_search_that_the_gate_stops_is_refused_with_its_reason(cli: Cli) -> None:
    done = cli("spl", "run", "index=network | delete")
    assert done.code == 1
    assert "POL-004" in done.err
    assert done.out == ""


def test_a_search_that_cannot_run_says_where_it_is_wrong(cli: Cli) -> None:
    done = cli("spl", "run", "index=network | stats count by")
    assert done.code == 1
    assert done.out == ""
    assert "error:" in done.err
