"""Zeek rows as events of the one schema (CIM names); what has no CIM name keeps its own.

Directions follow CIM: `bytes_out` is what the originator sent. For ICMP Zeek's ports are type
and code and are kept as such. A connection whose start was not seen (state OTH, or missed bytes)
is marked `mid_stream`: its direction and service are not to be relied on.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final

from agentgate_mcp.backends.embedded.schema import EVENT_FIELDS
from agentgate_mcp.backends.embedded.zeek_json import SENSOR
from agentgate_mcp.backends.embedded.zeek_record import MalformedRow, Value, ZeekRow

_COMMON: Final[Mapping[str, str]] = {
    "id_orig_h": "src_ip", "id_orig_p": "src_port", "id_resp_h": "dest_ip", "id_resp_p": "dest_port",
    "proto": "transport", SENSOR: "host",
}  # fmt: skip
_OWN: Final[Mapping[str, Mapping[str, str]]] = {
    "conn": {
        "service": "service", "duration": "duration", "conn_state": "conn_state", "orig_bytes": "bytes_out",
        "resp_bytes": "bytes_in", "orig_pkts": "packets_out", "resp_pkts": "packets_in",
    },
    "dns": {"query": "query", "qtype_name": "query_type", "answers": "answer", "rcode_name": "reply_code"},
    "http": {
        "method": "http_method", "user_agent": "http_user_agent", "status_code": "status", "status_msg": "reason",
        "referrer": "http_referrer", "host": "dest_host", "request_body_len": "bytes_out",
        "response_body_len": "bytes_in", "username": "user",
    },
    "ssl": {"server_name": "ssl_server_name", "issuer": "ssl_issuer", "issuer_subject": "ssl_issuer"},
    "files": {"filename": "file_name", "source": "protocol", "seen_bytes": "bytes", "duration": "duration"},
    "smtp": {
        "mailfrom": "sender", "rcptto": "recipient", "subject": "subject", "msg_id": "message_id", "last_reply": "msg",
    },
    "notice": {"note": "signature", "msg": "msg"},
    "weird": {"name": "signature", "addl": "msg"},
    "kerberos": {"client": "user", "service": "object", "error_msg": "reason", "success": "result"},
    "dce_rpc": {"endpoint": "service", "operation": "command", "named_pipe": "object"},
    "smb_files": {"name": "file_name", "path": "file_path", "action": "action"},
    "smb_mapping": {"path": "file_path", "service": "service"},
    "dhcp": {"client_addr": "src_ip", "assigned_ip": "src_ip", "server_addr": "dest_ip", "host_name": "src_host"},
    "ftp": {"user": "user", "command": "command", "arg": "object", "reply_code": "reply_code", "reply_msg": "msg"},
    "x509": {"certificate_subject": "object", "certificate_issuer": "ssl_issuer"},
    "dpd": {"analyzer": "protocol", "failure_reason": "reason"},
}  # fmt: skip
_KNOWN: Final = frozenset(EVENT_FIELDS)
_IDS: Final = ("uid", "fuid", "id", "uids")
_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_ADDRESSES: Final = ("id_orig_h", "id_resp_h")
_PORTS: Final = ("id_orig_p", "id_resp_p")
_COUNTS: Final = (
    "orig_bytes", "resp_bytes", "orig_pkts", "resp_pkts", "orig_ip_bytes", "resp_ip_bytes", "missed_bytes",
    "request_body_len", "response_body_len", "status_code", "seen_bytes", "total_bytes",
)  # fmt: skip
_COUNT: Final = re.compile(r"[0-9]{1,20}")


def to_event(row: ZeekRow) -> tuple[float, dict[str, Value]]:
    """(epoch seconds, fields) of one row. Raises: MalformedRow naming the field."""
    given = row.fields
    at = _seconds(given.get("ts"))
    _check(given)
    own = _OWN.get(row.log, {})
    fields: dict[str, Value] = {
        "event_id": f"{row.log}-{_identity(row)}",
        "index": "network",
        "sourcetype": f"zeek:{row.log}",
        "source": f"{row.log}.log",
        "host": "zeek",
    }
    for name, value in given.items():
        if name == "ts":
            continue
        target = own.get(name) or _COMMON.get(name)
        if target is None:
            target = f"zeek_{name}" if name in _KNOWN else name
        if isinstance(value, list) and target not in ("answer", "recipient"):
            value = ",".join(value)
        fields[target] = value
    _derive(row, fields)
    fields["_raw"] = row.raw
    return at, fields


def _derive(row: ZeekRow, fields: dict[str, Value]) -> None:
    if row.log == "files":
        _first(row.fields, "tx_hosts", fields, "src_ip")
        _first(row.fields, "rx_hosts", fields, "dest_ip")
        for name in ("sha256", "sha1", "md5"):
            _first(row.fields, name, fields, "file_hash")
    for end in ("src", "dest"):
        if f"{end}_ip" in fields:
            fields[end] = fields[f"{end}_ip"]
    if fields.get("transport") == "icmp":
        for port, meaning in (("src_port", "icmp_type"), ("dest_port", "icmp_code")):
            if port in fields:
                fields[meaning] = fields.pop(port)
    if row.log in ("conn", "http"):
        sent, received = fields.get("bytes_out"), fields.get("bytes_in")
        if isinstance(sent, str) and isinstance(received, str):
            fields["bytes"] = str(int(sent) + int(received))
    if row.log == "conn" and (fields.get("conn_state") == "OTH" or row.fields.get("missed_bytes", "0") != "0"):
        fields["mid_stream"] = "true"
    if row.log == "http":
        _web_address(row.fields, fields)


def _web_address(given: Mapping[str, Value], fields: dict[str, Value]) -> None:
    uri, host, port = (given.get(name) for name in ("uri", "host", "id_resp_p"))
    if not isinstance(uri, str):
        return
    fields.pop("uri", None)
    fields["uri_path"] = uri.partition("?")[0]
    if "://" in uri[:12]:
        fields["url"] = uri
        return
    where = host if isinstance(host, str) else str(fields.get("dest_ip", ""))
    if ":" in where and where.count(":") > 1 and not where.startswith("["):
        where = f"[{where}]"
    suffix = "" if port in (None, "80") or re.search(r":[0-9]+$", where) else f":{port}"
    fields["url"] = f"http://{where}{suffix}{uri}"


def _first(given: Mapping[str, Value], name: str, fields: dict[str, Value], target: str) -> None:
    value = given.get(name)
    if value and target not in fields:
        fields[target] = value[0] if isinstance(value, list) else value


def _identity(row: ZeekRow) -> str:
    """Zeek's own id of the row, or a digest of its text where it has none."""
    for name in _IDS:
        value = row.fields.get(name)
        text = value[0] if isinstance(value, list) and value else value
        if isinstance(text, str) and text:
            if not _ID.fullmatch(text):
                raise MalformedRow(f"{name}: expected an identifier of letters and digits")
            return text
    return hashlib.sha256(row.raw.encode()).hexdigest()[:16]


def _seconds(value: Value | None) -> float:
    if not isinstance(value, str):
        raise MalformedRow("ts: expected a time, got none")
    try:
        at = float(value)
    except ValueError:
        at = _iso(value)
    if not math.isfinite(at) or abs(at) > 1e11:
        raise MalformedRow("ts: expected a time in seconds")
    return at


def _iso(value: str) -> float:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise MalformedRow("ts: expected epoch seconds or ISO 8601") from None
    if moment.tzinfo is None:
        raise MalformedRow("ts: expected a time zone")
    return moment.timestamp()


def _check(given: Mapping[str, Value]) -> None:
    for name in _ADDRESSES:
        value = given.get(name)
        if value is not None and not (isinstance(value, str) and _is_address(value)):
            raise MalformedRow(f"{name}: expected an IP address")
    for name in _PORTS:
        value = given.get(name)
        if value is not None and not (isinstance(value, str) and _COUNT.fullmatch(value) and int(value) < 65536):
            raise MalformedRow(f"{name}: expected a port")
    for name in _COUNTS:
        value = given.get(name)
        if value is not None and not (isinstance(value, str) and _COUNT.fullmatch(value)):
            raise MalformedRow(f"{name}: expected a count")


@lru_cache(maxsize=65_536)
def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
