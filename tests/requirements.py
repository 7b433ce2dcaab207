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
    Req(
        "project.conformance-job",
        "A CI job runs the MCP conformance suite and the Inspector on the real server, both eras.",
    ),
    Req("project.own-words", "The tree holds no paths of a build machine and no addresses of package indexes."),
    Req("docs.cli", "README names every command of the command line.", source="README"),
    Req("docs.tools", "README names every tool.", source="README"),
    Req("docs.policies", "README names every policy id.", source="README"),
    Req("docs.settings", "README names every setting.", source="README"),
    Req("docs.architecture", "ARCHITECTURE names every promise and every top-level module.", source="ARCHITECTURE"),
    # --- core ---
    Req("core.canonical-strict", "JSON that has more than one reading is refused with its place.", "DESIGN §3.1"),
    Req("core.canonical-form", "The canonical form is RFC 8785, the same in every process.", "DESIGN §2"),
    Req(
        "core.redact-finds",
        "Secrets are found by key name and by shape, in numbers and in nested JSON too.",
        "DESIGN §1 R8",
    ),
    Req("core.redact-keeps", "What is no secret comes back byte for byte: hashes, GUIDs, event ids, searches."),
    Req("core.redact-tag", "Redaction is idempotent, and equal secrets give equal tags under one key only."),
    Req(
        "core.redact-hostile", "Forged markers, deep nesting and huge text neither hide a secret nor stop the redactor."
    ),
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
    Req("ledger.chain", "Each record is bound to all before it, and its payload to its hash.", "DESIGN §8"),
    Req(
        "ledger.group-commit",
        "Records that wait together share one commit; none is acknowledged before it.",
        "DESIGN §8",
    ),
    Req("ledger.refuses", "A full disk, I/O error, lock, read-only file or corrupt head refuses the record."),
    Req("ledger.backpressure", "A full queue refuses new calls and keeps room for outcomes.", "DESIGN §8"),
    Req("ledger.transact", "A transaction is kept whole or not at all, and its failure fails no other."),
    Req("ledger.cancel", "A cancelled caller does not take a queued record back."),
    Req("ledger.clock", "Time never goes back in the ledger, and the raw clock is kept."),
    Req("ledger.pairs", "A call has one intent, and an outcome needs that intent open.", "DESIGN §8"),
    Req("ledger.processes", "Several processes share one file and make one chain.", "DESIGN §8"),
    Req("ledger.kill", "A killed process loses no acknowledged record.", "DESIGN §1 R9"),
    Req(
        "ledger.recovery",
        "An intent of a dead owner becomes unknown exactly once; a living one's is left alone.",
        "DESIGN §8",
    ),
    Req("ledger.fork", "A forked child cannot write through its parent's ledger."),
    Req("ledger.close", "Closing writes what waits and refuses what comes later."),
    Req("ledger.reads", "Records are found by kind, principal, call and tag, in order and in pages."),
    Req("ledger.schema", "Another program's file or another version is refused; records cannot be changed by SQL."),
    Req("ledger.private-files", "State files are their owner's alone.", "DESIGN §8"),
    Req("ledger.redacted", "No secret is stored, whoever wrote the draft.", "DESIGN §1 R8"),
    Req("ledger.codec", "Calls and verdicts come back from the ledger as they were.", "DESIGN §4"),
    Req(
        "ledger.findings", "A finding goes only where its state allows, and its index follows its records.", "DESIGN §8"
    ),
    Req("ledger.verify", "Verification finds every change, gap, swap, insertion and index that lies.", "DESIGN §8"),
    Req("ledger.mirror", "The audit log has every record once and in order, whoever died.", "DESIGN §8"),
    Req("ledger.export", "An export has every field of every record.", "DESIGN §10"),
    Req("ledger.run-log", "The run log is redacted, bounded and stops nothing.", "DESIGN §8"),
    Req("ledger.freeze", "An intent with effects is refused from the very record of a freeze on.", "DESIGN §1 R11"),
    # --- approvals ---
    Req(
        "approvals.binding",
        "An approval holds for the exact call, policies and evidence, and nothing stricter.",
        "DESIGN §8",
    ),
    Req("approvals.mutations", "No changed field of an approved call or verdict is accepted.", "DESIGN §1 R6"),
    Req(
        "approvals.expiry",
        "A finding lives no longer than its ceilings; a clock set back revives nothing.",
        "DESIGN §8",
    ),
    Req("approvals.open", "A held call is a finding once, with its verdict in the same commit.", "DESIGN §3.5"),
    Req("approvals.single-use", "One approval gives one intent, whoever races for it.", "DESIGN §1 R6"),
    Req("approvals.not-requester", "Nobody approves their own call, whatever the spelling.", "DESIGN §1 R6"),
    Req("approvals.operators", "Operators are named, keep a hashed token, and are added by operators.", "DESIGN §8"),
    Req("approvals.quorum", "Roles, teams, severity and two-person rules decide whose word counts.", "DESIGN §8"),
    Req("approvals.deny", "Deny and withdraw end a finding, and a reason is required.", "DESIGN §8"),
    Req("approvals.advisory", "A model's note is attached later and changes nothing.", "DESIGN §1 R5"),
    Req(
        "approvals.view",
        "The approver sees computed facts and exact bytes first, others' text last and capped.",
        "DESIGN §8",
    ),
    Req("approvals.breaker", "Repeated refusals make a requester read-only until an operator clears it.", "DESIGN §8"),
    Req("approvals.freeze", "Anyone may freeze; thawing takes an operator and a reason.", "DESIGN §1 R11"),
    # --- spl ---
    Req("spl.lexer", "Text is cut into tokens without loss; what is not closed is an error where it begins."),
    Req(
        "spl.parse",
        "Any text becomes a syntax tree or a positioned error; no nesting overflows anything.",
        "DESIGN §9",
    ),
    Req("spl.render", "A rendered tree is read back as the same tree."),
    Req("spl.corpora", "All searches of the development corpora parse, raw and expanded."),
    Req("spl.references", "References equal the adjudicated gold with precision and recall 1."),
    Req(
        "spl.expand",
        "Macros are expanded by name and arity as text, within caps on depth, calls and size.",
        "DESIGN §6",
    ),
    Req("spl.well-known", "Well-known external macros and generated filters have a bundled meaning.", "DESIGN §6"),
    Req("spl.unresolved", "What cannot be resolved is named as a fact, never passed over.", "DESIGN §6"),
    Req("spl.commands", "Every documented command is in the table, the risky ones with their class.", "DESIGN §6"),
    Req(
        "spl.risk",
        "A command that destroys, executes, sends or writes is shown wherever it hides.",
        "DESIGN §7 POL-004",
    ),
    Req(
        "spl.rest",
        "REST endpoints are reduced to one spelling; credentials are told from ordinary reading.",
        "DESIGN §7 POL-017",
    ),
    Req(
        "spl.reach",
        "Indexes are those read, patterns narrowed by what exists; raw reach is told from metadata.",
        "DESIGN §7 POL-012",
    ),
    Req("spl.time", "Splunk's time expressions name the moments that they name in Splunk, in UTC."),
    Req(
        "spl.time-range",
        "The effective time range is the widest that any part of the search covers.",
        "DESIGN §7 POL-012",
    ),
    Req("spl.facts", "Any text has facts: what is there is counted, what cannot be read is said.", "DESIGN §4"),
    Req("spl.memo", "What is remembered is bounded and changes no answer.", "DESIGN §1 R4"),
    Req("spl.knowledge", "Knowledge objects are found by name, arity and app, and hashed by content.", "DESIGN §10"),
    Req("spl.build", "A built condition is read back as exactly the field and value that were meant."),
    Req(
        "spl.explain",
        "The facts of a search can be read by a person and as JSON, each command in its place.",
        "DESIGN §10",
    ),
    # --- embedded ---
    Req(
        "embedded.store",
        "Telemetry is loaded into a new file that appears whole or not at all and is opened sealed and read-only.",
        source="DESIGN §9",
    ),
    Req("embedded.store-roundtrip", "Every value comes back from the store as it came.", source="DESIGN §9"),
    Req("embedded.shared", "Several processes open, load and change one state directory at once.", source="DESIGN §9"),
    Req("embedded.bad-data", "A broken data file is refused with its name and the place; nothing is half-loaded."),
    Req(
        "embedded.search", "The first subset of SPL gives Splunk's results over the embedded store.", source="DESIGN §9"
    ),
    Req(
        "embedded.unsupported",
        "A command that the engine lacks is an error with its name and position.",
        source="DESIGN §9",
    ),
    Req("embedded.guards", "A search that its row, byte or time guard cuts says which.", source="DESIGN §6"),
    Req("embedded.no-sql-text", "No part of a search reaches SQL as text: bound values and generated names only."),
    Req("embedded.time", "Relative times count from the job's now; earliest is included and latest is not."),
    Req("embedded.objects", "Changes to knowledge objects happen all or none, under one permit.", source="DESIGN §5"),
    Req("embedded.rollback", "A rollback restores an object exactly as it was before the change."),
    Req("embedded.journal", "Every effect stands in a journal with its intent, in the transaction that made it."),
    Req("embedded.cases", "Cases and runbooks are read from the data directory and found by id.", source="DESIGN §5"),
    Req(
        "embedded.intel",
        "Feeds match exactly, by parent domain and by network; unknown is never harmless.",
        source="DESIGN §5",
    ),
    Req(
        "embedded.responder",
        "Without a responder every action is a simulation, says so, and is not repeated.",
        source="DESIGN §5",
    ),
    Req("embedded.reports", "The newest result of a case is kept under a permit.", source="DESIGN §5"),
    Req(
        "embedded.inventory",
        "Server, indexes, metadata, users and collections are listed with counts.",
        source="DESIGN §5",
    ),
    Req("zeek.formats", "Zeek TSV and JSON logs are read in every form they are met in."),
    Req("zeek.labels", "No label of a labelled capture reaches the store, and permuting labels changes nothing in it."),
    Req("zeek.malformed", "A malformed Zeek row is reported with file and line, and skipped or refused."),
    Req("zeek.captures", "The IoT-23 captures and the public Zeek samples load completely."),
    # --- injection ---
    Req(
        "injection.families",
        "Eleven families in eleven languages; each rule finds its example.",
        source="DESIGN §6.1",
    ),
    Req("injection.views", "Disguises are seen through, and a hit points at the original text.", source="DESIGN §6.1"),
    Req("injection.total", "Any text can be scanned, in bounded work, and nothing before it hides an attack."),
    Req("injection.windows", "A long text is scanned in overlapping windows without a gap."),
    Req("injection.fields", "Fields are scanned together, so that a payload split over two is found."),
    Req("injection.mention", "Speech about attacks is a mention: recorded, never blocking.", source="DESIGN §6.1"),
    Req("injection.severity", "Severity grows with the weight of what agrees."),
    Req("injection.specificity", "Ordinary SOC text and benign carriers are not flagged."),
    Req("injection.recall", "Override language, also inside log fields, is found."),
    Req(
        "injection.stage",
        "Argument leaves and keys, passed context and flagged reads are facts.",
        source="DESIGN §6.1",
    ),
    # --- provenance ---
    Req("provenance.labels", "Each argument is labelled by who named its value.", source="DESIGN §6.2"),
    Req("provenance.inventory", "An inventory endorses no sink; it may translate a name.", source="DESIGN §6.2"),
    Req("provenance.action", "The action itself must have been asked for; a simulation is no effect."),
    Req("provenance.reads", "Reads are never gated on provenance.", source="DESIGN §6.2"),
    Req("provenance.settings", "What a change sends, runs or allow-lists must be named; other settings are text."),
    Req("provenance.corroboration", "Containment may rest on independent evidence.", source="DESIGN §6.2"),
    Req("provenance.upstream", "Of a tool known by name only, an unknown parameter is a sink.", source="DESIGN §5"),
    Req("provenance.facts", "Evidence, taint and the three bits are facts.", source="DESIGN §6.2"),
    Req("provenance.following", "A call that repeats or does what flagged text says is told.", source="DESIGN §7"),
    Req("provenance.events", "Session events have one exact JSON form.", source="DESIGN §3.3"),
    Req("provenance.session", "A session is a pure fold with a content hash.", source="DESIGN §3.3"),
    Req("provenance.decay", "Taint ends by calls or time; flagged reads stay until reviewed.", source="DESIGN §6.2"),
    Req("provenance.bounds", "Sessions are bounded, and what falls out only lowers trust.", source="DESIGN §6.2"),
    Req("provenance.counters", "Targets, rows and bytes are counted over time.", source="DESIGN §7"),
    Req("provenance.output", "Flagged output is marked, and nothing else is altered.", source="DESIGN §3.6"),
    Req("provenance.leaves", "Outputs are kept as bounded leaves, identifiers first.", source="DESIGN §6.2"),
    Req("provenance.trust", "What is not listed as trusted is attacker-writable.", source="DESIGN §6.2"),
    Req("provenance.traces", "Recorded tool hijacks are held; no read ever is.", source="DESIGN §6.2"),
    # --- graph ---
    Req("graph.build", "Objects become typed nodes and requirement groups; names resolve as in Splunk.", "DESIGN §6.3"),
    Req("graph.hash", "The graph's hash depends on its content and not on the order of its objects.", "DESIGN §6.3"),
    Req("graph.problems", "Cycles, dangling names and duplicates are reported with their place.", "DESIGN §6.3"),
    Req("graph.any-of", "One of several alternatives lost degrades; all of them lost breaks.", "DESIGN §6.3"),
    Req("graph.plain", "Plain reachability equals the published removal figures and a second library.", "DESIGN §10"),
    Req("graph.impact", "A change says what it breaks and degrades, and which cover is left.", "DESIGN §6.3"),
    Req("graph.change-set", "Several changes are judged together, as one.", "DESIGN §5"),
    Req("graph.claims", "Cover that a call only claims does not count as cover.", "DESIGN §6.3"),
    Req("graph.narrowing", "A new version of a search says what it no longer finds, and how much.", "DESIGN §6.3"),
    Req("graph.losses", "Blinding without a broken edge is a typed loss.", "DESIGN §6.3"),
    Req("graph.coverage", "Only enabled, scheduled, healthy, production detections are cover.", "DESIGN §7"),
    Req("graph.content", "Knowledge files are read whole or refused whole, with the place of the fault.", "DESIGN §10"),
    Req("graph.cron", "A cron line yields its runs per day and its longest pause."),
    Req("blast.protected", "Audit indexes, HEC tokens and our own objects are guarded.", "DESIGN §7 POL-009"),
    Req("blast.search", "Searches run, inherited or scheduled by a call are judged by what they reach.", "DESIGN §6.3"),
    Req("blast.response", "Response targets resolve to assets; protected ones are found.", "DESIGN §7 POL-013"),
    Req("blast.unknown", "An object that does not exist, or is ambiguous, is reported with the nearest names."),
    Req("blast.friction", "Ordinary tuning of filters and schedules stays at medium or lower.", "DESIGN §7"),
    # --- cost ---
    Req("cost.static", "A search has predicted events, bytes, seconds and SVC-hours with an interval.", "DESIGN §6.4"),
    Req("cost.monotone", "More time, more indexes, a leading wildcard or a join is never cheaper.", "DESIGN §6.4"),
    Req("cost.guard", "Every search that a call runs gets limits of time, rows and bytes.", "DESIGN §6.4"),
    Req("cost.scheduled", "A search that a call schedules counts times its runs per day.", "DESIGN §6.4"),
    Req("cost.rewrite", "A dear search comes with a cheaper way.", "DESIGN §6.4"),
    # --- policy ---
    Req("policy.library", "The shipped policies are complete and right about their own examples.", "DESIGN §7"),
    Req("policy.engine", "Conditions are typed; an unknown fact or impossible clause is refused at load.", "DESIGN §7"),
    Req("policy.lock", "A changed policy without a new version cannot be locked.", "DESIGN §7"),
    Req("policy.site", "A site adds policies and cannot replace shipped ones.", "DESIGN §7"),
    Req("policy.scope", "An agent reaches its own scope, narrowed by the agent it says it is.", "DESIGN §3.1"),
    Req("policy.profiles", "The observe profile shadows soft read policies and never effects.", "DESIGN §7"),
    # --- dispatch ---
    Req("dispatch.tool-list-size", "Tools as a model is sent them take at most 26 kB, the whole list 64 kB.", "DESIGN §5"),
    Req("dispatch.stage-faults", "A fault in any stage never executes the tool, whatever the tool.", "issue:2"),
    Req("dispatch.arguments", "JSON in text becomes the declared type losslessly; all else is refused.", "DESIGN §3.1"),
    Req("dispatch.cancellation", "A call cancelled at any point leaves a recorded outcome.", "DESIGN §3"),
    Req("dispatch.resume", "An approved call runs once, re-gated, for its requester.", "DESIGN §8"),
    Req("dispatch.bad-input", "Bad input gets an error that names the field, and a record.", "issue:2"),
    # --- investigation ---
    # --- data ---
    Req("data.reproducible", "The bundled data comes out byte for byte the same from its seed.", source="DESIGN §10"),
    Req("data.verify", "Changed, missing and foreign files in a data directory are named.", source="DESIGN §10"),
    Req("data.schema", "Every bundled record has the shape that its readers rely on.", source="DESIGN §9"),
    Req("data.references", "Every name in the bundled data refers to something that exists in it.", source="DESIGN §9"),
    Req(
        "data.volume",
        "The data has the promised number of events, cases, objects, runbooks and calls.",
        source="DESIGN §2",
    ),
    Req("data.twins", "A case and its twin have the same shape: volume, hosts, sources, words.", source="DESIGN §2"),
    Req("data.no-truth", "What a case turned out to be is written nowhere in the data.", source="DESIGN §2"),
    Req("data.coverage", "The detections cover the assets as the policies on lost coverage need.", source="DESIGN §7"),
    Req("data.searches", "Every bundled search parses and every macro in it resolves.", source="DESIGN §6"),
    Req("data.synthetic", "Bundled addresses and names are from the documentation ranges.", source="DESIGN §2"),
    Req(
        "data.day", "The analyst day holds only well-formed calls of tools and objects that exist.", source="DESIGN §7"
    ),
    # --- cli ---
    # --- llm ---
    Req("llm.grounded", "A sentence of a model that names a thing outside the facts is dropped.", source="DESIGN §3.7"),
    Req("llm.prompt", "A prompt holds facts only, redacted, bounded and framed by a marker nobody can foresee."),
    Req("llm.clients", "A dead, slow, lying or broken model is a note with a problem, never an exception."),
    Req("llm.queue", "Findings wait for notes in a bounded queue that drops rather than waits and accounts for each."),
    Req("llm.off", "No model is asked unless it is turned on, and the report says what would turn it on."),
)
