"""Words that answer a question: of the real thing before an exercise, of several after asking which, and help for everything at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from handlers.pending import ANSWERED_WITHIN
from playbooks.rooms import RoomRef
from playbooks.spoken import File, Spoken
from storage import incident
from storage.facts import CheckinAnswered, PersonAccounted, ReportMade
from tests.handlers.border_stage import CITY, DESK, FIRE, LIAISON, MAYOR, opened
from tests.handlers.exercise_stage import PLAYED, peopled
from tests.handlers.stage import Stage
from tests.handlers.talk_stage import rooms_of, talking

OWN = RoomRef("matrix", "!dm@liaison:x.org")
"""The private chat of the fire brigade's liaison."""


def both() -> Stage:
    """An exercise and the real thing, and no room of one is a room of the other."""
    stage = peopled(PLAYED)
    stage.say(DESK, "/exercise border", private=True)
    stage.say(CITY, "/activate border", MAYOR)
    stage.sent.clear()
    return stage


def alone(stage: Stage, text: str, **more: object) -> list[str]:
    """What the liaison is answered in private."""
    return [send.body.text for send in stage.say(OWN, text, LIAISON, private=True, **more) if send.to == OWN]


def two() -> Stage:
    """Two real incidents."""
    stage = opened()
    stage.say(CITY, "/activate +border", MAYOR)
    stage.sent.clear()
    return stage


@pytest.mark.parametrize("played", ["/decide E-1", "/report E-1", "/alert E-1 affected"])
def test_a_question_of_the_real_thing_goes_before_one_of_an_exercise(played: str) -> None:
    """Whatever the exercise asks, the words go to the real draft."""
    stage = both()
    alone(stage, played)
    alone(stage, "/alert I-1 affected")
    alone(stage, "The dam is breaking")
    [draft] = stage.world.incidents["I-1"].drafts.values()
    assert "The dam is breaking" in str(draft.fact.fields["what"])


def test_where_two_real_ones_ask_we_ask_which() -> None:
    """A decision of one incident, the alert of another, in one room: the words are kept, and go where the tap says."""
    stage = two()
    stage.say(FIRE, "/decide I-1", LIAISON)
    stage.say(FIRE, "/alert I-2 affected", LIAISON)
    [asked] = stage.say(FIRE, "The dam is breaking", LIAISON)
    assert "Which question is that for?" in asked.body.text
    commands = [tap.command for row in asked.taps for tap in row]
    assert commands == ["/go W-1 I-1", "/go W-1 D-1"]
    [answer] = stage.say(FIRE, commands[0], LIAISON, via="button")
    assert "Why?" in answer.body.text
    assert stage.world.incidents["I-1"].deciding[LIAISON].fields["_decision"] == "The dam is breaking"


def test_a_question_of_an_hour_ago_takes_a_reply_alone() -> None:
    """Nobody thinks of it any more who writes something."""
    stage = opened()
    [asked] = stage.say(FIRE, "/alert affected", LIAISON)
    stage.now += ANSWERED_WITHIN + timedelta(minutes=1)
    assert stage.say(FIRE, "Lunch?", LIAISON) == []
    assert stage.say(FIRE, "The dam is breaking", LIAISON, via="reply", about=stage.about(asked)) != []


def test_in_private_a_command_means_the_real_thing() -> None:
    """An exercise is named; an id among the words of an alert says nothing."""
    stage = both()
    alone(stage, "/alert affected not like E-1 or A-1")
    assert list(stage.world.incidents["I-1"].alerts) == ["A-1"] and not stage.world.incidents["E-1"].alerts
    alone(stage, "/report M=yes E=Quay T=flood")
    assert list(stage.world.incidents["I-1"].reports) == ["M-1"]
    alone(stage, "/alert E-1 affected hello")
    assert list(stage.world.incidents["E-1"].alerts) == ["A-2"]


@pytest.mark.parametrize("words", ["", "M=yes E=Quay T=flood", f"M=yes E=Quay T=flood H={'water ' * 30}".strip()])
@pytest.mark.parametrize("real", [True, False])
def test_with_an_exercise_alone_a_report_in_private_is_asked_about(words: str, real: bool) -> None:
    """Nobody rings the bell into an exercise without knowing; what was written is kept for the tap."""
    stage = peopled(PLAYED)
    stage.say(DESK, "/exercise border", private=True)
    [asked] = stage.say(OWN, f"/report {words}".strip(), LIAISON, private=True)
    assert "Is this real, or is it in the exercise E-1?" in asked.body.text and not stage.of(ReportMade)
    stage.say(OWN, asked.taps[0 if real else 1][0].command, LIAISON, private=True, via="button")
    assert bool(stage.world.who.reports) == real
    assert bool(stage.world.incidents["E-1"].reports) == (not real)


