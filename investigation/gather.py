"""What an investigation looks at: the alerts, the telemetry around the entities, then the pivots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from agentgate_mcp.spl.build import Condition
from investigation import queries as q
from investigation.asking import Steps, rows_of, tool
from investigation.dossier import Dossier
from investigation.ioc import extract
from investigation.queries import Search
from investigation.rows import Row, is_address, is_inside, is_outside, number, text
from investigation.steps import Ask
from investigation.suffixes import registered_domain

LOOKUPS = (
    ("asset_inventory", "Read which machine has which address and purpose."),
    ("identity_inventory", "Read which accounts exist and which are privileged."),
    ("change_calendar", "Read which changes were approved, for which machine, account and time."),
    ("service_accounts", "Read where service accounts may work."),
    ("usual_addresses", "Read from where accounts usually sign in."),
    ("approved_destinations", "Read which outside partners are approved."),
    ("approved_scanners", "Read from where booked tests come."),
    ("approved_senders", "Read which mailing services were ordered."),
    ("announced_mailings", "Read which mailings were announced."),
    ("first_seen_destinations", "Read which partners have been known for long."),
    ("known_resolvers", "Read which public resolvers are known."),
)
MAX_PARTNERS = 40
MAX_INDICATORS = 100


def lookups(dossier: Dossier) -> Steps[None]:
    """Read what an analyst checks against."""
    for name, purpose in LOOKUPS:
        search = _search(dossier, f"lookup:{name}", q.lookup(name), purpose)
        dossier.lookups[name] = yield from rows_of(dossier, search)


def entities(dossier: Dossier) -> None:
    """Sort the named entities: our machines and addresses, accounts, outsiders, domains."""
    case = dossier.case
    addresses = [v for v in case.named("ip") if is_address(v)]
    named = [*case.named("host")]
    inventory = {text(r, "asset_id"): text(r, "address") for r in dossier.lookup("asset_inventory")}
    hosts = [*named, *(h for h, a in inventory.items() if a in addresses)]
    inside = [a for a in addresses if is_inside(a)] + [inventory[h] for h in hosts if h in inventory]
    dossier.hosts = tuple(dict.fromkeys(hosts))
    dossier.inside = tuple(dict.fromkeys(inside))
    dossier.outside = tuple(a for a in dict.fromkeys(addresses) if is_outside(a))
    dossier.users = tuple(dict.fromkeys(case.named("user")))
    senders = [v.rpartition("@")[2] for v in case.named("email")]
    linked = [i.value for v in case.named("url") for i in extract(v) if i.kind == "domain"]
    dossier.domains = tuple(dict.fromkeys([*case.named("domain"), *senders, *linked]))


def around(dossier: Dossier) -> Steps[None]:
    """The alert events and the telemetry of the named entities in the case's window."""
    d = dossier
    inside, outside = d.inside, d.outside
    if d.case.alerts:
        yield from _run(d, "alerts", q.search("notable", q.one_of("event_id", d.case.alerts)), "Read the alert events.")
        _from_alerts(d)
    plans: tuple[tuple[str, str, str, list[Condition], str], ...] = (
        ("endpoint", "endpoint", "", q.either(q.one_of("host", d.hosts), q.one_of("user", d.users)),
         "Read programs and files on the machines and of the accounts."),
        ("auth-users", "auth", "", q.either(q.one_of("user", d.users), q.one_of("src_user", d.users)),
         "Read sign-ins of the accounts."),
        ("auth-hosts", "auth", "", q.either(q.one_of("host", d.hosts), q.one_of("src", inside)),
         "Read sign-ins on and from the machines."),
        ("auth-outside", "auth", "", q.one_of("src", outside), "Read sign-ins from the outside addresses."),
        ("conn", "network", "zeek:conn", q.one_of("src", inside), "Read connections of the machines."),
        ("conn-outside", "network", "zeek:conn", q.either(q.one_of("src", outside), q.one_of("dest", outside)),
         "Read connections with the outside addresses."),
        ("dns", "network", "zeek:dns", q.either(q.one_of("src", inside), q.below("query", d.domains)),
         "Read names that were looked up."),
        ("http", "network", "zeek:http", q.either(q.one_of("src", inside)), "Read clear web requests of the machines."),
        ("http-outside", "network", "zeek:http", q.either(q.one_of("src", outside), q.one_of("dest", outside)),
         "Read web requests of the outside addresses."),
        ("tls", "network", "zeek:ssl", q.either(q.one_of("src", inside), q.one_of("dest", outside)),
         "Read TLS sessions of the machines."),
        ("proxy", "proxy", "", q.either(q.one_of("src", inside), q.one_of("user", d.users), q.one_of("dest", outside)),
         "Read web visits of the people and machines."),
        ("mail", "email", "", q.either(q.one_of("sender", d.case.named("email")), q.sites("url", d.domains)),
         "Read the mails that were sent."),
        ("cloud", "cloud", "", q.one_of("user", d.users), "Read calls to the cloud account."),
    )  # fmt: skip
    for name, index, sourcetype, conditions, purpose in plans:
        if conditions:
            yield from _run(d, name, q.search(index, conditions, sourcetype=sourcetype), purpose)


