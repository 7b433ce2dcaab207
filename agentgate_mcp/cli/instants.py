"""Instants as people write them on the command line."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


def instant(text: str, now: float) -> float:
    """Epoch seconds of `2026-11-01T08:00` (UTC unless it says otherwise), or of `24h` before ``now``.

    Raises: typer.BadParameter for anything else."""
    number, unit = text[:-1], text[-1:]
    if number.isascii() and number.isdigit() and unit in _UNITS:
        return now - int(number) * _UNITS[unit]
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"expected a time such as 2026-11-01T08:00, 24h or 7d, got {text!r}") from None
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()
