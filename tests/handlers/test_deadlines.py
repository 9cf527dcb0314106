"""What silence leads to: each deadline once, and nothing where what it was set for is over."""

from __future__ import annotations

import pytest

from handlers import due
from handlers.events import Stale
from storage.facts import AlertExpired, AlertIssued, DangerEnded, DraftDropped
from storage.store import Deadline
from tests.handlers.border_stage import CITY, DESK, EVACUATE, FIRE, LIAISON, MAYOR, copies, issued, opened, said
from tests.handlers.stage import Stage


def fall_due(stage: Stage, kind: str) -> list[object]:
    """The deadlines of a kind that were set, each at its time."""
    effects: list[object] = []
    for wake in [wake for wake in stage.wakes if wake.kind == kind]:
        stage.now = max(stage.now, wake.at)
        deadline = Deadline(wake.key, wake.stream, wake.at, wake.kind, wake.about)
        effects += stage.apply(due(stage.world, deadline, stage.now))
    return effects


def test_an_alert_expires_and_is_shown_to_nobody_any_more() -> None:
    """After twelve hours; decided again it goes nowhere."""
    stage = opened()
    issued(stage)
    fall_due(stage, "alert-expires")
    assert len(stage.of(AlertExpired)) == 1
    before = len(stage.sent)
    for row in copies(stage, "A-1").values():
        stage.happen(Stale(row, over=False))
    assert all(not send.body.shows for send in stage.sent[before:])


def test_declared_danger_ends_by_time() -> None:
    """After two hours; from that instant it no longer holds, whether or not the deadline came to pass."""
    stage = opened()
    stage.say(FIRE, "/danger a dyke broke", LIAISON)
    incident = stage.world.incidents["I-1"]
    wake = next(wake for wake in stage.wakes if wake.kind == "danger-ends")
    assert not incident.in_danger(wake.at)
    fall_due(stage, "danger-ends")
    assert [fact.by for fact in stage.of(DangerEnded) if isinstance(fact, DangerEnded)] == ["time"]
    assert fall_due(stage, "danger-ends") == []


def test_a_draft_that_nobody_sent_is_dropped_and_its_room_told() -> None:
    """Once."""
    stage = opened()
    stage.say(CITY, EVACUATE, MAYOR)
    assert fall_due(stage, "draft-expires") and fall_due(stage, "draft-expires") == []
    assert len(stage.of(DraftDropped)) == 1 and stage.sent[-1].to == CITY
    assert "no longer open" in said(stage, CITY, "/draft D-1 send", MAYOR)


def test_when_the_second_person_does_not_come_the_author_may_go_on() -> None:
    """The room is told, aloud, with the taps; nothing is sent by itself."""
    stage = opened()
    stage.say(CITY, "/alert talk Gather at once", MAYOR)
    fall_due(stage, "draft-alone")
    prompt = stage.sent[-1]
    assert prompt.to == CITY and prompt.loud and stage.of(AlertIssued) == []
    stage.say(CITY, prompt.taps[0][0].command, MAYOR, via="button")
    assert len(stage.of(AlertIssued)) == 1


@pytest.mark.parametrize("kind", ["danger-ends", "alert-expires", "draft-alone", "draft-expires", "unheard-of"])
def test_a_deadline_for_what_is_gone_does_nothing(kind: str) -> None:
    """An unknown incident, draft or alert, and an incident that is closed."""
    stage = opened()
    for stream in ("I-1", "I-7"):
        assert due(stage.world, Deadline("k", stream, stage.now, kind, "D-9"), stage.now) == []
    stage.say(FIRE, "/danger a dyke broke", LIAISON)
    stage.say(DESK, "/close I-1 yes", "telegram:501", private=True)
    assert due(stage.world, Deadline("k", "I-1", stage.now, kind, "I-1"), stage.now) == []
