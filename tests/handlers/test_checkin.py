"""Answers to check-ins: buttons, words in any language, replies; help, late answers, and what others read of all that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers import due
from handlers.checkin_words import answer_in, raised_in
from handlers.events import Stale
from playbooks.rooms import RoomRef
from storage.effects import Urgency
from storage.facts import CheckinAnswered, CheckinOverdue, Disclosed
from storage.store import Deadline, OutboxRow
from tests.examples import examples
from tests.handlers.border_stage import (
    AID,
    BRANDWEER,
    CITY,
    CITY_TELEGRAM,
    DESK,
    FIRE,
    FIRE_TELEGRAM,
    HILFE,
    MAYOR,
    SOMEBODY,
    WATCHERS,
    said,
    to,
)
from tests.handlers.checkin_stage import CHIEF, MEDIC, accepted, begun, card, prompts, with_checkins
from tests.handlers.stage import ADMIN, Stage

NAMES = ("ok", "degraded", "help")


def asked(*changes: tuple[str, str], more: tuple[tuple[str, str], ...] = ()) -> Stage:
    """A round that everybody was asked in, and that every network took."""
    stage = begun(with_checkins(*changes, more=more))
    stage.say(FIRE, "/checkin start hourly", CHIEF)
    accepted(stage, prompts(stage))
    return stage


def answers(stage: Stage) -> list[tuple[str, str, str | None]]:
    """Every answer on the record: whose, which, with which words."""
    return [(f.partner, f.answer, f.words) for f in stage.of(CheckinAnswered)]  # type: ignore[attr-defined]


# --- how one answers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("ok", ("ok", "")),
        ("OK.", ("ok", "")),
        ("✅", ("ok", "")),
        ("Dégradé : pompes en panne", ("degraded", "pompes en panne")),
        ("hulp, twee boten", ("help", "twee boten")),
        ("À l’aide!\ndeux bateaux", ("help", "deux bateaux")),
        ("tout va bien ici", ("ok", "ici")),
        ("2", ("degraded", "")),
        ("2 boats", None),
        ("okra", None),
        ("not ok", None),
        ("", None),
    ],
)
def test_what_people_write_is_understood(words: str, expected: tuple[str, str] | None) -> None:
    """In whichever language, with signs and accents, and with what they say besides; never a word that only begins alike."""
    assert answer_in(words, NAMES) == expected


def test_a_raised_colour_stands_before_the_words() -> None:
    """In any case, before or after the answer; other brackets are words."""
    assert raised_in("[RED] ok") == ("red", "ok")
    assert raised_in("[amber+strict]two") == ("amber+strict", "two")
    assert raised_in("[sic] ok") == (None, "[sic] ok")
    stage = asked()
    stage.say(AID, "/checkin degraded [red] the pump", MEDIC)
    [fact] = stage.of(CheckinAnswered)
    assert isinstance(fact, CheckinAnswered)
    assert (fact.answer, fact.words, fact.raised) == ("degraded", "the pump", "red")


def test_every_way_of_answering_is_one_answer() -> None:
    """A button, a reply, a command with or without the number, the name of the check-in, a word in private."""
    stage = asked()
    [question] = prompts(stage, AID)
    assert said(stage, AID, "/checkin C-1 ok", MEDIC, via="button", about=stage.about(question)).startswith("Noted")
    stage.say(AID, "degraded the lift", MEDIC, via="reply", about=stage.about(question))
    stage.say(AID, "/checkin hourly ok", MEDIC)
    stage.say(AID, "/checkin degraded", MEDIC)
    stage.enrol("telegram:77", "responder", "hilfe")
    stage.say("telegram:77", "alles ok", "telegram:77", private=True)
    expected = [("aid", "ok", None), ("aid", "degraded", "the lift"), ("aid", "ok", None), ("aid", "degraded", None)]
    assert answers(stage) == [*expected, ("hilfe", "ok", None)]
    assert stage.world.incidents["I-1"].rounds["C-1"].watches["aid"].ended == "answered"


def test_words_between_people_answer_nothing() -> None:
    """What is said in a room without a reply to us is not for us; nor is anything in private when nothing waits."""
    stage = asked()
    assert stage.say(AID, "ok", MEDIC) == []
    stage.enrol("telegram:77", "responder", "hilfe")
    stage.say(HILFE, "/checkin ok", "telegram:77")
    assert stage.say("telegram:77", "ok", "telegram:77", private=True) == []


def test_a_second_tap_says_nothing_and_a_second_person_counts() -> None:
    """Doubled taps are one answer; a colleague's is their own."""
    stage = asked()
    stage.say(AID, "/checkin C-1 ok", MEDIC, via="button")
    assert stage.say(AID, "/checkin C-1 ok", MEDIC, via="button") == []
    assert said(stage, AID, "/checkin C-1 ok", MEDIC).startswith("Already noted: C-1 · OK")
    assert said(stage, AID, "/checkin C-1 ok", "telegram:15").startswith("Noted")
    assert len(answers(stage)) == 2


