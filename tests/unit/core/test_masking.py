"""Classified fields are masked by name, at any depth, and only they (R12)."""

from __future__ import annotations

import pytest

from agentgate_mcp.masking import CLASSES, mask_classified

pytestmark = pytest.mark.req("R12")


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_every_classified_field_is_masked(name: str) -> None:
    masked = mask_classified({"rows": [{name: "value", "user": "a"}, {name.upper(): ["x", "y"]}]})
    assert masked == {
        "rows": [{name: f"[masked:{CLASSES[name]}]", "user": "a"}, {name.upper(): f"[masked:{CLASSES[name]}]"}]
    }


def test_a_prefixed_field_is_masked_and_an_empty_one_left() -> None:
    assert mask_classified({"Web.ssn": "1", "ssn": "", "pan": None}) == {
        "Web.ssn": "[masked:personal]",
        "ssn": "",
        "pan": None,
    }


def test_ordinary_fields_stay_as_they_are() -> None:
    row = {"panel": "x", "company": "y", "src": "10.0.0.1", "bytes": 12, "nested": {"a": [1, 2.5, True, None]}}
    assert mask_classified(row) == row
