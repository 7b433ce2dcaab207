"""An ordinary day of the SOC, as input lines of `agentgate-mcp check`."""

from __future__ import annotations

from agentgate_mcp.model.call import Json
from agentgate_mcp.synth import reader
from agentgate_mcp.synth.chance import Stream

_AGENTS = {"soc": "analyst-soc", "identity": "analyst-identity", "network": "analyst-network"}


def analyst_day(seed: int) -> list[dict[str, Json]]:
    """All calls of the day, in order."""
    stream = Stream(seed, "day")
    out: list[dict[str, Json]] = []
    for number, hunt in enumerate(reader.objects(reader.document("day-hunts.yaml"), "hunts"), start=1):
        ip = stream.pick(("203.0.113.45", "198.51.100.66", "203.0.113.99"))
        line: dict[str, Json] = {
            "id": f"day-{number:04d}",
            "session": f"s-{number:03d}",
            "agent_id": _AGENTS[reader.string(hunt, "team")],
            "tool": "splunk_run_query",
            "arguments": {
                "query": reader.string(hunt, "query").replace("{ip}", ip),
                "earliest_time": reader.string(hunt, "earliest"),
            },
        }
        if "ask" in hunt:
            line["raw_user_prompt"] = reader.string(hunt, "ask").replace("{ip}", ip)
        out.append(line)
    return out
