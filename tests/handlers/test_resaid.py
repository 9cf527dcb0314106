"""What befalls what was said: edits, deletions, reactions, and what becomes of the copies."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from handlers import happened
from handlers.events import Came, Delivery, Stale
from handlers.resaid import is_said, is_talk
from playbooks.spoken import File, Spoken
from storage.effects import Drop, Send, Urgency
from storage.facts import MessageDropped, MessageUnknown, ReactedTo, SaidAnew, TakenBack
from storage.store import OutboxRow
from tests.handlers.border_stage import (
    AID,
    BRANDWEER,
    CITY,
    CITY_TELEGRAM,
    FIRE,
    FIRE_TELEGRAM,
    LIAISON,
    MAYOR,
    WATCHERS,
)
from tests.handlers.talk_stage import TalkStage, rooms_of, talking

MEMBERS = {CITY_TELEGRAM, FIRE, FIRE_TELEGRAM, BRANDWEER, WATCHERS}


def said(stage: TalkStage, words: str = "The bridge is shut") -> str:
    """Something the mayor said, which every copy's network has taken; its id."""
    stage.speak(CITY, words, MAYOR)
    name = stage.last().id
    stage.all_become(name)
    stage.reacts.clear()
    return name


def test_an_edit_goes_to_every_copy_and_carries_the_higher_label() -> None:
    """Where the words may not be any more, the copy is taken away; a label is never lowered again."""
    stage = talking()
    name = said(stage)
    sent = stage.befalls("edited", stage.said[name], spoken=Spoken("The bridge is open"))
    assert rooms_of(sent) == MEMBERS and all(send.amends for send in sent)
    sent = stage.befalls("edited", stage.said[name], spoken=Spoken("[amber+strict] It is mined"))
    assert rooms_of(sent) == {FIRE}
    assert {remove.room for remove in stage.removes} == MEMBERS - {FIRE}
    stage.befalls("edited", stage.said[name], spoken=Spoken("[green] Never mind"))
    assert stage.said[name].raised == "amber+strict" and stage.said[name].versions == 4


def test_an_edit_that_changes_nothing_is_not_told() -> None:
    """Networks tell of previews, buttons, and of files under other names."""
    stage = talking()
    stage.speak(CITY, "Look", MAYOR, spoken=Spoken("Look", File("matrix", "a", "photo", "x.jpg")))
    one = stage.last()
    assert not stage.befalls("edited", one, spoken=Spoken("Look", File("matrix", "b", "photo", "x.jpg")))
    assert not stage.befalls("edited", one, spoken=Spoken("Look"))
    assert not stage.of(SaidAnew)


def test_a_mistyped_label_in_an_edit_counts_as_the_highest() -> None:
    """They meant to hide it: nobody is shown what nobody can name."""
    stage = talking()
    name = said(stage)
    assert not stage.befalls("edited", stage.said[name], spoken=Spoken("[rde] mined"))
    assert stage.said[name].raised == "red" and {remove.room for remove in stage.removes} == MEMBERS


def test_only_where_it_was_said_can_it_be_changed_or_taken_back() -> None:
    """What stands elsewhere under its name is our copy."""
    stage = talking()
    name = said(stage)
    assert not stage.befalls("edited", stage.said[name], room=FIRE, spoken=Spoken("Forged"))
    assert not stage.befalls("edited", stage.said[name], identity="matrix:@eve:x.org", spoken=Spoken("Forged"))
    assert not stage.befalls("edited", stage.said[name], identity=None, spoken=Spoken("Forged"))
    stage.befalls("deleted", stage.said[name], room=FIRE)
    assert not stage.removes and not stage.of(TakenBack)


