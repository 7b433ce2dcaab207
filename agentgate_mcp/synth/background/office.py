"""People at their desks: browsing, mail, programs, files."""

from __future__ import annotations

from agentgate_mcp.synth import host_logs, network_logs
from agentgate_mcp.synth.background.rhythm import CLINIC, OFFICE, moments
from agentgate_mcp.synth.chance import Stream, sha256_of
from agentgate_mcp.synth.clock import SECOND
from agentgate_mcp.synth.log import Log
from agentgate_mcp.synth.organisation import Person, Service, domain, machine, services, staff

AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/142.0",
    "Mozilla/5.0 (Windows NT 10.0; rv:145.0) Firefox/145.0",
)
_PATHS = ("/", "/home", "/search?q=opening+hours", "/inbox", "/calendar", "/f/report.pdf", "/p/4411", "/api/v2/list")
_TEMP = "C:\\Users\\{user}\\AppData\\Local\\Temp"
_PROGRAMS: tuple[tuple[str, str, str, str], ...] = (
    ("C:\\Program Files\\CloudOffice\\writer.exe", "writer.exe /n", "explorer.exe", "CloudOffice Software"),
    ("C:\\Program Files\\CloudOffice\\sheets.exe", "sheets.exe /e", "explorer.exe", "CloudOffice Software"),
    ("C:\\Program Files\\CloudOffice\\mail.exe", "mail.exe", "explorer.exe", "CloudOffice Software"),
    ("C:\\Program Files\\Browser\\browser.exe", "browser.exe --type=renderer", "browser.exe", "Browser Foundation"),
    ("C:\\Program Files\\TalkRoom\\talkroom.exe", "talkroom.exe --minimised", "explorer.exe", "TalkRoom Software"),
    ("C:\\Program Files\\Sentrel\\sntray.exe", "sntray.exe", "explorer.exe", "Sentrel Security"),
    ("C:\\Program Files\\ClinicDesk\\clinicdesk.exe", "clinicdesk.exe -s north", "explorer.exe", "ClinicDesk Software"),
    ("C:\\Windows\\System32\\svchost.exe", "svchost.exe -k netsvcs -p", "services.exe", "Desktop OS Publisher"),
    ("C:\\Windows\\System32\\taskhostw.exe", "taskhostw.exe", "svchost.exe", "Desktop OS Publisher"),
    ("C:\\Windows\\System32\\cmd.exe", "cmd.exe /c logon-drives.cmd", "explorer.exe", "Desktop OS Publisher"),
    ("C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
     "powershell.exe -NoProfile -File C:\\ProgramData\\inventory\\collect.ps1", "svchost.exe", "Desktop OS Publisher"),
    ("C:\\Windows\\System32\\net.exe", "net use H: \\\\file01\\home", "cmd.exe", "Desktop OS Publisher"),
)  # fmt: skip
_WEIGHTS = (14, 12, 8, 22, 6, 4, 12, 10, 8, 3, 2, 2)
_SUBJECTS = (
    "Rota for next week", "Minutes of the meeting", "Order confirmation", "Question about the invoice",
    "Delivery note", "Reminder: training", "Re: appointment list", "Stock levels", "Monthly figures", "Parking",
)  # fmt: skip
_PARTNERS = (
    "orders@medsupply.example",
    "results@partnerlab.example",
    "service@insureco.example",
    "news@dailybrief.example",
)


def _issuer(service: Service) -> str:
    return "CN=Rootline CA 3" if len(service.domain) % 2 else "CN=Openseal R2"


