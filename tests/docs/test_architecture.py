"""ARCHITECTURE leads from every promise to the module that keeps it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.req("docs.architecture")

ROOT = Path(__file__).resolve().parents[2]
PROMISES = [f"R{n}" for n in range(1, 13)]


def text() -> str:
    return (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def modules() -> list[str]:
    """Top-level modules of the product, as the module map names them: `gate/` or `dispatch.py`."""
    package = ROOT / "agentgate_mcp"
    files = [p.name for p in package.glob("*.py") if not p.name.startswith("_")]
    folders = [f"{p.name}/" for p in package.iterdir() if p.is_dir() and (any(p.glob("*.py")) or any(p.glob("*.yaml")))]
    return sorted([*files, *folders, "investigation/"])


@pytest.mark.parametrize("promise", PROMISES)
def test_every_promise_is_named(promise: str) -> None:
    assert re.search(rf"\b{promise}\b", text()), promise


def test_every_top_level_module_is_named() -> None:
    assert len(modules()) > 15
    missing = [m for m in modules() if not re.search(rf"(?<![\w.]){re.escape(m.rstrip('/'))}(?!\w)", text())]
    assert missing == []


def test_every_path_that_it_names_exists() -> None:
    spans = re.findall(r"`([A-Za-z_.][\w.-]*/[\w./-]*)[`:]", text())
    assert len(spans) > 20
    bases = (ROOT, ROOT / "agentgate_mcp")
    known = {p.name for base in bases for p in base.iterdir() if p.is_dir()}
    paths = {s for s in spans if s.partition("/")[0] in known and "iot23/build" not in s}
    assert sorted(p for p in paths if not any((base / p).exists() for base in bases)) == []


def test_isolation_levels_and_planes_are_told() -> None:
    for word in ("same-user", "separate-user", "remote", "deterministic", "generative"):
        assert word in text().lower(), word
