"""/seen: who has what was said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handlers import hear
from handlers.signs import ALL, NONE, SOME, TOO_MUCH
from handlers.world import Request
from playbooks.rooms import RoomRef
from playbooks.spoken import File, Spoken
from storage.effects import Send
from tests.handlers.border_stage import BRANDWEER, CITY, FIRE, LIAISON, MAYOR
from tests.handlers.talk_stage import TalkStage, talking
from tests.handlers.test_relay import of_two
from tests.handlers.test_signs import EVERYBODY, HILFE_TOO


def asked(stage: TalkStage, room: RoomRef, identity: str, said: str | None, *, replies: bool = False) -> str:
    """The answer to /seen there."""
    one = stage.said[said] if said else None
    copies = tuple(stage.rows.get(said or "", ()))
    request = Request(stage.now, b"s", room, False, identity, "x", "/seen", replies=replies, answers=one, copies=copies)
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


def test_of_what_was_not_carried_it_says_that() -> None:
    """An answer to a command, or to what a bot says, is not about what was said last."""
    stage = talking()
    stage.speak(CITY, "Hello", MAYOR)
    assert asked(stage, CITY, MAYOR, None, replies=True).startswith(
        "The message that you answer went to no other room."
    )


@pytest.mark.parametrize(
    ("why", "says"), [("too-large", "too large to be carried"), ("not-had", "could not be carried")]
)
def test_a_file_that_did_not_go_is_not_had(why: str, says: str) -> None:
    """Whoever has only the words does not have all: the sign says some, and /seen what to do."""
    stage = talking(EVERYBODY, HILFE_TOO)
    stage.speak(CITY, "The plan", MAYOR, spoken=Spoken("The plan", File("telegram", "{}", name="plan.pdf")))
    said = stage.last().id
    bare = f'{{"kind":"message","instead":"x","lacks":"{why}"}}'
    stage.rows[said] = [replace(row, payload=bare) for row in stage.rows[said]]
    stage.all_become(said)
    assert [one.emoji for one in stage.reacts] == [SOME]
    answer = asked(stage, CITY, MAYOR, said)
    assert "👌" not in answer and "rooms have it without the file" in answer and says in answer
    stage.rows[said] = [replace(row, payload='{"kind":"message"}') for row in stage.rows[said]]
    stage.becomes(said, 0, "sent")
    assert stage.reacts[-1].emoji == ALL


def test_a_label_below_the_channels_does_not_hold() -> None:
    """Copies show how closely it is held in truth, and whoever wrote it can find that out; one that holds needs no words."""
    stage = talking()
    for label, shown in (("[green]", "TLP:AMBER"), ("[amber]", "TLP:AMBER"), ("[amber+strict]", "TLP:AMBER+STRICT")):
        sent = stage.speak(CITY, f"{label} hush", MAYOR)
        assert sent and all(send.body.text.split("\n")[0].endswith(shown) for send in sent)
        answer = asked(stage, CITY, MAYOR, stage.last().id)
        assert ("Held as TLP:AMBER: no label lowers" in answer) is (label == "[green]")


def test_who_was_told_in_a_digest_did_not_get_it() -> None:
    """They are in a line of their own, and hold the sign down; not once it went there after all."""
    stage = talking(EVERYBODY, HILFE_TOO)
    stage.speak(FIRE, "Hello", LIAISON)
    said = stage.last().id
    rows = stage.rows[said]
    rows[:] = [replace(row, state="dropped", reason=TOO_MUCH) if row.partner == "brandweer" else row for row in rows]
    for number, row in enumerate(rows):
        if row.state != "dropped":
            stage.becomes(said, number, "sent")
    assert [one.emoji for one in stage.reacts] == [SOME]
    lines = asked(stage, FIRE, LIAISON, said).splitlines()
    at = lines.index("– In 1 room it did not arrive; a digest there says that it was said.")
    assert lines[at + 1] == "Brandweer"
    rows.append(replace(rows[0], token="n", send="n", to=BRANDWEER, partner="brandweer", state="sent", reason=None))
    assert "digest" not in asked(stage, FIRE, LIAISON, said)


def test_it_says_how_closely_it_is_held_in_a_room_of_two_channels() -> None:
    """And how to speak in one of them; of an answer there is nothing to say. Of a label that is none, how to put it right."""
    stage = of_two()
    stage.speak(CITY, "Both", MAYOR)
    assert "This room is in several channels" in asked(stage, CITY, MAYOR, stage.last().id)
    stage.speak(FIRE, "One?", LIAISON)
    stage.speak(CITY, "One", MAYOR, answers=stage.last())
    assert "several channels" not in asked(stage, CITY, MAYOR, stage.last().id)
    stage.speak(CITY, "[redd] hush", MAYOR)
    assert "a label that I do not know" in asked(stage, CITY, MAYOR, stage.last().id) and stage.reacts[-1].emoji == NONE
