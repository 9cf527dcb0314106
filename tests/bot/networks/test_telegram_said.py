"""Whatever a person can send in Telegram is heard as what it is: people of the emulator send it, and it is read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.networks import telegram_read
from bot.networks.port import Heard
from playbooks.spoken import Contact, File, Poll, Spoken, read, written
from tests.emulators.bot_api import BotApi
from tests.emulators.telegram_people import People

GROUP, FORUM, ADA, BOB, OTHER_BOT = -100200, -1001234567890, 501, 502, 600
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
API = BotApi.load()
EVERYTHING = [*telegram_read.ALLOWED_UPDATES]


@pytest.fixture
def town() -> People:
    """A group, a forum with a topic, two people and another bot, at noon."""
    made = People()
    made.now = NOON.timestamp
    made.allowed = EVERYTHING
    made.group(GROUP, "Town hall", admin=True)
    made.group(FORUM, "Fire service", forum=True, admin=True)
    made.topic(FORUM, 7, "Alerts")
    made.user(ADA, "Ada", "fr")
    made.user(BOB, "Bob")
    made.users[OTHER_BOT] = {"id": OTHER_BOT, "is_bot": True, "first_name": "Bridge"}
    return made


def heard_all(town: People) -> list[Heard | None]:
    """What is heard of everything that waits: each as the Bot API describes it, kept and read."""
    found = []
    while town.updates:
        update = town.updates.popleft()
        assert API.complaint("Update", update) is None, update
        _, body = telegram_read.keep_form(update, NOON)
        found.append(telegram_read.read(body, us=town.bot_id))
    return found


def heard(town: People) -> Heard:
    """The one thing that is heard, which can be written down and found again."""
    (only,) = heard_all(town)
    assert only is not None
    if only.spoken is not None:
        assert read(written(only.spoken)) == only.spoken
    return only


def spoken(town: People) -> Spoken:
    """What the one message says."""
    said = heard(town).spoken
    assert said is not None
    return said


def file_of(town: People) -> File:
    """The file that the one message holds."""
    found = spoken(town).file
    assert found is not None
    return found


async def test_words_come_with_their_formatting(town: People) -> None:
    """Words are heard plain, for commands, and as restricted HTML, for people."""
    form = {"type": "bold", "offset": 3, "length": 3}
    await town.say(GROUP, ADA, "🚒 now <here>", entities=[form])
    found = heard(town)
    assert (found.text, found.spoken) == ("🚒 now <here>", Spoken("🚒 <b>now</b> &lt;here&gt;"))
    assert (found.sender, found.forwarded, found.automatic, found.thread) == ("telegram:501", None, False, None)


async def test_a_drawing_that_moves_is_its_picture(town: People) -> None:
    """Nobody but Telegram can play one, and words can stand under no sticker: the picture that Telegram has of it is what is fetched."""
    await town.share(GROUP, ADA, "sticker", b"bytes", mime="application/x-tgsticker", emoji="👍", still=b"still")
    found = file_of(town)
    assert (found.kind, found.name, found.type, found.size, found.width) == ("sticker", "👍.webp", "image/webp", 5, 128)
    assert town.files[json.loads(found.where)["file_id"]].data == b"still"


@pytest.mark.parametrize(
    ("kind", "look", "file"),
    [
        ("photo", {"width": 800, "height": 600}, File("telegram", "", "photo", "", "image/jpeg", 5, 800, 600)),
        (
            "video",
            {"name": "wave.mov", "mime": "video/quicktime", "seconds": 9, "width": 640, "height": 480},
            File("telegram", "", "video", "wave.mov", "video/quicktime", 5, 640, 480, 9),
        ),
        (
            "animation",
            {"name": "a.mp4", "seconds": 2, "width": 64, "height": 48},
            File("telegram", "", "animation", "a.mp4", "video/mp4", 5, 64, 48, 2),
        ),
        ("audio", {"seconds": 60}, File("telegram", "", "audio", "", "audio/mpeg", 5, seconds=60)),
        ("voice", {"seconds": 7}, File("telegram", "", "voice", "", "audio/ogg", 5, seconds=7)),
        (
            "video_note",
            {"seconds": 7, "width": 240},
            File("telegram", "", "video", "", "video/mp4", 5, 240, 240, 7),
        ),
        (
            "document",
            {"name": "plän\u202e\n.pdf", "mime": "application/pdf"},
            File("telegram", "", "file", "plän .pdf", "application/pdf", 5),
        ),
        (
            "sticker",
            {"emoji": "👍"},
            File("telegram", "", "sticker", "👍.webp", "image/webp", 5, 512, 512),
        ),
        (
            "sticker",
            {"mime": "application/x-tgsticker"},
            File("telegram", "", "sticker", "", "application/x-tgsticker", 5, 512, 512),
        ),
        (
            "sticker",
            {"mime": "video/webm", "emoji": "🌊"},
            File("telegram", "", "sticker", "🌊.webm", "video/webm", 5, 512, 512),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_files_of_every_kind(town: People, kind: Any, look: dict[str, Any], file: File) -> None:
    """Each kind of file is heard with what Telegram knows of it, and with the ids by which it is fetched."""
    message = await town.share(GROUP, ADA, kind, b"bytes", **look)
    found = file_of(town)
    where = json.loads(found.where)
    stored = town.file(GROUP, message.id)
    assert (where["file_id"], where["unique"]) == (stored.id, stored.unique)
    shown = File(**{name: getattr(found, name) for name in File.__slots__} | {"where": ""})
    assert shown == file


async def test_a_caption_is_words(town: People) -> None:
    """What stands under a file is heard like words, formatting and commands included."""
    bold = {"type": "bold", "offset": 0, "length": 5}
    await town.share(GROUP, ADA, "photo", b"x", "/note water", entities=[bold])
    found = heard(town)
    assert found.text == "/note water"
    assert found.spoken is not None
    assert found.spoken.html == "<b>/note</b> water"
    assert found.spoken.file is not None


async def test_a_file_without_words_is_heard(town: People) -> None:
    """A bare photo is something said, though it has no words."""
    await town.share(GROUP, ADA, "photo", b"x")
    found = heard(town)
    assert (found.kind, found.text, found.spoken and found.spoken.html) == ("message", "", "")


async def test_music_without_a_name_is_called_what_it_is(town: People) -> None:
    """An audio file that has no name is known by performer and title."""
    message = await town.share(GROUP, ADA, "audio", b"x")
    shown = town.updates[-1]["message"]["audio"]
    shown |= {"performer": "Siren", "title": "Test"}
    assert file_of(town).name == "Siren – Test"
    assert message.file is not None


async def test_an_album_shares_a_name(town: People) -> None:
    """Files that were sent together say so; the next album is another."""
    parts = [{"kind": "photo", "data": b"1", "caption": "both"}, {"kind": "video", "data": b"2"}]
    await town.album(GROUP, ADA, parts)
    await town.album(GROUP, ADA, parts)
    albums = [one.spoken.file.album for one in heard_all(town) if one and one.spoken and one.spoken.file]
    assert albums[0] == albums[1] != albums[2] == albums[3]
    assert None not in albums


async def test_places(town: People) -> None:
    """A place is heard in microdegrees; a venue has its name and address as words; nobody typed them."""
    await town.location(GROUP, ADA, 50.6333333, -5.5666666)
    assert spoken(town) == Spoken(point=(50_633_333, -5_566_667))
    await town.venue(GROUP, ADA, 50.5, 5.5, "Hall <A>", "Rue 1\nLiège")
    found = heard(town)
    assert found.spoken == Spoken("<b>Hall &lt;A&gt;</b>\nRue 1 Liège", point=(50_500_000, 5_500_000))
    assert (found.text, found.point) == ("", (50_500_000, 5_500_000))


async def test_a_place_that_moves(town: People) -> None:
    """A live place says until when; its moves are edits of it, and its end leaves it a place."""
    message = await town.location(GROUP, ADA, 50.0, 5.0, live=900)
    until = NOON + timedelta(seconds=900)
    assert spoken(town) == Spoken(point=(50_000_000, 5_000_000), live_until=until)
    await town.move(GROUP, message.id, 50.1, 5.1)
    moved = heard(town)
    assert (moved.kind, moved.message_id) == ("edited", str(message.id))
    assert moved.spoken == Spoken(point=(50_100_000, 5_100_000), live_until=until)
    await town.settle(GROUP, message.id)
    assert spoken(town) == Spoken(point=(50_100_000, 5_100_000))


async def test_cards_polls_and_dice(town: People) -> None:
    """A contact and a poll are heard as such, dice as what was thrown."""
    await town.contact(GROUP, ADA, "+32 4 000", "Carl", "M")
    assert spoken(town) == Spoken(contact=Contact("Carl M", "+32 4 000"))
    await town.poll(GROUP, ADA, "Where?", ["Here", "There"], several=True)
    assert spoken(town) == Spoken(poll=Poll("Where?", ("Here", "There"), several=True))
    await town.dice(GROUP, ADA, "🎯", 6)
    assert spoken(town) == Spoken("🎯 6")


STICKER = {"file_id": "s", "file_unique_id": "u", "type": "regular", "width": 1, "height": 1, "emoji": "🐻"}
STICKER |= {"is_animated": False, "is_video": False}
PHOTO = [{"file_id": "p", "file_unique_id": "u", "width": 9, "height": 9}]
TASKS = [{"id": 1, "text": "sand"}, {"id": 2, "text": "bags", "completion_date": 1772366400}]
RICH = [
    {"type": "heading", "size": 1, "text": "Water"},
    {"type": "paragraph", "text": ["at ", {"type": "bold", "text": "3 <m"}, {"type": "url", "text": "!", "url": "https://x"}]},
    {"type": "list", "items": [{"label": "1.", "blocks": [{"type": "paragraph", "text": "go"}]}]},
]  # fmt: skip


@pytest.mark.parametrize(
    ("extra", "html"),
    [
        ({"checklist": {"title": "To do", "tasks": TASKS}}, "<b>To do</b>\n☐ sand\n☑ bags"),
        (
            {"story": {"id": 3, "chat": {"id": -5, "type": "channel", "title": "News", "username": "the_news"}}},
            '🎞 <a href="https://t.me/the_news/s/3">News</a>',
        ),
        ({"story": {"id": 3, "chat": {"id": 5, "type": "private", "first_name": "Ada"}}}, "🎞 Ada"),
        ({"game": {"title": "Flood", "description": "Swim", "photo": PHOTO}}, "🎮 <b>Flood</b>\nSwim"),
        (
            {"invoice": {"title": "Sand", "description": "1 t", "start_parameter": "", "currency": "EUR", "total_amount": 1}},
            "🧾 <b>Sand</b>\n1 t",
        ),
        ({"paid_media": {"star_count": 5, "paid_media": [{"type": "photo", "photo": PHOTO}]}}, "⭐ 5"),
        ({"gift": {"gift": {"id": "1", "sticker": STICKER, "star_count": 2}, "text": "Thanks"}}, "🎁 🐻\nThanks"),
        (
            {"giveaway": {"chats": [], "winners_selection_date": 1, "winner_count": 1, "prize_description": "Boots"}},
            "🎉 Boots",
        ),
        ({"rich_message": {"blocks": RICH}}, '<b>Water</b>\nat <b>3 &lt;m</b><a href="https://x">!</a>\n1. go'),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)  # fmt: skip
async def test_nothing_that_has_words_is_dropped(town: People, extra: dict[str, Any], html: str) -> None:
    """What has no form of its own elsewhere is heard as its own words."""
    await town.say(GROUP, ADA, "", **extra)
    assert spoken(town).html == html


async def test_a_rich_message_can_hold_a_command(town: People) -> None:
    """The words of a rich message are typed words."""
    await town.say(GROUP, ADA, "", rich_message={"blocks": [{"type": "paragraph", "text": "/status"}]})
    assert heard(town).text == "/status"


@pytest.mark.parametrize(
    "extra",
    [
        {"new_chat_members": [{"id": BOB, "is_bot": False, "first_name": "Bob"}]},
        {"left_chat_member": {"id": BOB, "is_bot": False, "first_name": "Bob"}},
        {"forum_topic_created": {"name": "x", "icon_color": 1}},
        {"forum_topic_closed": {}},
        {"forum_topic_reopened": {}},
        {"pinned_message": {"message_id": 1, "date": 0, "chat": {"id": GROUP, "type": "group"}}},
        {"delete_chat_photo": True},
        {"video_chat_started": {}},
    ],
    ids=lambda extra: next(iter(extra)),
)
async def test_what_telegram_itself_reports_says_nothing(town: People, extra: dict[str, Any]) -> None:
    """Who came, went or pinned something is not carried: nobody said it."""
    await town.say(GROUP, ADA, "", **extra)
    assert heard_all(town) == [None]


async def test_edits_say_what_it_says_now(town: People) -> None:
    """An edit of words or of a caption is heard with the whole of what the message says now."""
    words = await town.say(GROUP, ADA, "helo")
    photo = await town.share(GROUP, ADA, "photo", b"x", "water")
    heard_all(town)
    await town.edit(GROUP, words.id, "hello")
    edited = heard(town)
    assert (edited.kind, edited.message_id, edited.spoken) == ("edited", str(words.id), Spoken("hello"))
    await town.edit(GROUP, photo.id, "fire", [{"type": "italic", "offset": 0, "length": 4}])
    edited = heard(town)
    assert (edited.kind, edited.text) == ("edited", "fire")
    assert edited.spoken is not None
    assert (edited.spoken.html, edited.spoken.file is not None) == ("<i>fire</i>", True)


async def test_replies_add_no_words(town: People) -> None:
    """A reply names what it answers, in topics too; the words it quotes, and messages of other chats, are not its own."""
    first = await town.say(FORUM, BOB, "the bridge is out", thread=7)
    heard_all(town)
    await town.share(FORUM, ADA, "voice", b"x", reply_to=first.id, thread=7)
    reply = heard(town)
    assert (reply.reply_to, reply.room.topic, reply.thread) == (str(first.id), "7", None)
    await town.say(FORUM, ADA, "which?", reply_to=first.id, thread=7, quote="bridge")
    quoting = heard(town)
    assert (quoting.reply_to, quoting.quoted, quoting.spoken) == (str(first.id), ("bridge", 4), Spoken("which?"))
    elsewhere = {"origin": {"type": "hidden_user", "date": 0, "sender_user_name": "X"}, "contact": {
        "phone_number": "1", "first_name": "X"}}  # fmt: skip
    await town.say(FORUM, ADA, "look", thread=7, external_reply=elsewhere)
    assert heard(town).spoken == Spoken("look")


async def test_whose_words_are_handed_on(town: People) -> None:
    """What is forwarded says whose it is: a person's, the bot's own, or nobody's that can be known."""
    theirs = await town.share(GROUP, BOB, "photo", b"x", "water")
    ours = town.store(GROUP, None, "🚨 leave")
    group = await town.anonymous(GROUP, "as the group")
    heard_all(town)
    await town.forward(FORUM, ADA, GROUP, theirs.id, thread=7)
    handed = heard(town)
    assert (handed.sender, handed.forwarded, handed.text) == ("telegram:501", "telegram:502", "water")
    assert handed.spoken is not None
    assert handed.spoken.file is not None
    await town.forward(FORUM, ADA, GROUP, theirs.id, hidden=True)
    assert heard(town).forwarded == ""
    await town.forward(FORUM, ADA, GROUP, ours.id)
    assert heard(town).forwarded == "us"
    await town.forward(FORUM, ADA, GROUP, group.id)
    assert heard(town).forwarded == ""


