"""What has rows without being a search of events: saved searches, lookups, data models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from agentgate_mcp.backends.embedded.search.arguments import nearest
from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.evaluate.core import Evaluator
from agentgate_mcp.backends.embedded.search.events import found_events
from agentgate_mcp.backends.embedded.search.lookups import lookup_named, lookup_relation
from agentgate_mcp.backends.embedded.search.relation import Relation
from agentgate_mcp.backends.ports import SearchJob
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.model.call import Json
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.meanings import constraints, mappings, model_objects, with_parents

INDEXED: Final = ("_time", "host", "index", "source", "sourcetype")
"""Fields that every event has in the index itself."""


def dataset(name: str, build: Build, position: int) -> Relation:
    """The rows of ``kind:name``, where kind is `savedsearch`, `lookup`, `inputlookup` or `datamodel`;
    a bare name is a lookup. Raises: SplError for another kind or an unknown name."""
    kind, separator, rest = name.partition(":")
    rest = rest.strip().strip('"') if separator else name
    match kind.lower() if separator else "lookup":
        case "savedsearch":
            return saved_search(rest, {}, build, position)
        case "lookup" | "inputlookup":
            return lookup_relation(lookup_named(rest, build.knowledge, position), build)
        case "datamodel":
            model, _, wanted = rest.partition(".")
            found = Dataset.find(model, wanted, build, position)
            return found.plain(found.events(None, build), build)
        case other:
            raise SplError(f"dataset kind {other[:40]!a}", position, "savedsearch:, lookup: or datamodel:")


def saved_search(name: str, arguments: Mapping[str, str], build: Build, position: int) -> Relation:
    """The rows of a saved search; ``$key$`` in it stands for an argument. As in Splunk it keeps its
    own time range only where the job's is all time.

    Raises: SplError for one that does not exist, or that cannot be read."""
    found = build.knowledge.saved_search(name)
    if found is None:
        known = {o.name for o in build.knowledge.of_kind("saved_search")}
        expected = nearest(name, known, "a saved search")
        raise SplError(f"saved search {name[:60]!a} does not exist", position, expected)
    text = str(found.content.get("search") or "")
    for key, value in arguments.items():
        text = text.replace(f"${key}$", value)
    pipeline = build.read(text, f"saved search {name}", position)
    if not _all_time(build.job):
        return build.subsearch(pipeline)
    own = (found.content.get(f"dispatch.{key}_time") for key in ("earliest", "latest"))
    earliest, latest = (value if isinstance(value, str) else "" for value in own)
    with build.over(earliest, latest):
        return build.subsearch(pipeline)


def _all_time(job: SearchJob) -> bool:
    return job.earliest.strip() in ("", "0") and job.latest.strip() in ("", "now")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One object of a data model with what it inherits."""

    model: str
    lineage: tuple[str, ...]
    """Names of the object's ancestors and its own, the root first."""
    constraints: tuple[str, ...]
    fields: Mapping[str, str]
    """Field name to its name in `tstats`: ``Root.field`` or ``Root.Child.field``."""
    calculations: tuple[Mapping[str, Json], ...]
    position: int

    @classmethod
    def find(cls, model: str, wanted: str, build: Build, position: int) -> Dataset:
        """The object ``wanted`` of a model, or its first. Raises: SplError with the nearest names."""
        known = {o.name: o for o in build.knowledge.of_kind("data_model") if not o.disabled}
        if model not in known:
            raise SplError(f"data model {model[:60]!a} does not exist", position, nearest(model, known, "a data model"))
        objects = model_objects(known[model])
        # `Root.Child` names the child by its lineage; its own name is enough.
        name = wanted.rpartition(".")[2] if wanted else next(iter(objects), "")
        if name not in objects:
            raise SplError(f"{model} has no object {name[:60]!a}", position, nearest(name, objects, "an object"))
        return cls._of(model, with_parents(name, objects)[::-1], position)

    @classmethod
    def _of(cls, model: str, chain: Sequence[Mapping[str, Json]], position: int) -> Dataset:
        fields: dict[str, str] = {}
        calculations: list[Mapping[str, Json]] = []
        lineage = tuple(str(item.get("objectName")) for item in chain)
        for depth, item in enumerate(chain, start=1):
            prefix = ".".join(lineage[:depth])
            calculated = mappings(item.get("calculations"))
            calculations += calculated
            outputs = [o for c in calculated for o in mappings(c.get("outputFields"))]
            for entry in (*mappings(item.get("fields")), *outputs):
                name = str(entry.get("fieldName") or "")
                if name:
                    fields.setdefault(name, name if name in INDEXED else f"{prefix}.{name}")
        return cls(
            model=model,
            lineage=lineage,
            constraints=tuple(text for item in chain for text in constraints(item)),
            fields=fields,
            calculations=tuple(calculations),
            position=position,
        )

    def events(self, times: ast.SearchExpr | None, build: Build) -> Relation:
        """The events that meet the constraints, with the calculated fields. ``times`` may narrow them."""
        parts = [] if times is None else [times]
        for text in self.constraints:
            pipeline = build.read(text, f"data model {self.model}", self.position)
            first = pipeline.commands[0]
            if len(pipeline.commands) > 1 or not isinstance(first, ast.Search):
                raise UnsupportedSplError(f"data model {self.model} is not made of plain searches", self.position)
            if first.expr is not None:
                parts.append(first.expr)
        expr = None if not parts else parts[0] if len(parts) == 1 else ast.SearchAnd(operands=tuple(parts))
        relation = found_events(expr, build)
        for item in self.calculations:
            relation = self._calculated(item, relation, build)
        return relation

    def _calculated(self, item: Mapping[str, Json], relation: Relation, build: Build) -> Relation:
        kind = str(item.get("calculationType") or "")
        outputs = [str(o.get("fieldName")) for o in mappings(item.get("outputFields"))]
        if kind != "Eval" or len(outputs) != 1:
            raise UnsupportedSplError(f"data model {self.model}: calculation {kind or '?'!a}", self.position)
        pipeline = build.read(f"| eval x={item.get('expression')}", f"data model {self.model}", self.position)
        command = pipeline.commands[0]
        if len(pipeline.commands) > 1 or not isinstance(command, ast.Eval) or len(command.assignments) != 1:
            raise UnsupportedSplError(f"data model {self.model}: a calculation is not one expression", self.position)
        column = Evaluator(relation=relation, build=build).value(command.assignments[0].expr)
        return relation.with_fields({outputs[0]: column})

    def plain(self, relation: Relation, build: Build) -> Relation:
        """The events with the model's fields under their own names."""
        names = dict.fromkeys((*INDEXED, *self.fields, "_raw"))
        return relation.projected(list(names), build.parameters)

    def prefixed(self, relation: Relation, build: Build, *, raw: bool) -> Relation:
        """The events with the model's fields under the names that `tstats` uses."""
        chosen = list(dict.fromkeys((*INDEXED, *self.fields)))
        rows = relation.projected([*chosen, "_raw"] if raw else chosen, build.parameters)
        renamed = {self.fields.get(name, name): column for name, column in rows.columns.items()}
        return replace(rows, columns=renamed)
