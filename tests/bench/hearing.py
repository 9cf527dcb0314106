"""What somebody says, from the moment a network hands it over to the commit of what was decided about it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.bench.desk import bare_database, desk
from tests.bench.measure import Figure, now
from tests.bench.towns import WORDS, town

ROUNDS = 60
_PARTNERS = 30


async def messages(folder: Path) -> list[Figure]:
    """A command and an answer to an alert, beside the two commits that keeping and deciding cannot do without."""
    groups = [-1001000000000 - number for number in range(_PARTNERS)]
    book = town([[f"telegram: {group}"] for group in groups])
    bare_title = "two bare commits"
    status = Figure("A heard /status, committed and decided", bare_title, seconds_within=0.005)
    answer = Figure("A heard answer to an alert, committed and decided", bare_title, seconds_within=0.005)
    async with desk(folder, book) as ours:
        bare = bare_database(folder / "bare.sqlite", ours.database)
        await ours.say(groups[0], "/activate meuse-flood")
        await ours.tap(groups[0], f"/draft {await ours.draft(groups[0], WORDS)} send")
        for number in range(ROUNDS + 3):
            took = await ours.say(groups[0], "/status")
            took_answer = await ours.tap(groups[number % _PARTNERS], f"/ack A-1 {('acting', 'seen')[number % 2]}")
            bare_took = _two_commits(bare)
            if number >= 3:  # the first ones also read catalogues and fill caches of the database
                status.ours_took.append(took)
                status.bare_took.append(bare_took)
                answer.ours_took.append(took_answer)
                answer.bare_took.append(bare_took)
        bare.close()
    return [status, answer]


def _two_commits(bare: sqlite3.Connection) -> float:
    start = now()
    for _ in range(2):
        bare.execute("BEGIN IMMEDIATE")
        bare.execute("INSERT INTO rows (body) VALUES (zeroblob(1000))")
        bare.execute("COMMIT")
    return now() - start
