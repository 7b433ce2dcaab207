"""Rules of every test run: requirement ids, no network, a clean environment, corpora.

A run fails when a test names no requirement id or an unknown one. When the whole suite is run,
it fails too when an id has no test. Tests still run first, so one mistake does not hide others.
"""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

HERE = Path(__file__).resolve().parent

settings.register_profile("default", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("default")

# --- requirement ids ---------------------------------------------------------------------------


def _load_ids() -> list[str]:
    spec = importlib.util.spec_from_file_location("agentgate_requirements", HERE / "requirements.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return [entry.id for entry in module.REQUIREMENTS]


class RequirementCheck:
    """Collects which ids the tests name; judges in the process that was started by the user."""

    def __init__(self, config: pytest.Config) -> None:
        ids = _load_ids()
        self.known = frozenset(ids)
        self.problems: set[str] = {f"requirement {i!r} is defined twice" for i, n in Counter(ids).items() if n > 1}
        self.covered: set[str] = set()
        self.complete = True
        """False when a module could not be collected: then a missing test is no news."""
        option = config.option
        narrowing = ("keyword", "markexpr", "deselect", "ignore", "ignore_glob", "lf", "failedfirst", "stepwise")
        self.whole_suite = config.args_source is not pytest.Config.ArgsSource.ARGS and not any(
            getattr(option, name, None) for name in narrowing
        )

    def collect(self, items: list[pytest.Item], *, complete: bool) -> None:
        self.complete = self.complete and complete
        for item in items:
            ids = [str(i) for marker in item.iter_markers("req") for i in marker.args]
            where = item.nodeid.partition("[")[0]
            if not ids:
                self.problems.add(f"{where} names no requirement id")
            self.problems |= {f"{where} names an unknown requirement {i!r}" for i in ids if i not in self.known}
            self.covered.update(ids)

    def verdict(self) -> list[str]:
        missing: set[str] = set()
        if self.whole_suite and self.complete:
            missing = {f"requirement {i!r} has no test" for i in self.known - self.covered}
        return sorted(self.problems | missing)


_CHECK = pytest.StashKey[RequirementCheck]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_CHECK] = RequirementCheck(config)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    config.stash[_CHECK].collect(items, complete=session.testsfailed == 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Under xdist only workers collect: each hands its findings to the controller."""
    check: RequirementCheck = node.config.stash[_CHECK]
    found = getattr(node, "workeroutput", {}).get("requirements")
    if found is None:
        check.complete = False
        return
    check.problems |= set(found["problems"])
    check.covered |= set(found["covered"])
    check.complete = check.complete and bool(found["complete"])


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    check = session.config.stash[_CHECK]
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["requirements"] = {
            "problems": sorted(check.problems),
            "covered": sorted(check.covered),
            "complete": check.complete,
        }
    elif check.verdict() and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    problems = config.stash[_CHECK].verdict()
    if problems:
        terminalreporter.section("requirements (tests/requirements.py)", red=True, bold=True)
        for problem in problems:
            terminalreporter.write_line(f"ERROR {problem}", red=True)


# --- no network --------------------------------------------------------------------------------


def _refuse_network(event: str, args: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        address = args[1]
        host = address[0] if isinstance(address, tuple) else ""
    elif event == "socket.getaddrinfo":
        host = args[0]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in (None, "", "localhost") or not isinstance(host, str):
        return
    try:
        local = ipaddress.ip_address(host.partition("%")[0]).is_loopback or event == "socket.getaddrinfo"
    except ValueError:
        local = False
    if not local:
        raise RuntimeError(f"tests use no network: {event} to {host!r}")


sys.addaudithook(_refuse_network)

# --- fixtures ----------------------------------------------------------------------------------

_FOREIGN = ("AGENTGATE_", "SPLUNK_", "OLLAMA_", "GEMINI_", "GOOGLE_", "TELEMETRY_BACKEND", "ENABLE_LLM")


@pytest.fixture(scope="session", autouse=True)
def clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing of the user's configuration or state is seen or touched by a test."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(_FOREIGN) and name != "AGENTGATE_CORPORA":
                patch.delenv(name)
        patch.setenv("XDG_CONFIG_HOME", str(home / "config"))
        patch.setenv("XDG_STATE_HOME", str(home / "state"))
        patch.setenv("AGENTGATE_STATE_DIR", str(home / "state" / "agentgate-mcp"))
        yield


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The directory of development corpora, from AGENTGATE_CORPORA."""
    named = os.environ.get("AGENTGATE_CORPORA", "")
    if named and Path(named).is_dir():
        return Path(named)
    problem = f"AGENTGATE_CORPORA: expected a directory of corpora, got {named or 'nothing'!r}"
    if os.environ.get("CI") == "true":
        pytest.fail(problem)
    pytest.skip(problem)
