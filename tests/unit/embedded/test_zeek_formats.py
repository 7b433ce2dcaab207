"""Zeek logs as they are met: headers, labels, escapes, JSON dialects, damage."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgate_mcp.backends.embedded.store import open_telemetry
from agentgate_mcp.backends.embedded.zeek import LoadReport, load_zeek, read_zeek
from agentgate_mcp.backends.embedded.zeek_record import RowProblem, ZeekRow, is_label
from agentgate_mcp.errors import DataError

pytestmark = pytest.mark.req("zeek.formats")

NAMES = [
    "ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "service", "duration", "orig_bytes",
    "resp_bytes", "conn_state", "missed_bytes", "history", "orig_pkts", "orig_ip_bytes", "resp_pkts", "resp_ip_bytes",
]  # fmt: skip
TYPES = [
    "time", "string", "addr", "port", "addr", "port", "enum", "string", "interval", "count", "count", "string", "count",
    "string", "count", "count", "count", "count",
]  # fmt: skip
ROW = [
    "1545403816.962094", "CrDn63WjJEmrWGjqf", "10.0.0.5", "41040", "192.0.2.7", "80", "tcp", "-", "3.139211", "0", "12",
    "S0", "0", "S", "3", "180", "0", "0",
]  # fmt: skip


def header(
    names: Sequence[str] = (*NAMES, "tunnel_parents"),
    types: Sequence[str] = (*TYPES, "set[string]"),
    first: str = "#separator \\x09",
    path: str = "conn",
) -> str:
    lines = [
        first, "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", f"#path\t{path}",
        "#open\t2026-01-01-00-00-00", "#fields\t" + "\t".join(names), "#types\t" + "\t".join(types),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


COMBINED = header((*NAMES, "tunnel_parents   label   detailed-label"), (*TYPES, "set[string]   string   string"))
TABBED = header((*NAMES, "tunnel_parents", "label", "detailedlabel"), (*TYPES, "set[string]", "string", "string"))


def row(*rest: str, **changes: str) -> str:
    values = dict(zip(NAMES, ROW, strict=True)) | {k.replace("__", "."): v for k, v in changes.items()}
    return "\t".join([*values.values(), *rest])


def load(tmp_path: Path, text: str | bytes, name: str = "conn.log", *, strict: bool = False) -> LoadReport:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_zeek([path], tmp_path / "out" / "store.duckdb", strict=strict)


def events(report: LoadReport) -> list[dict[str, Any]]:
    """Every stored event as the fields it has."""
    store = open_telemetry(report.store)
    names = [str(n) for (n,) in store.rows("SELECT column_name FROM (DESCRIBE events)")]
    found = [dict(zip(names, values, strict=True)) for values in store.rows("SELECT * FROM events ORDER BY _seq")]
    store.close()
    return [{k: v for k, v in (e | (e["_extra"] or {})).items() if v is not None and k != "_extra"} for e in found]


def test_a_connection_becomes_an_event_with_cim_names(tmp_path: Path) -> None:
    (event,) = events(load(tmp_path, header() + row("-") + "\n#close\t2026-01-01-00-00-00\n"))
    event.pop("_more")
    assert event == {
        "_seq": 1, "_time": 1545403816.962094, "event_id": "conn-CrDn63WjJEmrWGjqf", "index": "network",
        "sourcetype": "zeek:conn", "source": "conn.log", "host": "zeek", "src": "10.0.0.5", "src_ip": "10.0.0.5",
        "src_port": "41040", "dest": "192.0.2.7", "dest_ip": "192.0.2.7", "dest_port": "80", "transport": "tcp",
        "duration": "3.139211", "bytes_out": "0", "bytes_in": "12", "bytes": "12", "packets_out": "3",
        "packets_in": "0", "conn_state": "S0", "uid": "CrDn63WjJEmrWGjqf", "missed_bytes": "0", "history": "S",
        "orig_ip_bytes": "180", "resp_ip_bytes": "0", "_raw": row("-"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("separator after a blank", header() + row("-") + "\n"),
        ("separator after a tab", header(first="#separator\t\\x09") + row("-") + "\n"),
        ("a tab before separator", header(first="\t#separator \\x09") + row("-") + "\n"),
        ("no newline at the end", header() + row("-")),
        ("no close line", header() + row("-") + "\n"),
        ("carriage returns", (header() + row("-") + "\n").replace("\n", "\r\n")),
        ("blank lines", header() + "\n\n" + row("-") + "\n\n"),
        ("a comment", header() + "# a remark\n" + row("-") + "\n"),
        ("comma separated", (header() + row("-")).replace("\t", ";").replace("\\x09", "\\x3b")),
        ("empty set", header() + row("(empty)")),
        ("combined, three parts", COMBINED + row("-   Malicious   C&C")),
        ("combined, empty set", COMBINED + row("(empty)   benign   -")),
        ("combined, no tunnel", COMBINED + row("Malicious   PartOfAHorizontalPortScan")),
        ("combined, blank tunnel", COMBINED + row("   Malicious   DDoS")),
        ("combined, label only", COMBINED + row("Benign")),
        ("combined, one tab too many", COMBINED + row("-", "Malicious   C&C")),
        ("tabs", TABBED + row("-", "Unknown", "-")),
        ("tabs, one too many", TABBED + row("-", "Malicious", "C&C", "HeartBeat")),
        ("tabs, one missing", TABBED + row("-", "Malicious")),
    ],
)
@pytest.mark.req("zeek.labels")
def test_every_form_of_one_row_gives_the_same_event(tmp_path: Path, label: str, text: str) -> None:
    plain = events(load(tmp_path / _made(tmp_path, "a"), header() + row("-")))
    found = events(load(tmp_path / _made(tmp_path, "b"), text, strict=True))
    for event in (*plain, *found):
        event.pop("_raw")
        event.pop("_more")
    assert found == plain, label


def _made(tmp_path: Path, name: str) -> str:
    (tmp_path / name).mkdir()
    return name


def test_the_text_of_an_event_has_no_label(tmp_path: Path) -> None:
    (event,) = events(load(tmp_path, COMBINED + row("CaJxA82D4HGxRzEgjc   Malicious   C&C")))
    assert event["_raw"] == row("CaJxA82D4HGxRzEgjc")
    assert event["tunnel_parents"] == "CaJxA82D4HGxRzEgjc"


@pytest.mark.req("zeek.labels")
@pytest.mark.parametrize("name", ["label", "Label", "detailed-label", "detailedlabel", "detailed_label", "labels"])
def test_label_names_are_known_in_every_spelling(name: str) -> None:
    assert is_label(name)
    assert not is_label("mpls_label_stack")
    assert not is_label("uid")


def test_unset_is_absent_zero_is_zero_and_a_literal_dash_is_a_value(tmp_path: Path) -> None:
    text = header() + row("-", duration="-", orig_bytes="-", resp_bytes="0", history="\\x2d", service="a\\x5cb\\x2c")
    (event,) = events(load(tmp_path, text))
    assert "duration" not in event
    assert "bytes_out" not in event
    assert "bytes" not in event
    assert (event["bytes_in"], event["history"], event["service"]) == ("0", "-", "a\\b,")


def test_escapes_that_are_no_text_stay_escaped(tmp_path: Path) -> None:
    (event,) = events(load(tmp_path, header() + row("-", history="\\xff\\x00", service="\\xc3\\xa9\\\\x41")))
    assert (event["history"], event["service"]) == ("\\xff\\x00", "é\\x41")


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "fe80::1c5c:213d:7cf8:890", "255.255.255.255", "2001:db8::7"])
def test_odd_addresses_are_addresses(tmp_path: Path, address: str) -> None:
    (event,) = events(load(tmp_path, header() + row("-", id__orig_h=address), strict=True))
    assert event["src"] == event["src_ip"] == address


def test_icmp_has_type_and_code_instead_of_ports(tmp_path: Path) -> None:
    (event,) = events(load(tmp_path, header() + row("-", proto="icmp", id__orig_p="143", id__resp_p="0")))
    assert (event["icmp_type"], event["icmp_code"]) == ("143", "0")
    assert "src_port" not in event
    assert "dest_port" not in event


@pytest.mark.parametrize(("state", "missed", "marked"), [("OTH", "0", True), ("SF", "11584", True), ("SF", "0", False)])
def test_a_connection_seen_from_the_middle_is_marked(tmp_path: Path, state: str, missed: str, marked: bool) -> None:
    (event,) = events(load(tmp_path, header() + row("-", conn_state=state, missed_bytes=missed)))
    assert (event.get("mid_stream") == "true") is marked


def test_rows_are_put_in_time_order_and_repeated_ids_are_told_apart(tmp_path: Path) -> None:
    text = header() + "\n".join(row("-", ts=ts) for ts in ("30.5", "10.25", "20"))
    found = events(load(tmp_path, text))
    assert [(e["_time"], e["event_id"]) for e in found] == [
        (10.25, "conn-CrDn63WjJEmrWGjqf#2"), (20.0, "conn-CrDn63WjJEmrWGjqf#3"), (30.5, "conn-CrDn63WjJEmrWGjqf"),
    ]  # fmt: skip


def test_logs_one_after_the_other_are_read_each_by_its_header(tmp_path: Path) -> None:
    names = ("ts", "uid", "query", "qtype_name", "answers", "rejected")
    dns = header(names, ("time", "string", "string", "string", "vector[string]", "bool"), path="dns")
    text = header() + row("-") + "\n" + dns + "2.0\tCx1\ta.example\tA\t192.0.2.1,a\\x2cb,-\tF\n"
    conn, lookup = events(load(tmp_path, text))[::-1]
    assert conn["sourcetype"] == "zeek:conn"
    assert (lookup["sourcetype"], lookup["event_id"], lookup["query"], lookup["query_type"], lookup["answer"],
            lookup["rejected"]) == ("zeek:dns", "dns-Cx1", "a.example", "A", ["192.0.2.1", "a,b"], "false")  # fmt: skip


def test_a_log_without_rows_is_an_empty_store(tmp_path: Path) -> None:
    report = load(tmp_path, header() + "#close\t2026-01-01-00-00-00\n")
    assert (report.rows, report.earliest, report.latest, events(report)) == (0, None, None, [])


CONN_JSON: dict[str, Any] = {
    "ts": 1575413096.052279, "uid": "CH53301MTU21BMj2Bj", "id.orig_h": "10.18.20.97", "id.orig_p": 49187,
    "id.resp_h": "10.18.20.8", "id.resp_p": 88, "proto": "tcp", "service": "krb_tcp", "duration": 0.5,
    "orig_bytes": 242, "resp_bytes": 283, "conn_state": "RSTR", "missed_bytes": 0, "local_orig": True,
}  # fmt: skip


def _json(tmp_path: Path, *records: object, name: str = "conn.log") -> list[dict[str, Any]]:
    return events(load(tmp_path, "".join(json.dumps(r) + "\n" for r in records), name, strict=True))


def test_json_dialects_give_the_same_event(tmp_path: Path) -> None:
    underscored = {k.replace(".", "_"): v for k, v in CONN_JSON.items()}
    nested = {k: v for k, v in CONN_JSON.items() if not k.startswith("id.")}
    nested["id"] = {k[3:]: v for k, v in CONN_JSON.items() if k.startswith("id.")}
    wanted = _json(tmp_path, CONN_JSON)[0]
    assert (wanted["src"], wanted["dest_port"], wanted["bytes"], wanted["local_orig"]) == (
        "10.18.20.97", "88", "525", "true",
    )  # fmt: skip
    others = [
        _json(tmp_path, underscored)[0],
        _json(tmp_path, nested)[0],
        _json(tmp_path, CONN_JSON | {"_path": "conn"}, name="stream.json.log")[0],
        _json(tmp_path, CONN_JSON | {"ts": "2019-12-03T22:44:56.052279Z"})[0],
        _json(tmp_path, CONN_JSON | {"label": "Malicious", "detailed-label": "C&C"})[0],
    ]
    for event in (wanted, *others):
        event.pop("_raw")
        event.pop("_more", None)
    assert others == [wanted] * 5


def test_a_combined_stream_names_log_and_sensor_per_row(tmp_path: Path) -> None:
    stream = [
        CONN_JSON | {"@stream": "conn", "@system": "sensor-7", "@proc": "zeek"},
        {"@stream": "weird", "ts": 1.5, "name": "ip_hdr_len_zero", "peer": "zeek"},
        {"@stream": "files", "ts": 2.5, "fuid": "FZ7", "tx_hosts": ["10.0.0.4"], "rx_hosts": ["10.0.1.6"],
         "source": "SMB", "filename": "a.ini", "md5": "aa", "sha1": "bb", "seen_bytes": 22},
    ]  # fmt: skip
    weird, files, conn = _json(tmp_path, *stream, name="combined_zeek.log")
    assert (conn["host"], conn["sourcetype"]) == ("sensor-7", "zeek:conn")
    assert (weird["signature"], weird["host"]) == ("ip_hdr_len_zero", "zeek")
    assert weird["event_id"].startswith("weird-")
    assert (files["src"], files["dest"], files["file_name"], files["file_hash"], files["bytes"], files["protocol"]) == (
        "10.0.0.4", "10.0.1.6", "a.ini", "bb", "22", "SMB",
    )  # fmt: skip


def test_relative_times_and_an_empty_service_are_kept_as_they_are(tmp_path: Path) -> None:
    (event,) = _json(tmp_path, CONN_JSON | {"ts": 0.25, "service": ""})
    assert event["_time"] == 0.25
    assert "service" not in event


@pytest.mark.parametrize(
    ("record", "url", "path"),
    [
        ({"host": "a.example", "uri": "/x?y=1", "id.resp_p": 80}, "http://a.example/x?y=1", "/x"),
        ({"host": "a.example", "uri": "/", "id.resp_p": 8080}, "http://a.example:8080/", "/"),
        ({"host": "a.example:8080", "uri": "/", "id.resp_p": 8080}, "http://a.example:8080/", "/"),
        ({"uri": "/z", "id.resp_p": 80, "id.resp_h": "2001:db8::1"}, "http://[2001:db8::1]/z", "/z"),
        (
            {"host": "p.example", "uri": "http://b.example/q", "id.resp_p": 3128},
            "http://b.example/q",
            "http://b.example/q",
        ),
    ],
)
def test_a_web_request_has_its_whole_address(tmp_path: Path, record: dict[str, Any], url: str, path: str) -> None:
    base = {"ts": 1.0, "uid": "C1", "id.orig_h": "10.0.0.1", "id.orig_p": 1, "id.resp_h": "192.0.2.1"}
    more = {"method": "GET", "user_agent": "x/1", "status_code": 200, "request_body_len": 0, "response_body_len": 5}
    (event,) = _json(tmp_path, base | more | record, name="http.log")
    assert (event["url"], event["uri_path"], event["http_method"], event["status"]) == (url, path, "GET", "200")
    assert (event["bytes_out"], event["bytes_in"], event["http_user_agent"]) == ("0", "5", "x/1")


@pytest.mark.req("R8")
def test_passwords_in_clear_are_never_stored(tmp_path: Path) -> None:
    names = ("ts", "uid", "user", "password", "command")
    ftp = header(names, ("time", "string", "string", "string", "string"), path="ftp")
    (event,) = events(load(tmp_path, ftp + "1.0\tC1\tanonymous\thunter2-secret\tPASV", "ftp.log"))
    (web,) = _json(tmp_path, {"ts": 1.0, "uid": "C1", "username": "u", "password": "hunter2-secret"}, name="http.log")
    assert "hunter2" not in repr(event) + repr(web)
    assert (event["user"], event["command"], web["user"]) == ("anonymous", "PASV", "u")


def test_fields_that_would_shadow_event_fields_keep_a_name_of_their_own(tmp_path: Path) -> None:
    (event,) = _json(tmp_path, CONN_JSON | {"index": "x", "host": "y", "event_id": "z", "sourcetype": "q"})
    assert (event["index"], event["zeek_index"], event["zeek_host"], event["zeek_event_id"]) == (
        "network",
        "x",
        "y",
        "z",
    )
    assert event["sourcetype"] == "zeek:conn"


def test_a_gzip_file_is_read_by_its_content_whatever_its_name(tmp_path: Path) -> None:
    assert len(events(load(tmp_path, gzip.compress((header() + row("-")).encode()), "conn.log"))) == 1


def test_a_folder_is_read_whole_and_other_files_in_it_are_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "conn.log").write_text(header() + row("-"), encoding="utf-8")
    (folder / "conn.2026-01-02.log.gz").write_bytes(gzip.compress((header() + row("-", uid="C2")).encode()))
    (folder / "notes.txt").write_text("nothing", encoding="utf-8")
    report = load_zeek([folder], tmp_path / "s.duckdb")
    assert (report.files, report.rows, dict(report.by_sourcetype)) == (2, 2, {"zeek:conn": 2})


# --- damage ------------------------------------------------------------------------------------

BAD_ROWS = [
    ("too few fields", row(), "expected 19 fields, got 18"),
    ("too many fields", row("-", "x"), "expected 19 fields, got 20"),
    ("no time", row("-", ts="-"), "ts: expected a time"),
    ("a time that is none", row("-", ts="soon"), "ts: expected epoch seconds"),
    ("an endless time", row("-", ts="inf"), "ts: expected a time in seconds"),
    ("no address", row("-", id__orig_h="300.1.1.1"), "id_orig_h: expected an IP address"),
    ("no port", row("-", id__resp_p="99999"), "id_resp_p: expected a port"),
    ("a negative count", row("-", orig_bytes="-5"), "orig_bytes: expected a count"),
    ("a hostile identifier", row("-", uid="x' OR 1=1"), "uid: expected an identifier"),
]


@pytest.mark.req("zeek.malformed", "R9")
@pytest.mark.parametrize(("text", "problem"), [(t, p) for _, t, p in BAD_ROWS], ids=[n for n, _, _ in BAD_ROWS])
def test_a_malformed_row_is_reported_and_skipped_or_refused(tmp_path: Path, text: str, problem: str) -> None:
    log = header() + row("-") + "\n" + text + "\n" + row("-", uid="C2") + "\n"
    report = load(tmp_path, log)
    assert (report.rows, report.skipped) == (2, 1)
    assert (report.problems[0].file, report.problems[0].line) == ("conn.log", 10)
    assert problem in report.problems[0].problem
    with pytest.raises(DataError) as caught:
        load(tmp_path, log, strict=True)
    assert (caught.value.file, caught.value.location) == ("conn.log", "line 10")


@pytest.mark.req("zeek.malformed", "R9")
@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"ts": 1.0, "uid"', "expected one JSON object"),
        ('{"ts": 1.0, "ts": 2.0}', "expected one JSON object"),
        ("[1]", "expected a JSON object, got list"),
        ('{"ts": 1.0, "_path": "../x"}', "expected the name of a Zeek log"),
        ('{"uid": "C1"}', "ts: expected a time, got none"),
        ('{"ts": 1.0, "id.orig_h": 5}', "id_orig_h: expected an IP address"),
        ('{"ts": 1.0, "id.orig_p": [1]}', "id_orig_p: expected a port"),
        ('{"ts": "2026-01-01T00:00:00"}', "ts: expected a time zone"),
    ],
)
def test_a_malformed_json_row_is_reported(tmp_path: Path, line: str, problem: str) -> None:
    report = load(tmp_path, json.dumps(CONN_JSON) + "\n" + line + "\n")
    assert (report.rows, report.skipped) == (1, 1)
    assert problem in report.problems[0].problem
    assert report.problems[0].line == 2


@pytest.mark.req("zeek.malformed", "R9")
@pytest.mark.parametrize(
    ("name", "content", "location"),
    [
        ("conn.log", b"", "line 1"),
        ("conn.log", b"hello\n", "line 1"),
        ("conn.log", b"#path\tconn\n1.0\tC1\n", "line 2"),
        ("conn.log", b"#fields\tts\tuid\n1.0\tC1\n", "line 2"),
        ("conn.log", b"#separator nonsense\n", "line 1"),
        ("conn.log", b"#path\t../etc\n", "line 1"),
        ("conn.log", b"#fields\tts\tts\n", "line 1"),
        ("conn.log", b"#fields\tts\tlabel\tuid\n", "line 1"),
        ("conn.log", b"#fields\tts\tuid\n#types\ttime\n", "line 2"),
        ("stream.json", b'{"ts": 1.0}\n', "line 1"),
        ("conn.log", b"\x1f\x8b" + b"junk" * 20, "line 1"),
        ("conn.log", b"#" * 1_200_000, "line 1"),
    ],
)
def test_a_file_that_is_no_zeek_log_is_refused_with_its_line(
    tmp_path: Path, name: str, content: bytes, location: str
) -> None:
    with pytest.raises(DataError) as caught:
        load(tmp_path, content, name)
    assert (caught.value.file, caught.value.location) == (name, location)
    assert not (tmp_path / "out" / "store.duckdb").exists()
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.req("zeek.malformed", "R9")
def test_a_cut_off_gzip_file_is_refused_and_the_earlier_store_stays(tmp_path: Path) -> None:
    whole = gzip.compress((header() + "\n".join(row("-", uid=f"C{n}") for n in range(500))).encode())
    report = load(tmp_path, header() + row("-"))
    with pytest.raises(DataError, match="whole gzip file"):
        load(tmp_path, whole[: len(whole) // 2], "conn.log.gz")
    assert len(events(report)) == 1


@pytest.mark.req("zeek.malformed")
def test_a_report_lists_the_first_hundred_problems_and_counts_all(tmp_path: Path) -> None:
    report = load(tmp_path, header() + "\n".join(["x"] * 250))
    assert (report.rows, report.skipped, len(report.problems)) == (0, 250, 100)


@pytest.mark.req("zeek.malformed")
def test_a_missing_file_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "conn.log", tmp_path):
        with pytest.raises(DataError):
            load_zeek([path], tmp_path / "s.duckdb")


@pytest.mark.req("zeek.malformed", "zeek.labels")
@settings(max_examples=150)
@given(st.binary(max_size=300), st.sampled_from([b"", header().encode(), COMBINED.encode(), TABBED.encode(), b"{"]))
def test_any_bytes_give_rows_problems_or_a_clean_refusal(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, start: bytes
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "conn.log"
    path.write_bytes(start + content)
    try:
        found = list(read_zeek(path))
    except DataError:
        return
    assert all(isinstance(item, ZeekRow | RowProblem) for item in found)
    assert not any(is_label(name) for item in found if isinstance(item, ZeekRow) for name in item.fields)
