"""An alert that two must agree to: its draft can be looked at, names who agreed, and does not wait for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest

from playbooks.rooms import RoomRef
from storage import incident
from storage.facts import AlertIssued, DraftConfirmed
from tests.handlers.border_stage import (
    CITY,
    CITY_TELEGRAM,
    FIRE,
    LIAISON,
    MAYOR,
    OFFICER,
    SOMEBODY,
    opened,
    said,
    to,
)
from tests.handlers.stage import Stage
from tests.playbooks.border import border


def waiting() -> Stage:
    """The mayor has written an alert and confirmed it; somebody else must."""
    stage = opened()
    stage.say(CITY, "/alert talk Second person, please", MAYOR)
    stage.say(CITY, "/draft D-1 send", MAYOR, via="button")
    return stage


def test_it_is_shown_to_everybody_of_that_partner_with_who_has_confirmed() -> None:
    """In whichever of their rooms, also to those who may not send it."""
    stage = waiting()
    assert to(stage.sent, CITY)[-1].startswith(f"Confirmed by: {MAYOR}\nNot sent yet: a second person of City")
    assert [tap.command for row in stage.sent[-1].taps for tap in row] == ["/draft D-1 send"]
    shown = said(stage, CITY_TELEGRAM, "/draft D-1", SOMEBODY)
    assert "Second person, please" in shown and f"Confirmed by: {MAYOR}" in shown
    assert "may issue alerts" in said(stage, CITY, "/draft D-1 send", SOMEBODY)
    assert stage.of(AlertIssued) == []


def test_for_others_it_is_not_there() -> None:
    """Neither its words nor who agreed."""
    assert said(waiting(), FIRE, "/draft D-1", LIAISON) == "That draft is no longer open."


@pytest.mark.parametrize("before", [timedelta(minutes=1, seconds=50)])
def test_before_its_time_the_author_does_not_go_alone(before: timedelta) -> None:
    """However often they press."""
    stage = waiting()
    stage.fall_due(stage.now + before)
    stage.say(CITY, "/draft D-1 send", MAYOR, via="button")
    assert stage.of(AlertIssued) == [] and len(stage.of(DraftConfirmed)) == 1


def test_after_its_time_the_author_is_told_loudly_and_may_go_on_alone() -> None:
    """On the record; also where the program was started again in between."""
    stage = waiting()
    stage.sent.clear()
    stage.fall_due(stage.now + timedelta(minutes=2))
    [told] = [send for send in stage.sent if send.about == "D-1"]
    assert told.to == CITY and told.loud
    assert next((tap.label.text, tap.command) for tap in told.taps[0]) == ("Send alone", "/draft D-1 send")
    folded = incident.fold(None, [kept for kept in stage.facts if kept.stream == "I-1"])
    assert folded == stage.world.incidents["I-1"] and folded is not None and folded.drafts["D-1"].confirmed
    stage.say(CITY, "/draft D-1 send", MAYOR, via="button")
    [fact] = stage.of(AlertIssued)
    assert isinstance(fact, AlertIssued) and fact.alone and fact.confirmed_by == fact.person


def test_the_second_person_makes_it_two() -> None:
    """Then nobody was alone, however late."""
    stage = waiting()
    stage.fall_due(stage.now + timedelta(minutes=5))
    stage.say(CITY, "/draft D-1 send", OFFICER, via="button")
    [fact] = stage.of(AlertIssued)
    assert isinstance(fact, AlertIssued) and not fact.alone and fact.confirmed_by != fact.person


def test_elsewhere_the_second_person_reads_it_first() -> None:
    """In another room of theirs, `send` shows the draft, with its own button; only what was shown there can be agreed to."""
    stage = waiting()
    [shown] = stage.say(CITY_TELEGRAM, "/draft D-1 send", OFFICER)
    assert stage.of(AlertIssued) == [] and "Second person, please" in shown.body.text
    assert ("Send", "/draft D-1 send") in [(tap.label.text, tap.command) for row in shown.taps for tap in row]
    folded = incident.fold(None, [kept for kept in stage.facts if kept.stream == "I-1"])
    assert folded == stage.world.incidents["I-1"]
    stage.say(CITY_TELEGRAM, "/draft D-1 send", OFFICER, via="button")
    [fact] = stage.of(AlertIssued)
    assert isinstance(fact, AlertIssued) and not fact.alone


@pytest.mark.parametrize("given", ['secret="the dam is mined"', ""])
@pytest.mark.parametrize("room", [CITY_TELEGRAM, RoomRef("matrix", "!dm@officer:x.org")])
def test_where_a_field_may_not_be_seen_nobody_agrees_to_it(room: RoomRef, given: str) -> None:
    """Whether it was given or not; where it was written, the second person agrees."""
    stage = opened(border(("    confirm: yes\n", "    confirm: {two-person: {alone_after: 2m}}\n")))
    stage.say(CITY, f"/alert evacuation action=leave where=Town {given} what=Go", MAYOR)
    for command in ("/draft D-1 send", "/draft D-1", "/draft D-1 send"):
        answer = stage.say(room, command, OFFICER, private=room != CITY_TELEGRAM)[-1].body.text
    assert answer.startswith("Not confirmed: this chat may not see every field of D-1.")
    assert stage.of(AlertIssued) == []
    stage.say(CITY, "/draft D-1 send", OFFICER)
    assert len(stage.of(AlertIssued)) == 1


def test_a_draft_that_has_changed_is_read_again() -> None:
    """What was shown there before is not what would leave now."""
    stage = opened(border(("    fields: {what: optional}", "    fields: {what: optional, where: optional}")))
    stage.say(CITY, "/alert talk", MAYOR)
    stage.say(CITY, "Second person, please", MAYOR)
    stage.say(CITY_TELEGRAM, "/draft D-1", OFFICER)
    stage.say(CITY, "Town", MAYOR)
    [shown] = stage.say(CITY_TELEGRAM, "/draft D-1 send", OFFICER)
    assert stage.of(AlertIssued) == [] and "Send?" in shown.body.text
    stage.say(CITY_TELEGRAM, "/draft D-1 send", OFFICER)
    assert len(stage.of(AlertIssued)) == 1


def test_the_author_on_another_network_is_still_one_person() -> None:
    """Two accounts make no two people."""
    stage = opened()
    code = stage.say("telegram:501", "/invite official city", private=True)[-1].body.text.split("/start ")[1].split()[0]
    stage.say(RoomRef("matrix", "!dm:x"), f"/start {code}", "matrix:@one:x.org", private=True)
    stage.say(RoomRef("telegram", "888"), f"/start {code}", "telegram:888", private=True)
    stage.say(CITY, "/alert talk Second person, please", "matrix:@one:x.org")
    stage.say(CITY, "/draft D-1 send", "matrix:@one:x.org")
    stage.say(CITY_TELEGRAM, "/draft D-1 send", "telegram:888")
    assert stage.of(AlertIssued) == []
