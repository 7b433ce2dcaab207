"""Keeps the current world: one immutable snapshot, swapped when the knowledge changes."""

from __future__ import annotations

import threading
from collections.abc import Callable

from agentgate_mcp.gate.world import World


class WorldKeeper:
    """Rebuilds the world when ``generation`` moves, in whichever process that happened.

    A rebuild that fails raises to the caller, which refuses the call: an old world is never
    served in place of one that could not be read (R2)."""

    def __init__(self, generation: Callable[[], int], build: Callable[[], World]) -> None:
        self._generation = generation
        self._build = build
        self._lock = threading.Lock()
        self._seen: int | None = None
        self._world: World | None = None

    def current(self) -> World:
        now = self._generation()
        with self._lock:
            if self._world is None or self._seen != now:
                self._world = self._build()
                self._seen = now
            return self._world
