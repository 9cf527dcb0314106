"""``/audit``: the questions of an inquiry in chat, each reader's as far as they may see, and recorded with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings

from playbooks.rooms import RoomRef
from storage.effects import Send
from storage.facts import AlertAddressed, CommandRefused, CopyHeld, Disclosed, FieldErased, LogRead, MessageSent
from tests.examples import examples
from tests.handlers import test_noninterference as crisis
from tests.handlers.border_stage import CITY, DESK, FIRE, LIAISON, MAYOR, SOMEBODY, issued, opened, to
from tests.handlers.stage import Stage
from tests.handlers.test_noninterference import OTHERWISE, ROOMS, fields, otherwise, shown
from tests.playbooks.border import BOOK, NOON

AUDITOR, ALONE = "telegram:70", "telegram:70"
OWN = "telegram:71"
QUESTIONS = (
    "who-saw A-1",
    "who-saw A-1 victims",
    "who-saw A-1 what",
    "who-saw D-1",
    "who-saw A-9",
    "saw fire",
    "saw watchers",
    "saw aid 23:59",
    "silent",
    "silent A-1",
    "unknown",
    "withheld",
    "leads",
    "readings",
)


def _ask(
    stage: Stage, room: Any, question: str, who: str, *, private: bool = False, why: str = " because inquiry"
) -> str:
    """The one answer to a question."""
    sent = _asked(stage, room, f"/audit {question}{why}", who, private=private)
    answers = to(sent, sent[-1].to) if sent else []
    assert len(answers) == 1, answers
    return answers[0]


def _asked(stage: Stage, room: Any, text: str, who: str, *, private: bool) -> list[Send]:
    kept = tuple(one for one in stage.facts if one.stream == "I-1")
    return stage.say(room, text, who, private=private, kept=kept)


def _stage() -> Stage:
    """An alert with something hidden, seen and answered by some; an auditor of the deployment and one of the city."""
    stage = opened()
    stage.enrol(AUDITOR, "auditor", None)
    stage.enrol(OWN, "auditor", "fire")
    issued(stage, '/alert evacuation action=leave where=Town what="The quay" people=12 victims="Ada"')
    crisis.settled(stage, "A-1")
    stage.say(ROOMS["fire"][-1], "/ack A-1 acting", SOMEBODY)
    return stage


def test_an_auditor_of_the_deployment_asks_of_everything_alone_with_us() -> None:
    """In their private chat they learn who saw, who never answered and who led, unlisted partners too; in a room, what its partner may see."""
    stage = _stage()
    seen = _ask(stage, ALONE, "who-saw A-1 victims", AUDITOR, private=True)
    assert "in full, line" in seen and "not cleared for TLP:AMBER: Aid, Telegram" in seen
    silent = _ask(stage, ALONE, "silent A-1", AUDITOR, private=True)
    never = next(line for line in silent.splitlines() if line.startswith("Not yet"))
    assert "Silent watchers" in silent and "Fire" not in never and "Acting" in silent
    assert "watch" in _ask(stage, ALONE, "saw watchers", AUDITOR, private=True).lower()
    assert "now" in _ask(stage, ALONE, "leads", AUDITOR, private=True)
    assert "As far as you may see it" not in silent
    in_a_room = _ask(stage, CITY, "silent", AUDITOR)
    assert "you may not see" in in_a_room and "As far as you may see it" in in_a_room


def test_a_question_and_its_reason_are_recorded_with_who_asked() -> None:
    """What was asked, why, by whom, for which partner, of how many entries; without a reason it asks for one, and answers nothing."""
    stage = _stage()
    size = stage.world.incidents["I-1"].size
    mute = _ask(stage, FIRE, "silent A-1", OWN, why="")
    assert "Say why you ask" in mute and "/audit silent A-1 because …" in mute
    assert not stage.of(LogRead)
    for why in (" because the mayor asks", " parce que le maire demande", " weil der Bürgermeister fragt"):
        _ask(stage, FIRE, "silent A-1", OWN, why=why)
    person = stage.world.who.person(OWN)
    assert person is not None
    facts = [fact for fact in stage.of(LogRead) if isinstance(fact, LogRead)]
    assert [(fact.person, fact.partner, fact.question) for fact in facts] == [(person.id, "fire", "silent A-1")] * 3
    assert [fact.reason for fact in facts] == ["the mayor asks", "le maire demande", "der Bürgermeister fragt"]
    assert facts[0].upto == size
    assert f"{person.id}, " in _ask(stage, FIRE, "readings", OWN)


def test_only_auditors_coordinators_and_the_lead_may_ask() -> None:
    """Anybody else is refused, and that is recorded; nothing is read."""
    stage = _stage()
    assert "Only auditors" in _ask(stage, ROOMS["aid"][0], "silent", SOMEBODY)
    assert not stage.of(LogRead)
    assert [fact.command for fact in stage.of(CommandRefused) if isinstance(fact, CommandRefused)][-1] == "/audit"
    assert "As far as you may see it" in _ask(stage, FIRE, "silent", LIAISON)
    assert "As far as you may see it" in _ask(stage, DESK, "silent", "telegram:501", private=True)


def test_the_issuer_that_may_know_who_has_it_learns_who_was_shown_which_field() -> None:
    """Of its own alert, partner by partner, without their rooms; another's alert shows a partner only its own copy."""
    stage = _stage()
    city = _ask(stage, CITY, "who-saw A-1", MAYOR)
    fire = _ask(stage, FIRE, "who-saw A-1 victims", OWN)
    assert "victims" in fire and "in full, line" in fire and "City" not in fire.replace("Fire and City", "")
    assert "!" not in city and "-14" not in city


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "/audit who-saw A-17 FIELD because …"),
        ("who-was", "/audit who-saw A-17 FIELD because …"),
        ("saw", "/audit saw PARTNER 14:05 because …"),
        ("saw nobody", "I know no partner nobody"),
        ("saw watchers", "I know no partner watchers"),
        ("saw nobody", "There are: City"),
        ("saw fire 25:99", "25:99 is no time. Write it like 14:05, or 2026-11-22 14:05."),
        ("saw fire 2026-02-30 14:05", "2026-02-30 14:05 is no time."),
        ("leads of fire", "/audit leads because …"),
        ("who-saw", "/audit who-saw A-17 FIELD because …"),
        ("who-saw what", "The log has nothing of what that you may see. It has: A-1."),
        ("who-saw A-1 zzzz", "The playbook has no field zzzz. It has: "),
        ("who-saw A-1 victim", "Did you mean victims?"),
        ("who-saw A-77", "The log has nothing of A-77 that you may see. It has: A-1."),
        ("silent A-77", "The log has nothing of A-77 that you may see. It has: A-1."),
        ("silent fire", "The log has nothing of fire that you may see. It has: A-1."),
    ],
)
def test_a_wrong_question_says_what_can_be_asked(typed: str, words: str) -> None:
    """An unlisted partner is as unknown as one that is not there, and nothing is recorded as read."""
    stage = _stage()
    assert words in _ask(stage, FIRE, typed, OWN)
    assert not stage.of(LogRead)


