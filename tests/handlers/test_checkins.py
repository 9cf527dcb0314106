"""Rounds of check-ins: by hand, at intervals, by the clock; through downtime, changes of phase, and changes of the clocks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from handlers import checkins, due
from playbooks.load import Book
from storage import incident as incidents
from storage.effects import Effect, Record
from storage.facts import CheckinEnded, CheckinOverdue, CheckinStarted, PhaseChanged
from storage.store import Deadline
from tests.handlers.border_stage import AID, CITY, CITY_TELEGRAM, FIRE, HILFE, MAYOR, SOMEBODY, said, to
from tests.handlers.checkin_stage import CHIEF, accepted, begun, prompts, with_checkins
from tests.handlers.stage import Stage

BRUSSELS = ZoneInfo("Europe/Brussels")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def scheduled(stage: Stage) -> list[Effect]:
    """The schedule for the phase, as it is set when the phase is entered."""
    return stage.apply(checkins.scheduled(stage.world, stage.world.incidents["I-1"], stage.now))


def set_for(stage: Stage, name: str = "hourly") -> datetime | None:
    """When the next round of a check-in is to begin."""
    wake = stage.pending.get(f"checkin:I-1:{name}")
    return wake.at if wake is not None else None


def enter(stage: Stage, phase: str) -> None:
    """The incident enters a phase."""
    before = stage.world.incidents["I-1"].phase
    stage.apply([Record("I-1", PhaseChanged(phase, before, "P-1", "fire"))])
    scheduled(stage)


def rounds(stage: Stage) -> list[tuple[str, str, str | None]]:
    """Each round with its check-in and how it ended."""
    return [(i, r.fact.name, r.ended) for i, r in stage.world.incidents["I-1"].rounds.items()]


# --- by hand ---------------------------------------------------------------------------------------------------------


def test_everybody_is_asked_in_their_rooms_and_language() -> None:
    """The question with its buttons, in every room for check-ins; whoever began it learns how many are asked."""
    stage = begun(with_checkins(("to: everyone", "to: {kind: [municipality, ngo]}")))
    stage.say(CITY, "/lang room fr", MAYOR)
    stage.sent.clear()
    sent = stage.say(FIRE, "/checkin start hourly", CHIEF)
    assert [send.to for send in prompts(stage)] == [CITY_TELEGRAM, CITY, AID, HILFE]
    assert to(sent, CITY)[0].startswith("État ?")
    assert [tap.command for tap in prompts(stage, AID)[0].taps[0]] == [
        f"/checkin C-1 {a}" for a in ("ok", "degraded", "help")
    ]
    assert to(sent, FIRE) == ["C-1: 3 partners are asked."]
    [fact] = stage.of(CheckinStarted)
    assert isinstance(fact, CheckinStarted)
    assert (fact.why, fact.partners["aid"]) == ("hand", {"rooms": ["telegram:-14"]})


@pytest.mark.parametrize(("room", "person"), [(CITY, SOMEBODY), (FIRE, SOMEBODY), (AID, "telegram:14")])
def test_only_who_leads_and_coordinators_may_begin_a_round(room: object, person: str) -> None:
    """A responder of the lead may not either; the refusal says who may."""
    stage = begun()
    assert "by whoever leads, and by coordinators" in said(stage, room, "/checkin start hourly", person)  # type: ignore[arg-type]
    assert not stage.of(CheckinStarted)


def test_a_second_tap_asks_nobody_twice() -> None:
    """A round that is going on is replaced only by who says so; then it has ended, and the new one goes on."""
    stage = begun()
    stage.say(FIRE, "/checkin start hourly", CHIEF)
    sent = stage.say(FIRE, "/checkin start hourly", CHIEF)
    assert to(sent, FIRE) == ["C-1 is going on, since 12:00. A new round ends it."]
    [[tap]] = sent[-1].taps
    stage.say(FIRE, tap.command, CHIEF, via="button")
    assert rounds(stage) == [("C-1", "hourly", "next"), ("C-2", "hourly", None)]


def test_what_cannot_be_begun_is_said() -> None:
    """No name, a slip, nothing like it, another phase, and a playbook without check-ins."""
    stage = begun()
    assert said(stage, FIRE, "/checkin start", CHIEF) == "Start which check-in?"
    assert said(stage, FIRE, "/checkin start hourli", CHIEF) == "There is no check-in hourli. Did you mean hourly?"
    assert said(stage, FIRE, "/checkin start xyz", CHIEF) == "There is no check-in xyz."
    assert said(stage, FIRE, "/checkin start secrets", CHIEF).startswith(
        "Not started. secrets belongs to another phase"
    )
    bare = begun(with_checkins(text="alerts:\n"))
    assert said(bare, FIRE, "/checkin start hourly", CHIEF) == "This playbook has no check-ins."
    assert said(bare, FIRE, "/checkin", CHIEF) == "No check-in waits for your answer."


def test_whoever_has_no_room_is_to_be_rung() -> None:
    """A partner without a room for check-ins is asked nowhere, and named to who began the round."""
    stage = begun(with_checkins(more=(("rooms: [{telegram: -14}]", "rooms: [{telegram: -14, for: [alerts]}]"),)))
    sent = stage.say(FIRE, "/checkin start hourly", CHIEF)
    assert to(sent, FIRE)[-1].endswith("No room to ask in, please ring: Aid ☎ +3213")
    assert not prompts(stage, AID)
    [fact] = stage.of(CheckinStarted)
    assert isinstance(fact, CheckinStarted)
    assert fact.partners["aid"] is None


# --- at intervals ------------------------------------------------------------------------------------------------------


def test_intervals_count_from_the_start_of_the_phase() -> None:
    """The first an hour after it, then each hour, whatever is begun by hand between."""
    stage = begun()
    opened = stage.world.incidents["I-1"].opened_at
    scheduled(stage)
    assert set_for(stage) == opened + HOUR
    stage.fall_due(opened + 90 * MINUTE)
    stage.say(FIRE, "/checkin start hourly again", CHIEF)
    stage.fall_due(opened + 2 * HOUR)
    assert rounds(stage) == [("C-1", "hourly", "next"), ("C-2", "hourly", "next"), ("C-3", "hourly", None)]
    assert set_for(stage) == opened + 3 * HOUR
    assert [f.why for f in stage.of(CheckinStarted)] == ["interval", "hand", "interval"]  # type: ignore[attr-defined]


def test_a_phase_to_which_it_does_not_belong_ends_it() -> None:
    """Its round is over, the next is taken back, and coming back the hours are counted anew."""
    stage = begun()
    scheduled(stage)
    stage.fall_due(stage.now + HOUR)
    stage.now += 10 * MINUTE
    enter(stage, "response")
    assert rounds(stage) == [("C-1", "hourly", "phase")]
    assert set_for(stage) is None
    assert not any(key.startswith(("unreachable:C-1", "checkin-over:C-1")) for key in stage.pending)
    stage.now += 7 * MINUTE
    enter(stage, "watch")
    assert set_for(stage) == stage.now + HOUR


def test_phases_in_a_row_are_one_stretch() -> None:
    """Where it belongs to both, entering the next neither moves the hours nor ends the round."""
    stage = begun(with_checkins(("in: [watch]", "in: [watch, response]")))
    opened = stage.world.incidents["I-1"].opened_at
    scheduled(stage)
    stage.fall_due(opened + 90 * MINUTE)
    enter(stage, "response")
    assert rounds(stage) == [("C-1", "hourly", None)]
    assert set_for(stage) == opened + 2 * HOUR


def test_after_a_day_without_power_one_round_begins_late_and_says_so() -> None:
    """Not twenty-five; the next is on the hour where it would have been."""
    stage = begun()
    opened = stage.world.incidents["I-1"].opened_at
    scheduled(stage)
    wake = stage.pending.pop("checkin:I-1:hourly")
    stage.now = opened + 26 * HOUR + 20 * MINUTE
    stage.apply(due(stage.world, Deadline(wake.key, wake.stream, wake.at, wake.kind, wake.about), stage.now))
    assert rounds(stage) == [("C-1", "hourly", None)]
    assert set_for(stage) == opened + 27 * HOUR
    local = wake.at.astimezone(BRUSSELS)
    assert f"This round was due at {local:%H:%M} on June 1 and begins late." in prompts(stage, AID)[0].body.text


def test_on_time_nothing_is_said_of_lateness() -> None:
    """A second is nothing."""
    stage = begun()
    scheduled(stage)
    stage.fall_due(stage.now + HOUR)
    assert not any("late" in send.body.text for send in prompts(stage))


# --- by the clock ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ((2026, 3, 28), [(29, 1, 0), (30, 0, 30)]),  # 02:30 is left out: at 03:00, which is 01:00 in UTC
        ((2026, 10, 24), [(25, 0, 30), (26, 1, 30)]),  # it comes twice: the first time
    ],
)
def test_clock_times_fire_once_right_across_both_changes(
    day: tuple[int, int, int], expected: list[tuple[int, int, int]]
) -> None:
    """Every morning at half past two where the playbook lives."""
    stage = begun()
    stage.now = datetime(*day, 12, tzinfo=UTC)
    scheduled(stage)
    stage.pending = {key: wake for key, wake in stage.pending.items() if key.startswith("checkin:I-1:morning")}
    stage.fall_due(stage.now + timedelta(days=1, hours=14))
    times = [f.due for f in stage.of(CheckinStarted) if f.name == "morning"]  # type: ignore[attr-defined]
    assert [(at.astimezone(UTC).day, at.astimezone(UTC).hour, at.astimezone(UTC).minute) for at in times] == expected


# --- their end ---------------------------------------------------------------------------------------------------------


def test_the_time_to_answer_is_over_once() -> None:
    """After a quarter of an hour, on the record."""
    stage = begun()
    stage.say(FIRE, "/checkin start hourly", CHIEF)
    accepted(stage, prompts(stage))
    stage.fall_due(stage.now + 16 * MINUTE)
    assert stage.of(CheckinOverdue) == [CheckinOverdue("C-1")]
    assert stage.world.incidents["I-1"].rounds["C-1"].overdue


def test_a_round_is_ended_by_who_may() -> None:
    """By name or number, or the only one; not by others, and not twice."""
    stage = begun()
    stage.say(FIRE, "/checkin start hourly", CHIEF)
    assert "by whoever leads" in said(stage, CITY, "/checkin end", SOMEBODY)
    assert said(stage, FIRE, "/checkin end C-1", CHIEF) == "C-1 is over: nobody is reminded any more."
    assert said(stage, FIRE, "/checkin end C-1", CHIEF) == "No such round is going on."
    assert [f.why for f in stage.of(CheckinEnded)] == ["person"]  # type: ignore[attr-defined]
    assert not any("C-1" in key for key in stage.pending if not key.startswith("card:"))


def test_a_reload_that_drops_a_check_in_ends_its_round() -> None:
    """Its deadline does nothing then, and its summary can still be read."""
    stage = begun()
    scheduled(stage)
    stage.say(FIRE, "/checkin start hourly", CHIEF)
    without: Book = with_checkins(("  hourly:", "  daily:"))
    stage.world = replace(stage.world, kept={stage.world.incidents["I-1"].digest: without})
    scheduled(stage)
    assert rounds(stage) == [("C-1", "hourly", "playbook")]
    stage.fall_due(stage.now + 2 * HOUR)
    assert [name for _, name, _ in rounds(stage)].count("hourly") == 1
    assert "C-1" in said(stage, FIRE, "/checkin C-1", CHIEF)


def test_a_restart_knows_every_round() -> None:
    """Folded from the facts alone, the incident is the same."""
    stage = begun()
    scheduled(stage)
    stage.say(FIRE, "/checkin start hourly", CHIEF)
    stage.say(AID, "/checkin help [red] boats", SOMEBODY)
    stage.fall_due(stage.now + 2 * HOUR)
    again = incidents.fold(None, [kept for kept in stage.facts if kept.stream == "I-1"])
    assert again == stage.world.incidents["I-1"]


def test_two_incidents_have_their_own_rounds() -> None:
    """The same check-in in both, with numbers of one counter; an answer goes to its own."""
    stage = begun()
    stage.say(CITY, "/activate +border", MAYOR)
    stage.say(FIRE, "/checkin I-1 start hourly", CHIEF)
    stage.say(FIRE, "/checkin I-2 start hourly", CHIEF)
    assert list(stage.world.incidents["I-1"].rounds) == ["C-1"]
    assert list(stage.world.incidents["I-2"].rounds) == ["C-2"]
    [question] = [send for send in prompts(stage, AID) if send.about == "C-2"]
    stage.say(AID, question.taps[0][0].command, SOMEBODY, via="button", about=stage.about(question))
    assert not stage.world.incidents["I-1"].rounds["C-1"].answers
    assert stage.world.incidents["I-2"].rounds["C-2"].answers["aid"][0].answer == "ok"
