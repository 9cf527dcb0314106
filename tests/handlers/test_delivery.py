"""What became of messages: recorded, told to whoever must act, and decided again where the decision is too old."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from handlers import addressing, world
from handlers.events import Delivery, NetworkEvent, RoomEvent, Stale
from handlers.world import World
from playbooks.rooms import RoomRef
from storage.deployment import Binding
from storage.effects import Drop, Repeat, Send, Urgency
from storage.facts import (
    CopyHeld,
    MessageDropped,
    MessageRefused,
    MessageSent,
    MessageUnknown,
    NetworkBack,
    NetworkLost,
    RoomObserved,
)
from storage.incident import Incident
from storage.store import OutboxRow
from tests.handlers.border_stage import (
    AID,
    BRANDWEER,
    CITY,
    DESK,
    EVACUATE,
    FIRE,
    FIRE_TELEGRAM,
    HILFE,
    LIAISON,
    MAYOR,
    OFFICER,
    WATCHERS,
    copies,
    issued,
    opened,
    said,
    to,
)
from tests.handlers.stage import Stage


def test_an_arrival_is_recorded_and_told_to_nobody() -> None:
    """The copy is delivered."""
    stage = opened()
    issued(stage)
    row = copies(stage, "A-1")[AID]
    before = len(stage.sent)
    stage.happen(Delivery(row, "sent", message="m1"))
    assert len(stage.of(MessageSent)) == 1 and len(stage.sent) == before
    assert stage.world.incidents["I-1"].alerts["A-1"].copies[row.token].state == "sent"


@pytest.mark.parametrize("became", ["refused", "delayed"])
def test_an_alert_that_does_not_get_through_is_for_the_lead_and_the_coordinators_to_ring(became: str) -> None:
    """With the number; an unlisted partner is not named."""
    stage = opened()
    issued(stage)
    stage.sent.clear()
    stage.happen(Delivery(copies(stage, "A-1")[AID], became, reason="x"))  # type: ignore[arg-type]
    assert any("Aid" in text and "+3213" in text for text in to(stage.sent, FIRE))
    assert any("Aid" in text for text in to(stage.sent, DESK))
    stage.sent.clear()
    stage.happen(Delivery(copies(stage, "A-1")[WATCHERS], became, reason="x"))  # type: ignore[arg-type]
    assert all("watchers" not in send.body.text and "+3299" not in send.body.text for send in stage.sent)


def test_the_room_that_failed_is_not_told_of_its_own_failure() -> None:
    """The lead learns it in its other room."""
    stage = opened()
    issued(stage)
    stage.sent.clear()
    stage.happen(Delivery(copies(stage, "A-1")[FIRE], "refused", reason="x"))
    assert to(stage.sent, FIRE) == [] and to(stage.sent, FIRE_TELEGRAM) != []


def test_what_may_have_arrived_is_repeated_with_a_mark_three_times_and_no_more() -> None:
    """After that a person must ring."""
    stage = opened()
    issued(stage)
    row = copies(stage, "A-1")[AID]
    effects = stage.happen(Delivery(row, "unknown", reason="cut off", repeat="again"))
    repeat = next(effect for effect in effects if isinstance(effect, Repeat))
    assert repeat.send == row.token and "A-1" in repeat.mark.text
    stage.sent.clear()
    last = stage.happen(Delivery(replace(row, again=3), "unknown", reason="cut off", repeat="never"))
    assert not any(isinstance(effect, Repeat) for effect in last) and to(stage.sent, FIRE) != []
    assert len(stage.of(MessageUnknown)) == 2


def test_a_copy_that_waited_too_long_is_dropped_and_somebody_must_ring() -> None:
    """It is not sent when its time is over."""
    stage = opened()
    issued(stage)
    stage.now += timedelta(hours=12)
    effects = stage.happen(Stale(copies(stage, "A-1")[AID], over=True))
    assert any(isinstance(effect, Drop) for effect in effects) and len(stage.of(MessageDropped)) == 1
    assert not any(isinstance(effect, Send) and effect.urgency == Urgency.ALERT for effect in effects)
    told = to(stage.sent, DESK)[-1]
    assert "Aid" in told and "its time was over" in told and "refused" not in told


def test_a_partner_whose_copy_was_taken_back_was_not_shown_the_alert() -> None:
    """Its status does not list it, and its answer is as to an alert that does not exist."""
    stage = opened()
    issued(stage, "/alert count people=12 Mind the numbers")
    row = copies(stage, "A-1")[BRANDWEER]
    stage.now += timedelta(days=40)
    stage.happen(Stale(row, over=False))
    assert not stage.world.incidents["I-1"].alerts["A-1"].shown_to("brandweer")
    assert "A-1" not in said(stage, BRANDWEER, "/status")
    assert said(stage, BRANDWEER, "/ack A-1").replace("A-1", "A-9") == said(stage, BRANDWEER, "/ack A-9")


def test_an_announcement_that_waited_is_decided_again_and_still_told() -> None:
    """A room hears that an incident began, whatever changed meanwhile; an answer to a person asks them to ask again."""
    stage = opened()
    row = OutboxRow("t", "t", "I-1", AID, Urgency.PROMPT, "{}", "I-1", "aid")
    effects = stage.happen(Stale(row, over=False))
    again = [effect for effect in effects if isinstance(effect, Send)]
    assert [send.to for send in again] == [AID] and "I-1" in again[0].body.text
    answer = OutboxRow("u", "u", "I-1", AID, Urgency.ANSWER, "{}", None, "aid")
    effects = stage.happen(Stale(answer, over=False))
    asked = [effect for effect in effects if isinstance(effect, Send)]
    assert [send.to for send in asked] == [AID] and not asked[0].body.shows


def test_a_waiting_copy_is_decided_again_as_things_are_now() -> None:
    """The room is no longer encrypted: the secret goes, the rest stays; only that room is sent to."""
    stage = opened()
    issued(stage, "/alert evacuation action=leave where=Town secret=dam")
    row = copies(stage, "A-1")[CITY]
    stage.happen(RoomEvent("observed", CITY, observed=RoomObserved(CITY, False, True, False, False, False, False, "")))
    effects = stage.happen(Stale(row, over=False))
    again = [effect for effect in effects if isinstance(effect, Send) and effect.urgency == Urgency.ALERT]
    assert [send.to for send in again] == [CITY]
    assert "Leave now." in again[0].body.text and "dam" not in again[0].body.text


@pytest.mark.parametrize(("part", "again", "marked"), [(0, 0, False), (1, 0, True), (0, 1, True)])
def test_a_copy_whose_beginning_was_shown_is_decided_again_with_a_mark(part: int, again: int, marked: bool) -> None:
    """Its first part left, or the whole may have: what goes instead says that it may be a repeat."""
    stage = opened()
    issued(stage, "/alert evacuation action=leave where=Town secret=dam")
    row = replace(copies(stage, "A-1")[CITY], part=part, again=again)
    effects = stage.happen(Stale(row, over=False))
    [text] = [one.body.text for one in effects if isinstance(one, Send) and one.urgency == Urgency.ALERT]
    assert text.startswith("⚠ Possible repeat · A-1\n") is marked and "Leave now." in text


def test_an_announcement_that_may_have_arrived_is_decided_again_with_a_mark() -> None:
    """An answer to a person asks them to ask again, and repeats nothing."""
    stage = opened()
    row = OutboxRow("t", "t", "I-1", AID, Urgency.PROMPT, "{}", "I-1", "aid", part=1)
    [told] = [one.body.text for one in stage.happen(Stale(row, over=False)) if isinstance(one, Send)]
    assert told.startswith("⚠ Possible repeat · I-1\n")
    answer = OutboxRow("u", "u", "I-1", AID, Urgency.ANSWER, "{}", None, "aid", part=1)
    [asked] = [one.body.text for one in stage.happen(Stale(answer, over=False)) if isinstance(one, Send)]
    assert "Possible repeat" not in asked


def test_a_copy_that_may_no_longer_be_shown_is_held() -> None:
    """The agreement ended while it waited: the count is for nobody across the border, and the lead must ring."""
    stage = opened()
    issued(stage, "/alert count people=12 Mind the numbers")
    row = copies(stage, "A-1")[BRANDWEER]
    stage.now += timedelta(days=40)
    stage.sent.clear()
    effects = stage.happen(Stale(row, over=False))
    assert not any(isinstance(effect, Send) and effect.urgency == Urgency.ALERT for effect in effects)
    held = stage.of(CopyHeld)[-1]
    assert isinstance(held, CopyHeld) and (held.partner, held.reason) == ("brandweer", "agreement")
    assert any("Brandweer" in text for text in to(stage.sent, FIRE))


def test_danger_that_ended_takes_back_what_it_had_opened() -> None:
    """What waited for Hilfe in danger is decided without it."""
    stage = opened()
    stage.say(FIRE, "/danger a dyke broke", LIAISON)
    stage.say(CITY, "/alert talk Gather at once", MAYOR)
    stage.say(CITY, "/draft D-1 send", OFFICER)
    row = copies(stage, "A-1")[HILFE]
    stage.say(FIRE, "/danger off", LIAISON)
    effects = stage.happen(Stale(row, over=False))
    assert not any(isinstance(effect, Send) and effect.to == HILFE for effect in effects)


def copy_for(stage: Stage, room: RoomRef) -> Send:
    """The last copy of an alert to a room."""
    return [send for send in stage.sent if send.to == room and send.urgency == Urgency.ALERT][-1]


def test_a_copy_leaves_before_the_agreement_ends_that_cleared_it_and_is_decided_again_after() -> None:
    """The pact ends at midnight in Brussels: across the border the words of yesterday go no more, and the rest still does."""
    stage = opened()
    stage.now = stage.now.replace(month=6, day=30, hour=23, minute=50)
    midnight = stage.now.replace(month=7, day=1, hour=0, minute=0, second=0)
    issued(stage, f"{EVACUATE} The quay")
    first = copy_for(stage, BRANDWEER)
    assert "The quay" in first.body.text and first.not_after == midnight - timedelta(microseconds=1)
    expires = stage.world.incidents["I-1"].alerts["A-1"].fact.expires
    assert {copy_for(stage, room).not_after for room in (CITY, FIRE, AID, HILFE)} == {expires}
    row = replace(copies(stage, "A-1")[BRANDWEER], not_after=first.not_after)
    stage.now = midnight
    stage.sent.clear()
    effects = stage.happen(Stale(row, over=True))
    assert isinstance(effects[0], Drop) and effects[0].reason == "decided again"
    again = copy_for(stage, BRANDWEER)
    assert "Leave now." in again.body.text and "The quay" not in again.body.text and again.not_after == expires


def test_what_was_cleared_in_danger_is_decided_again_when_the_danger_is_over() -> None:
    """However late the bot learns it: nothing that only danger had opened leaves afterwards, and the lead must ring."""
    stage = opened()
    stage.say(FIRE, "/danger a dyke broke", LIAISON)
    danger = stage.world.incidents["I-1"].danger
    assert danger is not None
    stage.say(CITY, "/alert talk Gather at once", MAYOR)
    stage.say(CITY, "/draft D-1 send", OFFICER)
    assert copy_for(stage, HILFE).not_after == danger.until - timedelta(microseconds=1)
    stage.now = danger.until
    stage.sent.clear()
    stage.happen(Stale(copies(stage, "A-1")[HILFE], over=True))
    assert to(stage.sent, HILFE) == [] and any("Hilfe" in text for text in to(stage.sent, FIRE))
    held = stage.of(CopyHeld)[-1]
    assert isinstance(held, CopyHeld) and held.partner == "hilfe"


def test_deciding_one_waiting_copy_again_looks_at_its_partner_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a thousand waiting copies would ask about a thousand partners each."""
    stage = opened()
    issued(stage)
    row = copies(stage, "A-1")[AID]
    asked: list[str] = []
    rooms_for = world.rooms_for

    def counted(world: World, incident: Incident, partner: str, use: str) -> tuple[Binding, ...]:
        asked.append(partner)
        return rooms_for(world, incident, partner, use)

    monkeypatch.setattr(addressing, "rooms_for", counted)
    stage.happen(Stale(row, over=False))
    assert asked == ["aid"] and copy_for(stage, AID).partner == "aid"


