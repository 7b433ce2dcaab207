"""One telemetry event in the flat schema that every backend and the investigation share."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from agentgate_mcp.synth.clock import epoch_text

FIELDS: Final[tuple[str, ...]] = (
    "_time", "event_id", "index", "sourcetype", "source", "host", "action", "app", "bytes", "bytes_in", "bytes_out",
    "packets_in", "packets_out", "duration", "src", "src_ip", "src_port", "src_host", "dest", "dest_ip", "dest_port",
    "dest_host", "transport", "protocol", "service", "conn_state", "user", "src_user", "process", "process_name",
    "process_path", "parent_process_name", "process_hash", "file_name", "file_path", "file_hash", "query",
    "query_type", "answer", "reply_code", "url", "uri_path", "http_method", "http_user_agent", "status",
    "http_referrer", "sender", "recipient", "subject", "message_id", "signature", "signature_id", "severity",
    "category", "object", "command", "result", "reason", "registry_path", "ssl_server_name", "ssl_issuer", "msg",
    "_raw",
)  # fmt: skip
"""Every field an event may have; values are text, `_time` is epoch seconds. Absent means not set."""

_RANK: Final = {name: rank for rank, name in enumerate(FIELDS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event. ``at`` is epoch milliseconds; ``fields`` holds all but `_time` and `event_id`."""

    at: int
    event_id: str
    fields: dict[str, str]

    def line(self) -> str:
        """The event as one JSON line, fields in schema order, time with three decimals."""
        ordered = sorted(self.fields.items(), key=lambda item: _RANK[item[0]])
        rest = "".join(f",{json.dumps(name)}:{json.dumps(value, ensure_ascii=False)}" for name, value in ordered)
        return f'{{"_time":{epoch_text(self.at)},"event_id":{json.dumps(self.event_id)}{rest}}}'


@dataclass(slots=True, kw_only=True)
class Draft:
    """An event before it is numbered; ``key`` marks one that an analyst would cite."""

    at: int
    fields: dict[str, str]
    key: bool = False
    alert: bool = False
