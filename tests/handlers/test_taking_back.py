"""/retract as an answer to what was said in a channel: for networks that tell of no deletion."""

from __future__ import annotations

import pytest

from handlers import hear
from handlers.world import Request
from playbooks.rooms import RoomRef
from storage.effects import Effect, Remove, Send
from storage.facts import TakenBack
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
    assert {one.room for one in effects if isinstance(one, Remove)} == {row.to for row in stage.rows[stage.last().id]}
    assert stage.last().gone and len(stage.of(TakenBack)) == 1
    [answer] = [one for one in effects if isinstance(one, Send)]
    assert answer.to == CITY and answer.body.text.startswith("Taken back from the other rooms")
    again = asked(stage, CITY, who)
    assert [one.body.text for one in again if isinstance(one, Send)] == ["It was taken back."]


@pytest.mark.parametrize(("room", "who"), [(CITY, SOMEBODY), (FIRE, LIAISON), (CITY_TELEGRAM, MAYOR)])
def test_nobody_else_does_and_nowhere_else(room: RoomRef, who: str) -> None:
    """Not a colleague without office, not a reader, not another room of theirs."""
    stage = said()
    effects = asked(stage, room, who)
    assert not [one for one in effects if isinstance(one, Remove)] and not stage.last().gone
