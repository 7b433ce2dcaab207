"""Which process owns an intent, and whether it still lives.

A process id alone is used again; with its start time and the machine's boot it is one process
for good. Where a process cannot be looked at, it counts as living: an intent is never declared
lost on a guess.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

from agentgate_mcp.ledger.entries import Owner

_PROC = Path("/proc")


def this_process() -> Owner:
    """The calling process as an owner."""
    pid = os.getpid()
    return Owner(boot_id=boot_id(), pid=pid, started=process_started(pid) or 0)


@lru_cache(maxsize=1)
def boot_id() -> str:
    """Names this boot of this machine, and the process namespace within it; empty if unknown."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        # Process ids of another container mean nothing here, though the boot is the same.
        return f"{boot}:{(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return _sysctl_boot()


def is_dead(owner: Owner) -> bool:
    """True only when the owner certainly no longer runs."""
    here = boot_id()
    if not here or not owner.boot_id:
        return False
    if owner.boot_id != here:
        # Another namespace of the same boot may be a living neighbour; another boot is not.
        return owner.boot_id.partition(":")[0] != here.partition(":")[0]
    started = process_started(owner.pid)
    return started is None or (started != owner.started and 0 not in (started, owner.started))


def process_started(pid: int) -> int | None:
    """When process ``pid`` began, in the platform's own ticks; None if there is none, and 0 if
    there may be one whose start cannot be known."""
    if sys.platform == "linux":
        return _linux_started(pid)
    if sys.platform == "win32":
        return 0
    return _ps_started(pid)


def _linux_started(pid: int) -> int | None:
    try:
        stat = (_PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    except OSError:
        return 0
    # The command stands in parentheses and may hold any character, so count from its end.
    fields = stat.rpartition(")")[2].split()
    if fields[0] in ("Z", "X"):
        return None  # a zombie runs nothing any more
    return int(fields[19])  # proc(5): field 22, starttime


def _ps_started(pid: int) -> int | None:
    try:
        shown = subprocess.run(
            ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, timeout=5, check=False
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return 0
    if not shown:
        return None
    return int(hashlib.sha256(shown.encode()).hexdigest()[:12], 16) or 1


def _sysctl_boot() -> str:
    if sys.platform != "darwin":
        return ""
    try:
        shown = subprocess.run(
            ["sysctl", "-n", "kern.bootsessionuuid"], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return shown.stdout.strip()
