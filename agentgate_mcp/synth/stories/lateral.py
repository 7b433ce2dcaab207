"""Cases 1006 and 2006: remote services, shadow copy tools and many changed files on servers.

One is the hour before an encryption, the other the monthly patch evening. Both use the same
administrative account, the same remote tool and the same machines. What differs is whose session
it is, what the commands do to the copies, what is signed, and the change ticket.
"""

from __future__ import annotations

from dataclasses import dataclass

from agentgate_mcp.synth import host_logs, network_logs
from agentgate_mcp.synth.background.office import AGENTS
from agentgate_mcp.synth.chance import Stream, sha256_of
from agentgate_mcp.synth.clock import HOUR, MINUTE, SECOND, at
from agentgate_mcp.synth.log import Log, spaced
from agentgate_mcp.synth.organisation import machine
from agentgate_mcp.synth.story import Brief, Story, Truth, finish

DESK = "wks-017"
SERVERS = ("file01", "app02")
ADMIN = "adm-rsantos"
RULES = ("Endpoint - Remote Service Installation", "Endpoint - Recovery Inhibition Commands")
LOADER_HASH = sha256_of("northlock loader svchelper")
LOADER_HOST = "192.0.2.166"
SYSTEM = "C:\\Windows\\System32\\"
MOVES, FILES = 36, 56


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evening:
    """What the two stories fill into the common shape. ``commands`` are (image, line, signer)."""

    case_id: str
    start: int
    service: str
    service_path: str
    commands: tuple[tuple[str, str, str], ...]
    ticket: str
    file_action: str
    file_process: str
    file_user: str


def _brief(run: _Evening) -> Brief:
    return Brief(
        case_id=run.case_id,
        title="Remote administration tool with volume shadow commands on servers",
        description=(
            f"A remote administration tool installed services on {SERVERS[0]} and {SERVERS[1]} from {DESK}; commands "
            "concerning shadow copies and backups followed, and many files changed. Decide whether this is an attack."
        ),
        severity="critical",
        category="ransomware",
        created_at=run.start + 3 * HOUR,
        earliest=run.start,
        latest=run.start + 4 * HOUR,
        source="Splunk notable",
        entities={"host": (DESK, *SERVERS), "user": (ADMIN,)},
    )


def _common(stream: Stream, log: Log, run: _Evening) -> None:
    desk = machine(DESK)
    for number, moment in enumerate(spaced(stream, run.start + 34 * MINUTE, MOVES, 100 * SECOND, 40)):
        target = machine(SERVERS[number % 2])
        log.add(
            moment,
            network_logs.conn(
                src=desk.ip,
                sport=stream.port(),
                dst=target.ip,
                dport=445 if number % 3 else 135,
                service="smb" if number % 3 else "dce_rpc",
                out=stream.between(40_000, 900_000),
                back=stream.between(20_000, 300_000),
                ms=stream.between(400, 40_000),
            ),
            key=number in (0, 1),
        )
    for number, server in enumerate(SERVERS):
        moment = run.start + (36 + number * 9) * MINUTE
        log.add(moment, host_logs.windows(host=server, code=4624, user=ADMIN, src=desk.ip, app="network"), key=True)
        log.add(moment + 400, host_logs.windows(host=server, code=4672, user=ADMIN, src=desk.ip, app="network"))
        log.add(
            moment + 2 * SECOND,
            host_logs.windows(
                host=server, code=7045, user="SYSTEM", thing=run.service, command=run.service_path, reason=run.ticket
            ),
            key=True,
        )
        for step, (image, line, signer) in enumerate(run.commands):
            log.add(
                moment + (2 + step * 4) * MINUTE + stream.below(60) * SECOND,
                host_logs.process(
                    host=server,
                    user=ADMIN,
                    path=image,
                    line=line,
                    parent=run.service_path.rpartition("\\")[2],
                    signer=signer,
                    reason=run.ticket if step == 0 else "",
                ),
                key=step in (0, 1, 2),
            )
    log.alert(
        run.start + 50 * MINUTE,
        host_logs.notable(
            rule=RULES[0],
            severity="medium",
            category="endpoint",
            src=desk.ip,
            dest=SERVERS[0],
            user=ADMIN,
            msg=f"service {run.service} was installed on {SERVERS[0]} from {DESK}",
        ),
    )
    log.alert(
        run.start + 70 * MINUTE,
        host_logs.notable(
            rule=RULES[1],
            severity="critical",
            category="endpoint",
            src=desk.ip,
            dest=SERVERS[1],
            user=ADMIN,
            msg=f"commands concerning shadow copies and backups ran on {SERVERS[0]} and {SERVERS[1]}",
        ),
    )


