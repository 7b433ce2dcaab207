"""The `splunk_*` tools, named and shaped as Splunk's own MCP server has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agentgate_mcp.backends.ports import Backends, Row
from agentgate_mcp.effects import SearchRequest
from agentgate_mcp.errors import NotFoundError
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import KnowledgeObject
from agentgate_mcp.tools import inputs
from agentgate_mcp.tools.definition import Output, ToolContext
from agentgate_mcp.tools.searching import SearchOutput, output_of, run, searches_of

_KINDS: dict[str, str] = {
    "saved_searches": "saved_search",
    "alerts": "saved_search",
    "field_extractions": "field_extraction",
    "lookups": "lookup",
    "macros": "macro",
    "tags": "tag",
    "data_models": "data_model",
    "eventtypes": "eventtype",
    "views": "dashboard",
}
_BULKY = frozenset({"rows", "searches", "objects"})


class Listing(Output):
    results: tuple[dict[str, Json], ...]
    total: int


@dataclass(frozen=True, slots=True)
class SplunkTools:
    """Bodies over one set of backends."""

    backends: Backends

    async def run_query(self, _args: inputs.RunQuery, ctx: ToolContext) -> SearchOutput:
        (request,) = searches_of(ctx)
        return output_of(await run(self.backends.search, request, ctx))

    async def run_saved_search(self, args: inputs.RunSavedSearch, ctx: ToolContext) -> SearchOutput:
        saved = find(await ctx.thread(self.backends.knowledge.objects), "saved_search", args.name, args.app)
        content = saved.content
        request = SearchRequest(
            query=_setting(content.get("search")),
            earliest=_setting(content.get("dispatch.earliest_time")) or "-24h",
            latest=_setting(content.get("dispatch.latest_time")) or "now",
            row_limit=args.row_limit,
        )
        return output_of(await run(self.backends.search, request, ctx))

    async def get_info(self, _args: inputs.Nothing, ctx: ToolContext) -> Listing:
        return _one(await ctx.thread(self.backends.search.server_info))

    async def get_indexes(self, args: inputs.Page, ctx: ToolContext) -> Listing:
        return _page(await ctx.thread(self.backends.search.indexes), args.row_limit, args.offset)

    async def get_index_info(self, args: inputs.IndexInfo, ctx: ToolContext) -> Listing:
        return _one(await ctx.thread(self.backends.search.index_info, args.index_name))

    async def get_metadata(self, args: inputs.Metadata, ctx: ToolContext) -> Listing:
        return _page(await ctx.thread(self.backends.search.metadata, args.type, args.index), args.row_limit, 0)

    async def get_user_info(self, _args: inputs.Nothing, ctx: ToolContext) -> Listing:
        return _one(await ctx.thread(self.backends.search.user_info))

    async def get_user_list(self, args: inputs.Page, ctx: ToolContext) -> Listing:
        return _page(await ctx.thread(self.backends.search.users), args.row_limit, args.offset)

    async def get_kv_store_collections(self, args: inputs.Page, ctx: ToolContext) -> Listing:
        return _page(await ctx.thread(self.backends.search.kv_collections), args.row_limit, args.offset)

    async def get_knowledge_objects(self, args: inputs.KnowledgeObjects, ctx: ToolContext) -> Listing:
        objects = await ctx.thread(self.backends.knowledge.objects)
        wanted = _KINDS[args.type]
        found = [o for o in objects if o.kind == wanted and args.name.lower() in o.name.lower()]
        if args.type == "alerts":
            found = [o for o in found if o.content.get("actions")]
        return _page([_row(o) for o in sorted(found, key=lambda o: (o.name, o.app))], args.row_limit, args.offset)


def find(objects: Sequence[KnowledgeObject], kind: str, name: str, app: str) -> KnowledgeObject:
    """The one object of that name. Raises: NotFoundError; naming the apps when several match."""
    named = [o for o in objects if o.kind == kind and o.name == name and app in ("", o.app)]
    if len(named) == 1:
        return named[0]
    if named:
        raise NotFoundError(f"single {kind}", name, tuple(f"{o.app}/{o.name}" for o in named[:3]))
    near = sorted({o.name for o in objects if o.kind == kind and name.lower()[:6] in o.name.lower()})
    raise NotFoundError(kind, name, tuple(near[:3]))


def _row(item: KnowledgeObject) -> Row:
    """An object without its bulk: rows of a lookup and bodies of a dashboard are counted."""
    settings: dict[str, Json] = {}
    for key, value in item.content.items():
        settings[key] = len(value) if key in _BULKY and isinstance(value, list | dict) else value
    return {
        "name": item.name,
        "app": item.app,
        "owner": item.owner,
        "sharing": item.sharing,
        "team": item.team,
        "disabled": item.disabled,
        "settings": settings,
    }


def _page(rows: Sequence[Row], limit: int, offset: int) -> Listing:
    return Listing(results=tuple(rows[offset : offset + limit]), total=len(rows))


def _one(row: Row) -> Listing:
    return Listing(results=(row,), total=1)


def _setting(value: Json) -> str:
    return value if isinstance(value, str) else ""
