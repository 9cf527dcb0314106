"""People in the emulated Telegram send what people send, and see what the bot sent: as the Bot API describes it."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.emulators.bot_api import BotApi, Refusal
from tests.emulators.telegram_files import TYPES
from tests.emulators.telegram_people import DEEDS, People
from tests.emulators.telegram_remote import RemoteTelegram
from tests.emulators.telegram_town import Message

GROUP, FORUM, ADA, BOB = -100200, -1001234567890, 501, 502
API = BotApi.load()


@pytest.fixture
def town() -> People:
    """A group in which the bot is an administrator, a forum, two people; the bot asked for everything."""
    made = People()
    made.allowed = ["message", "edited_message", "message_reaction", "poll", "poll_answer"]
    made.group(GROUP, "Town hall", admin=True)
    made.group(FORUM, "Fire service", forum=True, admin=True)
    made.topic(FORUM, 7, "Alerts")
    made.user(ADA, "Ada")
    made.user(BOB, "Bob")
    return made


def told(town: People) -> list[dict[str, Any]]:
    """What the bot was told since, each as the description says it must be."""
    found = list(town.updates)
    town.updates.clear()
    for update in found:
        assert API.complaint("Update", update) is None, update
    return [next(body for kind, body in update.items() if kind != "update_id") for update in found]


def test_every_deed_can_be_done() -> None:
    """Each deed that is named for the control endpoint is a method."""
    assert [deed for deed in DEEDS if not callable(getattr(People, deed, None))] == []


@pytest.mark.parametrize("kind", TYPES)
async def test_files_are_as_described(town: People, kind: Any) -> None:
    """Each kind of file, alone and in a topic with a caption, is an update of the described form; its bytes are kept."""
    bold = {"type": "bold", "offset": 0, "length": 2}
    plain = await town.share(GROUP, ADA, kind, b"bytes", emoji="👍", seconds=3, name="a.bin", mime=TYPES[kind])
    await town.share(FORUM, ADA, kind, b"more", "hi", entities=[bold], thread=7)
    shown = told(town)
    assert kind in shown[0]
    assert town.file(GROUP, plain.id).data == b"bytes"
    if kind not in ("sticker", "video_note"):
        assert (shown[1]["caption"], shown[1]["caption_entities"], "text" in shown[1]) == ("hi", [bold], False)
    held = town.file(GROUP, plain.id)
    assert API.complaint("File", held.told()) is None
    assert held.told()["file_path"] == held.path


async def test_things_are_as_described(town: People) -> None:
    """Albums, places, cards, polls, dice, quotes, forwards, edits: every update of them is of the described form."""
    said = await town.say(GROUP, ADA, "🚒 the bridge is out")
    await town.say(GROUP, BOB, "which?", reply_to=said.id, quote="bridge")
    photo = await town.share(GROUP, ADA, "photo", b"x", "water")
    await town.album(GROUP, ADA, [{"kind": "photo", "data": b"1"}, {"kind": "document", "data": b"2", "name": "p.pdf"}])
    live = await town.location(GROUP, ADA, 50.0, 5.0, live=60)
    await town.move(GROUP, live.id, 50.1, 5.1)
    await town.settle(GROUP, live.id)
    await town.venue(FORUM, ADA, 50.0, 5.0, "Hall", "Rue 1", thread=7)
    await town.contact(GROUP, ADA, "+32", "Carl")
    poll = await town.poll(GROUP, ADA, "Where?", ["Here", "There"])
    await town.dice(GROUP, ADA)
    await town.edit(GROUP, photo.id, "fire")
    handed = await town.forward(FORUM, BOB, GROUP, photo.id)
    await town.forward(GROUP, BOB, FORUM, handed.id)
    await town.forward(GROUP, BOB, GROUP, poll.id, hidden=True)
    await town.react(GROUP, said.id, ADA, "👍", "5368324170671202286", "⭐")
    shown = told(town)
    assert shown[1]["quote"] == {"text": "bridge", "position": 7, "is_manual": True}
    assert shown[3]["media_group_id"] == shown[4]["media_group_id"]
    assert shown[6]["location"]["live_period"] == 60
    assert "live_period" not in shown[7]["location"]
    assert (shown[12]["caption"], shown[12]["edit_date"] >= shown[12]["date"]) == ("fire", True)
    assert shown[14]["forward_origin"]["sender_user"]["id"] == ADA  # of the first, also when it is handed on again
    assert shown[14]["photo"] == shown[12]["photo"]
    assert shown[15]["forward_origin"]["type"] == "hidden_user"


async def test_votes(town: People) -> None:
    """The bot hears the sums of its own polls, who chose only where that is open, and nothing of other people's polls."""
    quiet = town.ballot("Where?", ("Here", "There"), ours=True)
    await town.vote(ADA, quiet.id, 1)
    (sums,) = told(town)
    assert [option["voter_count"] for option in sums["options"]] == [0, 1]
    with pytest.raises(Refusal, match="OPTIONS_TOO_MUCH"):
        await town.vote(ADA, quiet.id, 0, 1)
    with pytest.raises(Refusal, match="OPTION_INVALID"):
        await town.vote(ADA, quiet.id, 2)
    quiet.closed = True
    with pytest.raises(Refusal, match="MESSAGE_POLL_CLOSED"):
        await town.vote(BOB, quiet.id, 0)
    open_ = town.ballot("When?", ("Now", "Later"), ours=True, anonymous=False, several=True)
    await town.vote(ADA, open_.id, choice=[0, 1])
    assert told(town)[1]["option_ids"] == [0, 1]
    theirs = await town.poll(GROUP, ADA, "Who?", ["You", "I"])
    told(town)
    await town.vote(BOB, theirs.poll or "", 0)
    assert told(town) == []
    assert town.polls[theirs.poll or ""].tally == (1, 0)


