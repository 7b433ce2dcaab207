"""Serves the fake gatekeeper as a process: `python -m tests.protocol.fake_server JOURNAL TRANSPORT`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import cast

import anyio

from agentgate_mcp.server.transports import ServeOptions, Transport, serve
from tests.protocol.fakes import FakeGatekeeper


def main() -> None:
    journal, transport = Path(sys.argv[1]), cast("Transport", sys.argv[2])
    gatekeeper = FakeGatekeeper(journal)
    anyio.run(serve, gatekeeper, ServeOptions(transport=transport, port=0, agent_id="tester", grace_seconds=1))
    with journal.open("a", encoding="utf-8") as lines:
        lines.write('{"event": "closed"}\n')


if __name__ == "__main__":
    main()
