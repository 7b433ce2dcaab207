"""Field sets of the network sensors: Zeek connections, DNS, HTTP, TLS, and the web proxy.

`bytes_out` is what ``src`` sent and `bytes_in` what it got back, whoever started the connection.
"""

from __future__ import annotations

from functools import cache

from agentgate_mcp.synth.clock import seconds_text
from agentgate_mcp.synth.organisation import machines

Fields = dict[str, str]

SENSOR = "zeek01"
RESOLVER = "10.20.1.53"
_FAILED = frozenset({"S0", "REJ", "RSTOS0", "RSTRH", "SH"})


@cache
def host_names() -> dict[str, str]:
    """Asset name by address."""
    return {machine.ip: machine.name for machine in machines().values()}


def _ends(src: str, sport: int, dst: str, dport: int) -> Fields:
    fields = {
        "src": src, "src_ip": src, "src_port": str(sport), "dest": dst, "dest_ip": dst, "dest_port": str(dport),
    }  # fmt: skip
    names = host_names()
    if src in names:
        fields["src_host"] = names[src]
    if dst in names:
        fields["dest_host"] = names[dst]
    return fields


def conn(
    *,
    src: str,
    sport: int,
    dst: str,
    dport: int,
    transport: str = "tcp",
    service: str = "",
    state: str = "SF",
    out: int = 0,
    back: int = 0,
    ms: int = 0,
) -> Fields:
    """One connection. ``out`` and ``back`` are bytes, ``ms`` its duration. An attempt that was
    never answered (`S0`) has neither, as with the real sensor."""
    fields = {"index": "network", "sourcetype": "zeek:conn", "host": SENSOR, **_ends(src, sport, dst, dport)}
    fields |= {"transport": transport, "conn_state": state, "action": "blocked" if state in _FAILED else "allowed"}
    if service:
        fields["service"] = service
    if state != "S0":
        fields |= {
            "bytes_in": str(back),
            "bytes_out": str(out),
            "duration": seconds_text(ms),
            "packets_out": str(1 + out // 1100 + (2 if transport == "tcp" else 0)),
            "packets_in": str((1 + back // 1100 + (1 if transport == "tcp" else 0)) if back else 0),
        }
    else:
        fields |= {"packets_out": "1", "packets_in": "0"}
    return fields


def dns(
    *,
    src: str,
    sport: int,
    query: str,
    answer: str = "",
    qtype: str = "A",
    rcode: str = "NOERROR",
    dst: str = RESOLVER,
) -> Fields:
    """One DNS transaction with the resolver."""
    fields = {"index": "network", "sourcetype": "zeek:dns", "host": SENSOR, **_ends(src, sport, dst, 53)}
    fields |= {"transport": "udp", "query": query, "query_type": qtype, "reply_code": rcode}
    if answer:
        fields["answer"] = answer
    return fields


def http(
    *,
    src: str,
    sport: int,
    dst: str,
    site: str,
    path: str,
    method: str = "GET",
    status: int = 200,
    agent: str,
    out: int,
    back: int,
    dport: int = 80,
    referrer: str = "",
) -> Fields:
    """One clear-text (or inspected) HTTP request; ``site`` is the host header."""
    scheme = "https" if dport == 443 else "http"
    fields = {"index": "network", "sourcetype": "zeek:http", "host": SENSOR, **_ends(src, sport, dst, dport)}
    fields |= {
        "http_method": method,
        "url": f"{scheme}://{site}{path}",
        "uri_path": path.partition("?")[0],
        "http_user_agent": agent,
        "status": str(status),
        "bytes_out": str(out),
        "bytes_in": str(back),
    }
    if referrer:
        fields["http_referrer"] = referrer
    return fields


def ssl(*, src: str, sport: int, dst: str, name: str, issuer: str, dport: int = 443) -> Fields:
    """One TLS handshake with its server name and issuer; an empty name means none was sent."""
    fields = {"index": "network", "sourcetype": "zeek:ssl", "host": SENSOR, **_ends(src, sport, dst, dport)}
    fields |= {"transport": "tcp", "service": "ssl", "ssl_issuer": issuer}
    if name:
        fields["ssl_server_name"] = name
    return fields


def proxy(
    *,
    src: str,
    user: str,
    url: str,
    dst: str,
    category: str,
    agent: str,
    out: int,
    back: int,
    method: str = "GET",
    status: int = 200,
    action: str = "allowed",
    referrer: str = "",
) -> Fields:
    """One line of the web proxy's access log; ``dst`` is the server's address."""
    fields = {"index": "proxy", "sourcetype": "proxy:access", "host": "proxy01", "src": src, "src_ip": src}
    names = host_names()
    if src in names:
        fields["src_host"] = names[src]
    fields |= {
        "dest": dst,
        "dest_ip": dst,
        "user": user,
        "url": url,
        "http_method": method,
        "status": str(status),
        "http_user_agent": agent,
        "bytes_out": str(out),
        "bytes_in": str(back),
        "category": category,
        "action": action,
    }
    if referrer:
        fields["http_referrer"] = referrer
    return fields
