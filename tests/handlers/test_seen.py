"""/seen: who has what was said."""

from __future__ import annotations

from dataclasses import replace

from handlers import hear
from handlers.world import Request
from playbooks.rooms import RoomRef
from playbooks.spoken import Spoken
from storage.effects import Send
from tests.handlers.border_stage import BRANDWEER, CITY, FIRE, LIAISON, MAYOR
from tests.handlers.talk_stage import TalkStage, talking


def asked(stage: TalkStage, room: RoomRef, identity: str, said: str | None) -> str:
    """The answer to /seen there."""
    one = stage.said[said] if said else None
    copies = tuple(stage.rows.get(said or "", ()))
    request = Request(stage.now, b"s", room, False, identity, "x", "/seen", answers=one, copies=copies)
    [answer] = [effect for effect in hear(stage.world, request) if isinstance(effect, Send)]
    return answer.body.text


def test_whoever_said_it_reads_numbers() -> None:
    """Of the partners they may know of, what became of each; those who may not know who has what read no names."""
    stage = talking()
    stage.speak(CITY, "Hello", MAYOR)
    name = stage.last().id
    for number, row in enumerate(stage.rows[name]):
        stage.becomes(name, number, "refused" if row.partner == "brandweer" else "sent")
    answer = asked(stage, CITY, MAYOR, name)
    assert "👌 3 rooms have it." in answer and "✗ 1 room could not be reached." in answer
    assert "– 2 partners were not told." in answer
    assert "Brandweer" not in answer and "Aid" not in answer and "watchers" not in answer


def test_the_lead_reads_names() -> None:
    """Who has what is for the lead by its nature."""
    stage = talking()
    stage.speak(FIRE, "Hello", LIAISON)
    stage.all_become(stage.last().id)
    answer = asked(stage, FIRE, LIAISON, stage.last().id)
    assert "Brandweer" in answer and "Aid, Hilfe" in answer and "watchers" not in answer


def test_nobody_else_is_told() -> None:
    """Neither a room that read it, nor one that could not; and with nothing to ask about it says how to ask."""
    stage = talking()
    stage.speak(CITY, "Hello", MAYOR)
    assert asked(stage, BRANDWEER, "matrix:@nl:x.org", stage.last().id).startswith("Only the room where it was said")
    assert asked(stage, CITY, MAYOR, None).startswith("Answer a message with /seen")


def test_what_is_still_on_its_way_is_said_to_be() -> None:
    """Before any network answered."""
    stage = talking()
    stage.speak(CITY, "Hello", MAYOR)
    assert "… 4 rooms are still to get it." in asked(stage, CITY, MAYOR, stage.last().id)


def test_a_copy_that_was_taken_away_is_not_there() -> None:
    """Of a label that was raised: who has lost it was not told."""
    stage = talking()
    stage.speak(CITY, "Hello", MAYOR)
    name = stage.last().id
    stage.all_become(name)
    stage.befalls("edited", stage.said[name], spoken=Spoken("[red] Hush"))
    stage.rows[name] += [
        replace(row, token=f"d{row.token}", payload=f'{{"kind":"delete","amends":"{row.token}"}}')
        for row in stage.rows[name]
    ]
    answer = asked(stage, CITY, MAYOR, name)
    assert "👌" not in answer and "not told" in answer


def test_what_a_network_does_not_remove_is_told() -> None:
    """Also of what was taken back: where it may still be read; not once it was emptied instead."""
    stage = talking()
    stage.speak(CITY, "Hello", MAYOR)
    name = stage.last().id
    stage.all_become(name)
    stage.befalls("deleted", stage.said[name], message="m1")
    kept = stage.rows[name][:2]
    deletes = [
        replace(row, token=f"d{row.token}", payload=f'{{"kind":"delete","amends":"{row.token}"}}', state=state)
        for row, state in zip(stage.rows[name], ("refused", "refused", "sent", "sent", "sent"), strict=False)
    ]
    edit = replace(kept[0], token="e", payload=f'{{"kind":"edit","amends":"{kept[0].token}"}}', state="sent")
    stage.rows[name] += [*deletes, edit]
    answer = asked(stage, CITY, MAYOR, name)
    assert answer.startswith("It was taken back.") and "❗ In 1 room it can still be read" in answer
    assert "👌" not in answer
