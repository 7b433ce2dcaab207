"""Cases 1004 and 1008: the backup server reads databases and sends sixty gigabytes out.

1004 is the monthly full backup to a second repository, first used that night. 1008 is an
administrator who exports records to a file sharing service that others use every day. Neither
destination is in any feed. What differs is whose job it is and whether anybody ordered it.
"""

from __future__ import annotations

from dataclasses import dataclass

from agentgate_mcp.synth import host_logs, network_logs
from agentgate_mcp.synth.chance import Stream
from agentgate_mcp.synth.clock import HOUR, MINUTE, SECOND, at
from agentgate_mcp.synth.log import Log, spaced
from agentgate_mcp.synth.organisation import machine
from agentgate_mcp.synth.story import Brief, Story, Truth, finish

HOST = "bkp01"
RULES = ("Network - Large Outbound Transfer", "Network - New External Destination From Server")
TRANSFERS, READS, FILES = 90, 36, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Transfer:
    """What the two stories fill into the common shape."""

    case_id: str
    start: int
    user: str
    partner: str
    partner_name: str
    issuer: str
    sources: tuple[str, ...]
    folder: str
    names: tuple[str, ...]
    program: str


def _brief(run: _Transfer) -> Brief:
    return Brief(
        case_id=run.case_id,
        title="Large outbound transfer from the backup server",
        description=(
            f"{HOST} sent far more to {run.partner} than it does in a usual hour, after reading from database and "
            "file servers. The address is new for this server. Decide whether data left without permission."
        ),
        severity="high",
        category="data_exfiltration",
        created_at=run.start + 4 * HOUR + 30 * MINUTE,
        earliest=run.start,
        latest=run.start + 5 * HOUR,
        source="Splunk notable",
        entities={"host": (HOST,), "ip": (machine(HOST).ip, run.partner), "user": (run.user,)},
    )


def _common(stream: Stream, log: Log, run: _Transfer) -> None:
    src = machine(HOST).ip
    for number, moment in enumerate(spaced(stream, run.start + 14 * MINUTE, READS, 210 * SECOND, 40)):
        source = machine(run.sources[number % len(run.sources)])
        database = source.role == "database"
        log.add(
            moment,
            network_logs.conn(
                src=src,
                sport=stream.port(),
                dst=source.ip,
                dport=1433 if database else 445,
                service="tds" if database else "smb",
                out=stream.between(900_000, 2_400_000),
                back=stream.between(1_500_000_000, 1_900_000_000),
                ms=stream.between(80, 170) * SECOND,
            ),
            key=number in (0, 1),
        )
    for number, moment in enumerate(spaced(stream, run.start + 20 * MINUTE, FILES, 6 * MINUTE, 30)):
        name = run.names[number % len(run.names)].format(number=number + 1)
        log.add(
            moment,
            host_logs.file_event(
                host=HOST,
                user=run.user,
                path=f"{run.folder}{name}",
                action="created",
                process_name=run.program,
                size=stream.between(2_900_000_000, 3_300_000_000),
            ),
            key=number == 0,
        )
    for number, moment in enumerate(spaced(stream, run.start + 48 * MINUTE, TRANSFERS, 142 * SECOND, 30)):
        sport = stream.port()
        log.add(
            moment,
            network_logs.conn(
                src=src,
                sport=sport,
                dst=run.partner,
                dport=443,
                service="ssl",
                out=stream.between(620_000_000, 760_000_000),
                back=stream.between(300_000, 900_000),
                ms=stream.between(70, 135) * SECOND,
            ),
            key=number in (0, 45, 89),
        )
        if number % 9 == 0:
            log.add(
                moment - 300,
                network_logs.dns(src=src, sport=stream.port(), query=run.partner_name, answer=run.partner),
            )
            log.add(
                moment + 40,
                network_logs.ssl(src=src, sport=sport, dst=run.partner, name=run.partner_name, issuer=run.issuer),
                key=number == 0,
            )
    log.alert(
        run.start + 130 * MINUTE,
        host_logs.notable(
            rule=RULES[0],
            severity="high",
            category="network",
            src=src,
            dest=run.partner,
            msg=f"{HOST} sent many times its usual hourly volume to {run.partner}",
        ),
    )
    log.alert(
        run.start + 84 * MINUTE,
        host_logs.notable(
            rule=RULES[1],
            severity="low",
            category="network",
            src=src,
            dest=run.partner,
            msg=f"{HOST} calls {run.partner} for the first time",
        ),
    )


