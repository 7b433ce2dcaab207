"""Knowledge sets: found by name, arity and app; one hash per content."""

from __future__ import annotations

import pytest

from agentgate_mcp.spl.knowledge import EMPTY, KnowledgeSet
from tests.unit.spl.samples import knowledge_object

pytestmark = pytest.mark.req("spl.knowledge")


def test_macros_are_found_by_name_and_arity_however_they_are_declared() -> None:
    knowledge = KnowledgeSet.from_objects(
        [
            knowledge_object("macro", "a", definition="0"),
            knowledge_object("macro", "a(2)", definition="2", args="x, y"),
            knowledge_object("macro", "b", definition="1", args="x"),
            knowledge_object("macro", "c(1)", definition="1", args=["x"]),
        ]
    )
    assert knowledge.macro("a", 0) is knowledge.get("macro:a")
    assert knowledge.macro("a", 2) is knowledge.get("macro:a(2)")
    assert knowledge.macro("a", 1) is None
    assert knowledge.macro("b", 1) is not None
    assert knowledge.macro("b", 0) is None
    assert knowledge.macro_definition("c", 1).args == ("x",)  # type: ignore[union-attr]


def test_disabled_macros_are_kept_as_objects_but_not_expanded() -> None:
    knowledge = KnowledgeSet.from_objects([knowledge_object("macro", "m", definition="x", disabled=True)])
    assert knowledge.get("macro:m") is not None
    assert knowledge.macro("m", 0) is None


def test_objects_of_one_name_are_told_apart_by_app() -> None:
    knowledge = KnowledgeSet.from_objects(
        [
            knowledge_object("saved_search", "s", app="b", search="2"),
            knowledge_object("saved_search", "s", app="a", search="1"),
        ]
    )
    assert knowledge.saved_search("s").app == "a"  # type: ignore[union-attr]
    assert knowledge.saved_search("s", "b").content == {"search": "2"}  # type: ignore[union-attr]
    assert knowledge.saved_search("s", "c") is None
    assert [o.app for o in knowledge.all_named("saved_search:s")] == ["a", "b"]


def test_nearest_names_are_of_the_same_kind() -> None:
    names = ["Brute Force Login", "Brute Force Logins", "DNS Tunnel"]
    made = [knowledge_object("saved_search", n) for n in names] + [knowledge_object("macro", "Brute Force Logon")]
    nearest = KnowledgeSet.from_objects(made).nearest("saved_search:Brute Force Logon")
    assert nearest == ("saved_search:Brute Force Login", "saved_search:Brute Force Logins")
    assert EMPTY.nearest("macro:x") == ()


def test_the_hash_depends_on_content_and_not_on_order() -> None:
    a = knowledge_object("macro", "a", definition="x")
    b = knowledge_object("macro", "b", definition="y")
    changed = knowledge_object("macro", "b", definition="z")
    disabled = knowledge_object("macro", "b", definition="y", disabled=True)
    first = KnowledgeSet.from_objects([a, b])
    assert first == KnowledgeSet.from_objects([b, a])
    assert hash(first) == hash(KnowledgeSet.from_objects([b, a]))
    hashes = {KnowledgeSet.from_objects(o).hash for o in ([a, b], [a], [a, changed], [a, disabled], [])}
    assert len(hashes) == 5


def test_bare_definitions_make_a_set() -> None:
    knowledge = KnowledgeSet.from_definitions(
        {"m(1)": {"definition": "x=$v$", "args": "v"}, "e": {"definition": '"x"', "iseval": "1"}}, {"s": "search x"}
    )
    assert knowledge.macro_definition("e", 0).iseval  # type: ignore[union-attr]
    assert knowledge.saved_search("s").content["search"] == "search x"  # type: ignore[union-attr]
    assert [o.kind for o in knowledge.of_kind("macro")] == ["macro", "macro"]
