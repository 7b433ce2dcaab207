"""Sessions of hunting, sweeping and looking around: reads only."""

from __future__ import annotations

from collections.abc import Mapping

from agentgate_mcp.model.call import Json
from agentgate_mcp.synth import reader
from agentgate_mcp.synth.chance import Stream, sha256_of
from agentgate_mcp.synth.day.session import Session
from agentgate_mcp.synth.organisation import machine, staff

_AGENTS = {"soc": "analyst-soc", "hunter": "hunter-soc", "identity": "analyst-identity", "network": "analyst-network"}
_PEERS = ("198.51.100.66", "203.0.113.45", "203.0.113.99", "198.51.100.120", "203.0.113.8", "192.0.2.166",
          "198.51.100.23", "203.0.113.71", "192.0.2.60", "203.0.113.28")  # fmt: skip
_DOMAINS = ("telemetrix-sync.example", "northmere-benefits.example", "harbourpost.example", "stashbox.example",
            "relaynode.test", "ember-update.test", "opticam.example", "streamly.example")  # fmt: skip
_HASHES = ("northlock loader svchelper", "cv_2291.aspx web shell", "ember second stage", "free stream installer")


def _slots(stream: Stream) -> Mapping[str, str]:
    """One value per slot, kept for a whole session as a person would."""
    member = stream.pick(staff())
    return {
        "user": member.user,
        "host": member.host,
        "ip": machine(member.host).ip,
        "peer": stream.pick(_PEERS),
        "domain": stream.pick(_DOMAINS),
        "hash": sha256_of(stream.pick(_HASHES)),
        "port": stream.pick(("8443", "8883", "9443", "6667", "1433")),
        "server": stream.pick(("file01", "app02", "web01", "mail01")),
    }


def _fill(text: str, slots: Mapping[str, str]) -> str:
    for name, value in slots.items():
        text = text.replace("{" + name + "}", value)
    return text


def _look_around(session: Session, team: str, slots: Mapping[str, str]) -> None:
    """The cheap calls with which people begin or end."""
    stream = session.stream
    match stream.below(9):
        case 0:
            session.call("splunk_get_indexes")
        case 1:
            index = {"network": "network", "identity": "auth"}.get(team, "endpoint")
            session.call("splunk_get_metadata", type=stream.pick(("hosts", "sourcetypes")), index=index)
        case 2:
            session.call("threatintel_enrich", indicator=slots["peer"])
        case 3:
            session.call("threatintel_enrich", indicator=slots["domain"])
        case 4:
            session.call("telemetry_pivot", kind="host", value=slots["host"])
        case 5:
            session.call("telemetry_search_events", index="proxy", filters={"user": slots["user"]}, earliest_time="-4h")
        case 6:
            session.call(
                "knowledge_search_runbooks", query=stream.pick(("beacon", "phishing", "scan", "export", "tuning"))
            )
        case 7:
            session.call("telemetry_pivot", kind="user", value=slots["user"], earliest_time="-3d", row_limit=30)
        case _:
            session.call("splunk_get_index_info", index_name=stream.pick(("network", "auth", "endpoint", "proxy")))


def _theme(stream: Stream, theme: Mapping[str, Json], turn: int, clock: int) -> Session:
    team, slots = reader.string(theme, "team"), _slots(stream)
    session = Session(agent=_AGENTS[team], stream=stream, clock=clock)
    if "ask" in theme and stream.chance(72):
        session.ask(_fill(reader.string(theme, "ask"), slots))
    if stream.chance(35):
        _look_around(session, team, slots)
    for number, raw in enumerate(reader.as_list(theme["queries"], "queries")):
        if turn and number and stream.chance(22):
            continue
        parts = reader.as_list(raw, "queries")
        rows = parts[2] if len(parts) > 2 and isinstance(parts[2], int) else 0
        if number == 2 and "ask" not in theme and stream.chance(50):
            session.ask(f"Narrow that down to {slots['host']} and the last hours.")
        session.query(_fill(str(parts[0]), slots), str(parts[1]), rows)
    if stream.chance(30):
        _look_around(session, team, slots)
    return session


def sessions(seed: int) -> list[Session]:
    """Every theme as often as it happens a day, and some reading of inventories."""
    out: list[Session] = []
    for number, theme in enumerate(reader.objects(reader.document("day-hunts.yaml"), "themes")):
        for turn in range(reader.integer(theme, "times")):
            stream = Stream(seed, f"day/hunt/{number}/{turn}")
            out.append(_theme(stream, theme, turn, clock=stream.below(520)))
    out.extend((_platform(seed), _inventory(seed), _morning(seed), _feeds(seed)))
    return out


