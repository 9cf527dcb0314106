"""Files, albums, places, polls, reactions and edits reach the emulated Telegram as they are meant, or are refused in plain words."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.networks import telegram_http
from bot.networks.port import Button, Delayed, Limits, Outcome, Outgoing, Refused, Sent, Spooled, Unknown
from bot.networks.telegram import Telegram
from bot.networks.telegram_send import Manner, plainer
from playbooks.rooms import RoomRef
from playbooks.spoken import FileKind, Poll
from tests.bot.networks.telegram_ground import (
    ADA,
    FORUM,
    GROUP,
    JPEG,
    MP4,
    NOON,
    PDF,
    TOPIC,
    TYPES,
    WEBP,
    Shelf,
    message,
    png,
)
from tests.bot.networks.telegram_ground import network as network
from tests.bot.networks.telegram_ground import shelf as shelf
from tests.bot.networks.telegram_ground import tg as tg
from tests.emulators.telegram import TelegramEmulator


async def done(network: Telegram, out: Outgoing) -> Sent:
    outcome = await network.send(out)
    assert isinstance(outcome, Sent), outcome
    return outcome


async def refused(network: Telegram, out: Outgoing) -> str:
    outcome = await network.send(out)
    assert isinstance(outcome, Refused), outcome
    assert not outcome.gone
    return outcome.reason


# -- one file ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "mime", "arrives_as"),
    [
        ("photo", "image/jpeg", "photo"),
        ("video", "video/mp4", "video"),
        ("animation", "image/gif", "animation"),
        ("audio", "audio/mpeg", "audio"),
        ("voice", "audio/ogg", "voice"),
        ("file", "application/pdf", "document"),
        ("file", "image/webp", "document"),
        ("file", "image/gif", "document"),
        ("sticker", "image/webp", "photo"),
    ],
)
async def test_a_file_with_its_words(
    tg: TelegramEmulator, network: Telegram, shelf: Shelf, kind: FileKind, mime: str, arrives_as: str
) -> None:
    """Each kind arrives as what it is, byte for byte, with the words, topic, reply, buttons and silence of any message."""
    first = await done(network, message("first", room=TOPIC))
    file = shelf(kind, mime, name="Pläne; \"alt\" 'neu'.bin")
    buttons = ((Button("Seen", "/ack A-1", "👀"),),)
    words = "<b>Ada</b>: the dyke <tg-spoiler>breaks</tg-spoiler>"
    out = message(words, room=TOPIC, files=(file,), reply_to=first.message_id, buttons=buttons)
    sent = await done(network, out)
    held, found = tg.chats[FORUM].messages[int(sent.message_id)], tg.file(FORUM, int(sent.message_id))
    assert (found.kind, found.data) == (arrives_as, TYPES[mime])
    assert (held.text, held.thread, held.silent, str(held.reply_to)) == (
        "Ada: the dyke breaks",
        7,
        True,
        first.message_id,
    )
    assert [one["type"] for one in held.entities] == ["bold", "spoiler"]
    assert held.buttons == [[("Seen", "/ack A-1")]]
    if arrives_as not in ("photo", "voice"):
        assert found.name == "Pläne_ _alt_ 'neu'.bin"


async def test_a_sticker_alone_is_a_sticker(tg: TelegramEmulator, network: Telegram, shelf: Shelf) -> None:
    """Where nobody has to be named, a sticker arrives as one."""
    sent = await done(network, message(files=(shelf("sticker", "image/webp"),)))
    assert (tg.file(GROUP, int(sent.message_id)).kind, tg.file(GROUP, int(sent.message_id)).data) == ("sticker", WEBP)


async def test_what_telegram_has_is_named_not_sent(tg: TelegramEmulator, network: Telegram, shelf: Shelf) -> None:
    """A photo heard on Telegram goes to the next room under its name there, without being uploaded."""
    there = tg.keep("photo", JPEG)
    photo = shelf("photo", network="telegram", where=json.dumps({"file_id": there.id}))
    photo.path.unlink()
    sent = await done(network, message("Ada", files=(photo,)))
    assert tg.chats[GROUP].messages[int(sent.message_id)].file == there.id


@pytest.mark.parametrize("where", ['{"file_id": "nobody knows it"}', '{"file_id": "BQACAgQ000000Ae"}'])
async def test_a_name_that_telegram_refuses(tg: TelegramEmulator, network: Telegram, shelf: Shelf, where: str) -> None:
    """A name that means nothing to this bot, or another kind of file, is refused: then the file itself is handed over."""
    tg.keep("sticker", WEBP)
    sent = await done(network, message("Ada", files=(shelf("photo", network="telegram", where=where),)))
    assert tg.file(GROUP, int(sent.message_id)).data == JPEG
    assert tg.calls["sendPhoto"] == 2


async def test_what_is_no_photo_after_all(tg: TelegramEmulator, network: Telegram, shelf: Shelf) -> None:
    """A picture whose sides Telegram does not take, or that it cannot read, goes as a document."""
    for data in (png(9000, 2000), b"not a picture at all"):
        sent = await done(network, message("Ada", files=(shelf("photo", "image/png", data=data),)))
        assert (tg.file(GROUP, int(sent.message_id)).kind, tg.file(GROUP, int(sent.message_id)).data) == (
            "document",
            data,
        )


async def test_markup_that_cannot_be_read(tg: TelegramEmulator, network: Telegram, shelf: Shelf) -> None:
    """Words under a file, or under the first of an album, whose markup is refused arrive plain."""
    for files in ((shelf("photo"),), (shelf("photo"), shelf("photo"))):
        out = message(files=files)
        out = replace(out, html="<b>Flood", text="Flood <now>")
        sent = await done(network, out)
        assert tg.chats[GROUP].messages[int(sent.message_id)].text == "Flood <now>"


async def test_words_too_long_for_a_file(network: Telegram, shelf: Shelf) -> None:
    """The network says how many units fit under a file; more are refused."""
    await done(network, message("🚒" * (network.captions // 2), files=(shelf("photo"),)))
    assert "too long" in await refused(network, message("x" * (network.captions + 1), files=(shelf("photo"),)))


async def test_too_large_files(tg: TelegramEmulator, network: Telegram, shelf: Shelf) -> None:
    """What is too large is refused: by us where the limit is known, else by the server."""
    tg.allow_sizes(upload=1000, download=1000)
    assert "too large" in await refused(network, message(files=(shelf("file", data=b"x" * 1001),)))
    assert tg.calls["sendDocument"] == 1
    network.largest_upload = 500
    both = (shelf("file", data=b"x" * 300), shelf("file", data=b"x" * 300))
    assert "too large" in await refused(network, message(files=both))
    assert "sendMediaGroup" not in tg.calls


def test_what_the_network_says_of_itself() -> None:
    """The official server has Telegram's limits; one of one's own gives everything and takes 2000 MB."""
    official, own = (Telegram("1:x", url, Limits(), lambda: NOON) for url in (None, "http://127.0.0.1:8081"))
    assert (official.largest_download, official.largest_upload, official.captions) == (20 << 20, 50 << 20, 1024)
    assert (own.largest_download, own.largest_upload) == (None, 2000 << 20)


# -- what became of it -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failure", "arrived"),
    [("drop-before", 0), ("drop-after", 1), ("5xx-before", 0), ("5xx-after", 1), ("truncated", 1), ("not-json", 1)],
)
@pytest.mark.parametrize("files", [1, 2])
async def test_after_a_connection_nothing_is_guessed(
    tg: TelegramEmulator, network: Telegram, shelf: Shelf, failure: Any, arrived: int, files: int
) -> None:
    """A file has no idempotency key either: once a connection was made, only a plain answer counts."""
    tg.fault(failure, method=None)
    outcome = await network.send(message("Ada", files=tuple(shelf("photo") for _ in range(files))))
    assert isinstance(outcome, Unknown)
    assert len(tg.messages(GROUP)) == arrived * files
    assert sum(tg.calls.values()) == 1


async def test_nobody_listens(tg: TelegramEmulator, network: Telegram, shelf: Shelf) -> None:
    """Without a connection a file can be sent again, and 429 parks this room alone."""
    await tg.down()
    outcome = await network.send(message(files=(shelf("photo"),)))
    assert isinstance(outcome, Delayed) and outcome.everywhere
    await tg.up()
    tg.fault("429", method=None, retry_after=3600)
    waiting: Outcome = await network.send(message(files=(shelf("photo"),)))
    assert waiting == Delayed(3600.0, "Telegram asks us to wait 3600 s")


async def test_a_file_that_is_not_here(tg: TelegramEmulator, network: Telegram, shelf: Shelf) -> None:
    """Where our own copy is gone nothing was written, and trying again is safe."""
    file = shelf("photo")
    file.path.unlink()
    outcome = await network.send(message(files=(file,)))
    assert isinstance(outcome, Delayed) and not outcome.everywhere
    assert not tg.calls


async def test_the_towns_limits_hold_for_files(tg: TelegramEmulator, network: Telegram, shelf: Shelf) -> None:
    """The second message of a second is told to wait, whatever it holds."""
    tg.limit(True)
    await done(network, message(files=(shelf("photo"),)))
    for out in (message(files=(shelf("photo"),)), message("x", point=(1, 1)), message("x", poll=Poll("Q", ("a", "b")))):
        assert isinstance(await network.send(out), Delayed)


async def test_rights_and_closed_topics(tg: TelegramEmulator, network: Telegram, shelf: Shelf) -> None:
    """What a group does not allow is final, and said in plain words; a poll can still be said in words."""
    tg.forbid(GROUP, "photo", "poll")
    assert "send photos" in await refused(network, message("x", files=(shelf("photo"),)))
    assert (await done(network, message("x", poll=Poll("Q", ("a", "b"))))).handle is None
    tg.forbid(GROUP, "text")
    assert "send text messages" in await refused(network, message("x"))
    tg.close_topic(FORUM, 7)
    for out in (message("x", room=TOPIC), message("x", room=TOPIC, files=(shelf("photo"),))):
        assert "topic is closed" in await refused(network, out)
    assert "not there any more" in await refused(network, message("x", room=replace(TOPIC, topic="99"), point=(0, 0)))


# -- several files -----------------------------------------------------------------------------------------------------


async def test_an_album(tg: TelegramEmulator, network: Telegram, shelf: Shelf) -> None:
    """Several files arrive as one album, in order, named one by one, with the words under the first; known ones are named."""
    there = tg.keep("photo", JPEG)
    known = shelf("photo", network="telegram", where=json.dumps({"file_id": there.id}))
    sent = await done(network, message("<b>Ada</b>", files=(shelf("photo"), shelf("video", "video/mp4"), known)))
    said = tg.messages(GROUP)
    assert [sent.message_id, *sent.others] == [str(one.id) for one in said]
    assert [one.text for one in said] == ["Ada", "", ""]
    assert len({one.album for one in said}) == 1
    assert [tg.file(GROUP, one.id).data for one in said] == [JPEG, MP4, JPEG]
    assert said[2].file == there.id


async def test_a_mixed_album_is_one_of_documents(tg: TelegramEmulator, network: Telegram, shelf: Shelf) -> None:
    """What cannot stand together goes together as documents, and so does an album with a picture that is none."""
    for files in (
        (shelf("photo"), shelf("file", "application/pdf", name="plan.pdf")),
        (shelf("photo", data=PDF), shelf("photo")),
    ):
        sent = await done(network, message("Ada", files=files))
        numbers = [int(sent.message_id), *map(int, sent.others)]
        assert [tg.file(GROUP, number).kind for number in numbers] == ["document", "document"]


async def test_too_many_for_an_album(network: Telegram, shelf: Shelf) -> None:
    """Ten files are an album, eleven are not."""
    files = tuple(shelf("photo") for _ in range(11))
    assert len((await done(network, message(files=files[:10]))).others) == 9
    assert "too many" in await refused(network, message(files=files))


# -- places and polls --------------------------------------------------------------------------------------------------


async def test_a_place_says_who_is_there(tg: TelegramEmulator, network: Telegram) -> None:
    """A place arrives with who speaks as its title, and the rest of the words, or the coordinates, below."""
    where = (50_633_333, -5_566_667)
    await done(network, message("<b>Ada</b> (Fire)\nat the\nsluice", point=where))
    await done(network, message("Ada", point=where))
    first, second = tg.messages(GROUP)
    assert first.point == second.point == (50.633333, -5.566667)
    assert (first.extra["venue"]["title"], first.extra["venue"]["address"]) == ("Ada (Fire)", "at the · sluice")
    assert (second.extra["venue"]["title"], second.extra["venue"]["address"]) == ("Ada", "50.633333, -5.566667")


async def test_a_place_with_many_words(tg: TelegramEmulator, network: Telegram) -> None:
    """Words that cannot stand on a place are not cut: they arrive as text, with the coordinates."""
    await done(network, message("Ada\n" + "very long " * 50, point=(50_633_333, 5_566_667)))
    (said,) = tg.messages(GROUP)
    assert said.text.startswith("Ada\nvery long") and said.text.endswith("50.633333, 5.566667")


async def test_a_poll(tg: TelegramEmulator, network: Telegram) -> None:
    """A poll arrives as one, anonymous, and the second name under which Telegram speaks of it is told."""
    sent = await done(network, message("<b>Ada</b>", poll=Poll("Open the sluice?", ("Yes", "No"), several=True)))
    assert sent.handle is not None
    ballot = tg.polls[sent.handle]
    assert (ballot.question, ballot.options) == ("Ada\nOpen the sluice?", ("Yes", "No"))
    assert (ballot.several, ballot.anonymous, ballot.ours) == (True, True, True)


async def test_a_poll_that_does_not_fit(tg: TelegramEmulator, network: Telegram) -> None:
    """A poll that Telegram does not take arrives in words."""
    sent = await done(network, message("<b>Ada</b>", poll=Poll("Which?", tuple(f"<{n}>" for n in range(13)))))
    assert sent.handle is None
    assert tg.messages(GROUP)[0].text.startswith("Ada\nWhich?\n1. <0>\n2. <1>\n")


# -- reactions and edits -----------------------------------------------------------------------------------------------


async def test_reactions(tg: TelegramEmulator, network: Telegram) -> None:
    """The bot reacts, with the nearest where Telegram lacks the emoji, and takes it back."""
    said = await tg.say(GROUP, ADA, "done")
    react = Outgoing("r", message().room, "react", replaces=str(said.id))
    for emoji, shown in (("✅", ["👍"]), ("🔥", ["🔥"]), (None, [])):
        assert await network.send(replace(react, emoji=emoji)) == Sent(str(said.id))
        assert said.reactions[tg.bot_id] == shown
    assert "no such reaction" in await refused(network, replace(react, emoji="🥝"))
    assert "not there any more" in await refused(network, replace(react, emoji="👍", replaces="99"))
    assert await network.send(replace(react, replaces="99")) == Sent("99")


@pytest.mark.parametrize("failure", ["drop-before", "drop-after", "5xx-before", "5xx-after", "truncated", "not-json"])
async def test_a_reaction_is_asked_for_again(tg: TelegramEmulator, network: Telegram, failure: Any) -> None:
    """Set twice, a reaction is there once: an answer that was lost costs nothing."""
    said = await tg.say(GROUP, ADA, "done")
    react = Outgoing("r", message().room, "react", replaces=str(said.id), emoji="👍")
    tg.fault(failure, method="setMessageReaction")
    assert isinstance(await network.send(react), Delayed)
    assert await network.send(react) == Sent(str(said.id))
    assert said.reactions[tg.bot_id] == ["👍"]


@pytest.mark.parametrize("knows", [True, False])
async def test_words_under_a_file_change(tg: TelegramEmulator, network: Telegram, shelf: Shelf, knows: bool) -> None:
    """The words under a file are changed there, and those of a text in the text, even if the caller has it wrong."""
    photo = await done(network, message("one", files=(shelf("photo"),)))
    text = await done(network, message("one"))
    for sent, caption in ((photo, True), (text, False)):
        edit = message("two", kind="edit", replaces=sent.message_id, caption=caption is knows)
        assert await network.send(edit) == Sent(sent.message_id)
        assert await network.send(edit) == Sent(sent.message_id)
    assert [one.text for one in tg.messages(GROUP)] == ["two", "two"]


@pytest.mark.parametrize(
    ("before", "now", "mime"),
    [
        ("photo", "photo", "image/jpeg"),
        ("photo", "video", "video/mp4"),
        ("file", "photo", "image/jpeg"),
        ("audio", "voice", "audio/ogg"),
        ("photo", "sticker", "image/webp"),
        (None, "photo", "image/jpeg"),
    ],
)
async def test_another_file_comes_in_the_place_of_one(
    tg: TelegramEmulator, network: Telegram, shelf: Shelf, before: FileKind | None, now: FileKind, mime: str
) -> None:
    """With its own words, in the same message; what cannot stand there as what it is comes as a document."""
    had = {"photo": "image/jpeg", "file": "application/pdf", "audio": "audio/mpeg", None: ""}[before]
    sent = await done(network, message("one", files=(shelf(before, had),) if before else ()))
    another = shelf(now, mime, data=TYPES[mime] + b" another")
    edit = message("two", kind="edit", replaces=sent.message_id, caption=before is not None, files=(another,))
    assert await network.send(edit) == Sent(sent.message_id)
    [shown] = tg.messages(GROUP)
    held = tg.file(GROUP, shown.id)
    assert (shown.text, held.data) == ("two", TYPES[mime] + b" another")
    assert held.kind == {"voice": "document", "sticker": "photo"}.get(now, now)


async def test_a_file_that_telegram_has_takes_the_place_of_another_by_its_name(
    tg: TelegramEmulator, network: Telegram, shelf: Shelf
) -> None:
    """Nothing is handed over that is there already; what is asked twice is done once."""
    kept = tg.keep("photo", JPEG)
    sent = await done(network, message("one", files=(shelf("photo"),)))
    known = shelf("photo", network="telegram", where=json.dumps({"file_id": kept.id}), data=JPEG)
    edit = message("two", kind="edit", replaces=sent.message_id, caption=True, files=(known,))
    for _ in range(2):
        assert await network.send(edit) == Sent(sent.message_id)
    assert tg.file(GROUP, int(sent.message_id)) is kept


async def test_a_file_that_cannot_be_replaced(tg: TelegramEmulator, network: Telegram, shelf: Shelf) -> None:
    """A voice message and a sticker stay as they are, and it is said why; in an album of documents a picture comes as one of them."""
    voice = await done(network, message("one", files=(shelf("voice", "audio/ogg"),)))
    sticker = await done(network, message("", files=(shelf("sticker", "image/webp"),)))
    for sent in (voice, sticker):
        edit = message("two", kind="edit", replaces=sent.message_id, caption=True, files=(shelf("photo"),))
        assert "another file" in await refused(network, edit)
    plans = await done(network, message("one", files=(shelf("file", "application/pdf"),) * 2))
    into = message("two", kind="edit", replaces=plans.message_id, caption=True, files=(shelf("photo"),))
    assert await network.send(into) == Sent(plans.message_id)
    assert tg.file(GROUP, int(plans.message_id)).kind == "document"
    pictures = await done(network, message("one", files=(shelf("photo"), shelf("photo"))))
    wrong = message("two", kind="edit", replaces=pictures.message_id, caption=True, files=(shelf("file", "a/b"),))
    assert "album" in await refused(network, wrong)
    assert [tg.messages(GROUP)[at].text for at in (0, 1, 2, 4)] == ["one", "", "two", "one"]


async def test_what_cannot_be_changed(tg: TelegramEmulator, network: Telegram) -> None:
    """A place, a poll and what is gone are not changed, and it is said why."""
    place = await done(network, message("Ada", point=(1, 1)))
    edit = message("two", kind="edit", replaces=place.message_id)
    assert "no place" in await refused(network, replace(edit, point=(2, 2)))
    assert "changed any more" in await refused(network, edit)
    assert "not there any more" in await refused(network, replace(edit, replaces="99"))


# -- odds --------------------------------------------------------------------------------------------------------------


def test_plainer_ends() -> None:
    """Each plainer form is tried once, and only where it could help."""
    file = Spooled(Path("x"), "x", "image/jpeg", 1, None)  # type: ignore[arg-type]
    with_file, text = message("x", files=(file,)), message("x")
    assert plainer(with_file, Manner(), "IMAGE_PROCESS_FAILED") == Manner(documents=True)
    assert plainer(with_file, Manner(documents=True), "IMAGE_PROCESS_FAILED") is None
    assert plainer(with_file, Manner(), "CHAT_SEND_PHOTO_MEDIA_FORBIDDEN") is None
    assert plainer(text, Manner(), "IMAGE_PROCESS_FAILED") is None
    assert plainer(replace(text, text=""), Manner(), "can't parse entities") is None
    assert plainer(message("x", poll=Poll("q", ("a", "b"))), Manner(), "POLL_ANSWER_INVALID") == Manner(spelt=True)


@pytest.mark.parametrize(
    "answer", [b'{"ok":true,"result":[]}', b'{"ok":true,"result":[7]}', b'{"ok":true,"result":{}}']
)
async def test_an_odd_answer_is_unknown(
    network: Telegram, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    """An answer that says nothing readable of what was sent leaves its fate open."""

    async def odd(*_: Any, **__: Any) -> tuple[int, bytes]:
        return 200, answer

    monkeypatch.setattr(telegram_http.Wire, "upload", odd)
    for files in ((shelf("photo"),), (shelf("photo"), shelf("photo"))):
        assert isinstance(await network.send(message(files=files)), Unknown)


async def test_foreign_addresses(network: Telegram, shelf: Shelf) -> None:
    """A message for no room of Telegram's, or that answers no message of its, is refused."""
    assert isinstance(await network.send(message(room=RoomRef("telegram", "odd"), files=(shelf("photo"),))), Refused)
    assert isinstance(await network.send(Outgoing("r", message().room, "react", replaces="$odd", emoji="👍")), Refused)


