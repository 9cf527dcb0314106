"""Polls in channels: votes are counted over all rooms, and told to each as far as it may read those who voted."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from handlers.events import Delivery
from handlers.polls import LONGEST, MOST_OPTIONS
from playbooks.rooms import RoomRef
from playbooks.spoken import Poll, Spoken
from storage.effects import Record
from storage.facts import DEPLOYMENT, RoomMoved, RoomObserved, Voted
from storage.store import OutboxRow
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
    SOMEBODY,
)
from tests.handlers.talk_stage import TalkStage, channel_book, talking


def polled(
    *changes: tuple[str, str], options: tuple[str, ...] = ("yes", "no"), several: bool = False
) -> tuple[TalkStage, str]:
    """A poll by the mayor."""
    stage = talking(*changes)
    stage.speak(CITY, "", MAYOR, spoken=Spoken(poll=Poll("Evacuate?", options, several)))
    name = stage.last().id
    stage.all_become(name)
    return stage, name


def counts(stage: TalkStage) -> dict[object, str]:
    """What the rooms are told of the votes within the next seconds."""
    before = len(stage.sent)
    stage.fall_due(stage.now + timedelta(seconds=6))
    told = [send for send in stage.sent[before:] if send.role == "poll"]
    for send in told:
        stage.accepted(send)
    return {send.to: send.body.text for send in told}


def test_votes_of_all_rooms_are_one_count() -> None:
    """By name where they are known, as counted by the network where they are not; the last vote of a person counts."""
    stage, name = polled()
    stage.befalls("voted", stage.said[name], room=CITY, identity=MAYOR, options=(0,))
    stage.befalls("voted", stage.said[name], room=FIRE, identity=LIAISON, options=(0,))
    stage.befalls("voted", stage.said[name], room=FIRE, identity=LIAISON, options=(1,))
    stage.befalls("tallied", stage.said[name], room=FIRE_TELEGRAM, tally=(3, 1))
    told = counts(stage)
    assert told[CITY] == told[BRANDWEER] == "📊 Votes in all rooms so far:\nyes: 4\nno: 2"
    assert AID not in told
    assert not counts(stage)


def test_the_same_vote_again_changes_nothing() -> None:
    """Nor one for an option that does not exist, nor a count of another shape."""
    stage, name = polled()
    stage.befalls("voted", stage.said[name], room=FIRE, identity=LIAISON, options=(1,))
    counts(stage)
    stage.befalls("voted", stage.said[name], room=FIRE, identity=LIAISON, options=(1, 7))
    stage.befalls("tallied", stage.said[name], room=FIRE_TELEGRAM, tally=(1, 2, 3))
    assert len(stage.of(Voted)) == 1 and not counts(stage)


def test_only_votes_are_counted_whose_words_could_be_read() -> None:
    """The Dutch may not read what the Germans say here; a room reads its own partner's votes in any case."""
    stage, name = polled(
        ("between: [be, nl, de]", "between: [be, nl]"),
        ('clearance: {tlp: green}\n    phone_24h: "+4914"', 'clearance: {tlp: amber}\n    phone_24h: "+4914"'),
    )
    stage.befalls("voted", stage.said[name], room=BRANDWEER, identity="matrix:@nl:x.org", options=(0,))
    stage.befalls("tallied", stage.said[name], room=HILFE, tally=(5, 5))
    assert counts(stage)[BRANDWEER].endswith("yes: 1\nno: 0")


def test_after_its_end_no_vote_counts() -> None:
    """And the rooms are told that it is over."""
    stage, name = polled()
    stage.befalls("voted", stage.said[name], room=FIRE, identity=LIAISON, options=(0,))
    stage.befalls("ended", stage.said[name], room=CITY)
    stage.befalls("voted", stage.said[name], room=FIRE, identity=LIAISON, options=(1,))
    assert counts(stage)[CITY] == "📊 Votes in all rooms, at the end:\nyes: 1\nno: 0"
    stage.befalls("tallied", stage.said[name], room=FIRE_TELEGRAM, tally=(3, 1))
    assert not counts(stage)


