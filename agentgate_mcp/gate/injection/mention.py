"""Mention or use: does a hit address the reader, or does the text speak about such texts?

A detection rule, a training note and a ticket about an attack all quote it. One table of features
and weights decides; a hit is a use when the sum is positive. A mention is recorded and never
blocks, but it softens nothing else either: an attacker can quote too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from agentgate_mcp.gate.injection.engine import Pattern

# Fitted by `python -m agentgate_mcp.bench.fit_injection`; report: tests/bench/results/injection_fit.json.
WEIGHTS: Final[dict[str, float]] = {
    "bias": 0.45,
    # for use: the text turns to its reader
    "leading": 0.35,      # it opens a field, sentence or line
    "emphasis": 0.20,     # shouting, `SYSTEM:` and the like right before it
    "second_person": 0.00,
    "continues": 0.30,    # an order or an outside address follows
    "disguised": 0.60,    # nobody quotes base64 or zero-width letters
    # for mention: the text speaks about it
    "quoted": -0.60,      # the hit stands alone between quotes
    "inside_quote": 0.00,  # it is part of a longer quotation
    "reported": -0.65,    # "phrases like", "says", "detects" right before it
    "grammar": -0.90,     # "attempts to", "never", "asks the model to"
    "afterwards": -0.65,  # "… is unsafe", "… as a pattern to refuse" right after it
    "code": -0.60,        # an argument or element of program text
    "fence": -0.40,       # inside a fenced block
    "labelled": -0.95,    # the block is announced as an attack, an example, a payload
    "program": -0.80,     # program text around it, and words about attacks on models
    "query": -0.90,       # a literal of a search that looks for such text
    "clerical": -1.00,    # "include the ticket number in your reply" is office mail
    "topic": -0.20,       # each kind of word about attacks on models, up to three
}  # fmt: skip

_CONTEXT = 160
_TOPIC_CONTEXT = 3_000
_MAX_TOPICS = 3
_PROGRAM_TOPICS = 2
_FENCE = "```"

_REPORTING = Pattern(
    r"(?:phrases?|patterns?|strings?|examples?|such as|like|e\.g\.?|contain(?:s|ed|ing)?|includ(?:e|es|ed|ing)"
    r"|says?|said|saying"
    r"|quot(?:e|es|ed|ing)|detect(?:s|ed|ing|or|ion)?|block(?:s|ed|ing)?|match(?:es|ed|ing)?|flag(?:s|ged|ging)?"
    r"|called|titled"
    r"|named|reads?|keywords?|recogni[sz]es?|samples?|assert\w*|display(?:s|ed)?|explain(?:s|ing)?(?: that| why)?"
    r"|why|follow"
    r"|maps?|list(?:s|ed)?|annotate|catch(?:es)?|where|that|looks like|prompts? like|prefix(?:ed)?|payloads?"
    r"|signature|regex"
    r"|scan\w*|classif\w+|injection)[\s:,(\[]*(?:the )?(?:words? |phrases? |text |string |quote "
    r"|explicit )?[\"'`“‘«(\[]{0,3}$"
)
_GRAMMAR = Pattern(
    r"(?:\b(?:attempt(?:s|ed|ing)?|tr(?:y|ies|ied|ying)|ask(?:s|ed|ing)?|tell(?:s|ing)?|told|instruct(?:s|ed|ing)?"
    r"|want(?:s|ed|ing)?"
    r"|caus(?:e|es|ed|ing)|us(?:e|es|ed)|designed|intended|able|seek(?:s|ing)?|trick(?:s|ed|ing)?|manipulat(?:e|es"
    r"|ed|ing)"
    r"|convinc(?:e|es|ed|ing)|how|persuad(?:e|es|ing)|get(?:s|ting)?|allow(?:s|ed|ing)?|lead(?:s|ing)?|coerc\w+"
    r"|forc(?:e|es|ed|ing)"
    r"|request(?:s|ed|ing)?)\b[^.!?\n]{0,60}\b(?:to|into|and|by)\s+[\"'`“]?(?:\w+ly )?"
    r"|\b(?:makes?|making|lets?|letting|have|having|helps?)\s+(?:the|an?|its|their|your)\s+(?:\w+\s+){1,2}"
    r"|\b(?:never|not|cannot|can't|won't|refuse to|refuses to|n't)\s+(?:\w+ )?[\"'`“]?"
    r"|\b(?:an?|the|this|these|those|classic|typical|known|simple|naive)\s+[\"'`“])$"
)
_AFTER = Pattern(
    r"^[\"'`”’»)\]]*\s*[,;—-]?\s*(?:is (?:unsafe|an? |suspicious|flagged|detected|the )|are (?:prompt|flagged|an? "
    r"|suspicious|examples?)"
    r"|as an? (?:literal|pattern|historical|attack|example)|as historical|pattern|patterns|phrases?|attacks?"
    r"|attempts?|payloads?"
    r"|style|type|should (?:trigger|be)|will be (?:blocked|flagged|detected)|appears?|in the evidence"
    r"|to human review|while"
    r"|so analysts|and the guardrail|strings?|examples?|text\b|variants|; classify|in a readme|prompt[- ]injection)"
)
_EMPHASIS = Pattern(
    r"(?:!{2,}|\b(?:important|attention|urgent|warning|notice|critical|override|system|admin|note|alert|task|todo"
    r"|hey|hello)\s*[:!,\-]+"
    r"|\*\*|>>+|\]\]|</?\w+>|\]|--+|#{2,})\s*$"
)
_LEADING = Pattern(
    r"(?:^|[.!?:;>\]\})|\-\n\r\t#*,]\s*|\\n|\s{2,}|[.!?]\s*[\"']|\b(?:and|then|now|please|you|must"
    r"|should|also)\s+)$"
)
_SECOND = Pattern(r"\b(?:you|your|yourself|yours)\b")
_CONTINUES = Pattern(
    r"^\W*(?:and|then|instead|now|but|do|please|you|print|reveal|send|output|execute|run|call|what|tell|write|say"
    r"|list|give|translate)\b"
    r"|[\w.+\-]+@[\w\-]+\.\w|https?://|www\.\w|^\s*[:.]\s*[a-z]"
)
_CODE = Pattern(r"(?:[(\[{,]\s*|(?:^|[^=!<>])=\s*|:\s*&?\w*\s*=\s*|r#?|f|b|-\s)[\"'`]{1,3}[^\"'`\n]{0,80}$")
_CODE_SYNTAX = Pattern(
    r"\w\(|\);|=>|::|\blet \b|\bconst \b|\bvar \b|\bdef \b|\bimport \b|\breturn \b|\bassert|#\s"
    r"|//|\{\n|\[\n|-\s+name:|:\n\s+-|\bcurl\b"
)
_LABEL = Pattern(
    r"\b(?:attacks?|examples?|payloads?|exploits?|malicious|samples?|demo|proof of concept|injections?|unsafe"
    r"|vulnerable|test case)\b"
    r"[^\n]{0,40}\s*$"
)
_TOPICS: Final = (
    Pattern(
        r"prompt[\s\-]?injections?|jailbreaks?"
        r"|injection (?:attack|pattern|payload|detect|attempt|example|scan|phrase|text)"
    ),
    Pattern(
        r"\bdetect(?:s|ed|or|ors|ion|ions|ing)?\b|\bscan(?:s|ner|ners|ning)?\b|\bsanitiz\w+"
        r"|is_injection|detectinjection"
    ),
    Pattern(r"\bguardrails?\b|\bred[\s\-]team\w*|\badversar\w+|\bowasp\b|\bmitre atlas\b|\bthreat\w*\b"),
    Pattern(
        r"\bpatterns?\b|\bregex\w*\b|blocked_patterns|\bfalse positives?\b|\bsignatures?\b"
        r"|\btest (?:case|data|data set|fixture)\w*|\bfixture\b"
    ),
    Pattern(r"\battack(?:s|er|ers)?\b|\bmalicious\b|\bpayloads?\b|\bexploit\w*\b|\bvulnerab\w+"),
    Pattern(r"\bllms?\b|\blarge language models?\b|\bai agents?\b|\bmodel'?s?\b"),
)
_QUERY = Pattern(
    r"(?:\b(?:index|sourcetype|source|host|eventtype)\s*(?:=|::)|^\s*\||\|\s*(?:stats|where|search"
    r"|eval|table|rex|regex|tstats|from)\b)"
)
_CLERICAL = Pattern(
    r"\b(?:ticket|case|reference|order|phone|telephone|contact|invoice|account|tracking|employee|customer|incident"
    r"|full name|screenshots?"
    r"|attachments?|signature|feedback|availability|comments?|questions?|name and|number"
    r"|details)\b[^\n]{0,60}\byour (?:reply|response|message|answer)\b"
)
_PAIRS: Final = {"“": "”", "‘": "’", "«": "»", "„": "“", "「": "」"}


@dataclass(frozen=True, slots=True)
class Context:
    """What surrounds a hit: the field that holds it, and the hit's span in that field."""

    text: str
    start: int
    end: int
    disguised: bool = False
    query: bool = False


