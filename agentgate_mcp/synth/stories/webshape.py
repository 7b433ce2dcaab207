"""The common shape of cases 1007 and 2007: requests, an upload, calls to the outside, alerts."""

from __future__ import annotations

from dataclasses import dataclass

from agentgate_mcp.synth import host_logs, network_logs
from agentgate_mcp.synth.chance import Stream
from agentgate_mcp.synth.clock import HOUR, MINUTE, SECOND
from agentgate_mcp.synth.log import Log, spaced
from agentgate_mcp.synth.organisation import machine
from agentgate_mcp.synth.story import Brief

SITE = "www.northmere.example"
SERVERS = ("web01", "web02")
RULES = ("Web - Requests Matching Attack Signatures", "Web - Program Started By Web Server")
REQUESTS, CALLS = 150, 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a story fills into the common shape. An empty ``partner_name`` means a nameless peer."""

    src: str
    agent: str
    paths: tuple[str, ...]
    partner: str
    partner_name: str
    statuses: tuple[int, ...]


def brief(case_id: str, start: int, src: str) -> Brief:
    """The queue's record; the same words for both cases."""
    return Brief(
        case_id=case_id,
        title="Web requests matching attack signatures, followed by programs on the server",
        description=(
            f"{src} sent requests to {SITE} that match attack signatures; afterwards the web server's worker process "
            "started programs and the server called an outside address. Decide whether the server is compromised."
        ),
        severity="high",
        category="web_attack",
        created_at=start + 3 * HOUR + 10 * MINUTE,
        earliest=start,
        latest=start + 3 * HOUR + 30 * MINUTE,
        source="Splunk notable",
        entities={"host": ("web01",), "ip": (src, machine("web01").ip)},
    )


def requests(stream: Stream, log: Log, start: int, run: Run) -> None:
    """Requests for odd paths over an hour, to both servers, every fourth with its connection."""
    for number, moment in enumerate(spaced(stream, start + 6 * MINUTE, REQUESTS, 24 * SECOND, 45)):
        server, sport = machine(SERVERS[1] if number % 6 == 5 else SERVERS[0]), stream.port()
        status, back = stream.pick(run.statuses), stream.between(310, 4_900)
        path = run.paths[number % len(run.paths)]
        log.add(
            moment,
            network_logs.http(
                src=run.src,
                sport=sport,
                dst=server.ip,
                site=SITE,
                path=path,
                status=status,
                agent=run.agent,
                out=stream.between(280, 720),
                back=back,
                dport=443,
            ),
            key=number in (3, 20, 60),
        )
        if number % 4 == 0:
            log.add(
                moment - 120,
                network_logs.conn(
                    src=run.src,
                    sport=sport,
                    dst=server.ip,
                    dport=443,
                    service="ssl",
                    out=stream.between(900, 1_900),
                    back=back + 3_100,
                    ms=stream.between(200, 2_100),
                ),
            )


def calls_out(stream: Stream, log: Log, start: int, run: Run, out: int) -> None:
    """Calls of the server to one outside address; ``out`` is the usual number of bytes sent."""
    web = machine("web01")
    for number, moment in enumerate(spaced(stream, start, CALLS, 4 * MINUTE, 20)):
        sport = stream.port()
        log.add(
            moment,
            network_logs.conn(
                src=web.ip,
                sport=sport,
                dst=run.partner,
                dport=443,
                service="ssl" if number % 3 == 0 or run.partner_name else "",
                out=stream.around(out, 25),
                back=stream.between(400, 2_600),
                ms=stream.between(800, 9_000),
            ),
            key=number in (0, 10),
        )
        if number % 3 == 0:
            log.add(
                moment + 60,
                network_logs.ssl(
                    src=web.ip,
                    sport=sport,
                    dst=run.partner,
                    name=run.partner_name,
                    issuer="CN=Rootline CA 3" if run.partner_name else "CN=localhost",
                ),
            )


def alerts(log: Log, start: int, src: str) -> None:
    """The two alerts that open the case."""
    log.alert(
        start + 20 * MINUTE,
        host_logs.notable(
            rule=RULES[0],
            severity="medium",
            category="web",
            src=src,
            dest="web01",
            msg=f"more than 20 requests from {src} match attack signatures",
        ),
    )
    log.alert(
        start + 80 * MINUTE,
        host_logs.notable(
            rule=RULES[1],
            severity="high",
            category="endpoint",
            src=src,
            dest="web01",
            user="svc_web",
            msg="w3wp.exe started a program on web01",
        ),
    )


def upload(stream: Stream, log: Log, moment: int, run: Run, path: str, status: int, size: int, key: bool) -> None:
    """One posted form with a file of ``size`` bytes."""
    log.add(
        moment,
        network_logs.http(
            src=run.src,
            sport=stream.port(),
            dst=machine("web01").ip,
            site=SITE,
            path=path,
            method="POST",
            status=status,
            agent=run.agent,
            out=size,
            back=640,
            dport=443,
        ),
        key=key,
    )
