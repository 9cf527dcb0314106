"""What stands on top of messages: on each part, on edits and repetitions, once, and never the exercise's in a real room."""

from __future__ import annotations

import json

import pytest

from bot.networks import markup
from bot.outgoing import Tokens, repeated, rows
from bot.step import carry_out
from handlers import marks
from handlers.texts import say
from playbooks.cleared import Misdirected
from playbooks.rooms import RoomRef
from storage.effects import Send, Tap, Urgency
from tests.handlers.border_stage import CITY, MAYOR
from tests.handlers.exercise_stage import DESK, PLAY_CITY, exercising

MARK = "<b>EXERCISE EXERCISE EXERCISE</b>"


def short(html: str) -> list[str]:
    """A network that takes two hundred characters."""
    return markup.split(html, 200, len)


def test_each_part_of_a_long_message_has_the_mark_and_nothing_else_is_lost() -> None:
    """However it is cut, and again when it is repeated: the exercise first, then that it may be a repetition."""
    words = " ".join(f"word{number}" for number in range(200))
    send = Send("E-1", PLAY_CITY, say((), words), Urgency.ALERT, mark=say((), MARK))
    made = rows(send, "t", short, 0, must_encrypt=False)
    bodies = [json.loads(row.payload)["html"] for row in made]
    assert len(made) > 5 and all(body.startswith(f"{MARK}\n") and len(body) < 250 for body in bodies)
    assert " ".join(body.removeprefix(f"{MARK}\n") for body in bodies).split() == words.split()
    again = repeated(made[0], say((), "⚠ Possible repeat"), "u", short)
    html = [json.loads(row.payload)["html"] for row in again]
    assert html[0].startswith(f"{MARK}\n⚠ Possible repeat\nword0") and all(one.count(MARK) == 1 for one in html)


def test_an_edit_of_an_exercise_is_marked_as_it_leaves() -> None:
    """What the network is handed for it begins with the mark."""
    stage = exercising()
    effect = Send("E-1", PLAY_CITY, say((), "a card"), Urgency.PROMPT, partner="city", replaces="m7")
    step = carry_out(stage.world, [effect], stage.now, Tokens(b"x"), {"telegram": short}, {})
    said = json.loads(step.sends[0].payload)
    assert (said["kind"], said["html"]) == ("edit", f"{MARK}\na card")


def test_an_exercise_never_leaves_for_a_real_room() -> None:
    """Whatever a handler may decide: there it fails, and nothing is sent."""
    stage = exercising()
    for room in (CITY, RoomRef("telegram", "-11"), RoomRef("telegram", "-11", "9")):
        with pytest.raises(Misdirected):
            carry_out(stage.world, [Send("E-1", room, say((), "x"), Urgency.ALERT)], stage.now, Tokens(b"x"), {}, {})


def test_choices_have_shapes_of_their_own() -> None:
    """As many as there are, no two alike, whatever they were."""
    stage = exercising()
    for real in (["✅", "❌"], ["✅"] * 3, [f"{n}️⃣" for n in range(1, 10)], ["x"] * 60):
        taps = tuple((Tap(say(("en",), "Seen"), "/status", emoji),) for emoji in real)
        send = marks.marked(stage.world, Send("E-1", PLAY_CITY, say((), "x"), Urgency.ALERT, taps=taps), stage.now)
        given = [tap.emoji for row in send.taps for tap in row]
        assert len(set(given)) == len(real) and not set(given) & set(real)


def test_the_real_thing_is_not_marked() -> None:
    """Alone in its rooms it is said as it is; the coordinator, who has both, is told which."""
    stage = exercising()
    sent = stage.say(CITY, "/activate border", MAYOR)
    assert sent and all("EXERCISE" not in send.body.text for send in sent)
    send = Send("I-1", DESK, say((), "news"), Urgency.PROMPT)
    assert marks.whole(marks.marked(stage.world, send, stage.now)).body.text.startswith("I-1 · Flood at the border")
    plain = Send("I-1", CITY, say((), "news"), Urgency.PROMPT, partner="city")
    assert marks.marked(stage.world, plain, stage.now) is plain
