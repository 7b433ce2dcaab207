"""Files beside the ledger: private, appended to by several processes, one at a time."""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from agentgate_mcp.errors import LedgerError

_KEY_BYTES = 32
_LOCK_ATTEMPTS = 200
_LOCK_PAUSE_S = 0.05


def private_directory(path: Path) -> Path:
    """``path`` as a directory for its owner alone (0700), made if missing."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def open_private(path: Path, *, append: bool = False) -> IO[bytes]:
    """``path`` open for reading and writing, made with mode 0600 if missing; with ``append``
    every write goes to the end, whoever else writes. Raises: OSError."""
    private_directory(path.parent)
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | (os.O_APPEND if append else 0)
    return os.fdopen(os.open(path, flags, 0o600), "r+b")


@contextmanager
def locked(path: Path) -> Generator[IO[bytes]]:
    """``path`` open and held by this process alone until the block ends; death releases it.

    Raises: LedgerError when another process holds it for ten seconds, OSError."""
    with open_private(path) as file:
        _lock(file, path)
        yield file
        file.flush()
        _unlock(file)


def installation_key(directory: Path) -> bytes:
    """This installation's own secret (32 bytes, file mode 0600), made on first use.

    Raises: LedgerError when the file holds something else, OSError."""
    path = private_directory(directory) / "installation.key"
    if not path.exists():
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
        with open_private(fresh) as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)  # whoever is first wins; the others read what that one wrote
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise LedgerError(f"installation.key: expected {_KEY_BYTES} bytes, got {len(key)}")
    return key


if sys.platform == "win32":
    import msvcrt

    _REGION = 1 << 62
    """Far beyond any content: a Windows lock keeps others from reading what it covers."""

    def _lock(file: IO[bytes], path: Path) -> None:
        for _ in range(_LOCK_ATTEMPTS):
            file.seek(_REGION)
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            except OSError:
                time.sleep(_LOCK_PAUSE_S)
            else:
                file.seek(0)
                return
        raise LedgerError(f"{path.name}: expected the lock, another process keeps it")

    def _unlock(file: IO[bytes]) -> None:
        file.seek(_REGION)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes], path: Path) -> None:
        for _ in range(_LOCK_ATTEMPTS):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_LOCK_PAUSE_S)
            else:
                return
        raise LedgerError(f"{path.name}: expected the lock, another process keeps it")

    def _unlock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
