"""Cases 1002 and 2002: a camera that starts to talk to many places, at a steady rhythm.

Both fetch a file over clear HTTP, then keep a heartbeat to one outside host for a day, try many
addresses within minutes and send one burst. What differs: the service on the port, who answers,
whether other cameras do the same, the file's source, and a change ticket.
"""

from __future__ import annotations

from agentgate_mcp.synth import host_logs, network_logs
from agentgate_mcp.synth.chance import Stream
from agentgate_mcp.synth.clock import HOUR, MINUTE, SECOND, at
from agentgate_mcp.synth.log import Log, spaced
from agentgate_mcp.synth.organisation import machine
from agentgate_mcp.synth.story import Brief, Story, Truth, finish

HOST = "cam-lobby-03"
RULES = ("Network - Periodic Outbound Connections", "Network - Device Contacting Many Destinations")
TITLE = "Camera with periodic outbound traffic and many destinations"

C2 = "203.0.113.45"
DROP_HOST = "198.51.100.66"
FLOOD_TARGET = "192.0.2.150"
VENDOR_CLOUD = "198.51.100.70"
VENDOR_FILES = "198.51.100.71"
HEARTBEATS, ATTEMPTS, BURST = 172, 112, 24


def _alerts(log: Log, when: int, partner: str) -> None:
    ip = machine(HOST).ip
    log.alert(
        when,
        host_logs.notable(
            rule=RULES[1],
            severity="medium",
            category="network",
            src=ip,
            dest=partner,
            msg=f"{HOST} tried more than 100 addresses within 10 minutes",
        ),
    )
    log.alert(
        when + 3 * HOUR,
        host_logs.notable(
            rule=RULES[0],
            severity="medium",
            category="network",
            src=ip,
            dest=partner,
            msg=f"{HOST} connects to {partner} at regular intervals",
        ),
    )


def _brief(case_id: str, start: int, partner: str) -> Brief:
    return Brief(
        case_id=case_id,
        title=TITLE,
        description=(
            f"{HOST} opens connections to one outside address at regular intervals and tried a large number of "
            "addresses within a few minutes. Decide whether the device is compromised."
        ),
        severity="high",
        category="command_and_control",
        created_at=start + 23 * HOUR + 20 * MINUTE,
        earliest=start,
        latest=start + 24 * HOUR,
        source="Splunk notable",
        entities={"host": (HOST,), "ip": (machine(HOST).ip, partner)},
    )


def botnet(stream: Stream) -> Story:
    """1002: the camera fetches a bot, joins an IRC channel, scans for Telnet and floods a site."""
    log, start, ip = Log("1002"), at("2026-11-18 06:00"), machine(HOST).ip
    fetch = start + 14 * MINUTE
    for step, (name, status, size) in enumerate((("arm6", 404, 512), ("arm7", 200, 84_616), ("sh", 200, 61_204))):
        moment, sport = fetch + step * 9 * SECOND, stream.port()
        log.add(
            moment,
            network_logs.http(
                src=ip,
                sport=sport,
                dst=DROP_HOST,
                site=DROP_HOST,
                path=f"/bins/lx.{name}",
                status=status,
                agent="Wget/1.19 (busybox)",
                out=148,
                back=size,
            ),
            key=status == 200,
        )
        log.add(
            moment - 400,
            network_logs.conn(
                src=ip, sport=sport, dst=DROP_HOST, dport=80, service="http", out=148, back=size, ms=900 + size // 60
            ),
        )
    for number, moment in enumerate(spaced(stream, start + 15 * MINUTE, HEARTBEATS, 8 * MINUTE, 18)):
        answered = not stream.chance(9)
        log.add(
            moment,
            network_logs.conn(
                src=ip,
                sport=stream.port(),
                dst=C2,
                dport=6667,
                service="irc" if answered and stream.chance(62) else "",
                state="SF" if answered else stream.pick(("S0", "RSTO", "S3")),
                out=stream.between(96, 214),
                back=stream.between(70, 350),
                ms=stream.between(1_200, 3_900),
            ),
            key=number in (0, 1, 40, 90, 150),
        )
    scan = start + 19 * HOUR
    for number, moment in enumerate(spaced(stream, scan, ATTEMPTS, 3 * SECOND, 60)):
        log.add(
            moment,
            network_logs.conn(
                src=ip,
                sport=stream.port(),
                dst=f"203.0.113.{100 + stream.below(150)}" if number % 2 else f"192.0.2.{100 + stream.below(150)}",
                dport=23 if stream.chance(78) else 2323,
                state="REJ" if stream.chance(14) else "S0",
            ),
            key=number in (0, 55, 111),
        )
    for moment in spaced(stream, start + 21 * HOUR + 2 * MINUTE, BURST, 700, 30):
        log.add(
            moment,
            network_logs.conn(
                src=ip,
                sport=stream.port(),
                dst=FLOOD_TARGET,
                dport=80,
                transport="udp",
                state="S0" if stream.chance(15) else "SF",
                out=stream.between(3_800_000, 5_200_000),
                ms=stream.between(2_000, 5_000),
            ),
            key=moment % 7 == 0,
        )
    _alerts(log, scan + 6 * MINUTE, C2)
    truth = Truth(
        verdict="malicious",
        twin="2002",
        techniques=("T1105", "T1071", "T1046", "T1498"),
        expected_targets={"isolate_host": (HOST,), "block_ip": (C2, DROP_HOST)},
        reason="IRC command channel, Telnet scan and flood after a download from a known malware host.",
    )
    return finish(_brief("1002", start, C2), truth, log)


