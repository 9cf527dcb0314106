"""What coordinators read when the log is not the one that was signed."""

from __future__ import annotations

from handlers.events import RolledBack
from handlers.rollback import found
from storage.effects import Record, Send
from storage.facts import DEPLOYMENT, RollbackFound
from storage.store import Rollback
from tests.handlers.stage import Stage


def test_it_is_recorded_and_told_with_what_to_do() -> None:
    """Each log is a fact of the deployment; who can mend it reads which, how much is gone, and what to do."""
    stage = Stage.set()
    event = RolledBack((Rollback("I-3", 5, 9), Rollback("I-4", 12, 9), Rollback(DEPLOYMENT, 40, 41)))
    effects = stage.happen(event)
    assert [one.fact for one in effects if isinstance(one, Record)] == [
        RollbackFound("I-3", 5, 9),
        RollbackFound("I-4", 12, 9),
        RollbackFound(DEPLOYMENT, 40, 41),
    ]
    [told] = [one for one in effects if isinstance(one, Send)]
    assert told.body.text.splitlines() == [
        "An older database was put back on my server.",
        "The log of I-3 had 9 entries when I signed it last, and has 5 now.",
        "The log of I-4 is another one than the one that I signed over 9 entries.",
        "The log of this deployment had 41 entries when I signed it last, and has 40 now.",
        "I go on, but sign no more of what is older. On the server: stop me, restore the newest backup, and tell the partners.",
    ]


def test_many_logs_make_no_long_message() -> None:
    """Five are named, the others counted; all are recorded."""
    stage = Stage.set()
    streams = tuple(Rollback(f"I-{number}", 1, 2) for number in range(1, 13))
    effects = found(stage.world, RolledBack(streams), stage.now)
    assert sum(isinstance(one, Record) for one in effects) == 12
    [told] = [one for one in effects if isinstance(one, Send)]
    assert "And 7 more logs." in told.body.text and "I-6" not in told.body.text