def _files(stream: Stream, log: Log, run: _Evening, names: tuple[str, ...]) -> None:
    for number, moment in enumerate(spaced(stream, run.start + 105 * MINUTE, FILES, 5 * SECOND, 50)):
        log.add(
            moment,
            host_logs.file_event(
                host=SERVERS[0],
                user=run.file_user,
                path=names[number % len(names)].format(number=number + 1),
                action=run.file_action if number % 7 else "modified",
                process_name=run.file_process,
                size=stream.between(20_000, 2_000_000),
            ),
            key=number in (1, 30),
        )


def precursor(stream: Stream) -> Story:
    """1006: a loader on the service desk, a stolen administrative account, copies deleted."""
    run = _Evening(
        case_id="1006",
        start=at("2026-11-20 06:00"),
        service="WinRmtSvc",
        service_path="C:\\Windows\\rmtsvc.exe",
        commands=(
            (f"{SYSTEM}vssadmin.exe", "vssadmin.exe delete shadows /all /quiet", "Desktop OS Publisher"),
            (f"{SYSTEM}wbadmin.exe", "wbadmin.exe delete catalog -quiet", "Desktop OS Publisher"),
            (f"{SYSTEM}bcdedit.exe", "bcdedit.exe /set {default} recoveryenabled no", "Desktop OS Publisher"),
            (f"{SYSTEM}net.exe", "net.exe stop SentrelAgent /y", "Desktop OS Publisher"),
            (f"{SYSTEM}wevtutil.exe", "wevtutil.exe cl Security", "Desktop OS Publisher"),
            ("C:\\Windows\\Temp\\nlk.exe", "nlk.exe --path \\\\file01 --threads 8", ""),
        ),
        ticket="",
        file_action="renamed",
        file_process="nlk.exe",
        file_user=ADMIN,
    )
    log, desk = Log(run.case_id), machine(DESK)
    _common(stream, log, run)
    _files(
        stream,
        log,
        run,
        ("E:\\shares\\finance\\ledger_{number}.xlsx.nlk", "E:\\shares\\clinical\\plan_{number}.docx.nlk"),
    )
    loaded = run.start + 8 * MINUTE
    log.add(
        loaded,
        network_logs.proxy(
            src=desk.ip,
            user="j.ferrand",
            url=f"http://{LOADER_HOST}/d/svchelper.exe",
            dst=LOADER_HOST,
            category="uncategorised",
            agent=AGENTS[0],
            out=410,
            back=412_672,
        ),
        key=True,
    )
    log.add(
        loaded + 9 * SECOND,
        host_logs.file_event(
            host=DESK,
            user="j.ferrand",
            path="C:\\Users\\j.ferrand\\Downloads\\svchelper.exe",
            action="created",
            process_name="browser.exe",
            file_hash=LOADER_HASH,
            size=412_160,
        ),
        key=True,
    )
    log.add(
        loaded + 31 * SECOND,
        host_logs.process(
            host=DESK,
            user="j.ferrand",
            path="C:\\Users\\j.ferrand\\Downloads\\svchelper.exe",
            line="svchelper.exe",
            parent="explorer.exe",
            file_hash=LOADER_HASH,
        ),
        key=True,
    )
    for number, server in enumerate(SERVERS):
        log.add(
            run.start + (33 + number * 9) * MINUTE,
            host_logs.windows(
                host=server, code=4648, user=ADMIN, src_user="j.ferrand", src=desk.ip, app="explicit credentials"
            ),
            key=True,
        )
    truth = Truth(
        verdict="malicious",
        twin="2006",
        techniques=("T1204.002", "T1078", "T1569.002", "T1021.002", "T1490", "T1562.001", "T1070.001", "T1486"),
        expected_targets={
            "isolate_host": (DESK, *SERVERS),
            "disable_user": (ADMIN, "j.ferrand"),
            "block_ip": (LOADER_HOST,),
            "quarantine_file": (LOADER_HASH,),
        },
        reason="Known loader, administrative account in another person's session, copies deleted, files renamed.",
    )
    return finish(_brief(run), truth, log)


