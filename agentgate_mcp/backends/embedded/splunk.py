"""What a Splunk would say of itself, said by the embedded store and its knowledge objects."""

from __future__ import annotations

import difflib
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

from agentgate_mcp import __version__
from agentgate_mcp.backends.embedded.accounts import Account, read_accounts
from agentgate_mcp.backends.embedded.search.engine import SearchEngine
from agentgate_mcp.backends.embedded.search.rows import iso_time
from agentgate_mcp.backends.embedded.store import IndexSummary, TelemetryStore, matches_index
from agentgate_mcp.backends.ports import KnowledgePort, Row, SearchJob, SearchResult
from agentgate_mcp.errors import ArgumentError, NotFoundError
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import KnowledgeObject
from agentgate_mcp.spl.knowledge import KnowledgeSet

_COLUMNS: Final[Mapping[str, Literal["host", "source", "sourcetype"]]] = {
    "hosts": "host",
    "sources": "source",
    "sourcetypes": "sourcetype",
}
_EMPTY: Final = IndexSummary(name="", events=0, earliest=0.0, latest=0.0, text_bytes=0)


class EmbeddedSplunk:
    """Implements SearchPort. Thread-safe; reads only."""

    def __init__(
        self, store: Callable[[], TelemetryStore], knowledge: KnowledgePort, data_dir: Path, clock: Callable[[], float]
    ) -> None:
        self._open_store = store
        self._knowledge = knowledge
        self._data_dir = data_dir
        self._clock = clock
        self._lock = threading.Lock()
        self._indexed: tuple[int, KnowledgeSet] | None = None

    def search(self, job: SearchJob, cancelled: Callable[[], bool] | None = None) -> SearchResult:
        """Runs a search; ``cancelled`` is asked while it runs. Raises: SplError, BackendError."""
        return SearchEngine(self._store, self._knowledge_set).run(job, cancelled)

    def server_info(self) -> Row:
        indexes = self._store.indexes
        return {
            "serverName": "embedded",
            "product_type": "embedded",
            "version": __version__,
            "mode": "read-only telemetry store",
            "origin": self._store.origin,
            "totalEventCount": str(sum(i.events for i in indexes)),
            "minTime": iso_time(min((i.earliest for i in indexes), default=0.0)),
            "maxTime": iso_time(max((i.latest for i in indexes), default=0.0)),
            "currentTime": iso_time(self._clock()),
        }

    def indexes(self) -> Sequence[Row]:
        """Indexes that hold events or are declared, by name, internal ones last."""
        held = {i.name: i for i in self._store.indexes}
        declared = {o.name: o for o in self._knowledge.objects() if o.kind == "index"}
        names = sorted({*held, *declared}, key=lambda n: (n.startswith("_"), n))
        return tuple(_index_row(name, held.get(name, _EMPTY), declared.get(name)) for name in names)

    def index_info(self, name: str) -> Row:
        """One index with its source types. Raises: NotFoundError with the nearest names."""
        rows = {str(row["name"]): row for row in self.indexes()}
        found = rows.get(name.lower())
        if found is None:
            raise NotFoundError("index", name, tuple(difflib.get_close_matches(name.lower(), rows, n=3, cutoff=0.4)))
        types: list[Json] = [row.value for row in self._store.metadata("sourcetype", name.lower())]
        return {**found, "sourcetypes": types}

    def metadata(self, kind: Literal["hosts", "sources", "sourcetypes"], index: str) -> Sequence[Row]:
        """Distinct hosts, sources or source types with counts and times, the commonest first.

        Raises: ArgumentError for another kind; NotFoundError for an index that does not exist."""
        column = _COLUMNS.get(kind)
        if column is None:
            raise ArgumentError("type", "hosts, sources or sourcetypes", repr(kind)[:40])
        names = [str(row["name"]) for row in self.indexes()]
        if not any(matches_index(name, index) for name in names):
            raise NotFoundError("index", index, tuple(difflib.get_close_matches(index.lower(), names, n=3, cutoff=0.4)))
        return tuple(
            {
                column: row.value,
                "type": kind,
                "totalCount": str(row.events),
                "firstTime": str(int(row.earliest)),
                "lastTime": str(int(row.latest)),
                "recentTime": str(int(row.latest)),
            }
            for row in self._store.metadata(column, index)
        )

    def user_info(self) -> Row:
        """The account that searches run as: it can search, and nothing else."""
        return {
            "username": "agentgate",
            "realname": "AgentGate embedded account",
            "roles": ["user"],
            "capabilities": ["search"],
            "defaultApp": "search",
            "tz": "UTC",
        }

    def users(self) -> Sequence[Row]:
        """Members of the teams, by account name. Raises: DataError."""
        return tuple(_user_row(account) for account in read_accounts(self._data_dir))

    def kv_collections(self) -> Sequence[Row]:
        """Declared KV store collections, by app and name, with the rows that lookups keep in them."""
        objects = self._knowledge.objects()
        rows_of = {
            str(o.content.get("collection")): o for o in objects if o.kind == "lookup" and "collection" in o.content
        }
        return tuple(_collection_row(o, rows_of.get(o.name)) for o in objects if o.kind == "kv_collection")

    @property
    def _store(self) -> TelemetryStore:
        return self._open_store()

    def _knowledge_set(self) -> KnowledgeSet:
        """Today's objects, indexed again only when one has changed."""
        generation = self._knowledge.generation()
        with self._lock:
            if self._indexed is None or self._indexed[0] != generation:
                self._indexed = (generation, KnowledgeSet.from_objects(self._knowledge.objects()))
            return self._indexed[1]


def _index_row(name: str, held: IndexSummary, declared: KnowledgeObject | None) -> Row:
    row: Row = {
        "name": name,
        "datatype": "event",
        "disabled": "1" if declared is not None and declared.disabled else "0",
        "totalEventCount": str(held.events),
        "currentDBSizeMB": str(-(-held.text_bytes // 1_048_576)),
        "minTime": iso_time(held.earliest) if held.events else "",
        "maxTime": iso_time(held.latest) if held.events else "",
    }
    if declared is not None:
        for key in ("description", "frozenTimePeriodInSecs"):
            value = declared.content.get(key)
            if isinstance(value, str):
                row[key] = value
    return row


def _user_row(account: Account) -> Row:
    roles: list[Json] = list(account.roles)
    return {"name": account.name, "realname": account.realname, "email": account.email, "roles": roles}


def _collection_row(item: KnowledgeObject, lookup: KnowledgeObject | None) -> Row:
    fields = item.content.get("fields")
    rows = lookup.content.get("rows") if lookup is not None else None
    return {
        "name": item.name,
        "app": item.app,
        "owner": item.owner,
        "disabled": "1" if item.disabled else "0",
        "fields": [str(f) for f in fields] if isinstance(fields, list) else [],
        "lookup": "" if lookup is None else lookup.name,
        "count": str(len(rows)) if isinstance(rows, list) else "0",
    }
