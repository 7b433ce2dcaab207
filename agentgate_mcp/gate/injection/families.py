"""What a pattern rule is, how one is written, and the eleven families.

A rule's weight says how much one use of it proves: 1.0 stands on its own, 0.6 is enough to flag,
0.3 needs company from another family. Imperative rules match only where a sentence or clause
begins, because the same words in reported speech are everyday security prose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from agentgate_mcp.gate.injection.phrase import WORD_START, compile_phrase
from agentgate_mcp.gate.injection.vocabulary import VOCABULARY

OVERRIDE: Final = "instruction_override"
"""Earlier instructions are to be ignored or replaced."""
IMPERSONATION: Final = "role_impersonation"
"""The text claims to be the system, a developer, the user."""
PERSONA: Final = "persona"
"""The reader is to become something without rules."""
FAKE_FRAME: Final = "fake_frame"
"""The text imitates the frame of a conversation or of tool output."""
EXFILTRATION: Final = "exfiltration"
"""Prompts, secrets or data are to be shown or sent out."""
DESTRUCTIVE: Final = "destructive"
"""Things are to be deleted, disabled or cut off."""
GATE: Final = "gate_disabling"
"""Approval, policy or judgement is to be skipped."""
PRIORITY: Final = "priority_hijack"
"""Something is to be done first, or outranks the task."""
TASK: Final = "task_for_assistant"
"""Work is handed to an AI reader."""
OBFUSCATION: Final = "obfuscation"
"""A payload hides, or asks to be decoded and obeyed."""
CONCEALMENT: Final = "concealment"
"""People are to be kept from noticing."""

FAMILIES: Final[tuple[str, ...]] = (
    OVERRIDE,
    IMPERSONATION,
    PERSONA,
    FAKE_FRAME,
    EXFILTRATION,
    DESTRUCTIVE,
    GATE,
    PRIORITY,
    TASK,
    OBFUSCATION,
    CONCEALMENT,
)

STRONG: Final = 1.0
MEDIUM: Final = 0.6
WEAK: Final = 0.3

# Where an order can begin: the start of a field or sentence, or after a word that opens one. No
# rule uses `^`: the scanner puts a line break before every text.
IMPERATIVE: Final = (
    r"(?:[.!?:;>\]\})\"'#|\-\n\r\t]\s*|\n\s*\*\s*|\\n|/[0-9][0-9.]*\s+|\b(?:please|then|now|must|should|kindly"
    r"|first|next|also|and|do|to do|instead|immediately|just|you|todo|will)[^0-9a-z]+)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One pattern: an RE2 source, its weight, and a text that it must find.

    ``anchor`` is a source that occurs in every match; it keeps the full pattern away from text
    that cannot match. An empty anchor means: try everywhere. ``words`` serve `lexicon.py`."""

    name: str
    family: str
    weight: float
    source: str
    example: str
    anchor: str = ""
    language: str = "en"
    words: frozenset[str] = frozenset()


def phrase(
    name: str,
    family: str,
    weight: float,
    notation: str,
    example: str,
    *,
    imperative: bool = False,
    language: str = "en",
) -> Rule:
    """A rule in phrase notation (phrase.py)."""
    compiled = compile_phrase(notation, VOCABULARY, begin=IMPERATIVE if imperative else WORD_START)
    return Rule(
        name=name,
        family=family,
        weight=weight,
        source=compiled.source,
        example=example,
        anchor=compiled.anchor,
        language=language,
        words=compiled.words,
    )


def literal(
    name: str,
    family: str,
    weight: float,
    source: str,
    example: str,
    *,
    anchor: str = "",
    imperative: bool = False,
    language: str = "en",
) -> Rule:
    """A rule given as an RE2 source, with its anchor."""
    return Rule(
        name=name,
        family=family,
        weight=weight,
        source=IMPERATIVE + source if imperative else source,
        example=example,
        anchor=anchor,
        language=language,
    )
