"""/ack: a partner's answer, and what it tells of alerts that it was not shown: nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers.case import Case
from handlers.standing import answer_of
from handlers.waiting import waits
from storage.effects import Effect, Record, Urgency
from storage.facts import Acknowledged, AlertCancelled, AlertSuperseded, AnswerUndone
from storage.incident import fold
from tests.handlers.border_stage import (
    AID,
    CITY,
    EVACUATE,
    FIRE,
    HILFE,
    LIAISON,
    MAYOR,
    NOWHERE,
    OFFICER,
    SOMEBODY,
    WATCHERS,
    issued,
    opened,
    said,
    to,
)
from tests.handlers.stage import Stage
from tests.playbooks.border import border

ESCALATING = border(
    (
        "ack: {choices: [acting, seen, cannot]}",
        "ack: {choices: [acting, seen, cannot], within: 5m, then: [{after: 3m, do: remind}, {after: 6m, do: lead}]}",
    )
)


@pytest.mark.parametrize(
    ("typed", "choice"),
    [
        ("/ack A-1", "acting"),
        ("/ack a-1 seen", "seen"),
        ("/ack A-1 cannot", "cannot"),
        ("/ack", "acting"),
        ("!ack A-1 Seen", "seen"),
    ],
)
def test_an_answer_is_recorded_for_the_rooms_partner(typed: str, choice: str) -> None:
    """By id or as the only open one; a bare answer is the first of the choices."""
    stage = opened()
    issued(stage)
    assert "A-1" in said(stage, AID, typed)
    fact = stage.of(Acknowledged)[0]
    assert isinstance(fact, Acknowledged) and (fact.partner, fact.choice, fact.alert) == ("aid", choice, "A-1")


def test_an_alert_that_one_was_not_shown_is_no_different_from_none() -> None:
    """Hilfe had its copy held: the very same words and facts as for an id that does not exist, in every command."""
    stage = opened()
    issued(stage, "/alert count people=12 Mind the numbers")
    for command in ("/ack {} seen", "/status {}", "/ack {}"):
        count = len(stage.facts)
        there = said(stage, HILFE, command.format("A-1"))
        assert len(stage.facts) == count
        assert there == said(stage, HILFE, command.format("A-9")).replace("A-9", "A-1")
    assert stage.of(Acknowledged) == []


def test_with_two_incidents_open_an_unseen_id_does_not_tell_which_is_meant() -> None:
    """The question which incident is meant is the same for an alert that others were shown and for one that is not."""
    stage = opened()
    issued(stage, "/alert count people=12 Mind the numbers")
    stage.say(CITY, "/activate +border Another", "matrix:@mayor:x.org")
    there, nowhere = (stage.say(HILFE, f"/ack {alert} seen", SOMEBODY) for alert in ("A-1", "A-9"))
    assert there[0].body.html == nowhere[0].body.html
    assert [tap.command.replace("A-1", "A-9") for row in there[0].taps for tap in row] == [
        tap.command for row in nowhere[0].taps for tap in row
    ]


def test_the_tap_that_names_the_incident_acknowledges() -> None:
    """The id of the incident in front says which one, and is no part of the answer."""
    stage = opened()
    issued(stage)
    stage.say(CITY, "/activate +border Another", "matrix:@mayor:x.org")
    stage.say(AID, "/ack I-1 seen", SOMEBODY)
    stage.say(FIRE, "/ack I-1 A-1 cannot", SOMEBODY)
    assert [(f.partner, f.choice) for f in stage.of(Acknowledged) if isinstance(f, Acknowledged)] == [
        ("aid", "seen"), ("fire", "cannot"),
    ]  # fmt: skip


def test_a_stranger_answers_for_nobody() -> None:
    """In a room of no partner nothing is recorded."""
    stage = opened()
    issued(stage)
    stage.say(NOWHERE, "/ack A-1 acting", SOMEBODY)
    stage.say(NOWHERE, "/ack A-1 acting", LIAISON)
    assert stage.of(Acknowledged) == []


def test_a_word_that_is_no_answer_is_said_back_with_those_that_are() -> None:
    """Nothing is recorded."""
    stage = opened()
    issued(stage)
    answer = said(stage, AID, "/ack A-1 perhaps")
    assert "perhaps" in answer and "Cannot" in answer and stage.of(Acknowledged) == []


def test_cannot_reaches_the_lead_at_once_but_not_of_an_unlisted_partner() -> None:
    """With the number to ring; that somebody unnamed cannot act would say that there is somebody."""
    stage = opened()
    issued(stage)
    assert any(
        "Aid cannot act on A-1" in text and "+3213" in text
        for text in to(stage.say(AID, "/ack A-1 cannot", SOMEBODY), FIRE)
    )
    news = stage.say(WATCHERS, "/ack A-1 cannot", SOMEBODY)
    assert {send.to for send in news} == {WATCHERS}


def test_a_reply_with_an_answer_counts_and_a_word_between_people_does_not() -> None:
    """“Seen” in reply to the alert is an acknowledgement, “thank you” is none of ours."""
    stage = opened()
    issued(stage)
    alert = next(send for send in stage.sent if send.to == AID)
    assert stage.say(AID, "thank you", SOMEBODY, about=stage.about(alert), via="reply") == []
    assert len(stage.say(AID, "👀", SOMEBODY, about=stage.about(alert), via="reply")) == 1
    assert len(stage.of(Acknowledged)) == 1


def answers(stage: Stage, partner: str = "aid") -> list[str]:
    """What a partner has said of A-1, as the incident stands."""
    return [answer.choice for answer in stage.world.incidents["I-1"].alerts["A-1"].answers.get(partner, ())]


def test_an_answer_changes_for_half_a_minute_and_is_added_to_later() -> None:
    """Within it the first is taken out, after it both stand; the log keeps all of them."""
    stage = opened()
    issued(stage)
    stage.say(AID, "/ack A-1 acting", SOMEBODY)
    assert said(stage, AID, "/ack A-1 seen").startswith("Changed")
    assert answers(stage) == ["seen"]
    stage.now += timedelta(seconds=31)
    assert said(stage, AID, "/ack A-1 acting").startswith("Noted")
    assert answers(stage) == ["seen", "acting"]
    assert len(stage.of(Acknowledged)) == 3 and len(stage.of(AnswerUndone)) == 1


def test_another_persons_answer_is_added_at_once() -> None:
    """Each person changes only their own."""
    stage = opened()
    issued(stage)
    stage.say(AID, "/ack A-1 acting", SOMEBODY)
    stage.say(AID, "/ack A-1 seen", "matrix:@other:x.org")
    assert answers(stage) == ["acting", "seen"] and stage.of(AnswerUndone) == []
    standing = answer_of(stage.world.incidents["I-1"].alerts["A-1"].answers["aid"])
    assert standing is not None and standing.choice == "acting"


def test_the_button_under_an_answer_takes_it_back_in_the_same_message() -> None:
    """Then the choices stand there again; who answered before is silent again, and escalation goes on."""
    stage = opened(ESCALATING)
    issued(stage)
    stage.accepted(next(send for send in stage.sent if send.to == AID and send.urgency == Urgency.ALERT))
    key = "escalation:A-1:aid"
    noted = stage.say(AID, "/ack A-1 cannot", SOMEBODY, via="button", message="m1")[0]
    [[undo]] = noted.taps
    assert undo.command == "/ack A-1 undo" and key not in stage.pending
    back = next(send for send in stage.say(AID, undo.command, SOMEBODY, via="button", message="m2") if send.to == AID)
    assert back.replaces == "m2" and back.taps[0][0].command == "/ack A-1 acting"
    assert answers(stage) == [] and key in stage.pending


def test_after_half_a_minute_nothing_is_taken_back() -> None:
    """It says so, and offers to add another answer."""
    stage = opened()
    issued(stage)
    stage.say(AID, "/ack A-1 seen", SOMEBODY)
    stage.now += timedelta(seconds=30)
    [answer] = stage.say(AID, "/ack A-1 undo", SOMEBODY)
    assert "stays noted" in answer.body.text and answer.taps
    assert answers(stage) == ["seen"]


def test_nobody_takes_back_what_another_said() -> None:
    """Nor what nobody said; a second tap finds nothing more."""
    stage = opened()
    issued(stage)
    assert "no answer of yours" in said(stage, AID, "/ack A-1 undo")
    stage.say(AID, "/ack A-1 seen", SOMEBODY)
    assert "no answer of yours" in said(stage, AID, "/ack A-1 undo", "matrix:@other:x.org")
    said(stage, AID, "/ack A-1 undo")
    assert "no answer of yours" in said(stage, AID, "/ack A-1 undo")
    assert len(stage.of(AnswerUndone)) == 1


def test_undo_in_reply_to_what_was_noted() -> None:
    """Where there are no buttons, the word does it, in the language of whoever says it."""
    stage = opened()
    issued(stage)
    [noted] = stage.say(AID, "/ack A-1 seen", SOMEBODY)
    assert len(stage.say(AID, "Undo.", SOMEBODY, about=stage.about(noted), via="reply")) == 1
    assert answers(stage) == []


@pytest.mark.parametrize(("via", "answered"), [("button", 0), ("reaction", 0), ("reply", 0), ("command", 1)])
def test_a_second_tap_records_nothing(via: str, answered: int) -> None:
    """A tap is not answered twice; who types it is told that it is noted."""
    stage = opened()
    issued(stage)
    stage.say(AID, "/ack A-1 seen", SOMEBODY, via=via)
    assert len(stage.say(AID, "/ack A-1 seen", SOMEBODY, via=via)) == answered
    assert len(stage.of(Acknowledged)) == 1


def test_an_answer_to_what_is_over_is_noted_as_late_and_says_what_became_of_it() -> None:
    """Cancelled, replaced or at its end: the answer is on record, and nobody is told anything else."""
    stage = opened()
    issued(stage)
    stage.apply([Record("I-1", AlertCancelled("A-1", "P-1", "city", False, None, "border:1"))])
    answer = said(stage, AID, "/ack A-1 cannot")
    assert answer.startswith("A-1: cancelled at 12:0") and "late: Cannot" in answer
    fact = stage.of(Acknowledged)[0]
    assert isinstance(fact, Acknowledged) and fact.late
    assert "escalation:A-1:aid" not in stage.pending


def test_an_answer_to_what_was_replaced_offers_the_one_in_its_place() -> None:
    """Only where the partner was shown that one."""
    stage = opened()
    issued(stage)
    issued(stage, f"{EVACUATE} Again")
    stage.apply([Record("I-1", AlertSuperseded("A-1", "A-2"))])
    [answer] = stage.say(AID, "/ack A-1 seen", SOMEBODY)
    assert "A-2 stands in its place" in answer.body.text and answer.taps[0][0].command == "/ack A-2 acting"
    other = opened()
    issued(other)
    issued(other, "/alert count people=12 Mind the numbers")
    other.apply([Record("I-1", AlertSuperseded("A-1", "A-2"))])
    [answer] = other.say(AID, "/ack A-1 seen", SOMEBODY)
    assert "A-2" not in answer.body.text and answer.taps == ()


def test_a_late_answer_from_the_only_alert_there_was_needs_its_id() -> None:
    """A bare /ack means what runs."""
    stage = opened()
    issued(stage)
    stage.apply([Record("I-1", AlertCancelled("A-1", "P-1", "city", False, None, "border:1"))])
    assert said(stage, AID, "/ack") == "Nothing waits for your answer."


def test_the_lead_hears_when_cannot_is_no_longer_true() -> None:
    """Taken back, or acting after all: nobody rings in vain."""
    stage = opened()
    issued(stage)
    stage.say(AID, "/ack A-1 cannot", SOMEBODY)
    assert any("took back" in text for text in to(stage.say(AID, "/ack A-1 undo", SOMEBODY), FIRE))
    stage.say(AID, "/ack A-1 cannot", SOMEBODY)
    stage.now += timedelta(minutes=5)
    assert any("acting on A-1 after all" in text for text in to(stage.say(AID, "/ack A-1 acting", SOMEBODY), FIRE))
    stage.say(AID, "/ack A-1 cannot", SOMEBODY)
    stage.say(AID, "/ack A-1 seen", "telegram:901")
    assert any("acting on A-1 after all" in text for text in to(stage.say(AID, "/ack A-1 acting", SOMEBODY), FIRE))


def test_where_every_person_answers_one_answer_does_not_end_it() -> None:
    """The mayor has answered, the officer has not: the city is still waited for, and a bare /ack means this alert for the officer."""
    stage = opened(border(("ack: {choices: [acting, seen, cannot]}", "ack: {from: person, choices: [seen]}")))
    issued(stage)
    stage.say(CITY, "/ack", MAYOR)
    incident = stage.world.incidents["I-1"]
    assert "city" in waits(stage.world.book_of(incident), incident, "A-1", stage.world.who)
    stage.say(CITY, "/ack", OFFICER)
    incident = stage.world.incidents["I-1"]
    assert "city" not in waits(stage.world.book_of(incident), incident, "A-1", stage.world.who)


def test_without_an_id_the_one_that_waits_is_meant_or_all_are_offered() -> None:
    """Two wait: they are offered by name. One is answered: it is the other. None waits: what was said is said again."""
    stage = opened()
    issued(stage)
    issued(stage, f"{EVACUATE} Again")
    [asked] = stage.say(AID, "/ack", SOMEBODY)
    assert [tap.command for row in asked.taps for tap in row] == ["/ack A-1", "/ack A-2"]
    assert "Evacuate" in asked.taps[0][0].label.text
    stage.say(AID, "/ack A-1 cannot", SOMEBODY)
    assert "A-2" in said(stage, AID, "/ack")


def test_a_mistyped_answer_is_asked_about_with_buttons() -> None:
    """“actng” is nearly one; nothing is recorded yet."""
    stage = opened()
    issued(stage)
    [asked] = stage.say(AID, "/ack A-1 actng", SOMEBODY)
    assert "did you mean Acting?" in asked.body.text and len(asked.taps[0]) == 3
    assert stage.of(Acknowledged) == []


@pytest.mark.parametrize(
    ("typed", "partner", "spoke_with", "choice"),
    [
        ("/ack A-1 for aid by phone Ada Lovelace cannot", "aid", "Ada Lovelace", "cannot"),
        ("/ack A-1 for Aid by phone Ada", "aid", "Ada", "acting"),
        ("/ack for AID by phone Ada seen a-1", "aid", "Ada", "seen"),
        ("/ack A-1 pour aid par téléphone Ada seen", "aid", "Ada", "seen"),
        ("/ack A-1 for City & Sons <town hall> by phone", "city", "", "acting"),
    ],
)
def test_what_was_said_on_the_telephone_is_read(
    typed: str, partner: str, spoke_with: str, choice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For whom, from whom, and what; by the partner's name or its id."""
    heard: list[tuple[str, str, str, str]] = []

    def by_phone(case: Case, about: str, partner: str, spoke_with: str, choice: str) -> list[Effect]:
        heard.append((about, partner, spoke_with, choice))
        return []

    monkeypatch.setattr("handlers.calls.by_phone", by_phone)
    stage = opened()
    issued(stage)
    stage.say(FIRE, typed, LIAISON)
    assert heard == [("A-1", partner, spoke_with, choice)]


def test_the_telephone_tells_nothing_of_an_unlisted_partner() -> None:
    """It is no partner that anybody may speak for, and not suggested either."""
    stage = opened()
    issued(stage)
    there = said(stage, FIRE, "/ack A-1 for watchers by phone Ada", LIAISON)
    assert there == said(stage, FIRE, "/ack A-1 for wotchurs by phone Ada", LIAISON).replace("wotchurs", "watchers")


def test_an_answer_survives_a_restart() -> None:
    """Folded again from the facts, everything stands as it stood."""
    stage = opened()
    issued(stage)
    stage.say(AID, "/ack A-1 acting", SOMEBODY)
    stage.say(AID, "/ack A-1 seen", SOMEBODY)
    again = fold(None, [kept for kept in stage.facts if kept.stream == "I-1"])
    assert again == stage.world.incidents["I-1"]
