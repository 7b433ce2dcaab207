"""Renders the threat intelligence feeds and the allow lists."""

from __future__ import annotations

from agentgate_mcp.model.call import Json
from agentgate_mcp.synth import reader
from agentgate_mcp.synth.chance import sha256_of

_FILE = "intel.yaml"
_HASH_OF = "sha256:"


def _indicator(raw: Json, kind: str) -> dict[str, Json]:
    value, score, verdict, families, techniques, first, last, text = reader.as_list(raw, "indicators")
    name = str(value)
    if name.startswith(_HASH_OF):
        name = sha256_of(name.removeprefix(_HASH_OF))
    return {
        "indicator": name,
        "kind": kind,
        "score": score,
        "verdict": verdict,
        "families": families,
        "techniques": techniques,
        "first_seen": f"{first}T00:00:00Z",
        "last_seen": f"{last}T00:00:00Z",
        "description": text,
    }


def feeds() -> dict[str, Json]:
    """File name to feed: `{feed, kind, publisher, indicators: [...]}`."""
    out: dict[str, Json] = {}
    for raw in reader.objects(reader.document(_FILE), "feeds"):
        name, kind = reader.string(raw, "feed"), reader.string(raw, "kind")
        out[f"feed-{name}.json"] = {
            "feed": name,
            "kind": kind,
            "publisher": reader.string(raw, "publisher"),
            "indicators": [_indicator(item, kind) for item in reader.as_list(raw["indicators"], "indicators")],
        }
    return out


def allow_lists() -> dict[str, Json]:
    """File name to allow list: `{list, description, entries: [{kind, value, description}]}`."""
    return {
        f"allow-{reader.string(raw, 'list')}.json": {
            "list": reader.string(raw, "list"),
            "description": reader.string(raw, "description"),
            "entries": [dict(entry) for entry in reader.objects(raw, "entries")],
        }
        for raw in reader.objects(reader.document(_FILE), "allow_lists")
    }


def address_rows() -> list[Json]:
    """The addresses of the feeds as rows of the lookup `local_indicators`."""
    rows: list[Json] = []
    for feed in feeds().values():
        record = reader.as_object(feed, "feed")
        if record["kind"] == "ip":
            for indicator in reader.objects(record, "indicators"):
                score = reader.integer(indicator, "score")
                rows.append({"indicator": indicator["indicator"], "score": str(score), "source": record["feed"]})
    return rows
