"""/exercise: every message says first that it is one, and none comes where it must not; it gives way to the real thing."""

from __future__ import annotations

from datetime import timedelta

from handlers import COMMANDS
from handlers.texts import available, translated
from storage import incident
from storage.facts import (
    Acknowledged,
    CheckinStarted,
    CommandRefused,
    DeadlineHeld,
    Escalated,
    ExercisePaused,
    ExerciseResumed,
    IncidentClosed,
    IncidentOpened,
    MessageDropped,
    NoteAdded,
)
from tests.handlers.border_stage import CITY, LIAISON, MAYOR, OFFICER, to
from tests.handlers.exercise_stage import (
    CITY_PLAYS,
    CITY_REAL,
    DESK,
    PLAY,
    PLAY_AID,
    PLAY_CITY,
    PLAY_FIRE,
    REAL,
    SHARED,
    exercising,
    peopled,
)
from tests.handlers.stage import ADMIN, Stage

MARK = "<b>EXERCISE EXERCISE EXERCISE</b>"
MARKS = {translated((language,), MARK).removeprefix("<b>").removesuffix("</b>") for language in ("en", *available())}
SCRIPT = (
    (PLAY_CITY, MAYOR, "/alert evacuation action=leave where=Town people=12 The dyke breaks"),
    (PLAY_CITY, MAYOR, "/draft D-1 send"),
    (PLAY_AID, "telegram:900", "/ack A-1 cannot"),
    (PLAY_FIRE, LIAISON, "/danger a dyke broke"),
    (PLAY_FIRE, LIAISON, "/danger off"),
    (PLAY_CITY, MAYOR, "/alert"),
    (PLAY_CITY, MAYOR, "/alert evacuation"),
    (PLAY_CITY, MAYOR, "leave"),
    (PLAY_CITY, MAYOR, "/alert count people=4"),
    (PLAY_CITY, MAYOR, "/lang room fr"),
    (PLAY_CITY, MAYOR, "/alert talk Good morning"),
    (PLAY_CITY, MAYOR, "/draft D-4 send"),
    (PLAY_CITY, OFFICER, "/draft D-4 send"),
    (PLAY_FIRE, LIAISON, "/alert evacuation action=stay"),
    (PLAY_FIRE, LIAISON, "/ask evacuation"),
    (PLAY_CITY, MAYOR, "/note a remark"),
    (PLAY_FIRE, LIAISON, "/checkin start hourly"),
    (PLAY_CITY, MAYOR, "/checkin degraded no power"),
    (PLAY_FIRE, LIAISON, "/rollcall all"),
    (PLAY_FIRE, LIAISON, "/decide Hold the dyke because it is low"),
    (PLAY_FIRE, LIAISON, "/handover city"),
    (PLAY_FIRE, LIAISON, "/phase response"),
)
SHAPES = frozenset("🟩🟥🟦🟨🟪🟧🟫⬛⬜🔵🔴🟢🟡🟣🟠🟤⚫⚪🔷🔶🔹🔸🔺🔻")
"""Squares, circles and the like: what stands under exercises, and under nothing else."""


def drama() -> Stage:
    """A whole exercise: alerts, answers, danger, every command there is in every kind of room, and time that passes."""
    stage = exercising()
    for room, identity, words in SCRIPT:
        stage.say(room, words, identity)
    for send in list(stage.sent):
        stage.accepted(send)
    stage.fall_due(stage.now + timedelta(minutes=10))
    stage.say(PLAY_FIRE, "/ack A-1 acting", LIAISON)
    stage.say(PLAY_CITY, "/cancel A-1 mistake", MAYOR)
    for command in COMMANDS:
        if command.name in ("close", "exercise", "activate"):
            continue
        for room, identity in ((PLAY_CITY, MAYOR), (PLAY_FIRE, LIAISON), (PLAY_AID, "telegram:900")):
            stage.say(room, f"/{command.name}", identity)
            stage.say(room, f"/{command.name} {command.usage.partition(' ')[0]} x", identity)
        stage.say(DESK, f"/{command.name} E-1", private=True)
    stage.fall_due(stage.now + timedelta(hours=13))
    stage.say(DESK, "/exercise end E-1", private=True)
    return stage


def test_no_message_of_an_exercise_is_without_its_mark_or_comes_into_a_real_room() -> None:
    """Over a whole exercise: the first line says it in the reader's language, no other line does, and the choices are others."""
    stage = drama()
    mine = [send for send in stage.sent if send.stream == "E-1"]
    assert len(mine) > 60 and stage.of(IncidentClosed) and stage.of(Acknowledged)
    assert stage.of(Escalated) and stage.of(CheckinStarted)
    direct = {*stage.world.who.direct.values(), DESK}
    for send in mine:
        first, *others = send.body.text.split("\n")
        assert first in MARKS, send.body.text
        assert not any(line in MARKS for line in others), send.body.text
        assert send.to in PLAY or send.to in direct, send.to
    assert {send.to for send in mine} & set(stage.world.who.direct.values()), "nobody was asked in private"
    assert not [send for send in stage.sent if send.to in REAL]
    assert any("EXERCICE" in send.body.text for send in mine if send.to == PLAY_CITY) or "fr" not in available()
    for send in stage.sent:
        if send.to in PLAY:
            assert send.body.text.split("\n")[0] in MARKS, (send.stream, send.body.text)


