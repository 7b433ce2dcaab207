"""The tables of the ledger's file.

`entry` is the record; nothing may change or leave it. `open_intent`, `finding` and `frozen` are
indexes over it, written in the transaction of the record that they follow from, and checked against it
by `ledger verify`.
"""

from __future__ import annotations

from collections.abc import Mapping

from agentgate_mcp.ledger.entries import EntryKind
from agentgate_mcp.model.call import Json

APPLICATION_ID = 0x41475431
"""`AGT1`: tells a ledger from any other SQLite file."""

VERSION = 1

SCHEMA = """
CREATE TABLE entry(
    seq          INTEGER PRIMARY KEY,
    kind         TEXT NOT NULL,
    at           REAL NOT NULL,
    clock        REAL NOT NULL,
    principal    TEXT NOT NULL,
    call_id      TEXT NOT NULL,
    payload      TEXT NOT NULL,
    payload_hash TEXT NOT NULL,
    previous     TEXT NOT NULL,
    link         TEXT NOT NULL,
    tag          TEXT NOT NULL
) STRICT;
CREATE INDEX entry_kind ON entry(kind);
CREATE INDEX entry_principal ON entry(principal);
CREATE INDEX entry_call ON entry(call_id) WHERE call_id <> '';
CREATE INDEX entry_tag ON entry(tag) WHERE tag <> '';
CREATE TRIGGER entry_follows BEFORE INSERT ON entry
    WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM entry)
    BEGIN SELECT raise(ABORT, 'records follow one another'); END;
CREATE TRIGGER entry_is_final BEFORE UPDATE ON entry BEGIN SELECT raise(ABORT, 'records are final'); END;
CREATE TRIGGER entry_stays BEFORE DELETE ON entry BEGIN SELECT raise(ABORT, 'records are final'); END;
CREATE TABLE open_intent(
    call_id   TEXT PRIMARY KEY,
    seq       INTEGER NOT NULL,
    principal TEXT NOT NULL,
    boot_id   TEXT NOT NULL,
    pid       INTEGER NOT NULL,
    started   INTEGER NOT NULL,
    effects   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE finding(
    finding_id     TEXT PRIMARY KEY,
    status         TEXT NOT NULL,
    principal      TEXT NOT NULL,
    requester      TEXT NOT NULL,
    binding_digest TEXT NOT NULL,
    created_at     REAL NOT NULL,
    expires_at     REAL NOT NULL,
    opened_seq     INTEGER NOT NULL,
    last_seq       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE frozen(
    target TEXT PRIMARY KEY,
    seq    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX finding_status ON finding(status, opened_seq);
CREATE INDEX finding_binding ON finding(binding_digest);
"""

RARE_DECISIONS = frozenset({"REQUIRE_APPROVAL", "BLOCK"})


def tag_of(kind: EntryKind, payload: Mapping[str, Json]) -> str:
    """What a record is looked up by, besides its kind: the finding it belongs to, or the
    decision where it is not the ordinary one; empty where nothing looks for it."""
    match kind:
        case EntryKind.TRANSITION | EntryKind.APPROVAL | EntryKind.ADVISORY:
            found = payload.get("finding_id")
            return f"finding:{found}" if isinstance(found, str) else ""
        case EntryKind.VERDICT:
            verdict = payload.get("verdict")
            decision = verdict.get("decision") if isinstance(verdict, dict) else None
            return f"decision:{decision}" if decision in RARE_DECISIONS else ""
        case _:
            return ""
