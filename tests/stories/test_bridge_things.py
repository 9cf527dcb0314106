"""Files, albums, places, contacts and polls across a real bridge, in both directions and into encrypted rooms."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.bot.files.photos import SECRET, exif, film, opened, saved, tells
from tests.emulators.matrix_speech import poll
from tests.emulators.matrix_view import Shown
from tests.emulators.synapse import SynapseServer
from tests.emulators.telegram_files import Kind
from tests.emulators.telegram_town import Message
from tests.stories.bridge import CARL, DORA, FORUM, HALL, TOPIC, Bridge, bridge

pytestmark = pytest.mark.asyncio(loop_scope="module")

both = pytest.mark.parametrize("which", ["plain", "sealed"])
PICTURE = saved("JPEG")
STICKER = saved("WEBP")
VOICE = b"OggS\0\2" + bytes(22) + b"\1\x13OpusHead\1\1\x38\1\x80\xbb\0\0\0\0\0" + b"la" * 400
PAPER = b"%PDF-1.7\n1 0 obj << >> endobj\n" + b"% dikes\n" * 60
FILM = film(data=b"frame" * 100)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(synapse: SynapseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bridge]:
    """One town for all of these: each shows something of its own. Exact places are amber, as the channel is: files keep theirs."""
    async with bridge(synapse, tmp_path_factory.mktemp("things")) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def reserved(synapse: SynapseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bridge]:
    """A town whose exact places are red: the channel's files may not tell them."""
    async with bridge(synapse, tmp_path_factory.mktemp("reserved"), places="red") as made:
        yield made


def room_of(town: Bridge, which: str) -> tuple[str, str]:
    """A Matrix room by its name, and the other one."""
    return (town.plain, town.sealed) if which == "plain" else (town.sealed, town.plain)


async def shown_file(town: Bridge, room: str, words: str) -> tuple[Shown, bytes]:
    """The message with a file and these words in a Matrix room, and the file."""
    shown = await town.sees(
        room, lambda one: one.kind.startswith("m.") and one.file_name is not None and words in one.text
    )
    return shown, await town.ada.open_file(shown)


async def file_message(town: Bridge, words: str, chat: int = HALL) -> Message:
    """The bot's message with a file and these words in a Telegram chat."""
    tg = town.telegram
    await tg.wait_for(lambda: [one for one in tg.messages(chat) if one.file is not None and words in one.text])
    return next(one for one in tg.messages(chat) if one.file is not None and words in one.text)


FROM_TELEGRAM: list[tuple[Kind, bytes, str, str, str]] = [
    ("photo", PICTURE, "", "image/jpeg", "m.image"),
    ("document", PAPER, "Plan “Ourthe” <v2>: é?.pdf", "application/pdf", "m.file"),
    ("video", FILM, "weir.mp4", "video/mp4", "m.video"),
    ("voice", VOICE, "", "audio/ogg", "m.audio"),
]


@pytest.mark.parametrize(
    ("kind", "data", "name", "mime", "becomes"), FROM_TELEGRAM, ids=lambda one: one if isinstance(one, str) else ""
)
async def test_a_file_of_telegram_is_one_on_matrix(
    town: Bridge, kind: Kind, data: bytes, name: str, mime: str, becomes: str
) -> None:
    """With the same bytes, its words under it, and encrypted where the room is."""
    words = f"Look, a {kind} of 9 & <b>"
    await town.telegram.share(HALL, CARL, kind, data, words, name=name, mime=mime, seconds=3)
    for room in (town.plain, town.sealed):
        shown, found = await shown_file(town, room, words)
        assert (shown.kind, found, shown.encrypted) == (becomes, data, room == town.sealed)
        assert shown.text.startswith("▸ Carl · Hall")
        assert shown.voice is (kind == "voice")
        if name.startswith("Plan"):
            assert shown.file_name is not None
            assert (
                "Ourthe" in shown.file_name
                and not set("<>:?") & set(shown.file_name)
                and shown.file_name.endswith(".pdf")
            )
    copy = await file_message(town, words, FORUM)
    held = town.telegram.file(FORUM, copy.id)
    assert (held.kind, held.data) == (kind, data)


