"""Cases 1001 and 2001: a mail with a link to many staff, clicks, a posted form, new sign-ins.

The lure passes every sender check and the newsletter does not: sender checks alone decide
nothing. What differs is where the form was posted, from where the accounts are used next, and
what is done with them.
"""

from __future__ import annotations

from dataclasses import dataclass

from agentgate_mcp.synth import host_logs, network_logs
from agentgate_mcp.synth.background.office import AGENTS
from agentgate_mcp.synth.chance import Stream
from agentgate_mcp.synth.clock import HOUR, MINUTE, SECOND, at
from agentgate_mcp.synth.log import Log
from agentgate_mcp.synth.organisation import Person, domain, machine, person, staff
from agentgate_mcp.synth.story import Brief, Story, Truth, finish

RULES = ("Email - Link Campaign From New Sender", "Proxy - Credentials Posted To New Site")
CLICKERS = ("m.okafor", "h.brandt", "c.moreau", "s.abara", "w.adeyemi", "e.tanaka")
POSTERS = ("m.okafor", "h.brandt", "s.abara")
INTRUDER = "198.51.100.177"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Campaign:
    """What the two stories fill into the common shape."""

    case_id: str
    start: int
    sender: str
    subject: str
    link_site: str
    link_ip: str
    link_path: str
    form_site: str
    form_ip: str
    form_path: str
    pages: tuple[str, ...]
    mail_from: str
    checks: str
    after_form: str
    category: str


def _brief(run: _Campaign) -> Brief:
    return Brief(
        case_id=run.case_id,
        title="Mail with a link to many mailboxes, followed by a posted form",
        description=(
            f"A sender not seen before reached many mailboxes with a link to {run.link_site}. Several people followed "
            "it and a form was posted. Decide whether credentials were given away and what has to be reset."
        ),
        severity="medium",
        category="phishing",
        created_at=run.start + 5 * HOUR,
        earliest=run.start,
        latest=run.start + 10 * HOUR,
        source="Splunk notable",
        entities={
            "email": (run.sender,),
            "domain": (run.link_site,),
            "user": CLICKERS[:3],
            "host": tuple(person(user).host for user in CLICKERS[:3]),
        },
    )


def _mails(stream: Stream, log: Log, run: _Campaign) -> None:
    for wave in range(2):
        for number, member in enumerate(staff()):
            token = stream.hexadecimal(8)
            log.add(
                run.start + (12 + wave * 34) * MINUTE + number * 7 * SECOND,
                host_logs.mail(
                    sender=run.sender,
                    recipient=f"{member.user}@{domain()}",
                    subject=run.subject,
                    message_id=f"<{stream.hexadecimal(14)}@{run.sender.partition('@')[2]}>",
                    src=run.mail_from,
                    result=run.checks,
                    url=f"https://{run.link_site}{run.link_path}{token}",
                    size=stream.between(18_000, 24_000),
                ),
                key=number == 0,
            )


def _visit(stream: Stream, log: Log, run: _Campaign, member: Person, moment: int) -> None:
    src, agent = machine(member.host).ip, AGENTS[len(member.user) % 2]
    for step, (site, ip) in enumerate(((run.link_site, run.link_ip), (run.form_site, run.form_ip))):
        sport = stream.port()
        log.add(moment + step * 700, network_logs.dns(src=src, sport=stream.port(), query=site, answer=ip))
        log.add(
            moment + step * 700 + 60,
            network_logs.conn(
                src=src,
                sport=sport,
                dst=ip,
                dport=443,
                service="ssl",
                out=stream.between(1_900, 4_800),
                back=stream.between(42_000, 118_000),
                ms=stream.between(4_000, 48_000),
            ),
        )
        log.add(
            moment + step * 700 + 90,
            network_logs.ssl(src=src, sport=sport, dst=ip, name=site, issuer="CN=Openseal R2"),
        )
    requests: list[tuple[str, str, str, int]] = [
        (run.link_site, run.link_ip, f"{run.link_path}{stream.hexadecimal(8)}", 302),
        *((run.form_site, run.form_ip, page, 200) for page in run.pages),
    ]
    for step, (site, ip, path, status) in enumerate(requests):
        log.add(
            moment + 1_200 + step * 900,
            network_logs.proxy(
                src=src,
                user=member.user,
                url=f"https://{site}{path}",
                dst=ip,
                category=run.category,
                agent=agent,
                out=stream.between(480, 900),
                back=stream.between(1_200, 38_000),
                status=status,
            ),
            key=step == 0 and member.user == POSTERS[0],
        )
    if member.user in POSTERS:
        log.add(
            moment + stream.between(35, 80) * SECOND,
            network_logs.proxy(
                src=src,
                user=member.user,
                url=f"https://{run.form_site}{run.form_path}",
                dst=run.form_ip,
                category=run.category,
                agent=agent,
                out=stream.between(620, 710),
                back=stream.between(420, 690),
                method="POST",
                status=302,
                referrer=f"https://{run.form_site}{run.pages[0]}",
            ),
            key=True,
        )
        log.add(
            moment + 82 * SECOND,
            network_logs.proxy(
                src=src,
                user=member.user,
                url=f"https://{run.after_form}",
                dst="192.0.2.13",
                category="business",
                agent=agent,
                out=stream.between(700, 900),
                back=stream.between(9_000, 22_000),
            ),
        )


