"""An edited policy directory is taken whole or not at all, without a restart."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
import yaml

from agentgate_mcp import config
from agentgate_mcp.cli.doctor import Finding
from agentgate_mcp.compose import Deployment, open_deployment
from agentgate_mcp.dispatch.request import CallRequest
from agentgate_mcp.errors import PolicyError
from agentgate_mcp.gate.policy.compiled import PolicyLibrary
from agentgate_mcp.model.verdict import Held, Released
from agentgate_mcp.policies.keeper import LibraryKeeper
from agentgate_mcp.policies.loader import load_library

pytestmark = pytest.mark.req("policy.reload")
Said = list[tuple[str, str]]
CALL = CallRequest(
    tool="splunk_run_query",
    arguments={"query": "search index=* src=10.20.30.31", "earliest_time": "-12h"},
    principal="p",
    agent_id="a",
)


def write(folder: Path, span: float) -> None:
    folder.mkdir(exist_ok=True)
    made = {
        "overrides": "POL-012",
        "version": 1,
        "reason": "This site wants it so.",
        "owner": "soc",
        "approved_by": "head-of-soc",
        "review_by": yaml.safe_load("2027-01-31"),
        "thresholds": {"span_seconds": span},
        "tests": [{"name": "an ordinary call", "expect": "ALLOW", "facts": {"request.tool": "splunk_get_info"}}],
    }
    staged = folder / "site.part"
    staged.write_text(yaml.safe_dump(made), "utf-8")
    staged.replace(folder / "site.yaml")


@pytest.fixture
def said() -> Said:
    return []


@pytest.fixture
def keeper(tmp_path: Path, said: Said) -> LibraryKeeper:
    write(tmp_path / "site", 90_000.0)
    return LibraryKeeper(tmp_path / "site", told=lambda library, problem: said.append((library.lock, problem)))


def test_an_edited_directory_is_taken_at_the_next_look(tmp_path: Path, keeper: LibraryKeeper, said: Said) -> None:
    before = keeper.current()
    assert keeper.current() is before
    write(tmp_path / "site", 3600.0)
    after = keeper.current()
    assert after.lock != before.lock
    assert said == [(after.lock, "")]
    assert keeper.current() is after


@pytest.mark.req("R2")
def test_a_broken_file_keeps_the_library_before_it_and_says_so_once(
    tmp_path: Path, keeper: LibraryKeeper, said: Said
) -> None:
    before = keeper.current()
    (tmp_path / "site" / "second.yaml").write_text("id: SITE-001\nversion: one\n", "utf-8")
    assert keeper.current() is before
    assert keeper.current() is before
    assert [lock for lock, _ in said] == [before.lock]
    assert "second.yaml: line 2, version" in said[0][1]
    assert keeper.problem == said[0][1]
    (tmp_path / "site" / "second.yaml").unlink()
    assert keeper.current() is before
    assert said[1:] == [(before.lock, "")]
    assert keeper.problem == ""


def test_a_directory_that_went_away_changes_nothing(tmp_path: Path, keeper: LibraryKeeper, said: Said) -> None:
    before = keeper.current()
    (tmp_path / "site" / "site.yaml").unlink()
    (tmp_path / "site").rmdir()
    assert keeper.current() is before
    assert "expected a directory" in said[0][1]


def test_a_broken_directory_starts_nothing(tmp_path: Path) -> None:
    with pytest.raises(PolicyError):
        LibraryKeeper(tmp_path / "none", told=lambda library, problem: None)


def test_one_of_many_threads_reads_the_directory(tmp_path: Path) -> None:
    loads: list[PolicyLibrary] = []
    shipped = load_library()

    def load(_: Path | None) -> PolicyLibrary:
        loads.append(PolicyLibrary(policies=shipped.policies[len(loads) :]))
        return loads[-1]

    write(tmp_path / "site", 90_000.0)
    keeper = LibraryKeeper(tmp_path / "site", told=lambda library, problem: None, load=load)
    write(tmp_path / "site", 3600.0)
    start, found = threading.Barrier(8), list[PolicyLibrary]()

    def ask() -> None:
        start.wait()
        found.append(keeper.current())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loads) == 2
    assert [f is loads[1] for f in found] == [True] * 8


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    write(tmp_path / "site", 90_000.0)
    environ = {"AGENTGATE_STATE_DIR": str(tmp_path / "state"), "AGENTGATE_POLICIES_DIR": str(tmp_path / "site")}
    with open_deployment(config.load(environ=environ)) as opened:
        yield opened


@pytest.mark.req("R4")
def test_a_running_gate_judges_by_the_edited_policies_and_records_their_lock(
    tmp_path: Path, deployment: Deployment, capfd: pytest.CaptureFixture[str]
) -> None:
    def judged() -> Released | Held:
        outcome = anyio.run(deployment.dispatcher.execute, CALL)
        assert isinstance(outcome, Released | Held)
        return outcome

    first = judged()
    assert isinstance(first, Released)
    assert first.verdict.policy_lock == load_library(tmp_path / "site").lock
    write(tmp_path / "site", 3600.0)
    second = judged()
    assert isinstance(second, Held)
    assert second.verdict.policy_lock == load_library(tmp_path / "site").lock != first.verdict.policy_lock
    (tmp_path / "site" / "site.yaml").write_text("overrides: POL-012\n", "utf-8")
    third = judged()
    assert isinstance(third, Held)
    assert third.verdict.policy_lock == second.verdict.policy_lock
    assert "the policies before it stay in force" in capfd.readouterr().err
    log = (tmp_path / "state" / "logs" / "agent.jsonl").read_text("utf-8")
    assert '"event":"policies_refused"' in log
    assert '"event":"policies"' in log


def test_the_doctor_names_the_file_that_is_not_in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from agentgate_mcp.cli import doctor

    write(tmp_path / "site", 1e9)
    (tmp_path / "site" / "site.yaml").write_text("overrides: POL-012\n", "utf-8")
    settings = config.load(
        environ={"AGENTGATE_STATE_DIR": str(tmp_path / "state"), "AGENTGATE_POLICIES_DIR": str(tmp_path / "site")}
    )
    monkeypatch.setattr(doctor, "settings_of", lambda context: settings)
    found = {f.name: f for f in doctor.examine(None)}  # type: ignore[arg-type]
    assert isinstance(found["policies"], Finding)
    assert found["policies"].state == "failed"
    assert "site.yaml" in found["policies"].says
    assert "keeps the policies it had" in found["policies"].says
