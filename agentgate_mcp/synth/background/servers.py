"""Servers and machines: inbound web, application traffic, time, heartbeats, nightly backup."""

from __future__ import annotations

from agentgate_mcp.synth import host_logs, network_logs
from agentgate_mcp.synth.background.office import AGENTS
from agentgate_mcp.synth.background.rhythm import CLINIC, FLAT, NIGHTLY, OFFICE, PUBLIC, moments, regular
from agentgate_mcp.synth.chance import Stream
from agentgate_mcp.synth.clock import HOUR, MINUTE
from agentgate_mcp.synth.log import Log
from agentgate_mcp.synth.organisation import machine, machines, service, staff

_PAGES = ("/", "/clinics", "/pharmacy/refill", "/careers/list.aspx", "/contact", "/news", "/assets/site.css",
          "/assets/app.js", "/appointments", "/search?q=vaccination")  # fmt: skip
_ODD = ("/wp-login.php", "/.env", "/phpmyadmin/", "/cgi-bin/test", "/admin/", "/owa/auth.owa", "/.git/config")
_CRAWLERS = ("Mozilla/5.0 (compatible; lookforbot/2.1)", "Mozilla/5.0 zgrab/0.x", "python-requests/2.32")


def _visitor(stream: Stream) -> str:
    net = stream.pick(("192.0.2", "198.51.100", "203.0.113"))
    return (
        f"2001:db8:{stream.below(40)}::{stream.hexadecimal(3)}"
        if stream.chance(9)
        else f"{net}.{stream.between(222, 254)}"
    )


def _inbound_web(stream: Stream, log: Log) -> None:
    for moment in moments(stream, 230, PUBLIC, 80):
        server, src, sport = machine(stream.pick(("web01", "web01", "web02"))), _visitor(stream), stream.port()
        odd = stream.chance(7)
        back = stream.skewed(400, 240_000)
        log.add(
            moment,
            network_logs.http(
                src=src, sport=sport, dst=server.ip, site="www.northmere.example", dport=443,
                path=stream.pick(_ODD if odd else _PAGES), method="POST" if stream.chance(6) and not odd else "GET",
                status=404 if odd else stream.weighted((200, 304, 302, 404, 500), (80, 10, 5, 4, 1)),
                agent=stream.pick(_CRAWLERS) if odd or stream.chance(8) else stream.pick(AGENTS),
                out=stream.between(240, 900), back=back,
            ),
        )  # fmt: skip
        if stream.chance(36):
            log.add(
                moment - 60,
                network_logs.conn(
                    src=src, sport=sport, dst=server.ip, dport=443, service="ssl", out=stream.between(900, 2_600),
                    back=back + 3_000, ms=stream.skewed(200, 60_000),
                ),
            )  # fmt: skip
    for moment in moments(stream.sub("probes"), 34, FLAT, 100):
        log.add(
            moment,
            network_logs.conn(
                src=_visitor(stream), sport=stream.port(), dst=machine(stream.pick(("web01", "web02", "vpn01"))).ip,
                dport=stream.pick((22, 23, 3389, 8080, 445)), state=stream.pick(("S0", "REJ")),
            ),
        )  # fmt: skip


def _application(stream: Stream, log: Log) -> None:
    clinicians = [p for p in staff() if p.department in ("clinical", "pharmacy", "finance")]
    for moment in moments(stream.sub("ehr"), 84, CLINIC, 60):
        member = stream.pick(clinicians)
        log.add(
            moment,
            network_logs.conn(
                src=machine(member.host).ip, sport=stream.port(), dst=machine("ehr01").ip, dport=8443, service="ssl",
                out=stream.skewed(800, 60_000), back=stream.skewed(3_000, 900_000), ms=stream.skewed(400, 90_000),
            ),
        )  # fmt: skip
    pairs = (("ehr01", "ehrdb01", 1433, 40), ("paysw01", "paydb01", 1433, 28), ("pos-gw01", "paysw01", 9443, 32),
             ("imaging01", "ehr01", 8443, 18), ("web01", "app02", 8080, 24))  # fmt: skip
    for source, target, port, per_day in pairs:
        for moment in moments(stream.sub(source), per_day, CLINIC, 70):
            log.add(
                moment,
                network_logs.conn(
                    src=machine(source).ip, sport=stream.port(), dst=machine(target).ip, dport=port,
                    service="tds" if port == 1433 else "ssl", out=stream.skewed(500, 40_000),
                    back=stream.skewed(900, 300_000), ms=stream.skewed(30, 8_000),
                ),
            )  # fmt: skip
    outside = (("paysw01", "api.acquirer.example", 30), ("ehr01", "hl7.partnerlab.example", 26),
               ("mail01", "relay.mailpath.example", 24))  # fmt: skip
    for source, name, per_day in outside:
        partner, src = service(name), machine(source).ip
        for moment in moments(stream.sub(name), per_day, CLINIC, 60):
            sport = stream.port()
            log.add(
                moment,
                network_logs.conn(
                    src=src, sport=sport, dst=partner.ips[0], dport=443, service="ssl",
                    out=stream.skewed(900, 90_000), back=stream.skewed(900, 30_000), ms=stream.skewed(90, 9_000),
                ),
            )  # fmt: skip
            if stream.chance(25):
                log.add(
                    moment + 30,
                    network_logs.ssl(src=src, sport=sport, dst=partner.ips[0], name=name, issuer="CN=Openseal R2"),
                )


