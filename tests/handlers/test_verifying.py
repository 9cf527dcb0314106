"""/verify: what people are told of a checkpoint that they kept, and who may ask."""

from __future__ import annotations

import pytest

from storage.facts import LogRead
from storage.notes import Checkpoint
from storage.store import Compared, Stands
from tests.handlers.border_stage import CITY, DESK, FIRE, SOMEBODY, opened, to
from tests.handlers.stage import ADMIN

SAID = Checkpoint("test/I-1", 412, bytes(32))
PLAIN = {
    "part": "The log of I-1 stands. Its first 412 entries are what they were; now there are 398.",
    "rolled back": "The log of I-1 was rolled back: this was signed over 412 entries, and here are 398.",
    "replaced": "The log of I-1 was replaced: its first 412 entries are not those that this was signed over.",
    "not ours": "This proves nothing here: no key of mine signed it.",
    "no checkpoint": "Answer a post that says “Keep this” with /verify, or paste all of it behind /verify.",
}


@pytest.mark.parametrize("stands", PLAIN)
def test_what_it_is_worth_is_said_plainly(stands: Stands) -> None:
    """Each outcome in words; that somebody asked about a log is recorded, with what they asked."""
    stage = opened()
    found = Compared(stands, "I-1", SAID, 398) if stands != "no checkpoint" else None
    [sent] = stage.say(DESK, "/verify", ADMIN, private=True, compared=found)
    assert sent.body.text.startswith(PLAIN[stands])
    read = [fact.question for fact in stage.of(LogRead) if isinstance(fact, LogRead)]
    assert read == (["verify I-1 at 412"] if stands in ("part", "rolled back", "replaced") else [])


def test_the_deployments_own_log_has_a_name_too() -> None:
    """A checkpoint of what belongs to no incident is spoken of as such."""
    found = Compared("part", "deployment", Checkpoint("test/deployment", 1, bytes(32)), 2)
    [sent] = opened().say(DESK, "/verify", ADMIN, private=True, compared=found)
    assert sent.body.text.startswith("The log of this deployment stands. Its first 1 entry is what it was")


def test_only_who_may_read_the_log_may_ask() -> None:
    """A responder is told whose it is; nothing is said of the log, and nothing recorded as read."""
    stage = opened()
    found = Compared("part", "I-1", SAID, 398)
    for room in (CITY, FIRE):
        [words] = to(stage.say(room, "/verify", SOMEBODY, compared=found), room)
        assert words == "Only auditors and coordinators may read the log here."
    assert not stage.of(LogRead)
