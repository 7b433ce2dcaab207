"""`agentgate-mcp doctor`: what is configured, what is reachable, what each missing piece costs you."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

import typer

from agentgate_mcp.approvals.escape import escape
from agentgate_mcp.cli.boundary import said_of
from agentgate_mcp.cli.state import settings_of
from agentgate_mcp.cli.terminal import out, print_json
from agentgate_mcp.errors import AgentGateError, DataError, PolicyError
from agentgate_mcp.model.call import Json

State = Literal["ok", "missing", "failed"]
SHOWN = 5
_STYLE: dict[State, str] = {"ok": "green", "missing": "yellow", "failed": "bold red"}
_ISOLATION = {
    "same-user": "agent and gate run as one user: a shell can go round MCP",
    "separate-user": "the gate runs as another user: its files are out of the agent's reach",
    "remote": "the gate runs on another host",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the examination. ``costs`` says what does not work without it."""

    name: str
    state: State
    says: str
    costs: str = ""


def doctor(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """Examine the configuration. Exit code 1 when something that is needed fails."""
    found = examine(context)
    if as_json:
        rows: list[Json] = [{"name": f.name, "state": f.state, "says": f.says, "costs": f.costs} for f in found]
        print_json({"ok": all(f.state != "failed" for f in found), "checks": rows})
    else:
        for f in found:
            out.print(f"{f.state:8}", style=_STYLE[f.state], end="")
            out.print(escape(f"{f.name:10} {f.says}" + (f"  (without it: {f.costs})" if f.costs else "")), markup=False)
    if any(f.state == "failed" for f in found):
        raise typer.Exit(1)


def examine(context: typer.Context) -> list[Finding]:
    """All checks, in the order in which things depend on each other."""
    try:
        settings = settings_of(context)
    except AgentGateError as exc:
        return [Finding("settings", "failed", str(exc))]
    found = [
        Finding("settings", "ok", f"profile {settings.profile.value}, agent {settings.agent_id}"),
        Finding("isolation", "ok", f"{settings.isolation}: {_ISOLATION[settings.isolation]}"),
    ]

    def check(name: str, look: Callable[[], str]) -> None:
        try:
            found.append(Finding(name, "ok", look()))
        except AgentGateError as exc:
            found.append(Finding(name, "failed", str(exc)))
        except OSError as exc:
            found.append(Finding(name, "failed", said_of(exc)))

    people = 0

    def policies() -> str:
        from agentgate_mcp.policies.loader import load_library

        try:
            library = load_library(settings.policies_dir)
        except PolicyError as exc:
            said = f"{exc.problem}; a server that runs keeps the policies it had"
            raise DataError(exc.file, exc.location, said) from None
        return f"{len(library.policies)} policies, lock {library.lock[:12]}"

    def ledger() -> str:
        from agentgate_mcp.compose import open_office

        with open_office(settings.state_dir) as office:
            nonlocal people
            people = len(office.operators.book().active)
            count, frozen = office.ledger.last_seq(), office.ledger.frozen()
        state = f"; FROZEN: {', '.join(sorted(frozen))}" if frozen else ""
        return f"{count} records, {people} operator(s) in {settings.state_dir}{state}"

    def data() -> str:
        from agentgate_mcp.compose import open_site_backends

        backends = open_site_backends(settings)
        events = sum(int(str(r["totalEventCount"])) for r in backends.search.indexes())
        return f"{backends.label}: {events} events, {len(backends.cases.cases())} cases, {settings.telemetry_backend}"

    def response() -> str:
        from agentgate_mcp.compose import open_responses

        going = open_responses(settings)
        said = "".join(f"; {r.action} of {r.target} is {r.status}" for r in going[:SHOWN])
        more = f"; and {len(going) - SHOWN} more" if len(going) > SHOWN else ""
        return f"a signed webhook carries actions out; it was not called{said}{more}"

    check("policies", policies)
    check("ledger", ledger)
    if not people and found[-1].state == "ok":
        found.append(Finding("operators", "missing", "nobody may decide", "held calls cannot be approved"))
    check("data", data)
    found.append(Finding("splunk", "missing", "not connected", "searches run on the embedded engine and bundled data"))
    if settings.response_url is None and settings.response_secret_file is None:
        found.append(Finding("response", "missing", "no executor configured", "every response action is a simulation"))
    else:
        check("response", response)
    found += _models(
        settings.enable_llm, settings.gemini_api_key is not None, settings.ollama_host, settings.reasoning_model
    )
    return found


def _models(enabled: bool, gemini: bool, host: str, model: str) -> list[Finding]:
    costs = "findings have no advisory note; decisions are the same"
    if not enabled:
        return [Finding("models", "missing", "ENABLE_LLM is off", costs)]
    import anyio

    from agentgate_mcp.llm.ollama_client import OllamaModel

    problem = anyio.run(OllamaModel(host, model).reachable)
    ollama = Finding("ollama", "missing", problem, costs) if problem else Finding("ollama", "ok", model)
    if gemini:
        return [ollama, Finding("gemini", "ok", "key set; it is tried when a report is written")]
    return [ollama, Finding("gemini", "missing", "no GEMINI_API_KEY", "reports have no analysis by a model")]