def patching(stream: Stream) -> Story:
    """2006: the monthly patch evening, with copies listed and taken before the update."""
    run = _Evening(
        case_id="2006",
        start=at("2026-11-14 20:00"),
        service="PWRemote",
        service_path="C:\\Program Files\\Patchwell\\pwremote.exe",
        commands=(
            (f"{SYSTEM}vssadmin.exe", "vssadmin.exe list shadows", "Desktop OS Publisher"),
            (
                f"{SYSTEM}wbadmin.exe",
                "wbadmin.exe start backup -backupTarget:E: -include:C: -quiet",
                "Desktop OS Publisher",
            ),
            (f"{SYSTEM}bcdedit.exe", "bcdedit.exe /export C:\\Patch\\bcd-before", "Desktop OS Publisher"),
            (f"{SYSTEM}net.exe", "net.exe stop Spooler /y", "Desktop OS Publisher"),
            (f"{SYSTEM}wevtutil.exe", "wevtutil.exe epl Setup C:\\Patch\\setup-before.evtx", "Desktop OS Publisher"),
            ("C:\\Program Files\\Patchwell\\pwinst.exe", "pwinst.exe --bundle 2026-11 --quiet", "Patchwell Software"),
        ),
        ticket="CHG-20495",
        file_action="created",
        file_process="pwinst.exe",
        file_user=ADMIN,
    )
    log, desk = Log(run.case_id), machine(DESK)
    _common(stream, log, run)
    _files(
        stream,
        log,
        run,
        (
            "C:\\Windows\\WinSxS\\Temp\\component_{number}.manifest",
            "C:\\Program Files\\Patchwell\\store\\kb_{number}.cab",
        ),
    )
    begun = run.start + 8 * MINUTE
    log.add(
        begun,
        network_logs.proxy(
            src=desk.ip,
            user=ADMIN,
            url="https://update.desktop-os.example/bundle/2026-11.cab",
            dst="192.0.2.60",
            category="software updates",
            agent="Patchwell/7.1",
            out=410,
            back=412_672,
        ),
        key=True,
    )
    log.add(
        begun + 9 * SECOND,
        host_logs.file_event(
            host=DESK,
            user=ADMIN,
            path="C:\\Program Files\\Patchwell\\store\\2026-11.cab",
            action="created",
            process_name="pwagent.exe",
            file_hash=sha256_of("patch bundle 2026-11"),
            size=412_160,
        ),
    )
    log.add(
        begun + 31 * SECOND,
        host_logs.process(
            host=DESK,
            user=ADMIN,
            path="C:\\Program Files\\Patchwell\\pwconsole.exe",
            line="pwconsole.exe --plan november",
            parent="explorer.exe",
            signer="Patchwell Software",
            reason="CHG-20495",
        ),
        key=True,
    )
    for number, minute in enumerate((4, 6)):
        log.add(
            run.start + minute * MINUTE,
            host_logs.windows(
                host=DESK,
                code=4624 if number == 0 else 4672,
                user=ADMIN,
                src=machine("jump01").ip,
                app="remote desktop",
            ),
            key=number == 0,
        )
    truth = Truth(
        verdict="benign",
        twin="1006",
        techniques=(),
        reason="Patch window CHG-20495: the administrator's own session from jump01, copies kept, signed packages.",
    )
    return finish(_brief(run), truth, log)
