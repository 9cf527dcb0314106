"""/retract as an answer to what was said in a channel: for networks that tell of no deletion."""

from __future__ import annotations

import pytest

from handlers import hear
from handlers.world import Request
from playbooks.rooms import RoomRef
from playbooks.spoken import Spoken
from storage.effects import Effect, RemoveCopy, Send
from storage.facts import MessageRemoved, TakenBack
from tests.handlers.border_stage import CITY, CITY_TELEGRAM, FIRE, LIAISON, MAYOR, OFFICER, SOMEBODY
from tests.handlers.talk_stage import TalkStage, talking


def asked(stage: TalkStage, room: RoomRef, who: str) -> list[Effect]:
    """What ``/retract`` leads to, as an answer to what was said last."""
    said = stage.last()
    request = Request(
        stage.now, b"s", room, False, who, "x", "/retract", answers=said, copies=tuple(stage.rows[said.id])
    )
    return stage.apply(hear(stage.world, request))


def said() -> TalkStage:
    """Something that the mayor said, and that has arrived."""
    stage = talking()
    stage.speak(CITY, "Oops", MAYOR)
    stage.all_become(stage.last().id)
    return stage


@pytest.mark.parametrize("who", [MAYOR, OFFICER])
def test_whoever_said_it_or_an_officer_of_theirs_takes_it_back(who: str) -> None:
    """From every other room; in their own it stays until they delete it there."""
    stage = said()
    effects = asked(stage, CITY, who)
    assert {one.room for one in effects if isinstance(one, RemoveCopy)} == {
        row.to for row in stage.rows[stage.last().id]
    }
    assert stage.last().gone and len(stage.of(TakenBack)) == 1
    [answer] = [one for one in effects if isinstance(one, Send)]
    assert answer.to == CITY and answer.body.text.startswith("Taken back from the other rooms")
    again = asked(stage, CITY, who)
    assert [one.body.text for one in again if isinstance(one, Send)] == ["It was taken back."]


def test_a_copy_that_a_moderator_removes_is_gone_there_and_never_sent_again() -> None:
    """It is on record, whoever spoke sees that not all have it, an edit goes to the others; nothing else is taken back."""
    stage = said()
    name = stage.last().id
    row = next(row for row in stage.rows[name] if row.to == FIRE)
    stage.reacts.clear()
    assert not stage.befalls("deleted", stage.last(), room=FIRE, message=row.message, identity=LIAISON)
    assert stage.last().removed == ((str(FIRE), "fire"),) and not stage.last().gone and not stage.removes
    assert [(fact.send, fact.room) for fact in stage.of(MessageRemoved)] == [(row.token, FIRE)]
    sent = stage.befalls("edited", stage.last(), spoken=Spoken("Ouch"))
    assert FIRE not in {send.to for send in sent} and CITY_TELEGRAM in {send.to for send in sent}
    stage.befalls("deleted", stage.last(), room=FIRE, message=row.message, identity=LIAISON)
    assert len(stage.of(MessageRemoved)) == 1
    seen = Request(
        stage.now, b"s", CITY, False, MAYOR, "x", "/seen", answers=stage.last(), copies=tuple(stage.rows[name])
    )
    [answer] = [effect for effect in hear(stage.world, seen) if isinstance(effect, Send)]
    assert "✂ 1 room has removed it." in answer.body.text


@pytest.mark.parametrize(("room", "who"), [(CITY, SOMEBODY), (FIRE, LIAISON), (CITY_TELEGRAM, MAYOR)])
def test_nobody_else_does_and_nowhere_else(room: RoomRef, who: str) -> None:
    """Not a colleague without office, not a reader, not another room of theirs."""
    stage = said()
    effects = asked(stage, room, who)
    assert not [one for one in effects if isinstance(one, RemoveCopy)] and not stage.last().gone
