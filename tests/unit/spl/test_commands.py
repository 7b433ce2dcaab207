"""The command table: every documented command, the risky ones with their class."""

from __future__ import annotations

import pytest

from agentgate_mcp.spl.commands import COMMANDS, CommandClass, Risk, info
from agentgate_mcp.spl.wellknown import DATA_MODELS, MACROS

pytestmark = pytest.mark.req("spl.commands")

# Splunk Enterprise 10 Search Reference, "Commands that trigger SPL safeguards", and AI Toolkit.
SAFEGUARDED = (
    "collect delete dump map mcollect meventcollect outputcsv outputlookup run runshellscript script sendalert "
    "sendemail tscollect ai aiagent deletemodel fit"
).split()
DOCUMENTED = """
abstract accum addcoltotals addinfo addtotals analyzefields anomalies anomalousvalue anomalydetection append
appendcols appendpipe arules associate autoregress awssnsalert bin bucket bucketdir chart cluster cofilter collect
concurrency contingency convert correlate ctable datamodel dbinspect dedup delete delta diff dump erex eval eventcount
eventstats extract fieldformat fields fieldsummary filldown fillnull findtypes folderize foreach format from fromjson
gauge gentimes geom geomfilter geostats head highlight history iconify inputcsv inputintelligence inputlookup iplocation
join kmeans kvform loadjob localize localop lookup makecontinuous makemv makeresults map mcatalog mcollect metadata
metasearch meventcollect mpreview mstats multikv multisearch mvcombine mvexpand nomv outlier outputcsv outputlookup
outputtext overlap pivot predict rangemap rare redistribute regex relevancy reltime rename replace require rest return
reverse rex rtorder run savedsearch script scrub search searchtxn selfjoin sendalert sendemail set setfields sichart
sirare sistats sitimechart sitop sort spath stats strcat streamstats table tags tail timechart timewrap tojson top
transaction transpose trendline tscollect tstats typeahead typelearner typer union uniq untable walklex where x11 xmlkv
xmlunescape xpath xyseries
""".split()


def test_every_documented_command_is_known() -> None:
    assert [name for name in DOCUMENTED if name not in COMMANDS] == []


def test_names_are_lower_case_and_each_command_has_one_entry() -> None:
    assert all(name == name.lower() == entry.name for name, entry in COMMANDS.items())
    assert len(COMMANDS) > 240


@pytest.mark.parametrize("name", SAFEGUARDED)
def test_every_safeguarded_command_carries_a_risk(name: str) -> None:
    entry = info(name)
    assert entry is not None
    assert entry.risks


@pytest.mark.parametrize(
    ("name", "kind", "risk"),
    [
        ("delete", CommandClass.STREAMING, Risk.DESTROY),
        ("script", CommandClass.STREAMING, Risk.EXECUTE),
        ("sendemail", CommandClass.STREAMING, Risk.SEND),
        ("outputlookup", CommandClass.STREAMING, Risk.WRITE),
        ("sistats", CommandClass.TRANSFORMING, Risk.WRITE),
        ("dbxquery", CommandClass.GENERATING, Risk.NETWORK),
        ("ai", CommandClass.STREAMING, Risk.MODEL),
        ("rest", CommandClass.GENERATING, Risk.REST),
        ("savedsearch", CommandClass.GENERATING, Risk.INDIRECT),
    ],
)
def test_a_command_has_its_class(name: str, kind: CommandClass, risk: Risk) -> None:
    entry = info(name)
    assert entry is not None
    assert entry.kind is kind
    assert risk in entry.risks


@pytest.mark.parametrize("name", ["search", "stats", "eval", "where", "tstats", "inputlookup", "lookup", "metadata"])
def test_ordinary_commands_carry_no_risk(name: str) -> None:
    entry = info(name)
    assert entry is not None
    assert entry.risks == frozenset()


def test_an_unknown_command_is_unknown() -> None:
    assert info("frobnicate") is None
    assert info("DELETE") is None


@pytest.mark.req("spl.well-known")
def test_the_well_known_macros_use_their_arguments() -> None:
    for (name, arity), (args, definition) in MACROS.items():
        assert len(args) == arity, name
        for used in definition.split("$")[1::2]:
            assert used in args, name
    assert {"Endpoint", "Authentication", "Network_Traffic", "Web"} <= DATA_MODELS
