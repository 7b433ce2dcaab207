"""Every command that is executed is read without loss, and into parts that mean what they should."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.spl import ast
from agentgate_mcp.spl.lexer import lex
from agentgate_mcp.spl.parser import parse
from agentgate_mcp.spl.render import render

pytestmark = pytest.mark.req("spl.parse", "spl.render")


def command(text: str) -> ast.Command:
    (made,) = parse(f"| {text}").commands
    return made


def shown(value: ast.Operand) -> str:
    """An option's value as text; a bracket shows its pipeline."""
    return value.text if isinstance(value, ast.Value) else render_inside(value)


def render_inside(value: ast.MacroCall | ast.Subsearch) -> str:
    return f"[{render(value.pipeline)}]" if isinstance(value, ast.Subsearch) else f"`{value.name}`"


# (command, options by their names as written, words in order)
GENERIC: list[tuple[str, dict[str, str], tuple[str, ...]]] = [
    ("bin span=5m _time AS slot", {"span": "5m"}, ("_time", "AS", "slot")),
    ("bucket _time span=1h aligntime=earliest", {"span": "1h", "aligntime": "earliest"}, ("_time",)),
    ("bin bins=20 start=0 end=100 size", {"bins": "20", "start": "0", "end": "100"}, ("size",)),
    ('rex field=Raw mode=sed "s/a/b/g"', {"field": "Raw", "mode": "sed"}, ("s/a/b/g",)),
    ('rex "(?<User>\\w+) \\"x|y\\"" max_match=0', {"max_match": "0"}, ('(?<User>\\w+) "x|y"',)),
    ('regex Field="^a|b$"', {"Field": "^a|b$"}, ()),
    ('regex Field!="^a"', {}, ("Field", "^a")),
    ('regex "x=\\d+"', {}, ("x=\\d+",)),
    (
        'transaction User host startswith="log in" endswith=(status=500 x="a b") maxspan=5m keepevicted=t',
        {"startswith": "log in", "endswith": '(status=500 x="a b")', "maxspan": "5m", "keepevicted": "t"},
        ("User", "host"),
    ),
    (
        'transaction User startswith=eval(x="y" AND (z>1)) maxpause=1m',
        {"startswith": 'eval(x="y" AND (z>1))', "maxpause": "1m"},
        ("User",),
    ),
    ("transaction User startswith=(a) endswith=(b)", {"startswith": "(a)", "endswith": "(b)"}, ("User",)),
    ("join type=left max=0 User, host [search b]", {"type": "left", "max": "0"}, ("User", "host")),
    ("join User overwrite=f [search b]", {"overwrite": "f"}, ("User",)),
    ("append maxtime=10 [| inputlookup x]", {"maxtime": "10"}, ()),
    ("appendcols override=t [search b]", {"override": "t"}, ()),
    ("appendpipe [stats count | eval x=1]", {}, ()),
    ("union maxout=10 [search a] [search b]", {"maxout": "10"}, ()),
    ("multisearch [search a] [search b]", {}, ()),
    ("set diff [search a] [search b]", {}, ("diff",)),
    ('makemv delim="," allowempty=t Field', {"delim": ",", "allowempty": "t"}, ("Field",)),
    ('makemv tokenizer="([^,]+),?" Field', {"tokenizer": "([^,]+),?"}, ("Field",)),
    ("mvexpand Field limit=100", {"limit": "100"}, ("Field",)),
    ('mvcombine delim="," f', {"delim": ","}, ("f",)),
    ("nomv f", {}, ("f",)),
    (
        "spath input=Raw output=Out path=a.b{}.c",
        {"input": "Raw", "output": "Out", "path": "a.b{}.c"},
        (),
    ),
    ("spath a.b{1}.@c", {}, ("a.b{1}.@c",)),
    ("spath", {}, ()),
    (
        'convert timeformat="%Y-%m" ctime(_time) AS Time mktime(x) none(*)',
        {"timeformat": "%Y-%m"},
        ("ctime", "_time", "AS", "Time", "mktime", "x", "none", "*"),
    ),
    (
        'replace "a*" WITH "b", c WITH d IN Field, other',
        {},
        ("a*", "WITH", "b", "c", "WITH", "d", "IN", "Field", "other"),
    ),
    (
        "rangemap field=count Low=0-30 elevated=31-39 default=severe",
        {"field": "count", "Low": "0-30", "elevated": "31-39", "default": "severe"},
        (),
    ),
    ("return 10 src AS ip $x $y", {}, ("10", "src", "AS", "ip", "$x", "$y")),
    ("return 10 Ip=src", {"Ip": "src"}, ("10",)),
    ('format "(" "(" "AND" ")" "OR" ")" maxresults=5', {"maxresults": "5"}, ("(", "(", "AND", ")", "OR", ")")),
    ("fillnull value=0 Aa b", {"value": "0"}, ("Aa", "b")),
    ('fillnull value="n a"', {"value": "n a"}, ()),
    ("filldown a b*", {}, ("a", "b*")),
    ("top limit=5 showperc=f a, b by c", {"limit": "5", "showperc": "f"}, ("a", "b", "by", "c")),
    ("top 5 a", {}, ("5", "a")),
    ("rare limit=3 a by b", {"limit": "3"}, ("a", "by", "b")),
    ("xyseries grouping=t host _time count", {"grouping": "t"}, ("host", "_time", "count")),
    ("untable _time Series value", {}, ("_time", "Series", "value")),
    (
        "addtotals row=t col=f labelfield=Host label=Total fieldname=Sum a b",
        {"row": "t", "col": "f", "labelfield": "Host", "label": "Total", "fieldname": "Sum"},
        ("a", "b"),
    ),
    ("addcoltotals labelfield=X a", {"labelfield": "X"}, ("a",)),
    ('makeresults format=csv data="a,b\n1,2"', {"format": "csv", "data": "a,b\n1,2"}, ()),
    ("makeresults count=3 annotate=t", {"count": "3", "annotate": "t"}, ()),
    ("metadata type=hosts index=a*", {"type": "hosts", "index": "a*"}, ()),
    ("rest /services/saved/searches count=0", {"count": "0"}, ("/services/saved/searches",)),
    ('from datamodel:"X.Y"', {}, ("datamodel:", "X.Y")),
    ("from datamodel:X.Y", {}, ("datamodel:X.Y",)),
    ("foreach a* mode=multifield fieldstr=# [eval x=1]", {"mode": "multifield", "fieldstr": "#"}, ("a*",)),
    ("outputlookup append=t key_field=K users.csv", {"append": "t", "key_field": "K"}, ("users.csv",)),
    ('savedsearch "a b" x=1 Y="z"', {"x": "1", "Y": "z"}, ("a b",)),
    ('loadjob savedsearch="a:b:c"', {"savedsearch": "a:b:c"}, ()),
    ("makecontinuous _time span=1h", {"span": "1h"}, ("_time",)),
    ("accum x AS y", {}, ("x", "AS", "y")),
    ("autoregress x AS y p=1-3", {"p": "1-3"}, ("x", "AS", "y")),
    ("delta x AS y p=2", {"p": "2"}, ("x", "AS", "y")),
    ("transpose 5 header_field=H", {"header_field": "H"}, ("5",)),
    ('strcat a "x" b Out', {}, ("a", "x", "b", "Out")),
    ("iplocation prefix=P ip", {"prefix": "P"}, ("ip",)),
    ('map search="search a=$B$" maxsearches=5', {"search": "search a=$B$", "maxsearches": "5"}, ()),
    ("reverse", {}, ()),
]