def test_a_log_that_is_too_long_for_a_chat_says_where_to_ask() -> None:
    """No facts were given: whoever runs the server can ask."""
    stage = _stage()
    [answer] = to(stage.say(FIRE, "/audit silent because inquiry", OWN), FIRE)
    assert "tocsin ask I-1" in answer and not stage.of(LogRead)


def test_an_incident_that_is_over_can_be_asked_by_its_name() -> None:
    """The inquiry comes after the crisis; without a name it is asked for, and no other command finds what is over."""
    stage = _stage()
    stage.say(CITY, "/close I-1 yes", "telegram:501")
    assert "Who was shown A-1" in _ask(stage, ALONE, "I-1 who-saw A-1 what", AUDITOR, private=True)
    assert "Fire" in _ask(stage, FIRE, "I-1 silent A-1", OWN)
    assert "/audit I-…" in _ask(stage, ALONE, "leads", AUDITOR, private=True)
    assert "not open here" in to(stage.say(FIRE, "/note I-1 words", OWN), FIRE)[0]
    assert "belongs to no partner" in _ask(stage, ALONE, "I-1 leads", "telegram:99", private=True)


@pytest.mark.parametrize("over", [False, True])
def test_the_incident_may_stand_behind_the_question(over: bool) -> None:
    """Whether it is open or over, its id may stand anywhere before the reason; in the reason it is a word like others."""
    stage = _stage()
    if over:
        stage.say(CITY, "/close I-1 yes", "telegram:501")
    for asked, same in (
        ("leads I-1", "I-1 leads"),
        ("who-saw i-1 A-1 what", "I-1 who-saw A-1 what"),
        ("who-saw A-1 what I-1", "I-1 who-saw A-1 what"),
        ("silent A-1 I-1", "I-1 silent A-1"),
        ("saw fire I-1", "I-1 saw fire"),
    ):
        one, two = (_ask(stage, ALONE, words, AUDITOR, private=True) for words in (asked, same))
        assert one == two and "What can be asked" not in one, asked
    assert "asked saw fire" in _ask(stage, ALONE, "readings I-1", AUDITOR, private=True)
    named = _ask(stage, ALONE, "leads", AUDITOR, private=True, why=" because I-9 was bad")
    assert ("/audit I-…" in named) == over and "I-9" not in named