def score(context: Context) -> float:
    """Evidence for use; positive means the hit addresses its reader."""
    return sum(WEIGHTS[name] * count for name, count in features(context).items())


def features(context: Context) -> dict[str, int]:
    """Which rows of the table hold, and how often."""
    text, start, end = context.text, context.start, context.end
    span = text[start:end]
    lead = len(span) - len(span.lstrip(" \t\r\n\"'`.,:;!?>)]}*#-|"))
    before, after = text[max(0, start + lead - _CONTEXT) : start + lead], text[end : end + _CONTEXT]
    b, a = _utf8(before), _utf8(after)
    found = {"bias": 1}
    _use_features(found, context, b, a, span)
    quote = _quotation(before, after)
    if quote and not _is_value(before, quote):
        found["quoted" if _alone(before, after, quote) else "inside_quote"] = 1
    if _REPORTING.found(b):
        found["reported"] = 1
    if _GRAMMAR.found(b):
        found["grammar"] = 1
    if _AFTER.found(a):
        found["afterwards"] = 1
    if quote and _CODE.found(b) and _CODE_SYNTAX.found(_utf8(_near(text, start, end, 400))):
        found["code"] = 1
    fence = _fence(text, start, end)
    if fence >= 0:
        found["fence"] = 1
        if _LABEL.found(_utf8(text[max(0, fence - _CONTEXT) : fence])):
            found["labelled"] = 1
    if context.query and quote and _QUERY.found(_utf8(text[:_TOPIC_CONTEXT])):
        found["query"] = 1
    if _CLERICAL.found(_utf8(span)):
        found["clerical"] = 1
    rest = _utf8(text[max(0, start - _TOPIC_CONTEXT) : start] + " " + text[end : end + _TOPIC_CONTEXT])
    topics = sum(1 for topic in _TOPICS if topic.found(rest))
    if topics:
        found["topic"] = min(topics, _MAX_TOPICS)
    if topics >= _PROGRAM_TOPICS and _CODE_SYNTAX.found(rest):
        found["program"] = 1
    return found