def test_the_choices_of_an_exercise_are_not_the_real_ones() -> None:
    """Each says that it belongs to an exercise, and has a shape of its own under its message, never a real emoji."""
    for send in drama().sent:
        taps = [tap for row in send.taps for tap in row]
        emojis = [tap.emoji for tap in taps]
        if send.stream == "E-1":
            assert len(set(emojis)) == len(emojis)
            assert all(set(emoji) <= set("".join(SHAPES)) for emoji in emojis), emojis
            assert all(not tap.label.text.startswith(("Acting", "Send")) for tap in taps)
        else:
            assert not SHAPES & set(emojis)


def test_coordinators_alone_begin_it_and_not_from_a_real_room() -> None:
    """A private chat or a room for exercises will do; the real rooms never learn of it."""
    stage = peopled()
    assert "Only coordinators" in to(stage.say(PLAY_CITY, "/exercise border", MAYOR), PLAY_CITY)[0]
    assert "not for exercises" in to(stage.say(CITY, "/exercise border", ADMIN), CITY)[0]
    assert not stage.of(IncidentOpened) and len(stage.of(CommandRefused)) == 2
    sent = stage.say(PLAY_CITY, "/exercise border dam High water", ADMIN)
    [opened] = stage.of(IncidentOpened)
    assert isinstance(opened, IncidentOpened)
    assert (opened.incident, opened.exercise, opened.hazard) == ("E-1", True, "dam")
    assert {send.to for send in sent} <= PLAY
    assert "takes no part" in sent[-1].body.text or "take no part" in sent[-1].body.text


def test_alone_it_asks_and_a_slip_is_forgiven() -> None:
    """The playbooks that have rooms for it, and the nearest word."""
    stage = peopled()
    asked = stage.say(DESK, "/exercise", private=True)[0]
    assert [tap.command for row in asked.taps for tap in row] == ["/exercise border"]
    near = stage.say(DESK, "/exercise bordr", private=True)[0]
    assert [tap.command for row in near.taps for tap in row] == ["/exercise border"]
    stage.say(DESK, "/exercise border", private=True)
    again = stage.say(DESK, "/exercise border", private=True)[0]
    assert "already open" in again.body.text and len(stage.of(IncidentOpened)) == 1
    stage.say(DESK, again.taps[0][0].command, private=True)
    assert list(stage.world.incidents) == ["E-1", "E-2"]


def test_the_real_thing_and_an_exercise_run_at_once_and_do_not_mix() -> None:
    """The same playbook in different rooms: each room speaks for its own, whatever it says."""
    stage = exercising()
    stage.say(CITY, "/activate border", MAYOR)
    assert list(stage.world.incidents) == ["E-1", "I-1"] and stage.world.incidents["E-1"].paused is None
    stage.sent.clear()
    stage.say(PLAY_CITY, "/alert evacuation action=leave", MAYOR)
    stage.say(PLAY_CITY, "/draft D-1 send", MAYOR)
    assert {send.to for send in stage.sent} <= {*PLAY, DESK}
    stage.sent.clear()
    stage.say(CITY, "/alert evacuation action=stay", MAYOR)
    stage.say(CITY, "/draft D-2 send", MAYOR)
    assert {send.to for send in stage.sent} <= {*REAL, DESK} and all(
        "EXERCISE" not in send.body.text for send in stage.sent
    )
    assert list(stage.world.incidents["E-1"].alerts) == ["A-1"] and list(stage.world.incidents["I-1"].alerts) == ["A-2"]
    for room, words in (
        (CITY, "/ack A-1 seen"),
        (CITY, "/status E-1"),
        (PLAY_CITY, "/ack A-2 seen"),
        (PLAY_CITY, "/close I-1"),
    ):
        before = [(one.id, one.alerts, one.closed_at) for one in stage.world.incidents.values()]
        stage.say(room, words, MAYOR)
        assert [(one.id, one.alerts, one.closed_at) for one in stage.world.incidents.values()] == before, words
    stage.say(DESK, "/exercise end", private=True)
    assert [one.id for one in stage.world.open] == ["I-1"]


