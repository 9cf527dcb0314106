"""/status and /who: as much as whoever asks may know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handlers.events import RoomEvent
from playbooks.rooms import RoomRef
from storage.facts import RoomObserved
from tests.handlers.border_stage import (
    AID,
    CITY,
    DESK,
    FIRE,
    FIRE_TELEGRAM,
    HILFE,
    LIAISON,
    MAYOR,
    NOWHERE,
    SOMEBODY,
    WATCHERS,
    issued,
    opened,
    said,
    to,
)  # fmt: skip
from tests.playbooks.border import border


def test_everyone_learns_phase_leads_and_what_is_open_for_them() -> None:
    """Nothing of alerts that others were shown."""
    stage = opened()
    issued(stage, "/alert count people=12 Mind the numbers")
    assert "How many" in said(stage, CITY, "/status")
    for room in (AID, HILFE):
        answer = said(stage, room, "/status")
        assert "response" in answer or "watch" in answer
        assert "Lead (operational, Belgium): Fire" in answer
        assert "No alert is open for you." in answer and "A-1" not in answer and "How many" not in answer


def test_who_has_it_is_for_the_lead_and_for_coordinators_in_private() -> None:
    """The others see their own answer only."""
    stage = opened()
    issued(stage)
    stage.say(AID, "/ack A-1 acting", SOMEBODY)
    for room, more in ((FIRE, {}), (FIRE_TELEGRAM, {}), (DESK, {"private": True})):
        answer = said(stage, room, "/status A-1", "telegram:501" if more else SOMEBODY, **more)
        assert "Rooms:" in answer and "Aid: Acting" in answer and "Hilfe" in answer
    for room in (AID, HILFE, CITY):
        answer = said(stage, room, "/status A-1")
        assert "Rooms:" not in answer and "Hilfe" not in answer
    assert "Acting" in said(stage, AID, "/status A-1")
    assert "You have not answered yet." in said(stage, HILFE, "/status A-1")


def test_a_room_that_may_not_carry_it_does_not_show_who_has_it() -> None:
    """Amber does not go where green is the ceiling, though the lead asks."""
    stage = opened(border(("telegram: {ceiling: amber}", "telegram: {ceiling: green}")))
    issued(stage)
    assert "Rooms:" not in said(stage, FIRE_TELEGRAM, "/status A-1")
    assert "Rooms:" not in said(stage, DESK, "/status A-1", "telegram:501", private=True)
    assert "Rooms:" in said(stage, FIRE, "/status A-1")


def test_an_unlisted_partner_is_named_and_counted_nowhere() -> None:
    """To the lead, to a coordinator, to anyone; its own people see it."""
    stage = opened()
    issued(stage)
    listed_rooms = 7
    for room, identity in ((FIRE, LIAISON), (CITY, MAYOR), (AID, SOMEBODY), (DESK, "telegram:501")):
        for command in ("/status", "/status A-1", "/who"):
            answer = said(stage, room, command, identity, private=room == DESK)
            assert "watchers" not in answer.lower() and "+3299" not in answer
    assert f"{listed_rooms} waiting" in said(stage, FIRE, "/status A-1")
    assert "Silent watchers" in said(stage, WATCHERS, "/who")


@pytest.mark.parametrize(
    "traits", [(True, False, False, True), (False, True, False, True), (False, False, True, True), (False,) * 4]
)
def test_a_coordinators_chat_that_is_no_longer_private_learns_nothing(traits: tuple[bool, bool, bool, bool]) -> None:
    """Neither by itself nor asked: readable from outside, open to join, public, or with others in it."""
    chat, ada = RoomRef("matrix", "!dm-ada"), "matrix:@ada:x.org"
    stage = opened()
    stage.world = replace(stage.world, admins=frozenset({ada}))
    stage.say(chat, "/start", ada, private=True)
    issued(stage, "/alert count people=12 Mind the numbers")
    assert any("did not go to everyone" in text for text in to(stage.sent, chat))
    assert "Rooms:" in said(stage, chat, "/status A-1", ada, private=True)
    stage.happen(RoomEvent("observed", chat, observed=RoomObserved(chat, True, False, *traits, "")))
    stage.sent.clear()
    issued(stage, "/alert count people=12 Mind the numbers")
    assert to(stage.sent, chat) == []
    assert "Rooms:" not in said(stage, chat, "/status A-1", ada, private=True)


def test_a_held_copy_is_shown_to_the_lead() -> None:
    """As held back, with the number."""
    stage = opened()
    issued(stage, "/alert count people=12 Mind the numbers")
    answer = said(stage, FIRE, "/status A-1")
    assert "Aid: held back" in answer and "+3213" in answer and "Hilfe: held back" in answer


def test_the_incidents_own_title_passes_sight() -> None:
    """Nobody permits `_title` here; where somebody does, it is seen by those whom it is permitted to."""
    book = border(("{permit: [action], to: everyone", "{permit: [action, _title], to: {jurisdiction: be}"))
    stage = opened(book)
    stage.say(CITY, "/activate +border The <secret> quay", MAYOR)
    assert "The <secret> quay" in said(stage, CITY, "/status I-2")
    assert "The <secret> quay" not in said(stage, HILFE, "/status I-2")
    plain = opened()
    plain.say(CITY, "/activate +border The secret quay", MAYOR)
    assert "secret quay" not in said(plain, CITY, "/status I-2")


def test_a_stranger_learns_nothing() -> None:
    """Not even that an incident is open."""
    stage = opened()
    issued(stage)
    for command in ("/status", "/status A-1", "/who", "/status I-1"):
        answer = said(stage, NOWHERE, command)
        assert answer == said(stage, NOWHERE, command.replace("1", "9"))
        assert "I-1" not in answer and "Fire" not in answer