def _platform(seed: int) -> Session:
    session = Session(agent="engineer-soc", stream=Stream(seed, "day/platform"), clock=12)
    session.ask("Morning check of the search platform.")
    session.call("splunk_get_info")
    session.call("splunk_get_indexes", row_limit=50)
    session.call("splunk_get_user_info")
    session.call("splunk_get_user_list", row_limit=50)
    session.call("splunk_get_kv_store_collections")
    session.call("splunk_get_index_info", index_name="notable")
    session.call("splunk_get_metadata", type="sources", index="notable")
    session.call("splunk_get_metadata", type="hosts", row_limit=200)
    session.call("splunk_run_saved_search", name="Platform - Audit Trail Gap", app="northmere_detections")
    return session


def _inventory(seed: int) -> Session:
    session = Session(agent="engineer-soc", stream=Stream(seed, "day/inventory"), clock=75)
    session.ask("Which detections do we have for DNS and for the payment systems, and what do they depend on?")
    session.call("splunk_get_knowledge_objects", type="saved_searches", name="DNS")
    session.call("splunk_get_knowledge_objects", type="saved_searches", name="PCI - ")
    session.call("splunk_get_knowledge_objects", type="macros", name="zeek", row_limit=20)
    session.call("splunk_get_knowledge_objects", type="lookups")
    session.call("splunk_get_knowledge_objects", type="data_models")
    session.call("splunk_get_knowledge_objects", type="eventtypes", row_limit=20)
    session.call("splunk_get_knowledge_objects", type="views")
    session.call("splunk_get_knowledge_objects", type="tags")
    session.call("splunk_get_knowledge_objects", type="field_extractions")
    session.call("splunk_get_knowledge_objects", type="alerts", offset=20, row_limit=20)
    return session


def _morning(seed: int) -> Session:
    session = Session(agent="analyst-soc", stream=Stream(seed, "day/morning"), clock=3)
    session.ask("Shift handover: what is open, and what fired during the night?")
    session.call("telemetry_list_cases", status="new", row_limit=20)
    session.call("telemetry_list_cases", status="in_progress")
    session.call("splunk_run_saved_search", name="SOC - Alerts By Asset Criticality")
    session.call("telemetry_search_events", index="notable", filters={"severity": "critical"}, earliest_time="-12h")
    session.call("telemetry_search_events", filters={"signature": "Web - *"}, earliest_time="-24h", row_limit=20)
    session.call("get_case_report", case_id="1007")
    session.call("splunk_run_saved_search", name="Endpoint - Log Clearing", app="northmere_detections", row_limit=50)
    session.call("splunk_run_saved_search", name="Identity - Lockout Burst", app="northmere_identity")
    session.call("splunk_run_saved_search", name="Network - Device Contacting Many Destinations")
    session.call("knowledge_get_runbook", runbook_id="rb-log-source-silent")
    return session


def _feeds(seed: int) -> Session:
    session = Session(agent="hunter-soc", stream=Stream(seed, "day/feeds"), clock=140)
    note = "Partner note, 20 November: hosts 203.0.113.8, 198.51.100.66 and ember-update.test were seen last week."
    session.ask("A partner sent us a list of indicators. Are any of them known or seen here?", pasted=(note,))
    session.call(
        "threatintel_enrich_batch",
        indicators=["203.0.113.8", "198.51.100.66", "ember-update.test", sha256_of("ember second stage")],
    )
    session.call("telemetry_pivot", kind="ip", value="203.0.113.8", earliest_time="-7d")
    session.call("telemetry_pivot", kind="ip", value="198.51.100.66")
    session.call("telemetry_pivot_domain", domain="ember-update.test", earliest_time="-7d")
    session.call("telemetry_pivot", kind="hash", value=sha256_of("ember second stage"), earliest_time="-7d")
    session.call("telemetry_pivot", kind="url", value="http://198.51.100.66/bins/lx.arm7", earliest_time="-7d")
    session.call("telemetry_pivot", kind="email", value="hr-desk@northmere-benefits.example", earliest_time="-7d")
    session.call("telemetry_pivot", kind="process", value="vssadmin.exe", earliest_time="-7d")
    session.call("telemetry_pivot", kind="domain", value="stashbox.example", earliest_time="-7d")
    return session
