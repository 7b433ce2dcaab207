"""Every promise and documented behaviour, by id. A test names the ids that it proves.

``tests/conftest.py`` fails the run when an id has no test or a test names no (or an unknown) id.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Req:
    """One requirement: a stable id, one sentence, and where it is written down."""

    id: str
    sentence: str
    source: str = "ARCHITECTURE"


REQUIREMENTS: tuple[Req, ...] = (
    # --- promises ---
    Req("R1", "No tool body, backend write or upstream call is reachable except through dispatch."),
    Req("R2", "An error, time-out, unknown tool, unresolved construct or missing evidence is never ALLOW."),
    Req("R3", "No side effect before its durable intent; no result released before its durable record."),
    Req("R4", "The verdict is a pure function of recorded evidence, time included."),
    Req("R5", "A model never gates and changes no byte of the canonical verdict."),
    Req("R6", "An approval is bound to the exact call and evidence, expires, is used once, and is another person's."),
    Req("R7", "Each sentence of a case report cites event ids; each finding carries a query that reproduces it."),
    Req("R8", "No secret reaches a log, ledger, report, model prompt, error or dead letter."),
    Req("R9", "Malformed input is refused with reason and location; acknowledged records survive."),
    Req("R10", "Everything but live Splunk works on a fresh machine, and ordinary SOC work is not held up."),
    Req("R11", "Freeze refuses every effect at once; every executed change has a rollback."),
    Req("R12", "What a model reads is bounded: no credentials, classified fields masked, rows and bytes budgeted."),
    # --- project ---
    # --- core ---
    # --- server ---
    # --- ledger ---
    # --- approvals ---
    # --- spl ---
    # --- embedded ---
    # --- injection ---
    # --- provenance ---
    # --- graph ---
    # --- cost ---
    # --- policy ---
    # --- dispatch ---
    # --- investigation ---
    # --- data ---
    # --- cli ---
    # --- llm ---
)
