"""A flood becomes a digest: how much waited, and the last of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from handlers.events import Flooded
from handlers.signs import NONE, SOME, TOO_MUCH
from handlers.texts import available
from playbooks.rooms import RoomRef
from playbooks.spoken import Spoken
from storage.effects import Send, Urgency
from storage.facts import MessageDropped
from storage.store import Beside, OutboxRow
from tests.handlers.border_stage import BRANDWEER, CITY, FIRE, LIAISON, MAYOR, NOWHERE, WATCHERS
from tests.handlers.talk_stage import TalkStage, talking


def waiting(stage: TalkStage, count: int, room: RoomRef = BRANDWEER, partner: str = "brandweer") -> list[OutboxRow]:
    """So much is said, a minute apart, by the city and by fire in turn; the rows that wait for a room."""
    rows = []
    for number in range(count):
        whose = (FIRE, LIAISON) if number % 3 == 2 else (CITY, MAYOR)
        stage.speak(whose[0], f"Word {number}", whose[1])
        said = stage.last()
        payload = {"kind": "message", "head": "x", "words": "y", "said_at": int(said.at.timestamp())}
        written = json.dumps(payload, separators=(",", ":"))
        rows.append(OutboxRow(f"t{number}", f"t{number}", "I-1", room, 3, written, said.id, partner, shows=True))
        stage.now += timedelta(minutes=1)
    return rows


def flooded(stage: TalkStage, rows: list[OutboxRow], room: RoomRef = BRANDWEER) -> list[Send]:
    """The courier takes them out; what is sent instead."""
    before = len(stage.sent)
    stage.happen(Flooded(room, tuple(rows)))
    return stage.sent[before:]


def test_a_flood_becomes_how_much_it_was_and_the_last_of_it() -> None:
    """Silent, and each message is on record as dropped."""
    stage = talking()
    counted, last = flooded(stage, waiting(stage, 30))
    assert counted.body.text.split("\n") == [
        "30 messages from Operations did not come through here in time.",
        "Said between 12:00 and 12:29, while Matrix or I was away or too slow.",
    ]
    assert last.body.text.startswith("Operations, meanwhile:\n") and last.body.text.count("\n") == 5
    assert "Word 29" in last.body.text and "Word 24" not in last.body.text
    assert {(one.urgency, one.loud, one.to) for one in (counted, last)} == {(Urgency.CHATTER, False, BRANDWEER)}
    dropped = stage.of(MessageDropped)
    assert len(dropped) == 30 and all(one.reason == "digest" for one in dropped)  # type: ignore[attr-defined]


def test_where_all_is_remembered_it_says_how_many_of_whom() -> None:
    """As far as the room may know of them."""
    stage = talking()
    counted, _ = flooded(stage, waiting(stage, 6))
    assert counted.body.text.endswith("\nCity & Sons <town hall> 4 · Fire 2")
    stage = talking()
    rows = waiting(stage, 1)
    stage.speak(WATCHERS, "Seen", "telegram:77")
    rows.append(OutboxRow("w", "w", "I-1", BRANDWEER, 3, rows[0].payload, stage.last().id, "brandweer"))
    counted, _ = flooded(stage, rows)
    assert counted.body.text.endswith("\nCity & Sons <town hall> 1") and "atchers" not in counted.body.text


def test_it_shows_nothing_that_the_room_may_not_see_now() -> None:
    """What was cleared when it was said is decided again: two histories that differ only in what is hidden give the same messages."""
    told = []
    for hidden in ("The dam is mined", "Nothing"):
        stage = talking()
        rows = waiting(stage, 2)
        stage.speak(CITY, hidden, MAYOR)
        rows.append(OutboxRow("r", "r", "I-1", BRANDWEER, 3, rows[0].payload, stage.last().id, "brandweer"))
        stage.befalls("edited", stage.last(), spoken=Spoken(f"[red] {hidden}"))
        told.append([(send.to, send.body.html) for send in flooded(stage, rows)])
    assert told[0] == told[1] and "mined" not in str(told)
    assert "3 messages" in told[0][0][1] and "Sons" not in told[0][0][1]


@pytest.mark.parametrize(
    "payload", ["", "{}", "[1]", '{"kind":"message","said_at":"x"}', '{"kind":"message","said_at":1e99}']
)
def test_rows_that_say_nothing_of_themselves_do_no_harm(payload: str) -> None:
    """They are on record; what cannot be counted is not."""
    stage = talking()
    rows = waiting(stage, 1)
    flooded(stage, [OutboxRow("b", "b", "I-1", BRANDWEER, 3, payload, rows[0].about, "brandweer")])
    assert len(stage.of(MessageDropped)) == 1


def test_a_room_that_takes_no_part_is_told_nothing() -> None:
    """The rows are on record all the same."""
    stage = talking()
    assert not flooded(stage, waiting(stage, 2, NOWHERE, "aid"), NOWHERE)
    assert len(stage.of(MessageDropped)) == 2


@pytest.mark.parametrize("language", available())
def test_it_is_said_in_every_language(language: str) -> None:
    """One and many."""
    for count in (1, 3):
        stage = talking(
            (
                '    languages: [en]\n    rooms: [{matrix: "#brandweer',
                f'    languages: [{language}]\n    rooms: [{{matrix: "#brandweer',
            )
        )
        counted, _ = flooded(stage, waiting(stage, count))
        assert str(count) in counted.body.text and "12:00" in counted.body.text and "{" not in counted.body.text
        assert language == "en" or "did not come" not in counted.body.text


def test_whoever_spoke_sees_that_not_all_have_it() -> None:
    """Once nothing is on its way any more: a digest is no copy. Where other rooms are still to get it, the sign waits."""
    stage = talking()
    stage.speak(FIRE, "Hello", LIAISON)
    said = stage.last()
    for state, signed in (("pending", []), ("sent", [SOME]), ("refused", [NONE])):
        rows = [replace(row, state=state) for row in stage.rows[said.id]]
        gone = [replace(row, state="dropped", reason=TOO_MUCH) if row.to == BRANDWEER else row for row in rows]
        stage.reacts.clear()
        event = Flooded(BRANDWEER, tuple(row for row in rows if row.to == BRANDWEER), (Beside(said, tuple(gone)),))
        stage.happen(event)
        assert [one.emoji for one in stage.reacts] == signed