def test_what_is_no_answer_is_asked_about() -> None:
    """The answers are offered, with the words where they fit on a button."""
    stage = asked()
    sent = stage.say(AID, "/checkin C-1 pumps out", MEDIC)
    assert to(sent, AID) == ["C-1: which is it, OK · Degraded · Need help? Begin with one of these, then say more."]
    assert sent[0].taps[0][1].command == "/checkin C-1 degraded pumps out"
    assert all(len(tap.command.encode()) <= 64 for tap in stage.say(AID, f"/checkin {'x ' * 60}", MEDIC)[0].taps[0])
    assert said(stage, AID, "/checkin C-9 ok", MEDIC) == "There is no round C-9 here."


def test_several_rounds_are_told_apart() -> None:
    """Asked in two, one says which; without arguments both are shown with their buttons."""
    stage = asked()
    stage.say(FIRE, "/checkin start morning", CHIEF)
    sent = stage.say(AID, "/checkin help", MEDIC)
    assert to(sent, AID) == ["Which one? Write its id with your answer: C-1, C-2."]
    assert [row[0].command for row in sent[0].taps] == ["/checkin C-1 help", "/checkin C-2 help"]
    alone = stage.say(AID, "/checkin", MEDIC)
    assert [tap.command for row in alone[0].taps for tap in row][3] == "/checkin C-2 ready"
    assert "Good morning?" in alone[0].body.text


def test_those_who_were_not_asked_are_not_counted() -> None:
    """Nothing waits for the city in a round of the fire services, and a stranger's chat answers nothing."""
    stage = begun()
    stage.say(FIRE, "/checkin start morning", CHIEF)
    assert said(stage, CITY, "/checkin ok", MAYOR) == "No check-in waits for your answer."
    assert said(stage, DESK, "/checkin ok", ADMIN, private=True).startswith("This chat belongs to no partner")
    assert answers(stage) == []


# --- late ----------------------------------------------------------------------------------------------------------------


def test_after_its_time_or_after_the_next_began_an_answer_is_late() -> None:
    """It is kept, and counted as late."""
    stage = asked()
    stage.now += timedelta(minutes=15)
    assert "late" in said(stage, AID, "/checkin ok", MEDIC)
    question = prompts(stage, HILFE)[0]
    stage.say(FIRE, "/checkin start hourly again", CHIEF)
    stage.say(HILFE, "ok", "telegram:15", via="reply", about=stage.about(question))
    first, second = stage.world.incidents["I-1"].rounds.values()
    assert [first.answers[p][0].late for p in ("aid", "hilfe")] == [True, True]
    assert second.answers == {}
    assert "2 late" in said(stage, DESK, "/checkin C-1", ADMIN, private=True)


def test_in_time_nothing_is_late() -> None:
    """A second before the time is up."""
    stage = asked()
    stage.now += timedelta(minutes=14, seconds=50)
    assert "late" not in said(stage, AID, "/checkin ok", MEDIC)