def _devices(stream: Stream, log: Log) -> None:
    for name in ("cam-lobby-03", "cam-dock-01", "cam-ward-07", "hvac01"):
        own, src = stream.sub(name), machine(name).ip
        for moment in regular(own.sub("time"), 58 * MINUTE, 1):
            log.add(
                moment,
                network_logs.conn(
                    src=src, sport=123, dst=service(f"ntp{own.pick((1, 1, 1, 2))}.timepool.example").ips[0], dport=123,
                    transport="udp", service="ntp", out=48, back=48, ms=own.between(18, 60),
                ),
            )  # fmt: skip
        cloud, port = ("cloud.ventacontrol.example", 443) if name == "hvac01" else ("cloud.opticam.example", 8883)
        for moment in regular(own.sub("cloud"), 90 * MINUTE, 15):
            sport = own.port()
            log.add(
                moment,
                network_logs.conn(
                    src=src, sport=sport, dst=service(cloud).ips[0], dport=port, service="ssl",
                    out=own.between(120, 900), back=own.between(90, 700), ms=own.between(900, 5_000),
                ),
            )  # fmt: skip
            if own.chance(30):
                log.add(
                    moment + 25,
                    network_logs.ssl(
                        src=src, sport=sport, dst=service(cloud).ips[0], name=cloud, issuer="CN=Device CA 1", dport=port
                    ),
                )
            if own.chance(35):
                log.add(
                    moment - 90,
                    network_logs.dns(src=src, sport=own.port(), query=cloud, answer=service(cloud).ips[0]),
                )
        if name.startswith("cam"):
            for moment in regular(own.sub("video"), 3 * HOUR, 4):
                log.add(
                    moment,
                    network_logs.conn(
                        src=src, sport=own.port(), dst=machine("nvr01").ip, dport=554, service="rtsp",
                        out=own.between(380_000_000, 460_000_000), back=own.between(2_000_000, 3_000_000),
                        ms=3 * HOUR - 9_000,
                    ),
                )  # fmt: skip


def _lookups(stream: Stream, log: Log) -> None:
    names = ("ntp1.timepool.example", "update.desktop-os.example", "cloud.sentrel.example", "packages.gitnest.example",
             "telemetry.desktop-os.example", "login.cloudoffice.example")  # fmt: skip
    inside = ("dc01", "file01", "ehrdb01", "paydb01", "app02", "mail01", "splunk01", "idp-conn01")
    servers = [m for m in machines().values() if m.role in ("server", "database", "backup", "domain controller")]
    for server in servers:
        own = stream.sub(server.name)
        for moment in moments(own, 6, FLAT, 100):
            if own.chance(45):
                target = machine(own.pick(inside))
                query, answer, qtype = f"{target.name}.corp.example", target.ip, "A"
            elif own.chance(10):
                query, answer, qtype = f"{own.between(2, 250)}.113.0.203.in-addr.arpa", "", "PTR"
            else:
                partner = service(own.pick(names))
                query, answer, qtype = partner.domain, partner.ips[0], own.pick(("A", "A", "A", "AAAA"))
            answer = answer if qtype == "A" else ""
            log.add(
                moment,
                network_logs.dns(
                    src=server.ip, sport=own.port(), query=query, answer=answer, qtype=qtype,
                    rcode="NXDOMAIN" if qtype == "PTR" and own.chance(60) else "NOERROR",
                ),
            )  # fmt: skip
    for member in staff():
        own = stream.sub(f"reputation/{member.user}")
        for moment in moments(own, 5, OFFICE, 10):
            query = f"{own.hexadecimal(32)}.{own.hexadecimal(6)}.r.cloud.sentrel.example"
            known = own.chance(80)
            log.add(
                moment,
                network_logs.dns(
                    src=machine(member.host).ip, sport=own.port(), query=query,
                    answer=f"127.0.0.{own.between(1, 6)}" if known else "", rcode="NOERROR" if known else "NXDOMAIN",
                ),
            )  # fmt: skip


