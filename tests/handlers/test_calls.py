"""Ringing those who are silent: who is asked to, what the list says, and what is put on record of each call."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers.callers import ROLE
from playbooks.rooms import RoomRef
from storage.effects import Send
from storage.facts import Acknowledged, CallReported, CallTaken, CommandRefused
from storage.incident import fold
from tests.handlers.border_stage import (
    AID,
    BRANDWEER,
    CITY,
    DESK,
    FIRE,
    HILFE,
    LIAISON,
    MAYOR,
    SOMEBODY,
    opened,
    said,
    to,
)
from tests.handlers.checkin_stage import with_checkins
from tests.handlers.silent_stage import answer, asked, pass_time, silent, steps, watch
from tests.handlers.stage import ADMIN, Stage

CALL = "{after: 7m, do: call}, {after: 30m, do: lead}"
PRIVATE = RoomRef("matrix", "!dm@liaison:x.org")
"""The private chat of the lead's liaison."""


def ringing(*rooms: RoomRef, then: str = CALL) -> Stage:
    """Seven minutes later: somebody is asked to ring those who have it in these rooms."""
    stage = asked(silent(then), *(rooms or (AID, HILFE, BRANDWEER)))
    for one in calls(pass_time(stage, minutes=8)):
        stage.accepted(one)
    return stage


def calls(sent: list[Send]) -> list[Send]:
    """The lists of those to ring."""
    return [one for one in sent if one.role == ROLE]


def tapped(stage: Stage, command: str, who: str = LIAISON, room: RoomRef = PRIVATE) -> Send:
    """Somebody taps; the list as it is then, which the network accepts."""
    sent = stage.say(room, command, who, private=True, via="button")
    [shown] = [one for one in calls(sent) if one.to == room]
    stage.accepted(shown)
    return shown


def taps(send: Send) -> list[str]:
    """What can be tapped."""
    return [tap.command for row in send.taps for tap in row]


def test_a_liaison_of_the_lead_is_asked_in_private_with_the_numbers() -> None:
    """One message that rings, for all of them; it grows by edits."""
    stage = asked(silent(CALL), AID, HILFE)
    first = calls(pass_time(stage, minutes=7, seconds=1))
    assert [(one.to, one.loud) for one in first] == [(PRIVATE, True)]
    stage.accepted(first[0])
    [grown] = calls(pass_time(stage, seconds=4))
    assert grown.body.text == (
        "Please ring those who have not answered A-1 (Evacuate).\n• Aid ☎ +3213\n• Hilfe ☎ +4914"
    )
    assert taps(grown) == ["/call A-1 aid taken", "/call A-1 hilfe taken"] and not grown.loud


def test_whoever_is_on_duty_comes_before_the_liaison_and_coordinators_come_last() -> None:
    """The lead's person on duty; where the lead has nobody, the issuer's; else a coordinator."""
    stage = opened(silent(CALL))
    stage.enrol("telegram:71", "responder", "fire")
    stage.say(RoomRef("telegram", "71"), "/duty take", "telegram:71", private=True)
    asked(None, AID, stage=stage)
    assert calls(pass_time(stage, minutes=8))[0].to == RoomRef("telegram", "71")
    stage = opened(silent(CALL))
    stage.say(DESK, "/revoke " + LIAISON, ADMIN, private=True)
    asked(None, AID, stage=stage)
    assert calls(pass_time(stage, minutes=8))[0].to == DESK


def test_nobody_is_asked_to_ring_their_own_partner() -> None:
    """The lead itself is silent: a coordinator rings it."""
    stage = asked(silent(CALL), FIRE)
    assert [one.to for one in calls(pass_time(stage, minutes=8))] == [DESK]
    assert steps(stage, "fire") == [("call", (str(DESK),), 0)]


def test_who_has_no_number_cannot_be_rung() -> None:
    """The step is passed over, and the next comes at its time."""
    stage = asked(silent(CALL, ('    phone_24h: "+3213"\n', "")), AID)
    assert calls(pass_time(stage, minutes=8)) == [] and steps(stage, "aid") == [("call", (), 0)]
    pass_time(stage, minutes=30)
    assert [do for do, rooms, _ in steps(stage, "aid") if rooms] == ["lead"]


