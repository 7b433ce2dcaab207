"""`agentgate-mcp policy`: list, show, test, compare, try out and lock the policy library."""

from __future__ import annotations

import time
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from agentgate_mcp.cli.instants import instant
from agentgate_mcp.cli.state import office_of, settings_of
from agentgate_mcp.cli.terminal import complain, err, out, print_json, progress, table
from agentgate_mcp.errors import NotFoundError
from agentgate_mcp.model.call import Json

app = typer.Typer(no_args_is_help=True)
SiteDir = Annotated[Path | None, typer.Option("--policies", help="A site's own policies, else those configured.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_policies(context: typer.Context, policies: SiteDir = None, as_json: AsJson = False) -> None:
    """Every policy in force."""
    from agentgate_mcp.policies.loader import load_library

    library = load_library(policies or settings_of(context).policies_dir)
    if as_json:
        rows: list[Json] = [
            {
                "id": p.file.id,
                "version": p.file.version,
                "title": p.file.title,
                "mode": p.file.mode,
                "actions": [*sorted({r.action for r in p.file.rules})],
                "sha256": p.sha256,
                "source": p.source,
            }
            for p in library.policies
        ]
        print_json({"lock": library.lock, "policies": rows})
        return
    table(
        ("id", "v", "title", "actions", "review by"),
        [
            (
                p.file.id,
                str(p.file.version),
                p.file.title,
                ", ".join(sorted({r.action for r in p.file.rules})),
                p.file.review_by.isoformat(),
            )
            for p in library.policies
        ],
    )
    out.print(f"lock {library.lock}", markup=False)


@app.command("show")
def show(context: typer.Context, policy_id: str, policies: SiteDir = None, as_json: AsJson = False) -> None:
    """One policy: rules, thresholds, standards, tests."""
    from agentgate_mcp.policies.loader import load_library

    library = load_library(policies or settings_of(context).policies_dir)
    found = library.get(policy_id)
    if found is None:
        known = [p.file.id for p in library.policies]
        raise NotFoundError("policy", policy_id, tuple(get_close_matches(policy_id.upper(), known, n=3, cutoff=0.5)))
    if as_json:
        print_json(found.file.model_dump(mode="json", by_alias=True, exclude_none=True))
        return
    out.print(f"{found.file.id} v{found.file.version}  {found.file.title}", markup=False, style="bold")
    out.print(found.file.description, markup=False)
    for rule in found.file.rules:
        out.print(f"  {rule.action:17} {rule.severity:9} {rule.id}: {rule.reason}", markup=False)
    for standard in found.file.standards:
        mark = "" if standard.verified else " (wording not verified)"
        out.print(f"  supports {standard.standard} {standard.version} {standard.clause}{mark}", markup=False)


@app.command("test")
def run_tests(context: typer.Context, policies: SiteDir = None, as_json: AsJson = False) -> None:
    """Run the tests that stand inside the policy files."""
    from agentgate_mcp.policies.loader import load_library
    from agentgate_mcp.policies.selftest import run_cases

    library = load_library(policies or settings_of(context).policies_dir)
    results = [r for p in library.policies for r in run_cases(p)]
    failed = [r for r in results if not r.ok]
    if as_json:
        problems: list[Json] = [
            {"policy": r.policy, "name": r.name, "expected": r.expected, "got": r.got, "problem": r.problem}
            for r in failed
        ]
        print_json({"ok": not failed, "tests": len(results), "failed": problems})
    else:
        for r in failed:
            out.print(f"FAIL {r.policy} {r.name}: expected {r.expected}, got {r.got} {r.problem}", markup=False)
        out.print(f"{len(results) - len(failed)} passed, {len(failed)} failed", markup=False)
    if failed:
        raise typer.Exit(1)


@app.command("diff")
def diff(
    context: typer.Context,
    before: Annotated[Path | None, typer.Argument(help="A policy directory; without one, what is shipped.")] = None,
    after: Annotated[Path | None, typer.Argument(help="Another; without one, the configured library.")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare two libraries: what is tighter, what looser.

    A directory that holds a lock is a whole library; any other is a site's own, over what is shipped."""
    from agentgate_mcp.gate.policy.changes import compare_all
    from agentgate_mcp.policies.loader import library_at, load_library

    old = load_library() if before is None else library_at(before)
    new = load_library(settings_of(context).policies_dir) if after is None else library_at(after)
    changes = compare_all([p.file for p in old.policies], [p.file for p in new.policies])
    if as_json:
        rows: list[Json] = [
            {"policy": c.policy, "what": c.what, "before": c.before, "after": c.after, "direction": c.direction}
            for c in changes
        ]
        print_json({"before": old.lock, "after": new.lock, "changes": rows})
        return
    table(
        ("policy", "what", "before", "after", "which is"),
        [(c.policy, c.what, c.before, c.after, c.direction) for c in changes],
        empty="no difference",
    )


@app.command("simulate")
def simulate(
    context: typer.Context,
    policies: Annotated[
        Path | None, typer.Option("--policies", help="The directory to try, else that configured.")
    ] = None,
    since: Annotated[
        str, typer.Option("--since", help="Only calls after 2026-11-01T08:00 (UTC), or of the last 24h or 7d.")
    ] = "",
    check: Annotated[bool, typer.Option("--check", help="Exit code 1 when a call would be decided otherwise.")] = False,
    as_json: AsJson = False,
) -> None:
    """Which recorded calls other policies would flip.

    Exit code 1 when a record cannot be read."""
    from agentgate_mcp.policies.loader import library_at, load_library
    from agentgate_mcp.policies.simulate import simulate as run

    settings = settings_of(context)
    library = load_library(settings.policies_dir) if policies is None else library_at(policies)
    with office_of(context) as office, progress("simulating") as told:
        start = office.ledger.seq_at(instant(since, time.time())) if since else 0
        found = run(office.ledger, library, settings.profile, since=start, told=told)
    if as_json:
        print_json(found.to_json())
    else:
        table(
            ("record", "call", "agent", "tool", "was", "would be", "policies", "operator"),
            [
                (str(f.seq), f.call_id, f.agent_id, f.tool, f.before, f.after, ", ".join(f.policies), f.outcome)
                for f in found.flips
            ],
            empty="no call would be decided otherwise",
        )
        for name, counts in found.counts().items():
            if counts:
                out.print(f"{name}: " + ", ".join(f"{k} {n}" for k, n in counts.items()), markup=False)
        stricter = sum(f.stricter for f in found.flips)
        said = f"{found.calls} calls, {stricter} stricter, {len(found.flips) - stricter} laxer, lock {found.lock[:12]}"
        out.print(said, markup=False)
    for problem in found.unread[:5]:
        complain(problem)
    if found.unread or (check and found.flips):
        raise typer.Exit(1)


@app.command("lock")
def lock(
    policies: Annotated[
        Path | None, typer.Option("--policies", help="Lock this directory instead of the shipped one.")
    ] = None,
) -> None:
    """Write the lock after a reviewed change.

    A changed policy needs a new version."""
    from agentgate_mcp.policies.loader import LOCK, SHIPPED, lock_text, read_directory, read_lock

    directory = policies or SHIPPED
    target = directory / LOCK
    target.write_text(lock_text(read_directory(directory), read_lock(target) if target.exists() else {}), "utf-8")
    err.print(f"wrote {target}", markup=False)
