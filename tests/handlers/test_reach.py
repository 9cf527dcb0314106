"""The test of the alarm chain: when it comes, what it says, whom it asks, and what the coordinators learn of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from handlers import due, started
from handlers.reach import EMOJI, planned
from playbooks.load import Book
from playbooks.rooms import RoomRef
from storage import deployment
from storage.effects import Record, Send, Urgency, Wake
from storage.facts import DEPLOYMENT, ReachTestAnswered, ReachTestSent, RoomLost, Started
from storage.store import Deadline
from tests.handlers.border_stage import (
    AID,
    BRANDWEER,
    CITY,
    CITY_TELEGRAM,
    DESK,
    FIRE,
    FIRE_TELEGRAM,
    HILFE,
    LIAISON,
    MAYOR,
    SOMEBODY,
    WATCHERS,
    said,
    to,
)
from tests.handlers.stage import ADMIN, Stage
from tests.playbooks.border import BOOK, border

BRUSSELS = ZoneInfo("Europe/Brussels")
LIAISONS = RoomRef("matrix", "!dm@liaison:x.org")
ROOMS = {CITY, CITY_TELEGRAM, FIRE, FIRE_TELEGRAM, BRANDWEER, AID, HILFE, WATCHERS}


def calm(book: Book = BOOK) -> Stage:
    """A Monday's morning in May: nothing is open, Fire's liaison has a private chat."""
    stage = Stage.set(book)
    stage.now = datetime(2026, 5, 11, 9, 0, tzinfo=BRUSSELS)
    for identity, role, partner in ((MAYOR, "official", "city"), (LIAISON, "liaison", "fire")):
        stage.enrol(identity, role, partner)
    stage.pending.clear()
    stage.apply(started(stage.world, stage.now))
    stage.sent.clear()
    return stage


def asked() -> Stage:
    """The month's test has just been sent."""
    stage = calm()
    stage.fall_due(datetime(2026, 6, 1, 10, 0, tzinfo=BRUSSELS))
    return stage


def the_tests(stage: Stage) -> list[Send]:
    """Every message of a test, with its button."""
    return [send for send in stage.sent if send.taps and send.taps[0][0].command.startswith("/received")]


@pytest.mark.parametrize(
    ("after", "at"),
    [
        ((2026, 5, 11, 9), (2026, 6, 1, 8)),  # ten in summer is eight in UTC
        ((2026, 6, 1, 9), (2026, 6, 1, 8)),
        ((2026, 6, 1, 10), (2026, 7, 6, 8)),
        ((2026, 12, 31, 23), (2027, 1, 4, 9)),
        ((2026, 10, 20, 9), (2026, 11, 2, 9)),  # the clocks were put back since
        ((2027, 1, 31, 9), (2027, 2, 1, 9)),
    ],
)
def test_it_is_planned_for_ten_on_the_first_monday(after: tuple[int, ...], at: tuple[int, ...]) -> None:
    """On the wall where the playbook lives, in winter as in summer."""
    assert planned(BOOK, datetime(*after, tzinfo=BRUSSELS)) == datetime(*at, tzinfo=UTC)  # type: ignore[arg-type,misc]


def test_everybody_who_would_be_alarmed_is_asked_once_and_nobody_can_take_it_for_real() -> None:
    """Rooms and liaisons; TEST first, nothing has happened, silent, with a button that no alert has."""
    stage = asked()
    sent = the_tests(stage)
    assert {send.to for send in sent} == {*ROOMS, LIAISONS} and len(sent) == len(ROOMS) + 1
    for send in sent:
        assert send.body.text.splitlines()[0] == "TEST of the alarm chain · T-1"
        assert send.body.text.splitlines()[1].startswith("Nothing has happened.")
        assert not send.loud and send.urgency == Urgency.CHATTER
        assert send.taps[0][0].emoji == EMOJI
    [fact] = stage.of(ReachTestSent)
    assert isinstance(fact, ReachTestSent) and fact.by == "time" and len(fact.rooms) == len(ROOMS)


def test_it_comes_every_month() -> None:
    """Once each, on the day."""
    stage = calm()
    stage.fall_due(datetime(2026, 8, 31, 10, 0, tzinfo=BRUSSELS))
    days = [kept.at.date().isoformat() for kept in stage.facts if isinstance(kept.fact, ReachTestSent)]
    assert days == ["2026-06-01", "2026-07-06", "2026-08-03"]


