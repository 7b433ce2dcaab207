"""`agentgate-mcp changes`: what was changed through the gate, and the way back (R11)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from difflib import unified_diff
from typing import Annotated

import typer

from agentgate_mcp.approvals.escape import escape
from agentgate_mcp.cli.state import settings_of
from agentgate_mcp.cli.terminal import out, print_json, table
from agentgate_mcp.cli.tokens import read_token
from agentgate_mcp.errors import NotFoundError
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import ChangeRecord, KnowledgeObject

app = typer.Typer(no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_changes(context: typer.Context, as_json: AsJson = False) -> None:
    """Executed changes, oldest first."""
    from agentgate_mcp.compose import open_deployment

    with open_deployment(settings_of(context)) as deployment:
        records = deployment.backends.knowledge.changes()
    if as_json:
        print_json([_head(r) for r in records])
        return
    table(
        ("change", "when", "action", "object", "undone"),
        [(r.change_id, _when(r.at), r.change.action, r.change.target, "yes" if r.rolled_back else "") for r in records],
        empty="no changes were made",
    )


@app.command("show")
def show(context: typer.Context, change_id: str, as_json: AsJson = False) -> None:
    """One change with the object before and after it."""
    from agentgate_mcp.compose import open_deployment

    with open_deployment(settings_of(context)) as deployment:
        record = _find(deployment.backends.knowledge.changes(), change_id)
    before, after = _object(record.before), _object(record.after)
    if as_json:
        print_json({**_head(record), "before": before, "after": after})
        return
    state = ", undone since" if record.rolled_back else ""
    out.print(escape(f"{change_id}: {record.change.action} {record.change.target}, {_when(record.at)}{state}"))
    for line in unified_diff(_text(before), _text(after), "before", "after", lineterm="", n=2):
        out.print(escape(line), markup=False)


@app.command("rollback")
def rollback(
    context: typer.Context,
    change_id: str,
    reason: Annotated[str, typer.Option("--reason", help="It goes on record.")],
) -> None:
    """Undo one change. An operator's token is asked for on the terminal."""
    from agentgate_mcp.compose import open_deployment

    token = read_token()
    with open_deployment(settings_of(context)) as deployment:
        operator = deployment.office.operators.authenticate(token)
        record = deployment.roll_back(change_id, operator=operator, reason=reason)
    out.print(f"{record.change.target} is as it was before {change_id}", markup=False)


def _find(records: Sequence[ChangeRecord], change_id: str) -> ChangeRecord:
    for record in records:
        if record.change_id == change_id:
            return record
    raise NotFoundError("change", change_id)


def _head(record: ChangeRecord) -> dict[str, Json]:
    return {
        "change_id": record.change_id,
        "call_id": record.call_id,
        "at": record.at,
        "action": record.change.action,
        "object": record.change.target,
        "settings": dict(record.change.content),
        "rolled_back": record.rolled_back,
    }


def _text(item: dict[str, Json] | None) -> list[str]:
    return [] if item is None else json.dumps(item, indent=1, sort_keys=True, ensure_ascii=False).splitlines()


def _object(item: KnowledgeObject | None) -> dict[str, Json] | None:
    if item is None:
        return None
    return {
        "id": item.id,
        "app": item.app,
        "owner": item.owner,
        "disabled": item.disabled,
        "settings": dict(item.content),
    }


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
