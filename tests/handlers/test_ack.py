"""/ack: a partner's answer, and what it tells of alerts that it was not shown: nothing."""

from __future__ import annotations

import pytest

from storage.facts import Acknowledged
from tests.handlers.border_stage import (
    AID,
    CITY,
    FIRE,
    HILFE,
    LIAISON,
    NOWHERE,
    SOMEBODY,
    WATCHERS,
    issued,
    opened,
    said,
    to,
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


def test_an_answer_can_be_changed() -> None:
    """Each is recorded; the last one holds."""
    stage = opened()
    issued(stage)
    for choice in ("seen", "acting"):
        stage.say(AID, f"/ack A-1 {choice}", SOMEBODY)
    answers = stage.world.incidents["I-1"].alerts["A-1"].answers["aid"]
    assert [answer.choice for answer in answers] == ["seen", "acting"]
