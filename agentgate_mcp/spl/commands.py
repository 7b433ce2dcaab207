"""Every SPL command with its class, and the classes of risk of those that carry any.

The table follows the Search Reference of Splunk Enterprise 10 (documented, internal and removed
commands: an old server still runs the removed ones) and the commands of widely used apps. A
command that is not here is unknown, and an unknown command is never taken for harmless.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

TABLE_VERSION = 1
"""Counts the changes of the table."""


class CommandClass(StrEnum):
    """How a command treats rows, in the Search Reference's terms."""

    GENERATING = "generating"
    STREAMING = "streaming"
    CENTRALIZED = "centralized-streaming"
    TRANSFORMING = "transforming"
    DATASET = "dataset-processing"
    ORCHESTRATING = "orchestrating"


class Risk(StrEnum):
    """What a command can do besides returning rows."""

    DESTROY = "destroy"
    """Removes events, models or other state."""
    EXECUTE = "execute"
    """Runs a program or hands control to an agent."""
    SEND = "send"
    """Delivers rows or a message to somebody outside Splunk."""
    WRITE = "write"
    """Writes a lookup, a summary, a metric, a model or a file."""
    NETWORK = "network"
    """Talks to another system, so values leave Splunk."""
    MODEL = "model"
    """Calls or changes a machine-learning model."""
    REST = "rest"
    """Reads Splunk's own management interface."""
    INDIRECT = "indirect"
    """Runs a search whose text stands elsewhere or is made at run time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandInfo:
    name: str
    kind: CommandClass
    risks: frozenset[Risk] = frozenset()
    source: str = "core"
    """Where it comes from: `core`, `internal` (undocumented or removed), or the app's name."""


_CORE: dict[CommandClass, str] = {
    CommandClass.GENERATING: """
        search datamodel dbinspect eventcount from gentimes history inputcsv inputintelligence
        inputlookup loadjob makeresults mcatalog metadata metasearch mpreview msearch mstats
        multisearch pivot rest savedsearch searchtxn set tstats typeahead union walklex
    """,
    CommandClass.STREAMING: """
        abstract addinfo bin bucket convert eval extract fieldformat fields filldown fillnull
        fromjson geomfilter highlight iconify iplocation kv lookup makemv multikv mvcombine
        mvexpand nomv rangemap regex reltime rename replace rex scrub setfields spath strcat
        tags tojson typer where xmlkv xmlunescape xpath foreach expand flatten addtotals
        cefout kvform localize require uniq gauge
    """,
    CommandClass.CENTRALIZED: """
        accum autoregress concurrency delta dedup head reverse rtorder streamstats tail trendline
    """,
    CommandClass.TRANSFORMING: """
        addcoltotals anomalousvalue append appendcols appendpipe associate chart cofilter
        contingency correlate counttable ctable diff fieldsummary findtypes geostats geom join
        makecontinuous mvstats outlier overlap rare selfjoin sichart sirare sistats sitimechart
        sitop stats table timechart timewrap top transpose untable xyseries x11 predict
        analyzefields af arules
    """,
    CommandClass.DATASET: """
        anomalies anomalydetection bucketdir cluster entitymerge erex eventstats format kmeans
        relevancy return sort transaction typelearner folderize nokv
    """,
    CommandClass.ORCHESTRATING: "localop lookupeditor noop redistribute",
}

_RISKY: dict[CommandClass, dict[str, str]] = {
    CommandClass.GENERATING: {
        "savedsearch": "indirect",
        "loadjob": "indirect",
        "rest": "rest",
    },
    CommandClass.STREAMING: {
        "delete": "destroy",
        "collect": "write",
        "summaryindex": "write",
        "stash": "write",
        "mcollect": "write",
        "meventcollect": "write",
        "outputcsv": "write",
        "outputlookup": "write",
        "outputtext": "write",
        "tscollect": "write",
        "dump": "write",
        "sendemail": "send",
        "sendalert": "send execute",
        "script": "execute",
        "run": "execute",
        "runshellscript": "execute",
        "map": "indirect",
    },
    CommandClass.TRANSFORMING: {
        # Prepared for a summary: what they feed is written when the search is scheduled.
        "sichart": "write",
        "sirare": "write",
        "sistats": "write",
        "sitimechart": "write",
        "sitop": "write",
    },
}

_INTERNAL: dict[CommandClass, dict[str, str]] = {
    CommandClass.GENERATING: {
        "audit": "",
        "crawl": "execute",
        "file": "execute",
        "litsearch": "",
        "rtsearch": "",
        "remotetl": "indirect",
        "dispatch": "indirect",
        "multireport": "",
        "mrollup": "write",
        "rdin": "",
        "rdout": "write",
        "federatedsearch": "network",
        "sdselect": "network",
        "showsource": "",
        "surrounding": "",
        "xsearch": "",
        "timeliner": "",
    },
    CommandClass.STREAMING: {
        "createrss": "write",
        "debug": "execute",
        "input": "execute write",
        "outputraw": "write",
        "outputrawr": "write",
        "outputtelemetry": "send",
        "editinfo": "",
        "hide": "",
        "mvappend": "",
        "nop": "",
        "prjob": "",
        "tagcreate": "write",
        "tagdelete": "write",
        "tagset": "write",
        "transam": "",
    },
    CommandClass.TRANSFORMING: {
        "bcorrelate": "",
        "prestats": "",
        "pretop": "",
        "rawstats": "",
        "statsp": "",
        "tscounts": "",
        "prechart": "",
        "pretimechart": "",
        "prerare": "",
    },
    CommandClass.ORCHESTRATING: {"dsl": "", "parallelreduce": ""},
}

