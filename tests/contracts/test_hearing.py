"""What every network tells of people: once, whole, in order, and in the same words."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.networks.matrix_read import plain_emoji
from bot.networks.port import Sent
from playbooks.rooms import RoomRef
from tests.contracts.stand import BUTTONS, Stand

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_what_people_say_is_heard_once(stand: Stand, room: RoomRef) -> None:
    """Who, where, what and when arrive with each message, in the order of speaking, newlines and all scripts whole."""
    words = "l'eau monte <vite> & fort\nשלום مرحبا 🌊👩‍🚒"
    said = await stand.say(room, words)
    await stand.say(room, "d'accord", who=stand.bo)
    second = await stand.hear_text(room, "d'accord")
    first, *others = stand.heard(room, "message")
    assert others == [second]
    assert (first.text, first.room, first.message_id, first.private) == (words, room, said, False)
    assert (first.sender, first.sender_name) == (stand.ada.identity, stand.ada.name)
    assert (second.sender, second.sender_name) == (stand.bo.identity, stand.bo.name)
    assert first.said_at.utcoffset() is not None
    assert abs(datetime.now(UTC) - first.said_at) < timedelta(minutes=10)
    assert first.reply_to is None
    assert first.key != second.key
    assert stand.inbox.again == [] or stand.delivers_again


async def test_reading_is_pure(stand: Stand, room: RoomRef) -> None:
    """The same body reads the same each time, under the key that it was kept with."""
    await stand.say(room, "deux fois lu")
    heard = await stand.hear_text(room, "deux fois lu")
    body = stand.inbox.kept[heard.key]
    assert stand.port.read(body) == stand.port.read(body) == heard


async def test_the_same_event_told_again_has_the_same_key(stand: Stand, room: RoomRef) -> None:
    """A network that repeats itself does so under the same key, for the inbox to drop. The rehearsal never does."""
    await stand.say(room, "une fois")
    heard = await stand.hear_text(room, "une fois")
    before = len(stand.inbox.again)
    await stand.deliver_again()
    await stand.say(room, "après")
    await stand.hear_text(room, "après")
    assert stand.texts(room) == ["une fois", "après"]
    assert (heard.key in stand.inbox.again[before:]) is stand.delivers_again


@pytest.mark.parametrize("nth", [1, 2])
async def test_what_could_not_be_kept_is_heard_again(stand: Stand, room: RoomRef, nth: int) -> None:
    """When a commit fails the cursor stays, hearing ends with the failure, and after a new start nothing is missing."""
    await stand.say(room, "avant")
    await stand.hear_text(room, "avant")
    stand.inbox.fail(nth)

    async def talk() -> None:
        for word in ("pendant 1", "pendant 2"):
            await stand.say(room, word)
            await stand.inbox.until(lambda word=word: stand.silent or word in stand.texts(room))

    talking = asyncio.create_task(talk())
    error = await stand.ended()
    assert isinstance(error, OSError) and str(error) == "disk full"
    await stand.restart()
    await talking
    await stand.say(room, "après")
    await stand.hear_text(room, "après")
    assert stand.texts(room) == ["avant", "pendant 1", "pendant 2", "après"]


async def test_an_answer_names_what_it_answers(stand: Stand, room: RoomRef) -> None:
    """A reply names the message of ours that it is a reply to, and its text is what was typed."""
    ours = await stand.sent(room, "Qui est là ?")
    await stand.see(room, "Qui est là ?")
    await stand.say(room, "moi", reply_to=ours)
    assert (await stand.hear_text(room, "moi")).reply_to == ours


async def test_a_choice_names_its_message_and_its_button(stand: Stand, room: RoomRef) -> None:
    """On Telegram a tap comes with the button's command, on Matrix a reaction with its emoji; both name our message."""
    ours = await stand.sent(room, "<b>A-17</b>", buttons=BUTTONS)
    await stand.see(room, "A-17")
    for button in (BUTTONS[0][1], BUTTONS[1][0]):
        await stand.tap(room, ours, button)
        said, emoji = (button.command, None) if stand.tap_is == "button" else ("", plain_emoji(button.emoji))
        heard = await stand.hear(room, stand.tap_is, lambda heard, s=said, e=emoji: (heard.text, heard.emoji) == (s, e))
        assert (heard.message_id, heard.sender) == (ours, stand.ada.identity)
    assert stand.texts(room) == []


