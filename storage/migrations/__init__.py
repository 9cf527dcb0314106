"""The schema's history: one file for each step forward, never edited once released. There is no way back but a
backup."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from importlib.resources import files

APPLICATION = 0x746F6373
"""What marks a SQLite file as ours (``tocs``)."""


def _load() -> tuple[str, ...]:
    found = sorted(
        (item for item in files(__name__).iterdir() if item.name.endswith(".sql")), key=lambda item: item.name
    )
    for number, item in enumerate(found, start=1):
        if int(item.name[:4]) != number:
            raise ValueError(f"migration {number:04} is missing before {item.name}")
    return tuple(item.read_text(encoding="utf-8") for item in found)


MIGRATIONS: tuple[str, ...] = _load()
"""The steps in order: the first makes version 1 out of nothing."""


def statements(script: str) -> Iterator[str]:
    """A script's statements one by one: SQLite's own way of running a script commits silently."""
    pending = ""
    for line in script.splitlines():
        pending += line + "\n"
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
    if any(line.strip() and not line.strip().startswith("--") for line in pending.splitlines()):
        raise ValueError(f"a migration ends inside a statement: {pending.strip()}")
