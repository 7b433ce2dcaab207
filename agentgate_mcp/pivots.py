"""The searches behind the telemetry tools: which fields hold a kind of value, and what to group by.

Grouping drops events that lack a grouping field (as Splunk's `stats … by` does), so each index is
grouped by fields that all of its events carry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agentgate_mcp.errors import ArgumentError
from agentgate_mcp.spl.build import Condition, all_of, any_of, field_equals, field_matches


@dataclass(frozen=True, slots=True, kw_only=True)
class Pivot:
    """One index: fields that may hold the value, and fields to group by."""

    index: str
    fields: tuple[str, ...]
    by: tuple[str, ...]
    sums: tuple[str, ...] = ()
    sourcetype: str = ""


_FLOW = ("bytes_out", "bytes_in")
_CONN = Pivot(
    index="network",
    sourcetype="zeek:conn",
    fields=("src", "dest"),
    by=("src", "dest", "dest_port", "transport"),
    sums=_FLOW,
)
_DNS_CLIENT = Pivot(index="network", sourcetype="zeek:dns", fields=("src",), by=("src", "query", "query_type"))
_NOTABLE = Pivot(index="notable", fields=("src", "dest"), by=("source", "src", "dest"))
PIVOTS: Mapping[str, tuple[Pivot, ...]] = {
    "ip": (
        _CONN,
        _DNS_CLIENT,
        Pivot(index="network", sourcetype="zeek:http", fields=("src", "dest"), by=("src", "dest", "url", "status")),
        Pivot(index="network", sourcetype="zeek:ssl", fields=("src", "dest"), by=("src", "dest", "ssl_server_name")),
        Pivot(index="auth", fields=("src",), by=("sourcetype", "src", "user", "action")),
        Pivot(index="proxy", fields=("src", "dest"), by=("src", "dest", "url"), sums=_FLOW),
        Pivot(index="cloud", fields=("src",), by=("src", "user", "command")),
        _NOTABLE,
    ),
    "host": (
        Pivot(index="endpoint", fields=("host", "dest"), by=("sourcetype", "host", "user", "process_name")),
        Pivot(index="auth", fields=("host", "dest", "src_host"), by=("sourcetype", "src", "user", "action")),
        Pivot(
            index="network", sourcetype="zeek:conn", fields=("src_host", "dest_host"), by=("src", "dest", "dest_port")
        ),
        _NOTABLE,
    ),
    "user": (
        Pivot(index="auth", fields=("user", "src_user"), by=("sourcetype", "src", "user", "action")),
        Pivot(index="endpoint", fields=("user",), by=("host", "user", "process_name")),
        Pivot(index="proxy", fields=("user",), by=("src", "user", "dest", "url"), sums=_FLOW),
        Pivot(index="cloud", fields=("user",), by=("src", "user", "command")),
    ),
    "url": (
        Pivot(index="proxy", fields=("url",), by=("src", "user", "url", "status"), sums=_FLOW),
        Pivot(index="network", sourcetype="zeek:http", fields=("url",), by=("src", "dest", "url", "status")),
    ),
    "hash": (
        Pivot(index="endpoint", sourcetype="sysmon", fields=("process_hash",), by=("host", "user", "process_name")),
        Pivot(index="endpoint", sourcetype="edr:file", fields=("file_hash",), by=("host", "user", "file_name")),
    ),
    "email": (Pivot(index="email", fields=("sender", "recipient"), by=("sender", "recipient", "subject", "action")),),
    "process": (Pivot(index="endpoint", fields=("process_name",), by=("host", "user", "process_name")),),
}


def pivot_searches(kind: str, value: str, row_limit: int) -> tuple[str, ...]:
    """The SPL of a pivot on ``value``. Raises: ArgumentError for a value SPL cannot say literally."""
    if kind == "domain":
        return _domain_searches(value, row_limit)
    pivots = PIVOTS.get(kind)
    if pivots is None:
        raise ArgumentError("kind", f"one of {', '.join(sorted(PIVOTS))}, domain", repr(kind))
    return tuple(_grouped(p, any_of([field_equals(f, value) for f in p.fields]), row_limit) for p in pivots)


def event_search(index: str, filters: Mapping[str, str]) -> str:
    """The SPL of an event search. ``*`` in a filter's value is a wildcard, as it is in SPL."""
    conditions = [field_matches("index", index), *(field_matches(f, v) for f, v in sorted(filters.items()))]
    return f"search {all_of(conditions)}"


def _domain_searches(domain: str, row_limit: int) -> tuple[str, ...]:
    """Who resolved, visited or connected to a domain and what lies below it."""
    name = domain.strip().rstrip(".").lower()
    if not name or "*" in name or "/" in name:
        raise ArgumentError("domain", "a domain name without wildcard or path", repr(domain[:40]))

    def at_or_below(field: str) -> Condition:
        return any_of([field_equals(field, name), field_matches(field, f"*.{name}")])

    dns = Pivot(index="network", sourcetype="zeek:dns", fields=(), by=("src", "query", "query_type"))
    tls = Pivot(index="network", sourcetype="zeek:ssl", fields=(), by=("src", "dest", "ssl_server_name"))
    proxy = Pivot(index="proxy", fields=(), by=("src", "user", "url"), sums=_FLOW)
    mail = Pivot(index="email", fields=(), by=("sender", "recipient", "subject", "action"))
    visited = any_of([field_matches("url", f"*://{name}*"), field_matches("url", f"*://*.{name}*")])
    return (
        _grouped(dns, at_or_below("query"), row_limit),
        _grouped(tls, at_or_below("ssl_server_name"), row_limit),
        _grouped(proxy, visited, row_limit),
        _grouped(mail, any_of([field_matches("sender", f"*@{name}"), field_matches("sender", f"*.{name}")]), row_limit),
    )


def _grouped(pivot: Pivot, condition: Condition, row_limit: int) -> str:
    scope: list[Condition] = [field_equals("index", pivot.index)]
    if pivot.sourcetype:
        scope.append(field_equals("sourcetype", pivot.sourcetype))
    return f"search {all_of([*scope, condition])} | {_stats(pivot.by, pivot.sums)} | sort - count | head {row_limit}"


def _stats(by: Sequence[str], sums: Sequence[str]) -> str:
    totals = "".join(f" sum({s}) as {s}" for s in sums)
    return f"stats count min(_time) as first_seen max(_time) as last_seen{totals} by {' '.join(by)}"