def test_a_start_changes_nothing_of_what_is_planned() -> None:
    """Before the day, after it, and when it was missed: then it is due at once, and once."""
    stage = calm()
    stage.apply([Record(DEPLOYMENT, Started("tocsin", {"border": "digest"}))])
    before = stage.pending["reach-test:border"]
    for day in (20, 28):
        stage.now = datetime(2026, 5, day, 3, 0, tzinfo=BRUSSELS)
        stage.apply(started(stage.world, stage.now))
        assert stage.pending["reach-test:border"] == before
    stage.now = datetime(2026, 6, 5, 3, 0, tzinfo=BRUSSELS)
    stage.apply(started(stage.world, stage.now))
    assert stage.pending["reach-test:border"].at == before.at
    stage.fall_due(stage.now)
    assert all("planned for 10:00 on" in send.body.text and "is late" in send.body.text for send in the_tests(stage))
    stage.apply(started(stage.world, stage.now))
    stage.fall_due(datetime(2026, 6, 30, tzinfo=BRUSSELS))
    assert len(stage.of(ReachTestSent)) == 1


def test_a_test_that_was_missed_for_long_is_left_out() -> None:
    """Whoever starts the bot in autumn gets no test of the spring."""
    stage = calm()
    stage.apply([Record(DEPLOYMENT, Started("tocsin", {"border": "digest"}))])
    stage.now = datetime(2026, 6, 20, 3, 0, tzinfo=BRUSSELS)
    stage.apply(started(stage.world, stage.now))
    assert stage.pending["reach-test:border"].at == datetime(2026, 7, 6, 10, 0, tzinfo=BRUSSELS)


def test_nobody_reads_of_a_test_while_something_real_is_open() -> None:
    """It waits from day to day; by hand it is refused."""
    stage = calm()
    stage.say(CITY, "/activate border", MAYOR)
    stage.sent.clear()
    stage.fall_due(datetime(2026, 6, 3, 12, 0, tzinfo=BRUSSELS))
    assert the_tests(stage) == []
    assert "a real incident is open" in said(stage, DESK, "/ready test", ADMIN, private=True)
    stage.say(DESK, "/close I-1 over", ADMIN, private=True)
    stage.fall_due(datetime(2026, 6, 4, 12, 0, tzinfo=BRUSSELS))
    assert [kept.at for kept in stage.facts if isinstance(kept.fact, ReachTestSent)] == [
        datetime(2026, 6, 4, 10, 0, tzinfo=BRUSSELS)
    ]


def test_rooms_for_exercises_and_rooms_we_lost_have_no_part_in_it() -> None:
    """They would not be alarmed either."""
    stage = calm(border(("rooms: [{telegram: -14}]", "rooms: [{telegram: -14}, {telegram: -24, exercises: true}]")))
    stage.apply([Record(DEPLOYMENT, RoomLost(HILFE, "kicked"))])
    stage.fall_due(datetime(2026, 6, 1, 10, 0, tzinfo=BRUSSELS))
    assert {send.to for send in the_tests(stage)} == {*ROOMS, LIAISONS} - {HILFE}


def test_a_tap_in_the_room_or_in_private_is_an_answer_and_a_second_one_is_not() -> None:
    """Whoever is there may tap; it is thanked each time, and written down once."""
    stage = asked()
    assert "received" in said(stage, CITY, "/received T-1", SOMEBODY, via="button", message="m1")
    assert "received" in said(stage, CITY, "/received T-1", MAYOR, via="button", message="m1")
    assert "received" in said(stage, LIAISONS, "/received T-1", LIAISON, private=True, via="button", message="m2")
    assert [fact.room for fact in stage.of(ReachTestAnswered) if isinstance(fact, ReachTestAnswered)] == [
        CITY,
        LIAISONS,
    ]


def test_any_reply_to_a_test_says_that_it_arrived() -> None:
    """People write what they like."""
    stage = asked()
    [message] = [send for send in the_tests(stage) if send.to == AID]
    assert "received" in said(stage, AID, "bien reçu !", SOMEBODY, via="reply", about=stage.about(message))
    assert len(stage.of(ReachTestAnswered)) == 1


