"""What was said before an end of the program is still known after it: answered, changed, taken back, reacted to, moved on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.emulators.synapse import SynapseServer
from tests.stories.bridge import CARL, DORA, FORUM, HALL, TOPIC, Bridge, bridge

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(synapse: SynapseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bridge]:
    """One town, whose program ends and begins again."""
    async with bridge(synapse, tmp_path_factory.mktemp("restart")) as made:
        yield made


async def test_a_conversation_goes_on_across_a_kill(town: Bridge) -> None:
    """Answers to originals and to copies, edits, deletions and reactions, in plain and in encrypted rooms, both ways."""
    tg, ada = town.telegram, town.ada
    from_hall = await tg.say(HALL, CARL, "Said in the hall")
    from_police = await ada.say(town.sealed, "Said by the police")
    wrong = await ada.say(town.plain, "Said in vain")
    hall, gone = await town.on_telegram("Said by the police"), await town.on_telegram("Said in vain")
    plain, sealed = (
        await town.on_matrix(town.plain, "in the hall"),
        await town.on_matrix(town.sealed, "in the hall"),
    )
    there = await town.on_matrix(town.plain, "by the police")
    liked = await ada.react(town.sealed, sealed.event_id, "👍")
    await town.telegram_sign(HALL, from_hall.id, "👍")
    await town.restart()

    await tg.say(HALL, CARL, "To the police", reply_to=hall.id)
    assert (await town.on_matrix(town.sealed, "To the police")).reply_to == from_police
    assert (await town.on_matrix(town.plain, "To the police")).reply_to == there.event_id
    await ada.reply(town.plain, plain.event_id, "To the hall")
    assert (await town.on_telegram("To the hall")).reply_to == from_hall.id
    await tg.say(HALL, DORA, "To ourselves", reply_to=from_hall.id)
    assert (await town.on_matrix(town.sealed, "To ourselves")).reply_to == sealed.event_id
    await tg.edit(HALL, from_hall.id, "Changed in the hall")
    await ada.look_until(town.sealed, sealed.event_id, lambda one: "Changed in the hall" in one.text)
    await ada.edit(town.sealed, from_police, "Changed by the police")
    await tg.wait_for(lambda: "Changed by the police" in hall.text)
    await ada.redact(town.plain, wrong)
    await tg.wait_for(lambda: gone.deleted)
    await ada.redact(town.sealed, liked)
    await town.telegram_sign(HALL, from_hall.id, "👌")
    await town.sign(town.plain, plain.event_id)


async def test_what_was_said_while_it_was_away_is_carried_in_order_and_once(town: Bridge) -> None:
    """On both networks, also encrypted; answers to it are answers."""
    tg, ada = town.telegram, town.ada
    await town.program.at_rest()
    await town.program.kill()
    for number in range(3):
        await ada.say(town.sealed, f"Away {number}")
        await tg.say(HALL, CARL, f"Gone {number}")
    last = await ada.say(town.plain, "And this too")
    await ada.reply(town.plain, last, "An answer to this")
    await town.start()
    first = await town.on_telegram("And this too")
    assert (await town.on_telegram("An answer to this")).reply_to == first.id
    await town.on_matrix(town.plain, "Gone 2")
    await town.on_telegram("Away 2")
    await town.program.at_rest()
    for words, found in (
        ("Away", [one.text for one in tg.messages(HALL)]),
        ("Gone", town.standing(town.sealed)),
        ("Gone", [one.text for one in tg.messages(FORUM, TOPIC)]),
    ):
        said = "\n".join(found)
        places = [said.index(f"{words} {number}") for number in range(3)]
        assert places == sorted(places) and all(said.count(f"{words} {number}") == 1 for number in range(3))
