"""Renders the knowledge objects of the site: searches, macros, lookups, data models, views."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from agentgate_mcp.model.call import Json
from agentgate_mcp.synth import organisation, reader
from agentgate_mcp.synth.clock import at, epoch_text
from agentgate_mcp.synth.event import Event

Record = dict[str, Json]

_SEARCHES = ("knowledge/detections_identity.yaml", "knowledge/detections_network.yaml", "knowledge/detections_soc.yaml")
_UPDATED = "2026-11-12T09:00:00Z"
_TEAM_APP = {"soc-detect": "northmere_detections", "identity": "northmere_identity", "network": "northmere_network"}
_TEAM_OWNER = {"soc-detect": "a.lund", "identity": "g.novak", "network": "o.keller"}


def filter_name(search: str) -> str:
    """The macro by which one detection is tuned: `Web - Odd Thing` gives `web_odd_thing_filter`."""
    words = "".join(c if c.isalnum() else " " for c in search.lower()).split()
    return "_".join([*words, "filter"])


def _object(kind: str, name: str, team: str, content: Record, *, app: str = "", disabled: bool = False) -> Record:
    return {
        "kind": kind,
        "name": name,
        "app": app or _TEAM_APP[team],
        "owner": _TEAM_OWNER[team],
        "sharing": "global" if kind in ("macro", "lookup", "data_model", "index") else "app",
        "team": team,
        "disabled": disabled,
        "content": dict(sorted(content.items())),
        "updated": _UPDATED,
    }


def _saved_search(raw: Mapping[str, Json], app: str, team: str) -> Record:
    actions = reader.strings(raw, "actions")
    content: Record = {
        "search": reader.string(raw, "search"),
        "description": reader.string(raw, "description"),
        "is_scheduled": True,
        "cron_schedule": reader.string(raw, "cron"),
        "dispatch.earliest_time": reader.string(raw, "earliest"),
        "dispatch.latest_time": reader.string(raw, "latest"),
        "schedule_window": "auto",
        "actions": ",".join(actions),
        "alert.severity": str(reader.integer(raw, "severity")),
        "alert.track": "notable" in actions,
        "alert_type": "number of events" if "techniques" in raw else "always",
        "agentgate.status": reader.string(raw, "status", "production"),
        "agentgate.techniques": list(reader.strings(raw, "techniques")),
        "agentgate.controls": list(reader.strings(raw, "controls")),
        "agentgate.covers": list(reader.strings(raw, "covers")),
    }
    if "techniques" in raw:
        content["alert_comparator"], content["alert_threshold"] = "greater than", "0"
    if "email" in actions:
        content["action.email"] = True
        content["action.email.to"] = reader.string(raw, "email")
        content["action.email.subject"] = "Alert: $name$"
    if "suppress" in raw:
        suppress = reader.as_object(raw["suppress"], "suppress")
        content["alert.suppress"] = True
        content["alert.suppress.fields"] = reader.string(suppress, "fields")
        content["alert.suppress.period"] = reader.string(suppress, "period")
    name, disabled = reader.string(raw, "name"), raw.get("disabled") is True
    return _object("saved_search", name, team, content, app=app, disabled=disabled)


def saved_searches() -> list[Record]:
    """All saved searches, detections and reports, by name."""
    out: list[Record] = []
    for file in _SEARCHES:
        document = reader.document(file)
        app, team = reader.string(document, "app"), reader.string(document, "team")
        out.extend(_saved_search(raw, app, team) for raw in reader.objects(document, "searches"))
    return _sorted(out)


def macros() -> list[Record]:
    """The shared macros, and `search *` for each filter that a saved search calls."""
    out: list[Record] = []
    for raw in reader.objects(reader.document("knowledge/macros.yaml"), "macros"):
        content: Record = {
            "definition": reader.string(raw, "definition"),
            "description": reader.string(raw, "description"),
            "iseval": False,
        }
        if "args" in raw:
            content["args"] = reader.string(raw, "args")
        out.append(_object("macro", reader.string(raw, "name"), reader.string(raw, "team"), content))
    for search in saved_searches():
        name, team, text = str(search["name"]), str(search["team"]), search["content"]
        if f"`{filter_name(name)}`" in reader.string(reader.as_object(text, name), "search"):
            content = {"definition": "search *", "description": f"Tuning of {name}.", "iseval": False}
            out.append(_object("macro", filter_name(name), team, content))
    return _sorted(out)


def _rows(fields: Sequence[str], raw: Mapping[str, Json]) -> list[Json]:
    out: list[Json] = []
    for row in reader.as_list(raw["rows"], "rows"):
        cells = [str(cell) for cell in reader.as_list(row, "rows")]
        if raw.get("windows") is True:
            cells = [str(at(c) // 1000) if f.startswith("window_") else c for f, c in zip(fields, cells, strict=True)]
        out.append(dict(zip(fields, cells, strict=True)))
    return out


def _derived_lookups() -> Iterable[tuple[str, str, str, Sequence[str], list[Json]]]:
    assets: list[Json] = []
    for asset in organisation.asset_records():
        record = reader.as_object(asset, "asset")
        assets.append(
            {
                "asset_id": record["asset_id"],
                "address": reader.strings(record, "addresses")[0],
                "role": record["role"],
                "criticality": record["criticality"],
                "owner_team": record["owner_team"],
                "tags": " ".join(reader.strings(record, "tags")),
            }
        )
    fields = ("asset_id", "address", "role", "criticality", "owner_team", "tags")
    yield "asset_inventory", "soc-detect", "Assets by address and name.", fields, assets
    people: list[Json] = []
    usual: list[Json] = []
    for identity in organisation.identity_records():
        record = reader.as_object(identity, "identity")
        privileged = "true" if record["privileged"] is True else "false"
        people.append({"user": record["user"], "department": record["department"], "privileged": privileged})
        usual.extend(
            {"user": record["user"], "address": address, "since": "1767225600"}
            for address in reader.strings(record, "usual_addresses")
        )
    yield (
        "identity_inventory",
        "identity",
        "Accounts, department, privilege.",
        ("user", "department", "privileged"),
        people,
    )
    yield "usual_addresses", "identity", "Addresses from which accounts sign in.", ("user", "address", "since"), usual


def lookups(indicators: Sequence[Json]) -> list[Record]:
    """All lookups with their rows; ``indicators`` fill the list of known bad addresses."""
    out: list[Record] = []
    for raw in reader.objects(reader.document("knowledge/lookups.yaml"), "lookups"):
        fields = reader.strings(raw, "fields")
        content: Record = {
            "filename": reader.string(raw, "filename"),
            "fields": list(fields),
            "rows": _rows(fields, raw),
            "description": reader.string(raw, "description"),
        }
        if "polarity" in raw:
            content["agentgate.polarity"] = reader.string(raw, "polarity")
        out.append(_object("lookup", reader.string(raw, "name"), reader.string(raw, "team"), content))
    for name, team, description, fields, rows in _derived_lookups():
        place: Record = {"collection": name} if name == "usual_addresses" else {"filename": f"{name}.csv"}
        out.append(
            _object("lookup", name, team, {**place, "fields": list(fields), "rows": rows, "description": description})
        )
    listed: Record = {
        "filename": "local_indicators.csv",
        "fields": ["indicator", "score", "source"],
        "rows": list(indicators),
        "description": "Addresses from the feeds, refreshed by the feed import.",
    }
    out.append(_object("lookup", "local_indicators", "network", listed))
    return _sorted(out)


def data_models() -> list[Record]:
    """Data models with objects, constraints and fields in Splunk's own JSON shape."""
    out: list[Record] = []
    for raw in reader.objects(reader.document("knowledge/data_models.yaml"), "data_models"):
        parts: list[Json] = []
        for part in [raw, *reader.objects(raw, "more")]:
            fields: list[Json] = [{"fieldName": f, "type": "string"} for f in reader.strings(part, "fields")]
            parts.append(
                {
                    "objectName": reader.string(part, "object"),
                    "parentName": "BaseEvent",
                    "constraints": [{"search": reader.string(part, "constraint")}],
                    "fields": fields,
                }
            )
        name = reader.string(raw, "name")
        content: Record = {
            "description": reader.string(raw, "description"),
            "objects": parts,
            "acceleration": {"enabled": True, "earliest_time": "-1mon"},
        }
        out.append(_object("data_model", name, "soc-detect", content, app="northmere_models"))
    return _sorted(out)


