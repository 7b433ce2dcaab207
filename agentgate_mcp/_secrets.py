"""What a secret looks like: key names that carry one, and patterns that are one.

The only adapter of google-re2 outside the gate: every pattern runs in time linear in the text,
whoever wrote it. Each detector states one shape; `TRIGGER` is a cheap superset of them all, so
that text without a trace of a secret costs one search.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, cast

import re2  # pyright: ignore[reportMissingTypeStubs]


class Match(Protocol):
    """The part of a match object that is used here."""

    def span(self, group: int = 0, /) -> tuple[int, int]: ...


class Pattern(Protocol):
    """The part of a compiled pattern that is used here."""

    def search(self, text: str, /) -> Match | None: ...
    def fullmatch(self, text: str, /) -> Match | None: ...
    def finditer(self, text: str, /) -> Iterator[Match]: ...


def pattern(source: str) -> Pattern:
    """Compiles one RE2 pattern. Raises: re2.error for syntax that RE2 does not have."""
    return cast(Pattern, re2.compile(source))  # pyright: ignore[reportUnknownMemberType]


MARKER = pattern(r"\[redacted:[a-z-]{2,20}:[0-9a-f]{8}\]")
"""What stands where a secret was. Holds a keyed tag only, so it is never a secret itself."""

_STAND_IN = 0xF0000
"""First code point of plane 15 (private use): while text is searched, one such character stands
for each marker, so that no detector reads a marker's own words."""


# --- key names ---------------------------------------------------------------------------------

_SECRET_WORDS = {
    "password": "password", "passwd": "password", "passphrase": "password", "passcode": "password",
    "pwd": "password", "pass": "password", "secret": "secret", "secrets": "secret", "token": "token",
    "credential": "credential", "credentials": "credential", "authorization": "authorization",
    "cookie": "cookie", "cookies": "cookie", "apikey": "api-key",
}  # fmt: skip
_SECRET_ENDINGS = {
    "password": "password", "passwd": "password", "passphrase": "password", "pass4symmkey": "password",
    "passwordhash": "password", "passwdhash": "password", "nthash": "password", "ntlmhash": "password",
    "secret": "secret", "apikey": "api-key", "accesskey": "api-key", "secretkey": "secret",
    "privatekey": "private-key", "signingkey": "secret", "encryptionkey": "secret", "accountkey": "secret",
    "sharedkey": "secret", "sharedaccesskey": "secret", "sessionkey": "token", "sessiontoken": "token",
    "securitytoken": "token", "authtoken": "token", "accesstoken": "token", "refreshtoken": "token",
    "idtoken": "token", "apitoken": "token", "bearertoken": "token", "hectoken": "hec-token",
}  # fmt: skip
_ENDINGS = tuple(sorted(_SECRET_ENDINGS, key=len, reverse=True))
# A token that turns pages or counts words is no credential.
_HARMLESS_BEFORE_TOKEN = frozenset(
    {"next", "page", "continuation", "cursor", "cancel", "max", "min", "num", "n", "per", "progress", "stop"}
)
# `CreateAccessKey` and `has_password` name an action or a condition, not a value.
_VERBS = frozenset(
    {"create", "get", "delete", "update", "list", "put", "describe", "rotate", "reset", "change", "disable", "enable"}
    | {"revoke", "generate", "assume", "import", "upload", "has", "is", "no", "require", "requires", "use", "uses"}
)


@lru_cache(maxsize=4096)
def secret_key(name: str) -> str | None:
    """The kind of secret that a key called ``name`` holds, or None. Case, separators and
    camel case do not matter; the last word decides (`db_password` yes, `password_age` no)."""
    if len(name) > 80 or ":" in name:
        return None
    words = _words(name)
    if not words or words[0] in _VERBS:
        return None
    joined = "".join(words)
    last = words[-1]
    if joined.endswith("nopasswd"):  # the sudoers tag
        return None
    if last == "token" and len(words) > 1 and words[-2] in _HARMLESS_BEFORE_TOKEN:
        return None
    if last in _SECRET_WORDS:
        return _SECRET_WORDS[last]
    for ending in _ENDINGS:
        if joined.endswith(ending):
            return _SECRET_ENDINGS[ending]
    return None


