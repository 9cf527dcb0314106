"""Those who are silent, told without a flood: one message for each alert and kind of step, edited in place."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers import callers
from handlers.lists import ROLES
from handlers.pace import EVERY
from storage.effects import Send, Urgency
from tests.bench.towns import WORDS, town
from tests.handlers.border_stage import AID, BRANDWEER, CITY, DESK, FIRE, FIRE_TELEGRAM, HILFE, MAYOR, to
from tests.handlers.silent_stage import answer, asked, pass_time, silent
from tests.handlers.stage import ADMIN, Stage

LEAD = "{after: 10m, do: lead}"


def lists(sent: list[Send], role: str = "lead") -> list[Send]:
    """The messages of one kind."""
    return [one for one in sent if one.role == role]


def accept(stage: Stage, sent: list[Send]) -> None:
    """Networks accept what is on its way."""
    for one in sent:
        stage.accepted(one)


def test_the_first_rings_and_the_others_are_added_to_it() -> None:
    """One message in each room of the lead, with everybody but who sent it and their numbers, edited once."""
    stage = asked(silent(LEAD))
    first = lists(pass_time(stage, minutes=10, seconds=1))
    assert {one.to for one in first if one.loud} == {FIRE, FIRE_TELEGRAM, DESK}  # fire's own silence is told the desk
    accept(stage, first)
    later = lists(pass_time(stage, seconds=4))
    assert not any(one.loud for one in later)
    [text] = to(later, FIRE)
    assert text == (
        "Still no answer to A-1. Please see to these partners:\n• Brandweer ☎ +3112\n• Aid ☎ +3213\n• Hilfe ☎ +4914"
    )
    accept(stage, later)
    assert lists(pass_time(stage, minutes=5)) == []


def test_who_answers_comes_off_the_list_and_in_the_end_nobody_is_on_it() -> None:
    """By an edit, silently; and nothing is written where nothing has changed."""
    stage = asked(silent(LEAD), BRANDWEER, AID)
    for room in (FIRE, HILFE):
        answer(stage, room)
    accept(stage, lists(pass_time(stage, minutes=10, seconds=1)))
    accept(stage, lists(pass_time(stage, seconds=5)))
    answer(stage, BRANDWEER)
    sent = lists(pass_time(stage, seconds=7))
    assert ["Brandweer" in text for text in to(sent, FIRE)] == [False] and "Aid" in to(sent, FIRE)[0]
    accept(stage, sent)
    answer(stage, AID)
    [text] = to(lists(pass_time(stage, seconds=7)), FIRE)
    assert text == "Nobody on this list is silent about A-1 any more."


def test_deputies_who_may_not_know_who_is_silent_learn_whom_to_ask() -> None:
    """No name and no number of a silent partner; the lead's they may know."""
    stage = asked(silent("{after: 9m, do: deputies}"), AID)
    sent = lists(pass_time(stage, minutes=10), "deputies")
    assert to(sent, CITY) == [
        "Some have not answered A-1. You are deputies: please ask Fire whether you can help. ☎ +3211"
    ]


def test_deputies_who_may_know_read_the_list() -> None:
    """Where the playbook permits them ``_delivery``."""
    permit = (
        "  - {forbid: [people]",
        "  - {permit: [_delivery], to: city, purpose: life-safety}\n  - {forbid: [people]",
    )
    stage = asked(silent("{after: 9m, do: deputies}", permit), AID)
    assert "• Aid ☎ +3213" in to(lists(pass_time(stage, minutes=10), "deputies"), CITY)[0]


def test_a_list_that_is_on_its_way_is_not_written_a_second_time() -> None:
    """While a network is away nothing piles up; when it has arrived, what happened since is added."""
    stage = asked(silent(LEAD))
    first = lists(pass_time(stage, minutes=10, seconds=1))
    assert lists(pass_time(stage, minutes=20)) == []
    accept(stage, first)
    assert "Hilfe" in to(lists(pass_time(stage, seconds=4)), FIRE)[0]


@pytest.fixture(scope="module")
def silence() -> tuple[Stage, list[Send]]:
    """Five hundred partners have an evacuation, and none of them answers for eleven minutes."""
    stage = Stage.set(town([(f"telegram: -{1000 + number}",) for number in range(500)]))
    mayor, room = "telegram:900", next(b.room for b in stage.world.who.bindings.values() if b.partner == "liege-city")
    stage.enrol(mayor, "official", "liege-city")
    stage.say(room, "/activate meuse-flood flood", mayor)
    stage.say(room, WORDS, mayor)
    stage.say(room, "/draft D-1 send", mayor)
    accept(stage, [one for one in stage.sent if one.urgency == Urgency.ALERT and one.about == "A-1"])
    stage.sent.clear()
    seen = 0
    for _ in range(660):
        stage.fall_due(stage.now + timedelta(seconds=1))
        while seen < len(stage.sent):
            seen += 1
            if stage.sent[seen - 1].role in ROLES:
                stage.accepted(stage.sent[seen - 1])
    return stage, stage.sent


def test_five_hundred_silent_partners_are_no_flood(silence: tuple[Stage, list[Send]]) -> None:
    """Each room of lead, deputies and coordinators is rung once for each kind of step, and edited at most every three seconds."""
    stage, sent = silence
    told = [one for one in sent if one.role in ROLES]
    rooms = {(one.to, one.role) for one in told}
    assert {role for _, role in rooms} >= {"lead", "deputies", callers.ROLE}
    for room, role in rooms:
        theirs = [one for one in told if (one.to, one.role) == (room, role)]
        assert [one.loud for one in theirs] == [True] + [False] * (len(theirs) - 1)
        assert len(theirs) <= 2
    text = [one.body.text for one in told if one.role == "lead"][-1]
    assert text.count("☎") == 30 and "et 468 autres. /status les montre tous." in text
    assert timedelta(seconds=3) == EVERY and stage.world.incidents["I-1"].alerts["A-1"].watches


def test_the_calls_are_one_message_with_taps_for_the_next_few(silence: tuple[Stage, list[Send]]) -> None:
    """Not five hundred."""
    _, sent = silence
    calls = [one for one in sent if one.role == callers.ROLE]
    assert 1 <= len({one.to for one in calls}) <= 2
    assert len([tap for row in calls[-1].taps for tap in row]) == 3


def test_what_a_list_says_depends_on_nobody_unlisted() -> None:
    """With and without the answer of a partner that others may not know, the lead's rooms read the same."""
    from tests.handlers.border_stage import WATCHERS

    texts = []
    for silent_too in (True, False):
        stage = asked(silent(LEAD))
        if not silent_too:
            answer(stage, WATCHERS)
        else:
            stage.say(AID, "/status", ADMIN)
        stage.sent.clear()
        sent = lists(pass_time(stage, minutes=11))
        accept(stage, sent)
        texts.append([(one.to, one.body.text) for one in [*sent, *lists(pass_time(stage, seconds=5))]])
    assert texts[0] == texts[1]


def test_the_mayor_is_not_told_of_the_city() -> None:
    """Nobody is told of their own silence in a list: here of the city's people who must each answer."""
    lead = ("lead: fire, deputies: [city]", "lead: city, deputies: [fire]")
    stage = asked(silent("{after: 9m, do: lead}", lead, more=", from: person"), CITY)
    stage.enrol(MAYOR, "official", "city") if stage.world.who.person(MAYOR) is None else None
    sent = lists(pass_time(stage, minutes=10))
    assert to(sent, CITY) == [] and "City" in to(sent, DESK)[0]
