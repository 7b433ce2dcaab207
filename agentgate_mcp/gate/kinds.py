"""Kinds of things that parameters take and prompts speak of: a person, a channel, a file, a link.

A prompt may name a thing, or leave the choice of one to the agent; these are the words for it.
"""

from __future__ import annotations

from typing import Final

_KIND_OF: Final = {
    word: kind
    for kind, words in {
        "person": "user username member recipient participant attendee assignee person people colleague employee to "
        "invitee teammate everyone everybody sender",
        "channel": "channel room chat",
        "file": "file document doc filename",
        "event": "event meeting appointment",
        "mail": "email mail address contact",
        "link": "url link uri site website webpage page article blog href",
        "message": "message",
        "ticket": "ticket issue incident case",
        "folder": "folder directory",
        "group": "group team",
        "task": "task todo",
    }.items()
    for word in words.split()
}
_IDENTITY_ENDINGS: Final = ("_id", "_ids", "_uuid", "_key", "_name", "_address", "_url", "_email")
_ANY: Final = frozenset("a an any some which one".split())
_ALL: Final = frozenset("all each every both".split())
_CHOOSE: Final = frozenset("find pick choose select determine identify whichever any which".split())
_OWNERS: Final = frozenset("her his their its the".split())
_REACH: Final = 3
"""Words between `a` and what it is one of: `a busy public channel`."""


def singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


def kind_of_parameter(name: str) -> str:
    """The kind of thing that a parameter takes, by its name (`file_id`, `recipients`), or its noun."""
    plain = name.lower().replace("-", "_")
    last = singular(plain.rpartition("_")[2])
    if last in ("email", "mail", "url", "link"):
        return _KIND_OF[last]
    for ending in _IDENTITY_ENDINGS:
        plain = plain.removesuffix(ending)
    noun = singular(plain.rpartition("_")[2])
    return _KIND_OF.get(noun, noun)


def kinds_in(words: list[str]) -> frozenset[str]:
    """Every kind that the words speak of."""
    return frozenset(kind for w in words if (kind := _KIND_OF.get(singular(w))))


def left_open(words: list[str], kind: str) -> bool:
    """True when the words ask to choose one of this kind: `find a channel where …`."""
    return bool(_CHOOSE & set(words)) and _determined(words, kind, _ANY)


def all_of(words: list[str], kind: str) -> bool:
    """True when the words mean everything of this kind: `each user`, `all the websites`, `everyone`."""
    whole = frozenset({"everyone", "everybody"}) if kind == "person" else frozenset[str]()
    return bool(whole & set(words)) or _determined(words, kind, _ALL)


def address_meant(words: list[str]) -> bool:
    """True when the words speak of a mail address to be looked up, not of a mail: `her e-mail`,
    `the address`, `contact details`."""
    for at, word in enumerate(words):
        first = at - 1 if word == "mail" and at and words[at - 1] == "e" else at
        before = words[first - 1] if first else ""
        # `the shipping address`, `the address` of a page or a house: no mail address.
        if singular(word) == "contact" or (singular(word) == "address" and before in ("email", "mail", "contact")):
            return True
        if word in ("email", "mail") and (before in _OWNERS - {"the"} or before.endswith("'s")):
            return True
    return False


def _determined(words: list[str], kind: str, determiners: frozenset[str]) -> bool:
    for at, word in enumerate(words):
        if word in determiners:
            for noun in words[at + 1 : at + 2 + _REACH]:
                if _KIND_OF.get(singular(noun), singular(noun)) == kind:
                    return True
    return False
