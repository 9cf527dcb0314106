"""Whose answer is awaited: as the playbook counts answers, and only while what was asked is open."""

from __future__ import annotations

from dataclasses import replace

from handlers.waiting import answered, awaited, on_watch, waits
from playbooks.load import Book
from storage.incident import Incident
from tests.handlers.border_stage import AID, CITY, MAYOR, OFFICER
from tests.handlers.silent_stage import answer, asked, silent
from tests.handlers.stage import ADMIN, Stage

BY_PARTNER, BY_PERSON = silent("{after: 3m, do: remind}"), silent("{after: 3m, do: remind}", more=", from: person")


def of(stage: Stage) -> tuple[Book, Incident]:
    """The playbook and the incident, to be asked."""
    incident = stage.world.incidents["I-1"]
    return stage.world.book_of(incident), incident


def test_one_answer_is_enough_for_a_partner() -> None:
    """Whoever gives it."""
    stage = asked(BY_PARTNER)
    assert set(waits(*of(stage), "A-1")) == {"city", "fire", "brandweer", "aid", "hilfe", "watchers"}
    answer(stage, CITY, identity="matrix:@passer-by:x.org")
    assert "city" not in waits(*of(stage), "A-1")


def test_every_enrolled_person_must_answer_where_the_playbook_says_so() -> None:
    """Without those whose access was withdrawn; a passer-by's answer is not theirs; nobody enrolled: the partner counts."""
    stage = asked(BY_PERSON)
    answer(stage, CITY, identity="matrix:@passer-by:x.org")
    answer(stage, CITY, identity=MAYOR)
    answer(stage, AID)
    assert {"city"} == set(waits(*of(stage), "A-1", stage.world.who)) - {"fire", "brandweer", "hilfe", "watchers"}
    stage.say("telegram:501", f"/revoke {OFFICER}", ADMIN, private=True)
    assert "city" not in waits(*of(stage), "A-1", stage.world.who)


def test_what_was_said_on_the_telephone_is_said_for_the_whole_partner() -> None:
    """Not for one of its people."""
    stage = asked(BY_PERSON)
    stage.say("telegram:501", "/ack A-1 for city by phone Anna acting", ADMIN, private=True)
    book, incident = of(stage)
    assert answered(book, incident.alerts["A-1"], "city", stage.world.who)


def test_nobody_is_awaited_once_it_is_over() -> None:
    """Whichever way it ended; and not one partner alone, either."""
    stage = asked(BY_PARTNER)
    book, incident = of(stage)
    issued = incident.alerts["A-1"]
    for state in ("expired", "cancelled", "superseded", "retracted"):
        over = replace(incident, alerts={"A-1": replace(issued, state=state)})
        assert not waits(book, over, "A-1") and awaited(book, over, "A-1", "aid") is None
    closed = replace(incident, closed_at=stage.now)
    assert not waits(book, closed, "A-1") and awaited(book, closed, "A-1", "aid") is None
    assert not waits(book, incident, "A-9") and awaited(book, incident, "A-9", "aid") is None


def test_who_has_only_seen_it_stays_on_the_leads_watch_until_it_acts() -> None:
    """And where nobody is asked to act, nobody is watched."""
    stage = asked(BY_PARTNER)
    answer(stage, AID, "/ack A-1 seen")
    assert on_watch(*of(stage), "A-1") == ("aid",)
    answer(stage, AID, "/ack A-1 acting")
    assert on_watch(*of(stage), "A-1") == ()
