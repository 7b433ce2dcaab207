"""The bundled data, read once per run, without any reader of the product in between."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
Record = dict[str, Any]


@dataclass(frozen=True)
class Bundle:
    """The data directory and the truth that is kept beside the tests."""

    path: Path
    truth_path: Path

    def load(self, name: str) -> Any:
        return json.loads((self.path / name).read_text(encoding="utf-8"))

    def folder(self, name: str) -> dict[str, Any]:
        return {p.name: json.loads(p.read_text(encoding="utf-8")) for p in sorted((self.path / name).glob("*.json"))}

    @cached_property
    def truth(self) -> dict[str, Record]:
        return json.loads(self.truth_path.read_text(encoding="utf-8"))

    @cached_property
    def cases(self) -> dict[str, Record]:
        return {case["case_id"]: case for case in self.folder("cases").values()}

    @cached_property
    def assets(self) -> dict[str, Record]:
        return {asset["asset_id"]: asset for asset in self.load("assets.json")}

    @cached_property
    def identities(self) -> dict[str, Record]:
        return {identity["user"]: identity for identity in self.load("identities.json")}

    @cached_property
    def objects(self) -> list[Record]:
        return [record for records in self.folder("knowledge").values() for record in records]

    def kind(self, kind: str) -> dict[str, Record]:
        return {record["name"]: record for record in self.objects if record["kind"] == kind}

    @cached_property
    def detections(self) -> dict[str, Record]:
        found = self.kind("saved_search")
        return {name: record for name, record in found.items() if record["content"]["agentgate.techniques"]}

    @cached_property
    def events(self) -> list[Record]:
        return [
            json.loads(line)
            for path in sorted((self.path / "telemetry").glob("*.jsonl"))
            for line in path.read_text(encoding="utf-8").splitlines()
        ]

    def of_case(self, case_id: str) -> list[Record]:
        return [event for event in self.events if event["event_id"].startswith(f"e-{case_id}-")]

    @cached_property
    def day(self) -> list[Record]:
        text = (self.path / "analyst_day.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    @cached_property
    def intel(self) -> dict[str, Record]:
        feeds = [feed for name, feed in self.folder("threatintel").items() if name.startswith("feed-")]
        return {entry["indicator"]: entry for feed in feeds for entry in feed["indicators"]}

    @cached_property
    def runbooks(self) -> dict[str, str]:
        return {p.stem: p.read_text(encoding="utf-8") for p in sorted((self.path / "runbooks").glob("*.md"))}


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    return Bundle(path=ROOT / "data", truth_path=ROOT / "tests" / "goldens" / "case_truth.json")
