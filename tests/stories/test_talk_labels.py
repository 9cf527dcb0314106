"""Labels that people put in front of what they say, and slips in them, through the whole program."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.networks.matrix_said import said as said_on_matrix
from bot.networks.telegram_said import said as said_on_telegram
from bot.rehearsal import identity_of
from handlers.raised import marked
from playbooks.restricted import restricted
from playbooks.spoken import Poll, Spoken
from tests.handlers.border_stage import CITY, CITY_TELEGRAM, FIRE
from tests.playbooks.border import NOON
from tests.stories.test_talk import talking

MAYOR = identity_of("mayor", "matrix")


def html(formatted: str, body: str = "x") -> dict[str, Any]:
    """A text message on Matrix, formatted."""
    return {"msgtype": "m.text", "body": body, "format": "org.matrix.custom.html", "formatted_body": formatted}


QUESTION = {"question": {"body": "[red] which dam?"}, "answers": [{"id": "a", "body": "A"}, {"id": "b", "body": "B"}]}


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("m.room.message", {"msgtype": "m.emote", "body": "[red] points at the dam"}),
        ("m.room.message", {"msgtype": "m.file", "body": "[red] hush", "filename": "plan.pdf", "url": "mxc://x/y"}),
        ("m.room.message", {"msgtype": "m.file", "body": "[red] hush", "filename": "plan.pdf", "url": "https://x"}),
        ("m.room.message", {"msgtype": "m.image", "body": "[red] dam.jpg", "url": "mxc://x/y"}),
        ("m.room.message", {"msgtype": "m.location", "body": "[red] hideout at geo:50,5", "geo_uri": "geo:50,5"}),
        ("m.poll.start", {"m.poll.start": QUESTION}),
        ("m.room.message", html("<ul><li>[red] hush</li></ul>")),
        ("m.room.message", html("<a href='https://matrix.to/#/@a:b'>Ada</a>: [red] hush")),
        ("m.room.message", html("[<em>red</em>] hush")),
        ("m.room.message", {"msgtype": "m.location", "body": "Ada's hideout [red]: geo:50,5", "geo_uri": "geo:50,5"}),
        ("m.room.message", html("<blockquote>So?</blockquote>[red] hush")),
    ],
)
def test_labels_are_heard_in_all_that_matrix_has(kind: str, content: dict[str, Any]) -> None:
    """Wherever its clients let people write."""
    spoken, _ = said_on_matrix(kind, content)
    assert marked(replace(spoken, html=restricted(spoken.html)))[1:] == ("red", None)


@pytest.mark.parametrize(
    ("body", "formatted", "found"),
    [
        ("[red]: Casualties\nFour dead in hall 3", "<p>Four dead in hall 3</p>", ("red", None)),
        ("[red](victims) at the school", '<a href="victims">red</a> at the school', ("red", None)),
        ("[red](https://x.org) dead", '<a href="https://x.org">red</a> dead', ("red", None)),
        ("[red]: x\n[amber] four", "<p>[amber] four</p>", ("red", None)),
        ("[redd]: Casualties\nFour dead", "<p>Four dead</p>", (None, "[redd]")),
        ("> <@a:b> [red] So?\n\nYes", "<p>Yes</p>", (None, None)),
        ("[Red Cross](https://x.org) comes", '<a href="https://x.org">Red Cross</a> comes', (None, None)),
        ("[read](https://x.org) this", '<a href="https://x.org">read</a> this', (None, None)),
    ],
)
def test_a_label_that_markdown_took_for_a_link_is_heard(
    body: str, formatted: str, found: tuple[str | None, str | None]
) -> None:
    """In messages and in captions, from the words as typed; links that lead somewhere are no slips, and a quotation is not theirs."""
    said = {**html(formatted, body), "m.relates_to": {"m.in_reply_to": {"event_id": "$a"}}}
    picture = {**html(formatted, body), "msgtype": "m.image", "filename": "a.jpg", "url": "mxc://x/y"}
    for content in (said, picture) if not body.startswith(">") else (said,):
        spoken, _ = said_on_matrix("m.room.message", content)
        assert marked(replace(spoken, html=restricted(spoken.html)))[1:] == found


@pytest.mark.parametrize(
    "message",
    [
        {"poll": {"question": "[red] which?", "options": [{"text": "a"}, {"text": "b"}]}},
        {"paid_media": {"star_count": 3}, "caption": "[red] x"},
        {"text": "[red] x", "entities": [{"type": "bold", "offset": 1, "length": 3}]},
        {"text": "[red] x", "entities": [{"type": "blockquote", "offset": 0, "length": 7}]},
        {"text": "[red] x", "entities": [{"type": "code", "offset": 0, "length": 5}]},
        {"text": "Dora [red] x", "entities": [{"type": "text_mention", "offset": 0, "length": 4, "user": {"id": 5}}]},
        {"text": "dora [red] x", "entities": [{"type": "text_mention", "offset": 0, "length": 4, "user": {"id": 5}}]},
        {"contact": {"first_name": "[red] Ada", "phone_number": "1"}},
        {"venue": {"title": "[red] House", "address": "Quay 1", "location": {"latitude": 50, "longitude": 5}}},
        {"checklist": {"title": "[red] plan", "tasks": []}},
        {"document": {"file_id": "f", "file_name": "[red] plan.pdf"}},
    ],
)
def test_labels_are_heard_in_all_that_telegram_has(message: dict[str, Any]) -> None:
    """Wherever its clients let people write."""
    _, spoken = said_on_telegram(message)
    assert marked(replace(spoken, html=restricted(spoken.html)))[1:] == ("red", None)


async def test_a_mistyped_label_is_told_at_once_and_mended_by_an_edit(tmp_path: Path) -> None:
    """Across a restart: nobody reads it before, those who may do afterwards, and whoever wrote it sees the sign change."""
    async with talking(tmp_path) as town:
        matrix = town.networks["matrix"]
        message = await town.speak(CITY, "[ambr] The bridge is mined")
        assert "[ambr]" in town.last(CITY) and not town.heard("mined")
        await town.until(NOON + timedelta(minutes=1))
        assert town.signs(CITY, message) == {"🙊"}
        await town.kill()
        await town.start()
        await matrix.rewrite(CITY, message, MAYOR, "mayor", "[amber] The bridge is mined")
        await town.settled()
        assert {CITY_TELEGRAM, FIRE} <= town.heard("The bridge is mined")
        await town.until(NOON + timedelta(minutes=2))
        assert town.signs(CITY, message) == {"🤔"}
        await matrix.rewrite(CITY, message, MAYOR, "mayor", "[amber] The bridge is free")
        await town.settled()
        assert {CITY_TELEGRAM, FIRE} <= town.heard("The bridge is free") and not town.heard("mined")


async def test_a_poll_that_is_held_more_closely_is_asked_of_nobody_else(tmp_path: Path) -> None:
    """The label in its question is heard."""
    async with talking(tmp_path) as town:
        await town.speak(CITY, "", spoken=Spoken(poll=Poll("[red] Blow which dam?", ("one", "two"))))
        await town.speak(CITY, "", spoken=Spoken(poll=Poll("[amber] Blow which bridge?", ("one", "two"))))
        asked = {
            (room, one.poll.question)
            for network in town.networks.values()
            for room in network.rooms
            for one in network.messages(room)
            if one.poll is not None
        }
        assert {question for _, question in asked} == {"Blow which bridge?"}
        assert CITY not in {room for room, _ in asked}


async def test_words_that_begin_like_a_command_answer_nothing(tmp_path: Path) -> None:
    """Only a command about what was said last concerns that."""
    async with talking(tmp_path) as town:
        await town.speak(FIRE, "Boats?", "officer")
        for words in ("(seen from the bridge)", "/ seen", "'seen it", "#retract that"):
            await town.speak(CITY, words)
            shown = town.networks["matrix"].messages(FIRE)[-1]
            assert words in shown.text or words.startswith("/"), words
            assert shown.reply_to is None
