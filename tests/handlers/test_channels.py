"""Which rooms a channel joins."""

from __future__ import annotations

from handlers.channels import out, seat, seats
from handlers.events import RoomEvent
from storage.facts import RoomObserved
from tests.handlers.border_stage import (
    AID,
    BRANDWEER,
    CITY,
    CITY_TELEGRAM,
    FIRE,
    FIRE_TELEGRAM,
    HILFE,
    NOWHERE,
    WATCHERS,
)
from tests.handlers.talk_stage import talking


def test_a_channel_joins_the_rooms_that_are_for_it_of_the_partners_it_means() -> None:
    """A room that is for something else is not in it, nor one whose partner is no member."""
    stage = talking(("members: everyone", "members: {kind: [fire, municipality]}"))
    incident = stage.world.incidents["I-1"]
    found = {one.room for one in seats(stage.world, incident, "ops", stage.now)}
    assert found == {CITY, CITY_TELEGRAM, FIRE, FIRE_TELEGRAM, BRANDWEER}
    assert seat(stage.world, AID, stage.now) is None and seat(stage.world, NOWHERE, stage.now) is None
    here = seat(stage.world, FIRE, stage.now)
    assert here is not None and (here[0].id, here[1].partner, here[1].channels) == ("I-1", "fire", ("ops",))


def test_without_members_of_that_kind_everybody_is_in_it() -> None:
    """Those who may read nothing of it included: that is for the rule of sight to say, room by room."""
    stage = talking()
    found = {one.room for one in seats(stage.world, stage.world.incidents["I-1"], "ops", stage.now)}
    assert found == {CITY, CITY_TELEGRAM, FIRE, FIRE_TELEGRAM, BRANDWEER, AID, HILFE, WATCHERS}


def test_each_reason_for_being_out_is_told_apart() -> None:
    """What was changed cannot be trusted again, whatever else is so; what nobody has looked at is in."""
    stage = talking()
    assert out(stage.world, NOWHERE) is None
    for traits, reason in (
        ((True, False, False, False), "tampered"),
        ((False, True, False, False), "world-readable"),
        ((False, False, True, False), "open"),
        ((False, False, False, True), "public"),
        ((True, True, True, True), "tampered"),
        ((False, False, False, False), None),
    ):
        observed = RoomObserved(FIRE, True, *traits, False, "")
        stage.happen(RoomEvent("observed", FIRE, observed=observed))
        assert out(stage.world, FIRE) == reason
