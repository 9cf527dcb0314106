"""Across a real bridge, what is done in haste, at the edges, and in ways that clients and people have of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.bot.files.photos import film, saved
from tests.emulators.matrix_speech import answering
from tests.emulators.synapse import SynapseServer
from tests.emulators.telegram_html import units
from tests.stories.bridge import CARL, DORA, FORUM, HALL, TOPIC, Bridge, bridge

pytestmark = pytest.mark.asyncio(loop_scope="module")

PICTURE = saved("JPEG")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(synapse: SynapseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bridge]:
    """One town for all of these: each says something of its own."""
    async with bridge(synapse, tmp_path_factory.mktemp("odd")) as made:
        yield made


def said(town: Bridge, words: str, chat: int = HALL) -> list[str]:
    """What the bot's messages with these words say now in a Telegram chat."""
    return [one.text for one in town.telegram.messages(chat) if words in one.text]


async def test_what_is_taken_back_at_once_stands_nowhere(town: Bridge) -> None:
    """Said, changed and taken back before anybody has it, ten times."""
    for number in range(10):
        event = await town.ada.say(town.sealed, f"Hasty {number}")
        if number % 2:
            await town.ada.edit(town.sealed, event, f"Hasty {number} indeed")
        await town.ada.redact(town.sealed, event)
    await town.ada.say(town.sealed, "In peace")
    await town.on_telegram("In peace")
    await town.on_matrix(town.plain, "In peace")
    await town.program.at_rest()
    await town.telegram.wait_for(lambda: not said(town, "Hasty") and not said(town, "Hasty", FORUM))
    await town.ada.wait_until(lambda: not any("Hasty" in text for text in town.standing(town.plain)))


async def test_what_is_changed_at_once_stands_as_it_is_at_last(town: Bridge) -> None:
    """On both networks; each copy once."""
    first = await town.telegram.say(HALL, CARL, "Quick 0")
    event = await town.ada.say(town.plain, "Swift 0")
    for number in range(1, 5):
        await town.telegram.edit(HALL, first.id, f"Quick {number}")
        await town.ada.edit(town.plain, event, f"Swift {number}")
    for room in (town.plain, town.sealed):
        await town.on_matrix(room, "Quick 4")
    await town.on_telegram("Swift 4")
    await town.program.at_rest()
    assert len(said(town, "Swift")) == 1 and len(said(town, "Quick", FORUM)) == 1
    assert sum("Quick" in text for text in town.standing(town.sealed)) == 1


async def test_an_edit_may_grow_beyond_one_message(town: Bridge) -> None:
    """The further parts are said anew; an edit that is short again takes them away."""
    event = await town.ada.say(town.sealed, "Growing")
    copy = await town.on_telegram("Growing")
    words = " ".join(f"grown{number:04}" for number in range(900))
    await town.ada.edit(town.sealed, event, words)
    await town.on_telegram("grown0899")
    assert copy.text.startswith("▸ ada") and "grown0000" in copy.text
    parts = [one for one in town.telegram.messages(HALL) if "grown" in one.text]
    assert " ".join(one.text.partition("\n")[2] for one in parts).split() == words.split()
    await town.program.at_rest()
    await town.ada.edit(town.sealed, event, "Small")
    await town.telegram.wait_for(lambda: "Small" in copy.text and not said(town, "grown"))


async def test_a_caption_may_grow_beyond_what_stands_under_a_picture(town: Bridge) -> None:
    """No word of it is lost."""
    content = await town.ada.file_content(town.plain, PICTURE, "a.jpg", "m.image", caption="Caption small")
    event = await town.ada.send(town.plain, "m.room.message", content)
    await town.on_telegram("Caption small")
    await town.program.at_rest()
    words = " ".join(f"caption{number:04}" for number in range(300))
    fresh = {name: one for name, one in content.items() if name != "body"}
    await town.ada.edit(town.plain, event, words, **fresh)
    await town.on_telegram("caption0299")
    await town.program.at_rest()
    whole = " ".join(one.text for one in town.telegram.messages(HALL))
    assert all(f"caption{number:04}" in whole for number in range(300))
    assert not said(town, "Caption small")


