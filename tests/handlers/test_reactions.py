"""Reactions to what was said: where they stand, and when they go."""

from __future__ import annotations

from playbooks.rooms import RoomRef
from storage.effects import React
from storage.facts import ReactedTo
from tests.handlers.border_stage import (
    AID,
    BRANDWEER,
    CITY,
    CITY_TELEGRAM,
    FIRE,
    FIRE_TELEGRAM,
    HILFE,
    LIAISON,
    MAYOR,
    WATCHERS,
)
from tests.handlers.talk_stage import TalkStage, talking
from tests.handlers.test_relay import MEMBERS


def said(stage: TalkStage, words: str = "The bridge is shut") -> str:
    """Something the mayor said, which every copy's network has taken; its id."""
    stage.speak(CITY, words, MAYOR)
    name = stage.last().id
    stage.all_become(name)
    stage.reacts.clear()
    return name


def test_a_reaction_stands_once_however_many_gave_it() -> None:
    """It goes with the last of them; not to the room where it was given, nor where the copy never arrived."""
    stage = talking()
    name = said(stage)
    for who in (LIAISON, "matrix:@b:x.org"):
        stage.befalls("reacted", stage.said[name], room=FIRE, identity=who, emoji="👍")
    assert {(one.room, one.gone) for one in stage.reacts} == {(room, False) for room in (MEMBERS - {FIRE}) | {CITY}}
    stage.reacts.clear()
    stage.befalls("reacted", stage.said[name], room=FIRE, identity=LIAISON, gone="👍")
    assert not stage.reacts
    stage.befalls("reacted", stage.said[name], room=FIRE, identity="matrix:@b:x.org", gone="👍")
    assert {(one.room, one.gone) for one in stage.reacts} == {(room, True) for room in (MEMBERS - {FIRE}) | {CITY}}
    assert len(stage.of(ReactedTo)) == 4


def test_a_reaction_waits_for_copies_that_are_still_on_their_way() -> None:
    """Somebody reacts where it has arrived already: the slow rooms see it too, those that never get the copy do not."""
    stage = talking()
    stage.speak(CITY, "Ready?", MAYOR)
    name = stage.last().id
    where = {row.to: number for number, row in enumerate(stage.rows[name])}
    stage.becomes(name, where[FIRE], "sent")
    stage.becomes(name, where[WATCHERS], "refused", "no")
    stage.reacts.clear()
    stage.befalls("reacted", stage.said[name], room=FIRE, identity=LIAISON, emoji="👍")
    assert {one.room for one in stage.reacts} == {CITY, CITY_TELEGRAM, FIRE_TELEGRAM, BRANDWEER}


def test_a_reaction_is_the_word_of_whoever_gives_it() -> None:
    """A partner whose words a room may not read leaves no mark there."""
    stage = talking(("between: [be, nl, de]", "between: [be, nl]"))
    name = said(stage)
    stage.befalls("reacted", stage.said[name], room=BRANDWEER, identity="matrix:@nl:x.org", emoji="👍")
    assert {one.room for one in stage.reacts} >= {CITY, FIRE}
    assert AID not in {one.room for one in stage.reacts}


def test_a_reaction_is_seen_where_another_gave_the_same() -> None:
    """Of two who react alike in two rooms, each sees that of the other, and keeps seeing it when his own is gone."""
    stage = talking()
    name = said(stage)

    def befalls(room: RoomRef, identity: str, **what: str) -> dict[RoomRef, bool]:
        stage.reacts.clear()
        stage.befalls("reacted", stage.said[name], room=room, identity=identity, **what)
        return {one.room: one.gone for one in stage.reacts}

    assert FIRE not in befalls(FIRE, LIAISON, emoji="👍")
    assert befalls(BRANDWEER, "matrix:@nl:x.org", emoji="👍") == {FIRE: False}
    assert befalls(FIRE, LIAISON, gone="👍") == {BRANDWEER: True}
    last = befalls(BRANDWEER, "matrix:@nl:x.org", gone="👍")
    assert set(last) == (MEMBERS - {BRANDWEER}) | {CITY} and all(last.values())


def test_what_a_room_may_not_see_hides_nothing_from_it() -> None:
    """A reaction of somebody whose words it may not read makes no difference to the same one of somebody else."""

    def reacted(*first: str) -> list[React]:
        stage = talking(
            ("between: [be, nl, de]", "between: [be, nl]"),
            ('{tlp: green}\n    phone_24h: "+4914"', '{tlp: amber}\n    phone_24h: "+4914"'),
        )
        name = said(stage)
        for who in first:
            stage.befalls("reacted", stage.said[name], room=HILFE, identity=who, emoji="👍")
        stage.reacts.clear()
        stage.befalls("reacted", stage.said[name], room=BRANDWEER, identity="matrix:@nl:x.org", emoji="👍")
        return [one for one in stage.reacts if one.room in (CITY, FIRE)]

    assert len(reacted()) == 2
    assert reacted() == reacted("telegram:77")


def test_an_exchange_puts_first_what_comes() -> None:
    """Where a bot has one reaction, the new one takes the place of the old in one step."""
    stage = talking()
    name = said(stage)
    stage.befalls("reacted", stage.said[name], room=FIRE, identity=LIAISON, emoji="👍")
    stage.reacts.clear()
    stage.befalls("reacted", stage.said[name], room=FIRE, identity=LIAISON, emoji="🔥", gone="👍")
    assert [(one.emoji, one.gone) for one in stage.reacts if one.room == CITY] == [("🔥", False), ("👍", True)]


def test_any_words_may_be_a_reaction() -> None:
    """As Matrix takes them: what begins like another is not that other."""
    stage = talking()
    name = said(stage)
    for words in ("well done", "well"):
        stage.befalls("reacted", stage.said[name], room=FIRE, identity=LIAISON, emoji=words)
    assert [one.emoji for one in stage.reacts if one.room == CITY] == ["well done", "well"]
    stage.reacts.clear()
    stage.befalls("reacted", stage.said[name], room=FIRE, identity=LIAISON, gone="well")
    assert [(one.emoji, one.gone) for one in stage.reacts if one.room == CITY] == [("well", True)]
