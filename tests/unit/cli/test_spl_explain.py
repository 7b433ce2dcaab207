"""`spl explain`: the facts of a search against the configured knowledge and the data's own clock."""

from __future__ import annotations

import pytest

from tests.unit.cli.shell import Cli

pytestmark = pytest.mark.req("spl.explain")


def test_relative_times_count_from_the_data_s_own_now(cli: Cli) -> None:
    told = cli("spl", "explain", "index=auth eventtype=failed_sign_in", "--earliest", "-1h", "--json").json()
    assert (told["facts"]["earliest"], told["facts"]["latest"]) == (1_795_172_400.0, 1_795_176_000.0)
    assert told["facts"]["indexes"] == ["auth"]
    assert set(told["tables"]) == {"commands", "well_known"}


def test_what_the_grammar_refuses_is_said_with_its_place_and_exit_code_one(cli: Cli) -> None:
    done = cli("spl", "explain", "index=auth | stats count by ((")
    assert done.code == 1
    assert "stats: unexpected '(' at position 28" in done.out
