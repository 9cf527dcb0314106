"""Nobody is called away again and again: loud once a minute, the same question once, six in five minutes; help always comes through."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storage import incident as incidents
from storage.facts import Acknowledged, CommandRefused, Objected, ReportMade
from tests.handlers.border_stage import AID, BRANDWEER, CITY, CITY_TELEGRAM, FIRE, HILFE, LIAISON, issued, opened, to
from tests.handlers.exercise_stage import CHECKIN
from tests.handlers.stage import Stage, shipped
from tests.playbooks.border import border

STRANGER, OTHER = "telegram:31337", "telegram:31338"


def refused(stage: Stage) -> list[str]:
    """The commands that were held back, as the log has them."""
    return [f.command for f in stage.of(CommandRefused) if isinstance(f, CommandRefused) and f.reason == "too-often"]


def test_the_same_question_is_asked_once() -> None:
    """Thirty times the same question reach those who are asked once; whoever asks reads when that was, and whom to ring."""
    stage = opened()
    first = stage.say(AID, "/ask evacuation", STRANGER)
    assert [send.loud for send in first if send.to == CITY] == [True]
    for _ in range(29):
        again = stage.say(AID, "/ask evacuation", OTHER)
    assert [(send.to, send.body.text) for send in again] == [
        (AID, "Already asked, 12:00.\nIf it is urgent, please ring: City & Sons <town hall> ☎ +3210")
    ]
    stage.now += timedelta(minutes=6)
    assert to(stage.say(AID, "/ask evacuation", STRANGER), CITY)


def test_what_was_written_is_asked_for_once_and_its_change_again() -> None:
    """The same words wait for one answer; other words are another request, silent within the minute."""
    stage = opened()

    def ask(words: str) -> list[tuple[bool, str]]:
        stage.say(AID, f"/alert evacuation action=leave where=Town what={words}", STRANGER)
        drafts = stage.world.incidents["I-1"].drafts
        sent = stage.say(AID, f"/ask {list(drafts)[-1]}", STRANGER)
        return [(send.loud, send.body.text.split("\n")[0]) for send in sent if send.to in (CITY, AID)]

    assert ask("smoke")[0][0] is True
    assert ask("smoke") == [(False, "Already asked, 12:00: Q-1.")]
    told = ask("fire")
    assert told[0][0] is False
    assert "Q-2" in told[0][1]
    assert stage.world.incidents["I-1"].requests.keys() == {"Q-1", "Q-2"}


def test_reports_are_loud_once_a_minute_and_six_in_five() -> None:
    """The second report of a minute is silent, the next minute's is loud, the seventh of five minutes is not sent, on record."""
    stage = opened()
    loud = []
    for number in range(7):
        sent = stage.say(AID, f"/report M=yes E=Town T=fire{number}", STRANGER)
        loud.append([send.loud for send in sent if send.to == FIRE])
    assert loud == [[True], [False], [False], [False], [False], [False], []]
    assert "please ring: Fire ☎ +3211" in sent[-1].body.text
    assert refused(stage) == ["/report"]
    assert len(stage.of(ReportMade)) == 6
    assert [send.loud for send in stage.say(AID, "/report M=yes E=Town T=more", OTHER) if send.to == FIRE] == [False]
    stage.now += timedelta(minutes=5)
    assert [send.loud for send in stage.say(AID, "/report M=yes E=Town T=new", STRANGER) if send.to == FIRE] == [True]


def test_reports_before_there_is_an_incident_are_restrained_too() -> None:
    """With the deployment alone the same holds, and a restart knows of it: it is in what the facts add up to."""
    stage = Stage.set(shipped())
    room = next(b.room for b in stage.world.who.bindings.values() if b.partner != "police")
    for number in range(8):
        stage.say(room, f"/report M=yes E=Quay T=fire{number}", STRANGER)
    assert len(stage.world.who.stirs) == 6
    assert refused(stage) == ["/report", "/report"]


def test_an_answer_is_counted_for_each_alert_and_acting_is_never_held_back() -> None:
    """After six changes of mind the lead is not told again; that a partner acts is heard all the same."""
    stage = opened()
    alert = issued(stage)
    for _ in range(5):
        stage.say(AID, f"/ack {alert} cannot", STRANGER)
        stage.say(AID, f"/ack {alert} undo", STRANGER)
    assert set(refused(stage)) == {"/ack"}
    other = issued(stage)
    stage.say(AID, f"/ack {other} cannot", STRANGER)
    stage.say(AID, f"/ack {alert} acting", STRANGER)
    last = [fact for fact in stage.of(Acknowledged) if isinstance(fact, Acknowledged)][-2:]
    assert [(fact.alert, fact.choice) for fact in last] == [(other, "cannot"), (alert, "acting")]


def test_objections_and_offers_stop_at_six() -> None:
    """Objections of one person, and a lead that is offered and taken back, come to others six times in five minutes."""
    stage = opened()
    alert = issued(stage)
    for number in range(10):
        stage.say(AID, f"/object {alert} no {number}", STRANGER)
    assert len(stage.of(Objected)) == 6
    start = len(stage.sent)
    for _ in range(10):
        stage.say(FIRE, "/handover city", LIAISON)
        stage.say(FIRE, "/handover off", LIAISON)
    offered = [send for send in stage.sent[start:] if send.to == CITY_TELEGRAM]
    assert sum(send.loud for send in offered) == 1
    assert len(offered) <= 12


@pytest.mark.parametrize("command", ["/checkin help", "/safe help"])
def test_a_call_for_help_is_never_held_back(command: str) -> None:
    """Every one reaches the lead; after the first of a minute without a sound, and aloud again a minute later."""
    stage = opened(border(("alerts:\n", CHECKIN + "alerts:\n")))
    stage.say(FIRE, "/checkin start hourly", LIAISON)
    stage.say(FIRE, "/rollcall all", LIAISON)
    heard = []
    for number in range(12):
        sent = stage.say(AID, f"{command} {number}", STRANGER)
        heard.append([send.loud for send in sent if send.to == FIRE])
    assert heard == [[True], *([[False]] * 11)]
    stage.now += timedelta(minutes=1)
    assert [send.loud for send in stage.say(AID, f"{command} now", STRANGER) if send.to == FIRE] == [True]


def test_one_partner_does_not_silence_another() -> None:
    """What a partner caused does not take the sound from what the next one has to say."""
    stage = opened()
    stage.say(AID, "/report M=yes E=Town T=fire", STRANGER)
    assert [send.loud for send in stage.say(CITY, "/report M=yes E=Town T=fire", OTHER) if send.to == FIRE] == [True]
    assert {BRANDWEER, HILFE}.isdisjoint({send.to for send in stage.sent if send.loud})


def test_a_restart_knows_who_asked_what() -> None:
    """Folded again from the facts, the incident restrains as before."""
    stage = opened()
    stage.say(AID, "/ask evacuation", STRANGER)
    stage.say(AID, "/report M=yes E=Town T=fire", STRANGER)
    stage.say(FIRE, "/handover city", LIAISON)
    stage.say(FIRE, "/handover off", LIAISON)
    again = incidents.fold(None, [kept for kept in stage.facts if kept.stream == "I-1"])
    assert again is not None
    assert again.stirs == stage.world.incidents["I-1"].stirs
    assert [one.kind for one in again.stirs] == ["ask", "report", "handover", "handover"]
    assert again.stirs[2].about == again.stirs[3].about