def _sorted(records: list[Record]) -> list[Record]:
    return sorted(records, key=lambda r: (str(r["kind"]), str(r["name"]), str(r["app"])))


def views() -> dict[str, list[Record]]:
    """Dashboards, event types with tags, field extractions, collections and tokens, per file."""
    document = reader.document("knowledge/views.yaml")
    boards = [
        _object(
            "dashboard",
            reader.string(raw, "name"),
            reader.string(raw, "team"),
            {"label": reader.string(raw, "label"), "searches": list(reader.strings(raw, "searches"))},
            app=reader.string(raw, "app"),
        )
        for raw in reader.objects(document, "dashboards")
    ]
    types: list[Record] = []
    tags: list[Record] = []
    for raw in reader.objects(document, "eventtypes"):
        name, team, labels = reader.string(raw, "name"), reader.string(raw, "team"), list(reader.strings(raw, "tags"))
        types.append(_object("eventtype", name, team, {"search": reader.string(raw, "search"), "tags": list(labels)}))
        tags.append(
            _object("tag", f"eventtype={name}", team, {"field_name_value": f"eventtype={name}", "tags": list(labels)})
        )
    extractions = [
        _object(
            "field_extraction",
            reader.string(raw, "name"),
            reader.string(raw, "team"),
            {"stanza": reader.string(raw, "stanza"), "type": "EXTRACT", "value": reader.string(raw, "value")},
        )
        for raw in reader.objects(document, "field_extractions")
    ]
    collections = [
        _object(
            "kv_collection",
            reader.string(raw, "name"),
            reader.string(raw, "team"),
            {"fields": list(reader.strings(raw, "fields"))},
            app=reader.string(raw, "app"),
        )
        for raw in reader.objects(document, "kv_collections")
    ]
    tokens = [
        _object(
            "hec_token",
            reader.string(raw, "name"),
            reader.string(raw, "team"),
            {"index": reader.string(raw, "index"), "sourcetype": reader.string(raw, "sourcetype"), "useACK": True},
            app=reader.string(raw, "app"),
        )
        for raw in reader.objects(document, "hec_tokens")
    ]
    return {
        "dashboards": _sorted(boards),
        "eventtypes": _sorted(types),
        "tags": _sorted(tags),
        "field_extractions": _sorted(extractions),
        "kv_collections": _sorted(collections),
        "hec_tokens": _sorted(tokens),
    }


def indexes(events: Sequence[Event]) -> list[Record]:
    """Index objects with the counts and times of the events that were written."""
    out: list[Record] = []
    for raw in reader.objects(reader.document("knowledge/views.yaml"), "indexes"):
        name = reader.string(raw, "name")
        own = [event for event in events if event.fields["index"] == name]
        size = sum(len(event.line().encode()) for event in own)
        content: Record = {
            "datatype": "event",
            "description": reader.string(raw, "description"),
            "frozenTimePeriodInSecs": str(reader.integer(raw, "days") * 86_400),
            "totalEventCount": str(len(own)),
            "currentDBSizeMB": str(-(-size // 1_000_000)),
            "minTime": epoch_text(own[0].at) if own else "",
            "maxTime": epoch_text(own[-1].at) if own else "",
        }
        out.append(
            _object("index", name, "soc-detect", content, app="agentgate" if name == "agentgate_audit" else "system")
        )
    return _sorted(out)


def sourcetypes(events: Sequence[Event]) -> list[Record]:
    """One object per source type that occurs."""
    names = sorted({event.fields["sourcetype"] for event in events})
    return [
        _object("sourcetype", name, "soc-detect", {"category": "Security"}, app="northmere_models") for name in names
    ]
