"""What strangers may send that no library expects: told apart from trouble of our own, and JSON that is no trap.

Whoever shares a room with us, or knows our name, can make us read what they wrote. Nothing of that may stop the
network: what raises is left out with a word in the log, and only trouble of our own (a full disk, a broken key
store) is raised, because then the same is to be read again later.
"""

from __future__ import annotations

import json
import re
import sqlite3
from typing import Any

import peewee  # type: ignore[import-untyped]

DEEPEST = 100
"""Levels of nested JSON that are read; real events have about ten."""

_STORE = (peewee.PeeweeException, sqlite3.Error, OSError, MemoryError)
# A value that no column takes came from outside, though it is the store that says so.
_ODD_VALUE = (
    peewee.DataError, peewee.IntegrityError, peewee.InterfaceError, peewee.ProgrammingError,
    sqlite3.DataError, sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError,
)  # fmt: skip
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)


def own_trouble(error: Exception) -> bool:
    """Whether ``error`` is about our disk, memory or key store, and not about what was read."""
    return isinstance(error, _STORE) and not isinstance(error, _ODD_VALUE)


def loads(text: str) -> Any:
    """The value of JSON; what is nested deeper than ``DEEPEST`` becomes null. Raises ValueError.

    The parser counts levels against the stack, so that one deeply nested event would spoil the whole answer.
    """
    try:
        return json.loads(_shallow(text))
    except RecursionError:
        raise ValueError("JSON nested too deep") from None


def _shallow(text: str) -> str:
    if text.count("[") + text.count("{") <= DEEPEST:
        return text
    pieces: list[str] = []
    depth = after = 0
    for token in _TOKEN.finditer(text):
        mark = text[token.start()]
        if mark in "[{":
            depth += 1
            if depth == DEEPEST + 1:
                pieces += [text[after : token.start()], "null"]
        elif mark in "]}":
            if depth == DEEPEST + 1:
                after = token.end()
            depth -= 1
    return "".join([*pieces, text[after:]]) if pieces else text