def test_nothing_to_be_seen_is_not_said_to_be_nothing() -> None:
    """What was shown to another partner may be hidden from whoever asks; to an auditor of everything, nothing is nothing."""
    stage = _stage()
    mine = _ask(stage, FIRE, "saw aid", OWN)
    assert "Nothing that you may see." in mine and "Nothing." not in mine
    assert "Nobody that you may see." in _ask(stage, FIRE, "who-saw A-1 secret", OWN)
    assert _ask(stage, ALONE, "leads", AUDITOR, private=True).startswith("Who led")
    once = _ask(stage, ALONE, "who-saw A-1 what", AUDITOR, private=True)
    assert "once more" not in once
    told = [(one, f) for one in stage.facts if isinstance(f := one.fact, Disclosed) and f.partner == "fire"]
    first, shown_it = next((one, f) for one, f in told if "what" in f.fields)
    sends = [(one, f) for one in stage.facts if isinstance(f := one.fact, MessageSent)]
    sent, left = next((one, f) for one, f in sends if f.send == shown_it.send)
    last = max(one.seq for one in stage.facts if one.stream == "I-1")
    stage.facts.append(replace(first, seq=last + 1, fact=replace(shown_it, send="again-1")))
    stage.facts.append(replace(sent, seq=last + 2, fact=replace(left, send="again-1")))
    twice = _ask(stage, ALONE, "who-saw A-1 what", AUDITOR, private=True)
    assert [line for line in twice.splitlines() if "once more, in full" in line and "Fire" in line]


_STAGE: list[Stage] = []


@settings(max_examples=examples(60), deadline=None)
@given(
    crisis.st.sampled_from(["", *QUESTIONS, "who-saw", "saw"]), crisis.st.text(max_size=40), crisis.st.text(max_size=9)
)
def test_whatever_is_typed_is_answered_once(question: str, words: str, why: str) -> None:
    """Any words in any place: one answer, never none, and none is longer than two screens."""
    if not _STAGE:
        _STAGE.append(_stage())
    stage = _STAGE[0]
    sent = _asked(stage, ALONE, f"/audit {question} {words} because {why}", AUDITOR, private=True)
    assert len(sent) == 1 and len(sent[0].body.text.splitlines()) < 40


