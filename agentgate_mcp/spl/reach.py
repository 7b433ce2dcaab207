"""Whether a search expression keeps to the indexes it names, and to part of what they hold."""

from __future__ import annotations

from agentgate_mcp.errors import SplError
from agentgate_mcp.spl.expand import expand
from agentgate_mcp.spl.knowledge import KnowledgeSet
from agentgate_mcp.spl.layout import lay_out
from agentgate_mcp.spl.lexer import Token
from agentgate_mcp.spl.meanings import MAX_MEANINGS, event_types, tagged
from agentgate_mcp.spl.text import escape
from agentgate_mcp.spl.ways import Atom, every_way, narrows


class Reach:
    """Judges the atoms of expressions, event types and tags by what they stand for. ``free`` are the
    fields (lower-case) that do not cut anything down."""

    def __init__(self, knowledge: KnowledgeSet, free: frozenset[str]) -> None:
        self.knowledge, self.free = knowledge, free
        self._known: dict[str, list[list[Token]] | None] = {}

    def names_index(self, atom: Atom) -> bool:
        """Whether an atom keeps a search to the indexes that it, or what it stands for, names."""
        if atom.field != "eventtype" and atom.field.partition("::")[0] != "tag":
            return _is_index(atom)
        known = self._conditions_of(atom)
        return known is not None and all(every_way(tokens, _is_index) for tokens in known)

    def narrows(self, atom: Atom) -> bool:
        known = self._conditions_of(atom) if atom.field == "eventtype" else None
        return self._is_narrow(atom) and (known is None or all(every_way(tokens, self._is_narrow) for tokens in known))

    def _conditions_of(self, atom: Atom) -> list[list[Token]] | None:
        """The conditions, any of which holds where the atom does; None where they are not known."""
        name = atom.values[0] if len(atom.values) == 1 else None
        if name is None or atom.op not in ("=", "==", "::"):
            return None
        key = f"{atom.field}:{name}"
        if key not in self._known:
            texts = self._texts_of(atom.field, name)
            try:
                read = [lay_out(expand(text, self.knowledge).text).stages[0].tokens for text in texts]
            except SplError:
                read = []
            self._known[key] = read or None
        return self._known[key]

    def _texts_of(self, kind: str, name: str) -> list[str]:
        """The texts of an event type's or a tag's conditions; none where a part is not known or they
        are too many."""
        if kind == "eventtype":
            found = [m.text for m in event_types(self.knowledge, name)]
            return found if len(found) <= MAX_MEANINGS else []
        found: list[str] = []
        for bearer, value in tagged(self.knowledge, name):
            types = [m.text for m in event_types(self.knowledge, value)] if bearer == "eventtype" else []
            if not types and bearer != "index":
                return []
            found += types or [f'index="{escape(value)}"']
        return found if len(found) <= MAX_MEANINGS else []

    def _is_narrow(self, atom: Atom) -> bool:
        return narrows(atom, self.free)


def _is_index(atom: Atom) -> bool:
    return atom.field == "index" and atom.op in ("=", "==", "::", "IN")