async def test_a_correction_names_what_it_corrects(stand: Stand, room: RoomRef) -> None:
    """Somebody who edits is heard with the message's id and the new text, not as a new message."""
    said = await stand.say(room, "2 blesés")
    await stand.edit(room, said, "2 blessés")
    edited = await stand.hear(room, "edited")
    assert (edited.message_id, edited.text, edited.sender) == (said, "2 blessés", stand.ada.identity)
    assert stand.texts(room) == ["2 blesés"]


async def test_a_place_comes_in_microdegrees(stand: Stand, room: RoomRef) -> None:
    """A location is a message with a point, south and west negative."""
    await stand.locate(room, 50.633333, -5.566667)
    heard = await stand.hear(room, "message")
    assert heard.point == (50_633_333, -5_566_667)
    assert heard.sender == stand.ada.identity


async def test_who_hides_has_no_identity(stand: Stand, room: RoomRef) -> None:
    """Anonymous posts, which only Telegram has, have no sender."""
    shown = await stand.hide_and_say(room, "qui parle ?")
    heard = await stand.hear_text(room, "qui parle ?")
    assert heard.sender == (shown.identity if shown else None)
    assert (shown is None) is (stand.network == "telegram")


async def test_private_chats_are_private(stand: Stand, room: RoomRef) -> None:
    """What somebody says to the bot alone is marked so, and the bot finds the same chat by the person's identity."""
    chat = await stand.private()
    await stand.say(chat, "entre nous")
    assert (await stand.hear_text(chat, "entre nous")).private
    assert await stand.port.direct(stand.ada.identity) == chat
    await stand.sent(chat, "bien reçu")
    assert (await stand.see(chat, "bien reçu")).text == "bien reçu"
    await stand.say(room, "devant tous")
    assert not (await stand.hear_text(room, "devant tous")).private


async def test_nobody_elsewhere_can_be_reached_directly(stand: Stand, room: RoomRef) -> None:
    """An identity of another network, or none at all, has no private chat here."""
    for identity in ("telegram:@ada:example.org", "matrix:501", "nobody", ""):
        foreign = await stand.port.direct(identity)
        assert foreign is None, identity


async def test_the_bot_does_not_hear_itself(stand: Stand, room: RoomRef) -> None:
    """Nothing that the bot sends or edits comes back to it."""
    ours = await stand.sent(room, "moi-même", buttons=BUTTONS)
    await stand.sent(room, "corrigé", kind="edit", replaces=ours)
    await stand.say(room, "à vous")
    await stand.hear_text(room, "à vous")
    assert [heard.text for heard in stand.heard(room) if heard.kind in ("message", "edited", "reaction")] == ["à vous"]


async def test_what_is_odd_does_not_hold_up_the_rest(stand: Stand, room: RoomRef) -> None:
    """Events that nobody understands are passed over, at once and for good, or raise ValueError when they are read."""
    await stand.odd(room)
    await stand.say(room, "sain")
    await stand.hear_text(room, "sain")
    await stand.restart()
    await stand.say(room, "et sauf")
    await stand.hear_text(room, "et sauf")
    assert [text for text in stand.texts(room) if text in ("sain", "et sauf")] == ["sain", "et sauf"]
    assert isinstance(await stand.send(room, "tout va bien"), Sent)


@pytest.mark.parametrize("body", ["", "7", "[]", "{}", "null", '{"room": 5}', '{"key": "x", "room": null}', "\ud800"])
async def test_rubbish_is_a_value_error(stand: Stand, body: str) -> None:
    """Whatever stands in the inbox, reading it raises nothing but ValueError."""
    with pytest.raises(ValueError):
        stand.port.read(body)