def firmware(stream: Stream) -> Story:
    """2002: the vendor's firmware, its cloud heartbeat, a peer discovery and a video re-sync."""
    log, start, ip = Log("2002"), at("2026-11-15 18:00"), machine(HOST).ip
    fetch = start + 14 * MINUTE
    cameras = (ip, machine("cam-dock-01").ip, machine("cam-ward-07").ip)
    for step, camera in enumerate(cameras):
        moment, sport = fetch + step * 7 * MINUTE, stream.port()
        size = 8_412_160
        log.add(
            moment,
            network_logs.http(
                src=camera,
                sport=sport,
                dst=VENDOR_FILES,
                site="firmware.opticam.example",
                path="/oc4/4.2.18/oc4-4.2.18.img",
                agent="OptiCam-Updater/4.2",
                out=212,
                back=size,
            ),
            key=True,
        )
        log.add(
            moment - 400,
            network_logs.conn(
                src=camera, sport=sport, dst=VENDOR_FILES, dport=80, service="http", out=212, back=size, ms=41_000
            ),
        )
    for number, moment in enumerate(spaced(stream, start + 15 * MINUTE, HEARTBEATS, 8 * MINUTE, 18)):
        answered = not stream.chance(9)
        log.add(
            moment,
            network_logs.conn(
                src=ip,
                sport=stream.port(),
                dst=VENDOR_CLOUD,
                dport=8883,
                service="ssl" if answered and stream.chance(62) else "",
                state="SF" if answered else stream.pick(("S0", "RSTO", "S3")),
                out=stream.between(96, 214),
                back=stream.between(70, 350),
                ms=stream.between(1_200, 3_900),
            ),
            key=number in (0, 1, 40, 90, 150),
        )
    discovery = start + 19 * HOUR
    for number, moment in enumerate(spaced(stream, discovery, ATTEMPTS, 3 * SECOND, 60)):
        log.add(
            moment,
            network_logs.conn(
                src=ip,
                sport=stream.port(),
                dst=f"10.20.40.{50 + number}",
                dport=554 if stream.chance(78) else 80,
                state="REJ" if stream.chance(14) else "S0",
            ),
            key=number in (0, 55, 111),
        )
    for moment in spaced(stream, start + 21 * HOUR + 2 * MINUTE, BURST, 700, 30):
        log.add(
            moment,
            network_logs.conn(
                src=ip,
                sport=stream.port(),
                dst=machine("nvr01").ip,
                dport=5004,
                transport="udp",
                service="rtp",
                state="SF",
                out=stream.between(3_800_000, 5_200_000),
                back=stream.between(22_000, 31_000),
                ms=stream.between(2_000, 5_000),
            ),
            key=moment % 7 == 0,
        )
    _alerts(log, discovery + 6 * MINUTE, VENDOR_CLOUD)
    truth = Truth(
        verdict="benign",
        twin="1002",
        techniques=(),
        reason="Vendor firmware on three cameras under CHG-20498, TLS heartbeat to the vendor, local discovery.",
    )
    return finish(_brief("2002", start, VENDOR_CLOUD), truth, log)
