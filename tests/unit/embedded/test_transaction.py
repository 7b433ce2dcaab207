"""Events put together to transactions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.backends.embedded.search.grouping import Grouping, Limits, Mark
from agentgate_mcp.backends.ports import SearchResult
from agentgate_mcp.errors import SplError, UnsupportedSplError

pytestmark = pytest.mark.req("embedded.transaction")

Run = Callable[..., SearchResult]
APART = 'index=auth | eval a=if(event_id="e-5", 1, null()), b=if(event_id="e-4", 1, null())'


def _groups(run: Run, command: str) -> list[str]:
    """The events of each transaction in order of time, `!` after one that is not closed."""
    rows = run(f"{command} | table event_id closed_txn").rows
    out: list[str] = []
    for row in rows:
        ids = row["event_id"] if isinstance(row["event_id"], list) else [row["event_id"]]
        out.append("".join(str(i)[2:] for i in ids) + ("" if row.get("closed_txn") == "1" else "!"))
    return out


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        # Events are at -600, -500.5, -400, -300, -200 and -50 seconds; e-1 and e-3 have one src, e-4 and e-5 too.
        ("* | transaction src", "45! 2! 13!"),
        ("* | transaction host", "7! 45! 123!"),
        ("* | transaction host maxspan=150s", "7! 45! 23 1!"),
        ("* | transaction host maxspan=100s", "7! 45! 3 12!"),
        ("* | transaction host maxspan=3m maxpause=100s", "7! 45! 3 12!"),
        ("* | transaction host maxpause=1m", "7! 5 4! 3 2 1!"),
        ("* | transaction host maxevents=2", "7! 45 23 1!"),
        ("* | transaction maxpause=110s", "7 12345!"),
        ("* | transaction maxevents=-1", "123457!"),
        ("* | transaction host src", "7! 45! 2! 13!"),
        ("* | transaction fields=\"host src\"", "7! 45! 2! 13!"),
        ("* | transaction \"host, src\"", "7! 45! 2! 13!"),
        # An event joins where it says nothing else; connected=f also where it says nothing at all in common.
        ("index=network | transaction src rtt", "2! 13!"),
        ("index=auth | transaction reason action", "5! 4!"),
        (f"{APART} | transaction a b", "5! 4!"),
        (f"{APART} | transaction a b connected=f", "45!"),
        # Read backwards a start closes, an end opens.
        ("* | transaction host startswith=failure", "45"),
        ("* | transaction host startswith=failure keepevicted=true", "7! 45 123!"),
        ("* | transaction host startswith=(action=failure)", "45"),
        ("* | transaction host startswith=\"action=failure\"", "45"),
        ("* | transaction host startswith=eval(action=\"failure\" AND isnotnull(reason))", "45"),
        ("* | transaction host startswith=eval(bytes_out<500)", "7 123"),
        ("* | transaction host endswith=(dest_port=80)", "12!"),
        ("* | transaction host startswith=eval(dest_port=443) endswith=eval(dest_port=80)", "12"),
        ("* | transaction host startswith=eval(dest_port=443) endswith=eval(dest_port=80) maxspan=50s", ""),
        ("* | transaction host startswith=eval(dest_port=443) endswith=eval(dest_port=80) maxspan=50s keepevicted=t",
         "2!"),
        ("* | transaction host endswith=(dest=*) keepevicted=t", "3! 2! 1!"),
        ("* | transaction nothing", ""),
        ("* | transaction host maxopentxn=1", "7! 45! 123!"),
        ("* | sort _time | transaction host maxopentxn=1", "7! 45! 123!"),
        ("* | transaction src maxopentxn=1", "45! 3! 2! 1!"),
        ("* | transaction src maxopenevents=2", "45! 2! 13!"),
        ("src=nobody | transaction src", ""),
        ("* | fields - _time | transaction src", ""),
    ],
)  # fmt: skip
def test_events_are_put_together(run: Run, command: str, expected: str) -> None:
    assert _groups(run, command) == expected.split()


def test_a_transaction_has_the_values_of_its_events(run: Run) -> None:
    result = run("index=auth | transaction src")
    assert list(result.rows) == [
        {
            "_time": "2026-11-20T11:55:00.000+00:00", "event_id": ["e-4", "e-5"], "index": "auth",
            "sourcetype": "okta:auth", "host": "idp", "src": "198.51.100.9", "user": ["A.Lund", "a.lund"],
            "action": ["failure", "success"], "reason": "bad password", "duration": "100", "eventcount": "2",
            "closed_txn": "0",
        }
    ]  # fmt: skip
    assert result.fields[-3:] == ("duration", "eventcount", "closed_txn")
    assert "_raw" not in result.fields
    raw = str(run("index=auth | transaction src | table _raw").rows[0]["_raw"])
    assert raw.splitlines()[1] == 'a.lund signed in from 198.51.100.9 with agent "curl/8"'
    assert 'reason="bad password"' in raw.splitlines()[0]
    assert "_raw" in run("event_id=e-5 | transaction src").rows[0]


def test_lists_hold_the_values_of_every_event_in_order_of_time(run: Run) -> None:
    query = "index=network | transaction host mvlist={} | table dest dest_port rtt"
    assert run(query.format("true")).rows[0] == {
        "dest": ["192.0.2.7", "192.0.2.7", "10.0.0.53"], "dest_port": ["443", "80", "NULL"],
        "rtt": ["NULL", "NULL", "0.1"],
    }  # fmt: skip
    assert run(query.format("dest nullstr=-")).rows[0] == {
        "dest": ["192.0.2.7", "192.0.2.7", "10.0.0.53"], "dest_port": ["443", "80"], "rtt": "0.1",
    }  # fmt: skip
    assert run(query.format('"dest_port,rtt" nullstr=-')).rows[0]["dest_port"] == ["443", "80", "-"]
    joined = run('index=network | transaction host delim="; " | nomv dest | table dest').rows[0]
    assert joined == {"dest": "10.0.0.53; 192.0.2.7"}
    raw = run("index=auth | transaction src mvraw=t | table _raw").rows[0]["_raw"]
    assert isinstance(raw, list)
    assert len(raw) == 2


def test_orphans_are_kept_when_asked_for(run: Run) -> None:
    rows = run("* | transaction user keeporphans=true | table event_id _txn_orphan eventcount").rows
    assert list(rows) == [
        {"event_id": "e-7", "eventcount": "1"},
        {"event_id": "e-5", "eventcount": "1"},
        {"event_id": "e-4", "eventcount": "1"},
        {"event_id": "e-3", "_txn_orphan": "1"},
        {"event_id": "e-2", "_txn_orphan": "1"},
        {"event_id": "e-1", "_txn_orphan": "1"},
    ]


def test_durations_keep_their_fraction(run: Run) -> None:
    assert run("dest_port=* | transaction dest | table duration").rows == ({"duration": "99.5"},)


@pytest.mark.parametrize(
    ("command", "names", "error"),
    [
        ("maxspan=5x", "span", SplError), ("src maxevents=many", "maxevents", SplError),
        ("src other=1", "other", UnsupportedSplError), ("src name=x", "name", UnsupportedSplError),
        ("src startswith=eval(a=1", "unbalanced", SplError), ("src startswith=eval(1+)", "too early", SplError),
        ("src startswith=eval(nosuch(a))", "nosuch", UnsupportedSplError), ("src [search a]", "argument", SplError),
        ('src startswith="(a"', "unbalanced", SplError), ("src keepevicted=x", "keepevicted", SplError),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_named(run: Run, command: str, names: str, error: type[SplError]) -> None:
    with pytest.raises(error, match=names) as caught:
        run(f"* | transaction {command}")
    assert type(caught.value) is error
    assert caught.value.position >= 4


_EVENTS = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from("ab"), st.booleans(), st.booleans()), max_size=25
)  # fmt: skip


@given(_EVENTS, st.integers(0, 20) | st.none(), st.integers(1, 5) | st.none(), st.booleans(), st.booleans())
def test_each_event_is_in_one_transaction_or_an_orphan_and_the_limits_hold(
    events: list[tuple[int, str, bool, bool]], span: int | None, most: int | None, starts: bool, ends: bool
) -> None:
    ordered = sorted(events, key=lambda e: -e[0])
    grouping = Grouping(fields=("k",), limits=Limits(span=span, events=most), starts=starts, ends=ends)
    for place, (time, key, start, end) in enumerate(ordered):
        grouping.take(Mark(place=place, time=time, key={"k": key}, starts=start, ends=end))
    done = grouping.finish()
    places = sorted([m.place for t in done for m in t.marks] + grouping.orphans)
    assert places == list(range(len(events)))
    for one in done:
        assert len({m.key["k"] for m in one.marks}) == 1
        assert span is None or one.duration <= span
        assert most is None or len(one.marks) <= most
        assert not starts or not any(m.starts for m in one.marks[:-1])
        assert not ends or (one.marks[0].ends and not any(m.ends for m in one.marks[1:]))
        assert not starts or not one.closed or one.marks[-1].starts or len(one.marks) == most
