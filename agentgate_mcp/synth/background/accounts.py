"""Sign-ins: domain logons, the identity provider, Linux servers, and cloud calls."""

from __future__ import annotations

from agentgate_mcp.synth import host_logs
from agentgate_mcp.synth.background.rhythm import FLAT, NIGHTLY, OFFICE, moments, regular
from agentgate_mcp.synth.chance import Stream
from agentgate_mcp.synth.clock import HOUR, MINUTE, SECOND
from agentgate_mcp.synth.log import Log
from agentgate_mcp.synth.organisation import machine, people, person, staff

_APPS = ("cloud office", "talkroom", "clinicdesk", "claims portal", "remote-access vpn", "payroll")
_CLOUD_CALLS: tuple[tuple[str, str, str], ...] = (
    ("ListBuckets", "s3", "*"), ("GetObject", "s3", "northmere-web-assets/logo.svg"),
    ("PutObject", "s3", "northmere-web-assets/news.json"), ("DescribeInstances", "ec2", "*"),
    ("GetMetricData", "monitoring", "web"), ("AssumeRole", "sts", "role/deploy"),
    ("GetCallerIdentity", "sts", "self"), ("ListUsers", "iam", "*"), ("GetSecretValue", "secretsmanager", "web/mail"),
)  # fmt: skip
_GRANTED = ("user.session.start", "user.authentication.sso")
_ROLES = ("role/deploy", "role/metrics", "role/web-assets")


def _domain_logons(stream: Stream, log: Log) -> None:
    for member in staff():
        own, src = stream.sub(member.user), machine(member.host).ip
        for moment in moments(own, 9, OFFICE, 10):
            controller = own.pick(("dc01", "dc02"))
            if own.chance(5):
                log.add(
                    moment - 8 * SECOND,
                    host_logs.windows(
                        host=controller, code=4625, user=member.user, src=src, action="failure", app="ntlm",
                        reason="wrong password",
                    ),
                )  # fmt: skip
            code = own.weighted((4624, 4769, 4634, 4768), (40, 35, 15, 10))
            log.add(moment, host_logs.windows(host=controller, code=code, user=member.user, src=src, app="kerberos"))
            if own.chance(16):
                share = f"\\\\file01\\{member.department}"
                log.add(
                    moment + 20 * SECOND,
                    host_logs.windows(host="file01", code=5140, user=member.user, src=src, app="smb", thing=share),
                )


def _service_logons(stream: Stream, log: Log) -> None:
    plan = (
        ("svc_ehr", "ehr01", "ehrdb01", 40), ("svc_pay", "paysw01", "paydb01", 40), ("svc_web", "web01", "app02", 55),
        ("svc_patch", "app02", "file01", 120), ("svc_scan", "gate01", "app02", 180),
    )  # fmt: skip
    for user, source, target, minutes in plan:
        for moment in regular(stream.sub(user), minutes * MINUTE, 12):
            log.add(
                moment,
                host_logs.windows(host=target, code=4624, user=user, src=machine(source).ip, app="service account"),
            )


def _administration(stream: Stream, log: Log) -> None:
    jump = machine("jump01").ip
    for moment in moments(stream, 9, OFFICE, 5):
        target = stream.pick(("file01", "app02", "dc01", "mail01", "idp-conn01"))
        log.add(moment, host_logs.windows(host=target, code=4624, user="adm-rsantos", src=jump, app="remote desktop"))
        log.add(
            moment + 300, host_logs.windows(host=target, code=4672, user="adm-rsantos", src=jump, app="remote desktop")
        )
        if target in ("dc01", "idp-conn01") and stream.chance(35):
            subject = stream.pick(staff()).user
            log.add(
                moment + 9 * MINUTE,
                host_logs.windows(
                    host="dc01", code=stream.pick((4724, 4767, 4728)), user=subject, src_user="adm-rsantos", src=jump
                ),
            )


