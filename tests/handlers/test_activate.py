"""/activate: a title that the rooms of whoever wrote it do not show is not lost silently."""

from __future__ import annotations

from playbooks.rooms import RoomRef
from tests.handlers.border_stage import CITY, DESK, MAYOR
from tests.handlers.stage import ADMIN, Stage
from tests.playbooks.border import BOOK, NOON, border

PERMITTED = border(("sharing:\n", "sharing:\n  - {permit: [_title], to: city, purpose: life-safety}\n"))


def _stage(*, permitted: bool) -> Stage:
    stage = Stage.set(PERMITTED if permitted else BOOK)
    stage.now = NOON
    stage.enrol(MAYOR, "official", "city")
    return stage


def _told(stage: Stage, room: RoomRef, text: str, who: str, *, private: bool = False) -> str:
    """All that is said in the room where it was started."""
    return "\n".join(send.body.text for send in stage.say(room, text, who, private=private) if send.to == room)


def test_a_title_that_no_room_of_the_own_partner_may_show_is_told_to_its_author() -> None:
    """Why, and what the playbook's author can do; without a title there is nothing to say."""
    said = _told(_stage(permitted=False), CITY, "/activate border Dyke at Town", MAYOR)
    assert "Your title is on record, and not shown to you" in said and "permit: [_title]" in said
    assert "Your title" not in _told(_stage(permitted=False), CITY, "/activate border", MAYOR)


def test_a_title_that_is_shown_needs_no_word() -> None:
    """It stands in the announcement."""
    said = _told(_stage(permitted=True), CITY, "/activate border Dyke at Town", MAYOR)
    assert "Dyke at Town" in said and "Your title" not in said


def test_the_title_of_somebody_of_no_partner_is_on_record_alone() -> None:
    """Whose word it would be is not known, so that no rule permits it anywhere: they are told where to start instead."""
    stage = _stage(permitted=True)
    stage.say(DESK, "/start", ADMIN, private=True)
    said = _told(stage, DESK, "/activate border Dyke at Town", ADMIN, private=True)
    assert "Your title is on record, and shown in no room" in said and "Started in a partner's room" in said
