"""The event table: its columns, which of them are multivalue, and which indexes are internal."""

from __future__ import annotations

from typing import Final

STORE_VERSION: Final = 1
"""Part of a store's file name: a store of another layout is built anew, never migrated."""

EVENT_FIELDS: Final[tuple[str, ...]] = (
    "_time", "event_id", "index", "sourcetype", "source", "host", "action", "app", "bytes", "bytes_in", "bytes_out",
    "packets_in", "packets_out", "duration", "src", "src_ip", "src_port", "src_host", "dest", "dest_ip", "dest_port",
    "dest_host", "transport", "protocol", "service", "conn_state", "user", "src_user", "process", "process_name",
    "process_path", "parent_process_name", "process_hash", "file_name", "file_path", "file_hash", "query",
    "query_type", "answer", "reply_code", "url", "uri_path", "http_method", "http_user_agent", "status",
    "http_referrer", "sender", "recipient", "subject", "message_id", "signature", "signature_id", "severity",
    "category", "object", "command", "result", "reason", "registry_path", "ssl_server_name", "ssl_issuer", "msg",
    "_raw",
)  # fmt: skip
"""CIM names, in the order in which a row shows them. Any other field goes into the map column."""

REQUIRED: Final = ("_time", "event_id", "index", "sourcetype")

MULTIVALUE: Final = frozenset({"answer", "recipient"})
"""Fields that one event may hold several of; stored as VARCHAR[], shown plain when single."""

METADATA: Final = frozenset({"_time", "index", "sourcetype", "source", "_raw"})
"""Fields whose text a bare search term does not look at, unless `_raw` repeats it."""

SEQ: Final = "_seq"
"""Position in time order, unique: breaks ties so that every result has one order."""
EXTRA: Final = "_extra"
"""MAP(VARCHAR, VARCHAR) of the fields that have no column."""
MORE: Final = "_more"
"""Field values that `_raw` does not contain, one per line: searched with it by bare terms."""
MADE: Final = "_made"
"""True where the event came without `_raw` and one was made for it: searched like any other, but
shown only where a search asks for `_raw` by name, because it says nothing new."""


def column_type(field: str) -> str:
    """The SQL type of an event column."""
    if field == "_time":
        return "DOUBLE"
    return "VARCHAR[]" if field in MULTIVALUE else "VARCHAR"