def _identity_provider(stream: Stream, log: Log) -> None:
    for member in (p for p in people() if p.home):
        own = stream.sub(member.user)
        for moment in moments(own, 6, OFFICE, 20):
            remote = own.chance(34)
            src = member.home if remote else "192.0.2.5"
            failed = own.chance(6)
            log.add(
                moment,
                host_logs.okta(
                    user=member.user, src=src, action="failure" if failed else "success",
                    event="user.authentication" if failed else own.pick(_GRANTED),
                    app="remote-access vpn" if remote and own.chance(50) else own.pick(_APPS),
                    device=member.host if not remote or own.chance(60) else f"phone of {member.user}",
                    reason="invalid_credentials" if failed else "",
                ),
            )  # fmt: skip


def _linux(stream: Stream, log: Log) -> None:
    for moment in regular(stream.sub("cron"), 95 * MINUTE, 10):
        host = stream.pick(("proxy01", "splunk01", "gate01", "dns01"))
        log.add(moment, host_logs.secure(host=host, user="root", action="success", app="cron", command="run-parts"))
    for moment in moments(stream.sub("ssh"), 16, OFFICE, 8):
        host, user = stream.pick(
            (("proxy01", "u.silva"), ("splunk01", "a.lund"), ("gate01", "a.lund"), ("dns01", "o.keller"))
        )
        src = machine("jump01").ip
        if stream.chance(8):
            log.add(
                moment - 6 * SECOND,
                host_logs.secure(host=host, user=user, action="failure", app="sshd", src=src, reason="wrong password"),
            )
        log.add(moment, host_logs.secure(host=host, user=user, action="success", app="sshd", src=src))
        if stream.chance(45):
            command = stream.pick(
                ("systemctl status", "journalctl -u proxy", "apt-get -s upgrade", "tail -n 50 access.log")
            )
            log.add(
                moment + 2 * MINUTE,
                host_logs.secure(host=host, user=user, action="success", app="sudo", command=command),
            )


def _cloud(stream: Stream, log: Log) -> None:
    for moment in moments(stream.sub("roles"), 66, FLAT, 80):
        command, app, thing = stream.weighted(_CLOUD_CALLS, (6, 22, 8, 14, 20, 12, 10, 2, 6))
        refused = stream.chance(2)
        log.add(
            moment,
            host_logs.cloudtrail(
                user=stream.pick(_ROLES), src="192.0.2.6", command=command, app=app, thing=thing,
                agent="cloud-sdk/2.9 python/3.12", result="AccessDenied" if refused else "success",
            ),
        )  # fmt: skip
    for moment in moments(stream.sub("people"), 18, OFFICE, 5):
        user = stream.pick(("n.haddad", "k.oyelaran", "t.lindqvist"))
        command, app, thing = stream.pick(_CLOUD_CALLS)
        log.add(
            moment,
            host_logs.cloudtrail(
                user=user, src=stream.pick(("192.0.2.5", person(user).home)), command=command, app=app, thing=thing,
                agent="cloud-cli/2.31",
            ),
        )  # fmt: skip


def _backup(stream: Stream, log: Log) -> None:
    bkp = machine("bkp01").ip
    for moment in moments(stream, 6, NIGHTLY, 100):
        log.add(
            moment,
            host_logs.windows(
                host=stream.pick(("file01", "app02", "mail01")),
                code=4624,
                user="svc_backup",
                src=bkp,
                app="service account",
            ),
        )
        log.add(
            moment + HOUR // 60, host_logs.windows(host="bkp01", code=4672, user="svc_backup", app="service account")
        )


def write(stream: Stream, log: Log) -> None:
    """A week of sign-ins, administration and cloud calls."""
    _domain_logons(stream.sub("domain"), log)
    _service_logons(stream.sub("service"), log)
    _administration(stream.sub("administration"), log)
    _identity_provider(stream.sub("idp"), log)
    _linux(stream.sub("linux"), log)
    _cloud(stream.sub("cloud"), log)
    _backup(stream.sub("backup"), log)
