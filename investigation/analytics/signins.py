"""Sign-ins: guessing, expired passwords, resets, strange and usual places, second factors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from investigation.analytics.partner import trusted
from investigation.dossier import Dossier, RowSet
from investigation.evidence import Evidence, found
from investigation.rows import Row, at, is_inside, is_outside, number, text

AUTH_SETS = ("auth-users", "auth-outside", "auth-hosts", "auth-found")
MIN_FAILURES = 10
SPRAY_ACCOUNTS = 8
WRONG = ("invalid", "wrong", "bad password", "unknown user", "incorrect")
EXPIRED = ("expired",)
DENIED = ("denied", "reported", "rejected")
RESETS = frozenset({"4724", "4723", "4767"})
RESET_SPAN = 3600.0
NO_DEVICE = frozenset({"", "unknown"})
MIN_SHARES = 8
MIN_ODD = 3
SESSION = ("user.session.start", "user.authentication.sso")


def rows_of(d: Dossier) -> tuple[Row, ...]:
    """Every sign-in event once, oldest first."""
    known: dict[str, Row] = {text(r, "event_id"): r for name in AUTH_SETS for r in d.rows(name)}
    return tuple(sorted(known.values(), key=lambda r: (at(r), text(r, "event_id"))))


def run(d: Dossier) -> list[Evidence]:
    """All signals of this kind for the case."""
    rows = rows_of(d)
    out: list[Evidence] = [*_spray(d, rows)]
    strange: list[Evidence] = []
    usual: list[Evidence] = []
    for user in d.users:
        own = [r for r in rows if text(r, "user") == user]
        out += _guessing(d, user, own)
        out += _shares(d, user, own)
        strange += _strange(d, user, own)
        usual += _usual(d, user, own)
    # One stolen account is enough: that others sign in from home says nothing about it.
    return [*out, *(strange or usual), *_privilege(d, rows)]


def _source(d: Dossier, rows: Sequence[Row]) -> RowSet | None:
    return d.set_of(rows[0], *AUTH_SETS) if rows else None


def _reason(row: Row, words: Sequence[str]) -> bool:
    said = text(row, "reason").lower()
    return any(w in said for w in words)


def _guessing(d: Dossier, user: str, own: Sequence[Row]) -> list[Evidence]:
    out: list[Evidence] = []
    failed: dict[str, list[Row]] = defaultdict(list)
    for row in own:
        if text(row, "action") == "failure" and text(row, "src"):
            failed[text(row, "src")].append(row)
    for src, rows in sorted(failed.items()):
        if len(rows) < MIN_FAILURES:
            continue
        passed = [
            r for r in own if text(r, "src") == src and text(r, "action") == "success" and at(r) > at(rows[-1])
            and text(r, "object") in {text(f, "object") for f in rows}
        ]  # fmt: skip
        wrong = [r for r in rows if _reason(r, WRONG)]
        expired = [r for r in rows if _reason(r, EXPIRED)]
        if len(wrong) >= MIN_FAILURES and passed:
            said = (
                f"{user} failed {len(wrong)} times from {src} with a wrong password and then got in from there "
                f"with the same device ({text(passed[0], 'object') or 'not named'})"
            )
            guilty = (("ip", src), ("user", user), ("password", user))
            out += found("auth.guessed", said, [*wrong, *passed], _source(d, wrong), guilty, ("T1078",))
        elif len(expired) > len(rows) / 2:
            said = f"{len(expired)} of {len(rows)} failures of {user} from {src} say that the password has expired"
            out += found("auth.expired", said, expired, _source(d, expired))
        first = min((at(r) for r in passed), default=max((at(r) for r in own), default=0.0))
        resets = [
            r for r in own if text(r, "signature_id") in RESETS and text(r, "src_user") not in ("", user)
            and is_inside(text(r, "src")) and first - RESET_SPAN <= at(r) <= first
        ]  # fmt: skip
        if resets:
            by = text(resets[0], "src_user")
            said = f"{by} unlocked and reset {user} from {d.host_of(text(resets[0], 'src'))} shortly before the success"
            out += found("auth.reset-first", said, resets, _source(d, resets))
    return out


def _spray(d: Dossier, rows: Sequence[Row]) -> list[Evidence]:
    out: list[Evidence] = []
    failed: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if text(row, "action") == "failure" and _reason(row, WRONG) and text(row, "src"):
            failed[text(row, "src")].append(row)
    for src, tries in sorted(failed.items()):
        accounts = {text(r, "user") for r in tries}
        if len(accounts) >= SPRAY_ACCOUNTS:
            said = f"{src} tried wrong passwords for {len(accounts)} accounts"
            out += found("auth.spray", said, tries, _source(d, tries), (("ip", src),) if is_outside(src) else ())
    return out


def strange_sources(d: Dossier, user: str, own: Sequence[Row]) -> dict[str, list[Row]]:
    """Successes of an account from outside addresses that are not its own, with a device that it
    did not use before, by address."""
    usual = {text(r, "address") for r in d.lookup("usual_addresses") if text(r, "user") == user}
    before = [r for r in d.rows("usual-auth") if text(r, "user") == user and text(r, "action") == "success"]
    usual |= {text(r, "src") for r in before if number(r, "count") >= 3}
    devices = {text(r, "object") for r in before}
    strange: dict[str, list[Row]] = defaultdict(list)
    for row in own:
        src, device = text(row, "src"), text(row, "object")
        if text(row, "action") != "success" or not is_outside(src) or src in usual or trusted(d, src):
            continue
        signed_in = text(row, "signature") in SESSION or text(row, "signature").startswith("user.mfa.push")
        if signed_in and (device in NO_DEVICE or (device not in devices and d.asset(device) is None)):
            strange[src].append(row)
    return strange


def _strange(d: Dossier, user: str, own: Sequence[Row]) -> list[Evidence]:
    out: list[Evidence] = []
    for src, rows in sorted(strange_sources(d, user, own).items()):
        said = (
            f"{user} had {len(rows)} sign-ins from {src}, no usual address of the account, with a device that it never "
            f"used before ({text(rows[0], 'object') or 'not named'})"
        )
        guilty = (("ip", src), ("password", user))
        out += found("auth.strange-source", said, rows, _source(d, rows), guilty, ("T1078.004",))
        out += _takeover(d, user, src, [r for r in own if text(r, "src") == src])
    return out


def _usual(d: Dossier, user: str, own: Sequence[Row]) -> list[Evidence]:
    """Sessions from home of an account whose sign-ins have something to explain."""
    odd = [r for r in own if text(r, "action") == "failure" or text(r, "signature").startswith("user.mfa")]
    addresses = {text(r, "address") for r in d.lookup("usual_addresses") if text(r, "user") == user}
    home = [
        r for r in own if text(r, "src") in addresses and text(r, "signature") in SESSION
        and text(r, "object") not in NO_DEVICE and text(r, "action") == "success"
    ]  # fmt: skip
    if len(odd) < MIN_ODD or not home:
        return []
    said = f"The sessions of {user} came from the usual address {text(home[0], 'src')} with {text(home[0], 'object')}"
    return found("auth.usual-source", said, home, _source(d, home))


def _takeover(d: Dossier, user: str, src: str, rows: Sequence[Row]) -> list[Evidence]:
    """What a strange session did with the account."""
    out: list[Evidence] = []
    guilty = (("ip", src), ("password", user))
    pushes = [r for r in rows if text(r, "signature") == "user.mfa.push"]
    denied = [r for r in pushes if _reason(r, DENIED)]
    approved = [r for r in pushes if text(r, "action") == "success"]
    if len(denied) >= 3 and approved:
        said = f"{user} denied {len(denied)} pushes for a sign-in from {src} before one was approved"
        out += found("auth.push-denied", said, [*denied, *approved], _source(d, denied), guilty)
    added = [r for r in rows if text(r, "signature") == "user.mfa.factor.activate"]
    if added:
        said = f"The session from {src} added a second factor to {user}: {text(added[0], 'object')}"
        out += found("auth.factor-added", said, added, _source(d, added), guilty)
    rules = [r for r in rows if text(r, "signature") == "application.mailbox.rule.create"]
    if rules:
        said = f"The session from {src} made a mailbox rule for {user}: {text(rules[0], 'object')}"
        out += found("auth.mailbox-rule", said, rules, _source(d, rules), guilty)
    return out


def _shares(d: Dossier, user: str, own: Sequence[Row]) -> list[Evidence]:
    opened = [r for r in own if text(r, "signature_id") == "5140" and text(r, "object")]
    names = {text(r, "object").lower() for r in opened}
    admin = sorted(n for n in names if n.endswith("$"))
    if len(names) >= MIN_SHARES:
        extra = f", among them {' and '.join(admin)}" if admin else ""
        said = (
            f"{user} opened {len(names)} different shares in {(at(opened[-1]) - at(opened[0])) / 60:.0f} minutes{extra}"
        )
        return found("auth.shares-swept", said, opened, _source(d, opened), (("user", user),))
    if opened and len(opened) >= 3 and not admin:
        said = f"{user} opened only {len(names)} shares in {len(opened)} accesses"
        return found("auth.own-shares", said, opened, _source(d, opened))
    return []


def _privilege(d: Dossier, rows: Sequence[Row]) -> list[Evidence]:
    """Privileged and service accounts: whose session, from where."""
    out: list[Evidence] = []
    privileged = {text(r, "user") for r in d.lookup("identity_inventory") if text(r, "privileged") == "true"}
    service = {text(r, "user"): r for r in d.lookup("service_accounts")}
    borrowed = [
        r for r in rows if text(r, "signature_id") == "4648" and text(r, "user") in privileged
        and text(r, "src_user") not in ("", text(r, "user"), "SYSTEM")
    ]  # fmt: skip
    if borrowed:
        user, person = text(borrowed[0], "user"), text(borrowed[0], "src_user")
        place = d.host_of(text(borrowed[0], "src"))
        said = f"The privileged account {user} was used out of the session of {person} on {place}"
        guilty = (("user", user), ("user", person), ("host", place))
        out += found("auth.other-session", said, borrowed, _source(d, borrowed), guilty)
    for user in d.users:
        logons = [r for r in rows if text(r, "user") == user and text(r, "signature_id") == "4624"]
        if user in service:
            if user not in d.case.named("user"):
                continue  # a server's own account, beside the matter
            home = [r for r in logons if text(r, "host") in text(service[user], "targets").split()]
            if home and len(home) == len(logons):
                said = f"The service account {user} logged on only where it belongs ({text(service[user], 'targets')})"
                out += found("auth.service-home", said, home, _source(d, home))
            continue
        remote = [r for r in logons if text(r, "app") == "remote desktop" and is_inside(text(r, "src"))]
        way = [r for r in remote if "admin-access" in d.tags_of(text(r, "src"))]
        if user in privileged and way and not borrowed:
            said = (
                f"{user} came by remote desktop from {d.host_of(text(way[0], 'src'))}, the machine for administration"
            )
            out += found("auth.admin-path", said, way, _source(d, way))
        keepers = [r for r in remote if _role(d, text(r, "host")) in ("backup", "database")]
        astray = [r for r in keepers if r not in way and user in privileged]
        if astray:
            place = text(astray[0], "host")
            said = f"{user} worked on {place} by remote desktop from {d.host_of(text(astray[0], 'src'))}"
            guilty = (("user", user), ("host", place))
            out += found("auth.person-on-server", said, astray, _source(d, astray), guilty)
    return out


def _role(d: Dossier, host: str) -> str:
    row = d.asset(host)
    return text(row, "role") if row else ""
