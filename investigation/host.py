"""The planner for one machine in a network capture: no case, no names, only connections."""

from __future__ import annotations

from collections.abc import Sequence

from agentgate_mcp.spl.build import Condition, field_equals, in_list, negate
from investigation import queries as q
from investigation.analytics import flows
from investigation.asking import Steps, rows_of, tool
from investigation.assemble import assemble
from investigation.dossier import Case, Dossier
from investigation.evidence import Evidence
from investigation.fusion import Fused, fuse
from investigation.machine import CaseMachine, CaseState
from investigation.queries import Search
from investigation.result import checked
from investigation.rows import Row, at, is_inside, text
from investigation.steps import Ask, CaseStage, Enter, Options, Planner

PAIRS = (
    "stats count values(service) as service values(conn_state) as states sum(bytes_out) as bytes_out "
    "sum(bytes_in) as bytes_in max(packets_out) as packets_out min(_time) as first_seen max(_time) as last_seen "
    "earliest(event_id) as first_event latest(event_id) as last_event by dest dest_port transport | sort - count"
)
NO_SERVICE = negate(Condition("service=*"))
MID_STREAM = negate(field_equals("conn_state", "OTH"))
LARGE_REPLY, MANY_PACKETS, FEW_BYTES = 60_000, 5_000, 1_000


def investigate_host(host: str, options: Options) -> Planner:
    """Judge one machine by its connections; with an empty ``host`` the busiest of our own.

    Returns the same result as a case; its id is `host-ADDRESS`."""
    machine = CaseMachine()
    yield _enter(CaseStage.TRIAGE, "reading what the capture holds")
    dossier = Dossier(case=Case.of({"case_id": "", "earliest": "0", "latest": "0"}))
    earliest, latest = yield from _span(dossier)
    host = host or (yield from _busiest(dossier, earliest, latest))
    dossier.case = _case(host, earliest, latest)
    dossier.hosts, dossier.inside = (host,), (host,)
    known = bool(host) and latest > earliest
    if machine.advance(CaseStage.INVESTIGATE, CaseState(case_known=known)):
        yield _enter(CaseStage.INVESTIGATE, f"reading the connections of {host}")
        yield from _read(dossier, host)
    evidence = tuple(sorted(flows.run(dossier, host), key=lambda e: (-abs(e.weight), e.code, e.event_ids, e.statement)))
    findings = [(f"F{n}", e) for n, e in enumerate(evidence, 1)]
    fused = _worst_partner(evidence)
    seen = len(dossier.rows("pairs"))
    state = CaseState(
        case_known=known, events_seen=seen, findings=len(findings), verdict=fused.verdict, confidence=fused.confidence
    )
    if machine.stage is CaseStage.INVESTIGATE and machine.advance(CaseStage.VALIDATE, state):
        yield _enter(CaseStage.VALIDATE, f"weighing {len(findings)} findings")
        if machine.advance(CaseStage.RECOMMEND, state):
            yield _enter(CaseStage.RECOMMEND, f"the machine looks {fused.verdict}")
            # A capture is not our network: nothing can be contained there, so nothing is requested.
            machine.advance(CaseStage.RESPOND, state)
    return checked(assemble(dossier, dossier.case.case_id, options, machine, findings, fused, (), ()))


def _worst_partner(evidence: Sequence[Evidence]) -> Fused:
    """The verdict by the partner that looks worst: oddities of many partners do not add up to one."""
    partners = sorted({t for e in evidence for t in e.targets if t[0] == "ip"})
    judged = [fuse([e for e in evidence if e.weight <= 0 or partner in e.targets]) for partner in partners]
    return max(judged, key=lambda f: f.probability, default=fuse(evidence))


def _enter(stage: CaseStage, message: str) -> Enter:
    return Enter(stage=stage, step=tuple(CaseStage).index(stage) + 1, steps=len(CaseStage), message=message)


def _case(host: str, earliest: float, latest: float) -> Case:
    return Case.of(
        {
            "case_id": f"host-{host or 'unknown'}",
            "title": f"Connections of {host or 'an unknown machine'}",
            "severity": "medium",
            "category": "command_and_control",
            "earliest": str(earliest),
            "latest": str(latest),
            "entities": {"ip": [host]},
        }
    )


def _span(d: Dossier) -> Steps[tuple[float, float]]:
    """First and last moment of the capture, in epoch seconds, whole seconds around it."""
    ask = Ask(
        tool="splunk_get_index_info", arguments={"index_name": "network"}, purpose="Read what time the capture spans."
    )
    info = yield from tool(d, ask)
    if info is None:
        return 0.0, 0.0
    listed = info.get("results")
    row: Row = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
    first, last = at(row, "minTime"), at(row, "maxTime")
    return float(int(first)), float(int(last) + 1) if last else 0.0


def _busiest(d: Dossier, earliest: float, latest: float) -> Steps[str]:
    query = q.search(
        "network", (), sourcetype="zeek:conn", tail="stats count dc(dest) as partners by src | sort - count"
    )
    rows = yield from rows_of(
        d, _search("sources", query, earliest, latest, "Find the busiest machine of the capture.")
    )
    ours = [text(r, "src") for r in sorted(rows, key=lambda r: (-float(text(r, "count") or 0), text(r, "src")))]
    return next((s for s in ours if is_inside(s) and not s.startswith(("169.254.", "fe80:", "127."))), "")


def _read(d: Dossier, host: str) -> Steps[None]:
    own = field_equals("src", host)
    no_icmp = negate(field_equals("transport", "icmp"))
    tcp = field_equals("transport", "tcp")
    raw = "fields _time event_id dest dest_port transport duration bytes_out bytes_in packets_out packets_in conn_state"
    both = (Condition("bytes_out>0"), Condition("bytes_in>0"))
    plans: tuple[tuple[str, Sequence[Condition], str, str], ...] = (
        ("pairs", (own, no_icmp), PAIRS, "Group the machine's connections by partner, port and protocol."),
        (
            "failed",
            (own, tcp, in_list("conn_state", flows.FAILED)),
            "stats count by dest dest_port transport | sort - count",
            "Count the attempts that failed.",
        ),
        (
            "no-tls",
            (own, tcp, field_equals("dest_port", "443"), NO_SERVICE, MID_STREAM, *both),
            raw,
            "Find conversations on the TLS port that are not TLS.",
        ),
        (
            "long",
            (own, tcp, NO_SERVICE, MID_STREAM, Condition(f"duration>={flows.LONG_S:.0f}")),
            raw,
            "Find conversations of hours in no known service.",
        ),
        (
            "big-http",
            (own, field_equals("service", "http"), Condition(f"bytes_in>={LARGE_REPLY}")),
            raw,
            "Find large replies over clear HTTP.",
        ),
        (
            "one-sided",
            (own, Condition(f"packets_out>{MANY_PACKETS}"), Condition(f"bytes_in<{FEW_BYTES}")),
            raw,
            "Find single connections that only send.",
        ),
    )
    for name, conditions, tail, purpose in plans:
        query = q.search("network", conditions, sourcetype="zeek:conn", tail=tail)
        yield from rows_of(d, _search(name, query, d.case.earliest, d.case.latest, purpose))


def _search(name: str, query: str, earliest: float, latest: float, purpose: str) -> Search:
    return Search(name=name, query=query, earliest=q.seconds(earliest), latest=q.seconds(latest), purpose=purpose)