# -- who is called -----------------------------------------------------------------------------------------------------


async def test_who_is_called_by_name_is_mentioned(tg: TelegramEmulator, network: Telegram, shelf: Shelf) -> None:
    """Also under a file, in an edit and without a username; whom the bot never met keeps their words; others' accounts are nothing here."""
    tg.user(505, "Zoë & <Co>")
    called = (("telegram:505", "Zoë & <Co>"), ("telegram:999", "Bo"), ("matrix:@al:x", "Al"), ("telegram:x", "Al"))
    words = "<b>Ada</b>\n@zoë &amp; &lt;co&gt;, @Bo, @Al: <code>@Bo</code>"
    sent = await done(network, message(words, mentions=called))
    first = tg.chats[GROUP].messages[int(sent.message_id)]
    assert first.text == "Ada\n@zoë & <co>, @Bo, @Al: @Bo"
    assert [one["type"] for one in first.entities] == ["bold", "text_mention", "code"]
    assert first.entities[1]["user"]["id"] == 505
    await done(network, message(words + "!", mentions=called, kind="edit", replaces=sent.message_id))
    assert "text_mention" in {one["type"] for one in first.entities}
    sent = await done(network, message(words, mentions=called, files=(shelf("photo"),)))
    assert "text_mention" in {one["type"] for one in tg.chats[GROUP].messages[int(sent.message_id)].entities}
    asked = await done(network, message(words, mentions=called, poll=Poll("Who?", ("a", "b"))))
    assert tg.polls[str(asked.handle)].question.startswith("Ada\n@zoë & <co>, @Bo")