def pivots(dossier: Dossier) -> Steps[None]:
    """Follow what the first look has turned up: sites, accounts, partners, programs."""
    d = dossier
    landing = _landing_sites(d)
    if landing:
        d.domains = tuple(dict.fromkeys((*d.domains, *landing)))
        purpose = "Read everybody's visits to the linked and posted-to sites."
        yield from _run(d, "visits", q.search("proxy", q.either(q.sites("url", landing))), purpose)
    more = tuple(u for u in _posters(d) if u not in d.users)
    if more:
        conditions = q.either(q.one_of("user", more), q.one_of("src_user", more))
        yield from _run(
            d, "auth-found", q.search("auth", conditions), "Read sign-ins of the accounts found on the way."
        )
        d.users = (*d.users, *more)
    yield from _prevalence(d)
    yield from _baselines(d)
    yield from _intelligence(d)


def _from_alerts(d: Dossier) -> None:
    """Names in the alert events: machines, accounts, outsiders, sites."""
    values = [text(row, field) for row in d.rows("alerts") for field in ("src", "dest")]
    names = [v for v in values if not is_address(v) and registered_domain(v) and d.asset(v) is None]
    d.outside = _merged(d.outside, [v for v in values if is_outside(v)])
    d.inside = _merged(d.inside, [v for v in values if is_inside(v)])
    d.domains = _merged(d.domains, names)
    d.users = _merged(d.users, [text(row, "user") for row in d.rows("alerts")])


def _merged(known: Sequence[str], more: Sequence[str]) -> tuple[str, ...]:
    """Both, each value once, empty ones left out."""
    return tuple(v for v in dict.fromkeys((*known, *more)) if v)


def _landing_sites(d: Dossier) -> tuple[str, ...]:
    """Sites that the mails link to, and those to which their readers posted afterwards."""
    if not d.rows("mail"):
        return ()
    linked = [i.value for r in d.rows("mail") for i in extract(f"{_host(text(r, 'url'))} ") if i.kind == "domain"]
    named = [text(r, "dest") for r in d.rows("alerts")]
    posted = [_host(text(r, "url")) for r in d.rows("proxy") if text(r, "http_method") == "POST"]
    wanted = [n for n in (*linked, *named) if n and not is_address(n) and registered_domain(n) and not d.asset(n)]
    alike = [p for p in posted if any(registered_domain(p) == registered_domain(w) for w in wanted)]
    return tuple(dict.fromkeys((*wanted, *alike)))


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].partition(":")[0].lower()


def _posters(d: Dossier) -> tuple[str, ...]:
    """Accounts that posted a form, or that acted as another account."""
    posted = [text(r, "user") for r in d.rows("visits") if text(r, "http_method") == "POST"]
    acting = [text(r, "src_user") for r in d.rows("auth-hosts") if text(r, "signature_id") == "4648"]
    return tuple(u for u in dict.fromkeys((*posted, *acting)) if u)


def partners(d: Dossier) -> tuple[str, ...]:
    """Outside addresses of the case, the most contacted first."""
    counted: Counter[str] = Counter()
    for name in ("conn", "conn-outside", "http", "proxy", "tls"):
        for row in d.rows(name):
            for field in ("src", "dest"):
                if is_outside(text(row, field)):
                    counted[text(row, field)] += 1
    for row in (*d.rows("auth-users"), *d.rows("auth-found")):
        if is_outside(text(row, "src")):
            counted[text(row, "src")] += 1
    ranked = sorted(counted, key=lambda a: (a not in d.outside, -counted[a], a))
    return tuple(ranked[:MAX_PARTNERS])


def _prevalence(d: Dossier) -> Steps[None]:
    """Who of us has talked to the same partners, and since when."""
    wanted = q.one_of("dest", partners(d))
    if not wanted:
        return
    tail = (
        "stats count dc(src) as sources values(src) as src min(_time) as first_seen sum(bytes_out) as bytes_out by dest"
    )
    query = q.search("network", wanted, sourcetype="zeek:conn", tail=tail)
    purpose = "Count who else talked to the same partners in this and the week before."
    yield from rows_of(d, _search(d, "prevalence", query, purpose, before=q.BASELINE_DAYS))
    tail = "stats count dc(user) as users values(category) as category by dest"
    query = q.search("proxy", wanted, tail=tail)
    purpose = "Read how the proxy classes the partners and how many people use them."
    yield from rows_of(d, _search(d, "classes", query, purpose, before=q.BASELINE_DAYS))


