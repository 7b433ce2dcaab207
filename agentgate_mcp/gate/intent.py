"""Did the user ask for this kind of action? Compares what a call does with the user's verbs.

A hijack without any override words shows itself here: the data asked to send, nobody else did.
Verbs are grouped, because people say `pull the plug on` and tools say `isolate_host`; only verbs
that leave little doubt are listed. Changing a setting has no verb of its own (people say "let it
run at six"), so a modification is never judged by its verb.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from agentgate_mcp.effects import Effects
from agentgate_mcp.gate.verbs import VERBS
from agentgate_mcp.gate.words import Prompt
from agentgate_mcp.model.call import ToolSpec

ACTION_PATH: Final = "@action"
"""Stands for the action itself among the paths of sinks."""

_OF_TOOL_WORD: Final[Mapping[str, tuple[str, ...]]] = {
    word: kinds
    for kinds, words in (
        (("send",), "send email mail forward reply notify"),
        (("post",), "post publish tweet upload"),
        (("share",), "share"),
        (("create", "schedule"), "create"),
        (("create",), "new"),
        (("create", "post"), "write"),
        (("schedule",), "schedule"),
        (("schedule", "update"), "reschedule"),
        (("delete",), "delete remove drop cancel"),
        (("disable",), "disable stop deactivate"),
        (("invite",), "invite"),
        (("add",), "add append insert"),
        (("update",), "update edit set change rename modify"),
        (("update", "transfer"), "move"),
        (("transfer",), "transfer pay withdraw deposit"),
        (("buy",), "buy purchase order sell trade"),
        (("visit",), "visit webpage browse fetch navigate"),
        (("visit", "unlock"), "open"),
        (("run",), "run execute invoke"),
        (("export",), "export download"),
        (("unlock",), "unlock lock"),
        (("grant",), "grant"),
        (("isolate",), "isolate"),
        (("block",), "block"),
        (("reset",), "reset"),
        (("quarantine",), "quarantine"),
        (("ticket",), "ticket"),
        (("book",), "book reserve"),
    )
    for word in words.split()
}
_DRASTIC: Final = frozenset(
    "delete disable transfer buy run export unlock grant isolate block reset quarantine share".split()
)
"""Kinds of action for which the choice of a target is never left to an agent."""
_SENDS: Final = frozenset("send post share".split())
_ANSWERING: Final = frozenset("give tell show get fetch find read".split())
_READERS: Final = frozenset({"me", "us"})
_OPEN_ENDED: Final = "modify"
_OF_RESPONSE: Final[Mapping[str, str]] = {
    "isolate_host": "isolate",
    "block_ip": "block",
    "block_domain": "block",
    "disable_user": "disable",
    "reset_credentials": "reset",
    "quarantine_file": "quarantine",
    "create_ticket": "ticket",
}
_ENDINGS: Final = ("ing", "ed", "es", "s", "d")


SEARCH_VERBS: Final = frozenset(
    "run search execute query export show list send print output reveal dump return find look get".split()
)


def asked(tool: str, spec: ToolSpec | None, effects: Effects, prompt: Prompt) -> bool:
    """True when the user's words hold a verb for everything that the call does."""
    said = frozenset[str]().union(*(_said(turn) for turn in prompt.spoken))
    return all(said & words for words in deeds(tool, spec, effects) if words is not VERBS[_OPEN_ENDED])


@lru_cache(maxsize=64)
def _said(turn: str) -> frozenset[str]:
    return frozenset(stems(_without_asides(turn)))


def _without_asides(turn: str) -> str:
    """``turn`` without `give me`, `tell us` and the like: they ask for an answer, not for a deed."""
    spoken = turn.split()
    answered = {i for i, word in enumerate(spoken[1:]) if word in _READERS and spoken[i] in _ANSWERING}
    return " ".join(word for i, word in enumerate(spoken) if i not in answered)


def deeds(tool: str, spec: ToolSpec | None, effects: Effects) -> Iterator[frozenset[str]]:
    """The verbs for each thing that a call does, one set per thing."""
    for change in effects.changes:
        yield VERBS[change.action]
    for action in effects.actions:
        yield VERBS[_OF_RESPONSE[action.action]]
    outside = spec is None or (spec.toolset == "upstream" and spec.has_effect)
    if outside and not effects.changes and not effects.actions:
        yield _verbs_of_name(tool)


def is_drastic(tool: str) -> bool:
    """True for a tool whose name says that what it does is hard to undo."""
    return bool(_DRASTIC & {kind for part in _name_words(tool) for kind in _OF_TOOL_WORD.get(part, ())})


def sends(tool: str) -> bool:
    """True for a tool whose name says that it hands something to people."""
    return bool(_SENDS & {kind for part in _name_words(tool) for kind in _OF_TOOL_WORD.get(part, ())})


def _verbs_of_name(tool: str) -> frozenset[str]:
    """Verbs for a tool known by name only: the groups of its words, or else the words themselves."""
    parts = _name_words(tool)
    kinds = next((_OF_TOOL_WORD[p] for p in parts if p in _OF_TOOL_WORD), ())
    if kinds:
        return frozenset(verb for kind in kinds for verb in VERBS[kind])
    return frozenset(p for p in parts if len(p) > 2)


def _name_words(tool: str) -> list[str]:
    spaced = "".join(f" {c}" if c.isupper() else c for c in tool)
    return "".join(c if c.isalnum() else " " for c in spaced).lower().split()


def stems(text: str) -> Iterator[str]:
    """Every word, and what is left of it without an English ending."""
    for word in text.split():
        yield word
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) > 2:
                cut = word[: -len(ending)]
                yield cut
                yield f"{cut}e"
                if len(cut) > 2 and cut[-1] == cut[-2]:
                    yield cut[:-1]
