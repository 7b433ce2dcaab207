"""Reading the arguments of commands, and the errors that many of them share.

A reader takes the options it knows; `done` refuses what is left by name, so that no option is
ignored in silence.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Final

from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.spl import ast

_TRUE: Final = frozenset({"t", "true", "1", "yes", "y"})
_FALSE: Final = frozenset({"f", "false", "0", "no", "n"})


class Options:
    """The ``key=value`` arguments of one command."""

    def __init__(self, command: str, options: Sequence[ast.Option]) -> None:
        self._command = command
        self._left: dict[str, list[ast.Option]] = {}
        for option in options:
            self._left.setdefault(option.key, []).append(option)

    def texts(self, key: str) -> tuple[str, ...]:
        """The texts of an option that may stand several times. Raises: UnsupportedSplError for a computed one."""
        return tuple(self._text(option) for option in self._left.pop(key, ()))

    def text(self, key: str, default: str = "") -> str:
        """The option's text as it is meant. Raises: SplError for one that stands twice,
        UnsupportedSplError for a computed one."""
        option = self._one(key)
        self._left.pop(key, None)
        return default if option is None else self._text(option)

    def _one(self, key: str) -> ast.Option | None:
        found = self._left.get(key, [])
        if len(found) > 1:
            raise SplError(f"{self._command} {key}= stands {len(found)} times", found[1].span.start, "it once")
        return found[0] if found else None

    def _text(self, option: ast.Option) -> str:
        if not isinstance(option.value, ast.Value):
            what = f"{self._command} {option.key}= with a computed value is not supported"
            raise UnsupportedSplError(what, option.span.start)
        return option.value.text

    def flag(self, key: str, default: bool) -> bool:
        """Raises: SplError for anything but a boolean."""
        option = self._one(key)
        text = self.text(key).lower()
        if option is None:
            return default
        if text not in _TRUE | _FALSE:
            raise SplError(f"{self._command} {key}: got {text[:40]!a}", option.span.start, "true or false")
        return text in _TRUE

    def count(self, key: str, default: int, *, least: int = 0) -> int:
        """Raises: SplError for anything but a whole number of at least ``least``."""
        option = self._one(key)
        text = self.text(key)
        if option is None:
            return default
        if not text.isdecimal() or not text.isascii() or int(text[:12]) < least:
            raise SplError(f"{self._command} {key}: got {text[:40]!a}", option.span.start, f"a whole number ≥ {least}")
        return int(text[:12])

    def choice(self, key: str, default: str, *allowed: str) -> str:
        """Raises: SplError for a value that is not ``allowed``."""
        option = self._one(key)
        text = self.text(key, default).lower()
        if option is not None and text not in allowed:
            raise SplError(f"{self._command} {key}: got {text[:40]!a}", option.span.start, " or ".join(allowed))
        return text

    def ignore(self, *keys: str) -> None:
        """Drops options that only tune how Splunk runs the search and change no result."""
        for key in keys:
            self._left.pop(key, None)

    def done(self) -> None:
        """Raises: UnsupportedSplError naming the first option that nobody has read."""
        for option, *_ in self._left.values():
            raise UnsupportedSplError(f"{self._command} option {option.key} is not supported", option.span.start)


def generic(command: ast.Command) -> ast.Generic:
    """A command without a node of its own, as such. Raises: SplError where it holds what could not be read."""
    assert isinstance(command, ast.Generic)
    if command.raw:
        raise UnsupportedSplError(f"{command.command} with a computed argument is not supported", command.span.start)
    return command


def undefined(macro: ast.MacroCall) -> UnsupportedSplError:
    """The error of a macro that expansion left as it was."""
    name = f"{macro.name}({macro.arity})" if macro.arity else macro.name
    return UnsupportedSplError(f"macro `{name}` is not defined", macro.span.start)


def options_of(command: ast.Generic) -> Options:
    return Options(command.command, [a for a in command.args if isinstance(a, ast.Option)])


def words_of(command: ast.Generic) -> tuple[ast.Value, ...]:
    """The words and strings among the arguments, options and commas left out; what stands together
    without a blank is one (`count(x)`). Raises: SplError for a bracket or an operator, UnsupportedSplError
    for a macro."""
    found: list[ast.Value] = []
    for arg in command.args:
        joined = bool(found) and found[-1].span.end == arg.span.start
        match arg:
            case ast.Option() | ast.Punct(text=","):
                continue
            case ast.Punct(text="(" | ")") if joined:
                found[-1] = _extended(found[-1], arg.text, arg.span)
            case ast.Value() if joined:
                found[-1] = _extended(found[-1], arg.text, arg.span)
            case ast.Value():
                found.append(arg)
            case ast.MacroCall():
                raise undefined(arg)
            case _:
                raise SplError(f"{command.command}: unreadable argument", arg.span.start, "a word or a string")
    return tuple(found)


def one_field(command: ast.Generic) -> str:
    """The one word of a command. Raises: SplError for none or several."""
    words = words_of(command)
    if len(words) != 1:
        raise SplError(command.command, command.span.start, "the name of one field")
    return words[0].text


def field_and_name(command: ast.Generic) -> tuple[str, str]:
    """``field`` or ``field AS name``; the name is empty where not given. Raises: SplError."""
    match [word.text for word in words_of(command)]:
        case [field]:
            return field, ""
        case [field, word, name] if word.lower() == "as":
            return field, name
        case _:
            raise SplError(f"{command.command}: unreadable arguments", command.span.start, "field or field AS name")


def no_arguments(command: ast.Generic) -> None:
    """Raises: SplError for any."""
    for argument in command.args:
        raise SplError(f"{command.command} takes no arguments", argument.span.start, "the end of the command")


def nearest(name: str, known: Iterable[str], what: str) -> str:
    """What was expected in place of an unknown name: ``what`` with the known names that come near."""
    near = difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.6)
    return f"{what} such as {', '.join(near)}" if near else f"the name of {what}"


def _extended(value: ast.Value, more: str, span: ast.Span) -> ast.Value:
    return ast.Value(raw=value.text + more, span=ast.Span(value.span.start, span.end))