def _baselines(d: Dossier) -> Steps[None]:
    """The week before: volumes of the machines, places of the accounts, makers of the programs."""
    if d.inside:
        tail = "stats count sum(bytes_out) as bytes_out max(bytes_out) as largest by src dest"
        query = q.search("network", q.one_of("src", d.inside), sourcetype="zeek:conn", tail=tail)
        yield from rows_of(d, _earlier(d, "usual-conn", query, "Measure what the machines sent in the week before."))
    if d.users:
        tail = "stats count by user src object action"
        query = q.search("auth", q.one_of("user", d.users), tail=tail)
        yield from rows_of(
            d, _earlier(d, "usual-auth", query, "Read from where the accounts worked in the week before.")
        )
    names = sorted({text(r, "process_name") for r in d.rows("endpoint") if text(r, "result") == "unsigned"})
    if names:
        tail = "stats count values(signature) as signature values(process_path) as process_path by process_name result"
        query = q.search("endpoint", q.one_of("process_name", names), sourcetype="sysmon", tail=tail)
        yield from rows_of(d, _earlier(d, "usual-programs", query, "Read who made the programs of these names before."))


def _intelligence(d: Dossier) -> Steps[None]:
    wanted = indicators(d)
    for start in range(0, len(wanted), MAX_INDICATORS):
        batch = list(wanted[start : start + MAX_INDICATORS])
        ask = Ask(
            tool="threatintel_enrich_batch",
            arguments={"indicators": [*batch]},
            purpose="Ask the feeds about addresses, names, URLs and files of the case.",
        )
        result = yield from tool(d, ask)
        records = result.get("results") if result else None
        for record in records if isinstance(records, list) else ():
            if isinstance(record, dict):
                d.intel[text(record, "indicator")] = record


def indicators(d: Dossier) -> tuple[str, ...]:
    """What the feeds are asked about, the alert's own entities first."""
    names: list[str] = list(d.domains)
    urls: list[str] = []
    hashes: list[str] = []
    for name in ("http", "http-outside", "proxy", "visits"):
        for row in d.rows(name):
            host = _host(text(row, "url"))
            if is_outside(host):
                urls.append(text(row, "url"))
            elif host:
                names.append(host)
    names += [text(r, "query").rstrip(".").lower() for r in d.rows("dns") if registered_domain(text(r, "query"))]
    names += [text(r, "ssl_server_name").lower() for r in d.rows("tls")]
    parents = [registered_domain(n) for n in names if not is_address(n)]
    hashes += [text(r, "file_hash") for r in d.rows("endpoint")]
    hashes += [text(r, "process_hash") for r in d.rows("endpoint") if text(r, "result") == "unsigned"]
    common = [n for n, _ in Counter(n for n in names if n.count(".") <= 3).most_common(60)]
    stems = [s for n in d.domains for s in look_alike_stems(n)]
    wanted = (*d.outside, *stems, *parents[:4], *partners(d), *hashes, *dict.fromkeys(urls), *dict.fromkeys(parents),
              *common)  # fmt: skip
    return tuple(v for v in dict.fromkeys(wanted) if 0 < len(v) <= 500)[: 3 * MAX_INDICATORS]


def look_alike_stems(name: str) -> tuple[str, ...]:
    """Names that a registered domain may imitate: each of its words under the same ending."""
    domain = registered_domain(name)
    label, _, suffix = domain.partition(".")
    words = [w for w in label.replace("_", "-").split("-") if len(w) >= 4]
    return tuple(f"{w}.{suffix}" for w in words if w != label) if suffix else ()


def _search(d: Dossier, name: str, query: str, purpose: str, before: int = 0) -> Search:
    start = d.case.earliest - before * q.DAY
    return Search(name=name, query=query, earliest=q.seconds(start), latest=q.seconds(d.case.latest), purpose=purpose)


def _earlier(d: Dossier, name: str, query: str, purpose: str) -> Search:
    start = d.case.earliest - q.BASELINE_DAYS * q.DAY
    return Search(name=name, query=query, earliest=q.seconds(start), latest=q.seconds(d.case.earliest), purpose=purpose)


def _run(d: Dossier, name: str, query: str, purpose: str) -> Steps[Sequence[Row]]:
    return (yield from rows_of(d, _search(d, name, query, purpose)))


def total(rows: Sequence[Row], field: str) -> float:
    return sum(number(r, field) for r in rows)