def test_nobody_learns_that_a_message_did_not_reach_a_partner_they_may_not_know() -> None:
    """Not even that somebody was not reached; of a listed partner they do."""
    stage = opened()
    issued(stage)
    stage.sent.clear()
    stage.happen(Delivery(copies(stage, "A-1")[WATCHERS], "refused", reason="kicked"))
    assert stage.sent == []


def test_a_network_that_fails_and_returns_is_told_once_to_coordinators() -> None:
    """Over the other network; a second report of the same is none."""
    stage = opened()
    for _ in range(2):
        stage.happen(NetworkEvent("matrix", "lost", "refused"))
    assert len(stage.of(NetworkLost)) == 1 and len(to(stage.sent, DESK)) == 1
    for _ in range(2):
        stage.happen(NetworkEvent("matrix", "back"))
    assert len(stage.of(NetworkBack)) == 1 and len(to(stage.sent, DESK)) == 2
    stage.happen(NetworkEvent("telegram", "lost", "refused"))
    assert len(to(stage.sent, DESK)) == 2


def test_a_refusal_is_recorded_with_its_reason() -> None:
    """And the copy is refused in the incident."""
    stage = opened()
    issued(stage)
    row = copies(stage, "A-1")[AID]
    stage.happen(Delivery(row, "refused", reason="kicked", gone=True))
    refused = stage.of(MessageRefused)[0]
    assert isinstance(refused, MessageRefused) and refused.reason == "kicked"
    assert AID in stage.world.who.lost