async def test_long_words_under_a_picture_are_carried_whole(town: Bridge) -> None:
    """Telegram takes 1024 letters there: the rest follows it."""
    words = " ".join(f"under{number:04}" for number in range(300))
    await town.ada.show(town.sealed, PICTURE, "b.jpg", caption=words)
    await town.on_telegram("under0299")
    whole = " ".join(one.text for one in town.telegram.messages(HALL))
    assert all(f"under{number:04}" in whole for number in range(300))
    assert all(units(one.text) <= 1024 for one in town.telegram.messages(HALL) if one.file)


async def test_an_answer_with_a_picture_and_a_picture_in_a_thread(town: Bridge) -> None:
    """They refer to what they are about, with their file."""
    asked = await town.telegram.say(HALL, CARL, "Show me the sluice")
    copy = await town.on_matrix(town.sealed, "Show me the sluice")
    relation: dict[str, Any] = {"m.relates_to": answering(copy.event_id)}
    await town.ada.show(town.sealed, PICTURE, "c.jpg", caption="The sluice", **relation)
    found = await town.on_telegram("The sluice")
    assert found.file is not None and found.reply_to == asked.id
    await town.program.at_rest()
    await town.telegram.share(HALL, DORA, "photo", PICTURE, "Mine", reply_to=found.id)
    shown = await town.sees(town.plain, lambda one: one.file_name is not None and "Mine" in one.text)
    assert shown.reply_to == (await town.on_matrix(town.plain, "The sluice")).event_id


async def test_a_reaction_to_any_part_is_one_to_the_whole(town: Bridge) -> None:
    """To the second of the messages into which a long text was cut."""
    event = await town.ben.say(town.plain, " ".join(f"piece{number:04}" for number in range(900)))
    second = await town.on_telegram("piece0899")
    await town.program.at_rest()
    await town.telegram.react(HALL, second.id, CARL, "👍")
    await town.sign(town.plain, event, "👌", "👍")


async def test_two_who_react_alike_are_one_until_both_take_it_back(town: Bridge) -> None:
    """One on Telegram, one on Matrix, under the same words."""
    event = await town.ada.say(town.plain, "Who comes?")
    copy = await town.on_telegram("Who comes?")
    there = await town.on_matrix(town.sealed, "Who comes?")
    await town.program.at_rest()
    await town.telegram.react(HALL, copy.id, CARL, "👍")
    await town.sign(town.sealed, there.event_id, "👍")
    given = await town.ben.react(town.sealed, there.event_id, "👍")
    await town.telegram_sign(HALL, copy.id, "👍")
    await town.telegram.react(HALL, copy.id, CARL)
    await town.ada.say(town.plain, "After the first")
    await town.on_telegram("After the first")
    await town.program.at_rest()
    await town.sign(town.plain, event, "👌", "👍")
    await town.ben.redact(town.sealed, given)
    await town.sign(town.plain, event, "👌")
    await town.telegram_sign(HALL, copy.id, None)


async def test_an_emote_and_words_of_odd_clients_are_words(town: Bridge) -> None:
    """``/me`` on Matrix, an answer with the old fallback, a message whose HTML is broken."""
    await town.ada.say(town.plain, "waves", msgtype="m.emote")
    assert "waves" in (await town.on_telegram("waves")).text
    await town.ada.say_html(town.plain, "<b>never <i>ended & <img src=x onerror=y> odd", "never ended")
    assert "odd" in (await town.on_telegram("never ended")).text
    root = await town.ada.say(town.sealed, "Fallen back")
    fallback = "> <@ada:localhost> Fallen back\n\nNew words only"
    html = "<mx-reply><blockquote>Fallen back</blockquote></mx-reply>New words only"
    await town.ada.say_html(town.sealed, html, fallback, **{"m.relates_to": answering(root)})
    copy = await town.on_telegram("New words only")
    assert "Fallen back" not in copy.text


