"""Many lives of the program, each ended by ``kill -9``: ``python -m tests.faults.lives run``, with DIE_IN=TURNS.

A life that is given turns kills itself in that turn of its event loop, counted from its first commit: between any two things that
it does, while others of its threads are in the middle of theirs. Nothing of this is in the program.
"""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any, Self

from tests.emulators.forked import Forked
from tests.emulators.program import Program

SIGN_EVERY = 0.1


class Lives(Forked):
    """The program, whose lives are short. ``async with``: the last is over with the test."""

    @classmethod
    def of(cls, program: Program) -> Self:
        """Of the program as it was set up."""
        return cls(program.folder, program._settings, ["-m", "tests.faults.lives"])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()

    async def live(self, turns: int) -> None:
        """Begin a life that ends in this turn of its loop; nothing is waited for."""
        await self.spawn({**self.environment, "DIE_IN": str(turns)})


def _die_in(turns: int) -> None:
    """Count the turns of the event loop from the first commit on."""
    from storage.database import SqliteStore

    handle: Any = asyncio.Handle
    store: Any = SqliteStore
    commit, run = store.commit, handle._run
    left = turns

    def counted(one: Any) -> None:
        nonlocal left
        run(one)
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    async def first(one: Any, changes: Any) -> None:
        store.commit, handle._run = commit, counted
        await commit(one, changes)

    store.commit = first


if __name__ == "__main__":
    import bot.queues
    from bot.cli import main

    bot.queues.SIGN_EVERY = SIGN_EVERY
    if "DIE_IN" in os.environ:
        _die_in(int(os.environ["DIE_IN"]))
    main()
