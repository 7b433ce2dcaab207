"""All analytics over one dossier."""

from __future__ import annotations

from collections.abc import Callable

from investigation.analytics import (
    connections,
    feeds,
    mailing,
    names,
    orders,
    planted,
    programs,
    signins,
    transfers,
    webserver,
)
from investigation.dossier import Dossier
from investigation.evidence import Evidence

ANALYTICS: tuple[Callable[[Dossier], list[Evidence]], ...] = (
    connections.run,
    names.run,
    signins.run,
    programs.run,
    webserver.run,
    mailing.run,
    transfers.run,
    orders.run,
    feeds.run,
    planted.run,
)


def analyse(dossier: Dossier) -> tuple[Evidence, ...]:
    """Every finding, the weightiest first; equal ones by code and first event."""
    found = [e for run in ANALYTICS for e in run(dossier)]
    unique = {(e.code, e.statement): e for e in found}
    return tuple(sorted(unique.values(), key=lambda e: (-abs(e.weight), e.code, e.event_ids)))