def test_where_a_poll_ends_its_copies_end_and_what_was_chosen_there_counts() -> None:
    """Telegram says how a poll of somebody's stands once they stop it; each room that has a copy is told, and nobody whose copy never arrived."""
    stage, name = polled()
    stage.rows[name][0] = replace(stage.rows[name][0], state="refused")
    copies = [row.to for row in stage.rows[name]]
    stage.befalls("ended", stage.said[name], room=CITY, tally=(2, 1))
    assert [one.room for one in stage.ends] == copies[1:] and {one.said for one in stage.ends} == {name}
    assert counts(stage)[CITY] == "📊 Votes in all rooms, at the end:\nyes: 2\nno: 1"
    stage.befalls("ended", stage.said[name], room=CITY, tally=(2, 1))
    assert len(stage.ends) == len(copies) - 1


def test_a_poll_that_is_changed_is_asked_anew() -> None:
    """No network lets a poll be changed: the copies go, and the new question comes in their place; so too where its label was raised."""
    stage, name = polled()
    rooms = {row.to for row in stage.rows[name]}
    sent = stage.befalls("edited", stage.said[name], spoken=Spoken(poll=Poll("Which dike?", ("left", "right"))))
    assert {(send.to, send.amends) for send in sent} == {(room, False) for room in rooms}
    assert {remove.room for remove in stage.removes} == rooms
    stage.removes.clear()
    sent = stage.befalls(
        "edited", stage.said[name], spoken=Spoken(poll=Poll("[amber+strict] Which?", ("left", "right")))
    )
    assert {(send.to, send.amends) for send in sent} == {(FIRE, False)}
    assert {remove.room for remove in stage.removes} == rooms


def test_one_person_has_one_vote() -> None:
    """Wherever they give it, the last counts; and one choice is one choice, whatever a client sends."""
    stage, name = polled()
    stage.befalls("voted", stage.said[name], room=FIRE, identity=LIAISON, options=(0,))
    stage.befalls("voted", stage.said[name], room=BRANDWEER, identity=LIAISON, options=(1, 0))
    assert counts(stage)[CITY].endswith("yes: 0\nno: 1")
    stage, name = polled(several=True)
    stage.befalls("voted", stage.said[name], room=FIRE, identity=LIAISON, options=(1, 0, 1))
    assert counts(stage)[CITY].endswith("yes: 1\nno: 1")


def test_one_account_has_one_vote_in_all_rooms() -> None:
    """Also of somebody whom nobody enrolled; taken back where it was given last, it counts nowhere."""
    stage, name = polled()
    stage.befalls("voted", stage.said[name], room=FIRE, identity="matrix:@x:x.org", options=(0,))
    stage.befalls("voted", stage.said[name], room=BRANDWEER, identity="matrix:@x:x.org", options=(1,))
    stage.befalls("voted", stage.said[name], room=CITY, identity="matrix:@y:x.org", options=(1,))
    assert counts(stage)[CITY].endswith("yes: 0\nno: 2")
    stage.befalls("voted", stage.said[name], room=FIRE, identity="matrix:@x:x.org", options=(0,))
    assert counts(stage)[CITY].endswith("yes: 1\nno: 1")
    stage.befalls("voted", stage.said[name], room=FIRE, identity="matrix:@x:x.org", options=())
    assert counts(stage)[CITY].endswith("yes: 0\nno: 1")


def test_a_vote_where_a_room_may_not_look_takes_nothing_away_there() -> None:
    """Else it would be seen that the same person voted elsewhere."""
    stage, name = polled(
        ("between: [be, nl, de]", "between: [be, nl]"),
        ('clearance: {tlp: green}\n    phone_24h: "+4914"', 'clearance: {tlp: amber}\n    phone_24h: "+4914"'),
    )
    stage.befalls("voted", stage.said[name], room=FIRE, identity="matrix:@x:x.org", options=(0,))
    before = counts(stage)
    stage.befalls("voted", stage.said[name], room=HILFE, identity="matrix:@x:x.org", options=(1,))
    assert BRANDWEER not in counts(stage) and before[BRANDWEER].endswith("yes: 1\nno: 0")