async def test_what_bots_say_and_commands_are_not_carried(town: Bridge) -> None:
    """Nor are answers to our questions; other words go on."""
    await town.ada.say(town.plain, "I am a bot", msgtype="m.notice")
    await town.ada.say(town.plain, "!help")
    await town.telegram.say(HALL, CARL, "/status")
    bot: dict[str, Any] = {"from": {"id": 9, "is_bot": True, "first_name": "Other"}}
    await town.telegram.say(HALL, 9, "From a bot", **bot)
    await town.ada.say(town.plain, "I am none")
    await town.on_telegram("I am none")
    await town.telegram.say(HALL, CARL, "Nor am I")
    await town.on_matrix(town.sealed, "Nor am I")
    await town.program.at_rest()
    carried = [one.text for one in [*town.telegram.messages(HALL), *town.telegram.messages(FORUM)]]
    carried = [
        one for one in [*carried, *town.standing(town.sealed), *town.standing(town.plain)] if one.startswith("▸")
    ]
    for words in ("I am a bot", "!help", "/status", "From a bot"):
        assert not [one for one in carried if words in one]


async def test_who_writes_as_the_group_is_carried_as_its_partner(town: Bridge) -> None:
    """An anonymous administrator has no name."""
    await town.telegram.anonymous(HALL, "The hall says so")
    shown = await town.on_matrix(town.sealed, "The hall says so")
    assert "Hall" in shown.text and "Group" not in shown.text


async def test_what_is_handed_on_says_so(town: Bridge) -> None:
    """Words of somebody else, forwarded on Telegram."""
    tg = town.telegram
    tg.group(-77, "Elsewhere")
    other = await tg.say(-77, DORA, "Rumours of a breach")
    await tg.forward(HALL, CARL, -77, other.id)
    shown = await town.on_matrix(town.plain, "Rumours of a breach")
    assert "Forwarded" in shown.text and shown.text.startswith("▸ Carl")


async def test_a_quotation_on_telegram_is_an_answer(town: Bridge) -> None:
    """Somebody answers a few words of a message."""
    event = await town.ada.say(town.sealed, "The bridge is closed and the road is open")
    copy = await town.on_telegram("The bridge is closed")
    await town.program.at_rest()
    await town.telegram.say(HALL, CARL, "Since when?", reply_to=copy.id, quote="the road is open")
    assert (await town.on_matrix(town.sealed, "Since when?")).reply_to == event


async def test_moving_pictures_and_round_films_are_carried(town: Bridge) -> None:
    """An animation and a circle, which has no words of its own."""
    data = film(data=b"moving" * 50)
    await town.telegram.share(HALL, CARL, "animation", data, "Look how it moves")
    shown = await town.sees(town.sealed, lambda one: one.file_name is not None and "Look how it moves" in one.text)
    assert await town.ada.open_file(shown) == data
    await town.on_matrix(town.plain, "Look how it moves")
    before = {one.event_id for one in town.ada.view(town.plain)}
    await town.telegram.share(HALL, DORA, "video_note", data + b"\0\0\0\x08free", seconds=4)
    shown = await town.sees(town.plain, lambda one: one.event_id not in before and one.kind == "m.video")
    assert await town.ada.open_file(shown) == data + b"\0\0\0\x08free"


async def test_a_file_that_is_not_there_is_named(town: Bridge) -> None:
    """The homeserver has lost it: its words come, and say what is missing."""
    content = await town.ada.file_content(town.plain, PICTURE, "lost.jpg", "m.image", caption="Lost picture")
    await town.ada.send(town.plain, "m.room.message", content | {"url": "mxc://localhost/thereisnosuchfile"})
    for text in (
        (await town.on_telegram("Lost picture")).text,
        (await town.on_matrix(town.sealed, "Lost picture")).text,
    ):
        assert "lost.jpg" in text and "could not be carried here" in text


async def test_a_picture_and_a_poll_that_are_taken_back_are_gone(town: Bridge) -> None:
    """From both groups and the other room."""
    picture = await town.ada.show(town.sealed, PICTURE, "d.jpg", caption="Picture in vain")
    poll = await town.ada.ask(town.sealed, "Poll in vain?", "Yes", "No")
    copy = await town.on_telegram("Picture in vain")
    tg = town.telegram
    await tg.wait_for(lambda: [one for one in tg.messages(FORUM, TOPIC) if one.poll])
    asked = [one for one in tg.messages(FORUM, TOPIC) if one.poll][-1]
    there = await town.on_matrix(town.plain, "Picture in vain")
    await town.ada.redact(town.sealed, picture)
    await town.ada.redact(town.sealed, poll)
    await tg.wait_for(lambda: copy.deleted and asked.deleted)
    await town.ada.wait_gone(town.plain, there.event_id)