def _inquired(typed: Mapping[str, str | None], partner: str) -> Stage:
    """The crisis of the noninterference tests, still open, and every question from a partner's room, by its own auditor."""
    stage = Stage.set(BOOK)
    stage.now = NOON
    for identity, role, whose in ((MAYOR, "official", "city"), (LIAISON, "liaison", "fire"), (OWN, "auditor", partner)):
        stage.enrol(identity, role, whose)
    stage.say(CITY, "/activate border High water", MAYOR)
    given = " ".join(f'{n}="{typed[n]}"' for n in ("what", "where", "people", "victims", "secret") if typed[n])
    stage.say(CITY, f"/alert evacuation action=leave {given}", MAYOR)
    stage.say(CITY, "/draft D-1 send", MAYOR, via="button")
    crisis.settled(stage, "A-1")
    for whose, choice in (("fire", "cannot"), ("brandweer", "seen"), ("aid", "acting"), ("watchers", "cannot")):
        stage.say(ROOMS[whose][-1], f"/ack A-1 {choice}", f"matrix:@{whose}:x.org")
    stage.say(FIRE, f'/alert affected where="{typed["spot"]}" people={typed["people"] or 7} Come', LIAISON)
    stage.say(CITY, f"/alert count people={typed['people'] or 7} Mind the numbers", MAYOR)
    crisis.asked(stage)
    stage.say(FIRE, "/danger a dyke broke", LIAISON)
    for alert in ("A-1", "A-2", "A-3"):
        crisis.decided_again(stage, alert)
    crisis.corrected(stage, typed)
    for question in QUESTIONS:
        _ask(stage, ROOMS[partner][-1], question, OWN)
    return stage


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(crisis.st.sampled_from([partner for partner in ROOMS if partner != "city"]), fields, fields)
@example("fire", {name: values[-1] for name, values in OTHERWISE.items()}, dict.fromkeys(OTHERWISE) | {"spot": "Hill"})
@example("aid", {name: values[-1] for name, values in OTHERWISE.items()}, dict.fromkeys(OTHERWISE) | {"spot": "Hill"})
@example("hilfe", {name: values[-1] for name, values in OTHERWISE.items()}, dict.fromkeys(OTHERWISE) | {"spot": "Hill"})
def test_what_is_hidden_from_a_partner_changes_no_answer(
    partner: str, one: dict[str, str | None], other: dict[str, str | None]
) -> None:
    """Two crises that differ only in what is hidden from a partner are answered the same to all its questions."""
    first, second = _inquired(one, partner), _inquired(otherwise(partner, one, other), partner)
    assert shown(first, partner) == shown(second, partner)
    assert first.of(LogRead) == second.of(LogRead) or one["spot"] != other["spot"]


def test_a_time_of_day_is_one_of_the_incident() -> None:
    """Before it began, or still to come: it says so, answers for no other day, and nothing is recorded as read. A day later yesterday's is meant."""
    stage = _stage()
    for time, words in (
        ("11:30", "The incident began 12:00, after 11:30."),
        ("12:30", "12:30 is still to come."),
        ("2020-01-02 11:30", "The incident began 12:00, after "),
        ("2060-01-02 11:30", " is still to come."),
    ):
        answer = _ask(stage, ALONE, f"saw fire {time}", AUDITOR, private=True)
        assert words in answer and "•" not in answer
    assert not stage.of(LogRead)
    whole = _ask(stage, ALONE, "saw fire", AUDITOR, private=True)
    stage.now += timedelta(hours=23)
    last = _ask(stage, ALONE, "saw fire 23:59", AUDITOR, private=True)
    assert last.count("•") == whole.count("•") > 0 and "23:59" in last


def test_nobody_is_called_silent_of_whose_answer_nothing_can_be_seen() -> None:
    """A partner's auditor learns of its own silence or answer; of others that they may not see, the issuer's too, where delivery is not theirs to know."""
    stage = _stage()
    other = "telegram:72"
    stage.enrol(other, "auditor", "aid")
    silent = _ask(stage, ROOMS["aid"][-1], "silent A-1", other)
    assert "Not yet acknowledged: Aid\n" in silent and "Acting" not in silent
    assert "Of others you may not see who has it and who answered." in silent
    stage.say(ROOMS["aid"][-1], "/ack A-1 seen", "matrix:@aid:x.org")
    answered = _ask(stage, ROOMS["aid"][-1], "silent A-1", other)
    assert "• Aid: Seen" in answered and "acknowledged" not in answered and "Everybody" not in answered
    inside = "telegram:73"
    stage.enrol(inside, "auditor", "city")
    theirs = _ask(stage, CITY, "silent A-1", inside)
    assert "you may not see" in theirs and "acknowledged" not in theirs
    whole = _ask(stage, ALONE, "silent A-1", AUDITOR, private=True)
    assert "you may not see" not in whole and "• Aid: Seen" in whole and "Everybody" not in whole


def test_a_reading_says_what_was_asked_why_and_from_how_much() -> None:
    """To the partner's own auditor and to that of the deployment; the reasons of others to nobody else, and none where the chat may not carry a copy."""
    stage = _stage()
    _ask(stage, FIRE, "silent a1", OWN, why=" because the mayor asks")
    mine = _ask(stage, FIRE, "readings", OWN)
    assert "asked silent A-1" in mine and "from" in mine and "entries" in mine
    assert "because: the mayor asks" in mine or "the reason stands in copies of the log" in mine
    theirs = _ask(stage, ROOMS["aid"][-1], "readings", "telegram:501")
    assert "mayor" not in theirs
    [first, *_] = [fact for fact in stage.of(LogRead) if isinstance(fact, LogRead)]
    assert first.shown is not None and 0 < first.shown < first.upto
    stage.say(FIRE, "/audit silent A-1 because", OWN)
    whole = _ask(stage, ALONE, "readings", AUDITOR, private=True)
    assert "asked silent A-1" in whole
    [last] = [fact for fact in stage.of(LogRead) if isinstance(fact, LogRead)][-1:]
    assert last.shown == last.upto