async def test_a_sticker_of_telegram_is_a_picture_on_matrix(town: Bridge) -> None:
    """A sticker has no words under it: who sent it is said all the same."""
    await town.telegram.share(HALL, DORA, "sticker", STICKER, emoji="🌊")
    for room in (town.plain, town.sealed):
        shown, found = await shown_file(town, room, "▸ Dora")
        assert found == STICKER and shown.kind == "m.image"


async def test_a_sticker_that_moves_is_its_picture_everywhere(town: Bridge) -> None:
    """What only Telegram can play, and not with words under it, is seen as the picture that Telegram has of it."""
    drawing, picture = gzip.compress(b'{"tgs":1}'), saved("WEBP", quality=40)
    after = max((one.id for one in town.telegram.messages(FORUM)), default=0)
    await town.telegram.share(HALL, CARL, "sticker", drawing, mime="application/x-tgsticker", emoji="🚒", still=picture)
    for room in (town.plain, town.sealed):
        shown = await town.sees(room, lambda one: one.kind == "m.image" and "🚒" in (one.file_name or ""))
        assert await town.ada.open_file(shown) == picture and shown.text.startswith("▸ Carl")
    copy = await town.telegram.wait_file(FORUM, after=after)
    held = town.telegram.file(FORUM, copy.id)
    assert (held.kind, held.data) == ("photo", picture)


FROM_MATRIX = [
    ("m.image", PICTURE, "quay.png", "photo"),
    ("m.file", PAPER, "déversoir <1>?.pdf", "document"),
    ("m.video", FILM, "weir.mp4", "video"),
    ("m.audio", VOICE, "siren.ogg", "document"),
    ("m.sticker", STICKER, "wave", "photo"),
]


@both
@pytest.mark.parametrize(
    ("kind", "data", "name", "becomes"), FROM_MATRIX, ids=lambda one: one if isinstance(one, str) else ""
)
async def test_a_file_of_matrix_is_one_on_telegram(
    town: Bridge, which: str, kind: str, data: bytes, name: str, becomes: str
) -> None:
    """With the same bytes, deciphered where it came from an encrypted room, and in the other Matrix room too."""
    room, other = room_of(town, which)
    after = max((one.id for one in town.telegram.messages(HALL)), default=0)
    caption = "" if kind == "m.sticker" else f"See {which} {kind}"
    await town.ada.show(room, data, name, kind, caption=caption)
    copy = await town.telegram.wait_file(HALL, after=after)
    held = town.telegram.file(HALL, copy.id)
    assert (held.kind, held.data) == (becomes, data)
    assert copy.text.startswith("▸ ada") and caption in copy.text
    if kind == "m.file":
        assert held.name.startswith("déversoir") and held.name.endswith(".pdf") and "<" not in held.name
    if caption:
        shown, found = await shown_file(town, other, caption)
        assert found == data and shown.encrypted is (other == town.sealed)


@both
async def test_a_voice_message_of_matrix_is_one_on_telegram(town: Bridge, which: str) -> None:
    """It plays as one, in the groups and in the other Matrix room, there as long to the millisecond and drawn as its sender's client drew it."""
    room, other = room_of(town, which)
    after = max((one.id for one in town.telegram.messages(HALL)), default=0)
    before = {one.event_id for one in town.ada.view(other)}
    await town.ada.speak(room, VOICE, 2600)
    copy = await town.telegram.wait_file(HALL, after=after)
    held = town.telegram.file(HALL, copy.id)
    assert (held.kind, held.data, held.seconds) == ("voice", VOICE, 3)
    shown = await town.sees(other, lambda one: one.event_id not in before and one.kind == "m.audio")
    assert shown.voice and await town.ada.open_file(shown) == VOICE
    assert shown.content["org.matrix.msc1767.audio"] == {"duration": 2600, "waveform": [0, 512, 1024]}