def test_a_preview_that_waited_is_shown_as_things_are_now() -> None:
    """Its author sees what would leave now, with the buttons."""
    stage = opened()
    stage.say(CITY, "/alert evacuation action=leave where=Town", MAYOR)
    row = OutboxRow("t", "t", "I-1", CITY, Urgency.PROMPT, "{}", "D-1", "city")
    effects = stage.happen(Stale(row, over=False))
    shown = [effect for effect in effects if isinstance(effect, Send)]
    assert [send.to for send in shown] == [CITY]
    assert "D-1" in shown[0].body.text and any("send" in tap.command for line in shown[0].taps for tap in line)


@pytest.mark.parametrize("about", ["playbook", "anything else", "A-1"])
def test_a_message_of_unknown_fate_is_repeated_whatever_it_is_about(about: str) -> None:
    """New rules, for instance, have no short id: the mark names none then."""
    stage = opened()
    row = OutboxRow("t", "t", "I-1", AID, Urgency.PROMPT, "{}", about, "aid")
    effects = stage.happen(Delivery(row, "unknown", reason="cut off", repeat="again"))
    repeat = next(effect for effect in effects if isinstance(effect, Repeat))
    assert repeat.mark.text == ("⚠ Possible repeat · A-1" if about == "A-1" else "⚠ Possible repeat")
    assert len(stage.of(MessageUnknown)) == 1
