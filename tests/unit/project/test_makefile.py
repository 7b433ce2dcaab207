"""`make` sets up once, says what is missing, and notices what makes an environment stale."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.req("project.make", "R10")

ROOT = Path(__file__).resolve().parents[3]
MAKE = shutil.which("make") or "make"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout with only what make looks at."""
    root = tmp_path / "checkout"
    root.mkdir()
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements-ci.lock"):
        shutil.copy(ROOT / name, root)
        os.utime(root / name, (1_000_000, 1_000_000))
    return root


def ready(root: Path, *, for_tree: Path | None = None) -> None:
    """Marks the environment of ``root`` as set up, in the year after its lock files."""
    (root / ".venv").mkdir(exist_ok=True)
    stamp = root / ".venv" / ".ready"
    stamp.write_text(f"{for_tree or root}\n")
    os.utime(stamp, (2_000_000, 2_000_000))


def make(root: Path, *args: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        [MAKE, "--no-print-directory", *args],
        cwd=root,
        env={**env, "PATH": path} if path is not None else env,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(("target", "command"), [("demo", "agentgate-mcp demo"), ("test", "-m pytest")])
def test_a_ready_environment_is_used_without_any_set_up(tree: Path, target: str, command: str) -> None:
    ready(tree)
    done = make(tree, "-n", target)
    assert command in done.stdout
    assert "pip" not in done.stdout


@pytest.mark.parametrize("target", ["demo", "test"])
def test_a_fresh_checkout_is_set_up_from_the_lock_first(tree: Path, target: str) -> None:
    plan = make(tree, "-n", target).stdout
    assert plan.index("--require-hashes") < plan.index("--no-deps --no-build-isolation --editable .")


def test_a_changed_lock_file_is_installed(tree: Path) -> None:
    ready(tree)
    os.utime(tree / "requirements.lock", (3_000_000, 3_000_000))
    assert "-r requirements.lock" in make(tree, "-n", "test").stdout


def test_an_environment_copied_from_another_tree_is_rebuilt(tree: Path) -> None:
    ready(tree, for_tree=tree.parent / "elsewhere")
    assert "-m venv --clear" in make(tree, "-n", "test").stdout


def test_no_suitable_python_is_said_in_one_line(tree: Path, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "cat", "rm", "awk"):
        (tools / name).symlink_to(shutil.which(name) or name)
    old = tools / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = make(tree, "test", path=str(tools))
    assert done.returncode != 0
    assert "Python 3.11 or newer is needed" in done.stderr
    assert not (tree / ".venv" / ".ready").exists()
