"""Keeps the policy library in force, and takes a site's edited directory without a restart.

A library is immutable and swapped whole. A directory that cannot be loaded changes nothing: the
library before it stays in force, and that is said aloud once for each state of the directory.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from agentgate_mcp.errors import PolicyError
from agentgate_mcp.gate.policy.compiled import PolicyLibrary
from agentgate_mcp.gate.world import World
from agentgate_mcp.policies.loader import load_library

Print = tuple[tuple[str, int, int, int, int], ...]
"""Name, inode, size, times of change of each file: differs whenever a file was written."""


class Told(Protocol):
    """Hears of each swap, and of each directory that was not taken (``problem`` is not empty)."""

    def __call__(self, library: PolicyLibrary, problem: str) -> None: ...


class LibraryKeeper:
    """Gives the library in force; thread-safe. Without a directory it is the shipped one for good."""

    def __init__(
        self,
        site_dir: Path | None,
        *,
        told: Told,
        held: PolicyLibrary | None = None,
        load: Callable[[Path | None], PolicyLibrary] = load_library,
    ) -> None:
        """``held`` is what ``load`` gave just before. Raises: PolicyError, as there is nothing to keep yet."""
        self._site_dir, self._load, self._told = site_dir, load, told
        self._lock = threading.Lock()
        # With a library from before, the first look compares: its directory may have moved on since.
        self._print = _print(site_dir) if held is None else None
        self._library = load(site_dir) if held is None else held
        self.problem = ""
        """Why the directory as it stands is not in force; empty when it is."""

    def current(self) -> PolicyLibrary:
        """The library in force now."""
        if self._site_dir is None or _print(self._site_dir) == self._print:
            return self._library
        with self._lock:
            # Looked at before it is read: what is written meanwhile is read once more.
            seen = _print(self._site_dir)
            if seen != self._print:
                self._print = seen
                self._take(self._site_dir)
            return self._library

    def _take(self, directory: Path) -> None:
        try:
            library = self._load(directory)
        except PolicyError as exc:
            self.problem = str(exc)
            self._told(self._library, self.problem)
            return
        changed = library.lock != self._library.lock
        recovered, self.problem = bool(self.problem), ""
        if changed:
            self._library = library
        if changed or recovered:
            self._told(self._library, "")


class WorldSource(Protocol):
    def current(self) -> World: ...


class PolicedWorlds:
    """The current world with the library in force, so that new policies need no new graph."""

    def __init__(self, worlds: WorldSource, library: LibraryKeeper) -> None:
        self._worlds, self._keeper = worlds, library
        self._last: tuple[World, World] | None = None

    def current(self) -> World:
        """Raises: whatever building the world raises."""
        library, world = self._keeper.current(), self._worlds.current()
        if world.policies is library:
            return world
        last = self._last
        if last is None or last[0] is not world or last[1].policies is not library:
            last = self._last = (world, replace(world, policies=library))
        return last[1]


def _print(directory: Path | None) -> Print:
    """How the files of ``directory`` are now; empty where it cannot be read."""
    found: list[tuple[str, int, int, int, int]] = []
    try:
        for path in sorted(directory.iterdir()) if directory is not None else ():
            if path.suffix in (".yaml", ".yml"):
                stat = path.stat()
                found.append((path.name, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))
    except OSError:
        return ()
    return tuple(found)