_APPS: dict[str, dict[CommandClass, dict[str, str]]] = {
    "AI Toolkit": {
        CommandClass.STREAMING: {
            "ai": "model network",
            "aiagent": "model network execute",
            "apply": "model",
            "sample": "",
            "score": "",
        },
        CommandClass.DATASET: {"fit": "model"},
        CommandClass.GENERATING: {
            "deletemodel": "destroy model",
            "listmodels": "model",
            "summary": "model",
        },
    },
    "DB Connect": {
        CommandClass.GENERATING: {"dbxquery": "network"},
        CommandClass.STREAMING: {"dbxoutput": "network write", "dbxlookup": "network"},
    },
    "AI Assistant": {CommandClass.GENERATING: {"saia": "model network"}},
    "Enterprise Security": {
        CommandClass.GENERATING: {"getwatchlist": "network", "essinstigator": "execute"},
        CommandClass.STREAMING: {
            "xsfindbestconcept": "",
            "xswhere": "",
            "xsfindmembership": "",
            "xsgetwherecix": "",
            "expandtoken": "",
            "identify": "",
        },
        CommandClass.DATASET: {
            "xscreateddcontext": "write",
            "xscreateudcontext": "write",
            "xsupdateddcontext": "write",
            "xsdeletecontext": "destroy",
            "xsdeleteconcept": "destroy",
            "xsdisplaycontext": "",
            "xslistcontexts": "",
        },
    },
    "cloud add-ons": {
        CommandClass.STREAMING: {
            "awssnsalert": "send",
            "snowincidentstream": "send",
            "snoweventstream": "send",
            "snowincidentalert": "send",
        },
        CommandClass.GENERATING: {"snowincident": "send", "snowevent": "send"},
    },
    "SOAR": {CommandClass.STREAMING: {"sendtophantom": "send", "sendtosoar": "send"}},
    "LDAP": {
        CommandClass.GENERATING: {"ldapsearch": "network", "ldaptestconnection": "network"},
        CommandClass.STREAMING: {"ldapfetch": "network", "ldapfilter": "network", "ldapgroup": "network"},
    },
    "web tools": {
        CommandClass.GENERATING: {"curl": "network send"},
        CommandClass.STREAMING: {"urlencode": "", "urldecode": "", "whois": "network", "nslookup": "network"},
    },
    "mail": {CommandClass.STREAMING: {"sendresults": "send"}},
    "jira": {
        CommandClass.GENERATING: {"jirarest": "network", "jirasearch": "network", "jiraoverlay": "network"},
        CommandClass.STREAMING: {"jiraissue": "send"},
    },
    "decoding": {
        CommandClass.STREAMING: {"cyberchef": "", "decrypt": "", "base64": "", "jellyfisher": "", "levenshtein": ""}
    },
    "dnstwist": {CommandClass.GENERATING: {"dnstwist": "network"}},
}


def _table() -> dict[str, CommandInfo]:
    table: dict[str, CommandInfo] = {}

    def add(name: str, kind: CommandClass, risks: str, source: str) -> None:
        table[name] = CommandInfo(name=name, kind=kind, risks=frozenset(Risk(r) for r in risks.split()), source=source)

    for kind, names in _CORE.items():
        for name in names.split():
            add(name, kind, "", "core")
    for source, rows in (("core", _RISKY), ("internal", _INTERNAL)):
        for kind, entries in rows.items():
            for name, risks in entries.items():
                add(name, kind, risks, source)
    for app, rows in _APPS.items():
        for kind, entries in rows.items():
            for name, risks in entries.items():
                add(name, kind, risks, app)
    return table


COMMANDS: dict[str, CommandInfo] = _table()
"""Lower-case name to what is known of it."""

GENERATING: frozenset[str] = frozenset(n for n, i in COMMANDS.items() if i.kind is CommandClass.GENERATING)
RISKY: frozenset[str] = frozenset(n for n, i in COMMANDS.items() if i.risks)

TEMPLATE_COMMANDS: frozenset[str] = frozenset({"foreach", "appendpipe"})
"""Commands whose brackets hold commands for the rows at hand, not a search of their own."""

SEARCH_COMMANDS: frozenset[str] = frozenset({"search", "tstats", "mstats", "metasearch", "msearch", "mpreview"})
"""Commands whose arguments hold a search expression with indexes and time modifiers."""


def info(name: str) -> CommandInfo | None:
    """What is known of a command, by its lower-case name; None for an unknown one."""
    return COMMANDS.get(name)