def _alerts(log: Log, run: _Campaign) -> None:
    log.alert(
        run.start + 60 * MINUTE,
        host_logs.notable(
            rule=RULES[0],
            severity="medium",
            category="email",
            src=run.mail_from,
            msg=f"one sender reached more than 8 mailboxes with a link to {run.link_site}",
            thing=run.sender,
        ),
    )
    log.alert(
        run.start + 4 * HOUR,
        host_logs.notable(
            rule=RULES[1],
            severity="medium",
            category="proxy",
            src=machine(person(POSTERS[0]).host).ip,
            dest=run.form_site,
            user=POSTERS[0],
            msg=f"a form was posted to {run.form_site}, which nobody used before",
        ),
    )


def _common(stream: Stream, log: Log, run: _Campaign) -> None:
    _mails(stream, log, run)
    for number, user in enumerate(CLICKERS):
        _visit(stream, log, run, person(user), run.start + (31 + number * 23) * MINUTE)
    _alerts(log, run)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """How the first poster's account is used a little later."""

    src: str
    device: str
    work_device: str
    refused: str
    factor: str
    rule: str
    search: str


def _account(log: Log, moment: int, use: _Use) -> None:
    """Five pushes, a session with a new factor, applications, a mailbox rule."""

    def event(minute: int, signature: str, thing: str, *, app: str = "cloud office", reason: str = "") -> None:
        log.add(
            moment + minute * MINUTE,
            host_logs.okta(
                user=POSTERS[0],
                src=use.src,
                action="failure" if reason == use.refused else "success",
                event=signature,
                app=app,
                device=thing,
                reason=reason,
            ),
            key=minute in (0, 14, 15, 17, 35),
        )

    for minute in (0, 2, 5, 9):
        event(minute, "user.mfa.push", use.device, reason=use.refused)
    event(14, "user.mfa.push", use.device, reason="push approved")
    event(15, "user.session.start", use.device)
    event(17, "user.mfa.factor.activate", use.factor)
    event(21, "user.authentication.sso", use.work_device)
    event(34, "user.authentication.sso", use.work_device, app="payroll")
    event(52, "user.authentication.sso", use.work_device, app="payroll")
    event(35, "application.mailbox.rule.create", use.rule)
    for minute in (26, 44, 53):
        event(minute, "application.mailbox.search", use.search)


def lure(stream: Stream) -> Story:
    """1001: an imitation of the staff portal takes passwords; one account is taken over."""
    run = _Campaign(
        case_id="1001",
        start=at("2026-11-17 08:00"),
        sender="hr-desk@northmere-benefits.example",
        subject="Your benefits statement for 2027 is ready",
        link_site="northmere-benefits.example",
        link_ip="203.0.113.132",
        link_path="/statement?id=",
        form_site="portal.northmere-benefits.example",
        form_ip="203.0.113.132",
        form_path="/auth/sso",
        pages=("/auth/sso?lang=en", "/assets/portal.css", "/assets/logo.svg", "/assets/sso.js"),
        mail_from="203.0.113.130",
        checks="spf=pass dkim=pass dmarc=pass",
        after_form="login.cloudoffice.example/home",
        category="uncategorised",
    )
    log = Log(run.case_id)
    _common(stream, log, run)
    _account(
        log,
        run.start + 3 * HOUR + 9 * MINUTE,
        _Use(
            src=INTRUDER,
            device="unknown",
            work_device="unknown",
            refused="push denied",
            factor="phone, added from a browser",
            rule="move invoices to archive",
            search="bank details",
        ),
    )
    truth = Truth(
        verdict="malicious",
        twin="2001",
        techniques=("T1566.002", "T1621", "T1078.004", "T1098.005", "T1564.008"),
        expected_targets={
            "block_domain": ("northmere-benefits.example",),
            "reset_credentials": POSTERS,
            "block_ip": (INTRUDER,),
        },
        reason="Imitated staff portal, pushes denied then approved from a new address, new factor, mailbox rule.",
    )
    return finish(_brief(run), truth, log)


def newsletter(stream: Stream) -> Story:
    """2001: the insurer's newsletter over a mailing service with click counting."""
    run = _Campaign(
        case_id="2001",
        start=at("2026-11-16 08:00"),
        sender="campaigns@harbourpost.example",
        subject="Your benefits newsletter for 2027 is here",
        link_site="click.harbourpost.example",
        link_ip="198.51.100.131",
        link_path="/c/",
        form_site="benefits.insureco.example",
        form_ip="203.0.113.21",
        form_path="/newsletter/preferences",
        pages=("/newsletter/2027?lang=en", "/assets/site.css", "/assets/logo.svg", "/assets/form.js"),
        mail_from="198.51.100.133",
        checks="spf=pass dkim=none dmarc=none",
        after_form="login.cloudoffice.example/home",
        category="insurance",
    )
    log = Log(run.case_id)
    _common(stream, log, run)
    _account(
        log,
        run.start + 3 * HOUR + 9 * MINUTE,
        _Use(
            src=person("m.okafor").home,
            device="phone of m.okafor",
            work_device="wks-014",
            refused="push timed out",
            factor="phone, replaced at the service desk, REQ-8841",
            rule="move newsletters to reading",
            search="supplier invoice",
        ),
    )
    truth = Truth(
        verdict="benign",
        twin="1001",
        techniques=(),
        reason="Ordered newsletter of the insurer; preferences form; sign-ins from the usual address, phone replaced.",
    )
    return finish(_brief(run), truth, log)