async def test_a_caption_is_edited_under_its_file(town: Bridge) -> None:
    """On Telegram and on Matrix, plain and encrypted; the file stays."""
    said = await town.telegram.share(HALL, CARL, "photo", PICTURE, "Caption one")
    shown = {room: (await shown_file(town, room, "Caption one"))[0] for room in (town.plain, town.sealed)}
    topic = await file_message(town, "Caption one", FORUM)
    await town.telegram.edit(HALL, said.id, "Caption two")
    for room, before in shown.items():
        after = await town.ada.look_until(room, before.event_id, lambda one: "Caption two" in one.text)
        assert after.kind == "m.image" and await town.ada.open_file(after) == PICTURE
    await town.telegram.wait_for(lambda: "Caption two" in topic.text)
    answer = await town.ada.file_content(town.sealed, PICTURE, "a.jpg", "m.image", caption="Mine one")
    mine = await town.ada.send(town.sealed, "m.room.message", answer)
    copy = await file_message(town, "Mine one")
    there, _ = await shown_file(town, town.plain, "Mine one")
    fresh = {name: one for name, one in answer.items() if name != "body"}
    await town.ada.edit(town.sealed, mine, "Mine two", **fresh)
    await town.telegram.wait_for(lambda: "Mine two" in copy.text)
    assert town.telegram.file(HALL, copy.id).data == PICTURE
    after = await town.ada.look_until(town.plain, there.event_id, lambda one: "Mine two" in one.text)
    assert after.kind == "m.image" and await town.ada.open_file(after) == PICTURE


async def test_a_picture_that_is_changed_and_changed_back_is_the_first_again(town: Bridge) -> None:
    """Also as its copy on the other network stands."""
    other = saved("JPEG", quality=20)
    contents = [
        await town.ada.file_content(town.plain, data, f"{len(data)}.jpg", "m.image", caption="Quay")
        for data in (PICTURE, other)
    ]
    said = await town.ada.send(town.plain, "m.room.message", contents[0])
    copy = await file_message(town, "Quay")
    for content, data in ((contents[1], other), (contents[0], PICTURE)):
        fresh = {name: one for name, one in content.items() if name != "body"}
        await town.ada.edit(town.plain, said, "Quay", **fresh)
        await town.telegram.wait_for(lambda data=data: town.telegram.file(HALL, copy.id).data == data)  # type: ignore[misc]


async def test_an_album_of_three_is_one_on_telegram_and_three_on_matrix(town: Bridge) -> None:
    """In order, with the words under the first, and nothing lost."""
    pictures = [saved("JPEG", quality=quality) for quality in (30, 50, 70)]
    parts = [
        {"kind": "photo", "data": data, "caption": "Three views" if number == 0 else ""}
        for number, data in enumerate(pictures)
    ]
    before = {room: {one.event_id for one in town.ada.view(room)} for room in (town.plain, town.sealed)}
    after = max((one.id for one in town.telegram.messages(FORUM)), default=0)
    await town.telegram.album(HALL, DORA, parts)
    for room, known in before.items():
        await town.ada.wait_until(lambda room=room, known=known: len(_pictures(town, room, known)) == 3)  # type: ignore[misc]
        found = _pictures(town, room, known)
        assert [await town.ada.open_file(one) for one in found] == pictures
        assert "Three views" in found[0].text
    tg = town.telegram
    await tg.wait_for(lambda: len([one for one in tg.messages(FORUM) if one.id > after and one.file]) == 3)
    copies = [one for one in tg.messages(FORUM) if one.id > after and one.file]
    assert len({one.album for one in copies}) == 1 and copies[0].album is not None
    assert [tg.file(FORUM, one.id).data for one in copies] == pictures
    assert "Three views" in copies[0].text
    second = _pictures(town, town.sealed, before[town.sealed])[1]
    await town.program.at_rest()
    await town.ada.reply(town.sealed, second.event_id, "What is on the second?")
    assert (await town.on_telegram("What is on the second?", FORUM)).reply_to == copies[1].id


async def test_a_label_on_the_last_picture_of_an_album_holds_for_all(town: Bridge) -> None:
    """Whatever had left by then: only the room that may read it has the pictures, each with the label."""
    before = {room: {one.event_id for one in town.ada.view(room)} for room in (town.plain, town.sealed)}
    after = max((one.id for one in town.telegram.messages(FORUM)), default=0)
    views = [{"kind": "photo", "data": saved("JPEG", quality=quality)} for quality in (31, 51)]
    parts = [*views, {"kind": "photo", "data": saved("JPEG", quality=71), "caption": "[red] Their hideout"}]
    await town.telegram.album(HALL, DORA, parts)

    def held() -> bool:
        found = _pictures(town, town.sealed, before[town.sealed])
        return len(found) == 3 and all("TLP:RED" in one.text for one in found)

    await town.ada.wait_until(held)
    await town.program.at_rest()
    await town.ada.wait_until(lambda: not _pictures(town, town.plain, before[town.plain]))
    assert not [one for one in town.telegram.messages(FORUM) if one.id > after and one.file]


