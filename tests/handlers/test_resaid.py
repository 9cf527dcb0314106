"""What befalls what was said: edits, deletions, and what becomes of the copies."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from handlers import happened
from handlers.events import Came, Delivery, Stale
from handlers.resaid import NO_ROOM, is_said, is_talk
from playbooks.rooms import RoomRef
from playbooks.spoken import File, Spoken
from storage.effects import Drop, Effect, React, Record, RemoveCopy, Send, Urgency
from storage.facts import DEPLOYMENT, MessageDropped, MessageUnknown, RoomMoved, SaidAnew, TakenBack
from storage.store import OutboxRow, Reacted
from tests.handlers.border_stage import (
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


def test_whoever_is_revoked_or_whose_room_is_out_changes_nothing_any_more() -> None:
    """A lost phone does not go on speaking in what it said before; but raising a label still takes copies away."""
    stage = talking()
    stage.speak(FIRE, "We come", LIAISON)
    name = stage.last().id
    stage.all_become(name)
    person = stage.world.who.person(LIAISON)
    assert person is not None
    stage.say("telegram:501", f"/revoke {person.id}", private=True)
    stage.say("telegram:501", f"/revoke {person.id} yes", private=True)
    assert not stage.befalls("edited", stage.said[name], identity=LIAISON, spoken=Spoken("Stay away"))
    assert not stage.removes and stage.said[name].spoken == Spoken("We come")
    assert {one["why"] for one in stage.of(SaidAnew)[-1].left_out.values()} == {"revoked"}  # type: ignore[attr-defined]
    stage.befalls("edited", stage.said[name], identity=LIAISON, spoken=Spoken("[red] We come"))
    assert {remove.room for remove in stage.removes} == {row.to for row in stage.rows[name]}


def test_an_edit_that_changes_nothing_under_a_label_is_not_told() -> None:
    """The label in front is the one it has already."""
    stage = talking()
    stage.speak(CITY, "[amber] Hush", MAYOR)
    assert not stage.befalls("edited", stage.last(), spoken=Spoken("[amber] Hush"))
    assert not stage.of(SaidAnew)


def test_what_is_taken_back_after_the_end_goes_too() -> None:
    """Closing an incident makes nobody's slip stay."""
    stage = talking()
    name = said(stage)
    stage.say("telegram:501", "/close I-1", private=True)
    stage.say("telegram:501", "/close I-1 yes", private=True)
    stage.befalls("deleted", stage.said[name])
    assert {remove.room for remove in stage.removes} == MEMBERS


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
    assert [wake.kind for wake in stage.wakes[-1:]] == ["place"]
    assert stage.befalls("settled", stage.said[name])  # where it is now is told when the minute is over
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
    assert {remove.room for remove in stage.removes} == MEMBERS  # what seems to wait may be leaving just now
    assert len(stage.drops) == len(MEMBERS)
    assert stage.said[name].gone and stage.said[name].spoken is None
    assert not stage.befalls("edited", stage.said[name], spoken=Spoken("Back"))


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


def test_an_edit_that_has_no_room_takes_the_old_words_out_and_says_the_new_ones() -> None:
    """In that room alone, as a message of its own; an edit that is refused for anything else is only recorded."""
    stage = talking()
    name = said(stage)
    stage.befalls("edited", stage.said[name], spoken=Spoken("The bridge is open " + "x" * 3000))
    copies = tuple(stage.rows[name])
    edit = next(row for row in copies if row.kind == "edit" and row.to == FIRE_TELEGRAM)
    event = Delivery(edit, "refused", reason=NO_ROOM, said=stage.said[name], copies=copies)
    effects = happened(stage.world, Came(event, stage.now, b"s"))
    [remove] = [one for one in effects if isinstance(one, RemoveCopy)]
    [send] = [one for one in effects if isinstance(one, Send) and one.carries is not None]
    assert remove.room == send.to == FIRE_TELEGRAM and not send.amends and "is open" in send.body.html
    given = replace(stage.said[name], reactions=(Reacted("👍", "P-9", str(WATCHERS)),))
    effects = happened(stage.world, Came(replace(event, said=given), stage.now, b"s"))
    assert [(one.room, one.emoji) for one in effects if isinstance(one, React)] == [(FIRE_TELEGRAM, "👍")]
    effects = happened(stage.world, Came(replace(event, reason="no"), stage.now, b"s"))
    assert not [one for one in effects if isinstance(one, RemoveCopy | Send)]


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


def test_a_copy_that_is_decided_again_keeps_its_place() -> None:
    """However often: it stands where the first of them stood, before everything that was said later."""
    stage = talking()
    stage.speak(CITY, "Hello", MAYOR)
    name, row = stage.last().id, replace(stage.rows[stage.last().id][1], id=7)
    for one in (row, replace(row, id=12, place=7)):
        effects = happened(stage.world, Came(Stale(one, over=False, said=stage.said[name]), stage.now, b"s"))
        assert [send.place for send in effects if isinstance(send, Send)] == [7]


