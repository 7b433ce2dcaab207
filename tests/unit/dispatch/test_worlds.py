"""A call is judged in the world of its own generation, or waits for it (R2)."""

import threading
from dataclasses import replace

import pytest

from agentgate_mcp.dispatch.worlds import WorldKeeper
from agentgate_mcp.errors import DataError
from agentgate_mcp.gate.world import World
from tests.unit.blast.worlds import world_of

pytestmark = pytest.mark.req("R2", "graph.index")


class Knowledge:
    """A generation that moves, and builds that can be held or made to fail."""

    def __init__(self) -> None:
        self.number = 1
        self.built: list[int] = []
        self.before: list[World | None] = []
        self.broken = False
        self.entered, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()
        self.empty = world_of()

    def generation(self) -> int:
        return self.number

    def build(self, previous: World | None) -> World:
        number = self.number
        self.entered.set()
        assert self.go_on.wait(10)
        if self.broken:
            raise DataError("k.json", "/", "broken")
        self.built.append(number)
        self.before.append(previous)
        return replace(self.empty, search_now=float(number))


def test_a_world_is_built_once_per_generation_from_the_one_before() -> None:
    knowledge = Knowledge()
    keeper = WorldKeeper(knowledge.generation, knowledge.build)
    first = keeper.current()
    assert keeper.current() is first
    knowledge.number = 2
    second = keeper.current()
    assert (second.search_now, knowledge.built) == (2.0, [1, 2])
    assert knowledge.before == [None, first]


def test_a_world_that_cannot_be_built_is_not_replaced_by_an_old_one() -> None:
    knowledge = Knowledge()
    keeper = WorldKeeper(knowledge.generation, knowledge.build)
    keeper.current()
    knowledge.number, knowledge.broken = 2, True
    for _ in range(2):
        with pytest.raises(DataError):
            keeper.current()
    knowledge.broken = False
    assert keeper.current().search_now == 2.0


def test_a_call_after_a_change_waits_for_its_own_world() -> None:
    knowledge = Knowledge()
    keeper = WorldKeeper(knowledge.generation, knowledge.build)
    keeper.current()
    knowledge.number = 2
    knowledge.entered.clear()
    knowledge.go_on.clear()
    got: list[float | None] = []
    waiting = threading.Thread(target=lambda: got.append(keeper.current().search_now))
    waiting.start()
    assert knowledge.entered.wait(10)
    assert got == []
    # The knowledge is put back: a call of the generation that is held goes by the build.
    knowledge.number = 1
    assert keeper.current().search_now == 1.0
    knowledge.number = 2
    knowledge.go_on.set()
    waiting.join(10)
    assert got == [2.0]


def test_changes_are_followed_in_the_background_until_it_is_closed() -> None:
    knowledge = Knowledge()
    keeper = WorldKeeper(knowledge.generation, knowledge.build)
    keeper.follow()
    keeper.follow()
    assert knowledge.entered.wait(10)
    knowledge.broken = True
    knowledge.entered.clear()
    knowledge.number = 2
    assert knowledge.entered.wait(10)
    knowledge.broken = False
    knowledge.entered.clear()
    assert knowledge.entered.wait(10)
    keeper.close()
    assert knowledge.built[-1] == 2
    knowledge.entered.clear()
    assert keeper.current().search_now == 2.0
    assert not knowledge.entered.is_set()