def _pictures(town: Bridge, room: str, known: set[str]) -> list[Shown]:
    return [one for one in town.ada.view(room) if one.kind == "m.image" and one.event_id not in known]


@both
async def test_where_a_picture_was_taken_is_taken_out(reserved: Bridge, which: str) -> None:
    """Where the channel may not know exact places; the picture is the same to look at."""
    telling = saved("JPEG", exif=exif(), quality=90 if which == "plain" else 80)
    assert tells(telling)
    room, other = room_of(reserved, which)
    await reserved.ada.show(room, telling, "quay.jpg", caption=f"From {which}")
    copy = await file_message(reserved, f"From {which}")
    _, there = await shown_file(reserved, other, f"From {which}")
    for found in (reserved.telegram.file(HALL, copy.id).data, there):
        assert not tells(found) and SECRET not in found
        assert opened(found).tobytes() == opened(telling).tobytes()
    await reserved.telegram.share(HALL, CARL, "document", telling, f"File {which}", name="quay.jpg", mime="image/jpeg")
    _, found = await shown_file(reserved, room, f"File {which}")
    assert not tells(found)
    topic = await file_message(reserved, f"File {which}", FORUM)
    assert not tells(reserved.telegram.file(FORUM, topic.id).data)


async def test_a_place_goes_both_ways(town: Bridge) -> None:
    """As a place, in one message with who shows it and what it is called."""
    tg = town.telegram
    await tg.venue(HALL, CARL, 50.61, 5.61, "Depot", "Quay 4")
    for room in (town.plain, town.sealed):
        shown = await town.sees(room, lambda one: one.point == (50.61, 5.61))
        assert shown.kind == "m.location" and shown.text.startswith("▸ Carl · Hall\nDepot\nQuay 4")
    await town.ada.show_place(town.sealed, 50.7, 5.7, "Camp")
    for chat in (HALL, FORUM):
        found = await tg.wait_for(lambda chat=chat: [one for one in tg.messages(chat) if one.point == (50.7, 5.7)])  # type: ignore[misc]
        assert "Camp" in found[0].extra["venue"]["address"]
    shown = await town.sees(town.plain, lambda one: one.point == (50.7, 5.7))
    assert shown.kind == "m.location" and "Camp" in shown.text
    await town.program.at_rest()
    for room in (town.plain, town.sealed):
        assert sum("Depot" in text for text in town.standing(room)) == 1


async def test_a_contact_is_a_card_on_telegram_and_words_on_matrix(town: Bridge) -> None:
    """Name and number, both, and who sent it: on a card, that is the button under it, which copies the number."""
    tg = town.telegram
    await town.telegram.contact(HALL, CARL, "+3249990000", "Eva", "Dumont")
    for room in (town.plain, town.sealed):
        shown = await town.on_matrix(room, "Eva Dumont")
        assert "+3249990000" in shown.text
    await tg.wait_for(lambda: [one for one in tg.messages(FORUM) if "contact" in one.extra])
    [copy] = [one for one in tg.messages(FORUM) if "contact" in one.extra]
    assert copy.extra["contact"] == {"phone_number": "+3249990000", "first_name": "Eva Dumont"}
    assert copy.buttons == [[("▸ Carl · Hall", "")]]
    await town.program.at_rest()
    await town.ada.reply(town.plain, (await town.on_matrix(town.plain, "Eva Dumont")).event_id, "Who is Eva?")
    assert (await town.on_telegram("Who is Eva?", FORUM)).reply_to == copy.id


async def test_a_moving_place_of_telegram_is_changed_in_place(town: Bridge) -> None:
    """One message in each room; where it ends is told, however soon."""
    said = await town.telegram.location(HALL, CARL, 50.5, 5.5, live=900)
    shown = {room: await town.on_matrix(room, "50.50000, 5.50000 · until ") for room in (town.plain, town.sealed)}
    topic = await town.on_telegram("50.50000, 5.50000", FORUM)
    await town.telegram.move(HALL, said.id, 50.55, 5.55)
    await town.telegram.settle(HALL, said.id)
    for room, before in shown.items():
        await town.ada.look_until(room, before.event_id, lambda one: "50.55000, 5.55000" in one.text)
    await town.telegram.wait_for(lambda: "50.55000, 5.55000" in topic.text)
    assert len([one for one in town.telegram.messages(FORUM) if "50.5" in one.text]) == 1


