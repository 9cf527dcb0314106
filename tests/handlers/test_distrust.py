"""A room that cannot be trusted any more: who is told, what to do, and that it is said once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handlers.events import Resolved, RoomEvent
from handlers.texts import available
from playbooks.rooms import RoomRef
from storage.effects import Send
from storage.facts import DEPLOYMENT, RoomObserved, TalkResumed, TalkStopped
from tests.handlers.border_stage import (
    AID,
    BRANDWEER,
    CITY,
    CITY_TELEGRAM,
    DESK,
    FIRE,
    LIAISON,
    MAYOR,
    NOWHERE,
    WATCHERS,
    to,
)
from tests.handlers.talk_stage import TalkStage, rooms_of, talking

SOUND = RoomObserved(CITY, True, False, False, False, False, False, "Town hall <b>")
REASONS: dict[str, dict[str, Any]] = {
    "tampered": {"tampered": True},
    "world-readable": {"world_readable": True},
    "open": {"open_join": True},
    "public": {"public": True},
}


def observe(stage: TalkStage, room: RoomRef = CITY, **changes: Any) -> list[Send]:
    """A network says what a room is like now; what is sent in consequence."""
    before = len(stage.sent)
    stage.happen(
        RoomEvent("observed", room, observed=replace(SOUND, room=room, encrypted=room.network == "matrix", **changes))
    )
    return stage.sent[before:]


@pytest.mark.parametrize("reason", REASONS)
def test_a_room_that_is_out_is_told_of_with_what_to_do(reason: str) -> None:
    """Its partner in its other rooms, the coordinators with the number; the room itself reads that, and no more."""
    stage = talking()
    sent = observe(stage, **REASONS[reason])
    assert rooms_of(sent) == {CITY, CITY_TELEGRAM, DESK}
    stopped = stage.of(TalkStopped)
    assert [(one.room, one.partner, one.reason) for one in stopped] == [(CITY, "city", reason)]  # type: ignore[attr-defined]
    (here,), (own,), (desk,) = to(sent, CITY), to(sent, CITY_TELEGRAM), to(sent, DESK)
    assert here == "This room is not private any more, so Tocsin carries nothing into it and nothing out of it."
    assert own.startswith("Your room #city:x.org is cut off from Operations.\n")
    assert desk.startswith("The room of City & Sons <town hall> (#city:x.org) is cut off from Operations.\n")
    assert own.partition("\n")[2] in desk and "+3210" in desk and "Town hall" not in own + desk
    assert ("/bind city" in own) is (reason == "tampered")
    assert all(send.stream == DEPLOYMENT for send in sent if send.to == CITY), "it names no incident"


def test_the_same_is_not_told_twice() -> None:
    """A new title changes nothing, another reason does."""
    stage = talking()
    assert observe(stage, open_join=True)
    before = len(stage.sent)
    stage.happen(RoomEvent("observed", CITY, observed=replace(SOUND, open_join=True, title="New")))
    assert len(stage.sent) == before
    assert "read it from outside" in to(observe(stage, world_readable=True), DESK)[0]


def test_a_room_that_is_sound_again_comes_back() -> None:
    """The same people learn it in one line each; and nothing is carried before that."""
    stage = talking()
    observe(stage, open_join=True)
    assert CITY not in rooms_of(stage.speak(FIRE, "The dike holds", LIAISON))
    sent = observe(stage)
    assert rooms_of(sent) == {CITY, CITY_TELEGRAM, DESK}
    assert all("\n" not in send.body.text for send in sent)
    assert to(sent, DESK) == ["The room of City & Sons <town hall> (#city:x.org) is connected to Operations again."]
    assert len(stage.of(TalkResumed)) == 1 and not stage.world.incidents["I-1"].talk_stopped
    assert not observe(stage)


def test_a_room_that_was_out_for_long_learns_what_it_missed() -> None:
    """Ten minutes one remembers; after that it is told the last of it, and only what was said meanwhile."""
    stage = talking()
    stage.speak(FIRE, "Before", LIAISON)
    stage.now += timedelta(minutes=1)
    observe(stage, open_join=True)
    stage.now += timedelta(minutes=2)
    stage.speak(FIRE, "The dike holds", LIAISON)
    stage.now += timedelta(minutes=9)
    told = to(observe(stage), CITY)
    assert len(told) == 2 and told[1].startswith("Operations, meanwhile:\n") and "The dike holds" in told[1]
    assert "Before" not in told[1]


def test_a_partner_without_another_room_is_told_through_its_liaisons() -> None:
    """Those on duty, if any are; not in the room that anybody may read."""
    stage = talking()
    for number in ("601", "602"):
        stage.enrol(f"telegram:{number}", "liaison", "aid")
    first, second = (RoomRef("telegram", number) for number in ("601", "602"))
    assert rooms_of(observe(stage, AID, public=True)) == {AID, first, second, DESK}
    observe(stage, AID)
    stage.say(second, "/duty take", "telegram:602", private=True)
    sent = observe(stage, AID, public=True)
    assert rooms_of(sent) == {AID, second, DESK}
    assert "Your room Telegram is cut off" in to(sent, second)[0]


def test_coordinators_learn_nothing_of_whom_they_may_not_know() -> None:
    """An unlisted partner is told itself."""
    stage = talking()
    stage.enrol("telegram:603", "liaison", "watchers")
    assert rooms_of(observe(stage, WATCHERS, public=True)) == {WATCHERS, RoomRef("telegram", "603")}


def test_rooms_that_are_in_no_channel_are_not_told_of() -> None:
    """Neither a room of nobody, nor where no incident is open."""
    stage = talking()
    assert not observe(stage, NOWHERE, public=True)
    stage.world = replace(stage.world, incidents={})
    assert not observe(stage, BRANDWEER, open_join=True)


def test_an_incident_that_begins_tells_of_rooms_that_are_out_already() -> None:
    """Once, in one message to the coordinators; the next observation of the same is no news."""
    stage = talking()
    stage.world = replace(stage.world, incidents={})
    observe(stage, BRANDWEER, open_join=True)
    observe(stage, FIRE, world_readable=True)
    sent = stage.say(CITY, "/activate border", MAYOR)
    desk = [text for text in to(sent, DESK) if "cut off" in text]
    assert len(desk) == 1 and "Brandweer" in desk[0] and "Fire" in desk[0]
    assert len(stage.of(TalkStopped)) == 2
    assert sum("not private" in text for text in to(sent, BRANDWEER)) == 1
    assert not stage.happen(RoomEvent("observed", NOWHERE, observed=None))
    stage.happen(RoomEvent("observed", BRANDWEER, observed=replace(SOUND, room=BRANDWEER, open_join=True, title="x")))
    assert len(stage.of(TalkStopped)) == 2


def test_two_incidents_in_the_same_rooms_tell_it_once() -> None:
    """Both have it on record."""
    stage = talking()
    stage.say(CITY, "/activate +border", MAYOR)
    sent = observe(stage, open_join=True)
    assert len(stage.of(TalkStopped)) == 2
    assert len(to(sent, DESK)) == len(to(sent, CITY)) == len(to(sent, CITY_TELEGRAM)) == 1


def test_a_room_that_moves_is_sound_once_it_has_been_observed() -> None:
    """A new room under the old address is how one comes back from tampering."""
    stage = talking()
    observe(stage, tampered=True)
    new = RoomRef("matrix", "!new:x.org")
    stage.happen(RoomEvent("moved", CITY, moved_to=new))
    assert set(stage.world.incidents["I-1"].talk_stopped) == {new}
    sent = observe(stage, new)
    assert not stage.world.incidents["I-1"].talk_stopped and "again" in to(sent, DESK)[-1]


@pytest.mark.parametrize("language", available())
@pytest.mark.parametrize("reason", REASONS)
def test_it_is_said_in_every_language(reason: str, language: str) -> None:
    """With the room, the channel and what to do."""
    stage = talking()
    stage.world = replace(
        stage.world,
        who=replace(stage.world.who, languages={str(CITY_TELEGRAM): language, str(CITY): language}),
    )
    sent = observe(stage, **REASONS[reason])
    own = to(sent, CITY_TELEGRAM)[-1]
    assert "#city:x.org" in own and ("Opérations" if language == "fr" else "Operations") in own
    assert "{" not in own and own.count("\n") == 1
    assert language == "en" or ("cut off" not in own and "private" not in to(sent, CITY)[-1])


def test_a_room_that_is_bound_and_cannot_be_trusted_is_told_of_at_once() -> None:
    """It gets no recap, and nobody believes that it takes part."""
    stage = talking()
    stage.speak(FIRE, "The dike holds", LIAISON)
    bindings = {key: one for key, one in stage.world.who.bindings.items() if one.room != BRANDWEER}
    stage.world = replace(stage.world, who=replace(stage.world.who, bindings=bindings))
    observe(stage, BRANDWEER, open_join=True)
    before = len(stage.sent)
    stage.happen(Resolved("matrix", (("matrix:#brandweer:x.org", BRANDWEER),)))
    sent = stage.sent[before:]
    assert "Anybody can join it" in to(sent, DESK)[0] and "dike" not in str(to(sent, BRANDWEER))
    assert len(to(sent, BRANDWEER)) == 1
