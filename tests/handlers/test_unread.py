"""What could not be read: the room is told, once in a while."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers.events import RoomEvent
from handlers.texts import available
from playbooks.rooms import RoomRef
from storage.effects import Send
from storage.facts import DEPLOYMENT, Unread
from tests.handlers.border_stage import AID, BRANDWEER, CITY, NOWHERE
from tests.handlers.stage import Stage
from tests.handlers.talk_stage import channel_book, talking

WORDS = "I could not read this message (its key did not come). If it was for others or for me, please write it again."


def unreadable(stage: Stage, room: RoomRef = CITY, message: str | None = "$1") -> list[Send]:
    """Something that could not be read; what is sent in consequence."""
    before = len(stage.sent)
    stage.happen(RoomEvent("unreadable", room, message=message))
    return stage.sent[before:]


def test_a_room_learns_under_the_message_that_it_could_not_be_read() -> None:
    """It is on record in the incident."""
    stage = talking()
    (told,) = unreadable(stage)
    assert (told.to, told.reply_to, told.body.text, told.loud) == (CITY, "$1", WORDS, False)
    assert [(kept.stream, kept.fact) for kept in stage.facts if isinstance(kept.fact, Unread)] == [
        ("I-1", Unread(CITY, "$1"))
    ]


def test_it_is_said_once_in_five_minutes_in_each_room() -> None:
    """Whoever's keys never come does not fill the room; every message is on record."""
    stage = talking()
    assert unreadable(stage) and not unreadable(stage, message="$2")
    assert unreadable(stage, BRANDWEER)
    stage.now += timedelta(minutes=4)
    assert not unreadable(stage, message="$3")
    stage.now += timedelta(minutes=1)
    assert unreadable(stage, message="$4")
    assert len(stage.of(Unread)) == 5


def test_between_crises_the_deployment_keeps_it() -> None:
    """A command may have been in it."""
    stage = Stage.set(channel_book())
    (told,) = unreadable(stage, AID)
    assert told.stream == DEPLOYMENT and not unreadable(stage, AID)
    stage.now += timedelta(minutes=5)
    assert unreadable(stage, AID)


def test_a_room_that_is_nobodys_is_told_nothing() -> None:
    """Nor is anything said of a message without a name."""
    stage = talking()
    assert not unreadable(stage, NOWHERE) and not unreadable(stage, message=None)
    assert not stage.of(Unread)


@pytest.mark.parametrize("language", [one for one in available() if one != "en"])
def test_it_is_said_in_the_rooms_language(language: str) -> None:
    """And not in English."""
    stage = Stage.set(
        channel_book(
            (
                '    languages: [en]\n    rooms: [{matrix: "#brandweer',
                f'    languages: [{language}]\n    rooms: [{{matrix: "#brandweer',
            )
        )
    )
    (told,) = unreadable(stage, BRANDWEER)
    assert told.body.text != WORDS and told.language == language
