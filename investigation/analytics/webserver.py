"""Web servers: probing, uploads that run, programs under the server's process."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from urllib.parse import unquote_plus

from investigation.dossier import Dossier
from investigation.evidence import Evidence, found
from investigation.rows import Row, at, is_outside, text

PROBE = re.compile(
    r"union\s+select|'\s*or\s*'|\.\./|/etc/passwd|win\.ini|web\.config|<script|/\.git/|/\.env|phpmyadmin|/trace\.axd|\$\{jndi:|"
    r"cmd\.exe|/wp-login|xp_cmdshell|sleep\(\d",
    re.I,
)
PAGES = (".aspx", ".ashx", ".asp", ".php", ".jsp", ".jspx", ".cgi")
WORKERS = frozenset({"w3wp.exe", "httpd", "apache2", "nginx", "php-fpm", "tomcat.exe", "java.exe"})
SHELLS = re.compile(r"^(?:cmd|powershell|pwsh|wscript|cscript|mshta|rundll32|bash|sh)(?:\.exe)?\b", re.I)
FETCHERS = re.compile(
    r"(?:certutil\S*\s.*-urlcache|bitsadmin\S*\s.*/transfer|curl\S*\s.*https?:|wget\S*\s|invoke-webrequest)", re.I
)
URL = re.compile(r"https?://([^/\s:\"']+)", re.I)
MIN_PROBES = 20
WRITE_SPAN = 30.0


def run(d: Dossier) -> list[Evidence]:
    """All signals of this kind for the case."""
    requests = [*d.rows("http-outside"), *d.rows("http")]
    coming = [r for r in {text(r, "event_id"): r for r in requests}.values() if text(r, "dest") in _servers(d)]
    return [*_probes(d, coming), *_uploads(d, coming), *_executions(d)]


def _servers(d: Dossier) -> frozenset[str]:
    web = (text(r, "address") for r in d.lookup("asset_inventory") if "internet-facing" in text(r, "tags").split())
    return frozenset((*d.inside, *web))


def _probes(d: Dossier, coming: Sequence[Row]) -> list[Evidence]:
    out: list[Evidence] = []
    by_source: dict[str, list[Row]] = defaultdict(list)
    for row in coming:
        if is_outside(text(row, "src")) and PROBE.search(unquote_plus(text(row, "url"))):
            by_source[text(row, "src")].append(row)
    booked = {text(r, "address"): r for r in d.lookup("approved_scanners")}
    for src, rows in sorted(by_source.items()):
        if len(rows) < MIN_PROBES:
            continue
        said = f"{src} sent {len(rows)} requests such as an attacker would try, for example {text(rows[0], 'url')}"
        source = d.set_of(rows[0], "http-outside", "http")
        if src in booked:
            out += found("web.probes", said, rows, source)
            said = f"{src} is listed for {text(booked[src], 'purpose')} of {text(booked[src], 'owner')}"
            out += found("web.booked", said, rows, source)
        else:
            out += found("web.probes", said, rows, source, (("ip", src),))
    return out


def _uploads(d: Dossier, coming: Sequence[Row]) -> list[Evidence]:
    posts = [r for r in coming if text(r, "http_method") == "POST" and is_outside(text(r, "src"))]
    written = [
        r for r in d.rows("endpoint") if text(r, "action") == "created" and text(r, "process_name").lower() in WORKERS
        and text(r, "file_path").lower().endswith(PAGES)
    ]  # fmt: skip
    out: list[Evidence] = []
    for page in written:
        taken = [
            r for r in posts if text(r, "status").startswith("2") and 0 <= at(page) - at(r) <= WRITE_SPAN
        ]  # fmt: skip
        called = [r for r in coming if text(r, "uri_path").lower().endswith("/" + text(page, "file_name").lower())]
        if not taken and not called:
            continue
        src = text((taken or called)[0], "src")
        said = (
            f"An upload from {src} was taken and {text(page, 'process_name')} wrote {text(page, 'file_path')} on "
            f"{text(page, 'host')}; the page was requested {len(called)} times"
        )
        guilty = [("ip", src), ("host", text(page, "host")), ("hash", text(page, "file_hash"))]
        rows = [*taken, page, *called]
        out += found("web.shell", said, rows, d.sets.get("endpoint"), [g for g in guilty if g[1]])
    refused = [r for r in posts if text(r, "status") in ("400", "401", "403", "405", "413", "415")]
    if not out and len(refused) >= 3 and len(refused) == len(posts):
        said = f"All {len(refused)} uploads from {text(refused[0], 'src')} were refused"
        out += found("web.refused", said, refused, d.set_of(refused[0], "http-outside", "http"))
    return out


def _executions(d: Dossier) -> list[Evidence]:
    out: list[Evidence] = []
    children = [r for r in d.rows("endpoint") if text(r, "parent_process_name").lower() in WORKERS]
    shells = [r for r in children if SHELLS.match(text(r, "process_name"))]
    if shells:
        lines = "; ".join(list(dict.fromkeys(text(r, "process") for r in shells))[:4])
        host = text(shells[0], "host")
        said = (
            f"The web server's process {text(shells[0], 'parent_process_name')} on {host} ran {len(shells)} "
            f"commands: {lines}"
        )
        out += found("web.commands", said, shells, d.sets.get("endpoint"), (("host", host),))
    fetches = [r for r in children if FETCHERS.search(text(r, "process"))]
    for row in fetches:
        match = URL.search(text(row, "process"))
        place = [("ip", match.group(1))] if match and is_outside(match.group(1)) else []
        said = f"The server {text(row, 'host')} fetched a program: {text(row, 'process')}"
        out += found("web.fetch-tool", said, [row], d.sets.get("endpoint"), [("host", text(row, "host")), *place])
    return out