def test_votes_stay_when_their_room_moves() -> None:
    """What was chosen at the old address counts still, and so does what was counted there."""
    stage, name = polled()
    stage.befalls("voted", stage.said[name], room=FIRE, identity="matrix:@x:x.org", options=(0,))
    stage.befalls("tallied", stage.said[name], room=FIRE_TELEGRAM, tally=(2, 0))
    counts(stage)
    for old, new in ((FIRE, "!new:x.org"), (FIRE_TELEGRAM, "-100999")):
        stage.apply([Record(DEPLOYMENT, RoomMoved(old.chat, RoomRef(old.network, new)))])
    stage.befalls("voted", stage.said[name], room=CITY, identity="matrix:@y:x.org", options=(1,))
    assert counts(stage)[CITY].endswith("yes: 3\nno: 1")


def test_a_poll_that_is_taken_back_leaves_no_count() -> None:
    """In any room, its own included; and none comes later."""
    stage, name = polled()
    stage.befalls("voted", stage.said[name], room=FIRE, identity=LIAISON, options=(0,))
    told = counts(stage)
    stage.befalls("voted", stage.said[name], room=FIRE, identity=LIAISON, options=(1,))
    stage.removes.clear()
    stage.befalls("deleted", stage.said[name])
    assert {one.room for one in stage.removes if one.about == f"poll {name}"} == set(told) >= {CITY, FIRE}
    assert not counts(stage)


def test_a_poll_that_is_raised_is_counted_no_more_where_it_may_not_be_seen() -> None:
    """What was told there goes; elsewhere nothing changes."""
    stage, name = polled()
    stage.befalls("voted", stage.said[name], room=FIRE, identity=LIAISON, options=(0,))
    told = counts(stage)
    stage.removes.clear()
    stage.befalls("edited", stage.said[name], spoken=Spoken("[red] Not for all"))
    gone = {one.room for one in stage.removes if one.about == f"poll {name}"}
    assert gone == told.keys() - {CITY}
    stage.befalls("voted", stage.said[name], room=CITY, identity=MAYOR, options=(1,))
    assert counts(stage).keys() <= {CITY, CITY_TELEGRAM}


def test_a_poll_that_asks_for_something_else_is_counted_anew() -> None:
    """Votes for what cannot be chosen any more say nothing of what can."""
    stage, name = polled()
    stage.befalls("voted", stage.said[name], room=FIRE, identity=LIAISON, options=(0,))
    counts(stage)
    stage.befalls("edited", stage.said[name], spoken=Spoken(poll=Poll("Stay?", ("stay", "go"))))
    assert counts(stage)[FIRE].endswith("stay: 0\ngo: 0")


@pytest.mark.parametrize("now", [Poll("Must we stay?", ("yes", "no")), Poll("Evacuate?", ("yes", "no"), several=True)])
def test_the_same_options_of_another_question_are_counted_anew(now: Poll) -> None:
    """A yes to one thing is none to another; nor is one of two choices what it was when there was one."""
    stage, name = polled()
    stage.befalls("voted", stage.said[name], room=FIRE, identity=LIAISON, options=(0,))
    counts(stage)
    stage.befalls("edited", stage.said[name], spoken=Spoken(poll=now))
    assert counts(stage)[FIRE].endswith("yes: 0\nno: 0")


def test_what_is_chosen_under_a_copy_that_was_replaced_counts_no_more() -> None:
    """Whether its network removes it or not: it asked for something else. Under the new one it counts."""
    stage, name = polled()
    stage.befalls("edited", stage.said[name], spoken=Spoken(poll=Poll("Which dike?", ("left", "right"))))
    stage.all_become(name)
    here = [row for row in stage.rows[name] if row.to == FIRE]
    counts(stage)
    for row, told in zip(here, (False, True), strict=True):
        stage.befalls("voted", stage.said[name], room=FIRE, identity=LIAISON, options=(0,), message=row.message)
        stage.befalls("tallied", stage.said[name], room=FIRE, tally=(1, 0), message=row.message)
        assert bool(counts(stage)) is told
    payload = json.dumps({"kind": "delete", "amends": here[1].token}, separators=(",", ":"))
    stage.rows[name].append(replace(here[1], token="d", send="d", payload=payload, state="pending", message=None))
    stage.befalls("voted", stage.said[name], room=FIRE, identity=LIAISON, options=(1,), message=here[1].message)
    assert not counts(stage)