def backup(stream: Stream) -> Story:
    """1004: the monthly full backup, ordered, by the service account, with the usual program."""
    run = _Transfer(
        case_id="1004",
        start=at("2026-11-15 00:30"),
        user="svc_backup",
        partner="203.0.113.71",
        partner_name="ingest2.tidestore.example",
        issuer="CN=Openseal R2",
        sources=("ehrdb01", "file01", "ehrdb01", "app02", "mail01"),
        folder="E:\\Tidevault\\spool\\",
        names=("full-202611-{number:03d}.tvx",),
        program="tvagent.exe",
    )
    log = Log(run.case_id)
    _common(stream, log, run)
    folder = "C:\\Program Files\\Tidevault\\"
    log.add(
        run.start + 2 * MINUTE,
        host_logs.windows(host=HOST, code=4624, user="svc_backup", src=machine(HOST).ip, app="service account"),
        key=True,
    )
    for number, (minute, name, line) in enumerate(
        (
            (3, "tvagent.exe", "tvagent.exe --job monthly-full --repository ingest2"),
            (5, "tvcat.exe", "tvcat.exe --open full-202611"),
            (44, "tvsend.exe", "tvsend.exe --repository ingest2 --streams 8"),
            (268, "tvcat.exe", "tvcat.exe --close full-202611 --verify"),
        )
    ):
        log.add(
            run.start + minute * MINUTE,
            host_logs.process(
                host=HOST,
                user="svc_backup",
                path=f"{folder}{name}",
                line=line,
                parent="services.exe" if number == 0 else "tvagent.exe",
                signer="Tidevault Software",
                reason="CHG-20489" if number == 0 else "",
            ),
            key=number in (0, 2),
        )
    truth = Truth(
        verdict="benign",
        twin="1008",
        techniques=(),
        reason="Monthly full backup under CHG-20489 by the service account to the backup provider.",
    )
    return finish(_brief(run), truth, log)


def insider(stream: Stream) -> Story:
    """1008: an administrator's own evening export, with a renamed tool and a borrowed ticket."""
    run = _Transfer(
        case_id="1008",
        start=at("2026-11-19 18:30"),
        user="t.lindqvist",
        partner="198.51.100.120",
        partner_name="drive.stashbox.example",
        issuer="CN=Rootline CA 3",
        sources=("ehrdb01", "file01", "ehrdb01", "paydb01", "mail01"),
        folder="D:\\stage\\",
        names=("records-{number:03d}.7z",),
        program="tvpack.exe",
    )
    log = Log(run.case_id)
    _common(stream, log, run)
    folder = "D:\\tools\\"
    log.add(
        run.start + 2 * MINUTE,
        host_logs.windows(host=HOST, code=4624, user="t.lindqvist", src=machine("wks-066").ip, app="remote desktop"),
        key=True,
    )
    for number, (minute, name, line) in enumerate(
        (
            (3, "tvagent.exe", "tvagent.exe dump --source ehrdb01 --tables patient,billing --to D:\\stage"),
            (5, "tvpack.exe", "tvpack.exe a -mhe=on -p D:\\stage\\records-001.7z D:\\stage\\*.csv"),
            (44, "tvsend.exe", "tvsend.exe copy D:\\stage remote:private/rec --transfers 8"),
            (268, "cmd.exe", "cmd.exe /c del /q D:\\stage\\*.csv"),
        )
    ):
        log.add(
            run.start + minute * MINUTE,
            host_logs.process(
                host=HOST,
                user="t.lindqvist",
                path="C:\\Windows\\System32\\cmd.exe" if name == "cmd.exe" else f"{folder}{name}",
                line=line,
                parent="explorer.exe",
                signer="Desktop OS Publisher" if name == "cmd.exe" else "",
                reason="CHG-20489" if number == 0 else "",
            ),
            key=True,
        )
    truth = Truth(
        verdict="malicious",
        twin="1004",
        techniques=("T1005", "T1560.001", "T1567.002", "T1036.005", "T1070.004"),
        expected_targets={"disable_user": ("t.lindqvist",), "isolate_host": (HOST,)},
        reason="Interactive session, unsigned tools with the backup's names, record tables, expired ticket.",
    )
    return finish(_brief(run), truth, log)