@both
async def test_a_moving_place_of_matrix_is_changed_in_place(town: Bridge, which: str) -> None:
    """Begun, moved and ended: the groups have one message that says where it was last."""
    room, other = room_of(town, which)
    latitude = 51.0 if which == "plain" else 52.0
    began = await town.ada.begin_live_place(room, 900_000, f"Boat {which}")
    await town.ada.move(room, began, latitude, 5.0)
    copy = await town.on_telegram(f"{latitude:.5f}, 5.00000")
    there = await town.on_matrix(other, f"{latitude:.5f}, 5.00000")
    await town.ada.move(room, began, latitude + 0.1, 5.0)
    await town.ada.end_live_place(room)
    await town.telegram.wait_for(lambda: f"{latitude + 0.1:.5f}, 5.00000" in copy.text)
    await town.ada.look_until(other, there.event_id, lambda one: f"{latitude + 0.1:.5f}" in one.text)


async def test_a_poll_of_matrix_has_one_count(town: Bridge) -> None:
    """It is one in every room, votes from all of them are counted together, below each, and who chose what is not told."""
    asked = await town.ada.ask(town.sealed, "Which bridge?", "North", "South")
    tg = town.telegram
    await tg.wait_for(lambda: [one for one in tg.messages(HALL) if one.poll])
    copy = [one for one in tg.messages(HALL) if one.poll][-1]
    ballot = tg.polls[copy.poll or ""]
    assert "Which bridge?" in ballot.question and ballot.options == ("North", "South")
    there = await town.sees(town.plain, lambda one: one.kind == "poll" and "Which bridge?" in one.question)
    await town.program.at_rest()
    await tg.vote(CARL, ballot.id, 1)
    await town.ben.vote(town.sealed, asked, "id-0")
    south = next(name for name, words in there.answers.items() if words == "South")
    await town.ada.vote(town.plain, there.event_id, south)
    for room in (town.plain, town.sealed):
        await town.sees(room, lambda one: "North: 1" in one.text and "South: 2" in one.text)
    await tg.wait_for(lambda: [one for one in tg.messages(HALL) if "North: 1" in one.text and "South: 2" in one.text])
    await town.ada.end_poll(town.sealed, asked)
    await town.sees(town.plain, lambda one: "at the end" in one.text and "South: 2" in one.text)
    await tg.wait_for(lambda: ballot.closed)
    await town.ada.look_until(town.plain, there.event_id, lambda one: one.ended)


async def test_a_poll_that_is_changed_stands_once_everywhere(town: Bridge) -> None:
    """As it is now, in every room, and votes in it are counted."""
    asked = await town.ada.ask(town.plain, "Which pump?", "One", "Two")
    tg = town.telegram

    def asking(words: str) -> list[Message]:
        return [one for one in tg.messages(HALL) if one.poll and words in tg.polls[one.poll].question]

    await tg.wait_for(lambda: asking("Which pump?"))
    await town.program.at_rest()
    relation = {"rel_type": "m.replace", "event_id": asked}
    fresh = poll("Which big pump?", "Red", "Blue", ids=("a", "b"))
    content = {**fresh, "m.new_content": fresh, "m.relates_to": relation}
    await town.ada.send(town.plain, "org.matrix.msc3381.poll.start", content)
    await tg.wait_for(lambda: asking("Which big pump?"))
    await tg.wait_for(lambda: not asking("Which pump?"))
    [copy] = asking("Which big pump?")
    await town.program.at_rest()
    await tg.vote(CARL, copy.poll or "", 1)
    await town.sees(town.sealed, lambda one: "Red: 0" in one.text and "Blue: 1" in one.text)


