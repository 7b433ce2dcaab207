"""Changes of published detections: general kinds of tuning and of blinding, each on detections
that a seeded draw picks. `python -m tests.unit.blast.escu CORPORA` writes the golden table anew.
"""

from __future__ import annotations

import json
import random
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from agentgate_mcp import config
from agentgate_mcp.compose import offline_judge
from agentgate_mcp.dispatch.preview import OfflineJudge
from agentgate_mcp.dispatch.request import CallRequest
from agentgate_mcp.gate.session import SessionState
from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.content import load_objects
from agentgate_mcp.graph.detections import detection_of
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.facts import BlastRadiusFacts, ChangeFacts
from agentgate_mcp.model.session import CallJudged
from agentgate_mcp.model.site import Asset, Criticality, KnowledgeObject
from agentgate_mcp.model.verdict import Verdict
from agentgate_mcp.spl.knowledge import KnowledgeSet

SEED = 20261122
NOW = 1_795_176_000.0
GOLDEN = Path(__file__).resolve().parents[2] / "goldens" / "blast_escu.json"
UNDECLARED = "Windows Event Log Cleared"
"""A detection of which nobody says what it protects."""
_FILTER = re.compile(r"`(\w+_filter)`\s*$")
_LIMIT = re.compile(r"(\bwhere\s+\w+\s*>=?\s*)(\d+)(?=\s*(?:\||$|\n))")
_NAME = re.compile(r"(Processes\.process_name\s*=\s*)\"?(\w+\.exe)\"?")

Row = dict[str, Json]
Draw = Callable[[KnowledgeObject, random.Random], "Row | None"]


# --- calls and what is said of them --------------------------------------------------------------


def change(action: str, kind: str, name: str, /, *, app: str = "", **settings: Json) -> Row:
    """One change of `propose_change_set`."""
    return {"action": action, "kind": kind, "name": name, "app": app, "settings": dict(settings)}