def test_nothing_is_chosen_where_strangers_may_read() -> None:
    """Neither by name nor in numbers; what was chosen there before can be taken back, or is by choosing anew."""
    stage, name = polled()
    for who in (LIAISON, "matrix:@b:x.org"):
        stage.befalls("voted", stage.said[name], room=FIRE, identity=who, options=(0,))
    assert counts(stage)[CITY].endswith("yes: 2\nno: 0")
    stage.apply([Record(DEPLOYMENT, RoomObserved(FIRE, True, False, True, False, False, False, ""))])
    stage.befalls("voted", stage.said[name], room=FIRE, identity="matrix:@eve:x.org", options=(0,))
    stage.befalls("tallied", stage.said[name], room=FIRE, tally=(7, 0))
    assert not counts(stage)
    stage.befalls("voted", stage.said[name], room=FIRE, identity=LIAISON, options=())
    assert counts(stage)[CITY].endswith("yes: 1\nno: 0")
    stage.befalls("voted", stage.said[name], room=FIRE, identity="matrix:@b:x.org", options=(1,))
    assert counts(stage)[CITY].endswith("yes: 0\nno: 0")


def test_a_count_is_short_whatever_the_poll_is() -> None:
    """Every option is one line, and of many those that most chose are told."""
    options = ("yes\n\n🚨 EVACUATE NOW", *(f"{number} {'word ' * 100}" for number in range(19)))
    stage, name = polled(options=options)
    stage.befalls("voted", stage.said[name], room=FIRE, identity=LIAISON, options=(19,))
    _, first, *lines = counts(stage)[CITY].split("\n")
    assert first == "yes 🚨 EVACUATE NOW: 0" and lines[-1] == "… and 8 more"
    assert len(lines) == MOST_OPTIONS and all(len(line) <= LONGEST + 5 for line in lines)
    assert lines[-2].startswith("18 word") and lines[-2].endswith("…: 1")


def test_a_count_waits_for_the_one_before_it() -> None:
    """Where one is on its way there is no second message; what was voted meanwhile follows when it has arrived."""
    stage, name = polled()
    stage.befalls("voted", stage.said[name], room=FIRE, identity=LIAISON, options=(0,))
    before = len(stage.sent)
    stage.fall_due(stage.now + timedelta(seconds=6))
    [first] = [send for send in stage.sent[before:] if send.to == CITY]
    stage.befalls("voted", stage.said[name], room=FIRE, identity=LIAISON, options=(1,))
    assert CITY not in counts(stage)
    token = stage.world.incidents[first.stream].live["poll", f"poll {name}", CITY].send
    row = OutboxRow(token, token, first.stream, CITY, 3, '{"kind":"message"}', f"poll {name}", first.partner)
    stage.happen(Delivery(row, "sent", "c1"))
    assert counts(stage)[CITY].endswith("yes: 0\nno: 1")


def test_a_count_is_held_as_closely_as_the_poll_was() -> None:
    """A new version of the playbook opens the channel to a room: not to votes of before."""
    stage, name = polled()
    [digest] = stage.world.kept
    green = channel_book(("label: {tlp: amber}\n    purpose", "label: {tlp: green}\n    purpose"))
    stage.world = replace(stage.world, kept={digest: green})
    stage.befalls("voted", stage.said[name], room=FIRE, identity=LIAISON, options=(0,))
    told = counts(stage)
    assert AID not in told and FIRE in told


def test_a_poll_that_was_never_to_be_carried_is_not_counted() -> None:
    """Nor do options come out in its count that somebody puts there who may not speak any more."""
    stage = talking()
    stage.speak(CITY, "", SOMEBODY, spoken=Spoken(poll=Poll("Which?", ("secret", "no"))), forwarded="us")
    stage.befalls("voted", stage.last(), room=CITY, identity=MAYOR, options=(0,))
    assert not counts(stage)
    stage, name = polled()
    person = stage.world.who.person(MAYOR)
    assert person is not None
    stage.say(RoomRef("telegram", "501"), f"/revoke {person.id}", "telegram:501", private=True)
    stage.befalls("edited", stage.said[name], spoken=Spoken(poll=Poll("Stay?", ("All out", "no"))))
    stage.befalls("voted", stage.said[name], room=FIRE, identity=LIAISON, options=(0,))
    assert counts(stage)[FIRE].endswith("yes: 1\nno: 0")