def test_calling_not_reached_offers_the_next_and_reached_asks_what_was_said() -> None:
    """Each tap is a fact, and the list is edited at once."""
    stage = ringing(AID, HILFE)
    shown = tapped(stage, "/call A-1 aid taken")
    assert taps(shown)[:2] == ["/call A-1 aid reached", "/call A-1 aid missed"]
    assert "• Aid ☎ +3213: being rung since 12:0" in shown.body.text
    shown = tapped(stage, "/call A-1 aid missed")
    assert taps(shown) == ["/call A-1 hilfe taken", "/call A-1 aid taken"]
    assert "• Aid ☎ +3213: nobody picked up at 12:0" in shown.body.text
    tapped(stage, "/call A-1 hilfe taken")
    shown = tapped(stage, "/call A-1 hilfe reached")
    assert taps(shown)[:3] == ["/call A-1 hilfe acting", "/call A-1 hilfe seen", "/call A-1 hilfe cannot"]
    assert [type(fact) for fact in (*stage.of(CallTaken), *stage.of(CallReported))] == [CallTaken] * 2 + [
        CallReported
    ] * 2
    emojis = [tap.emoji for row in shown.taps for tap in row]
    assert len(set(emojis)) == len(emojis)


def test_the_answers_to_a_round_are_offered_in_words() -> None:
    """As the partner's own buttons say them; only words of the playbook's own are shown as written."""
    then = "then: [{after: 20m, do: remind}, {after: 25m, do: lead}]"
    calls_then = "answers: [ok, degraded, calm]\n    then: [{after: 20m, do: call}]"
    stage = opened(with_checkins((then, calls_then)))
    stage.say(DESK, "/checkin start hourly", ADMIN, private=True)
    for send in [one for one in stage.sent if one.role == "prompt" and one.to == AID]:
        stage.accepted(send)
    for one in calls(pass_time(stage, minutes=36)):
        stage.accepted(one)
    tapped(stage, "/call C-1 aid taken")
    shown = tapped(stage, "/call C-1 aid reached")
    assert [row[0].label.text for row in shown.taps][:3] == ["Aid: OK", "Aid: Degraded", "Aid: calm"]


def test_what_was_said_on_the_telephone_is_the_partners_answer() -> None:
    """Its silence is over; it reads in its own room what was noted, under its copy; the list ends."""
    stage = ringing(AID)
    tapped(stage, "/call A-1 aid taken")
    tapped(stage, "/call A-1 aid reached")
    before = len(stage.sent)
    shown = tapped(stage, "/call A-1 aid acting")
    assert shown.body.text == "Nobody needs to be rung about A-1 any more. Thank you." and taps(shown) == []
    [answered] = [fact for fact in stage.of(Acknowledged) if isinstance(fact, Acknowledged)]
    assert (answered.partner, answered.choice, answered.via, answered.spoke_with) == ("aid", "acting", "phone", None)
    assert answered.person == stage.world.who.identities[LIAISON]
    [noted] = [one for one in stage.sent[before:] if one.to == AID]
    assert noted.body.text.startswith("Noted for you by telephone, 12:0") and noted.follows is not None
    assert "escalation:A-1:aid" not in stage.pending


def test_a_reached_partner_without_an_answer_is_still_waited_for() -> None:
    """Somebody picked up: that is no answer yet, and the next step comes."""
    stage = ringing(AID)
    tapped(stage, "/call A-1 aid taken")
    tapped(stage, "/call A-1 aid reached")
    pass_time(stage, minutes=30)
    assert [do for do, rooms, _ in steps(stage, "aid") if rooms] == ["call", "lead"]


def test_a_second_tap_and_one_that_comes_too_late_do_no_harm() -> None:
    """The partner answered itself meanwhile: whoever taps is told so."""
    stage = ringing(AID)
    tapped(stage, "/call A-1 aid taken")
    answer(stage, AID)
    sent = stage.say(PRIVATE, "/call A-1 aid missed", LIAISON, private=True, via="button")
    assert any("need not be rung" in one.body.text for one in sent) and stage.of(CallReported) == []


def test_the_calls_survive_a_restart() -> None:
    """Folded again from the facts, the same is being rung."""
    stage = ringing(AID)
    tapped(stage, "/call A-1 aid taken")
    again = fold(None, [kept for kept in stage.facts if kept.stream == "I-1"])
    assert again is not None and again.alerts["A-1"].watches["aid"].calls == watch(stage, "aid").calls != ()