async def test_reactions_stand_under_a_poll_that_is_sent_anew(town: Bridge) -> None:
    """What somebody gave to the poll before it was changed is under its new copies on both networks, and goes from there when it is taken back."""
    asked = await town.ada.ask(town.plain, "Which boat?", "One", "Two")
    tg = town.telegram

    def asking(words: str) -> list[Message]:
        return [one for one in tg.messages(HALL) if one.poll and words in tg.polls[one.poll].question]

    [before] = await tg.wait_for(lambda: asking("Which boat?"))
    given = await town.ada.react(town.plain, asked, "❤️")
    await town.telegram_sign(HALL, before.id, "❤")
    await town.program.at_rest()
    fresh = poll("Which big boat?", "Red", "Blue", ids=("a", "b"))
    content = {**fresh, "m.new_content": fresh, "m.relates_to": {"rel_type": "m.replace", "event_id": asked}}
    await town.ada.send(town.plain, "org.matrix.msc3381.poll.start", content)
    [copy] = await tg.wait_for(lambda: asking("Which big boat?"))
    there = await town.sees(town.sealed, lambda one: one.kind == "poll" and "Which big boat?" in one.question)
    await town.telegram_sign(HALL, copy.id, "❤")
    await town.sign(town.sealed, there.event_id, "❤")
    await town.ada.redact(town.plain, given)
    await town.telegram_sign(HALL, copy.id, None)
    await town.sign(town.sealed, there.event_id)


async def test_a_poll_of_telegram_is_one_on_matrix(town: Bridge) -> None:
    """Telegram tells nobody of votes in people's own polls; those on Matrix and in the other group are counted."""
    await town.telegram.poll(HALL, CARL, "How many pumps?", ["One", "Two", "Three"], several=True)
    shown = {
        room: await town.sees(room, lambda one: one.kind == "poll" and "How many pumps?" in one.question)
        for room in (town.plain, town.sealed)
    }
    tg = town.telegram
    await tg.wait_for(
        lambda: [one for one in tg.messages(FORUM) if one.poll and "pumps" in tg.polls[one.poll].question]
    )
    topic = next(one for one in tg.messages(FORUM) if one.poll and "pumps" in tg.polls[one.poll].question)
    await town.program.at_rest()
    names = list(shown[town.sealed].answers)
    await town.ben.vote(town.sealed, shown[town.sealed].event_id, names[0], names[2])
    await tg.vote(DORA, topic.poll or "", 2)
    await tg.wait_for(lambda: [one for one in tg.messages(HALL) if "One: 1" in one.text and "Three: 2" in one.text])
    await town.sees(town.plain, lambda one: "One: 1" in one.text and "Three: 2" in one.text)
    own = next(one for one in tg.chats[HALL].messages.values() if one.poll and "pumps" in tg.polls[one.poll].question)
    await tg.vote(CARL, own.poll or "", 1, 2)
    await tg.stop(HALL, own.id)
    await town.sees(
        town.plain, lambda one: "at the end" in one.text and "Two: 1" in one.text and "Three: 3" in one.text
    )
    await tg.wait_for(lambda: tg.polls[topic.poll or ""].closed)
    for room, there in shown.items():
        await town.ada.look_until(room, there.event_id, lambda one: one.ended)


async def test_a_poll_that_was_forwarded_ends_wherever_it_stands(town: Bridge) -> None:
    """It is one poll to Telegram, with one name: stopped by who asked, its copies end in every room, those of the forwarded one too."""
    tg = town.telegram
    asked = await tg.poll(HALL, CARL, "How many boats?", ["Four", "Five"])
    first = await town.sees(town.plain, lambda one: one.kind == "poll" and "How many boats?" in one.question)
    await tg.forward(FORUM, DORA, HALL, asked.id, thread=TOPIC)
    again = await town.sees(
        town.plain,
        lambda one: one.kind == "poll" and "How many boats?" in one.question and one.event_id != first.event_id,
    )
    await tg.stop(HALL, asked.id)
    for there in (first, again):
        await town.ada.look_until(town.plain, there.event_id, lambda one: one.ended)


async def test_too_large_a_file_is_named_instead(town: Bridge) -> None:
    """Its words are carried, with what there was and how large; whoever sent it sees that not all have it, and why."""
    town.telegram.allow_sizes(upload=50_000_000, download=2_000)
    try:
        sent = await town.telegram.share(
            HALL, CARL, "document", b"%PDF-" + bytes(1_500_000), "The whole plan", name="plan.pdf"
        )
        for room in (town.plain, town.sealed):
            shown = await town.on_matrix(room, "The whole plan")
            assert shown.kind == "m.text" and "plan.pdf" in shown.text and "could not be carried here" in shown.text
        await town.telegram_sign(HALL, sent.id, "🤔")
        await town.telegram.say(HALL, CARL, "/seen", reply_to=sent.id)
        await town.on_telegram("without the file, which is too large to be carried", HALL)
    finally:
        town.telegram.allow_sizes(upload=50_000_000, download=20_000_000)