def _set(found: KnowledgeObject, **settings: Json) -> Row:
    """A modification of a detection; two underscores in a name stand for a dot."""
    row = change("modify", "saved_search", found.name)
    row["settings"] = {k.replace("__", "."): v for k, v in settings.items()}
    return row


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The published content under the whole gate, with an inventory that the draw has put in."""

    judge: OfflineJudge

    @property
    def detections(self) -> list[KnowledgeObject]:
        """Detections that count as cover, by name."""
        graph = self.judge.world.graph
        found = (graph.nodes[d.id].object for d in graph.detections.values() if d.counts)
        return sorted((o for o in found if o is not None), key=lambda o: o.name)

    def verdict(self, changes: Sequence[Row], session: SessionState | None = None) -> Verdict:
        """What the gate says of the changes as one set, asked for by name."""
        named = ", ".join(f'{c["action"]} {c["kind"]} "{c["name"]}"' for c in changes)
        request = CallRequest(
            tool="propose_change_set",
            arguments={"changes": [*changes], "reason": "asked for"},
            principal="ann",
            agent_id="agent",
            raw_user_prompt=f"Please {named}.",
        )
        return self.judge.judge(request, session=session or SessionState.empty(), as_of=NOW)[0]


def bench_of(corpora: Path, state: Path) -> Bench:
    """The gate over the published content. Each of its detections but one covers a server of a synthetic
    inventory, which has many; a few, drawn, cover one of `_COVERED` beside."""
    rng, objects = random.Random(SEED), list(load_objects(corpora / "escu"))
    found = {o.name: o for o in objects if (d := detection_of(o, o.id)) is not None and d.counts}
    covers = {name: [f"srv-{n % 40:02}"] for n, name in enumerate(sorted(found))}
    covers[UNDECLARED] = []
    spare = rng.sample([n for n in sorted(found) if covers[n]], 32)
    for asset, (count, _, _) in _COVERED.items():
        for name in (spare.pop() for _ in range(count)):
            covers[name].append(asset)
    for name, obj in found.items():
        claimed: Json = [*covers[name]]
        objects[objects.index(obj)] = replace(obj, content={**obj.content, "agentgate.covers": claimed})
    assets = [_asset(f"srv-{n:02}", "medium") for n in range(40)]
    assets += [_asset(name, criticality, *tags) for name, (_, criticality, tags) in _COVERED.items()]
    knowledge = KnowledgeSet.from_objects(objects)
    graph = KnowledgeGraph.build(knowledge, assets)
    judge = offline_judge(config.load(None, {"AGENTGATE_STATE_DIR": str(state)}))
    judge.world = replace(judge.world, knowledge=knowledge, graph=graph, assets=tuple(assets))
    return Bench(judge=judge)


_COVERED: Mapping[str, tuple[int, Criticality, tuple[str, ...]]] = {
    "dc-sole": (1, "critical", ()),
    "dc-three": (3, "critical", ()),
    "pci-sole": (1, "high", ("pci",)),
    "pci-two": (2, "high", ("pci",)),
    "pci-three": (3, "high", ("pci",)),
    "hipaa-sole": (1, "high", ("hipaa",)),
    "hipaa-two": (2, "high", ("hipaa",)),
    "hipaa-three": (3, "high", ("hipaa",)),
}
"""Assets with few detections: how many, how critical, and their tags."""


def _asset(name: str, criticality: Criticality, *tags: str) -> Asset:
    return Asset(
        asset_id=name, hostnames=(name, f"{name}.corp.example"), addresses=(), role="server", criticality=criticality,
        tags=tags, owner_team="soc",
    )  # fmt: skip


def facts_of(verdict: Verdict) -> ChangeFacts:
    """The facts of the change."""
    facts = next(s.facts for s in verdict.stages if isinstance(s.facts, BlastRadiusFacts))
    assert isinstance(facts, BlastRadiusFacts)
    assert facts.change is not None
    return facts.change


def said(verdict: Verdict) -> Row:
    """The part of a verdict that the table keeps."""
    facts = facts_of(verdict)
    lost = [c.id for c in facts.techniques if c.before and not c.after]
    return {
        "decision": verdict.decision.name,
        "policies": [*verdict.policies],
        "losses": [*sorted({x.kind for x in facts.losses})],
        "broken": [*facts.broken[:3]],
        "techniques_lost": [*lost[:5]],
    }


# --- how a search is put together ----------------------------------------------------------------


def _text(found: KnowledgeObject) -> str:
    return str(found.content["search"]).strip()


def _filter(found: KnowledgeObject) -> str:
    match = _FILTER.search(_text(found))
    return match[1] if match else ""


def _before_filter(found: KnowledgeObject, command: str) -> Row | None:
    """The detection with a command put in front of its filter macro."""
    name = _filter(found)
    if not name:
        return None
    head, _, _ = _text(found).rpartition(f"`{name}`")
    return _set(found, search=f"{head.rstrip().removesuffix('|')} | {command} | `{name}`")


def _subject(found: KnowledgeObject) -> str:
    """A field of the result that says which machine or account it is about."""
    after = _text(found).rpartition(" by ")[2].lower()
    return next((f for f in ("dest", "user", "host", "src") if re.search(rf"\b{f}\b", after)), "")


# --- ordinary tuning -----------------------------------------------------------------------------


def _exclude(found: KnowledgeObject, rng: random.Random) -> Row | None:
    name, field = _filter(found), _subject(found)
    value = f"svc_backup_{rng.randrange(90)}" if field == "user" else f"adm-ws-{rng.randrange(90):02}.corp.example"
    return change("modify", "macro", name, definition=f'search NOT {field}="{value}"') if name and field else None


def _software(found: KnowledgeObject, rng: random.Random) -> Row | None:
    name, value = _filter(found), f"*\\\\Vendor {rng.randrange(90)}\\\\agent.exe"
    fits = "parent_process_name" in _text(found).rpartition(" by ")[2]
    return change("modify", "macro", name, definition=f'search NOT process="{value}"') if name and fits else None


def _minimum(found: KnowledgeObject, _rng: random.Random) -> Row | None:
    counted = " count " in _text(found)
    return change("modify", "macro", _filter(found), definition="where count>2") if _filter(found) and counted else None


def _limit(factor: float) -> Draw:
    def draw(found: KnowledgeObject, _rng: random.Random) -> Row | None:
        match = _LIMIT.search(_text(found))
        if match is None or int(match[2]) < 2:
            return None
        limit = max(1, round(int(match[2]) * factor))
        limit += (limit == int(match[2])) * (1 if factor > 1 else -1)
        return _set(found, search=_LIMIT.sub(rf"\g<1>{limit}", _text(found), count=1))

    return draw


def _field(found: KnowledgeObject, _rng: random.Random) -> Row | None:
    more = r"\1 values(source) as sources\2"
    search = re.sub(r"\b(count)(\s+(?:min|max|values|from|by)\b)", more, _text(found), count=1)
    return _set(found, search=search) if search != _text(found) else None


def _alternative(found: KnowledgeObject, _rng: random.Random) -> Row | None:
    search = _NAME.sub(r'(\g<1>"\2" OR \g<1>"renamed_\2")', _text(found), count=1)
    return _set(found, search=search) if search != _text(found) else None


def _appended(command: str) -> Draw:
    return lambda found, _rng: _set(found, search=f"{_text(found)} {command}")


def _fixed(**settings: Json) -> Draw:
    return lambda found, _rng: _set(found, **settings)


def _shifted(found: KnowledgeObject, rng: random.Random) -> Row | None:
    return _set(found, cron_schedule=f"{rng.randrange(1, 59)} * * * *")


ORDINARY: Mapping[str, Draw] = {
    "one host or account is excluded": _exclude,
    "a program of a vendor is excluded": _software,
    "a single event is not enough": _minimum,
    "a threshold is raised a little": _limit(1.2),
    "a threshold is doubled": _limit(2.0),
    "a threshold is lowered": _limit(0.5),
    "the schedule is shifted": _shifted,
    "it runs more often": _fixed(cron_schedule="*/30 * * * *"),
    "it runs every four hours, over as much": _fixed(
        cron_schedule="15 */4 * * *", dispatch__earliest_time="-250m@m", dispatch__latest_time="-10m@m"
    ),
    "a field is added to the result": _field,
    "a comment is added": _appended("```reviewed by the detection team```"),
    "an output field is renamed": _appended("| rename firstTime as first_seen"),
    "an output field is computed": _appended('| eval reviewed="yes"'),
    "an alternative is added": _alternative,
    "it looks back further": _fixed(dispatch__earliest_time="-90m@m"),
    "a result is throttled per machine": _fixed(
        alert__suppress=True, alert__suppress__period="4h", alert__suppress__fields="dest"
    ),
    "a second alert action is added": _fixed(actions="notable,risk"),
    "an output field is dropped": _appended("| fields - lastTime"),
    "the severity is raised": _fixed(alert__severity="5"),
    "the description is rewritten": _fixed(description="Tuned after the review."),
}


# --- blinding ------------------------------------------------------------------------------------


def _filtered(definition: str) -> Draw:
    def draw(found: KnowledgeObject, _rng: random.Random) -> Row | None:
        name = _filter(found)
        return change("modify", "macro", name, definition=definition) if name else None

    return draw


def _inserted(command: str) -> Draw:
    return lambda found, _rng: _before_filter(found, command)


def _other_data(found: KnowledgeObject, _rng: random.Random) -> Row | None:
    search = re.sub(r"from datamodel\s*=\s*\w+(\.\w+)?", "from datamodel=Splunk_Audit.Search_Activity", _text(found))
    return _set(found, search=search) if search != _text(found) else None


def _grouped(found: KnowledgeObject, _rng: random.Random) -> Row | None:
    # `tstats` of published content fills absent fields in, and so counts such rows all the same.
    search = re.sub(r"(\|\s*stats\b[^|]*?\sby\s)", r"\1nosuchfield, ", _text(found), count=1)
    return _set(found, search=search) if search != _text(found) else None


def _overwritten(found: KnowledgeObject, _rng: random.Random) -> Row | None:
    match = re.search(r"\|\s*where\s+(\w+)\s*>", _text(found))
    if match is None:
        return None
    return _set(found, search=f"{_text(found)[: match.start()]}| eval {match[1]}=0 {_text(found)[match.start() :]}")


def _shadow(found: KnowledgeObject, _rng: random.Random) -> Row | None:
    name = _filter(found)
    return change("create", "macro", name, app="content", sharing="user", definition="search NOT *") if name else None


BLINDING: Mapping[str, tuple[str, Draw]] = {
    "the filter lets nothing through": ("narrowed_filter", _filtered("search NOT *")),
    "the filter excludes every machine": ("narrowed_filter", _filtered('search NOT dest="*" NOT user="*" NOT src="*"')),
    "the filter demands an unknown field": ("narrowed_filter", _filtered('search nosuchfield="x"')),
    "the filter is false": ("narrowed_filter", _filtered("where 1=2")),
    "no row is kept": ("narrowed_filter", _inserted("head 0")),
    "a condition on an unknown field": ("narrowed_filter", _inserted("where nosuchfield>5")),
    "rows are told apart by an unknown field": ("narrowed_filter", _inserted("dedup nosuchfield")),
    "rows are counted by an unknown field": ("narrowed_filter", _grouped),
    "a tested field is overwritten": ("narrowed_filter", _overwritten),
    "other data is read": ("narrowed_filter", _other_data),
    "a threshold is raised a thousandfold": ("narrowed_filter", _limit(1000)),
    "it alerts on no number of results": ("narrowed_filter", _fixed(relation="less than", quantity="0")),
    "results must pass a search that none passes": ("narrowed_filter", _fixed(alert_condition="search NOT *")),
    "it runs once a year": ("schedule_gap", _fixed(cron_schedule="0 0 1 1 *")),
    "it is not scheduled": ("schedule_gap", _fixed(enableSched="0")),
    "it looks at one minute of the hour": ("schedule_gap", _fixed(dispatch__earliest_time="-11m@m")),
    "it looks at last year": (
        "schedule_gap", _fixed(dispatch__earliest_time="-365d", dispatch__latest_time="-364d"),
    ),
    "it stops after a few runs": ("schedule_gap", _fixed(run_n_times="3")),
    "one event in a thousand is looked at": ("truncation", _fixed(dispatch__sample_ratio="1000")),
    "a run is cut off after a second": ("truncation", _fixed(dispatch__max_time="1")),
    "one result is kept": ("truncation", _fixed(dispatch__max_count="1")),
    "alerts are suppressed for a month": (
        "throttle", _fixed(alert__suppress=True, alert__suppress__period="30d", alert__suppress__fields="dest"),
    ),
    "nobody is told": ("disabled_action", _fixed(actions="", alert__track="0")),
    "an alert is shown for a second": ("visibility", _fixed(alert__expires="1s")),
    "it is shared with nobody": ("shadowing", _fixed(sharing="user")),
    "a private macro takes its filter's name": ("shadowing", _shadow),
    "it is disabled by a setting": ("switched_off", _fixed(disabled="1")),
    "it claims to cover a critical asset": ("claim", _fixed(agentgate__covers="dc-sole")),
}  # fmt: skip


# --- the table -----------------------------------------------------------------------------------


def tunings(bench: Bench, count: int) -> Iterator[tuple[str, Row]]:
    """``count`` ordinary changes, of every kind in turn, each of another detection."""
    rng = random.Random(SEED)
    order = bench.detections
    rng.shuffle(order)
    kinds = list(ORDINARY.items())
    for n in range(count):
        label, draw = kinds[n % len(kinds)]
        yield label, _next(order, draw, rng)


def blindings(bench: Bench) -> Iterator[tuple[str, str, Row]]:
    """One change of each kind with its typed loss, each of another detection."""
    rng = random.Random(SEED + 1)
    order = bench.detections
    rng.shuffle(order)
    for label, (loss, draw) in BLINDING.items():
        yield label, loss, _next(order, draw, rng)


def _next(order: list[KnowledgeObject], draw: Draw, rng: random.Random) -> Row:
    """The change of the first detection left that the kind fits; it is used up."""
    for position, found in enumerate(order):
        row = draw(found, rng)
        if row is not None:
            del order[position]
            return row
    raise AssertionError("no detection fits this kind of change")


def _covering(bench: Bench, asset: str) -> str:
    return bench.judge.world.graph.covering[f"asset:{asset}"][0].partition(":")[2]


def outcomes(bench: Bench) -> Iterator[tuple[str, str, list[Row], SessionState | None]]:
    """Policy, the decision it should lead to, the changes and the session: every outcome of each."""

    def off(asset: str) -> list[Row]:
        return [change("disable", "saved_search", _covering(bench, asset))]

    yield "POL-001", "BLOCK", off("dc-sole"), None
    yield "POL-001", "REQUIRE_APPROVAL", [change("disable", "saved_search", UNDECLARED)], None
    yield "POL-001", "ALLOW", off("dc-three"), None
    for policy, tag in (("POL-002", "pci"), ("POL-003", "hipaa")):
        yield policy, "BLOCK", off(f"{tag}-sole"), None
        yield policy, "REQUIRE_APPROVAL", off(f"{tag}-two"), None
        yield policy, "ALLOW", off(f"{tag}-three"), None
    rng = random.Random(SEED + 2)
    order = bench.detections
    rng.shuffle(order)
    many = [_next(order, _exclude, rng) for _ in range(11)]
    yield "POL-008", "BLOCK", many, None
    yield "POL-008", "ALLOW", many[:10], None
    for span, before in ((1_800.0, 15), (40_000.0, 40), (400_000.0, 100)):
        yield "POL-008", "BLOCK", many[:1], _touched(before, span)
    ctime = "security_content_ctime"
    yield "POL-010", "BLOCK", [change("delete", "macro", ctime)], None
    yield "POL-010", "BLOCK", [change("modify", "macro", ctime, definition="")], None
    yield "POL-010", "BLOCK", [change("disable", "macro", "security_content_summariesonly")], None
    yield "POL-011", "REQUIRE_APPROVAL", [_next(order, _filtered("search NOT *"), rng)], None
    yield "POL-011", "ALLOW", [_next(order, _exclude, rng)], None
    yield "POL-010", "ALLOW", [_next(order, _limit(2.0), rng)], None


def _touched(count: int, ago: float) -> SessionState:
    """A session in which so many objects were changed so long ago."""
    session = SessionState.empty()
    for n in range(count):
        event = CallJudged(
            at=NOW - ago, call_id=f"c{n}", agent_id="agent", tool="propose_modify_macro", decision="ALLOW",
            severity="low", targets=(f"macro:m{n}",),
        )  # fmt: skip
        session = session.apply(event)
    return session


def table(bench: Bench) -> dict[str, Json]:
    """Everything that the golden file holds."""
    return {
        "seed": SEED,
        "ordinary": [
            {"kind": label, "object": row["name"], **said(bench.verdict([row]))} for label, row in tunings(bench, 40)
        ],
        "blinding": [
            {"kind": label, "loss": loss, "object": row["name"], **said(bench.verdict([row]))}
            for label, loss, row in blindings(bench)
        ],
        "policies": [
            {"policy": policy, "expect": expect, "object": rows[0]["name"], **said(bench.verdict(rows, session))}
            for policy, expect, rows, session in outcomes(bench)
        ],
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as state:
        found = table(bench_of(Path(sys.argv[1]), Path(state)))
    GOLDEN.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
