"""Declared danger: who is told that it begins and ends, and what each of them is told to do."""

from __future__ import annotations

from datetime import timedelta

from handlers import due
from playbooks.load import Book
from playbooks.rooms import RoomRef
from storage.store import Deadline
from tests.handlers.border_stage import (
    BRANDWEER,
    CITY,
    EVACUATE,
    FIRE,
    FIRE_TELEGRAM,
    LIAISON,
    MAYOR,
    issued,
    opened,
    said,
    to,
)
from tests.handlers.stage import Stage
from tests.playbooks.border import BOOK, border

BY_CITY = border(
    ("danger: {by: lead, lasts: 2h, tell: [city]}", "danger: {by: [city, fire], lasts: 2h, tell: [city, brandweer]}")
)


def declared(book: Book = BOOK) -> Stage:
    """The fire service declares danger from its Matrix room."""
    stage = opened(book)
    stage.say(FIRE, "/danger a dyke broke", LIAISON)
    return stage


def test_the_declarers_own_rooms_are_told() -> None:
    """Whoever declares it in one room has colleagues in the other."""
    stage = declared()
    assert any("Fire declared imminent danger to life" in text for text in to(stage.sent, FIRE_TELEGRAM))
    assert len(to(stage.sent, FIRE)) == 1


def test_who_declared_it_is_told_when_another_ends_it() -> None:
    """They might go on acting by it."""
    stage = declared(BY_CITY)
    sent = stage.say(CITY, "/danger off", MAYOR)
    for room in (FIRE, FIRE_TELEGRAM, BRANDWEER):
        assert to(sent, room) == ["Danger is no longer declared (City & Sons <town hall>, 12:00)."]


def test_only_who_may_declare_it_is_told_how_when_it_ends_by_time() -> None:
    """The neighbours cannot, and are told that it ended and no more."""
    stage = declared(BY_CITY)
    stage.sent.clear()
    stage.now += timedelta(hours=2)
    [wake] = [one for one in stage.wakes if one.kind == "danger-ends"]
    stage.apply(due(stage.world, Deadline(wake.key, wake.stream, wake.at, wake.kind, wake.about), stage.now))
    assert to(stage.sent, FIRE)[0].endswith("/danger REASON declares it again.")
    assert to(stage.sent, BRANDWEER)[0].endswith("The declared danger ended at 14:00.")


def test_who_may_declare_it_is_told_to_and_others_by_whom() -> None:
    """With the power to act in danger and to declare it one need not look for somebody else."""
    assert "Once you declare imminent danger (/danger REASON)" in said(opened(), FIRE, EVACUATE, LIAISON)
    other = opened(border(("danger: {by: lead,", "danger: {by: city,")))
    assert "(/danger, by City & Sons <town hall>), you may" in said(other, FIRE, EVACUATE, LIAISON)


def test_a_reason_is_not_taken_for_its_end() -> None:
    """What ends in one language may be a word of the reason in another."""
    stage = opened()
    stage.say(FIRE, "/danger fine", LIAISON)
    assert stage.world.incidents["I-1"].danger is not None
    stage.say(FIRE, "/danger off", LIAISON)
    assert stage.world.incidents["I-1"].danger is None


def test_a_partners_coordinator_is_spoken_to_in_its_language() -> None:
    """In private too, until they ask for another."""
    stage = opened(border(('phone_24h: "+3210"\n    languages: [en]', 'phone_24h: "+3210"\n    languages: [fr]')))
    stage.enrol("telegram:77", "coordinator", "city")
    private = RoomRef("telegram", "77")
    issued(stage, "/alert count people=12 Mind the numbers")
    assert "Veuillez les appeler" in to(stage.sent, private)[-1]
    stage.say(private, "/lang en", "telegram:77", private=True)
    issued(stage, "/alert count people=12 Mind the numbers")
    assert "did not go to everyone" in to(stage.sent, private)[-1]