def _fence(text: str, start: int, end: int) -> int:
    """Where the fenced block around the hit opens; -1 when there is none."""
    low = max(0, start - _TOPIC_CONTEXT)
    if text.count(_FENCE, low, start) % 2 == 0 or _FENCE not in text[end : end + _TOPIC_CONTEXT]:
        return -1
    return text.rfind(_FENCE, low, start)


def _use_features(found: dict[str, int], context: Context, before: bytes, after: bytes, span: str) -> None:
    if _LEADING.found(before) or not before.strip(b" \t\r\n\"'`"):
        found["leading"] = 1
    if _EMPHASIS.found(before):
        found["emphasis"] = 1
    if _SECOND.found(_utf8(span) + b" " + after[:80]):
        found["second_person"] = 1
    if _CONTINUES.found(after):
        found["continues"] = 1
    if context.disguised:
        found["disguised"] = 1


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _near(text: str, start: int, end: int, reach: int) -> str:
    return text[max(0, start - reach) : end + reach]


def _quotation(before: str, after: str) -> str:
    """The mark that opens a quotation around the hit, or nothing."""
    for mark in ('"', "`"):
        if before.count(mark) % 2 and mark in after:
            return mark
    for opening, closing in _PAIRS.items():
        if before.rfind(opening) > before.rfind(closing) and closing in after:
            return opening
    return "'" if _apostrophe_opens(before) and _apostrophe_closes(after) else ""


def _apostrophe_opens(before: str) -> bool:
    """An apostrophe that opens stands before a word and after none."""
    at = before.rfind("'")
    if at < 0:
        return False
    previous = before[at - 1] if at else " "
    return not previous.isalnum() and (at + 1 == len(before) or not before[at + 1].isspace())


def _apostrophe_closes(after: str) -> bool:
    at = after.find("'")
    return at >= 0 and (at + 1 == len(after) or not after[at + 1].isalnum())


def _alone(before: str, after: str, mark: str) -> bool:
    """The quotation holds little more than the hit."""
    closing = _PAIRS.get(mark, mark)
    opened, closed = before.rfind(mark), after.find(closing)
    return 0 <= len(before) - opened <= 40 and 0 <= closed <= 60


def _is_value(before: str, mark: str) -> bool:
    """The quotation is a value of a record (`"note": "…"`, `"-" "agent/1.0 …"`): data, not speech."""
    head = before[: before.rfind(mark)].rstrip()
    return mark in "\"'" and head.endswith((":", "=", mark))