def test_by_phone_the_answer_and_who_gave_it_are_noted() -> None:
    """By the lead, by whoever issued it, and by coordinators in private."""
    for room, who, private in ((FIRE, LIAISON, False), (CITY, MAYOR, False), (DESK, ADMIN, True)):
        stage = asked(silent(CALL), AID)
        words = said(stage, room, "/ack A-1 for aid by phone Anna Peeters acting", who, private=private)
        assert "by telephone: Aid · Acting · A-1" in words
        [fact] = [fact for fact in stage.of(Acknowledged) if isinstance(fact, Acknowledged)]
        assert (fact.via, fact.spoke_with, fact.choice) == ("phone", "Anna Peeters", "acting")
        assert "escalation:A-1:aid" not in stage.pending


def test_who_cannot_act_by_telephone_is_told_the_lead_at_once() -> None:
    """As if it had said so itself."""
    stage = asked(silent(CALL), AID)
    sent = stage.say(CITY, "/ack A-1 for aid by phone Anna cannot", MAYOR)
    assert any("Aid cannot act on A-1" in text for text in to(sent, FIRE))


@pytest.mark.parametrize("words", ["/ack A-1 for aid by phone Anna", "/call A-1 aid reached", "/call A-1"])
def test_others_may_not_speak_for_a_partner(words: str) -> None:
    """They are told who may, and it is on record."""
    stage = ringing(AID, HILFE)
    told = said(stage, HILFE, words, "telegram:900")
    assert "the lead, whoever issued A-1, and coordinators" in told
    assert stage.of(CommandRefused) and not stage.of(Acknowledged) and not stage.of(CallReported)


@pytest.mark.parametrize(
    "words",
    ["/ack A-1 for aid by phone Anna acting", *(f"/call A-1 aid {one}" for one in ("reached", "acting", "taken"))],
)
@pytest.mark.parametrize("room", [FIRE, CITY])
def test_who_only_reads_in_a_room_does_not_speak_for_a_partner(words: str, room: RoomRef) -> None:
    """They are told who may; whoever is on duty may, also without a right to issue."""
    stage = ringing(AID)
    assert room == CITY or "Aid" in said(stage, room, "/call A-1", SOMEBODY)
    told = said(stage, room, words, SOMEBODY)
    assert "by liaisons, officials and coordinators of" in told and "by who is on duty" in told
    assert stage.of(CommandRefused) and not [*stage.of(Acknowledged), *stage.of(CallReported), *stage.of(CallTaken)]
    stage.enrol(SOMEBODY, "responder", "fire" if room == FIRE else "city")
    assert "Not noted" in said(stage, room, words, SOMEBODY)
    stage.say(room, "/duty on", SOMEBODY)
    stage.say(room, words, SOMEBODY)
    assert [*stage.of(Acknowledged), *stage.of(CallReported), *stage.of(CallTaken)]


def test_a_partner_that_nobody_may_know_of_cannot_be_asked_after() -> None:
    """An unlisted one, and one that does not exist, get the same answer."""
    stage = ringing()
    assert said(stage, FIRE, "/call A-1 watchers taken", LIAISON).replace("watchers", "nobody") == said(
        stage, FIRE, "/call A-1 nobody taken", LIAISON
    )


def test_call_alone_shows_what_is_to_be_done_or_says_that_there_is_nothing() -> None:
    """With a tap for each alert about which somebody is to be rung."""
    stage = asked(silent(CALL), AID)
    assert said(stage, FIRE, "/call", LIAISON) == "Nobody has to be rung now."
    pass_time(stage, minutes=8)
    [sent] = stage.say(FIRE, "/call", LIAISON)
    assert taps(sent) == ["/call A-1"]
    assert "• Aid ☎ +3213" in said(stage, FIRE, "/call A-1", LIAISON)


def test_after_an_outage_the_list_says_how_late_it_is() -> None:
    """In words, once."""
    from tests.handlers.silent_stage import outage

    stage = asked(silent(CALL), AID)
    [shown] = calls(outage(stage, minutes=19))
    assert shown.body.text.count("12 minutes late: I was not running.") == 1
    assert stage.now - (watch(stage, "aid").since or stage.now) >= timedelta(minutes=19)
