"""Searches that stand elsewhere: event types, tags, data models, saved searches.

Each is recorded as a reference, and what it reads and does counts as the search's own. What is
not in the knowledge set is unresolved, never nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agentgate_mcp.model.call import Json
from agentgate_mcp.spl.arguments import value_of
from agentgate_mcp.spl.layout import Stage
from agentgate_mcp.spl.lexer import FIELD, OP, STRING, WORD
from agentgate_mcp.spl.meanings import MAX_MEANINGS, Meaning, data_set, event_types, tagged
from agentgate_mcp.spl.wellknown import DATA_MODELS

if TYPE_CHECKING:
    from agentgate_mcp.spl.scan import Scanner

_TOKEN = re.compile(r"\$([\w.]+)\$")


def read_meaning(scanner: Scanner, kind: str, name: str, *, negated: bool = False) -> None:
    """Read what an event type or a tag stands for: its indexes widen the reach, but not where it is
    ``negated``; its times count wherever it stands."""
    label = f"{kind}:{name}"
    once = f"NOT {label}" if negated else label
    if once in scanner.meant:
        return
    scanner.meant.add(once)
    pairs = tagged(scanner.knowledge, name) if kind == "tag" else (("eventtype", name),)
    meanings: list[Meaning] = []
    for bearer, value in pairs:
        if bearer == "eventtype":
            meanings.extend(event_types(scanner.knowledge, value))
        elif negated:
            continue
        elif bearer == "index":
            scanner.sketch.indexes.append(value.lower())
        elif bearer == "sourcetype":
            scanner.sketch.sourcetypes.append(value)
    if len(meanings) > MAX_MEANINGS:
        scanner.sketch.all_indexes = True
        scanner.sketch.steered_time = True
        return
    for one in meanings:
        if negated:
            scanner.sketch.absorb_times(scanner.aside(one.text, one.label))
            continue
        if one.label != label:
            scanner.sketch.references.append(one.label)
        scanner.sketch.absorb(scanner.aside(one.text, one.label))


def data_model_of(scanner: Scanner, stage: Stage) -> bool:
    """Record `from datamodel=X`; True where the stage reads a data model."""
    tokens = stage.tokens
    for index, (kind, text, _) in enumerate(tokens):
        if kind == WORD and text.lower() == "from" and index + 1 < len(tokens):
            following = tokens[index + 1]
            word = value_of(following)
            if following[0] == WORD and word.lower() == "datamodel" and index + 2 < len(tokens):
                after = tokens[index + 2]
                target = tokens[index + 3] if after[0] == OP and index + 3 < len(tokens) else after
                data_model(scanner, value_of(target) if target[0] in (WORD, STRING, FIELD) else None)
                return True
            if following[0] == WORD and word.lower().startswith("datamodel:"):
                data_model(scanner, word[10:] or (value_of(tokens[index + 2]) if index + 2 < len(tokens) else None))
                return True
    return False


def data_model(scanner: Scanner, name: str | None, *, raw: bool = False) -> None:
    """Record a data model by `Model` or `Model.Object`, and what its constraints reach. ``raw``
    says that it is read event by event, not from its summary."""
    if not name or "$" in name:
        scanner.sketch.unresolved.append("data_model: its name is computed")
        return
    scanner.sketch.data_models.append(name)
    label = f"data_model:{name.partition('.')[0]}"
    scanner.sketch.references.append(label)
    if label[11:] not in DATA_MODELS and scanner.knowledge.get(label) is None:
        scanner.sketch.unresolved.append(label)
    if name in scanner.meant and not raw:
        return
    scanner.meant.add(name)
    conditions, lookups = data_set(scanner.knowledge, name)
    scanner.sketch.references.extend(f"lookup:{lookup}" for lookup in lookups)
    for text in conditions:
        read = scanner.aside(text, label)
        scanner.sketch.absorb(read)
        if raw:
            scanner.sketch.default_indexes |= read.default_indexes


def saved_search(
    scanner: Scanner, name: str | None, args: dict[str, str] | None = None, *, runs: bool = True, computed: bool = False
) -> None:
    """Record a saved search and, where it ``runs``, scan every one of that name. ``args``
    fill its ``$tokens$``; ``computed`` says that others are filled at run time."""
    if not name or "$" in name:
        scanner.sketch.unresolved.append("saved_search: its name is computed")
        return
    label = f"saved_search:{name}"
    scanner.sketch.references.append(label)
    found = scanner.knowledge.all_named(label)
    if not found:
        scanner.sketch.unresolved.append(label)
        return
    for item in found:
        text = item.content.get("search")
        if not runs:
            _results_of(scanner, text, label)
            continue
        if not isinstance(text, str) or not text.strip():
            scanner.sketch.unresolved.append(f"{label}: it has no text")
            continue
        if args:
            text = _TOKEN.sub(lambda m: args.get(m.group(1).lower(), m.group()), text)
        if computed and _TOKEN.search(text):
            scanner.sketch.unresolved.append(f"{label}: its arguments are computed")
        own = [item.content.get(f"dispatch.{bound}_time") for bound in ("earliest", "latest")]
        low, high = [(t,) if isinstance(t, str) and t else () for t in own]
        if low or high:
            scanner.sketch.windows.append((low, high))
        scanner.read_other(text, label)


def _results_of(scanner: Scanner, text: Json, label: str) -> None:
    """Results of an earlier run: nothing is run, but what was read then is shown."""
    if isinstance(text, str) and text.strip():
        read = scanner.aside(text, label)
        for name in ("indexes", "sourcetypes", "data_models"):
            getattr(scanner.sketch, name).extend(getattr(read, name))
        scanner.sketch.all_indexes |= read.all_indexes
        scanner.sketch.default_indexes |= read.default_indexes
