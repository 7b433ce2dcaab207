"""Text to tokens, in linear time and without recursion.

One possessive regular expression cuts the text into pieces, blanks at their ends, that cover it. What is
not closed (a string, a comment, a macro) becomes one last piece that runs to the end, so that
no position is scanned twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple, TypeAlias

from agentgate_mcp.errors import SplError

MAX_CHARS = 65_536
"""Characters of a search, before and after macro expansion."""
MAX_DEPTH = 64

Token: TypeAlias = tuple[str, str, int]
"""(kind, text, start). The kind is one of the constants below; the text is as written."""

WORD, STRING, FIELD, MACRO, OP = "w", '"', "'", "`", "="
PIPE, OPEN, CLOSE, LPAREN, RPAREN, COMMA = "|", "[", "]", "(", ")", ","
GROUP_KINDS = frozenset({PIPE, OPEN, CLOSE})

# A word may hold `'` after a letter (don't), and `\"`, `\|`, `\\` as escapes; a `!` unless `=` follows.
_PIECE = re.compile(
    r"""
    (?:
      (?: [^\s"'`|\[\](),=<>!\\] | \\["\\|]?+ | !(?!=) )
      (?: [^\s"'`|\[\](),=<>!\\]++ | \\["\\|]?+ | !(?!=) | (?<=\w)' )*+
    | "[^"\\]*+ (?: \\. [^"\\]*+ )*+ (?: " | \\ )?
    | [|,()\[\]]
    | [=!<>]= | [=<>]
    | ``` (?: [^`]++ | `(?!``) )*+ (?: ``` )?
    | ` [^`"]*+ (?: "[^"\\]*+ (?: \\. [^"\\]*+ )*+ (?: " | \\ )? [^`"]*+ )*+ `?
    | '[^'"|\[\]`]*+'
    | '[^\s"'`|\[\](),=<>!\\]*+
    ) \s*+
    """,
    re.VERBOSE | re.DOTALL,
)
# The same, for strings, comments, macros and the escapes that keep a quote from opening one.
_MARK = re.compile(
    r"""
      "[^"\\]*+ (?: \\. [^"\\]*+ )*+ (?: " | \\ )?
    | ``` (?: [^`]++ | `(?!``) )*+ (?: ``` )?
    | ` [^`"]*+ (?: "[^"\\]*+ (?: \\. [^"\\]*+ )*+ (?: " | \\ )? [^`"]*+ )*+ `?
    | \\["\\|]?+
    """,
    re.VERBOSE | re.DOTALL,
)
_BARE_BANG = re.compile("!(?!=)")
_KIND: dict[str, str] = {
    '"': STRING, "'": FIELD, "`": MACRO, "|": PIPE, "[": OPEN, "]": CLOSE, "(": LPAREN, ")": RPAREN,
    ",": COMMA, "=": OP, "<": OP, ">": OP, "!": OP,
}  # fmt: skip
_CLOSED_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_CLOSED_MACRO = re.compile(r'`[^`"]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^`"]*+)*+`', re.DOTALL)
_CLOSED_COMMENT = re.compile(r"```(?:[^`]++|`(?!``))*+```")
_MACRO = re.compile(r"`\s*+([\w.:\-]++(?:[ ]++[\w.:\-]++)*+)\s*+(?:\((.*)\)\s*+)?`", re.DOTALL)
_INSIDE = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[()`]|[^"()`]++', re.DOTALL)
_ARGUMENT = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[(),`]|[^"(),`]++', re.DOTALL)


class MacroText(NamedTuple):
    """A macro call taken apart. Arguments are as written, without outer blanks."""

    name: str
    args: tuple[str, ...]

    @property
    def arity(self) -> int:
        return len(self.args)


class Lexed(NamedTuple):
    """Tokens without blanks and comments, and the offsets of words that can be read in two ways:
    a backslash before a quote or a pipe outside quotes, a single quote that is no quotation."""

    tokens: list[Token]
    doubtful: list[int]


def lex(text: str) -> Lexed:
    """The tokens of ``text``. Raises: SplError where something is not closed, or too long."""
    if len(text) > MAX_CHARS:
        raise SplError("the search is too long", MAX_CHARS, f"at most {MAX_CHARS} characters")
    blank = len(text) - len(text.lstrip())
    found = _pieces(text, blank)
    if not found:
        return Lexed([], [])
    kind_of = _KIND.get
    starts = accumulate(map(len, found), initial=blank)
    tokens = [(kind_of(p[0], WORD), p.rstrip(), s) for p, s in zip(found, starts, strict=False)]
    # What the first character alone does not tell is put right only where the text can hold it.
    if "`" in text:
        tokens = [t for t in tokens if t[0] != MACRO or t[1][:3] != "```"]
    if _BARE_BANG.search(text):
        tokens = [(WORD, p, s) if p[0] == "!" and p != "!=" else (k, p, s) for k, p, s in tokens]
    doubtful: list[int] = []
    if "'" in text:
        open_quotes = {s for k, p, s in tokens if k == FIELD and (len(p) == 1 or p[-1] != "'")}
        if open_quotes:
            tokens = [(WORD, p, s) if s in open_quotes else (k, p, s) for k, p, s in tokens]
            doubtful = list(open_quotes)
    if '\\"' in text or "\\|" in text:
        doubtful += [s for k, p, s in tokens if k == WORD and ('\\"' in p or "\\|" in p)]
        doubtful.sort()
    _check_closed(found[-1].rstrip(), len(text) - len(found[-1]))
    return Lexed(tokens, doubtful)


def other_reading(text: str, doubtful: list[int]) -> str | None:
    """The text in which the doubtful words mean the other thing, of the same length; None where
    they can mean nothing else. A reader that trusts neither compares what both readings run."""
    chars = list(text)
    changed = False
    done = 0
    for start in doubtful:
        if start < done:
            continue
        if text[start] == "'":
            stop = text.find("'", start + 1)
            if stop < 0:
                continue
            chars[start : stop + 1] = "x" * (stop + 1 - start)
            changed, done = True, stop + 1
            continue
        position = start
        while position < len(text) and not text[position].isspace():
            if text[position] == "\\" and text[position + 1 : position + 2] in ('"', "|"):
                chars[position] = " "
                changed = True
                position += 1
            position += 1
        done = position
    return "".join(chars) if changed else None


def _pieces(text: str, start: int) -> list[str]:
    """The pieces of ``text`` from ``start``, comments included, each with the blanks after it:
    joined they give that text again."""
    found: list[str] = _PIECE.findall(text, start)
    if "`" in text and any(p.count("(") != p.count(")") for p in found if p[0] == "`"):
        return _pieces_with_nested_macros(text, start)
    return found


def marks(text: str) -> Iterator[tuple[int, int]]:
    """The extents of the strings, comments and macros of ``text``, in order; a macro's arguments
    belong to it. A last string may be open, for what is pasted before it to close. Raises:
    SplError where a macro is not closed."""
    position, end = 0, len(text)
    while position < end:
        for match in _MARK.finditer(text, position):
            piece = match.group()
            if piece[0] == "`" and piece[:3] != "```" and piece.count("(") != piece.count(")"):
                position = macro_end(text, match.start())
                yield match.start(), position
                break
            if piece[0] != "\\":
                if piece[0] == "`" and piece[:3] != "```" and match.end() == end:
                    _check_closed(piece, match.start())
                yield match.span()
        else:
            return


def _pieces_with_nested_macros(text: str, start: int) -> list[str]:
    """The same where a macro's arguments hold macros: `` `a(`b`)` `` is one piece."""
    found: list[str] = []
    position, end = start, len(text)
    while position < end:
        if text[position] == "`" and not text.startswith("```", position):
            stop = macro_end(text, position)
            while stop < end and text[stop].isspace():
                stop += 1
        else:
            match = _PIECE.match(text, position)
            assert match is not None, "the piece expression covers every character"
            stop = match.end()
        found.append(text[position:stop])
        position = stop
    return found


def macro_end(text: str, start: int) -> int:
    """The offset after the macro that starts at ``start``, nested macros included."""
    depths = [0]  # open parentheses of each open macro
    position = start + 1
    while depths:
        match = _INSIDE.match(text, position)
        if match is None:
            raise SplError("the macro is not closed", start, "a closing ` (backtick)")
        piece = match.group()
        if piece == "(":
            depths[-1] += 1
        elif piece == ")":
            depths[-1] -= 1
            if depths[-1] < 0:
                raise SplError("unbalanced ')' in a macro's arguments", position, "a closing ` (backtick)")
        elif piece == "`":
            if depths[-1] == 0:
                depths.pop()
            elif len(depths) == MAX_DEPTH:
                raise SplError("macros are nested too deeply", position, f"at most {MAX_DEPTH} levels")
            else:
                depths.append(0)
        position = match.end()
    return position


def _check_closed(last: str, start: int) -> None:
    """Raises SplError where the last piece of a text is not closed. Only the last can be."""
    if last.startswith('"'):
        if not _CLOSED_STRING.fullmatch(last):
            raise SplError("the quoted string is not closed", start, 'a closing " (double quote)')
    elif last.startswith("```"):
        if not _CLOSED_COMMENT.fullmatch(last):
            raise SplError("the comment is not closed", start, "a closing ```")
    elif last.startswith("`") and not _CLOSED_MACRO.fullmatch(last) and not _is_nested_macro(last):
        raise SplError("the macro is not closed", start, "a closing ` (backtick)")


def _is_nested_macro(piece: str) -> bool:
    try:
        return macro_end(piece, 0) == len(piece)
    except SplError:
        return False


def macro_text(piece: str, position: int) -> MacroText:
    """Take a macro piece apart. Raises: SplError where it is not ``name`` or ``name(args)``."""
    match = _MACRO.fullmatch(piece)
    if match is None:
        raise SplError("this is no macro call", position, "`name` or `name(argument, …)`")
    inside = match.group(2)
    if inside is None or not inside.strip():
        return MacroText(match.group(1), ())
    return MacroText(match.group(1), split_arguments(inside, position))


def split_arguments(text: str, position: int) -> tuple[str, ...]:
    """Split a macro's arguments at the commas outside quotes and parentheses."""
    out: list[str] = []
    start = offset = depth = 0
    for piece in _ARGUMENT.findall(text):
        if piece == "(":
            depth += 1
        elif piece == ")":
            depth -= 1
            if depth < 0:
                raise SplError("unbalanced ')' in a macro's arguments", position, "matching parentheses")
        elif piece == "," and depth == 0:
            out.append(text[start:offset].strip())
            start = offset + 1
        offset += len(piece)
    if depth:
        raise SplError("unbalanced '(' in a macro's arguments", position, "matching parentheses")
    out.append(text[start:].strip())
    return tuple(out)
