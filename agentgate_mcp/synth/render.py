"""Puts the whole data directory together in memory: path to bytes."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from agentgate_mcp.model.call import Json
from agentgate_mcp.synth import intel, knowledge, manifest, organisation, reader, runbooks
from agentgate_mcp.synth.background import ordinary_week
from agentgate_mcp.synth.clock import day_of
from agentgate_mcp.synth.day import analyst_day
from agentgate_mcp.synth.event import Event
from agentgate_mcp.synth.stories import all_stories
from agentgate_mcp.synth.story import Story


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """Every file of the data directory, the manifest included, and the manifest itself."""

    files: dict[str, bytes]
    manifest: manifest.Manifest


def _pretty(value: Json) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _telemetry(events: Sequence[Event]) -> dict[str, bytes]:
    """One file per index and day."""
    lines: dict[str, list[str]] = defaultdict(list)
    for event in events:
        lines[f"telemetry/{event.fields['index']}-{day_of(event.at)}.jsonl"].append(event.line())
    return {path: ("\n".join(found) + "\n").encode() for path, found in lines.items()}


def _knowledge(events: Sequence[Event]) -> dict[str, list[knowledge.Record]]:
    return {
        "saved_searches": knowledge.saved_searches(),
        "macros": knowledge.macros(),
        "lookups": knowledge.lookups(intel.address_rows()),
        "data_models": knowledge.data_models(),
        "indexes": knowledge.indexes(events),
        "sourcetypes": knowledge.sourcetypes(events),
        **knowledge.views(),
    }


def all_events(seed: int, stories: Sequence[Story]) -> list[Event]:
    """Background and cases together, in time order."""
    events = ordinary_week(seed)
    for story in stories:
        events.extend(story.log.events)
    return sorted(events, key=lambda event: (event.at, event.event_id))


def render(seed: int) -> Rendered:
    """All files for ``seed``."""
    stories = all_stories(seed)
    events = all_events(seed, stories)
    objects = _knowledge(events)
    day = analyst_day(seed)
    files: dict[str, bytes] = _telemetry(events)
    for story in stories:
        files[f"cases/{story.brief.case_id}.json"] = _pretty(story.record())
    for name, records in objects.items():
        files[f"knowledge/{name}.json"] = _pretty([*records])
    for name, feed in {**intel.feeds(), **intel.allow_lists()}.items():
        files[f"threatintel/{name}"] = _pretty(feed)
    for name, body in runbooks.runbooks().items():
        files[f"runbooks/{name}"] = body.encode()
    files["assets.json"] = _pretty(organisation.asset_records())
    files["teams.json"] = _pretty(organisation.team_records())
    files["identities.json"] = _pretty(organisation.identity_records())
    files["agents.json"] = _pretty(organisation.agent_records())
    files["analyst_day.jsonl"] = "".join(
        json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in day
    ).encode()
    files["README.md"] = reader.text("data-readme.md").encode()
    files["iot23/README.md"] = reader.text("iot23-readme.md").encode()
    counts = {
        "events": len(events),
        "cases": len(stories),
        "assets": len(organisation.asset_records()),
        "teams": len(organisation.team_records()),
        "identities": len(organisation.identity_records()),
        "knowledge_objects": sum(len(records) for records in objects.values()),
        "saved_searches": len(objects["saved_searches"]),
        "runbooks": len(runbooks.runbooks()),
        "analyst_day_calls": len(day),
    }
    made = manifest.describe(seed, files, counts)
    files[manifest.NAME] = _pretty(made.to_json())
    return Rendered(files=files, manifest=made)
