"""The import contracts of pyproject.toml hold on an empty skeleton and catch planted violations."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.req("project.contracts", "R1", "R5")

ROOT = Path(__file__).resolve().parents[3]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
LAYERS = next(c["layers"] for c in CONTRACTS if c["type"] == "layers")
PLACED = sorted(set(re.findall(r"agentgate_mcp\.(\w+)", " ".join(LAYERS))))

# One import per line: who, what is imported, the contract that must say no.
VIOLATIONS = [
    ("gate", "time", "deciders are pure"),
    ("spl", "os", "deciders are pure"),
    ("graph", "apsw", "deciders are pure"),
    ("investigation", "random", "deciders are pure"),
    ("gate", "agentgate_mcp.llm", "deciders are pure"),
    ("server", "agentgate_mcp.tools", "only dispatch runs a tool"),
    ("cli", "agentgate_mcp.tools", "only dispatch runs a tool"),
    ("dispatch", "agentgate_mcp.backends", "only tools reach a backend"),
    ("ledger", "agentgate_mcp.backends", "only tools reach a backend"),
    ("tools", "mcp", "only the server knows MCP"),
    ("llm", "agentgate_mcp.ledger", "a model never gates"),
    ("errors", "agentgate_mcp.model", "calls flow one way"),
    ("tools", "agentgate_mcp.gate", "calls flow one way"),
    ("compose", "mcp", "the command line speaks MCP in demo, dev and benches only"),
]
ALLOWED = [
    ("server", "mcp"),
    ("server", "agentgate_mcp.dispatch"),
    ("cli/demo", "mcp"),
    ("cli/dev", "mcp"),
    ("backends/upstream", "mcp"),
    ("tools", "agentgate_mcp.backends"),
    ("dispatch", "agentgate_mcp.tools"),
    ("redact", "agentgate_mcp.canonical"),
    ("ledger", "time"),
]


def module(root: Path, name: str) -> Path:
    return root / "investigation" if name == "investigation" else root / "agentgate_mcp" / name


def skeleton(root: Path, imports: list[tuple[str, str]]) -> Path:
    """A tree of the product's packages that holds only the given imports."""
    for package in ["", *PLACED, "backends/upstream", "cli/demo", "cli/dev"]:
        folder = module(root, package)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").touch()
    (root / "investigation").mkdir()
    (root / "investigation" / "__init__.py").touch()
    for who, what in imports:
        with (module(root, who) / "__init__.py").open("a") as file:
            file.write(f"import {what}\n")
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


def is_module(path: Path) -> bool:
    return path.suffix == ".py" or any(path.glob("*.py"))


def lint(root: Path) -> tuple[int, str]:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "COLUMNS": "300"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


def test_every_import_that_the_architecture_allows_keeps_the_contracts(tmp_path: Path) -> None:
    code, output = lint(skeleton(tmp_path, ALLOWED))
    assert code == 0, output


def test_every_module_of_the_product_has_its_place_in_the_order() -> None:
    top_level = {p.name.removesuffix(".py") for p in (ROOT / "agentgate_mcp").iterdir() if is_module(p)}
    assert top_level - {"__init__", "__main__"} <= set(PLACED)


def test_each_planted_violation_breaks_the_contract_that_forbids_it(tmp_path: Path) -> None:
    code, output = lint(skeleton(tmp_path, [(who, what) for who, what, _ in VIOLATIONS]))
    assert code == 1, output
    for who, what, contract in VIOLATIONS:
        assert f"{contract} BROKEN" in output
        importer = "investigation" if who == "investigation" else f"agentgate_mcp.{who}"
        section = output.partition(f"\n{contract}\n---")[2]
        assert re.search(rf"{re.escape(importer)}\b.* -> {re.escape(what)}\b", section), (who, what, contract, output)
