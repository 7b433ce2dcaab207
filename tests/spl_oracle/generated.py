"""Random searches over the bundled data, for comparing the engine with the second implementation.

They keep to what has one right answer: no order that Splunk leaves open, no mixture of kinds that
the table in `tests/spl_oracle/__init__.py` marks with †.
"""

from __future__ import annotations

import random
from collections.abc import Callable

SOURCES = {
    "index=notable": ["user", "src", "dest", "signature", "severity", "category"],
    "index=cloud": ["user", "src", "action", "app", "command", "result"],
    "index=email earliest=-2d": ["sender", "recipient", "action", "bytes", "subject"],
    "index=proxy earliest=-1d": ["user", "src", "status", "bytes_in", "bytes_out", "category"],
    "index=network sourcetype=zeek:conn earliest=-6h": ["src", "dest", "dest_port", "bytes_out", "duration", "service"],
}
NUMBERS = frozenset({"bytes", "status", "bytes_in", "bytes_out", "dest_port", "duration"})
AGGREGATES = ("dc", "values", "list", "first", "last", "min", "max", "mode", "earliest", "latest", "count")
OF_NUMBERS = ("sum", "avg", "median", "range", "stdev", "var", "perc90", "sumsq")


class Maker:
    """Makes one search; knows the fields that its rows may have."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.start = dice.choice(sorted(SOURCES))
        self.fields = list(SOURCES[self.start])
        self.made = 0

    def search(self, commands: int) -> str:
        steps: list[Callable[[], str]] = [
            self.where, self.eval, self.eval, self.stats, self.stats, self.eventstats, self.streamstats, self.sort,
            self.dedup, self.cut, self.top, self.rename, self.rex, self.fillnull, self.delta, self.lookup,
            self.subsearch, self.foreach,
        ]  # fmt: skip
        return " | ".join([self.start, *(self.dice.choice(steps)() for _ in range(commands))])

    def field(self) -> str:
        return self.dice.choice(self.fields)

    def number_field(self) -> str:
        return self.dice.choice([f for f in self.fields if f in NUMBERS or f.startswith("n_")] or self.fields)

    def new(self, kind: str) -> str:
        self.made += 1
        name = f"{kind}_{self.made}"
        self.fields.append(name)
        return name

    # --- expressions ----------------------------------------------------------------------------

    def number(self, depth: int = 0) -> str:
        if depth > 1 or self.dice.random() < 0.4:
            return self.dice.choice([self.number_field(), "2", "10", "0.5", f"len({self.field()})"])
        one, two = self.number(depth + 1), self.number(depth + 1)
        return self.dice.choice(
            [f"({one}+{two})", f"({one}-{two})", f"({one}*{two})", f"({one}/{two})", f"round({one}, 2)",
             f"floor({one})", f"abs({one})", f"if({self.condition(depth + 1)}, {one}, {two})", f"coalesce({one}, 0)"]
        )  # fmt: skip

    def text(self, depth: int = 0) -> str:
        if depth > 1 or self.dice.random() < 0.4:
            return self.dice.choice([self.field(), '"x"', '"a.b"'])
        one, two = self.text(depth + 1), self.text(depth + 1)
        return self.dice.choice(
            [f"upper({one})", f"substr({one}, 2, 3)", f'replace({one}, "[aeiou]", "_")', f'{one}."-".{two}',
             f'mvindex(split({one}, "."), -1)', f"md5({one})", 'strftime(_time, "%F %H")', f'coalesce({one}, "none")',
             f"if({self.condition(depth + 1)}, {one}, {two})"]
        )  # fmt: skip

    def condition(self, depth: int = 0) -> str:
        simple = [
            f"isnotnull({self.field()})", f"{self.number_field()}>100", f'like({self.field()}, "%a%")',
            f'match({self.field()}, "^[a-m]")', f'{self.field()}!="x"', f'cidrmatch("10.20.0.0/16", {self.field()})',
        ]  # fmt: skip
        if depth > 1:
            return self.dice.choice(simple)
        joined = f"({self.condition(depth + 1)} {self.dice.choice(['AND', 'OR'])} {self.condition(depth + 1)})"
        return self.dice.choice([*simple, joined])

    # --- commands -------------------------------------------------------------------------------

    def where(self) -> str:
        return f"where {self.condition()}"

    def eval(self) -> str:
        if self.dice.random() < 0.5:
            expression = self.number()
            return f"eval {self.new('n')}={expression}"
        expression = self.text()
        return f"eval {self.new('t')}={expression}"

    def _aggregations(self) -> str:
        parts: list[str] = []
        sources = list(self.fields)
        numbers = [f for f in sources if f in NUMBERS or f.startswith("n_")] or sources
        for _ in range(self.dice.randint(1, 3)):
            if self.dice.random() < 0.5:
                parts.append(f"{self.dice.choice(OF_NUMBERS)}({self.dice.choice(numbers)}) AS {self.new('n')}")
            else:
                parts.append(f"{self.dice.choice(AGGREGATES)}({self.dice.choice(sources)}) AS {self.new('m')}")
        return ", ".join(parts)

    def stats(self) -> str:
        by = self.dice.sample(self.fields, min(len(self.fields), self.dice.randint(1, 2)))
        before = len(self.fields)
        written = f"stats {self._aggregations()} BY {' '.join(by)}"
        self.fields = [*by, *self.fields[before:]]
        return written

    def eventstats(self) -> str:
        by = self.field()
        return f"eventstats {self._aggregations()} BY {by}"

    def streamstats(self) -> str:
        option = self.dice.choice(["", "current=f ", "window=3 ", "window=2 global=f "])
        return f"streamstats {option}{self._aggregations()}"

    def sort(self) -> str:
        keys = self.dice.sample(self.fields, min(2, len(self.fields)))
        forms = ("{}", "-{}", "num({})", "-str({})")
        return "sort 0 " + ", ".join(self.dice.choice(forms).format(key) for key in keys)

    def dedup(self) -> str:
        option = self.dice.choice(["", " keepempty=t", " consecutive=t", " keepevents=t"])
        return f"dedup {self.dice.choice(['', '2 '])}{self.field()}{option}"

    def cut(self) -> str:
        return self.dice.choice(["head 20", "tail 15", "reverse", f"head ({self.condition(1)})"])

    def top(self) -> str:
        field = self.field()
        count = self.new("n")
        self.fields = [field, count]
        command, limit = self.dice.choice(["top", "rare"]), self.dice.choice([0, 5])
        return f"{command} limit={limit} countfield={count} showperc=f {field}"

    def rename(self) -> str:
        old = self.field()
        self.fields.remove(old)
        return f"rename {old} AS {self.new('n' if old in NUMBERS else 't')}"

    def rex(self) -> str:
        field = self.field()
        return f'rex field={field} "(?<{self.new("t")}>[a-z]+)"'

    def fillnull(self) -> str:
        return f"fillnull value=none {self.field()}"

    def delta(self) -> str:
        field = self.number_field()
        return f"{self.dice.choice(['delta', 'accum'])} {field} AS {self.new('n')}"

    def lookup(self) -> str:
        field = self.dice.choice([f for f in self.fields if not f.startswith("m_")] or self.fields)
        return f"lookup asset_inventory address AS {field} OUTPUT role AS {self.new('t')}"

    def subsearch(self) -> str:
        name = self.dice.choice(["user", "src"])
        return f"search {self.dice.choice(['', 'NOT '])}[ search index=notable severity=high | fields {name} ]"

    def foreach(self) -> str:
        names = " ".join(self.dice.sample(self.fields, min(2, len(self.fields))))
        return f"foreach {names} [ eval <<FIELD>>=coalesce('<<FIELD>>', \"q\") ]"


def searches(seed: int, count: int) -> list[str]:
    """``count`` searches, the same for the same seed."""
    dice = random.Random(seed)
    return [Maker(dice).search(dice.randint(1, 4)) for _ in range(count)]