def paused() -> Stage:
    """An exercise with an alert on its way, and a real incident that needs a chat of it."""
    stage = exercising(SHARED)
    stage.say(CITY_PLAYS, "/alert evacuation action=leave where=Town", MAYOR)
    stage.say(CITY_PLAYS, "/draft D-1 send", MAYOR)
    landed = [send for send in stage.sent if send.about == "A-1" and send.to == PLAY_FIRE]
    for send in landed:
        stage.accepted(send)
    stage.sent.clear()
    stage.say(CITY_REAL, "/activate border", MAYOR)
    return stage


def test_a_real_incident_pauses_the_exercise_that_shares_a_chat_and_each_room_is_told_once() -> None:
    """Topics of one chat share it. What had not left is dropped, and the log says so."""
    stage = paused()
    assert [fact.by for fact in stage.of(ExercisePaused)] == ["I-1"]  # type: ignore[attr-defined]
    assert to(stage.sent, CITY_PLAYS) == ["EXERCISE EXERCISE EXERCISE\nExercise paused: a real incident has begun. I-1"]
    assert to(stage.sent, PLAY_FIRE) == ["EXERCISE EXERCISE EXERCISE\nExercise paused: a real incident has begun."]
    dropped = {kept.fact.room for kept in stage.facts if isinstance(kept.fact, MessageDropped)}
    assert CITY_PLAYS in dropped and PLAY_AID in dropped
    copies = stage.world.incidents["E-1"].alerts["A-1"].copies.values()
    assert {copy.state for copy in copies if copy.room != PLAY_FIRE} == {"dropped"}


def test_nothing_of_a_paused_exercise_is_said_or_done() -> None:
    """Its commands are answered that it is paused, and words, replies and deadlines come to nothing."""
    stage = paused()
    for words in ("/ack A-1 acting", "/note x", "/alert talk x", "/status"):
        said = to(stage.say(PLAY_FIRE, words, LIAISON), PLAY_FIRE)
        assert said == ["EXERCISE EXERCISE EXERCISE\nE-1 is paused. Coordinators: /exercise resume."], words
    assert not stage.of(NoteAdded) and not stage.of(Acknowledged)
    stage.sent.clear()
    stage.fall_due(stage.now + timedelta(hours=20))
    assert not [send for send in stage.sent if send.stream == "E-1"]
    assert stage.of(DeadlineHeld) and not stage.world.incidents["E-1"].alerts["A-1"].expired


def test_it_goes_on_when_the_real_thing_is_over_with_its_time_moved() -> None:
    """What fell due in the pause falls due that much later; what was still to come too. A fold from the facts says the same."""
    stage = paused()
    began = stage.world.incidents["E-1"].paused_at
    assert began is not None
    expires = stage.pending["expires:A-1"].at
    stage.fall_due(stage.now + timedelta(hours=1))
    assert "Not now: I-1" in stage.say(DESK, "/exercise resume", private=True)[0].body.text
    stage.say(DESK, "/close I-1 yes", private=True)
    stage.fall_due(stage.now + timedelta(hours=19))
    stage.sent.clear()
    stage.say(DESK, "/exercise resume", private=True)
    pause = stage.now - began
    assert stage.of(ExerciseResumed) and {send.to for send in stage.sent} >= {CITY_PLAYS, PLAY_FIRE, PLAY_AID}
    assert stage.pending["expires:A-1"].at == expires + pause
    assert stage.world.incidents["E-1"].alerts["A-1"].fact.expires == expires + pause
    folded = incident.fold(None, [kept for kept in stage.facts if kept.stream == "E-1"])
    assert folded == stage.world.incidents["E-1"]
    stage.say(PLAY_FIRE, "/ack A-1 acting", LIAISON)
    assert stage.of(Acknowledged)


def test_a_paused_exercise_can_be_ended_and_none_begins_beside_the_real_thing() -> None:
    """Where they would share a chat."""
    stage = paused()
    stage.say(DESK, "/exercise end", private=True)
    assert stage.world.incidents["E-1"].closed_at is not None
    assert "Not now: I-1" in stage.say(DESK, "/exercise border", private=True)[0].body.text


def test_only_coordinators_let_it_go_on() -> None:
    """Whoever else asks in its rooms is refused, on the record."""
    stage = paused()
    assert "Only coordinators" in stage.say(PLAY_FIRE, "/exercise resume", LIAISON)[0].body.text
    assert not stage.of(ExerciseResumed)


def test_in_a_rehearsal_it_is_both() -> None:
    """An exercise of a rehearsal has the letter of exercises, and the mark of both."""
    from dataclasses import replace

    stage = peopled()
    stage.world = replace(stage.world, rehearsal=True)
    stage.say(DESK, "/exercise border", private=True)
    stage.say(CITY, "/activate border", MAYOR)
    kinds = {one.id: (one.opened.exercise, one.opened.rehearsal) for one in stage.world.incidents.values()}
    assert kinds == {"E-1": (True, True), "X-1": (False, True)}
