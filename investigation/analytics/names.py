"""Names that were looked up: do they carry data, or ask for a code?"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

from investigation.analytics.partner import trusted
from investigation.dossier import Dossier
from investigation.evidence import Evidence, found
from investigation.rows import Row, text, texts
from investigation.suffixes import registered_domain

MIN_NAMES = 50
MIN_LABEL = 20
CARRYING = frozenset({"TXT", "NULL", "CNAME", "MX"})
LONG_ANSWER = 40
FEW_ANSWERS = 0.1


def run(d: Dossier) -> list[Evidence]:
    """All signals of this kind for the case."""
    out: list[Evidence] = []
    by_parent: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in d.rows("dns"):
        parent = registered_domain(text(row, "query"))
        if parent and text(row, "src") in d.inside:
            by_parent[(text(row, "src"), parent)].append(row)
    for (src, parent), rows in sorted(by_parent.items()):
        long = [r for r in rows if _longest_label(text(r, "query")) >= MIN_LABEL]
        if len({text(r, "query") for r in long}) >= MIN_NAMES:
            out += _parent(d, src, parent, long)
    return out


def _parent(d: Dossier, src: str, parent: str, rows: Sequence[Row]) -> list[Evidence]:
    host, source = d.host_of(src), d.sets.get("dns")
    distinct = len({text(r, "query") for r in rows})
    bits = sum(entropy(text(r, "query").partition(".")[0]) for r in rows) / len(rows)
    length = sum(len(text(r, "query")) for r in rows) / len(rows)
    known = trusted(d, parent)
    guilty = () if known else (("domain", parent), ("host", host))
    said = (
        f"{host} looked up {distinct} different names below {parent}, {length:.0f} characters long on average, "
        f"with {bits:.1f} bits per character in the first label"
    )
    out = found("dns.many-names", said, rows, source, guilty)
    if known and any(registered_domain(n) == parent for n in d.domains):
        out += found("net.known-partner", f"{parent} is {known}", rows, source)
    answered = [r for r in rows if texts(r, "answer")]
    carrying = [r for r in answered if text(r, "query_type") in CARRYING and _answer_length(r) >= LONG_ANSWER]
    answers = Counter(a for r in answered for a in texts(r, "answer"))
    if len(carrying) >= len(rows) / 2:
        size = sum(_answer_length(r) for r in carrying) / len(carrying)
        said = (
            f"{len(carrying)} of {len(rows)} lookups below {parent} got a {text(carrying[0], 'query_type')} answer of "
            f"{size:.0f} characters on average, {len(answers)} different ones"
        )
        out += found("dns.data-answers", said, carrying, source, guilty)
    elif answered and len(answers) <= max(8, FEW_ANSWERS * len(answered)):
        shown = ", ".join(a for a, _ in answers.most_common(3))
        said = f"{len(answered)} answers below {parent} are {len(answers)} short codes such as {shown}"
        out += found("dns.code-answers", said, answered, source)
    return out


def entropy(label: str) -> float:
    """Bits per character."""
    if not label:
        return 0.0
    counts = Counter(label.lower())
    return -sum(c / len(label) * math.log2(c / len(label)) for c in counts.values())


def _longest_label(name: str) -> int:
    return max((len(part) for part in name.split(".")), default=0)


def _answer_length(row: Row) -> int:
    return max((len(a) for a in texts(row, "answer")), default=0)
