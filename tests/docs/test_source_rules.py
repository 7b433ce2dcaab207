"""The rules that every module keeps, tried on planted violations first and then on the source."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def _rules():
    spec = importlib.util.spec_from_file_location("source_rules", HERE / "source_rules.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


rules = _rules()


def modules() -> list[Path]:
    return sorted(p for top in ("agentgate_mcp", "investigation") for p in (ROOT / top).rglob("*.py"))


def tracked() -> list[Path]:
    """The files of the project: what git has, or all but environments where there is no git."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True)
    if done.returncode == 0 and done.stdout:
        return [ROOT / os.fsdecode(name) for name in done.stdout.split(b"\0") if name]
    skipped = {".venv", "node_modules", "__pycache__", "dist", "build"}
    return [p for p in ROOT.rglob("*") if p.is_file() and not skipped & set(p.relative_to(ROOT).parts)]


def offences(check) -> dict[str, list[str]]:
    found = {str(p.relative_to(ROOT)): check(p.read_text(encoding="utf-8")) for p in modules()}
    return {name: problems for name, problems in found.items() if problems}


TRY = "def f():\n    try:\n        g()\n    {except_}\n        {body}\n"
MARKED = "except Exception:  # deny-on-error: it must not pass"


@pytest.mark.req("project.broad-except", "R2")
@pytest.mark.parametrize(
    ("except_", "body"),
    [
        ("except Exception:", "raise"),
        ("except BaseException as e:", "raise X from e"),
        ("except:", "return Block()"),
        ("except (OSError, Exception):", "raise"),
        ("except builtins.Exception:", "raise"),
        ("except Exception:  # deny-on-error:", "raise"),
        (MARKED, "pass"),
        (MARKED, "return"),
        (MARKED, "return None"),
        (MARKED, "return True"),
        (MARKED, "log()"),
        (MARKED, "callback = lambda: refuse()"),
        ("except OSError:  # deny-on-error: not broad at all", "raise"),
    ],
)
def test_a_planted_broad_except_is_found(except_: str, body: str) -> None:
    assert rules.broad_excepts(TRY.format(except_=except_, body=body))


@pytest.mark.req("project.broad-except", "R2")
@pytest.mark.parametrize(
    ("except_", "body"),
    [
        (MARKED, "raise"),
        (MARKED, "return Block()"),
        (MARKED, "future.set_exception(e)"),
        (MARKED, "failures.append(stage)"),
        ("except OSError:", "pass"),
    ],
)
def test_a_refusing_or_narrow_except_is_accepted(except_: str, body: str) -> None:
    assert rules.broad_excepts(TRY.format(except_=except_, body=body)) == []


@pytest.mark.req("project.broad-except", "R2")
def test_every_broad_except_of_the_source_refuses() -> None:
    assert offences(rules.broad_excepts) == {}


@pytest.mark.req("project.relaxed-types")
@pytest.mark.parametrize(
    "source",
    [
        "# pyright: basic\nimport json\n",
        "# pyright: reportUnknownMemberType=false\n",
        "x = 1  # type: ignore\n",
        "x = 1  # type: ignore[assignment]\n",
        "x = 1  # pyright: ignore\n",
    ],
)
def test_planted_relaxed_typing_is_found(source: str) -> None:
    assert rules.relaxed_types(source)


@pytest.mark.req("project.relaxed-types")
def test_only_adapters_relax_typing() -> None:
    assert rules.relaxed_types("# pyright: basic\nimport networkx\n") == []
    assert offences(rules.relaxed_types) == {}


@pytest.mark.req("project.re2-in-gate")
def test_the_gate_never_imports_the_standard_re_module() -> None:
    assert rules.imports("def f():\n    from re import compile\n") == {"re"}
    gate = [p for p in modules() if p.is_relative_to(ROOT / "agentgate_mcp" / "gate")]
    assert gate
    assert [str(p) for p in gate if {"re", "regex"} & rules.imports(p.read_text(encoding="utf-8"))] == []


@pytest.mark.req("project.module-size")
def test_no_module_is_longer_than_500_lines() -> None:
    lengths = {str(p.relative_to(ROOT)): len(p.read_text(encoding="utf-8").splitlines()) for p in modules()}
    assert {name: n for name, n in lengths.items() if n > 500} == {}


# Written in pieces so that this file does not hold what it looks for.
FOREIGN = re.compile(
    "|".join(
        [
            r"(?<![\w.])/" + r"work/",
            r"/tmp/" + r"(?:research|ag)\b",
            r"--(?:extra-)?" + r"index-url",
            r"https?://[^\s\"']*/" + r"simple(?:/|\")",
            r"https?://[^\s\"']*/" + r"packages/[0-9a-f]{2}/",
            r"\"resolved\":\s*\"" + r"https?:",
            r"\b(?:pypi|pythonhosted|registry\.npmjs|registry\.yarnpkg)" + r"\.(?:org|com)\b",
        ]
    )
)


@pytest.mark.req("project.own-words")
def test_the_tree_holds_no_foreign_path_or_index_address() -> None:
    assert FOREIGN.search("see /" + "work/x")
    assert FOREIGN.search("https://host.example/" + "simple/")
    found: dict[str, str] = {}
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        if hit := FOREIGN.search(text):
            found[str(path.relative_to(ROOT))] = hit.group()
    assert found == {}


@pytest.mark.req("project.own-words")
def test_nothing_is_left_for_later_in_the_source() -> None:
    assert rules.left_for_later("x = 1  # TO" + "DO: later\n")
    assert rules.left_for_later("raise NotImplemented" + "Error\n")
    assert rules.left_for_later("x = 'TO" + "DO'\n") == []
    assert offences(rules.left_for_later) == {}


@pytest.mark.req("project.no-network")
def test_a_test_that_leaves_the_loopback_interface_is_stopped() -> None:
    import socket

    with socket.socket() as client:
        client.settimeout(0.01)
        with pytest.raises(RuntimeError, match="tests use no network"):
            client.connect(("192.0.2.1", 9))
    with pytest.raises(RuntimeError, match="tests use no network"):
        socket.getaddrinfo("splunk.example", 443)
