"""All rules together."""

from __future__ import annotations

from typing import Final

from agentgate_mcp.gate.injection import families_effect as effect
from agentgate_mcp.gate.injection import families_identity as identity
from agentgate_mcp.gate.injection import families_override as override
from agentgate_mcp.gate.injection import families_task as task
from agentgate_mcp.gate.injection.families import MEDIUM, OBFUSCATION, STRONG, WEAK, Rule
from agentgate_mcp.gate.injection.families_languages import other_languages
from agentgate_mcp.gate.injection.lexicon import words_of

_ENGLISH = (
    override.override,
    override.priority,
    identity.impersonation,
    identity.persona,
    identity.fake_frame,
    effect.exfiltration,
    effect.destructive,
    effect.gate,
    task.task,
    task.concealment,
    task.obfuscation,
)

RULES: Final[tuple[Rule, ...]] = (*(rule for family in _ENGLISH for rule in family()), *other_languages())

ENGLISH_WORDS: Final[frozenset[str]] = frozenset(w for rule in RULES if rule.language == "en" for w in rule.words)
"""Words of the phrases: what gives rot13 and mirrored text away (decode.py)."""
READABLE: Final[frozenset[str]] = frozenset(
    w for rule in RULES for w in (rule.words or (words_of(rule.source) if rule.language == "en" else ()))
)
"""What disguised text may be read as (respell.py)."""
UNREAD_RULE: Final = Rule(name="unread", family=OBFUSCATION, weight=MEDIUM, source="", example="")
"""More disguised or suspicious text than the scanner reads to the end: what is not read is not trusted."""

TAGS_RULE: Final = Rule(name="tag-characters", family=OBFUSCATION, weight=STRONG, source="", example="")
"""Unicode tag characters that spell text: nothing that is logged has a use for them."""
BIDI_RULE: Final = Rule(name="bidi-override", family=OBFUSCATION, weight=WEAK, source="", example="")
"""A right-to-left override: common in malicious file names, so it proves little alone."""