async def test_a_channel_that_writes_into_its_group(town: People) -> None:
    """What Telegram hands on by itself from a linked channel is nobody's."""
    channel = {"id": -1009, "type": "channel", "title": "News"}
    origin = {"type": "channel", "date": 0, "chat": channel, "message_id": 4}
    await town.say(GROUP, 777000, "news", sender_chat=channel, is_automatic_forward=True, forward_origin=origin)
    found = heard(town)
    assert (found.sender, found.sender_name, found.forwarded, found.automatic) == (None, "News", "", False)


async def test_programs_are_told_from_people(town: People) -> None:
    """What another bot says is automatic; what a person picks with the help of one, they say themselves."""
    await town.say(GROUP, OTHER_BOT, "/alert")
    bridge = heard(town)
    assert (bridge.sender, bridge.automatic) == ("telegram:600", True)
    await town.say(GROUP, ADA, "/alert", via_bot=town.users[OTHER_BOT])
    assert not heard(town).automatic


async def test_reactions_come_and_go(town: People) -> None:
    """A reaction put, taken away or changed for another is heard as that; custom and paid ones, and those of bots, are not heard."""
    message = await town.say(GROUP, ADA, "x")
    heard_all(town)
    for signs, put, gone in (["👍"], "👍", None), (["🔥"], "🔥", "👍"), ([], None, "🔥"):
        await town.react(GROUP, message.id, BOB, *signs)
        found = heard(town)
        assert (found.kind, found.message_id, found.sender) == ("reaction", str(message.id), "telegram:502")
        assert (found.emoji, found.gone) == (put, gone)
    await town.react(GROUP, message.id, BOB, "5368324170671202286", "⭐")
    await town.react(GROUP, message.id, BOB)
    await town.react(GROUP, message.id, OTHER_BOT, "👍")
    assert heard_all(town) == [None, None, None]


async def test_votes_in_our_poll_are_told_as_sums(town: People) -> None:
    """Each change of a poll of ours is heard as how it stands, under the poll's own id; people's own polls tell it once they are stopped."""
    ours = town.ballot("Where?", ("Here", "There"), ours=True)
    await town.vote(ADA, ours.id, 1)
    await town.vote(BOB, ours.id, 1)
    await town.vote(ADA, ours.id)
    tallies = [one for one in heard_all(town) if one]
    assert [one.tally for one in tallies] == [(0, 1), (0, 2), (0, 1)]
    assert {(one.kind, one.handle, one.said_at) for one in tallies} == {("tallied", ours.id, NOON)}
    theirs = await town.poll(GROUP, ADA, "When?", ["Now", "Later"])
    [asked] = heard_all(town)
    assert asked is not None and asked.spoken is not None and asked.spoken.poll is not None
    await town.vote(BOB, theirs.poll or "", 0)
    assert heard_all(town) == []
    await town.stop(GROUP, theirs.id)
    [ended] = heard_all(town)
    assert ended is not None
    assert (ended.kind, ended.handle, ended.tally) == ("ended", asked.spoken.poll.handle, (1, 0))