def test_help_in_private_is_for_every_roll_call() -> None:
    """Recorded in each, told to each; nothing is asked first, and a restart finds the same."""
    stage = two()
    for one in ("I-1", "I-2"):
        stage.say(FIRE, f"/rollcall {one} all", LIAISON)
    assert len(alone(stage, "help I am trapped under the bridge")) == 2
    told = [(f.rollcall, f.state, f.words) for f in stage.of(PersonAccounted) if isinstance(f, PersonAccounted)]
    assert told == [(r, "help", "I am trapped under the bridge") for r in ("R-1", "R-2")]
    for one in ("I-1", "I-2"):
        assert incident.fold(None, [k for k in stage.facts if k.stream == one]) == stage.world.incidents[one]


def test_that_all_is_well_is_asked_for_which() -> None:
    """Safe from one flood is not safe from another."""
    stage = two()
    stage.say(FIRE, "/rollcall I-1 all", LIAISON)
    stage.say(FIRE, "/rollcall I-2 all", LIAISON)
    [asked] = stage.say(OWN, "ok", LIAISON, private=True)
    assert [tap.command for row in asked.taps for tap in row] == ["/safe R-1", "/safe R-2"]
    assert not stage.of(PersonAccounted) and not stage.of(CheckinAnswered)
    alone(stage, "/safe R-2", via="button")
    assert [f.rollcall for f in stage.of(PersonAccounted) if isinstance(f, PersonAccounted)] == ["R-2"]


@pytest.mark.parametrize("words", ["help I am trapped", "ok"])
def test_beside_a_real_roll_call_an_exercise_is_not_meant(words: str) -> None:
    """Neither the first time nor when help is called for again."""
    stage = both()
    stage.say(DESK, "/rollcall E-1 all", private=True)
    stage.say(DESK, "/rollcall I-1 all", private=True)
    alone(stage, words)
    if words != "ok":
        alone(stage, "help")
    found = {f.rollcall for f in stage.of(PersonAccounted) if isinstance(f, PersonAccounted)}
    assert found == {"R-2"}


@pytest.mark.parametrize(
    "words", ["Wait, the phone rings", "The school is empty", "many", "leave it to me, I am there"]
)
def test_in_a_channels_room_words_that_cannot_be_the_answer_are_talk(words: str) -> None:
    """Asked how many, or to choose, somebody speaks to colleagues first: it reaches them, and the question waits for the answer."""
    for command, answer in (("/alert count", "12"), ("/alert evacuation", "Leave now")):
        stage = talking()
        stage.speak(CITY, command, MAYOR)
        drafts = stage.world.incidents["I-1"].drafts
        assert FIRE in rooms_of(stage.speak(CITY, words, MAYOR))
        assert stage.fact().person == stage.world.who.person(MAYOR).id  # type: ignore[union-attr]
        assert stage.world.incidents["I-1"].drafts == drafts
        answered = stage.speak(CITY, answer, MAYOR)
        assert answered and not stage.said.get("S-2")
        assert stage.world.incidents["I-1"].drafts != drafts


@pytest.mark.parametrize(
    ("words", "more"),
    [
        ("@anne are you there", {}),
        ("Anne, who has the keys?", {}),
        ("See what they say", {"forwarded": ""}),
        ("The quay", {"spoken": Spoken("The quay", File("matrix", "{}", "photo"))}),
    ],
)
def test_what_is_said_to_somebody_else_answers_no_question_of_ours(words: str, more: dict[str, Any]) -> None:
    """Asked for words, whoever calls somebody, asks something, passes something on or sends a picture speaks to the others."""
    stage = talking()
    stage.speak(CITY, "/alert affected", MAYOR)
    drafts = stage.world.incidents["I-1"].drafts
    stage.speak(CITY, words, MAYOR, **more)
    assert stage.world.incidents["I-1"].drafts == drafts
    stage.speak(CITY, "The quay is closed", MAYOR)
    assert stage.world.incidents["I-1"].drafts != drafts


def test_a_reply_to_the_question_is_its_answer_whatever_it_says() -> None:
    """What cannot be read is then said to whoever replied, and goes nowhere else."""
    stage = talking()
    [asked] = stage.speak(CITY, "/alert count", MAYOR)
    [answer] = stage.speak(CITY, "many", MAYOR, via="reply", about=stage.about(asked))
    assert answer.to == CITY and "Write a whole number" in answer.body.text


def test_where_nothing_is_carried_a_slip_is_told() -> None:
    """In a room of no channel nobody else would hear it: whoever mistypes is told what would fit."""
    stage = opened()
    stage.say(CITY, "/alert count", MAYOR)
    [answer] = stage.say(CITY, "many", MAYOR)
    assert "Write a whole number" in answer.body.text
