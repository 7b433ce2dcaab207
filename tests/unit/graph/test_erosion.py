"""Small losses, one after another, are counted from what an operator last accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from agentgate_mcp.graph.baseline import Baseline
from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.erosion import Accumulated, accumulate
from agentgate_mcp.graph.grades import Grade
from agentgate_mcp.graph.impact import impact
from agentgate_mcp.graph.scoring import impact_score
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import ChangeRecord, KnowledgeObject, ObjectChange
from agentgate_mcp.spl.knowledge import KnowledgeSet
from tests.unit.graph.samples import asset, change, detection, macro, obj

pytestmark = pytest.mark.req("graph.erosion")

HELD = 50
"""Score from which POL-011 asks a person."""
BAR = "index=auth action=failure | stats count BY src | where count>{} | `d_filter`"


@dataclass(slots=True)
class Site:
    """Objects, what was done to them, and what was approved of it."""

    objects: dict[tuple[str, str], KnowledgeObject]
    records: list[ChangeRecord] = field(default_factory=list[ChangeRecord])
    accepted: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])

    @classmethod
    def of(cls, *objects: KnowledgeObject) -> Site:
        return cls({(o.kind, o.name): o for o in objects})

    def judge(self, *changes: ObjectChange) -> Accumulated:
        assets = (asset("dc01"), asset("web01", "high", "pci"))
        graph = KnowledgeGraph.build(KnowledgeSet.from_objects(list(self.objects.values())), assets)
        return accumulate(graph, impact(graph, changes), Baseline.of(self.records, self.accepted))

    def score(self, *changes: ObjectChange) -> int:
        found = self.judge(*changes)
        return impact_score(found.impact, lost_before=len(found.lost_before))

    def execute(self, made: ObjectChange, *, approved: bool = False) -> Accumulated:
        """Judges a change and carries it out, whatever was said of it."""
        found = self.judge(made)
        key = (made.kind, made.name)
        before = self.objects.pop(key, None)
        after = None
        if made.action != "delete":
            start = before or detection(made.name, "")
            content = {**start.content, **made.content}
            after = replace(start, content=content, disabled=made.action == "disable")
            self.objects[key] = after
        call = f"c{len(self.records)}"
        self.records.append(ChangeRecord(change_id=call, call_id=call, at=0.0, change=made, before=before, after=after))
        if approved:
            self.accepted[call] = frozenset(found.objects)
        return found


def auth_site() -> Site:
    watch = [detection(f"O{i}", "index=auth other", covers=("dc01",)) for i in range(2)]
    return Site.of(detection("D", BAR.format(100), covers=("dc01",)), macro("d_filter", "search *"), *watch)


def bar(value: float) -> ObjectChange:
    return change("modify", "saved_search", "D", {"search": BAR.format(value)})


def excluding(*hosts: str) -> ObjectChange:
    words = " ".join(f'host="{h}"' for h in hosts)
    return change("modify", "macro", "d_filter", {"definition": f"search NOT ({' OR '.join(words.split())})"})


def grades(found: Accumulated) -> Mapping[str, Grade]:
    worst: dict[str, Grade] = {}
    for loss in found.impact.losses:
        worst[loss.kind] = max(loss.grade, worst.get(loss.kind, Grade.MINOR))
    return worst


def test_ten_raises_of_a_threshold_by_a_twentieth_are_not_ten_small_matters() -> None:
    site, seen, found = auth_site(), list[int](), None
    value = 100.0
    for _ in range(10):
        value *= 1.05
        seen.append(site.score(bar(round(value, 1))))
        found = site.execute(bar(round(value, 1)))
    assert seen[0] < HELD
    assert [s >= HELD for s in seen] == [False] * 4 + [True] * 6
    assert found is not None
    details = [x.detail for x in found.impact.losses]
    assert any("at least 162.9, from 100," in d for d in details), details
    assert found.objects == ("saved_search:search/D",)


def test_raises_count_as_the_one_raise_that_they_make() -> None:
    site, seen = auth_site(), list[Grade]()
    for value in (290, 800, 2000):
        seen.append(grades(site.execute(bar(value)))["narrowed_filter"])
    assert seen == [Grade.MINOR, Grade.MODERATE, Grade.MAJOR]
    assert site.score(bar(2100)) >= HELD


def test_five_hosts_excluded_one_at_a_time_are_held_at_the_fifth() -> None:
    site, hosts, seen, found = auth_site(), list[str](), list[int](), None
    for n in range(5):
        hosts.append(f"wks-{n:03}")
        seen.append(site.score(excluding(*hosts)))
        found = site.execute(excluding(*hosts))
    assert [s >= HELD for s in seen] == [False] * 4 + [True]
    assert found is not None
    whole = [x.detail for x in found.impact.losses if "last accepted" in x.detail and x.kind == "narrowed_filter"]
    assert any("wks-000, wks-001, wks-002 and 2 more" in d for d in whole)


def test_six_hosts_excluded_in_two_places_are_one_exclusion_of_six() -> None:
    site = auth_site()
    site.execute(excluding("a1", "a2", "a3"))
    found = site.judge(
        change("modify", "saved_search", "D", {"search": BAR.format(100) + " | search NOT host IN (b1, b2, b3)"})
    )
    assert grades(found)["narrowed_filter"] is Grade.MODERATE
    assert "macro:search/d_filter" in found.objects


def test_an_asset_excluded_from_one_detection_after_another_loses_its_cover() -> None:
    filters = [macro(f"f{i}", "search *") for i in range(3)]
    site = Site.of(*filters, *(detection(f"D{i}", f"index=a | `f{i}`", covers=("dc01",)) for i in range(3)))
    left: list[tuple[int, int]] = []
    found = None
    for i in range(3):
        found = site.execute(change("modify", "macro", f"f{i}", {"definition": 'search NOT host="dc01"'}))
        left += [(a.before, a.after) for a in found.impact.assets]
    assert left == [(3, 2), (3, 1), (3, 0)]
    assert found is not None
    assert impact_score(found.impact) == 95


def test_detections_of_one_technique_taken_away_one_by_one_add_up() -> None:
    site = Site.of(*(detection(f"D{i}", "index=a", covers=("dc01",)) for i in range(9)))
    seen: list[int] = []
    found = None
    for i in range(5):
        seen.append(site.score(change("disable", "saved_search", f"D{i}")))
        found = site.execute(change("disable", "saved_search", f"D{i}"))
    assert seen == [20, 35, 35, 35, 55]
    assert found is not None
    assert found.lost_before == tuple(f"saved_search:search/D{i}" for i in range(4))


def test_to_undo_a_part_of_it_is_no_loss() -> None:
    site = auth_site()
    for value in (150, 200, 250, 290):
        site.execute(bar(value))
    found = site.judge(bar(200))
    assert (found.impact.losses, found.objects) == ((), ())


def test_an_approved_change_accepts_its_object_and_what_was_counted_with_it() -> None:
    site = auth_site()
    for n in range(4):
        site.execute(excluding(*(f"wks-{i}" for i in range(n + 1))))
    site.execute(bar(110), approved=True)
    assert Baseline.of(site.records, site.accepted).forms == {}
    assert site.score(excluding(*(f"wks-{i}" for i in range(5)))) < HELD


def test_an_approval_of_something_trivial_accepts_no_loss_that_it_did_not_show() -> None:
    site = auth_site()
    site.execute(bar(11))
    before = Baseline.of(site.records, site.accepted).forms
    site.execute(change("modify", "saved_search", "D", {"description": "clearer"}), approved=True)
    assert Baseline.of(site.records, site.accepted).forms == before != {}


def test_a_change_that_was_rolled_back_does_not_count() -> None:
    site = auth_site()
    for value in (110, 120, 130, 140):
        site.execute(bar(value))
    site.records = [replace(r, rolled_back=True) for r in site.records]
    site.objects["saved_search", "D"] = detection("D", BAR.format(100), covers=("dc01",))
    assert site.judge(bar(110)).objects == ()


def test_to_delete_and_to_make_anew_with_less_is_a_narrowing_of_the_old_one() -> None:
    site = auth_site()
    site.execute(change("delete", "saved_search", "D"))
    made: dict[str, Json] = {**detection("D", BAR.format(5000)).content}
    found = site.judge(change("create", "saved_search", "D", made, app="search"))
    # The creation by itself has only its claims; they are counted with what was there before.
    assert grades(found)["narrowed_filter"] is Grade.MAJOR


def test_open_changes_of_other_objects_change_nothing() -> None:
    site = auth_site()
    before = site.judge(bar(110))
    for n in range(4):
        site.execute(change("modify", "saved_search", "O1", {"search": f"index=auth other zone={n}"}))
    assert site.judge(bar(110)) == before


def test_the_hash_of_a_baseline_is_of_its_forms() -> None:
    site = auth_site()
    assert Baseline.of(site.records, {}).hash == ""
    site.execute(bar(110))
    first = Baseline.of(site.records, {}).hash
    site.execute(bar(120))
    assert "" != first != Baseline.of(site.records, {}).hash


def test_rows_of_an_allow_list_added_one_at_a_time_are_counted_together() -> None:
    search = "index=a | lookup allow dest OUTPUT dest AS known | where isnull(known)"
    allow = obj("lookup", "allow", {"filename": "allow.csv", "rows": [{"dest": "old"}]})
    site, listed, seen = Site.of(detection("A", search, covers=("dc01",)), allow), ["old"], list[int]()
    for n in range(5):
        listed.append(f"wks-{n}")
        rows: list[Json] = [{"dest": name} for name in listed]
        made = change("modify", "lookup", "allow", {"rows": rows})
        seen.append(site.score(made))
        site.execute(made)
    assert [s >= HELD for s in seen] == [False] * 4 + [True]


def test_a_private_detour_through_other_objects_is_counted_with_the_search_that_uses_them() -> None:
    site = Site.of(
        macro("floor", "100"),
        detection("D", "index=auth | stats count BY src | where count>`floor`", covers=("dc01",)),
        *(detection(f"O{i}", "index=auth other", covers=("dc01",)) for i in range(2)),
    )
    for value in ("250", "600", "1400"):
        found = site.execute(change("modify", "macro", "floor", {"definition": value}))
    raised = "index=auth | stats count BY src | where count>`floor` AND count>2500"
    found = site.judge(change("modify", "saved_search", "D", {"search": raised}))
    assert grades(found)["narrowed_filter"] is Grade.MAJOR
    assert "macro:search/floor" in found.objects
