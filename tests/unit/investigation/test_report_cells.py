"""Indicators in a report are defanged once, however they come."""

from __future__ import annotations

import pytest

from investigation.report.escape import prose

pytestmark = pytest.mark.req("invest.report")


@pytest.mark.parametrize("written", ["203.0.113.99", "203[.]0[.]113[.]99", "203[.]0.113[.]99"])
def test_an_address_is_defanged_once(written: str) -> None:
    assert prose(written) == "203[.]0[.]113[.]99"


@pytest.mark.parametrize("written", ["https://evil.example/a", "hxxps://evil[.]example/a"])
def test_a_link_is_defanged_once(written: str) -> None:
    assert prose(written) == "hxxps://evil[.]example/a"