def _tasks(stream: Stream, log: Log) -> None:
    tasks = (
        ("web01", "svc_web", "C:\\Windows\\System32\\inetsrv\\w3wp.exe", "w3wp.exe -ap northmere", "svchost.exe"),
        ("app02", "svc_patch", "C:\\Program Files\\Patchwell\\pwagent.exe", "pwagent.exe --check", "services.exe"),
        ("file01", "SYSTEM", "C:\\Windows\\System32\\vssvc.exe", "vssvc.exe", "services.exe"),
        ("dc01", "SYSTEM", "C:\\Windows\\System32\\dfsrs.exe", "dfsrs.exe", "services.exe"),
        ("bkp01", "svc_backup", "C:\\Program Files\\Tidevault\\tvagent.exe", "tvagent.exe --heartbeat", "services.exe"),
        ("ehr01", "svc_ehr", "C:\\ClinicDesk\\server\\cdserver.exe", "cdserver.exe --worker", "services.exe"),
        ("mail01", "SYSTEM", "C:\\Program Files\\MailPath\\mpfilter.exe", "mpfilter.exe", "services.exe"),
        ("paysw01", "svc_pay", "C:\\Payments\\switch.exe", "switch.exe --cycle", "services.exe"),
    )
    signers = ("Desktop OS Publisher", "Patchwell Software", "Desktop OS Publisher", "Desktop OS Publisher",
               "Tidevault Software", "ClinicDesk Software", "MailPath Software", "Acquirer Systems")  # fmt: skip
    for (host, user, path, line, parent), signer in zip(tasks, signers, strict=True):
        for moment in regular(stream.sub(host), 100 * MINUTE, 20):
            log.add(moment, host_logs.process(host=host, user=user, path=path, line=line, parent=parent, signer=signer))
    for host, user, line in (
        ("file01", "svc_patch", "vssadmin.exe list shadows"),
        ("app02", "svc_patch", "wusa.exe /quiet"),
    ):
        for moment in moments(stream.sub(line), 2, NIGHTLY, 100):
            name = line.split(" ", 1)[0]
            log.add(
                moment,
                host_logs.process(
                    host=host, user=user, path=f"C:\\Windows\\System32\\{name}", line=line, parent="pwagent.exe",
                    signer="Desktop OS Publisher",
                ),
            )  # fmt: skip


def _backup(stream: Stream, log: Log) -> None:
    bkp = machine("bkp01").ip
    for moment in moments(stream, 14, NIGHTLY, 100):
        partner, sport = service("ingest.tidestore.example"), stream.port()
        log.add(
            moment,
            network_logs.conn(
                src=bkp, sport=sport, dst=partner.ips[0], dport=443, service="ssl",
                out=stream.between(180_000_000, 320_000_000), back=stream.between(200_000, 500_000),
                ms=stream.between(90, 240) * 1000,
            ),
        )  # fmt: skip
        log.add(
            moment + 40,
            network_logs.ssl(src=bkp, sport=sport, dst=partner.ips[0], name=partner.domain, issuer="CN=Openseal R2"),
        )
        source = machine(stream.pick(("file01", "mail01", "app02", "ehrdb01")))
        log.add(
            moment - 20 * MINUTE,
            network_logs.conn(
                src=bkp, sport=stream.port(), dst=source.ip, dport=445, service="smb",
                out=stream.between(400_000, 900_000),
                back=stream.between(150_000_000, 300_000_000), ms=stream.between(90, 240) * 1000,
            ),
        )  # fmt: skip


def _forwarders(stream: Stream, log: Log) -> None:
    senders = ("dc01", "dc02", "web01", "web02", "file01", "mail01", "proxy01", "vpn01", "ehr01", "paysw01")
    for name in senders:
        own = stream.sub(name)
        for moment in regular(own, 8 * HOUR, 6):
            log.add(
                moment,
                network_logs.conn(
                    src=machine(name).ip, sport=own.port(), dst=machine("splunk01").ip, dport=9997, service="ssl",
                    out=own.between(8_000_000, 60_000_000), back=own.between(40_000, 90_000), ms=8 * HOUR - 60_000,
                ),
            )  # fmt: skip


def write(stream: Stream, log: Log) -> None:
    """A week of machine traffic."""
    _inbound_web(stream.sub("inbound"), log)
    _application(stream.sub("application"), log)
    _devices(stream.sub("devices"), log)
    _lookups(stream.sub("lookups"), log)
    _tasks(stream.sub("tasks"), log)
    _backup(stream.sub("backup"), log)
    _forwarders(stream.sub("forwarders"), log)
