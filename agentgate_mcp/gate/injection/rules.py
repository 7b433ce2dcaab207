"""All rules together."""

from __future__ import annotations

from typing import Final

from agentgate_mcp.gate.injection import families_effect as effect
from agentgate_mcp.gate.injection import families_identity as identity
from agentgate_mcp.gate.injection import families_override as override
from agentgate_mcp.gate.injection import families_task as task
from agentgate_mcp.gate.injection.families import OBFUSCATION, STRONG, WEAK, Rule
from agentgate_mcp.gate.injection.families_languages import other_languages

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
"""What disguised text may be read as (respell.py, decode.py)."""

TAGS_RULE: Final = Rule(name="tag-characters", family=OBFUSCATION, weight=STRONG, source="", example="")
"""Unicode tag characters that spell text: nothing that is logged has a use for them."""
BIDI_RULE: Final = Rule(name="bidi-override", family=OBFUSCATION, weight=WEAK, source="", example="")
"""A right-to-left override: common in malicious file names, so it proves little alone."""