def _words(name: str) -> list[str]:
    words: list[str] = []
    current = ""
    previous = ""
    for char in name:
        if not char.isalnum():
            words.append(current)
            current = ""
        elif char.isupper() and previous.islower():
            words.append(current)
            current = char.lower()
        else:
            current += char.lower()
        previous = char
    words.append(current)
    return [w for w in words if w]


# The last alternative is an opening bracket: a structure follows, and is read for itself.
_HARMLESS_VALUE = pattern(
    r"(?i)[*._\s\x{F0000}-\x{FFFFD}-]*|null|none|nil|true|false|undefined|redacted|\[redacted\]|x{3,}|\[redacted:[a-z-]{2,20}:[0-9a-f]{8}\]|[\[{(]+"
)


def harmless_value(text: str) -> bool:
    """True for what people write where a secret would stand: nothing, a wildcard, a marker."""
    return _HARMLESS_VALUE.fullmatch(text) is not None


# --- patterns ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """One shape of secret. ``groups`` are tried in order; the first that took part is the
    secret. With ``named``, group 1 is the name of a key that must be a secret's. ``accept``
    looks at the secret and at what follows it in the text."""

    kind: str
    pattern: Pattern
    groups: tuple[int, ...] = (0,)
    named: bool = False
    accept: Callable[[str, str], bool] = lambda secret, after: True


_SCHEMES = frozenset(
    {"basic", "bearer", "splunk", "token", "apikey", "digest", "negotiate", "ntlm", "aws4-hmac-sha256"}
)


def find(detector: Detector, text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and kind of the secrets of one shape in ``text``, left to right."""
    for match in detector.pattern.finditer(text):
        kind: str | None = detector.kind
        if detector.named:
            start, end = match.span(1)
            kind = secret_key(text[start:end])
        for group in detector.groups:
            start, end = match.span(group)
            if start < 0 or kind is None:
                continue
            end = _cut(text, start, end) if detector.named else end
            secret = text[start:end]
            if kind == "authorization" and secret.lower() in _SCHEMES:
                break
            if secret and not harmless_value(secret) and detector.accept(secret, text[end : end + 80]):
                yield start, end, kind
            break


class StandIns:
    """Markers out of the way and back: `hide` before a search, `show` after it."""

    def __init__(self, text: str) -> None:
        used = set(text)
        self._free = (chr(code) for code in range(_STAND_IN, 0x110000) if chr(code) not in used)
        self._shown: dict[int, str] = {}

    def hide(self, text: str) -> str:
        """``text`` with each marker as one character that occurs nowhere else in it."""
        if "[redacted:" not in text:
            return text
        pieces: list[str] = []
        done = 0
        for match in MARKER.finditer(text):
            start, end = match.span()
            pieces += (text[done:start], self.stand_in(text[start:end]))
            done = end
        return "".join(pieces) + text[done:]

    def stand_in(self, marker: str) -> str:
        """A fresh character for ``marker``. Raises: OverflowError when none is left."""
        char = next(self._free, None)
        if char is None:
            raise OverflowError("more secrets in one text than there are characters to stand for them")
        self._shown[ord(char)] = marker
        return char

    def show(self, text: str) -> str:
        return text.translate(self._shown) if self._shown else text


_NEXT_PAIR = pattern(r"""[,;&]\s*\\*["']?[A-Za-z_][\w.-]*\\*["']?\s*[=:]""")


def _cut(text: str, start: int, end: int) -> int:
    """Ends a bare value where the next `key=` begins, and gives closing punctuation back."""
    if start and text[start - 1] in "\"'":
        return end
    following = _NEXT_PAIR.search(text[start:end])
    if following is not None:
        end = start + following.span()[0]
    while end > start and text[end - 1] in ",;&)}|>":
        end -= 1
    return end