def test_what_is_changed_after_a_room_moved_is_told_in_the_new_one() -> None:
    """The copy in the old one can be reached by nobody any more, or goes."""
    stage = talking()
    stage.speak(CITY, "Pump 1", MAYOR)
    said = stage.last()
    stage.all_become(said.id)
    new = RoomRef(FIRE.network, "!new:x.org")
    stage.apply([Record(DEPLOYMENT, RoomMoved(FIRE.chat, new))])
    sends = stage.befalls("edited", said, spoken=Spoken("Pump 2"))
    assert new in {send.to for send in sends} and FIRE not in {send.to for send in sends}
    assert FIRE in {one.room for one in stage.removes}


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


def test_a_place_that_comes_to_rest_where_it_was_last_seen_is_told_at_once() -> None:
    """The last step was too soon after the one before to be told: the end is not, and it is told once."""
    stage = talking()
    until = stage.now + timedelta(hours=1)
    stage.speak(CITY, "", MAYOR, spoken=Spoken(point=(1_000_000, 2_000_000), live_until=until))
    name = stage.last().id
    stage.now += timedelta(seconds=5)
    assert not stage.befalls("edited", stage.said[name], spoken=Spoken(point=(1_100_000, 2_000_000), live_until=until))
    for told in (True, False):
        stage.now += timedelta(seconds=5)
        assert bool(stage.befalls("edited", stage.said[name], spoken=Spoken(point=(1_100_000, 2_000_000)))) is told


def test_a_label_on_a_moving_place_is_heard_at_once_and_whoever_is_revoked_moves_no_more() -> None:
    """Neither waits for the minute to be over."""
    stage = talking()
    until = stage.now + timedelta(hours=1)
    stage.speak(FIRE, "", LIAISON, spoken=Spoken(point=(1_000_000, 2_000_000), live_until=until))
    name = stage.last().id
    stage.all_become(name)
    stage.now += timedelta(seconds=10)
    moved = Spoken(point=(1_000_100, 2_000_000), live_until=until)
    labelled = Spoken("[red] here", point=(1_000_100, 2_000_000), live_until=until)
    stage.befalls("edited", stage.said[name], identity=LIAISON, spoken=moved)
    assert stage.said[name].spoken == moved
    stage.befalls("edited", stage.said[name], identity=LIAISON, spoken=labelled)
    assert stage.said[name].raised == "red"
    assert {one.room for one in stage.removes} == {row.to for row in stage.rows[name]} - {CITY}  # which may read red
    person = stage.world.who.person(LIAISON)
    assert person is not None
    stage.say("telegram:501", f"/revoke {person.id}", private=True)
    stage.say("telegram:501", f"/revoke {person.id} yes", private=True)
    assert not stage.befalls("settled", stage.said[name])


def refused_there(stage: TalkStage, name: str) -> list[Effect]:
    """What follows when the network of the first copy refuses to remove it."""
    first = stage.rows[name][0]
    payload = json.dumps({"kind": "delete", "amends": first.token}, separators=(",", ":"))
    gone = replace(first, token="d", send="d", payload=payload, state="refused")
    copies = (*stage.rows[name], gone)
    return stage.happen(Delivery(gone, "refused", reason="it is too old", said=stage.said[name], copies=copies))


def test_what_stands_where_a_room_was_is_not_emptied() -> None:
    """Nothing can be changed there any more, and who took it back finds by /seen that it can be read."""
    for moves in (False, True):
        stage = talking()
        stage.speak(CITY, "Hello", MAYOR)
        name = stage.last().id
        stage.all_become(name)
        old = stage.rows[name][0].to
        stage.befalls("deleted", stage.said[name])
        if moves:
            stage.apply([Record(DEPLOYMENT, RoomMoved(old.chat, RoomRef(old.network, "!new:x.org")))])
        effects = refused_there(stage, name)
        assert [one.to for one in effects if isinstance(one, Send)] == ([] if moves else [old])


def test_what_never_arrived_is_not_emptied() -> None:
    """A room that may not have it at all is told nothing of it."""
    stage = talking()
    stage.speak(CITY, "Hello", MAYOR)
    name = stage.last().id
    stage.becomes(name, 0, "unknown")
    stage.befalls("deleted", stage.said[name])
    gone = replace(stage.rows[name][0], token="d", send="d", payload='{"kind":"delete","amends":"x"}', state="refused")
    copies = (*stage.rows[name], gone)
    effects = stage.happen(Delivery(gone, "refused", reason="it is not there", said=stage.said[name], copies=copies))
    assert not [one for one in effects if isinstance(one, Send)]
