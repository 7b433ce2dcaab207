"""The standards that policies may cite, and how each writes its versions.

Naming them here keeps a citation findable: a title or version that its publisher never used is
refused at load. A site cites its own rules as `internal`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import re2  # pyright: ignore[reportMissingTypeStubs]

from agentgate_mcp.gate.policy.schema import Standard

INTERNAL: Final = "internal"
_FORMS: Mapping[str, tuple[str, str]] = {
    # standard: (how versions look, an example for the error)
    "NIST AI RMF": (r"\d+\.\d+", "1.0"),
    "NIST CSF": (r"\d+\.\d+", "2.0"),
    "NIST SP 800-53": (r"Rev\. \d+", "Rev. 5"),
    "PCI DSS": (r"\d+\.\d+(\.\d+)?", "4.0.1"),
    "HIPAA": (r"45 CFR Part \d+", "45 CFR Part 164"),
    "OWASP Top 10 for LLM": (r"20\d\d", "2025"),
    "OWASP MCP Top 10": (r"beta|20\d\d", "beta"),
    "OWASP Agentic Top 10": (r"20\d\d", "2026"),
    "MITRE ATLAS": (r"\d+\.\d+\.\d+", "5.6.0"),
    "MITRE ATT&CK": (r"\d+\.\d+", "17.1"),
    "EU AI Act": (r"Regulation \(EU\) \d{4}/\d+", "Regulation (EU) 2024/1689"),
    "ISO/IEC 42001": (r"20\d\d", "2023"),
    "ISO/IEC 27001": (r"20\d\d", "2022"),
    "Sarbanes-Oxley": (r"Section \d+", "Section 404"),
    "SOC 2": (r"20\d\d", "2017"),
    "GDPR": (r"Regulation \(EU\) \d{4}/\d+", "Regulation (EU) 2016/679"),
    INTERNAL: (r".+", "1"),
}


def problems(standard: Standard) -> list[tuple[str, str, str]]:
    """(field, expected, got) for each part of a citation that cannot be right."""
    form = _FORMS.get(standard.standard)
    if form is None:
        return [("standard", f"one of {', '.join(sorted(_FORMS))}", repr(standard.standard))]
    found: list[tuple[str, str, str]] = []
    pattern, example = form
    if re2.fullmatch(pattern, standard.version) is None:  # pyright: ignore[reportUnknownMemberType]
        found.append(("version", f"a version such as {example}", repr(standard.version)))
    if not 1990 <= standard.year <= 2100:
        found.append(("year", "the year of that version", str(standard.year)))
    if "compl" in standard.supports.lower():
        # A policy helps with a control; whether a site complies is not for it to say.
        found.append(("supports", "what the policy supports, without a claim of compliance", repr(standard.supports)))
    return found
