"""Mails with links: who sent them, where they lead, what people posted there."""

from __future__ import annotations

import re
from collections import defaultdict

from investigation.analytics.partner import contracted, long_known, trusted
from investigation.dossier import Dossier
from investigation.evidence import Evidence, found
from investigation.gather import look_alike_stems
from investigation.rows import Row, iso, text
from investigation.suffixes import registered_domain

SIGN_IN = re.compile(
    r"/(?:auth|login|logon|sign-?in|sso|oauth2?|adfs|saml|verify|session|account/unlock)(?:[/?._-]|$)", re.I
)
MIN_MAILS = 5


def run(d: Dossier) -> list[Evidence]:
    """All signals of this kind for the case."""
    by_sender: dict[str, list[Row]] = defaultdict(list)
    for row in d.rows("mail"):
        by_sender[text(row, "sender").rpartition("@")[2].lower()].append(row)
    out: list[Evidence] = []
    for domain, rows in sorted(by_sender.items()):
        if len(rows) >= MIN_MAILS:
            out += _sender(d, domain, rows)
    return [*out, *_forms(d)]


def _sender(d: Dossier, domain: str, rows: list[Row]) -> list[Evidence]:
    source = d.sets.get("mail")
    for row in d.lookup("announced_mailings"):
        days = text(row, "first_day") <= iso(d.case.earliest)[:10] <= text(row, "last_day")
        landing = text(row, "landing_domain")
        reached = any(_site(r) == landing for r in d.rows("visits"))
        if registered_domain(domain) == text(row, "sender_domain") and days and (reached or not d.rows("visits")):
            said = (
                f"{text(row, 'announced_by')} announced the mailing '{text(row, 'summary')}' of {domain} "
                f"with the target {landing} for these days"
            )
            return found("mail.announced", said, rows, source)
    for stem in look_alike_stems(domain):
        if contracted(d, stem) and not trusted(d, domain):
            people = len({text(r, "recipient") for r in rows})
            said = (
                f"{domain} sent {len(rows)} mails to {people} mailboxes; the name imitates {stem}, which is "
                f"{contracted(d, stem)}"
            )
            return found("mail.imitation", said, rows, source, (("domain", registered_domain(domain)),))
    return []


def _site(row: Row) -> str:
    return text(row, "url").partition("://")[2].partition("/")[0].partition(":")[0].lower()


def _forms(d: Dossier) -> list[Evidence]:
    """Forms posted by readers to sites that the mails lead to."""
    posts: dict[str, list[Row]] = defaultdict(list)
    for row in d.rows("visits"):
        if text(row, "http_method") == "POST":
            posts[_site(row)].append(row)
    out: list[Evidence] = []
    for site, rows in sorted(posts.items()):
        people = sorted({text(r, "user") for r in rows if text(r, "user")})
        path = text(rows[0], "url").partition("://")[2].partition("/")[2]
        if SIGN_IN.search(f"/{path}") and not trusted(d, site) and not long_known(d, site):
            said = f"{len(people)} people ({', '.join(people)}) posted to a sign-in form at {site}, /{path}"
            guilty = [("domain", registered_domain(site)), *(("password", p) for p in people)]
            out += found("mail.password-form", said, rows, d.sets.get("visits"), guilty)
        elif not SIGN_IN.search(f"/{path}"):
            known = "; the company has used a sister site for long" if long_known(d, site) else ""
            said = f"{len(people)} people posted to {site}, /{path}, which is no sign-in form{known}"
            out += found("mail.plain-form", said, rows, d.sets.get("visits"))
    return out
