"""Reactions to what was said: where they stand, and when they go."""

from __future__ import annotations

import pytest

from handlers.reactions import EACH, SHOWN
from playbooks.rooms import RoomRef
from playbooks.spoken import Spoken
from storage.effects import React, Record
from storage.facts import DEPLOYMENT, ReactedTo, RoomObserved
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


def test_where_strangers_may_read_a_reaction_is_taken_back_and_none_given() -> None:
    """It goes everywhere else, as it does there."""
    stage = talking()
    name = said(stage)
    stage.befalls("reacted", stage.said[name], room=FIRE, identity=LIAISON, emoji="👍")
    stage.apply([Record(DEPLOYMENT, RoomObserved(FIRE, True, False, True, False, False, False, ""))])
    stage.reacts.clear()
    stage.befalls("reacted", stage.said[name], room=FIRE, identity=MAYOR, emoji="👎")
    assert not stage.reacts
    stage.befalls("reacted", stage.said[name], room=FIRE, identity=LIAISON, emoji="👎", gone="👍")
    assert {(one.room, one.emoji, one.gone) for one in stage.reacts} == {
        (room, "👍", True) for room in (MEMBERS - {FIRE}) | {CITY}
    }


@pytest.mark.parametrize("words", ["NO! Mayor says stay", "well done", "", ":party:", "x" * 40_000, "👍👍"])
def test_words_are_no_reaction(words: str) -> None:
    """Matrix takes any words for one: they are carried nowhere, kept nowhere, and taking them away disturbs nothing."""
    stage = talking()
    name = said(stage)
    stage.befalls("reacted", stage.said[name], room=FIRE, identity=LIAISON, emoji=words)
    stage.befalls("reacted", stage.said[name], room=FIRE, identity=LIAISON, gone=words)
    assert not stage.reacts and not stage.said[name].reactions and not stage.of(ReactedTo)


def test_somebody_has_ten_reactions_under_one_thing_and_never_in_the_place_of_others() -> None:
    """Their own oldest makes way; what another gave alike stays; rooms see a bounded number, and so do rows."""
    stage = talking()
    name = said(stage)
    stage.befalls("reacted", stage.said[name], room=FIRE, identity=LIAISON, emoji="👍")
    emoji = [chr(0x1F400 + number) for number in range(100)]
    for number in range(500):
        stage.reacts.clear()
        stage.befalls("reacted", stage.said[name], room=FIRE, identity="matrix:@eve:x.org", emoji=emoji[number % 100])
        assert len(stage.reacts) <= 2 * len(MEMBERS)
    kept = stage.said[name].reactions
    assert [one.emoji for one in kept if one.who == "matrix:@eve:x.org"] == emoji[-EACH:]
    assert [one.emoji for one in kept if one.who != "matrix:@eve:x.org"] == ["👍"]


def test_a_room_sees_the_first_reactions_and_later_ones_when_those_go() -> None:
    """Twenty different ones, whoever gave them."""
    stage = talking()
    name = said(stage)
    for number in range(30):
        who = f"matrix:@p{number // 5}:x.org"
        stage.befalls("reacted", stage.said[name], room=FIRE, identity=who, emoji=chr(0x1F400 + number))
    assert {one.emoji for one in stage.reacts} == {chr(0x1F400 + number) for number in range(SHOWN)}
    stage.reacts.clear()
    stage.befalls("reacted", stage.said[name], room=FIRE, identity="matrix:@p0:x.org", gone=chr(0x1F400))
    assert {(one.emoji, one.gone) for one in stage.reacts} == {(chr(0x1F400), True), (chr(0x1F400 + SHOWN), False)}


def test_a_moderator_takes_away_what_somebody_gave() -> None:
    """Whose it was counts, not who took it away; it goes elsewhere too, and the log says whose it was."""
    stage = talking()
    name = said(stage)
    stage.befalls("reacted", stage.said[name], room=FIRE, identity=LIAISON, emoji="💩")
    [given] = stage.said[name].reactions
    stage.reacts.clear()
    stage.befalls("reacted", stage.said[name], room=FIRE, identity="matrix:@mod:x.org", gone="💩", whose=given.who)
    assert stage.reacts and all(one.gone for one in stage.reacts) and not stage.said[name].reactions
    assert [one.person for one in stage.of(ReactedTo)] == [given.who] * 2  # type: ignore[attr-defined]


def test_a_heart_is_a_heart_on_both_networks() -> None:
    """Some clients write the mark that asks for colour."""
    stage = talking()
    name = said(stage)
    stage.befalls("reacted", stage.said[name], room=FIRE, identity=LIAISON, emoji="❤️")
    stage.befalls("reacted", stage.said[name], room=FIRE, identity="matrix:@b:x.org", emoji="❤")
    assert {one.emoji for one in stage.reacts} == {"❤"}
    stage.befalls("reacted", stage.said[name], room=FIRE, identity=LIAISON, gone="❤")
    assert not any(one.gone for one in stage.reacts)


def test_reactions_stand_under_a_copy_that_is_sent_anew() -> None:
    """A place is taken away and sent anew where it is changed: what stood under the old copy stands under the new one, in the order in which it was given."""
    stage = talking()
    stage.speak(CITY, "", MAYOR, point=(50_600_000, 5_500_000), spoken=Spoken("here", point=(50_600_000, 5_500_000)))
    name = stage.last().id
    stage.all_become(name)
    for emoji, who in (("👍", LIAISON), ("❤", "matrix:@b:x.org")):
        stage.befalls("reacted", stage.said[name], room=FIRE, identity=who, emoji=emoji)
    stage.reacts.clear()
    stage.befalls("edited", stage.said[name], identity=MAYOR, spoken=Spoken("there", point=(50_700_000, 5_500_000)))
    again = {room: [one.emoji for one in stage.reacts if one.room == room] for room in MEMBERS}
    assert stage.removes and again == {room: [] if room == FIRE else ["👍", "❤"] for room in MEMBERS}
    assert not any(one.gone or one.sign for one in stage.reacts)


def test_an_edit_of_a_copy_that_stands_puts_no_reaction_again() -> None:
    """What is under it stays under it; a room that is told only now has what others gave before."""
    stage = talking()
    name = said(stage)
    stage.becomes(name, next(n for n, row in enumerate(stage.rows[name]) if row.to == WATCHERS), "refused", "no")
    stage.befalls("reacted", stage.said[name], room=FIRE, identity=LIAISON, emoji="👍")
    stage.reacts.clear()
    stage.befalls("edited", stage.said[name], identity=MAYOR, spoken=Spoken("The bridge is open"))
    assert {(one.room, one.emoji) for one in stage.reacts} <= {(WATCHERS, "👍")}
