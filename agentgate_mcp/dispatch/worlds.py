"""Keeps the current world: one immutable snapshot, swapped when the knowledge changes.

A rebuild runs beside the calls. A call asks which generation the knowledge has now, and is judged in
the snapshot of that generation: it takes it at once when it is there, and waits for it when it is
still being built. It is never judged in an older one, so no ALLOW rests on what is no longer true.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from agentgate_mcp.errors import AgentGateError
from agentgate_mcp.gate.world import World

FOLLOW_S: Final = 0.25
"""How often the generation is looked at between calls: it is one small read."""
_CLOSE_S: Final = 10.0


class WorldKeeper:
    """Rebuilds the world when ``generation`` moves, in whichever process that happened.

    ``build`` is given the snapshot before, to take over what has not changed. A rebuild that fails
    raises to the caller, which refuses the call: an old world is never served in place of one that
    could not be read (R2)."""

    def __init__(self, generation: Callable[[], int], build: Callable[[World | None], World]) -> None:
        self._generation = generation
        self._build = build
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._current: tuple[int, World] | None = None
        self._follower: threading.Thread | None = None

    def current(self) -> World:
        """The world of the generation that the knowledge has now. Raises: whatever its build raises."""
        now = self._generation()
        held = self._current
        if held is not None and held[0] == now:
            return held[1]
        with self._lock:
            # Asked again: what was waited for may be this one, or older than what has come since.
            now = self._generation()
            held = self._current
            if held is None or held[0] != now:
                # Objects are read after the generation: what changes in between is read once more.
                held = self._current = (now, self._build(held[1] if held is not None else None))
            return held[1]

    def follow(self) -> None:
        """Rebuilds in the background from now on. What is wrong is said by the next call, which asks
        again and is refused."""
        if self._follower is None:
            self._follower = threading.Thread(target=self._keep_up, name="agentgate-world", daemon=True)
            self._follower.start()

    def close(self) -> None:
        """Ends the background rebuilds."""
        self._closed.set()
        if self._follower is not None:
            self._follower.join(_CLOSE_S)

    def _keep_up(self) -> None:
        while not self._closed.is_set():
            with suppress(AgentGateError):
                self.current()
            self._closed.wait(FOLLOW_S)
