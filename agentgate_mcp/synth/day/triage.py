"""Sessions in which a case of the queue is worked on."""

from __future__ import annotations

from dataclasses import dataclass

from agentgate_mcp.model.call import Json
from agentgate_mcp.synth.chance import Stream
from agentgate_mcp.synth.day.session import Session
from agentgate_mcp.synth.stories import all_stories
from agentgate_mcp.synth.story import Story


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """Who takes a category, with which runbook, index, first look and ticket queue."""

    agent: str
    runbook: str
    index: str
    look: str
    queue: str


_DESKS = {
    "phishing": _Desk(
        agent="analyst-soc",
        runbook="rb-phishing-credentials",
        index="email",
        look='`mail_messages` url="*{domain}*" | stats dc(recipient) AS mailboxes, values(result) AS checks BY sender',
        queue="service-desk",
    ),
    "command_and_control": _Desk(
        agent="analyst-network",
        runbook="rb-iot-command-and-control",
        index="network",
        look="`zeek_connections` src_host={host} | stats count, values(service) AS services BY dest, dest_port",
        queue="facilities-queue",
    ),
    "credential_access": _Desk(
        agent="analyst-identity",
        runbook="rb-password-guessing",
        index="auth",
        look="index=auth user={user} | stats count BY sourcetype, src, action, reason",
        queue="identity-queue",
    ),
    "data_exfiltration": _Desk(
        agent="analyst-soc",
        runbook="rb-data-exfiltration",
        index="network",
        look="`zeek_connections` src_host={host} NOT dest=10.0.0.0/8 | timechart span=1h sum(bytes_out) BY dest",
        queue="soc-tier2",
    ),
    "ransomware": _Desk(
        agent="analyst-soc",
        runbook="rb-ransomware-precursor",
        index="endpoint",
        look="`process_starts` host={host} | table _time, user, process, parent_process_name, reason | sort _time",
        queue="soc-tier2",
    ),
    "web_attack": _Desk(
        agent="analyst-soc",
        runbook="rb-web-intrusion",
        index="network",
        look="index=network sourcetype=zeek:http src={ip} | stats count BY uri_path, status | sort - count",
        queue="web-team",
    ),
}


def _first(story: Story, kind: str, default: str) -> str:
    values = story.brief.entities.get(kind, ())
    return values[0] if values else default


def _outside(story: Story) -> str:
    """The first address of the case that is not ours, or one of ours."""
    addresses = story.brief.entities.get("ip", ())
    return next((a for a in addresses if not a.startswith("10.")), addresses[0] if addresses else "10.20.30.14")


def _open(session: Session, story: Story, number: int) -> None:
    case_id = story.brief.case_id
    session.ask(
        (
            f"Have a look at case {case_id}, please.",
            "What is new in the queue? Take the most urgent case.",
            f"Take over {case_id} from the night shift and tell me where it stands.",
            f"Triage case {case_id}.",
        )[number % 4]
    )
    if number % 2:
        session.call("telemetry_list_cases", status="new")
    elif number % 3 == 0:
        session.call("telemetry_list_cases")
    session.call("telemetry_get_case", case_id=case_id)


def _look(session: Session, story: Story, desk: _Desk, number: int) -> None:
    brief, stream = story.brief, session.stream
    host, user, ip = _first(story, "host", "wks-014"), _first(story, "user", "m.okafor"), _outside(story)
    window: dict[str, Json] = {"earliest_time": str(brief.earliest // 1000), "latest_time": str(brief.latest // 1000)}
    named = {"host": host, "user": user, "ip": ip, "domain": _first(story, "domain", "mailpath.example")}
    if number % 3 == 0:
        session.call("telemetry_search_events", index="notable", filters={"dest": host}, **window)
    filters: Json = {"user": user} if desk.index == "auth" else {"src_host": host}
    if desk.index in ("email", "endpoint"):
        filters = {"sender": _first(story, "email", "*")} if desk.index == "email" else {"host": host}
    session.call(
        "telemetry_search_events", index=desk.index, filters=filters, row_limit=stream.pick((50, 100, 200)), **window
    )
    session.query(desk.look.format(**named), str(window["earliest_time"]), latest=str(window["latest_time"]))
    session.call("telemetry_pivot", kind="ip", value=ip, **window)
    if "user" in brief.entities:
        session.call("telemetry_pivot", kind="user", value=user, earliest_time="-7d")
    else:
        session.call("telemetry_pivot", kind="host", value=host, **window, row_limit=25)
    if "domain" in brief.entities:
        session.call("telemetry_pivot_domain", domain=named["domain"], earliest_time="-7d")
    values: list[Json] = [
        v for kind in ("ip", "domain") for v in brief.entities.get(kind, ()) if not v.startswith("10.")
    ]
    if len(values) > 1:
        session.call("threatintel_enrich_batch", indicators=values)
    elif values:
        session.call("threatintel_enrich", indicator=values[0])
    if number % 2:
        session.call("knowledge_search_runbooks", category=brief.category)
    else:
        session.call("knowledge_get_runbook", runbook_id=desk.runbook)


def _conclude(session: Session, story: Story, desk: _Desk, number: int) -> None:
    case_id, host = story.brief.case_id, _first(story, "host", "wks-014")
    session.ask(f"Run the full investigation of {case_id} and show me the report. Only simulate actions.")
    if number % 2:
        session.call("investigate_case", case_id=case_id, simulate_response=True)
    else:
        session.call("investigate_case", case_id=case_id)
    session.call("get_case_report", case_id=case_id, format="json" if number % 4 == 3 else "md")
    if number % 3 == 1:
        session.ask(f"What would isolating {host} do? Simulate isolate_host for {host} in case {case_id}.")
        session.call(
            "response_request_action",
            action="isolate_host",
            target=host,
            reason=f"Trial run for case {case_id}.",
            case_id=case_id,
        )
    session.ask(f"Open a ticket for {desk.queue} about case {case_id} and hand it over.")
    session.call(
        "response_request_action",
        action="create_ticket",
        target=desk.queue,
        reason=f"Case {case_id}: {story.brief.title}. Findings are in the report; please confirm with the owner.",
        case_id=case_id,
        simulate_response=number % 5 == 4,
        requested_by=session.stream.pick(("b.mensah", "f.ortiz", "i.rahman", "u.silva")),
    )


def sessions(seed: int) -> list[Session]:
    """One session per case, spread over the day."""
    out: list[Session] = []
    for number, story in enumerate(all_stories(seed)):
        desk = _DESKS[story.brief.category]
        stream = Stream(seed, f"day/triage/{story.brief.case_id}")
        agent = "triage-bot" if number % 5 == 2 else desk.agent
        session = Session(agent=agent, stream=stream, clock=25 + number * 33 + stream.below(12))
        _open(session, story, number)
        _look(session, story, desk, number)
        _conclude(session, story, desk, number)
        out.append(session)
    return out
