"""Whose turn it is to write: one lock for everybody who writes to a database, held for each transaction.

SQLite keeps writers apart by itself. But before 3.51.3 it does not keep a connection that commits apart from one that folds the write-ahead log
into the database at the same instant, and that can corrupt it (https://sqlite.org/wal.html, "The WAL-Reset Bug"). Whoever commits, folds or
closes holds this lock meanwhile, so that the two never meet. Whoever only reads does neither, and takes no part.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PAUSE = 0.01
"""Seconds between two looks at a lock that somebody else holds."""


class Turns:
    """The lock beside ``database``. It dies with the process that holds it."""

    def __init__(self, database: Path, wait: float) -> None:
        """``wait``: seconds to wait for others. Raises OSError where there can be no lock."""
        self._looks = max(1, round(wait / PAUSE))
        place = database.with_name(f"{database.name}-turn")
        self._descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    @contextmanager
    def mine(self) -> Iterator[None]:
        """It is our turn while the block runs. Blocks the thread; raises TimeoutError where others go on for too long."""
        self._take()
        try:
            yield
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the lock's file."""
        os.close(self._descriptor)

    def _take(self) -> None:
        for _ in range(self._looks):
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                threading.Event().wait(PAUSE)  # in the connection's thread: nothing else is kept waiting
            else:
                return
        raise TimeoutError("somebody else writes")