def test_an_answer_from_a_log_of_which_some_was_erased_says_so() -> None:
    """To the auditor of everything; a partner is not told what was erased of others."""
    stage = _stage()
    assert "erased" not in _ask(stage, ALONE, "leads", AUDITOR, private=True)
    last = max((one for one in stage.facts if one.stream == "I-1"), key=lambda one: one.seq)
    erased = FieldErased(3, "person", "operator", "court", "GDPR 17")
    stage.facts.append(replace(last, seq=last.seq + 1, fact=erased))
    assert "some of what it held was erased" in _ask(stage, ALONE, "leads", AUDITOR, private=True)
    assert "erased" not in _ask(stage, FIRE, "leads", OWN)


def test_a_lead_ends_with_the_incident_for_everybody() -> None:
    """Each partner is told that it is over: nobody is said to lead what was closed."""
    stage = _stage()
    stage.say(CITY, "/close I-1 yes", "telegram:501")
    led = _ask(stage, FIRE, "I-1 leads", OWN)
    assert "Who led" in led and "now" not in led


def test_fields_alike_stand_in_one_line_and_empty_ones_in_none() -> None:
    """What a partner was shown of one thing at one time in one form is one line; a field in which nothing was is no sight."""
    stage = _stage()
    told = _ask(stage, FIRE, "saw fire", OWN)
    assert "secret" not in told and any(line.count(",") > 3 for line in told.splitlines())


def test_a_long_answer_is_one_message_and_says_that_there_is_more() -> None:
    """However many things were withheld from however many partners; the rest is on the server."""
    stage = _stage()
    [addressed, *_] = [one for one in stage.facts if isinstance(one.fact, AlertAddressed)]
    last = max(one.seq for one in stage.facts if one.stream == "I-1")
    for number, partner in enumerate(("fire", "aid", "hilfe", "brandweer") * 60, 1):
        held = CopyHeld(f"A-{number}", partner, "what", "clearance", "border:104")
        stage.facts.append(replace(addressed, seq=last + number, fact=held))
    told = _ask(stage, ALONE, "withheld", AUDITOR, private=True)
    assert "All of it on the server: tocsin ask I-1" in told
    assert len(told) < 4096 and len(told.splitlines()) < 40


def test_why_a_partner_was_passed_over_is_said_in_words() -> None:
    """A partner without a room, and one that may not see where it is: the reasons that no rule gives."""
    stage = _stage()
    [(addressed, fact)] = [(one, f) for one in stage.facts if isinstance(f := one.fact, AlertAddressed)]
    passed = {"aid": {"status": "roomless"}, "hilfe": {"status": "blind"}, "fire": {"status": "held"}}
    stage.facts[stage.facts.index(addressed)] = replace(addressed, fact=replace(fact, partners={**fact.partners, **passed}))  # fmt: skip
    last = max(one.seq for one in stage.facts if one.stream == "I-1")
    stage.facts.append(replace(addressed, seq=last + 1, fact=CopyHeld("A-1", "fire", None, "hollow", None)))
    told = _ask(stage, ALONE, "withheld", AUDITOR, private=True)
    for words in ("no room is known: Aid", "may not see where it is: Hilfe", "nothing would be left to say: Fire"):
        assert words in told
    assert "Not sent to: " in _ask(stage, ALONE, "silent", AUDITOR, private=True)