@pytest.mark.parametrize(("text", "options", "words"), GENERIC, ids=[text for text, _, _ in GENERIC])
def test_options_and_words_of_a_command(text: str, options: dict[str, str], words: tuple[str, ...]) -> None:
    made = command(text)
    assert isinstance(made, ast.Generic)
    assert made.known
    assert {o.name: shown(o.value) for o in made.args if isinstance(o, ast.Option)} == options
    assert made.words == words


@pytest.mark.parametrize("text", [text for text, _, _ in GENERIC])
def test_no_token_of_a_command_is_lost_or_changed(text: str) -> None:
    brackets = "[" in text.replace("[^", "")
    written = [token[1] for token in lex(f"| {text}").tokens]
    rendered = [token[1] for token in lex(render(parse(f"| {text}"))).tokens]
    assert rendered == written if not brackets else parse(render(parse(f"| {text}"))) == parse(f"| {text}")


def test_the_operator_of_regex_stays() -> None:
    made = command('regex Field!="^a"')
    assert isinstance(made, ast.Generic)
    assert [a.text for a in made.args if isinstance(a, ast.Punct)] == ["!="]


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("join id [search index=b]", ("search index=b",)),
        ("append [| inputlookup x]", ("| inputlookup x",)),
        ("appendpipe [stats count]", ("| stats count",)),
        ("multisearch [search a] [search b]", ("search a", "search b")),
        ("foreach a* [eval <<FIELD>>='<<FIELD>>'+1]", ("| eval <<FIELD>>='<<FIELD>>' + 1",)),
    ],
)
def test_brackets_of_a_command_are_pipelines(text: str, inside: tuple[str, ...]) -> None:
    made = command(text)
    assert isinstance(made, ast.Generic)
    assert tuple(render(pipeline) for pipeline in made.subsearches) == inside


@pytest.mark.parametrize(
    ("text", "where", "options"),
    [
        ("timechart span=1h count by host where max in top5 useother=f", "max in top5", ("span", "useother")),
        ("chart count over a by b where count > 10", "count > 10", ()),
        ("timechart limit=3 avg(x) by y where avg notin bottom3", "avg notin bottom3", ("limit",)),
    ],
)
def test_a_series_filter_keeps_its_text_and_leaves_the_options(text: str, where: str, options: tuple[str, ...]) -> None:
    made = command(text)
    assert isinstance(made, ast.Chart)
    assert (made.where, tuple(o.key for o in made.options)) == (where, options)


@pytest.mark.parametrize(
    "text", ["x a=(", "x a=(b", "x a=)b(", "x a=(b [search c])", "x a=(`m`)", "x a=b (c)", "x a=((b)"]
)
def test_parentheses_that_are_no_value_stay_as_they_are(text: str) -> None:
    made = command(text)
    assert isinstance(made, ast.Generic)
    assert any(isinstance(a, ast.Punct) and a.text in "()" for a in made.args)
    assert parse(render(parse(f"| {text}"))) == parse(f"| {text}")


@given(st.text(alphabet='ab=()" <>,', max_size=30))
def test_a_value_in_parentheses_is_read_back_from_what_is_written(inside: str) -> None:
    if inside.count('"') % 2:
        return
    text = f"| transaction a startswith=({inside}) endswith=eval({inside}) b"
    tree = parse(text)
    assert parse(render(tree)) == tree
