"""Cases 1005 and 2005: a workstation that looks up hundreds of long, ever new names.

One carries data out and orders in; the other asks an endpoint product's reputation service about
files. Both are regular and both never repeat a name. What differs is the record type, the size
of the answers, the program behind it, and who owns the domain.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agentgate_mcp.synth import host_logs, network_logs
from agentgate_mcp.synth.chance import Stream
from agentgate_mcp.synth.clock import HOUR, MINUTE, SECOND, at
from agentgate_mcp.synth.log import Log, spaced
from agentgate_mcp.synth.network_logs import Fields
from agentgate_mcp.synth.organisation import machine
from agentgate_mcp.synth.story import Brief, Story, Truth, finish

HOST, USER = "wks-031", "p.iyer"
RULES = ("Network - Long DNS Names", "Endpoint - Program From User Path")
LOOKUPS = 240
CARRIER = "n1.telemetrix-sync.example"
REPUTATION = "r.cloud.sentrel.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What the two stories fill into the common shape. Byte ranges are per UDP exchange."""

    case_id: str
    start: int
    parent: str
    out: tuple[int, int]
    back: tuple[int, int]
    rule: str
    message: str


def _brief(run: _Run) -> Brief:
    return Brief(
        case_id=run.case_id,
        title="Unusual volume of long DNS names from a workstation",
        description=(
            f"{HOST} looked up several hundred long, always different names below one domain within hours. "
            "Decide whether DNS is used to carry data."
        ),
        severity="medium",
        category="command_and_control",
        created_at=run.start + 7 * HOUR + 30 * MINUTE,
        earliest=run.start,
        latest=run.start + 8 * HOUR,
        source="Splunk notable",
        entities={"host": (HOST,), "ip": (machine(HOST).ip,), "domain": (".".join(run.parent.split(".")[-2:]),)},
    )


def _lookups(stream: Stream, log: Log, run: _Run, one: Callable[[int], Fields]) -> None:
    src = machine(HOST).ip
    for number, moment in enumerate(spaced(stream, run.start + 11 * MINUTE, LOOKUPS, 110 * SECOND, 35)):
        fields = one(number)
        log.add(moment, fields, key=number in (0, 60, 120, 200))
        if number % 4 == 0:
            log.add(
                moment - 5,
                network_logs.conn(
                    src=src,
                    sport=int(fields["src_port"]),
                    dst=network_logs.RESOLVER,
                    dport=53,
                    transport="udp",
                    service="dns",
                    out=stream.between(*run.out),
                    back=stream.between(*run.back),
                    ms=stream.between(20, 90),
                ),
                key=number in (0, 120),
            )
    for hour, rule, message in ((4, RULES[0], "more than 100 long names below one domain"), (5, run.rule, run.message)):
        log.alert(
            run.start + hour * HOUR,
            host_logs.notable(
                rule=rule,
                severity="medium",
                category="network" if rule == RULES[0] else "endpoint",
                src=src,
                dest=HOST,
                user=USER,
                msg=f"{HOST}: {message}",
                thing=".".join(run.parent.split(".")[-2:]),
            ),
        )


def tunnel(stream: Stream) -> Story:
    """1005: an unsigned program moves data through TXT lookups."""
    run = _Run(
        case_id="1005",
        start=at("2026-11-19 12:00"),
        parent=CARRIER,
        out=(150, 230),
        back=(190, 420),
        rule=RULES[1],
        message="program started from a temporary folder",
    )
    log, src = Log(run.case_id), machine(HOST).ip

    def one(number: int) -> Fields:
        name = f"{stream.base32(46)}.{stream.base32(28)}.{number:x}.{CARRIER}"
        return network_logs.dns(
            src=src, sport=stream.port(), query=name, qtype="TXT", answer=stream.base32(stream.between(60, 120))
        )

    _lookups(stream, log, run, one)
    folder = f"C:\\Users\\{USER}\\AppData\\Local\\Temp\\"
    for number, moment in enumerate(spaced(stream, run.start + 9 * MINUTE, 10, 44 * MINUTE, 12)):
        log.add(
            moment,
            host_logs.process(
                host=HOST,
                user=USER,
                path=f"{folder}dskupd.exe",
                line="dskupd.exe -n 1" if number else "dskupd.exe -i",
                parent="writer.exe" if number == 0 else "taskhostw.exe",
            ),
            key=number < 2,
        )
    for number, name in enumerate(("dskupd.exe", "ward-list.zip", "rota.zip", "contacts.zip")):
        log.add(
            run.start + (8 + number * 50) * MINUTE,
            host_logs.file_event(
                host=HOST,
                user=USER,
                path=f"{folder}{name}",
                action="created",
                process_name="writer.exe" if number == 0 else "dskupd.exe",
                size=stream.between(300_000, 900_000),
            ),
            key=number == 1,
        )
    truth = Truth(
        verdict="malicious",
        twin="2005",
        techniques=("T1071.004", "T1048.003", "T1204.002", "T1560"),
        expected_targets={"isolate_host": (HOST,), "block_domain": ("telemetrix-sync.example",)},
        reason="TXT records in both directions to one owner-less domain by an unsigned program, archives beside it.",
    )
    return finish(_brief(run), truth, log)


def reputation(stream: Stream) -> Story:
    """2005: a weekly full scan asks the endpoint product's cloud about every program file."""
    run = _Run(
        case_id="2005",
        start=at("2026-11-17 12:00"),
        parent=REPUTATION,
        out=(120, 150),
        back=(130, 170),
        rule=RULES[1],
        message="program started from a temporary folder",
    )
    log, src = Log(run.case_id), machine(HOST).ip

    def one(number: int) -> Fields:
        name = f"{stream.hexadecimal(40)}.{stream.hexadecimal(32)}.{number:x}.{REPUTATION}"
        known, text = stream.chance(82), number % 11 == 0
        answer = ("v=1;c=2" if text else f"127.0.0.{stream.between(1, 6)}") if known else ""
        return network_logs.dns(
            src=src,
            sport=stream.port(),
            query=name,
            qtype="TXT" if text else "A",
            answer=answer,
            rcode="NOERROR" if known else "NXDOMAIN",
        )

    _lookups(stream, log, run, one)
    for number, moment in enumerate(spaced(stream, run.start + 9 * MINUTE, 10, 44 * MINUTE, 12)):
        update = number == 4
        log.add(
            moment,
            host_logs.process(
                host=HOST,
                user=USER if update else "SYSTEM",
                path=f"C:\\Users\\{USER}\\AppData\\Local\\Temp\\snupd-4471.exe"
                if update
                else "C:\\Program Files\\Sentrel\\snscan.exe",
                line="snupd-4471.exe /silent" if update else "snscan.exe --full --part " + str(number + 1),
                parent="snsvc.exe",
                signer="Sentrel Security",
            ),
            key=number < 2 or update,
        )
    for number, name in enumerate(("scan-20261117.log", "snupd-4471.exe", "cache-01.db", "cache-02.db")):
        log.add(
            run.start + (8 + number * 50) * MINUTE,
            host_logs.file_event(
                host=HOST,
                user="SYSTEM",
                path=f"C:\\ProgramData\\Sentrel\\{name}",
                action="created",
                process_name="snscan.exe",
                size=stream.between(300_000, 900_000),
            ),
            key=number == 0,
        )
    truth = Truth(
        verdict="benign",
        twin="1005",
        techniques=(),
        reason="Reputation lookups of the signed endpoint product during its weekly scan; loopback answers.",
    )
    return finish(_brief(run), truth, log)