async def test_deletions_are_not_told(town: People) -> None:
    """Telegram says nothing to bots when a person deletes what they wrote."""
    said = await town.say(GROUP, ADA, "x")
    told(town)
    await town.erase(GROUP, said.id)
    assert (told(town), said.deleted) == ([], True)


async def test_people_see_what_the_bot_sent(town: People) -> None:
    """A file of the bot's is seen with name and bytes, a place as a place, its reaction as it is now."""
    kept = town.keep("document", b"pdf", "plan.pdf", "application/pdf")
    sent = town.store(GROUP, None, "the plan", file=kept.id)
    place = town.store(GROUP, None, "", extra={"location": {"latitude": 50.0, "longitude": 5.0}})
    assert await town.wait_file(GROUP) is sent
    seen = town.file_seen(GROUP, sent.id)
    assert (seen["name"], seen["mime"], base64.b64decode(seen["base64"])) == ("plan.pdf", "application/pdf", b"pdf")
    assert (sent.text, place.point) == ("the plan", (50.0, 5.0))
    with pytest.raises(LookupError, match="holds no file"):
        town.file(GROUP, place.id)
    said = await town.say(GROUP, ADA, "x")
    said.reactions[town.bot_id] = ["👍"]
    await town.wait_sign(GROUP, said.id, "👍")
    said.reactions[town.bot_id] = []
    await town.wait_sign(GROUP, said.id, None)


async def test_things_over_the_control_endpoint() -> None:
    """What people send can be asked for from another process; bytes go there and come back as base64."""
    async with RemoteTelegram() as tg:
        await tg.do("group", chat_id=GROUP, title="Town hall")
        await tg.do("user", user_id=ADA, name="Ada")
        sent = await tg.do("share", chat=GROUP, user=ADA, kind="photo", data=b"jpg")
        seen = await tg.do("file_seen", chat=GROUP, message_id=sent["id"])
        assert (seen["kind"], base64.b64decode(seen["base64"])) == ("photo", b"jpg")
        poll = await tg.do("poll", chat=GROUP, user=ADA, question="Where?", options=["Here", "There"])
        await tg.do("vote", user=ADA, poll=poll["poll"], choice=[1])
        await tg.do("react", chat=GROUP, message_id=sent["id"], user=ADA, signs=["👍"])


def test_a_message_without_things_is_words(town: People) -> None:
    """Plain words stay ``text``; nothing of the rest appears."""
    said: Message = town.post(GROUP, ADA, "x")
    assert set(town.shown(said)) == {"message_id", "date", "chat", "from", "text"}