@pytest.mark.parametrize(
    ("typed", "day", "clock"),
    [("14:05", None, "14:05"), ("9.30", None, "09:30"), ("{0:%Y-%m-%d} 14:05", 1, "14:05"), ("{0.day}.{0.month}.{0.year} 9h05", 1, "09:05")],
)  # fmt: skip
def test_a_moment_may_have_its_day(typed: str, day: int | None, clock: str) -> None:
    """Times of day, and days as people write them; the log keeps the moment as the command line takes it."""
    stage = _stage()
    stage.now += timedelta(days=3)
    tomorrow = NOON + timedelta(days=1)
    _ask(stage, ALONE, f"saw Fire {typed.format(tomorrow)}", AUDITOR, private=True)
    [read] = [fact for fact in stage.of(LogRead) if isinstance(fact, LogRead)]
    assert str(read.question).startswith("saw fire --until ") and str(read.question).endswith(clock)
    assert day is None or f"{tomorrow:%Y-%m-%d}" in str(read.question)


@pytest.mark.parametrize(
    ("now", "typed", "kept"),
    [
        ((0, 20), "02:15", "2026-10-25 02:15+02:00"),  # 02:20, the first time
        ((1, 20), "02:15", "2026-10-25 02:15+01:00"),  # 02:20 once more
        ((1, 20), "02:45", "2026-10-25 02:45+02:00"),
        ((1, 20), "01:45", "2026-10-25 01:45"),
        ((1, 20), "2026-10-25 02:45", "2026-10-25 02:45+02:00"),
        ((11, 0), "2026-10-25 02:45", "2026-10-25 02:45+01:00"),
    ],
)
def test_in_the_hour_that_comes_twice_the_last_before_now_is_meant(now: tuple[int, int], typed: str, kept: str) -> None:
    """The log keeps it so that the command line asks of the same moment."""
    stage = _stage()
    stage.now = datetime(2026, 10, 25, *now, tzinfo=UTC)
    _ask(stage, ALONE, f"saw Fire {typed}", AUDITOR, private=True)
    [read] = [fact for fact in stage.of(LogRead) if isinstance(fact, LogRead)]
    assert read.question == f"saw fire --until {kept}"


@pytest.mark.parametrize("over", ["/cancel A-1 mistake", "/close I-1 yes"])
def test_nobody_has_never_answered_what_still_waits(over: str) -> None:
    """While an alert stands it is not yet acknowledged; once it or its incident is over, never."""
    stage = _stage()
    before = _ask(stage, ALONE, "I-1 silent A-1", AUDITOR, private=True)
    assert "Not yet acknowledged: " in before and "Never" not in before
    stage.say(CITY, over, MAYOR if "cancel" in over else "telegram:501")
    after = _ask(stage, ALONE, "I-1 silent A-1", AUDITOR, private=True)
    assert "Never acknowledged: " in after and "Not yet" not in after


def test_an_answer_without_anything_says_once_that_it_is_what_one_may_see() -> None:
    """Not in its own words and below them again."""
    stage = _stage()
    answer = _ask(stage, FIRE, "readings", OWN)
    assert answer.splitlines()[0] == "Nobody has read the log, as far as you may see."
    assert "As far as you may see it" not in answer
    assert "As far as you may see it" in _ask(stage, FIRE, "readings", OWN)


def test_a_draft_is_no_first_telling_of_its_alert() -> None:
    """Its author's room saw it as a draft, and then the alert, not the same once more."""
    stage = _stage()
    stage.accepted(next(send for send in stage.sent if send.about == "D-1" and send.to == CITY and send.body.shows))
    lines = _ask(stage, ALONE, "who-saw A-1 what", AUDITOR, private=True).splitlines()
    assert any("as a draft" in line and "City" in line for line in lines)
    assert any("as a draft" not in line and "City" in line for line in lines)
    assert not any("once more" in line for line in lines)


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ((7,), "Entry 7 of the log of I-1 is damaged or missing.\n"),
        ((), "The log of I-1 is damaged.\n"),
    ],
)
@pytest.mark.parametrize("command", ["/audit leads because", "/export auditor because"])
def test_of_a_damaged_log_it_is_said_where_and_who_must_be_told(
    command: str, entries: tuple[int, ...], says: str
) -> None:
    """It is not called too long, nothing is answered from it, and no copy of it is promised."""
    stage, room = _stage(), RoomRef("telegram", ALONE.partition(":")[2])
    sent = stage.say(room, f"{command} inquiry", AUDITOR, private=True, damaged=entries)
    [answer] = to(sent, sent[-1].to)
    assert answer.startswith(says) and "Tell whoever runs the server: tocsin doctor" in answer
    assert not stage.of(LogRead)
