"""Killed in the middle of a conversation, on real networks: what was said before goes on after; and a group that must wait delays no other."""

from __future__ import annotations

import re
import time
from pathlib import Path

from tests.contracts.road import Road
from tests.emulators.matrix_view import Shown
from tests.emulators.synapse import SynapseServer
from tests.stories.bridge import CARL, DORA, FORUM, HALL, TOPIC, Bridge, bridge

WITHIN = 20.0
"""Seconds that a message may take while another group has to wait a minute. It is mostly a few hundredths; a busy machine takes longer."""


async def test_what_was_said_before_a_kill_is_answered_edited_taken_back_and_reacted_to_after_it(
    synapse: SynapseServer, tmp_path: Path
) -> None:
    """On both networks, in a plain and an encrypted room, a group and a topic: done while the program is dead, seen to once it lives."""
    async with bridge(synapse, tmp_path) as town:
        tg, ada, ben = town.telegram, town.ada, town.ben
        asked = [(await tg.say(HALL, CARL, f"Question {number}")).id for number in range(3)]
        told = [await ada.say(town.sealed, f"News {number}") for number in range(4)]
        plain = [await town.on_matrix(town.plain, f"Question {number}") for number in range(3)]
        sealed = [await town.on_matrix(town.sealed, f"Question {number}") for number in range(3)]
        ships = [await town.on_telegram(f"Question {number}", FORUM) for number in range(3)]
        hall = [await town.on_telegram(f"News {number}") for number in range(4)]
        topic = [await town.on_telegram(f"News {number}", FORUM) for number in range(4)]
        there = [await town.on_matrix(town.plain, f"News {number}") for number in range(4)]
        given = await ben.react(town.plain, plain[2].event_id, "🔥")
        await tg.react(HALL, hall[3].id, CARL, "👍")
        await town.telegram_sign(FORUM, ships[2].id, "🔥")
        await town.sign(town.plain, there[3].event_id, "👍")
        await town.program.at_rest()
        await town.program.kill()

        # While nobody listens: answers, edits, a deletion, reactions set and taken away, to what was said before.
        await ben.reply(town.plain, plain[0].event_id, "Answer to the question")
        await tg.say(HALL, DORA, "Answer to the news", reply_to=hall[0].id)
        await tg.say(FORUM, DORA, "Answer of the ships", reply_to=topic[0].id, thread=TOPIC)
        await tg.edit(HALL, asked[1], "Question 1, corrected")
        await ada.edit(town.sealed, told[1], "News 1, corrected")
        await ada.redact(town.sealed, told[2])
        await ben.redact(town.plain, given)
        await ben.react(town.plain, plain[1].event_id, "❤️")
        await tg.react(HALL, hall[3].id, CARL)
        await tg.react(HALL, hall[1].id, CARL, "👍")
        await town.start()

        assert (await town.on_telegram("Answer to the question")).reply_to == asked[0]
        assert (await town.on_telegram("Answer to the question", FORUM)).reply_to == ships[0].id
        assert (await town.on_matrix(town.sealed, "Answer to the question")).reply_to == sealed[0].event_id
        for words in ("Answer to the news", "Answer of the ships"):
            assert (await town.on_matrix(town.sealed, words)).reply_to == told[0]
            assert (await town.on_matrix(town.plain, words)).reply_to == there[0].event_id
        assert (await town.on_telegram("Answer of the ships")).reply_to == hall[0].id
        await tg.wait_for(lambda: "1, corrected" in ships[1].text and "1, corrected" in hall[1].text)
        for room, shown in ((town.plain, plain[1]), (town.sealed, sealed[1]), (town.plain, there[1])):
            await _stands(town, room, shown, "1, corrected")
        await ada.wait_gone(town.plain, there[2].event_id)
        await tg.wait_for(lambda: hall[2].deleted and topic[2].deleted)
        await town.telegram_sign(FORUM, ships[2].id, None)
        await town.telegram_sign(FORUM, ships[1].id, "❤")
        await town.sign(town.plain, there[3].event_id)
        await town.sign(town.plain, there[1].event_id, "👍")
        await town.program.at_rest()
        for room in (town.plain, town.sealed):
            said = [text.partition("\n")[2] for text in town.standing(room) if "▸" in text]
            assert len(said) == len(set(said)), said
        for chat in (HALL, FORUM):
            said = [one.text.partition("\n")[2] for one in tg.messages(chat) if "▸" in one.text]
            assert len(said) == len(set(said)), said


