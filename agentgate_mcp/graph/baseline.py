"""What objects were when an operator last accepted them, and each form that they had since.

The forms come from the records of executed changes. An approved change of an object accepts it as
it then is; every other change, however small, stays open and is counted with the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from agentgate_mcp.canonical import digest
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import ChangeRecord, KnowledgeObject

MAX_FORMS = 64
"""Forms kept per object: the accepted one, and the latest."""

Key = tuple[str, str, str]
"""Kind, app and name."""
_NONE: dict[Key, tuple[KnowledgeObject, ...]] = {}


def key_of(obj: KnowledgeObject) -> Key:
    return (obj.kind, obj.app, obj.name)


def object_id(key: Key) -> str:
    """As facts name it: `kind:app/name`."""
    kind, app, name = key
    return f"{kind}:{app}/{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """``forms`` maps each object with open changes to what it was, the accepted form first; its
    form of now is not among them. ``hash`` is empty where nothing is open."""

    forms: Mapping[Key, tuple[KnowledgeObject, ...]] = field(default_factory=lambda: _NONE)
    hash: str = ""

    @classmethod
    def of(cls, records: Iterable[ChangeRecord], accepted: Mapping[str, frozenset[str]]) -> Baseline:
        """From all changes, oldest first. ``accepted`` maps the calls that an operator approved to
        the objects (`kind:app/name`) whose open changes he was shown with them.

        A change that was rolled back has not happened. An object that was created counts from
        what it was created as."""
        forms: dict[Key, list[KnowledgeObject]] = {}
        for record in records:
            obj = record.before or record.after
            if record.rolled_back or obj is None:
                continue
            key = key_of(obj)
            shown = accepted.get(record.call_id)
            if shown is not None:
                # A change that loses nothing shows nobody what its object lost before.
                gone = record.after is None or record.after.disabled
                for known in [k for k in forms if (k == key and gone) or object_id(k) in shown]:
                    del forms[known]
            elif record.before is not None:
                kept = forms.setdefault(key, [])
                kept.append(record.before)
                if len(kept) > MAX_FORMS:
                    del kept[1]
        if not forms:
            return cls()
        hashed: dict[str, Json] = {object_id(k): [_described(o) for o in v] for k, v in sorted(forms.items())}
        return cls(forms={k: tuple(v) for k, v in sorted(forms.items())}, hash=digest(hashed))


def _described(obj: KnowledgeObject) -> Json:
    return [obj.owner, obj.sharing, obj.team, obj.disabled, dict(obj.content)]
