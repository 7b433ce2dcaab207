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
    Req(
        "project.requirement-ids",
        "Tests and requirement ids name each other; a broken link fails the run.",
        source="DESIGN §12",
    ),
    Req("project.lock", "Everything installed is pinned by hash, and no lock names an index.", source="README"),
    Req("project.bundled", "Bundled files are found in a checkout and in an installed wheel."),
    Req(
        "project.contracts",
        "Imports flow one way; planted violations of each contract are caught.",
        source="ARCHITECTURE",
    ),
    Req(
        "project.two-commands",
        "README's first screen is make demo and make test, and the Makefile has both.",
        source="README",
    ),
    Req("project.make", "Set-up finds a Python 3.11+, runs once, and says clearly what is missing.", source="README"),
    Req("project.no-network", "A test that reaches beyond the loopback interface fails.", source="DESIGN §12"),
    Req("project.module-size", "No module has more than 500 lines."),
    Req("project.broad-except", "A broad except is commented deny-on-error and ends in a refusal or a raise."),
    Req("project.re2-in-gate", "The gate reads untrusted text with RE2, never with the standard re module."),
    Req("project.relaxed-types", "Only adapters of untyped libraries relax strict typing."),
    Req("project.own-words", "The tree holds no paths of a build machine and no addresses of package indexes."),
    Req("docs.cli", "README names every command of the command line.", source="README"),
    Req("docs.tools", "README names every tool.", source="README"),
    Req("docs.policies", "README names every policy id.", source="README"),
    Req("docs.settings", "README names every setting.", source="README"),
    Req("docs.architecture", "ARCHITECTURE names every promise and every top-level module.", source="ARCHITECTURE"),
    # --- core ---
    # --- server ---
    Req("server.wire-strict", "Duplicate keys, NaN, bad UTF-8 and too much depth are refused.", "DESIGN §3.1"),
    Req("server.wire-answer", "A refused message is answered with code, reason, place and its id where it has one."),
    Req("server.wire-recorded", "Every message refused before it is a call leaves one refusal record.", "DESIGN §3.1"),
    Req("server.wire-bounded", "An over-long message is dropped in bounded memory.", "DESIGN §3.1"),
    Req("server.stdio-clean", "stdout carries protocol messages only.", "DESIGN §10"),
    Req("server.no-coercion", "Arguments reach the gate exactly as they were sent.", "DESIGN §3.1"),
    Req("server.mediated", "Every way to run a tool, from inside too, is the gatekeeper.", "DESIGN §1 R1"),
    Req("server.resources", "Resources are dispatched as reads, in both protocol eras.", "DESIGN §1 R1"),
    Req("server.prompts", "Prompts are filled through the gatekeeper, in both protocol eras.", "DESIGN §1 R1"),
    Req("server.refusal-text", "A refusal has at most 150 tokens and tells no threshold.", "DESIGN §3.4"),
    Req("server.released", "A released result is structured content with compact text of the same.", "DESIGN §5"),
    Req("server.meta", "The agentgate keys of _meta are strictly typed and only asserted.", "DESIGN §3.1"),
    Req("server.identity", "The requester is the OS user with the configured agent, or the token's.", "DESIGN §3.2"),
    Req("server.http-auth", "HTTP answers 401 without the bearer token that was printed at start."),
    Req("server.http-origin", "A foreign Host is answered 421 and a foreign Origin 403."),
    Req("server.http-wire", "HTTP bodies pass the same wire reader as stdio lines.", "DESIGN §3.1"),
    Req("server.loopback", "A bind that is not loopback is a configuration error."),
    Req("server.shutdown", "At the end of input or on SIGTERM, calls in flight end with a record.", "DESIGN §8"),
    Req("server.diagnostic", "A configuration error is served as one tool that explains it.", "DESIGN §10"),
    Req("server.toolsets", "--toolsets and --read-only narrow what is offered and what runs.", "DESIGN §5"),
    Req("server.schema-small", "Listed schemas are slim, deterministic and accept the same values.", "DESIGN §5"),
    Req("server.progress", "Progress of a call reaches the client in both protocol eras."),
    Req("server.cancel", "A cancelled request cancels the call at the gatekeeper."),
    Req("server.sdk-refusals", "What the SDK refuses as malformed names the field and is on record.", "DESIGN §3.1"),
    Req("server.dev", "The module for `mcp dev` builds its server only when asked for it.", "DESIGN §2"),
    # --- ledger ---
    # --- approvals ---
    # --- spl ---
    # --- embedded ---
    # --- injection ---
    # --- provenance ---
    # --- graph ---
    # --- cost ---
    # --- policy ---
    Req("policy.library", "The shipped policies are complete and right about their own examples.", "DESIGN §7"),
    Req("policy.engine", "Conditions are typed; an unknown fact or impossible clause is refused at load.", "DESIGN §7"),
    Req("policy.lock", "A changed policy without a new version cannot be locked.", "DESIGN §7"),
    Req("policy.site", "A site adds policies and cannot replace shipped ones.", "DESIGN §7"),
    Req("policy.profiles", "The observe profile shadows soft read policies and never effects.", "DESIGN §7"),
    # --- dispatch ---
    # --- investigation ---
    # --- data ---
    # --- cli ---
    # --- llm ---
)
