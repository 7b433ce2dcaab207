"""Runbooks: how this SOC works a kind of case."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from agentgate_mcp.backends.ports import Backends, Runbook
from agentgate_mcp.tools import inputs
from agentgate_mcp.tools.definition import Output, ToolContext


class RunbookText(Output):
    runbook_id: str
    title: str
    categories: tuple[str, ...]
    techniques: tuple[str, ...]
    actions: tuple[str, ...]
    severity: str
    updated: str
    body: str


class RunbookHit(Output):
    runbook_id: str
    title: str
    categories: tuple[str, ...]
    techniques: tuple[str, ...]
    score: int


class RunbookHits(Output):
    runbooks: tuple[RunbookHit, ...]


@dataclass(frozen=True, slots=True)
class KnowledgeTools:
    backends: Backends

    async def get_runbook(self, args: inputs.GetRunbook, ctx: ToolContext) -> RunbookText:
        return RunbookText(**asdict(await ctx.thread(self.backends.runbooks.runbook, args.runbook_id)))

    async def search_runbooks(self, args: inputs.SearchRunbooks, ctx: ToolContext) -> RunbookHits:
        """Rank by words found: title counts 3, categories and techniques 2, body 1."""
        words = [w for w in args.query.lower().split() if len(w) > 1]
        scored: list[RunbookHit] = []
        for book in await ctx.thread(self.backends.runbooks.runbooks):
            if args.category and args.category not in book.categories:
                continue
            score = _score(book, words)
            if score or not words:
                scored.append(
                    RunbookHit(
                        runbook_id=book.runbook_id,
                        title=book.title,
                        categories=book.categories,
                        techniques=book.techniques,
                        score=score,
                    )
                )
        scored.sort(key=lambda h: (-h.score, h.runbook_id))
        return RunbookHits(runbooks=tuple(scored[: args.row_limit]))


def _score(book: Runbook, words: list[str]) -> int:
    title, body = book.title.lower(), book.body.lower()
    labels = " ".join((*book.categories, *book.techniques)).lower()
    return sum(3 * (w in title) + 2 * (w in labels) + (w in body) for w in words)
