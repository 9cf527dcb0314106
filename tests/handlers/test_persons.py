"""Into whose private chats an exercise comes: one rule for roll calls, reminders, calls, briefings and offers alike."""

from __future__ import annotations

from datetime import timedelta

from handlers import callers
from handlers.persons import doors, in_person, in_private
from playbooks.load import Book
from playbooks.rooms import RoomRef
from storage.effects import Record, Send
from storage.facts import DEPLOYMENT, DirectChatOpened
from tests.handlers.border_stage import MAYOR
from tests.handlers.exercise_stage import DESK, PLAY_AID, PLAY_CITY, PLAYED, peopled
from tests.handlers.stage import ADMIN, Stage

AIDE, HELPER = "telegram:71", "telegram:72"
"""Liaisons of Aid, which has a room for exercises, and of Hilfe, which has none."""
AIDES, HELPERS = RoomRef("telegram", "71"), RoomRef("telegram", "72")
MARK = "EXERCISE EXERCISE EXERCISE"


def begun(book: Book = PLAYED, command: str = "/exercise border") -> Stage:
    """An exercise, or the real thing, with both liaisons enrolled."""
    stage = peopled(book)
    for identity, partner in ((AIDE, "aid"), (HELPER, "hilfe")):
        stage.enrol(identity, "liaison", partner)
        stage.apply([Record(DEPLOYMENT, DirectChatOpened(identity, RoomRef.parse(identity)))])
    stage.say(DESK, command, ADMIN, private=True)
    stage.sent.clear()
    return stage


def to(stage: Stage, room: RoomRef) -> list[Send]:
    """What a room was sent."""
    return [one for one in stage.sent if one.to == room]


def issued_in(stage: Stage) -> None:
    """An alert of the exercise, accepted everywhere."""
    stage.say(PLAY_CITY, "/alert evacuation action=leave", MAYOR)
    stage.say(PLAY_CITY, "/draft D-1 send", MAYOR)
    for send in [one for one in stage.sent if one.about == "A-1"]:
        stage.accepted(send)
    stage.sent.clear()


def test_an_exercise_comes_to_people_of_partners_with_a_room_for_it() -> None:
    """The same wherever it is asked; in earnest everybody is reached."""
    stage = begun()
    [played] = stage.world.open
    assert in_private(stage.world, played, "aid") and not in_private(stage.world, played, "hilfe")
    assert [binding.room for binding, _ in in_person(stage.world, played, "aid", ("liaison",))] == [AIDES]
    assert in_person(stage.world, played, "hilfe", ("liaison",)) == []
    assert {binding.room for binding, _ in doors(stage.world, played, "aid", ("liaison",))} == {PLAY_AID, AIDES}
    stage = begun(command="/activate border")
    [real] = stage.world.open
    assert in_private(stage.world, real, "hilfe") and in_person(stage.world, real, "hilfe", ("liaison",))


def test_a_roll_call_of_an_exercise_asks_nobody_else() -> None:
    """Nobody is missing who was not asked, and each question says that it is an exercise."""
    stage = begun()
    stage.say(DESK, "/rollcall all", ADMIN, private=True)
    [asked] = to(stage, AIDES)
    assert asked.body.text.startswith(MARK)
    assert to(stage, HELPERS) == []
    [call] = stage.world.open[0].rollcalls.values()
    assert {str((who or {})["partner"]) for who in call.fact.persons.values()} == {"city", "fire", "aid"}
    [told] = stage.say(DESK, "/rollcall hilfe", ADMIN, private=True)
    assert told.body.text.endswith("Hilfe takes no part in this exercise.")


def test_who_is_silent_in_an_exercise_is_reminded_and_rung_as_in_earnest() -> None:
    """The liaisons of a silent partner, and whoever rings: in their private chats, marked, and nobody of other partners."""
    stage = begun()
    issued_in(stage)
    stage.fall_due(stage.now + timedelta(minutes=8))
    private = [one for one in stage.sent if one.to in (AIDES, HELPERS) or one.role == callers.ROLE]
    assert {one.to for one in private} >= {AIDES} and HELPERS not in {one.to for one in private}
    assert any(one.role == callers.ROLE for one in private)
    assert all(one.body.text.startswith(MARK) for one in private)
