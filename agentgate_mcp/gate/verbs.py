"""What people say when they ask for an action: verbs by the kind of thing that is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

VERBS: Final[Mapping[str, frozenset[str]]] = {
    kind: frozenset(words.split())
    for kind, words in {
        "send": "send email mail forward reply message notify tell inform dm text write compose respond post share "
        "sent",
        "post": "post posted publish tweet announce share upload broadcast put message write send",
        "create": "create add make open new set schedule book plan start generate write draft file register build",
        "schedule": "schedule book plan set create add arrange event meeting appointment reserve reschedule move",
        "delete": "delete remove drop erase clear purge wipe clean discard trash unsubscribe cancel retire rid",
        "disable": "disable deactivate stop off pause mute suppress unschedule retire halt silence switch turn",
        "share": "share grant give access permission send invite",
        "invite": "invite add include participant participants attendees join",
        "add": "add include append insert put extend invite attach join participant participants",
        "update": "update change edit modify set rename move replace adjust correct fix complete reschedule",
        "transfer": "transfer pay send wire move withdraw deposit refund payment",
        "buy": "buy purchase order sell trade",
        "visit": "visit open browse read fetch go website webpage page site article link summarize summarise",
        "run": "run execute launch start trigger call invoke",
        "export": "export download extract dump save copy backup",
        "unlock": "unlock open lock",
        "grant": "grant give allow permit access add share",
        "isolate": "isolate quarantine disconnect contain unplug cut containment",
        "block": "block ban deny blacklist blocklist sinkhole contain containment stop",
        "reset": "reset rotate revoke change renew",
        "quarantine": "quarantine isolate remove contain delete containment",
        "ticket": "ticket open create raise file incident issue",
        "book": "book reserve schedule arrange",
        "search": "search find look query list show get check read",
        "modify": "modify change edit set update replace overwrite rewrite add allowlist allow exclude exempt tune",
        "control": "turn switch start stop set adjust move play control guide dispatch activate deactivate",
    }.items()
}

SPOKEN: Final = frozenset(verb for verbs in VERBS.values() for verb in verbs)
"""Every verb of every kind."""
