"""The development corpora as rows and as knowledge sets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agentgate_mcp.model.site import KnowledgeObject
from agentgate_mcp.spl.knowledge import KnowledgeSet
from tests.unit.spl.samples import knowledge_object


def read_lines(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="session")
def detections(corpora: Path) -> list[dict[str, Any]]:
    return read_lines(corpora / "escu" / "detections.jsonl")


@pytest.fixture(scope="session")
def escu_macros(corpora: Path) -> list[dict[str, Any]]:
    return json.loads((corpora / "escu" / "macros.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def escu(escu_macros: list[dict[str, Any]]) -> KnowledgeSet:
    """The content updates' macros, as a site would have them."""
    made: list[KnowledgeObject] = []
    for macro in escu_macros:
        args = macro.get("arguments") or []
        name = f"{macro['name']}({len(args)})" if args else macro["name"]
        made.append(knowledge_object("macro", name, definition=macro["definition"], args=",".join(args)))
    return KnowledgeSet.from_objects(made)


@pytest.fixture(scope="session")
def trackme_searches(corpora: Path) -> list[dict[str, Any]]:
    return read_lines(corpora / "trackme" / "savedsearches.jsonl")


@pytest.fixture(scope="session")
def trackme_macros(corpora: Path) -> list[dict[str, Any]]:
    return read_lines(corpora / "trackme" / "macros.jsonl")


@pytest.fixture(scope="session")
def trackme(trackme_macros: list[dict[str, Any]], trackme_searches: list[dict[str, Any]]) -> KnowledgeSet:
    made = [
        knowledge_object(
            "macro",
            f"{m['name']}({m['arity']})" if m["arity"] else m["name"],
            definition=m["definition"],
            args=",".join(m["args"]),
            iseval=m["iseval"],
        )
        for m in trackme_macros
    ]
    made += [knowledge_object("saved_search", s["name"], search=s["search"]) for s in trackme_searches]
    return KnowledgeSet.from_objects(made)
