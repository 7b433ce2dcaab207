"""What a pending approval is bound to does not move with the rest of a site (R6)."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from agentgate_mcp.gate import blast_radius
from agentgate_mcp.gate.cost_model import CostBaselines
from agentgate_mcp.gate.evidence import evidence_hash
from agentgate_mcp.gate.world import World
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.facts import BlastRadiusFacts
from agentgate_mcp.model.site import KnowledgeObject
from tests.unit.blast.worlds import VOLUMES, context, world_of
from tests.unit.graph.samples import asset, detection, macro, obj

pytestmark = pytest.mark.req("R6", "policy.evidence", "graph.hash")

OWN = (
    macro("logons", "index=auth sourcetype=os OR sourcetype=vpn"),
    obj("lookup", "allow", {"filename": "allow.csv"}),
    detection("Odd logon", "`logons` | lookup allow.csv user OUTPUT ok", techniques=("T1078",), covers=("dc01",)),
    detection("Many logons", "`logons` | stats count by user", techniques=("T1110",), covers=("dc01",)),
    obj("dashboard", "Logons", {"searches": ['| savedsearch "Odd logon"']}),
)
COST = CostBaselines.of(VOLUMES)
PENDING: tuple[tuple[str, dict[str, Json]], ...] = (
    ("propose_modify_macro", {"name": "logons", "settings": {"definition": "index=auth"}, "reason": "r"}),
    ("propose_delete_saved_search", {"name": "Odd logon", "reason": "r"}),
    ("propose_disable_saved_search", {"name": "Many logons", "reason": "r"}),
    ("splunk_run_query", {"query": "search `logons` | outputlookup allow.csv"}),
)


def others() -> list[KnowledgeObject]:
    """The rest of the site: it shares no name, no data and no technique with what is pending."""
    found = [macro(f"m{n}", f"index=web sourcetype=s{n}") for n in range(8)]
    found += [detection(f"d{n}", f"`m{n % 8}` status={n}", techniques=(f"T2{n:03}",)) for n in range(8)]
    found += [obj("lookup", f"l{n}", {"filename": f"l{n}.csv"}) for n in range(3)]
    return found + [obj("eventtype", f"e{n}", {"search": f"`m{n}` action=x"}) for n in range(3)]


def edited(rng: random.Random, objects: list[KnowledgeObject], number: int) -> None:
    """Changes, disables, deletes, doubles or adds one object, in place."""
    place = rng.randrange(len(objects))
    item = objects[place]
    match rng.randrange(5):
        case 0:
            objects[place] = replace(item, disabled=not item.disabled)
        case 1:
            text = f"index=web uri={number}"
            objects[place] = replace(item, content={**item.content, "definition": text, "search": text})
        case 2:
            objects.append(macro(f"new{number}", f"`m{number % 8}` x={number}"))
            del objects[place]
        case 3:
            objects[place] = replace(item, team=f"team{number}", owner=f"o{number}", updated=str(number))
        case _:
            if len(objects) > 16:
                del objects[place]


def site(objects: Sequence[KnowledgeObject], previous: World | None = None) -> World:
    return world_of(objects, (asset("dc01"), asset("web01", "low")), COST, previous)


def evidence(world: World) -> list[str]:
    found: list[str] = []
    for tool, arguments in PENDING:
        ctx = context(world, tool, arguments)
        facts = blast_radius.run(ctx).facts
        assert isinstance(facts, BlastRadiusFacts)
        ctx.blast_radius = facts
        found.append(evidence_hash(ctx))
    return found


def test_a_thousand_unrelated_edits_change_no_evidence_of_what_is_pending() -> None:
    rng = random.Random(20)
    rest = others()
    world = site([*OWN, *rest])
    before = evidence(world)
    graphs = {world.graph.hash}
    for number in range(1_000):
        edited(rng, rest, number)
        world = site([*OWN, *rest], world)
        assert evidence(world) == before, number
        graphs.add(world.graph.hash)
    assert world.graph.hash == site([*OWN, *rest]).graph.hash
    assert len(graphs) > 700


def test_a_related_edit_changes_it() -> None:
    before = evidence(site([*OWN, *others()]))
    wider = replace(OWN[0], content={"definition": "index=auth"})
    after = evidence(site([wider, *OWN[1:], *others()]))
    assert (after[0] != before[0], after[3] != before[3]) == (True, True)
    second = detection("Third", "`logons` user=x", techniques=("T1078",))
    assert evidence(site([*OWN, second, *others()]))[1] != before[1]
