"""Sessions in which something is changed: tuning by the owning team, tickets, and a few calls
that a person should look at first."""

from __future__ import annotations

from collections.abc import Mapping

from agentgate_mcp.errors import DataError
from agentgate_mcp.model.call import Json
from agentgate_mcp.synth import knowledge, reader
from agentgate_mcp.synth.chance import Stream
from agentgate_mcp.synth.day.session import Session

_APPS = {
    "engineer-soc": "northmere_detections",
    "analyst-identity": "northmere_identity",
    "analyst-network": "northmere_network",
}
_TICKETS = (
    ("analyst-soc", "facilities-queue", "Camera cam-dock-01 drops its video stream every three hours."),
    ("analyst-soc", "service-desk", "Please replace the browser extension on wks-026, it is out of date."),
    ("analyst-identity", "service-desk", "d.kowalski needs a new mailbox password on the phone after the reset."),
    ("analyst-identity", "identity-queue", "Review who can reset passwords outside office hours."),
    ("analyst-network", "network-queue", "Open a review of the guest resolver 192.0.2.90."),
    ("analyst-network", "facilities-queue", "Firmware of hvac01 is two versions behind."),
    ("hunter-soc", "soc-tier2", "Hunt result: three unsigned build tools on wks-058, owner n.haddad confirms."),
    ("triage-bot", "soc-tier2", "Alert volume of the web rules doubled since yesterday evening."),
)


def _search_text(name: str) -> str:
    for record in knowledge.saved_searches():
        if record["name"] == name:
            return reader.string(reader.as_object(record["content"], name), "search")
    raise DataError("day-changes.yaml", name, "expected the name of a saved search")


def _settings(raw: Mapping[str, Json]) -> dict[str, Json]:
    """The settings as written, or the whole search with one piece exchanged."""
    if "swap" not in raw:
        return dict(reader.as_object(raw["settings"], "settings"))
    name, (old, new) = reader.string(raw, "name"), reader.strings(raw, "swap")
    search = _search_text(name)
    if search.count(old) != 1:
        raise DataError("day-changes.yaml", name, f"expected {old!r} once in the search")
    return {"search": search.replace(old, new)}


def _change(raw: Mapping[str, Json], stream: Stream, clock: int) -> Session:
    agent, tool, name = reader.string(raw, "agent"), reader.string(raw, "tool"), reader.string(raw, "name")
    session = Session(agent=agent, stream=stream, clock=clock)
    session.ask(reader.string(raw, "ask"))
    kind = "macros" if tool.endswith("macro") else "lookups" if tool.endswith("lookup") else "saved_searches"
    if tool != "propose_create_saved_search":
        session.call("splunk_get_knowledge_objects", type=kind, name=name)
    if look := reader.string(raw, "look"):
        session.query(look, stream.pick(("-24h", "-7d", "-3d")))
    arguments: dict[str, Json] = {
        "name": name,
        "app": _APPS[agent],
        "settings": _settings(raw),
        "reason": reader.string(raw, "reason"),
    }
    if stream.chance(40):
        session.call("gate_preview", tool=tool, arguments=dict(arguments))
    session.call(tool, **arguments)
    return session


def _ticket(agent: str, queue: str, text: str, stream: Stream, number: int) -> Session:
    session = Session(agent=agent, stream=stream, clock=stream.between(60, 500))
    session.ask(f"Open a ticket for {queue}: {text}")
    session.call(
        "response_request_action",
        action="create_ticket",
        target=queue,
        reason=text,
        simulate_response=number % 4 == 3,
        requested_by=stream.pick(("b.mensah", "f.ortiz", "i.rahman", "u.silva")),
    )
    return session


def _trials(seed: int) -> Session:
    """Containment planned, not done."""
    session = Session(agent="analyst-soc", stream=Stream(seed, "day/trials"), clock=310)
    session.ask(
        "Plan the containment for 1006, simulation only: isolate_host wks-017, disable_user j.ferrand, "
        "block_ip 192.0.2.166."
    )
    planned: list[Json] = [
        {"action": "isolate_host", "target": "wks-017", "reason": "Source of the remote services."},
        {"action": "disable_user", "target": "j.ferrand", "reason": "Session from which the account was used."},
        {"action": "block_ip", "target": "192.0.2.166", "reason": "Delivered the program."},
    ]
    session.call("gate_preview", tool="response_request_actions", arguments={"actions": planned, "case_id": "1006"})
    session.call("response_request_actions", actions=planned, case_id="1006", simulate_response=True)
    session.ask("And for 1002: simulate isolate_host cam-lobby-03 and block_ip 203.0.113.45.")
    session.call(
        "response_request_actions",
        actions=[
            {"action": "isolate_host", "target": "cam-lobby-03", "reason": "Speaks a chat protocol to the outside."},
            {"action": "block_ip", "target": "203.0.113.45", "reason": "Its command address."},
        ],
        case_id="1002",
    )
    session.ask("Simulate reset_credentials for m.okafor, case 1001.")
    session.call(
        "response_request_action",
        action="reset_credentials",
        target="m.okafor",
        reason="Password was posted to an imitation of the portal.",
        case_id="1001",
        simulate_response=True,
    )
    session.ask("Simulate quarantine_file for the web shell of 1007 and block_ip 203.0.113.99.")
    session.call(
        "response_request_action",
        action="block_ip",
        target="203.0.113.99",
        reason="Source of the requests.",
        case_id="1007",
    )
    return session


def _held(raw: Mapping[str, Json], stream: Stream) -> Session:
    session = Session(agent=reader.string(raw, "agent"), stream=stream, clock=stream.between(120, 480))
    session.ask(reader.string(raw, "ask"))
    session.call(reader.string(raw, "tool"), **reader.as_object(raw["arguments"], "arguments"))
    return session


def sessions(seed: int) -> list[Session]:
    """All changes, tickets, trials and held calls of the day."""
    changes = reader.objects(reader.document("day-changes.yaml"), "changes")
    out = [_change(raw, Stream(seed, f"day/change/{n}"), clock=40 + n * 19) for n, raw in enumerate(changes)]
    out += [_ticket(*ticket, Stream(seed, f"day/ticket/{n}"), n) for n, ticket in enumerate(_TICKETS)]
    out.append(_trials(seed))
    held = reader.objects(reader.document("day-held.yaml"), "held")
    out += [_held(raw, Stream(seed, f"day/held/{n}")) for n, raw in enumerate(held)]
    return out