def test_a_test_is_answered_only_where_it_was_asked() -> None:
    """A stranger, another's private chat, a test that never was."""
    stage = asked()
    assert "No test" in said(stage, RoomRef("matrix", "!dm@mayor:x.org"), "/received T-1", MAYOR, private=True)
    assert "No test" in said(stage, CITY, "/received T-7", MAYOR)
    assert "no partner" in said(stage, RoomRef("telegram", "-99"), "/received T-1", SOMEBODY)
    assert stage.of(ReachTestAnswered) == []


def test_a_day_later_the_coordinators_learn_who_did_not_answer() -> None:
    """Rooms by partner and network, liaisons by id; of a partner that is not listed nothing, not even in the counts."""
    stage = asked()
    for room in (CITY, CITY_TELEGRAM, FIRE, FIRE_TELEGRAM, BRANDWEER, WATCHERS):
        stage.say(room, "/received T-1", SOMEBODY)
    stage.sent.clear()
    stage.fall_due(datetime(2026, 6, 2, 10, 0, tzinfo=BRUSSELS))
    [text] = to(stage.sent, DESK)
    assert text.splitlines()[0].endswith(": 5 of 8 answered.")
    assert "No answer from the rooms of Aid (Telegram), Hilfe (Telegram)." in text
    assert f"No answer from the liaisons {stage.world.who.identities[LIAISON]} (Fire)." in text
    assert {send.to for send in stage.sent} == {DESK}


@pytest.mark.parametrize("answers", [True, False])
def test_an_unlisted_partner_leaves_no_trace(answers: bool) -> None:
    """Whether it answers or not, the coordinators read the same."""
    stage = asked()
    if answers:
        stage.say(WATCHERS, "/received T-1", SOMEBODY)
    stage.sent.clear()
    stage.fall_due(datetime(2026, 6, 2, 10, 0, tzinfo=BRUSSELS))
    [text] = to(stage.sent, DESK)
    assert ": 0 of 8 answered." in text and "watchers" not in text.lower()


def test_by_hand_it_is_sent_by_coordinators_and_once() -> None:
    """A second tap sends nothing; a liaison is told who may."""
    stage = calm()
    assert "Coordinators may" in said(stage, FIRE, "/ready test", LIAISON)
    assert "on its way" in to(stage.say(DESK, "/ready test", ADMIN, private=True), DESK)[-1]
    assert "One is enough" in said(stage, DESK, "/ready test", ADMIN, private=True)
    assert len(stage.of(ReachTestSent)) == 1
    stage.now += timedelta(minutes=10)
    stage.say(DESK, "/ready test border", ADMIN, private=True)
    assert len(stage.of(ReachTestSent)) == 2


def test_by_hand_changes_nothing_of_the_months_test() -> None:
    """It comes on its day all the same."""
    stage = calm()
    before = stage.pending["reach-test:border"]
    stage.say(DESK, "/ready test", ADMIN, private=True)
    stage.apply(started(stage.world, stage.now))
    assert stage.pending["reach-test:border"] == before


def test_what_is_known_of_a_test_is_in_the_log() -> None:
    """A restart folds the same."""
    stage = asked()
    stage.say(CITY, "/received T-1", SOMEBODY)
    again = deployment.fold(deployment.Deployment(), [kept for kept in stage.facts if kept.stream == DEPLOYMENT])
    assert again.tests == stage.world.who.tests and again.tests["T-1"].seen_in == {CITY}


def test_a_rehearsal_and_a_playbook_that_is_gone_test_nothing() -> None:
    """Nothing leaves a rehearsal; what fell due for a playbook that nobody has any more is nothing."""
    stage = calm()
    assert not [one for one in started(replace(stage.world, rehearsal=True), stage.now) if isinstance(one, Wake)]
    gone = Deadline("reach-test:gone", DEPLOYMENT, stage.now, "reach-test", "gone")
    assert due(stage.world, gone, stage.now) == []


def test_where_nobody_can_be_asked_it_says_so() -> None:
    """No room, no liaison: no fact, no promise."""
    stage = Stage.set(BOOK)
    stage.world = replace(stage.world, who=replace(stage.world.who, bindings={}))
    assert "Nobody can be tested" in said(stage, DESK, "/ready test", ADMIN, private=True)
    assert stage.of(ReachTestSent) == []
