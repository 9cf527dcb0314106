"""Rooms that change while people talk: made public, opened, tampered with, upgraded, moved. Nothing leaks, and the talk goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.emulators.synapse import SynapseServer
from tests.stories.bridge import ADMIN, CARL, FORUM, Bridge, bridge

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(synapse: SynapseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bridge]:
    """One town, whose hall is a small group at first; each test leaves it with rooms that talk."""
    async with bridge(synapse, tmp_path_factory.mktemp("rooms"), hall=-201) as made:
        await made.telegram.start(ADMIN)
        yield made


OUT = [
    ("plain", "m.room.history_visibility", {"history_visibility": "world_readable"}, "from outside"),
    ("plain", "m.room.join_rules", {"join_rule": "public"}, "join it"),
    ("sealed", "m.room.join_rules", {"join_rule": "public"}, "join it"),
]


@pytest.mark.parametrize(("which", "kind", "content", "cure"), OUT, ids=["world-readable", "open", "open-sealed"])
async def test_a_room_that_strangers_may_read_drops_out_at_once(
    town: Bridge, which: str, kind: str, content: dict[str, Any], cure: str
) -> None:
    """Nothing more is said there or carried from there, the coordinators learn why; sound again, it is back by itself."""
    tg, ada, mark = town.telegram, town.ada, f"{which} {cure}"
    room, other = (town.plain, town.sealed) if which == "plain" else (town.sealed, town.plain)
    before, told = await ada.state(room, kind), max((one.id for one in tg.messages(ADMIN)), default=0)
    await ada.set_state(room, kind, content)
    news = await tg.wait_message(ADMIN, cure, after=told)
    assert ("Police" if which == "sealed" else "Fire") in news.text
    await tg.say(town.hall, CARL, f"Only for members {mark}")
    await town.on_matrix(other, f"Only for members {mark}")
    spoken = await ada.say(room, f"From the street {mark}")
    await town.sign(room, spoken, "🙊")
    assert not any(f"Only for members {mark}" in text for text in town.standing(room))
    assert not any(f"From the street {mark}" in one.text for one in tg.messages(town.hall))
    again = _times(town, room, "This room is private again")
    await ada.set_state(room, kind, before)
    await ada.wait_until(lambda: _times(town, room, "This room is private again") > again)
    await tg.say(town.hall, CARL, f"Among ourselves {mark}")
    await town.on_matrix(room, f"Among ourselves {mark}")
    await ada.say(room, f"Back {mark}")
    await town.on_telegram(f"Back {mark}")


def _times(town: Bridge, room: str, words: str) -> int:
    return sum(words in text for text in town.standing(room))


async def test_a_group_that_becomes_a_supergroup_takes_the_talk_along(town: Bridge) -> None:
    """In mid-talk: what waits and what follows goes to the new chat, what is said there is carried, nothing is doubled."""
    tg, ada, old = town.telegram, town.ada, town.hall
    await tg.say(old, CARL, "In the old hall")
    await town.on_matrix(town.sealed, "In the old hall")
    town.hall = await tg.migrate(old)
    await ada.say(town.sealed, "Into the new hall")
    await town.on_telegram("Into the new hall")
    said = await tg.say(town.hall, CARL, "From the new hall")
    copy = await town.on_matrix(town.sealed, "From the new hall")
    await town.on_matrix(town.plain, "From the new hall")
    await ada.reply(town.sealed, copy.event_id, "Heard you")
    assert (await town.on_telegram("Heard you")).reply_to == said.id
    await ada.react(town.sealed, copy.event_id, "👍")
    await town.telegram_sign(town.hall, said.id, "👍")
    await town.program.at_rest()
    assert len([one for one in tg.messages(town.hall) if "Into the new hall" in one.text]) == 1


async def test_a_group_with_a_public_name_drops_out(town: Bridge) -> None:
    """As soon as Telegram shows the name, with whatever is said there; without the name it is back."""
    tg = town.telegram
    await tg.say(town.hall, CARL, "Still private")
    await town.on_matrix(town.plain, "Still private")
    tg.chats[town.hall].username = "hall_of_all"
    await tg.say(town.hall, CARL, "Now public")
    await tg.wait_message(ADMIN, "public name")
    await town.ada.say(town.sealed, "Between us")
    await town.on_telegram("Between us", FORUM)
    await town.program.at_rest()
    assert not any("Between us" in one.text for one in tg.messages(town.hall))
    assert not any("Now public" in text for text in town.standing(town.plain))
    tg.chats[town.hall].username = None
    await tg.say(town.hall, CARL, "Without a name")
    await town.on_matrix(town.plain, "Without a name")
    await town.ada.say(town.sealed, "Between us again")
    await town.on_telegram("Between us again")


async def test_a_public_name_is_seen_in_the_answer_to_what_is_carried_there(town: Bridge) -> None:
    """Nobody has spoken in the group since: one message may still go there, the next does not."""
    tg, told = town.telegram, max((one.id for one in town.telegram.messages(ADMIN)), default=0)
    tg.chats[town.hall].username = "hall_of_all"
    await town.ada.say(town.sealed, "The last into the street")
    await tg.wait_message(ADMIN, "public name", after=told)
    await town.ada.say(town.sealed, "Not into the street")
    await town.on_telegram("Not into the street", FORUM)
    await town.program.at_rest()
    assert not any("Not into the street" in one.text for one in tg.messages(town.hall))
    tg.chats[town.hall].username = None
    await tg.say(town.hall, CARL, "Indoors")
    await town.on_matrix(town.plain, "Indoors")


@pytest.mark.parametrize("which", ["plain", "sealed"])
async def test_a_room_that_is_upgraded_takes_the_talk_along(town: Bridge, which: str) -> None:
    """The bot follows the tombstone: what is said in the new room is carried, and what is carried goes there."""
    tg, ada = town.telegram, town.ada
    room = town.plain if which == "plain" else town.sealed
    before = await ada.say(room, f"In the old room {which}")
    copy = await town.on_telegram(f"In the old room {which}")
    new = await ada.upgrade(room, "12")
    await ada.wait_until(lambda: new in ada.client.rooms)
    if town.bot not in ada.client.rooms[new].users:
        await ada.invite(new, town.bot)
    await ada.wait_member(new, town.bot)
    town.plain, town.sealed = (new, town.sealed) if which == "plain" else (town.plain, new)
    await tg.say(town.hall, CARL, f"Follow me {which}")
    shown = await town.on_matrix(new, f"Follow me {which}")
    assert shown.encrypted is (which == "sealed")
    await ada.reply(new, shown.event_id, f"We follow {which}")
    await town.on_telegram(f"We follow {which}")
    await tg.say(town.hall, CARL, f"About the old one {which}", reply_to=copy.id)
    later = await town.on_matrix(new, f"About the old one {which}")
    assert later.reply_to in (None, before)
    assert not any(f"Follow me {which}" in text for text in town.standing(room))


async def test_a_room_whose_encryption_was_changed_stays_out(town: Bridge) -> None:
    """Nobody can tell who reads along: it says so, and nothing is carried any more, not even when all is set back."""
    tg, ada, room = town.telegram, town.ada, town.sealed
    before = await ada.state(room, "m.room.encryption")
    await ada.set_state(room, "m.room.encryption", {**before, "rotation_period_msgs": 7})
    await ada.say(room, "Only the keys change more often")
    await town.on_telegram("Only the keys change more often")
    await ada.set_state(room, "m.room.encryption", {"algorithm": "org.example.none"})
    await tg.wait_message(ADMIN, "encryption was changed")
    await ada.set_state(room, "m.room.encryption", before)
    await tg.say(town.hall, CARL, "For closed rooms")
    await town.on_matrix(town.plain, "For closed rooms")
    await ada.say(room, "Who reads this?")
    await ada.say(town.plain, "Last words")
    await town.on_telegram("Last words")
    await town.program.at_rest()
    assert not any("For closed rooms" in text or "Last words" in text for text in town.standing(room))
    assert not any("Who reads this?" in one.text for one in tg.messages(town.hall))