async def _stands(town: Bridge, room: str, shown: Shown, words: str) -> None:
    await town.ada.look_until(room, shown.event_id, lambda one: words in one.text)


async def test_a_group_that_must_wait_a_minute_delays_no_other(synapse: SynapseServer, tmp_path: Path) -> None:
    """One group answers 429 with 60 seconds: the other group and both Matrix rooms have what is said at once; it has all of it later, in order."""
    async with bridge(synapse, tmp_path) as town:
        tg = town.telegram
        before = [await _carried(town, f"before {number}") for number in range(5)]
        tg.fault("429", chat=HALL, retry_after=60)
        refused = tg.calls["sendMessage"]
        meanwhile = [await _carried(town, f"meanwhile {number}") for number in range(20)]
        print(f"to the last of three rooms: {_figures(before)} before, {_figures(meanwhile)} while one group waits")
        assert max(meanwhile) < WITHIN
        assert not any("meanwhile" in one.text for one in tg.messages(HALL))
        assert (
            tg.calls["sendMessage"] - refused == 1 + 20
        )  # one to the hall, which was refused, and one each to the ships
        await town.program.kill()
        town.later(61)
        await town.start()
        await town.on_telegram("meanwhile 19")
        said = [one.text.partition("\n")[2] for one in tg.messages(HALL) if "meanwhile" in one.text]
        assert said == [f"meanwhile {number}" for number in range(20)]


async def _carried(town: Bridge, words: str) -> float:
    """The seconds until something that is said in the plain room stands in the sealed one and in the ships' topic."""
    await town.ada.say(town.plain, words)
    begun = time.monotonic()
    await town.on_telegram(words, FORUM)
    await town.on_matrix(town.sealed, words)
    return time.monotonic() - begun


def _figures(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    return f"{ordered[len(ordered) // 2] * 1000:.0f} ms mostly, {ordered[-1] * 1000:.0f} ms at most"


async def test_each_network_is_away_while_people_talk(synapse: SynapseServer, tmp_path: Path) -> None:
    """For two minutes, one after the other: who is on the other network talks on, and all of it comes once, in order, with its time."""
    road = Road(synapse.port)
    await road.open()
    try:
        async with bridge(synapse, tmp_path, MATRIX_HOMESERVER=road.url) as town:
            tg = town.telegram
            await tg.down()
            await _until(town, "telegram", connected=False)
            for number in range(10):
                await town.ada.say(town.sealed, f"Dike {number}")
            await town.on_matrix(town.plain, "Dike 9")
            town.later(120)
            await tg.up()
            for chat in (HALL, FORUM):
                await town.on_telegram("Dike 9", chat)
                _late([one.text for one in tg.messages(chat) if "Dike" in one.text], "Dike")
            await road.close()
            await _until(town, "matrix", connected=False)
            for number in range(10):
                await tg.say(HALL, CARL, f"Gate {number}")
            await town.on_telegram("Gate 9", FORUM)
            town.later(240)
            await road.open()
            for room in (town.plain, town.sealed):
                await town.on_matrix(room, "Gate 9")
                _late([text for text in town.standing(room) if "Gate" in text], "Gate")
    finally:
        await road.close()


def _late(texts: list[str], word: str) -> None:
    """Ten, once each, in order, and when each was said in front."""
    assert [text.partition("\n")[2] for text in texts] == [f"{word} {number}" for number in range(10)]
    assert all(re.match(r"\d\d:\d\d ▸ ", text) for text in texts), texts


async def _until(town: Bridge, network: str, *, connected: bool) -> None:
    await town.program.until(lambda _, body: bool(body) and body["networks"][network]["connected"] is connected)