def test_a_place_that_moves_is_told_once_a_minute_and_when_it_stops() -> None:
    """Not every few seconds, as phones tell it."""
    stage = talking()
    until = stage.now + timedelta(hours=1)
    stage.speak(CITY, "", MAYOR, spoken=Spoken(point=(1_000_000, 2_000_000), live_until=until))
    name, told = stage.last().id, 0
    for step in range(1, 13):
        stage.now += timedelta(seconds=10)
        moved = Spoken(point=(1_000_000 + step, 2_000_000), live_until=until)
        told += bool(stage.befalls("edited", stage.said[name], spoken=moved))
    assert told == 2
    ended = stage.befalls("edited", stage.said[name], spoken=Spoken(point=(1_000_012, 2_000_001)))
    assert ended
    for send in ended:  # still in words, as it began: no network lets them be changed into a map
        assert send.carries is not None and send.carries.attached is None and "1.00001, 2.00000" in send.body.text


def test_what_is_taken_back_is_removed_or_never_leaves() -> None:
    """What waits is dropped; what stands or is on its way is removed; nothing of it is kept to be shown again."""
    stage = talking()
    stage.speak(CITY, "Oops", MAYOR)
    name = stage.last().id
    stage.becomes(name, 0, "sent")
    stage.befalls("deleted", stage.said[name])
    assert {remove.room for remove in stage.removes} == {stage.rows[name][0].to}
    assert len(stage.drops) == len(MEMBERS)
    assert stage.said[name].gone and stage.said[name].spoken is None
    assert not stage.befalls("edited", stage.said[name], spoken=Spoken("Back"))


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


def test_a_copy_of_unknown_fate_is_not_sent_again() -> None:
    """Talk that may have arrived is not repeated; whoever spoke sees that not everybody has it for sure."""
    stage = talking()
    stage.speak(CITY, "Hello", MAYOR)
    name = stage.last().id
    for number in range(1, len(MEMBERS)):
        stage.becomes(name, number, "sent")
    before = len([send for send in stage.sent if send.carries])
    stage.becomes(name, 0, "unknown", "the connection broke")
    assert len([send for send in stage.sent if send.carries]) == before
    assert stage.of(MessageUnknown) and [one.emoji for one in stage.reacts] == ["🤔"]


def test_a_stale_copy_is_decided_again() -> None:
    """As things are now: said again where it may be, and nowhere else; what was taken back meanwhile is not."""
    stage = talking()
    stage.speak(CITY, "Hello", MAYOR)
    name, row = stage.last().id, stage.rows[stage.last().id][1]
    effects = happened(stage.world, Came(Stale(row, over=False, said=stage.said[name]), stage.now, b"s"))
    assert [one.to for one in effects if isinstance(one, Send)] == [row.to]
    assert [one.send for one in effects if isinstance(one, Drop)] == [row.token]
    gone = replace(stage.said[name], gone=True)
    effects = happened(stage.world, Came(Stale(row, over=False, said=gone), stage.now, b"s"))
    assert not [one for one in effects if isinstance(one, Send)]
    assert any(isinstance(getattr(one, "fact", None), MessageDropped) for one in effects)


def test_only_what_is_carried_is_talk() -> None:
    """An answer about something that was said is an answer."""
    row = OutboxRow("t", "t", "I-1", CITY, int(Urgency.ANSWER), '{"kind":"message"}', "S-1")
    assert is_said("S-1") and not is_said("A-1") and not is_said(None)
    assert not is_talk(row) and is_talk(replace(row, urgency=int(Urgency.CHATTER)))


def test_nothing_is_done_about_talk_of_an_incident_that_is_over() -> None:
    """Its copies stay as they stand; a late answer of a network is still on record."""
    stage = talking()
    name = said(stage)
    stage.say("telegram:501", "/close I-1", private=True)
    stage.say("telegram:501", "/close I-1 yes", private=True)
    assert not stage.befalls("edited", stage.said[name], spoken=Spoken("Later"))
    row = stage.rows[name][0]
    effects = stage.happen(Delivery(replace(row, state="sent"), "sent", "m", said=stage.said[name], copies=(row,)))
    assert effects
