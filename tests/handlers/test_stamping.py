"""Time stamps in the log: each is an entry of the log that it speaks of, and that none come is told once to whoever can look after it."""

from __future__ import annotations

from datetime import timedelta

from handlers.events import NoStamps, Signed, TimeStamped
from storage.effects import Record, Send, Stamp
from storage.facts import DEPLOYMENT, CheckpointStamped
from storage.stamping import Stamped
from storage.store import Deadline
from tests.handlers.border_stage import opened
from tests.handlers.stage import Stage
from tests.handlers.test_posting import note, pending, post


def stamp(stream: str = "I-1") -> TimeStamped:
    """A stamp of a checkpoint over 412 entries."""
    return TimeStamped(stream, Stamped(note(stream), b"answer", "Stamps", Stage.set().now))


def test_what_is_posted_is_stamped_too() -> None:
    """A post asks for one stamp, of the very checkpoint that goes to the partners; one that could not be signed asks for none."""
    stage = opened()
    wake = pending(stage)
    assert wake is not None
    falls = Deadline(wake.key, wake.stream, wake.at, wake.kind, wake.about)
    effects = stage.happen(Signed(falls, note()))
    assert [one for one in effects if isinstance(one, Stamp)] == [Stamp("I-1", note())]
    assert not any(isinstance(one, Stamp) for one in stage.happen(Signed(falls, None)))


def test_a_stamp_is_an_entry_of_its_log() -> None:
    """Size and root are the checkpoint's, the rest is as it came; of a log that nobody knows nothing is recorded."""
    stage = opened()
    came = stamp()
    stage.happen(came)
    [fact] = stage.of(CheckpointStamped)
    assert isinstance(fact, CheckpointStamped)
    assert (fact.size, fact.root) == (412, bytes(range(32)).hex())
    assert (fact.authority, fact.time, fact.note, fact.token) == ("Stamps", came.stamp.at, note(), "YW5zd2Vy")
    assert stage.happen(stamp("I-9")) == []
    assert len(post(stage)) == 6  # the partners have their posts all the same


def test_that_none_come_is_told_to_the_coordinators() -> None:
    """In their private chats, with what to do; nothing is recorded but that they were told."""
    stage = opened()
    effects = stage.happen(NoStamps(6))
    told = [one for one in effects if isinstance(one, Send)]
    assert told and not any(isinstance(one, Record) for one in effects)
    assert {one.body.text for one in told} == {
        "No time stamp for the log for 6 hours. It goes on without. On my server: tocsin doctor."
    }
    assert {one.stream for one in told} == {DEPLOYMENT}
    assert all(one.not_after is not None and one.not_after > stage.now + timedelta(hours=1) for one in told)
