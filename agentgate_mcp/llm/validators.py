"""Keeps of a model's text only what its facts can carry. Model output is untrusted (R5, R7)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from agentgate_mcp.llm.entities import entities, names_in

MAX_OUTPUT = 2_000
"""Characters of a note that a person is asked to read."""

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[^a-z\d])")
_MARKDOWN_LINK = re.compile(r"!?\[([^\[\]\n]{0,300})\]\([^)\n]{0,2000}\)")
_TERMINAL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b.")
_TAG = re.compile(r"<[^<>\n]{0,2000}>")
_BLANKS = re.compile(r"[ \t]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounded:
    """What is left of a text, and how many of its sentences were not carried by the facts."""

    text: str
    dropped: int


def keep_grounded(text: str, facts: str) -> Grounded:
    """``text`` without the sentences that name an address, host, hash, uid, technique or any
    other thing that ``facts`` does not name; plain, one sentence per place it was in."""
    known = names_in(facts)
    lines: list[str] = []
    dropped = 0
    length = 0
    for line in plain_text(text).split("\n"):
        kept: list[str] = []
        for sentence in _SENTENCE_END.split(line):
            if not sentence.strip():
                continue
            if length + len(sentence) > MAX_OUTPUT or not _carried(sentence, known):
                dropped += 1
                continue
            kept.append(sentence.strip())
            length += len(sentence) + 1
        if kept and any(c.isalnum() for c in "".join(kept)):
            lines.append(" ".join(kept))
    return Grounded(text="\n".join(lines), dropped=dropped)


def plain_text(text: str) -> str:
    """``text`` without markup, links, control and invisible characters: safe in a terminal and a report."""
    visible = "".join(
        c
        if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn")
        else ("\n" if c in "\n\r\u2028\u2029" else " ")
        for c in _TERMINAL.sub("", text)
    )
    unlinked = _TAG.sub(" ", _MARKDOWN_LINK.sub(r"\1", visible)).replace("`", "'")
    return "\n".join(_BLANKS.sub(" ", line).strip() for line in unlinked.split("\n"))


def _carried(sentence: str, known: frozenset[str]) -> bool:
    return all(_is_known(entity, known) for entity in entities(sentence))


def _is_known(entity: str, known: frozenset[str]) -> bool:
    if entity in known:
        return True
    # A technique stands for its sub-technique, and the first 8 digits of a hash for the hash.
    if re.fullmatch(r"t\d{4}", entity):
        return any(k.startswith(f"{entity}.") for k in known)
    if re.fullmatch(r"[0-9a-f]{8,}", entity):
        return any(k.startswith(entity) and len(k) >= 32 for k in known)
    return False
