"""Cases 1003 and 2003: a night of failed sign-ins for one account, lockouts, then a success.

One is a guessed password, the other a phone that keeps trying an expired one. Both end in a
success of the very address that failed; they differ in why it failed, in what happened just
before the success, and in what the session did.
"""

from __future__ import annotations

from dataclasses import dataclass

from agentgate_mcp.synth import host_logs, network_logs
from agentgate_mcp.synth.chance import Stream
from agentgate_mcp.synth.clock import HOUR, MINUTE, SECOND, at
from agentgate_mcp.synth.log import Log, spaced
from agentgate_mcp.synth.organisation import machine, person
from agentgate_mcp.synth.story import Brief, Story, Truth, finish

USER = "d.kowalski"
RULES = ("Identity - Failures Followed By Success", "Identity - Lockout Burst")
GUESSER = "198.51.100.23"
MOBILE_NETWORK = "203.0.113.140"
ATTEMPTS, SHARES = 150, 28


@dataclass(frozen=True, slots=True, kw_only=True)
class _Night:
    """What the two stories fill into the common shape."""

    case_id: str
    start: int
    src: str
    device: str
    app: str
    reason: str
    code_reason: str


def _brief(run: _Night) -> Brief:
    return Brief(
        case_id=run.case_id,
        title="Repeated sign-in failures followed by success",
        description=(
            f"The account {USER} failed to sign in many times from {run.src} during the night, was locked out more "
            "than once, and then signed in. Decide whether somebody else uses the account."
        ),
        severity="high",
        category="credential_access",
        created_at=run.start + 9 * HOUR + 30 * MINUTE,
        earliest=run.start,
        latest=run.start + 10 * HOUR + 30 * MINUTE,
        source="Splunk notable",
        entities={"user": (USER,), "ip": (run.src,), "host": ("vpn01", "file01")},
    )


def _failures(stream: Stream, log: Log, run: _Night) -> None:
    for number, moment in enumerate(spaced(stream, run.start + 4 * MINUTE, ATTEMPTS, 212 * SECOND, 42)):
        log.add(
            moment,
            host_logs.okta(
                user=USER,
                src=run.src,
                action="failure",
                event="user.authentication",
                app=run.app,
                device=run.device,
                reason=run.reason,
            ),
            key=number in (0, 70, 149),
        )
        if number % 3 == 0:
            log.add(
                moment + 350,
                host_logs.windows(
                    host="dc02",
                    code=4625,
                    user=USER,
                    src=run.src,
                    action="failure",
                    app="ntlm",
                    reason=run.code_reason,
                ),
            )
    for hour in (2, 4, 6):
        log.add(
            run.start + hour * HOUR + stream.below(40) * MINUTE,
            host_logs.windows(host="dc02", code=4740, user=USER, src=run.src, action="failure", app="ntlm"),
            key=hour == 2,
        )


def _alerts(log: Log, run: _Night) -> None:
    log.alert(
        run.start + 7 * HOUR,
        host_logs.notable(
            rule=RULES[1],
            severity="low",
            category="identity",
            src=run.src,
            user=USER,
            dest="dc02",
            msg=f"{USER} was locked out 3 times within 6 hours",
        ),
    )
    log.alert(
        run.start + 9 * HOUR + 20 * MINUTE,
        host_logs.notable(
            rule=RULES[0],
            severity="high",
            category="identity",
            src=run.src,
            user=USER,
            dest="vpn01",
            msg=f"{USER} signed in after more than 100 failures",
        ),
    )


def _session(stream: Stream, log: Log, opened: int, outside: str, inside: str, shares: tuple[str, ...]) -> None:
    """The tunnel, the logons behind it and the shares that were opened."""
    sport = stream.port()
    log.add(
        opened + 2 * SECOND,
        network_logs.conn(
            src=outside,
            sport=sport,
            dst=machine("vpn01").ip,
            dport=443,
            service="ssl",
            out=stream.between(2_100_000, 2_400_000),
            back=stream.between(21_000_000, 24_000_000),
            ms=58 * MINUTE,
        ),
        key=True,
    )
    for number, host in enumerate(("app02", "file01", "wks-042")):
        log.add(
            opened + (2 + number * 3) * MINUTE,
            host_logs.windows(
                host=host, code=4624, user=USER, src=inside, app="network" if number else "remote desktop"
            ),
            key=True,
        )
    for number, moment in enumerate(spaced(stream, opened + 6 * MINUTE, SHARES, 35 * SECOND, 50)):
        log.add(
            moment,
            host_logs.windows(
                host="file01",
                code=5140,
                user=USER,
                src=inside,
                app="smb",
                thing=f"\\\\file01\\{shares[number % len(shares)]}",
            ),
            key=number in (0, 9),
        )