def browse(stream: Stream, log: Log, moment: int, person: Person, service: Service) -> None:
    """One page view as the sensors see it: lookup, connection, handshake, proxy line."""
    src, dst, sport = machine(person.host).ip, stream.pick(service.ips), stream.port()
    out, back = stream.skewed(600, 24_000), stream.skewed(2_400, 1_900_000)
    if stream.chance(72):
        log.add(moment, network_logs.dns(src=src, sport=stream.port(), query=service.domain, answer=dst))
    if stream.chance(58):
        log.add(
            moment + 40,
            network_logs.conn(
                src=src,
                sport=sport,
                dst=dst,
                dport=443,
                service="ssl",
                out=out,
                back=back,
                ms=stream.skewed(300, 180_000),
                state="SF" if stream.chance(96) else stream.pick(("RSTO", "S0", "REJ")),
            ),
        )
    if stream.chance(30):
        log.add(
            moment + 90,
            network_logs.ssl(src=src, sport=sport, dst=dst, name=service.domain, issuer=_issuer(service)),
        )
    if stream.chance(48):
        refused = service.category in ("streaming", "advertising") and stream.chance(40)
        posted = stream.chance(11)
        log.add(
            moment + 140,
            network_logs.proxy(
                src=src,
                user=person.user,
                url=f"https://{service.domain}{stream.pick(_PATHS)}",
                dst=dst,
                category=service.category,
                agent=AGENTS[len(person.user) % 2],
                out=out,
                back=0 if refused else back,
                method="POST" if posted else "GET",
                status=403 if refused else stream.weighted((200, 304, 302, 404), (88, 6, 4, 2)),
                action="blocked" if refused else "allowed",
            ),
        )


def _programs(stream: Stream, log: Log, person: Person) -> None:
    for moment in moments(stream, 11, OFFICE, 12):
        path, line, parent, signer = stream.weighted(_PROGRAMS, _WEIGHTS)
        log.add(
            moment,
            host_logs.process(host=person.host, user=person.user, path=path, line=line, parent=parent, signer=signer),
        )


def _files(stream: Stream, log: Log, person: Person) -> None:
    for moment in moments(stream, 6, OFFICE, 10):
        number = stream.below(90)
        name, program = stream.pick(
            (
                (f"\\\\file01\\{person.department}\\plan_{number}.docx", "writer.exe"),
                (f"C:\\Users\\{person.user}\\Documents\\list_{number}.xlsx", "sheets.exe"),
                (f"{_TEMP.format(user=person.user)}\\~tmp{number}.tmp", "browser.exe"),
            )
        )
        log.add(
            moment,
            host_logs.file_event(
                host=person.host,
                user=person.user,
                path=name,
                action=stream.weighted(("created", "modified", "deleted", "renamed"), (40, 45, 9, 6)),
                process_name=program,
                file_hash=sha256_of(f"{person.user}/{number}")[:64],
                size=stream.skewed(900, 4_000_000),
            ),
        )


def _mail(stream: Stream, log: Log, person: Person) -> None:
    own = f"{person.user}@{domain()}"
    colleagues = [p for p in staff() if p.user != person.user]
    for moment in moments(stream, 12, OFFICE, 15):
        inward = stream.chance(52)
        partner = (
            stream.pick(_PARTNERS) if inward or stream.chance(40) else f"{stream.pick(colleagues).user}@{domain()}"
        )
        passed = stream.chance(94)
        log.add(
            moment,
            host_logs.mail(
                sender=partner if inward else own,
                recipient=own if inward else partner,
                subject=stream.pick(_SUBJECTS),
                message_id=f"<{stream.hexadecimal(12)}@{'relay.mailpath.example' if inward else domain()}>",
                src="198.51.100.90" if inward else machine("mail01").ip,
                result="spf=pass dkim=pass dmarc=pass" if passed else "spf=softfail dkim=none dmarc=none",
                action="delivered" if passed or stream.chance(45) else "quarantined",
                attachment=f"note_{stream.below(60)}.pdf" if stream.chance(18) else "",
                size=stream.skewed(3_000, 900_000),
            ),
        )


def write(stream: Stream, log: Log) -> None:
    """The week of every member of staff."""
    browsed = [s for s in services() if s.weight]
    weights = [s.weight for s in browsed]
    for person in staff():
        own = stream.sub(person.user)
        clinical = person.department in ("clinical", "pharmacy")
        for moment in moments(own.sub("browse"), 20, CLINIC if clinical else OFFICE, 55 if clinical else 8):
            browse(own, log, moment, person, own.weighted(browsed, weights))
            if own.chance(30):
                browse(own, log, moment + own.between(2, 9) * SECOND, person, own.weighted(browsed, weights))
        _programs(own.sub("programs"), log, person)
        _files(own.sub("files"), log, person)
        _mail(own.sub("mail"), log, person)
