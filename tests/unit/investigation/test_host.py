"""One machine of a network capture: public captures, and rows made for the purpose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentgate_mcp.backends.embedded import open_embedded
from agentgate_mcp.backends.embedded.zeek import load_zeek
from agentgate_mcp.permits import PermitBook
from investigation.host import investigate_host
from investigation.report.check import problems
from investigation.report.markdown import render_markdown
from tests.unit.investigation.driver import NOW, ROOT, Drive, options

pytestmark = pytest.mark.req("invest.capture")
FIELDS = (
    "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state local_orig "
    "local_resp missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes"
).split()
TYPES = (
    "time string addr port addr port enum string interval count count string bool bool count string "
    "count count count count"
).split()
HEADER = "\n".join(
    (
        "#separator \\x09",
        "#set_separator\t,",
        "#empty_field\t(empty)",
        "#unset_field\t-",
        "#path\tconn",
        "\t".join(("#fields", *FIELDS)),
        "\t".join(("#types", *TYPES)),
        "",
    )
)


@pytest.fixture
def judged(tmp_path: Path) -> Callable[..., tuple[dict[str, Any], Drive]]:
    """Loads a log and judges its busiest machine."""

    def judge(log: Path, host: str = "") -> tuple[dict[str, Any], Drive]:
        store = tmp_path / "capture.duckdb"
        load_zeek([log], store)
        drive = Drive(open_embedded(ROOT / "data", tmp_path / "state", PermitBook(), lambda: NOW, telemetry=store))
        return drive.run(investigate_host(host, options())), drive

    return judge


@pytest.mark.parametrize(
    ("capture", "host", "verdict", "command_server"),
    [
        ("CTU-Honeypot-Capture-4-1", "192.168.1.132", "benign", ""),
        ("CTU-Honeypot-Capture-5-1", "192.168.2.3", "benign", ""),
        ("CTU-IoT-Malware-Capture-20-1", "192.168.100.103", "malicious", "66.85.157.90"),
        ("CTU-IoT-Malware-Capture-34-1", "192.168.1.195", "malicious", "185.244.25.235"),
        ("CTU-IoT-Malware-Capture-44-1", "192.168.1.199", "malicious", "46.101.251.172"),
    ],
)
def test_a_public_capture_is_judged_without_its_labels(
    corpora: Path, judged: Callable[..., Any], capture: str, host: str, verdict: str, command_server: str
) -> None:
    result, drive = judged(corpora / "iot23" / f"{capture}.conn.log.labeled.gz")
    assert (result["case_id"], result["verdict"]) == (f"host-{host}", verdict)
    assert command_server in [i["value"] for i in result["indicators"]][:3] or not command_server
    assert problems(result, drive.seen) == []
    assert result["actions"] == []
    assert f"host-{host}" in render_markdown(result)


def _flow(number: int, dest: str, port: int, service: str, state: str, out: str = "100", back: str = "100") -> str:
    at = 1_545_403_816 + number * 60
    return "\t".join(
        (f"{at}.000000", f"C{number:04d}", "192.168.1.9", str(40_000 + number), dest, str(port), "tcp", service,
         "1.0", out, back, state, "-", "-", "0", "ShADadFf", "4", "300", "4", "300")
    )  # fmt: skip


def test_a_device_that_only_talks_tls_is_not_malicious(tmp_path: Path, judged: Callable[..., Any]) -> None:
    log = tmp_path / "conn.log"
    log.write_text(HEADER + "\n".join(_flow(n, "203.0.113.9", 443, "ssl", "SF") for n in range(60)) + "\n", "utf-8")
    result, _ = judged(log)
    assert result["verdict"] == "benign"


def test_chat_and_dogged_retries_make_a_machine_malicious(tmp_path: Path, judged: Callable[..., Any]) -> None:
    log = tmp_path / "conn.log"
    rows = [
        _flow(n, "203.0.113.9", 6667, "irc" if n % 3 == 0 else "-", "SF" if n % 3 == 0 else "S0") for n in range(60)
    ]
    log.write_text(HEADER + "\n".join(rows) + "\n", "utf-8")
    result, _ = judged(log)
    assert result["verdict"] == "malicious"
    assert [i["value"] for i in result["indicators"]] == ["203.0.113.9"]


def test_a_machine_that_is_not_in_the_capture_is_said_to_be_missing(tmp_path: Path, judged: Callable[..., Any]) -> None:
    log = tmp_path / "conn.log"
    log.write_text(HEADER + _flow(1, "203.0.113.9", 443, "ssl", "SF") + "\n", "utf-8")
    result, _ = judged(log, "192.168.1.77")
    assert result["verdict"] == "inconclusive"
    assert result["stages"][-1]["reason"] == "no telemetry was found in the case window"
