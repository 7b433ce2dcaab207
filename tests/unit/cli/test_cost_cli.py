"""`cost calibrate`: from the ledger or an export, kept whole or not at all."""

import csv
import io
import json
import random
from pathlib import Path

import pytest

from agentgate_mcp import config
from agentgate_mcp.compose import CALIBRATION_FILE, offline_judge
from tests.unit.cli.shell import Cli

pytestmark = pytest.mark.req("cost.calibrate", "cost.exports")


def rows(count: int) -> list[dict[str, object]]:
    chance = random.Random(1)
    made: list[dict[str, object]] = []
    for n in range(count):
        events = chance.randrange(1_000, 3_000_000)
        made.append(
            {
                "search": f"'search index=auth user=u{n}'", "total_run_time": round(1.0 + events / 100_000, 3),
                "scan_count": events, "exec_time": 1_795_176_000, "search_et": "N/A", "search_lt": "N/A",
            }
        )  # fmt: skip
    return made


def as_csv(found: list[dict[str, object]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, [*found[0]])
    writer.writeheader()
    writer.writerows(found)
    return text.getvalue()


def as_lines(found: list[dict[str, object]]) -> str:
    return "\n".join(json.dumps({"preview": False, "result": row}) for row in found)


def test_an_export_is_fitted_kept_and_used_by_the_gate(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "audit.csv"
    file.write_text(as_csv(rows(60)))
    done = cli("cost", "calibrate", file, "--json")
    assert done.code == 0, done.err
    said = done.json()
    assert said["jobs"] == 60
    assert said["coefficients"]["raw_rate"] == pytest.approx(100_000, rel=0.05)
    assert said["after"]["median_percent"] < 5 < said["before"]["median_percent"]
    settings = config.load(None, {"AGENTGATE_STATE_DIR": str(cli.state), "AGENTGATE_WORKLOAD_POOL": "agents"})
    world = offline_judge(settings).world
    assert world.cost.coefficients.raw_rate == said["coefficients"]["raw_rate"]
    assert world.cost.workload_pool == "agents"
    (cli.state / CALIBRATION_FILE).unlink()
    assert offline_judge(settings).world.hash != world.hash


def test_json_lines_are_read_and_a_dry_run_keeps_nothing(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    file.write_text(as_lines(rows(40)))
    done = cli("cost", "calibrate", file, "--dry-run")
    assert done.code == 0
    assert "raw_rate" in done.out
    assert "nothing was kept" in done.err
    assert not (cli.state / CALIBRATION_FILE).exists()


def test_too_few_searches_are_refused(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "audit.csv"
    file.write_text(as_csv(rows(29)))
    for args in ([str(file)], []):
        done = cli("cost", "calibrate", *args)
        assert done.code == 1
        assert "expected at least 30" in done.err
        assert not (cli.state / CALIBRATION_FILE).exists()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", b"search,scan_count\n'x',1\n", "line 2: total_run_time"),
        ("a.csv", b"search\n'x',1\n", "as many cells"),
        ("a.csv", b'search\n"x\n', "expected CSV"),
        ("a.jsonl", b"\n{\n", "line 2"),
        ("a.jsonl", b"[]", "line 1: expected an object"),
        ("a.jsonl", b"\xff", "expected UTF-8"),
        ("none.csv", b"", "No such file"),
    ],
)
def test_an_export_that_is_wrong_is_told_by_line(cli: Cli, tmp_path: Path, name: str, text: bytes, said: str) -> None:
    file = tmp_path / name
    if not name.startswith("none"):
        file.write_bytes(text)
    done = cli("cost", "calibrate", file)
    assert done.code == 1
    assert said in done.err


def test_a_calibration_that_cannot_be_read_stops_the_gate(cli: Cli) -> None:
    (cli.state / CALIBRATION_FILE).write_text('{"version": 2}')
    done = cli("check", stdin='{"tool": "splunk_get_info", "arguments": {}}')
    assert done.code == 1
    assert "/version: expected 1" in done.err