async def test_a_vote_may_be_changed_and_taken_back(town: Bridge) -> None:
    """The count follows, on both networks; a second vote of the same person does not count twice."""
    poll = await town.ada.ask(town.plain, "Which gate?", "East", "West")
    tg = town.telegram
    await tg.wait_for(lambda: [one for one in tg.messages(HALL) if one.poll and "gate" in tg.polls[one.poll].question])
    copy = next(one for one in tg.messages(HALL) if one.poll and "gate" in tg.polls[one.poll].question)
    await town.program.at_rest()
    await town.ben.vote(town.plain, poll, "id-0")
    await town.ben.vote(town.plain, poll, "id-1")
    await tg.vote(CARL, copy.poll or "", 0)
    await town.sees(town.sealed, lambda one: "East: 1" in one.text and "West: 1" in one.text)
    await town.ben.vote(town.plain, poll)
    await tg.vote(CARL, copy.poll or "", 1)
    await town.sees(town.sealed, lambda one: "East: 0" in one.text and "West: 1" in one.text)


async def test_where_somebody_is_is_told_again_after_a_minute(town: Bridge) -> None:
    """A place that moves changes its one message."""
    place = await town.telegram.location(HALL, CARL, 49.5, 4.5, live=900)
    shown = await town.on_matrix(town.sealed, "49.50000, 4.50000")
    town.later(70)
    place.date += 70
    town.telegram.now = lambda: place.date + 1.0
    await town.telegram.move(HALL, place.id, 49.6, 4.6)
    await town.ada.look_until(town.sealed, shown.event_id, lambda one: "49.60000, 4.60000" in one.text)


async def test_an_edit_that_says_red_takes_the_copies_away(town: Bridge) -> None:
    """They stay where red may be: in the encrypted room."""
    event = await town.telegram.say(HALL, CARL, "Names of the missing")
    copy = await town.on_telegram("Names of the missing", FORUM)
    plain, sealed = await town.on_matrix(town.plain, "Names of"), await town.on_matrix(town.sealed, "Names of")
    await town.telegram.edit(HALL, event.id, "[red] Names of the missing: Eva")
    await town.ada.wait_gone(town.plain, plain.event_id)
    await town.telegram.wait_for(lambda: copy.deleted)
    await town.ada.look_until(
        town.sealed, sealed.event_id, lambda one: "missing: Eva" in one.text and "RED" in one.text
    )


async def test_a_reaction_that_telegram_does_not_know_troubles_nobody(town: Bridge) -> None:
    """It stands in the other Matrix room; on Telegram there is none, and the sign stays."""
    said_there = await town.telegram.say(HALL, CARL, "Ducks ahead")
    copy, there = await town.on_matrix(town.plain, "Ducks ahead"), await town.on_matrix(town.sealed, "Ducks ahead")
    await town.telegram_sign(HALL, said_there.id, "👌")
    await town.ada.react(town.plain, copy.event_id, "🦆")
    await town.sign(town.sealed, there.event_id, "🦆")
    await town.ada.say(town.plain, "After the ducks")
    await town.on_telegram("After the ducks")
    await town.telegram_sign(HALL, said_there.id, "👌")


async def test_after_the_end_nothing_is_carried(town: Bridge) -> None:
    """The incident is closed: what is said stays where it is said."""
    await town.telegram.start(501)
    await town.telegram.say(501, 501, "/close I-1 yes")
    await town.on_matrix(town.plain, "I-1, ")
    await town.program.at_rest()
    await town.ada.say(town.plain, "After the end")
    await town.telegram.say(HALL, CARL, "Also after it")
    await town.telegram.say(501, 501, "/status")
    await town.telegram.wait_message(501, "", after=max(one.id for one in town.telegram.messages(501)))
    await town.program.at_rest()
    assert not said(town, "After the end") and not any("Also after" in one for one in town.standing(town.plain))
