"""Whether a partner outside is one of ours: approved, under contract, or long known."""

from __future__ import annotations

from investigation.dossier import Dossier
from investigation.rows import at, text
from investigation.suffixes import registered_domain

_PLAIN = frozenset({"cdn-ranges"})
"""Allow lists that say who runs a place, not who uses it."""


def approved(d: Dossier, value: str) -> str:
    """Why the address or name is approved, or empty. A name counts with everything below it."""
    name = value.rstrip(".").lower()
    for row in d.lookup("approved_destinations"):
        domain = text(row, "domain").lower()
        if name == text(row, "address") or (domain and (name == domain or name.endswith(f".{domain}"))):
            return f"approved for {text(row, 'purpose')}"
    for row in d.lookup("known_resolvers"):
        if name == text(row, "address"):
            return f"a resolver of {text(row, 'operator')}"
    return ""


def contracted(d: Dossier, value: str) -> str:
    """Why an allow list of the intelligence source names it, or empty."""
    for key in (value, value.rstrip(".").lower(), registered_domain(value)):
        record = d.intel.get(key)
        listed = text(record, "allow_listed") if record else ""
        if listed and listed not in _PLAIN:
            about = text(record, "description") if record else ""
            return f"on the list {listed}" + (f" ({about})" if about else "")
    return ""


def trusted(d: Dossier, value: str) -> str:
    """Why the partner is one of ours, or empty."""
    return approved(d, value) or contracted(d, value)


def long_known(d: Dossier, name: str) -> bool:
    """Whether the site, or a sibling below the same registered domain, was used before the case."""
    domain = registered_domain(name) or name
    for row in d.lookup("first_seen_destinations"):
        site = text(row, "site")
        if (site == name or (registered_domain(site) or site) == domain) and 0 < at(
            row, "first_seen"
        ) < d.case.earliest - 86_400:
            return True
    return False