def _programs(log: Log, opened: int, lines: tuple[tuple[str, str, str], ...]) -> None:
    for number, (path, line, signer) in enumerate(lines):
        log.add(
            opened + (4 + number * 5) * MINUTE,
            host_logs.process(
                host="app02",
                user=USER,
                path=path,
                line=line,
                parent="explorer.exe" if number == 0 else "cmd.exe",
                signer=signer,
            ),
            key=True,
        )


def guessed(stream: Stream) -> Story:
    """1003: the password is guessed overnight; the session looks around."""
    run = _Night(
        case_id="1003",
        start=at("2026-11-18 22:00"),
        src=GUESSER,
        device="unknown",
        app="remote-access vpn",
        reason="invalid_credentials",
        code_reason="wrong password",
    )
    log = Log(run.case_id)
    _failures(stream, log, run)
    opened = run.start + 9 * HOUR + 6 * MINUTE
    for number, app in enumerate(("remote-access vpn", "cloud office", "claims portal", "payroll")):
        log.add(
            opened + number * 6 * MINUTE,
            host_logs.okta(
                user=USER,
                src=GUESSER,
                action="success",
                event="user.session.start" if number == 0 else "user.authentication.sso",
                app=app,
                device="unknown",
            ),
            key=number == 0,
        )
    shares = (
        "finance", "human resources", "backups", "it", "clinical", "executive", "payroll", "marketing",
        "legal", "pharmacy", "logistics", "C$", "ADMIN$",
    )  # fmt: skip
    _session(stream, log, opened, GUESSER, "10.20.50.61", shares)
    system = "C:\\Windows\\System32\\"
    _programs(
        log,
        opened,
        (
            (f"{system}cmd.exe", "cmd.exe", "Desktop OS Publisher"),
            (f"{system}net.exe", 'net group "Domain Admins" /domain', "Desktop OS Publisher"),
            (f"{system}nltest.exe", "nltest /domain_trusts", "Desktop OS Publisher"),
            (f"{system}cmdkey.exe", "cmdkey /list", "Desktop OS Publisher"),
        ),
    )
    _alerts(log, run)
    truth = Truth(
        verdict="malicious",
        twin="2003",
        techniques=("T1110.001", "T1078", "T1135", "T1069.002"),
        expected_targets={"disable_user": (USER,), "reset_credentials": (USER,), "block_ip": (GUESSER,)},
        reason="Wrong passwords all night, success from the same unknown device, then all shares and domain groups.",
    )
    return finish(_brief(run), truth, log)


def expired(stream: Stream) -> Story:
    """2003: a phone keeps sending an expired password until the service desk resets it."""
    run = _Night(
        case_id="2003",
        start=at("2026-11-16 22:00"),
        src=MOBILE_NETWORK,
        device=f"phone of {USER}",
        app="mailbox sync",
        reason="password_expired",
        code_reason="password expired",
    )
    log = Log(run.case_id)
    _failures(stream, log, run)
    opened = run.start + 9 * HOUR + 6 * MINUTE
    desk = machine("wks-017").ip
    log.add(
        opened - 14 * MINUTE,
        host_logs.windows(host="dc02", code=4767, user=USER, src_user="j.ferrand", src=desk, reason="REQ-8852"),
        key=True,
    )
    log.add(
        opened - 13 * MINUTE,
        host_logs.windows(host="dc02", code=4724, user=USER, src_user="j.ferrand", src=desk, reason="REQ-8852"),
        key=True,
    )
    home = person(USER).home
    for number, (app, src, device) in enumerate(
        (
            ("remote-access vpn", home, "wks-042"),
            ("mailbox sync", MOBILE_NETWORK, f"phone of {USER}"),
            ("claims portal", home, "wks-042"),
            ("clinicdesk", home, "wks-042"),
        )
    ):
        log.add(
            opened + number * 6 * MINUTE,
            host_logs.okta(
                user=USER,
                src=src,
                action="success",
                event="user.session.start" if number == 0 else "user.authentication.sso",
                app=app,
                device=device,
            ),
            key=number < 2,
        )
    _session(stream, log, opened, home, "10.20.50.44", ("pharmacy", "pharmacy", "home", "pharmacy\\orders"))
    _programs(
        log,
        opened,
        (
            ("C:\\Windows\\System32\\cmd.exe", "cmd.exe /c logon-drives.cmd", "Desktop OS Publisher"),
            ("C:\\Windows\\System32\\net.exe", "net use P: \\\\file01\\pharmacy", "Desktop OS Publisher"),
            ("C:\\Program Files\\PharmStock\\pharmstock.exe", "pharmstock.exe /site north", "PharmStock Software"),
            ("C:\\Program Files\\CloudOffice\\sheets.exe", "sheets.exe /e", "CloudOffice Software"),
        ),
    )
    _alerts(log, run)
    truth = Truth(
        verdict="benign",
        twin="1003",
        techniques=(),
        reason="Expired password on a phone, reset by the service desk, then the usual address and the own shares.",
    )
    return finish(_brief(run), truth, log)