def test_without_a_time_nothing_is_late_until_it_ends() -> None:
    """A round without `within`."""
    stage = begun()
    stage.say(FIRE, "/checkin start morning", CHIEF)
    stage.now += timedelta(hours=20)
    assert "late" not in said(stage, AID, "/checkin tired", MEDIC)
    assert not stage.of(CheckinOverdue)


# --- help ----------------------------------------------------------------------------------------------------------------


def test_help_reaches_the_lead_at_once_and_loudly() -> None:
    """In all its rooms, with the number; whoever asked learns that, and what they need follows as a reply."""
    stage = asked()
    sent = stage.say(AID, "/checkin help", MEDIC)
    news = [send for send in sent if send.to in (FIRE, FIRE_TELEGRAM)]
    assert {send.to for send in news} == {FIRE, FIRE_TELEGRAM}
    assert all(send.loud and send.body.text == "🆘 Aid needs help (C-1, 12:00). ☎ +3213" for send in news)
    own = sent[-1]
    assert (
        own.body.text
        == "Noted 12:00: Aid · Need help · C-1\nTold at once: Fire.\nWhat do you need? Reply to this message."
    )
    more = stage.say(AID, "Two boats", MEDIC, via="reply", about=stage.about(own))
    assert to(more, FIRE) == ["🆘 Aid needs help (C-1, 12:00). ☎ +3213\nTwo boats"]
    stage.say(AID, "and a doctor", MEDIC, via="reply", about=stage.about(own))
    assert stage.sent[-2].body.text.endswith("Two boats\n│ and a doctor")
    stage.say(AID, "ok", MEDIC, via="reply", about=stage.about(own))
    assert answers(stage)[-1] == ("aid", "ok", None)
    assert "Two boats" not in card(stage, "C-1", FIRE)


def test_where_no_lead_may_be_shown_it_they_are_told_to_ring() -> None:
    """Too secret for the lead's rooms, or the lead is a neighbour without an agreement: no silence that looks like help."""
    stage = asked()
    sent = stage.say(AID, "/checkin [red] help mines", MEDIC)
    assert [send.to for send in sent] == [AID]
    assert "I may not show them this. Please ring: Fire ☎ +3211" in sent[0].body.text
    assert "Brandweer ☎ +3112" in said(stage, HILFE, "/checkin help", "telegram:15")


def test_a_lead_that_needs_help_itself_is_heard_by_others_who_lead() -> None:
    """As far as the playbook lets them see it."""
    stage = asked(
        more=(
            (
                "  - {permit: [secret], to: city, purpose: life-safety}",
                "  - {permit: [secret, _answer], to: city, purpose: life-safety}",
            ),
        )
    )
    sent = stage.say(FIRE, "/checkin help", CHIEF)
    assert {send.to for send in sent} == {FIRE, CITY, CITY_TELEGRAM}


def test_help_whose_clearance_grew_stale_is_decided_again() -> None:
    """It is said anew to that room, not dropped with an apology."""
    stage = asked()
    [news] = [send for send in stage.say(AID, "/checkin help boats", MEDIC) if send.to == FIRE]
    row = OutboxRow("t", "t", "I-1", FIRE, int(Urgency.PROMPT), "{}", "C-1", "fire", shows=True)
    again = stage.happen(Stale(row, over=False))
    assert [send.body for send in again if getattr(send, "to", None) == FIRE] == [news.body]


# --- what others read ----------------------------------------------------------------------------------------------------