def _is_basic(secret: str, after: str) -> bool:
    try:
        decoded = base64.b64decode(secret + "=" * (-len(secret) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False
    return b":" in decoded and all(31 < b < 127 or b > 127 for b in decoded)


def _looks_random(secret: str, after: str) -> bool:
    has_digit = any(c.isdigit() for c in secret)
    mixed = any(c.islower() for c in secret) and any(c.isupper() for c in secret)
    return has_digit or (mixed and len(secret) >= 24)


def _is_no_word(secret: str, after: str) -> bool:
    """After `the password is`, only what no sentence goes on with: several kinds of characters."""
    bare = secret.rstrip(".,;:!?)")
    return any(c.isdigit() for c in bare) or any(not c.isalnum() and c not in "-'’" for c in bare)


def _ends_phrase(secret: str, after: str) -> bool:
    """After `name: `, one plain word is a secret only where the phrase ends with it; an address
    is none, it is where one changes a password."""
    if secret.startswith(("http://", "https://")):
        return False
    if not (secret.isalpha() and secret.islower()):
        return True
    rest = after.lstrip(" \t")
    return not rest or rest[0] in "\r\n,;&\"'<)}]|\\"


def _is_card(secret: str, after: str) -> bool:
    return luhn(secret.replace(" ", "").replace("-", ""))


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B check digit, over 12 to 19 digits."""
    if not (12 <= len(digits) <= 19 and digits.isascii() and digits.isdigit()):
        return False
    total = 0
    for position, char in enumerate(reversed(digits)):
        value = int(char)
        if position % 2:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return total % 10 == 0


_GUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_NAME = (
    r"([\w.$-]*(?:password|passwd|passphrase|passcode|pass4symmkey|secret|(?:api|secret)[-_. ]?key|access[-_. ]?key|"
    r"account[-_. ]?key|shared[-_. ]?access[-_. ]?key|private[-_. ]?key|session[-_. ]?key|"
    r"(?:auth|access|refresh|id|api|bearer|hec|session|security)[-_. ]?token)|"
    r"\b(?:[\w.$-]*[-_.$])?(?:pwd|pass|token|credentials?|authorization))"
)
_NET_USE = r"\bnet1?(?:\.exe)?[\"']?[ \t]+use"
_WORD = r"[\"']?([^\s\"'/\\][^\s\"'\\]*)"
_QUOTE = r"""\\*["']?"""
_VALUE = r"""(?:\\"((?:[^"\\\r\n]|\\\\(?:\\"|[^"]))*)|"((?:[^"\\\r\n]|\\.)*)|'((?:[^'\\\r\n]|\\.)*)|([^\s"'\\]+))"""

# The scheme alone says that what follows is a credential; shape decides for the common words.
DETECTORS: tuple[Detector, ...] = (
    Detector(
        kind="private-key",
        # A body holds no two dashes in a row, so the search for its end stops at the next header.
        pattern=pattern(
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
            r"(?:(?:[^-]|-[^-])*-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|[A-Za-z0-9+/=\s\\]*)"
        ),
    ),
    Detector(kind="jwt", pattern=pattern(r"\beyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*){1,4}")),
    Detector(kind="operator-token", pattern=pattern(r"\bago_[\w-]{24,}")),
    Detector(kind="aws-key", pattern=pattern(r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b")),
    Detector(
        kind="aws-secret",
        pattern=pattern(
            rf"(?i)\baws[\w .-]{{0,20}}(?:secret|key)[\w .-]{{0,20}}{_QUOTE}\s*[:=]\s*{_QUOTE}([\w/+=]{{40}})"
        ),
        groups=(1,),
    ),
    Detector(
        kind="gcp-key",
        pattern=pattern(r"\bAIza[\w-]{35}|\bya29\.[\w-]{20,}|\bGOCSPX-[\w-]{20,}|\b1//0[\w-]{20,}"),
    ),
    Detector(
        kind="azure-key",
        pattern=pattern(
            r"(?i)\b(?:AccountKey|SharedAccessKey)\s*=\s*([\w+/]{40,}={0,2})|[?&]sig=([\w%+/-]{30,}=*)"
            r"|\b([\w~.-]{3}[0-9]Q~[\w~.-]{31,34})"
        ),
        groups=(1, 2, 3),
    ),
    Detector(
        kind="github-token",
        pattern=pattern(r"\bgh[pousr]_[A-Za-z0-9]{30,255}|\bgithub_pat_\w{22,}|\bglpat-[\w-]{20,}"),
    ),
    Detector(kind="stripe-key", pattern=pattern(r"\b[sr]k_live_[A-Za-z0-9]{16,}")),
    Detector(
        kind="model-key",
        pattern=pattern(r"\bsk-(?:proj|ant|svcacct|admin)-[\w-]{20,}|\bsk-[A-Za-z0-9]{40,}|\bhf_[A-Za-z0-9]{30,}"),
        accept=_looks_random,
    ),
    Detector(kind="npm-token", pattern=pattern(r"\bnpm_[A-Za-z0-9]{36}\b")),
    Detector(kind="cloud-token", pattern=pattern(r"\bdop_v1_[0-9a-f]{64}\b")),
    Detector(kind="sendgrid-key", pattern=pattern(r"\bSG\.[\w-]{16,}\.[\w-]{16,}")),
    Detector(
        kind="password",
        pattern=pattern(
            r"(?i)\b(?:password|passwd|passphrase|passcode)[ \t]+(?:is|was)[ \t]*:?[ \t]+[\"'`]?([^\s\"'`<>|\\]{6,})"
        ),
        groups=(1,),
        accept=_is_no_word,
    ),
    Detector(
        kind="password",
        # `net use \\host\share /user:name PASSWORD`, in either order.
        pattern=pattern(
            rf"(?i){_NET_USE}\b[^\r\n]{{0,200}}?[ \t]/u(?:ser)?:[^\s\"']+[ \t]+{_WORD}"
            rf"|{_NET_USE}[ \t]+(?:[a-z]:[ \t]+)?\\{{2,4}}[^\s\"']+[ \t]+{_WORD}[\"']?[ \t]+/u(?:ser)?:"
        ),
        groups=(1, 2),
    ),
    Detector(
        kind="password",
        pattern=pattern(
            r"(?i)\bConvertTo-SecureString[ \t]+(?:-(?:String|AsPlainText|Force)[ \t]+)*\\*[\"']([^\"'\\\r\n$]+)"
        ),
        groups=(1,),
    ),
    Detector(
        kind="slack-token",
        pattern=pattern(
            r"\bxox[a-z]-[A-Za-z0-9-]{10,}|\bxapp-[A-Za-z0-9-]{10,}|hooks\.slack\.com/services/([\w/-]{20,})"
        ),
        groups=(1, 0),
    ),
    Detector(
        kind="url-password",
        pattern=pattern(r"""(?i)\b[a-z][a-z0-9+.-]*://(?:[^\s/@:"'<>?#]*:([^\s/@"'<>]+)|([\w-]{20,}))@"""),
        groups=(1, 2),
    ),
    Detector(
        kind="hec-token",
        pattern=pattern(
            rf"(?i)(?:\bsplunk\s+|\bhec[\w .-]{{0,20}}{_QUOTE}\s*[:= ]\s*{_QUOTE}"
            rf"|token{_QUOTE}\s*[:=]\s*{_QUOTE})({_GUID})\b"
        ),
        groups=(1,),
    ),
    Detector(
        kind="splunk-token",
        pattern=pattern(r"(?i)\bsplunk\s+([\w^~+/.=-]{64,})|<sessionKey>\s*([^<\s]{8,})|\bsplunkd_[0-9]+=([^\s;\"']+)"),
        groups=(1, 2, 3),
    ),
    Detector(
        kind="authorization",
        pattern=pattern(
            rf"(?i)\bauthorization{_QUOTE}\s*[:=]\s*{_QUOTE}(?:"
            r"""(?:bearer|basic|splunk|token|apikey)\s+([^\s"'\\,;]+)|"""
            r"(?:digest|negotiate|ntlm|aws4-hmac-sha256)\s+([^\r\n]+))"
        ),
        groups=(1, 2),
    ),
    Detector(
        kind="authorization",
        pattern=pattern(r"(?i)\bbearer\s+([\w.~+/=-]{16,})"),
        groups=(1,),
        accept=_looks_random,
    ),
    Detector(
        kind="basic-auth",
        pattern=pattern(r"(?i)\bbasic\s+([A-Za-z0-9+/]{8,}={0,2})"),
        groups=(1,),
        accept=_is_basic,
    ),
    Detector(
        kind="basic-auth",
        pattern=pattern(rf"(?i)\bcurl\b[^\r\n]{{0,400}}?\s(?:-u|--user)[ =]?{_QUOTE}[^\s:\"']+:([^\s\"'\\]+)"),
        groups=(1,),
    ),
    Detector(
        kind="cookie",
        pattern=pattern(rf"(?i)\b(?:set-)?cookie{_QUOTE}\s*:\s*{_QUOTE}([^\s\"'\\][^\r\n\"'\\]*)"),
        groups=(1,),
    ),
    Detector(
        kind="card",
        pattern=pattern(
            r"(?:^|[^\w.-])("
            r"(?:4[0-9]{3}|5[1-5][0-9]{2}|2[2-7][0-9]{2}|6011|65[0-9]{2}|64[4-9][0-9]|35[2-8][0-9]|62[0-9]{2})"
            r"(?:[0-9]{9,15}|(?: [0-9]{4}){3}|(?:-[0-9]{4}){3})"
            r"|3[47][0-9]{2}(?:[0-9]{11}| [0-9]{6} [0-9]{5}|-[0-9]{6}-[0-9]{5})"
            r"|3(?:0[0-5]|[68][0-9])[0-9]{11})(?:$|[^\w-])"
        ),
        groups=(1,),
        accept=_is_card,
    ),
    Detector(
        kind="password",
        pattern=pattern(rf"(?i){_NAME}{_QUOTE}[ \t]*(?:==?|=>)[ \t]*{_VALUE}"),
        groups=(2, 3, 4, 5),
        named=True,
    ),
    Detector(
        kind="password",
        pattern=pattern(rf"(?i){_NAME}{_QUOTE}[ \t]*:[ \t]*{_VALUE}"),
        groups=(2, 3, 4, 5),
        named=True,
        accept=_ends_phrase,
    ),
    Detector(
        kind="password",
        pattern=pattern(rf"(?i)--(password|passwd|token|secret|api-key)\s+{_VALUE}"),
        groups=(2, 3, 4, 5),
        named=True,
    ),
)

TRIGGER = pattern(
    r"(?i)pass|pwd|secret|token|(?:api|access|account|private|session|signing|encryption|shared)[-_. ]*key"
    r"|nt(?:lm)?[-_. ]*hash|credentials?[\W_]*(?:\W|$)|cookies?[\W_]*(?:\W|$)|authorization|bearer\s"
    r"|basic\s+[a-z0-9+/]{8}|splunkd_|splunk\s+[\w^~+/.=-]{36}|curl\s|eyJ|ago_"
    r"|(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}|aws[\w .-]{0,20}key|AIza|ya29\.|GOCSPX|1//0|[?&]sig=|Q~|gh[pousr]_"
    r"|glpat|xox[a-z]-|xapp-|hooks\.slack|://[^\s/]*@|PRIVATE KEY|\bhec|(?:^|[^\w.-])[2-6][0-9]{12}"
    r"|[sr]k_live_|\bsk-|\bhf_|npm_|dop_v1_|SG\.|securestring|net1?(?:\.exe)?[\"']?\s+use\b"
    r"|[0-9]{4}[ -][0-9]{4}[ -][0-9]{4}|[0-9]{4}[ -][0-9]{6}[ -][0-9]{5}|\\u[0-9a-f]{4}"
)
"""Matches wherever a detector or a secret key name could; `\\u` because an escape can spell one."""
