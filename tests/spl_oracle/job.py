"""What a search runs in: its data, its time range, and how it runs a search inside itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from agentgate_mcp.spl import ast
from agentgate_mcp.spl.time import parse_time
from tests.spl_oracle.data import Data
from tests.spl_oracle.values import Row


class OracleError(Exception):
    """The second implementation cannot do this, or the search is wrong."""


@dataclass
class Result:
    """Rows and, where the search chose them, the columns in order."""

    rows: list[Row]
    columns: list[str] | None = None

    def names(self) -> list[str]:
        """The columns, or for whole events every field by name."""
        if self.columns is not None:
            return self.columns
        return sorted({name for row in self.rows for name in row})

    def with_columns(self, *names: str) -> list[str] | None:
        """The columns once ``names`` are set: new ones come last."""
        if self.columns is None:
            return None
        return [*self.columns, *(n for n in dict.fromkeys(names) if n not in self.columns)]


Runner = Callable[["Job", ast.Pipeline, "Result | None"], Result]


@dataclass(frozen=True)
class Job:
    """Time expressions as given; ``text`` is what the nodes' spans count in."""

    data: Data
    runner: Runner
    text: str
    now: float
    earliest: str = ""
    latest: str = ""
    depth: int = 0
    eventtypes: dict[str, ast.SearchExpr | None] = field(default_factory=dict[str, "ast.SearchExpr | None"])

    def bounds(self) -> tuple[float | None, float | None]:
        """The time range in epoch seconds; None is unbounded."""
        return parse_time(self.earliest, self.now), parse_time(self.latest, self.now)

    def subsearch(self, node: ast.Subsearch, into: Result | None = None) -> Result:
        """Runs a bracketed search; ``into`` feeds it the rows of the outer search."""
        if self.depth > 8:
            raise OracleError("subsearches are nested too deeply")
        return self.runner(replace(self, depth=self.depth + 1), node.pipeline, into)

    def with_text(self, text: str) -> Job:
        return replace(self, text=text)

    def source(self, node: ast.Node) -> str:
        """The text of a node."""
        return self.text[node.span.start : node.span.end]


def word(operand: ast.Operand) -> str:
    """The text of an option's value. Raises: OracleError for a bracket or macro."""
    if not isinstance(operand, ast.Value):
        raise OracleError("expected a word")
    return operand.text


def truth(operand: ast.Operand | None, default: bool) -> bool:
    """Splunk's reading of a yes or no option."""
    if operand is None:
        return default
    return word(operand).lower() in ("t", "true", "1", "yes", "y")


def options(given: tuple[ast.Option, ...]) -> dict[str, ast.Operand]:
    return {option.key: option.value for option in given}
