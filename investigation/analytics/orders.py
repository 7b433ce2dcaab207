"""Change tickets: what the calendar approves, and what is only claimed."""

from __future__ import annotations

from collections import defaultdict

from investigation.dossier import Dossier
from investigation.evidence import Evidence, found
from investigation.rows import Row, at, text

RAW = ("endpoint", "auth-users", "auth-hosts", "auth-found", "conn", "http", "http-outside", "cloud")
SYSTEM = frozenset({"", "SYSTEM"})


def run(d: Dossier) -> list[Evidence]:
    """All signals of this kind for the case."""
    claims = _claims(d)
    out: list[Evidence] = []
    covered: set[str] = set()
    for ticket, rows in sorted(claims.items()):
        entries = [r for r in d.lookup("change_calendar") if text(r, "change_id") == ticket]
        if not entries:
            continue
        good = [r for r in rows if any(_covers(e, r) for e in entries)]
        bad = [r for r in rows if r not in good]
        source = d.set_of(rows[0], *RAW)
        if good and not bad:
            covered.add(ticket)
            said = f"{ticket} ({text(entries[0], 'summary')}) approves this for machine, account and time"
            out += found("change.covers", said, good, source)
        else:
            entry = entries[0]
            who, where = text(bad[0], "user"), text(bad[0], "host")
            said = (
                f"{who} on {where} names {ticket}, which was approved for {text(entry, 'account')} on "
                f"{text(entry, 'host')} "
                "at another time or by another account: the ticket is borrowed"
            )
            out += found("change.borrowed", said, bad, source)
    return [*out, *_unclaimed(d, covered)]


def _claims(d: Dossier) -> dict[str, list[Row]]:
    """Events that name a ticket of the calendar, by ticket."""
    known = {text(r, "change_id") for r in d.lookup("change_calendar")}
    claims: dict[str, dict[str, Row]] = defaultdict(dict)
    for name in RAW:
        for row in d.rows(name):
            if text(row, "reason") in known:
                claims[text(row, "reason")][text(row, "event_id")] = row
    return {ticket: list(rows.values()) for ticket, rows in claims.items()}


def _covers(entry: Row, row: Row) -> bool:
    """Whether the calendar's entry names the machine, the account and the time of an event."""
    user, host = text(row, "user"), text(row, "host")
    same_host = host == text(entry, "host")
    # Services act for the account that the change names; the account itself must match otherwise.
    same_user = user == text(entry, "account") or user in SYSTEM or user.startswith("svc_")
    return same_host and same_user and at(entry, "window_start") <= at(row) <= at(entry, "window_end")


def _unclaimed(d: Dossier, covered: set[str]) -> list[Evidence]:
    """A change for one of the machines whose window holds the alerts, though no event names it."""
    for entry in d.lookup("change_calendar"):
        if text(entry, "change_id") in covered or text(entry, "host") not in d.hosts or d.case.named("user"):
            continue
        held = [r for r in d.rows("alerts") if at(entry, "window_start") <= at(r) <= at(entry, "window_end")]
        if held and len(held) == len(d.rows("alerts")):
            said = (
                f"{text(entry, 'change_id')} ({text(entry, 'summary')}) was approved for {text(entry, 'host')} at "
                "this time"
            )
            return found("change.covers", said, held, d.sets.get("alerts"))
    return []
