"""Whose answer is awaited: as the playbook counts answers, and only while what was asked is open."""

from __future__ import annotations

from dataclasses import replace

from handlers.waiting import answered, awaited, on_watch, waits
from playbooks.load import Book
from storage.incident import Incident
from tests.handlers.border_stage import AID, BRANDWEER, CITY, DESK, FIRE, HILFE, LIAISON, MAYOR, OFFICER, WATCHERS, said
from tests.handlers.silent_stage import answer, asked, pass_time, silent
from tests.handlers.stage import ADMIN, Stage

BY_PARTNER, BY_PERSON = silent("{after: 3m, do: remind}"), silent("{after: 3m, do: remind}", more=", from: person")

TOLD = silent(
    "{after: 3m, do: remind}",
    (
        "  - {forbid: [people], to",
        "  - {permit: [_delivery], to: city, purpose: life-safety}\n  - {forbid: [people], to",
    ),
    more=", from: person",
)


def of(stage: Stage) -> tuple[Book, Incident]:
    """The playbook and the incident, to be asked."""
    incident = stage.world.incidents["I-1"]
    return stage.world.book_of(incident), incident


def test_one_answer_is_enough_for_a_partner() -> None:
    """Whoever gives it."""
    stage = asked(BY_PARTNER)
    assert set(waits(*of(stage), "A-1", stage.world.who)) == {"fire", "brandweer", "aid", "hilfe", "watchers"}
    answer(stage, AID, identity="matrix:@passer-by:x.org")
    assert "aid" not in waits(*of(stage), "A-1", stage.world.who)


def test_whoever_sent_it_is_not_awaited_unless_each_of_its_people_must_answer() -> None:
    """The partner has it, which is not to say that its other people have."""
    stage = asked(BY_PARTNER)
    book, incident = of(stage)
    assert awaited(book, incident, "A-1", "city", stage.world.who) is None
    assert awaited(book, incident, "A-1", "aid", stage.world.who) is not None
    stage = asked(BY_PERSON)
    answer(stage, CITY, identity=MAYOR)
    assert "city" in waits(*of(stage), "A-1", stage.world.who)
    answer(stage, CITY, identity=OFFICER)
    assert "city" not in waits(*of(stage), "A-1", stage.world.who)


def test_every_enrolled_person_must_answer_where_the_playbook_says_so() -> None:
    """Without those whose access was withdrawn; a passer-by's answer is not theirs; nobody enrolled: the partner counts."""
    stage = asked(BY_PERSON)
    answer(stage, CITY, identity="matrix:@passer-by:x.org")
    answer(stage, CITY, identity=MAYOR)
    answer(stage, AID)
    assert {"city"} == set(waits(*of(stage), "A-1", stage.world.who)) - {"fire", "brandweer", "hilfe", "watchers"}
    stage.say("telegram:501", f"/revoke {OFFICER}", ADMIN, private=True)
    assert "city" not in waits(*of(stage), "A-1", stage.world.who)


def test_whoever_never_answered_is_told_of_with_the_persons_that_are_still_missing() -> None:
    """When the incident is to be closed, and when time is up: one of two persons is not the partner."""
    stage = asked(TOLD)
    for room, identity in (
        (CITY, MAYOR),
        (FIRE, LIAISON),
        (BRANDWEER, "1"),
        (AID, "2"),
        (HILFE, "3"),
        (WATCHERS, "4"),
    ):
        answer(stage, room, identity=identity)
    assert set(waits(*of(stage), "A-1", stage.world.who)) == {"city"}
    assert "1 alert still waits" in said(stage, DESK, "/close I-1", ADMIN, private=True)
    told = [send.body.text for send in pass_time(stage, hours=13) if send.to == CITY]
    assert any("Never answered: City & Sons" in text for text in told)


def test_one_partner_is_waited_for_as_all_of_them_are() -> None:
    """One by one or together: for an alert and a round there is one rule."""
    stage = asked(BY_PERSON)
    answer(stage, CITY, identity=MAYOR)
    answer(stage, AID)
    book, incident = of(stage)
    together = waits(book, incident, "A-1", stage.world.who)
    alone = {p: awaited(book, incident, "A-1", p, stage.world.who) for p in book.playbook.partners}
    assert together == {p: watch for p, watch in alone.items() if watch is not None} and "city" in together


def test_what_was_said_on_the_telephone_is_said_for_the_whole_partner() -> None:
    """Not for one of its people."""
    stage = asked(BY_PERSON)
    stage.say("telegram:501", "/ack A-1 for city by phone Anna acting", ADMIN, private=True)
    book, incident = of(stage)
    assert answered(book, incident.alerts["A-1"], "city", stage.world.who)


def test_nobody_is_awaited_once_it_is_over() -> None:
    """Whichever way it ended; and not one partner alone, either."""
    stage = asked(BY_PARTNER)
    (book, incident), who = of(stage), stage.world.who
    issued = incident.alerts["A-1"]
    for state in ("expired", "cancelled", "superseded", "retracted"):
        over = replace(incident, alerts={"A-1": replace(issued, state=state)})
        assert not waits(book, over, "A-1", who) and awaited(book, over, "A-1", "aid", who) is None
    closed = replace(incident, closed_at=stage.now)
    assert not waits(book, closed, "A-1", who) and awaited(book, closed, "A-1", "aid", who) is None
    assert not waits(book, incident, "A-9", who) and awaited(book, incident, "A-9", "aid", who) is None


def test_who_has_only_seen_it_stays_on_the_leads_watch_until_it_acts() -> None:
    """And where nobody is asked to act, nobody is watched."""
    stage = asked(BY_PARTNER)
    answer(stage, AID, "/ack A-1 seen")
    assert on_watch(*of(stage), "A-1") == ("aid",)
    answer(stage, AID, "/ack A-1 acting")
    assert on_watch(*of(stage), "A-1") == ()