def test_everybody_reads_only_what_they_may() -> None:
    """The lead the answers of its country; the coordinator who answered; the city, without a permit, itself alone."""
    stage = asked()
    stage.say(AID, "/checkin degraded lift", MEDIC)
    stage.say(BRANDWEER, "/checkin ok", SOMEBODY)
    fire, desk = card(stage, "C-1", FIRE), card(stage, "C-1", DESK)
    assert "• Aid: Degraded, 12:00\nlift" in fire
    assert "Brandweer" not in fire
    assert "• Aid: answered, 12:00" in desk
    assert "2 answered · 3 without an answer" in desk
    assert "lift" not in desk
    assert "Silent watchers" not in fire + desk
    city = said(stage, CITY, "/checkin C-1", MAYOR)
    assert "Aid" not in city
    assert "1 without an answer" in city
    assert said(stage, AID, "/checkin hourly", MEDIC).endswith("1 answered\n• Aid: answered, 12:00")


def test_whom_the_playbook_permits_reads_the_answers() -> None:
    """`_answer` under the check-in's label: the city reads its country's; a forbid takes it from the lead."""
    permit = (
        "  - {permit: [secret], to: city, purpose: life-safety}",
        "  - {permit: [secret, _answer], to: city, purpose: life-safety}",
    )
    stage = asked(more=(permit,))
    stage.say(AID, "/checkin degraded", MEDIC)
    assert "• Aid: Degraded" in said(stage, CITY, "/checkin C-1", MAYOR)
    closed = asked(more=(("  - {forbid: [people]", "  - {forbid: [people, _answer]"),))
    closed.say(AID, "/checkin degraded", MEDIC)
    assert "• Aid: Degraded" in card(closed, "C-1", FIRE)
    assert "• Aid: answered" in card(closed, "C-1", FIRE_TELEGRAM)


def test_the_log_says_whose_answer_each_room_was_shown() -> None:
    """One message, several answers: each under the partner's name, shown or withheld."""
    stage = asked()
    stage.say(AID, "/checkin degraded lift", MEDIC)
    stage.say(CITY, "/checkin [red] ok", MAYOR)
    said(stage, FIRE_TELEGRAM, "/checkin C-1", CHIEF)
    shown = [f for f in stage.of(Disclosed) if isinstance(f, Disclosed)][-1].fields
    assert shown["?hourly:aid"]["value"] == "degraded: lift"
    assert shown["?hourly:city"] == {"withheld": "clearance", "rule": shown["?hourly:city"]["rule"], "detail": "red"}


answering: st.SearchStrategy[Mapping[str, str]] = st.fixed_dictionaries(
    {
        p: st.sampled_from(("ok", "degraded", "help", "help boats", "degraded the lift"))
        for p in ("aid", "hilfe", "fire")
    }
)


@given(answering, answering)
@settings(max_examples=examples(40), deadline=None)
def test_what_is_answered_shows_to_nobody_who_may_not_see_it(one: Mapping[str, str], other: Mapping[str, str]) -> None:
    """Whatever is answered, in secret or not: those who may not see it read the same, on the same buttons, at the same times."""
    first, second = played(one), played(other)
    for room in (CITY, CITY_TELEGRAM, BRANDWEER, WATCHERS, DESK):
        assert first[room] == second[room]


def played(said_: Mapping[str, str]) -> dict[RoomRef, list[object]]:
    """A round, answered so; what each room was sent in consequence."""
    stage = asked()
    stage.say(WATCHERS, "/checkin ok", "telegram:19")
    rooms = {"aid": AID, "hilfe": HILFE, "fire": FIRE}
    for partner, words in said_.items():
        stage.say(rooms[partner], f"/checkin {words}", f"telegram:{partner}")
    wake = stage.pending["card:C-1"]
    stage.now += timedelta(seconds=5)
    stage.apply(due(stage.world, Deadline(wake.key, wake.stream, wake.at, wake.kind, wake.about), stage.now))
    for room, person in ((CITY, MAYOR), (BRANDWEER, SOMEBODY), (WATCHERS, "telegram:19")):
        stage.say(room, "/checkin C-1", person)
    stage.say(DESK, "/checkin C-1", ADMIN, private=True)
    found: dict[RoomRef, list[object]] = {}
    for send in stage.sent:
        found.setdefault(send.to, []).append((send.body.html, send.taps, send.about, send.loud))
    return found
