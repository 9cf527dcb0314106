"""A crowded Telegram group with its real limits: what waits is put into one message, and each of it is still answered, changed and taken back alone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.emulators.synapse import SynapseServer
from tests.stories.bridge import CARL, HALL, Bridge, bridge

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(synapse: SynapseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bridge]:
    """A town whose Telegram limits what bots send, as the real one does."""
    async with bridge(synapse, tmp_path_factory.mktemp("crowd"), TELEGRAM_LIMITS="30/s 1/s/chat 20/min/group") as made:
        made.telegram.limit(True)
        yield made


async def test_a_burst_is_few_messages_and_each_word_is_there_once(town: Bridge) -> None:
    """Speaker by speaker, in order; changed, taken back and answered one by one."""
    tg = town.telegram
    events = []
    for number in range(5):
        events.append(await town.ada.say(town.plain, f"Burst {number}."))
        await town.ben.say(town.sealed, f"Salvo {number}.")
    await town.on_telegram("Salvo 4.")
    await town.on_telegram("Burst 4.")
    holding = [one for one in tg.messages(HALL) if "Burst" in one.text or "Salvo" in one.text]
    whole = "\n".join(one.text for one in holding)
    assert len(holding) < 10
    for word in ("Burst", "Salvo"):
        assert all(whole.count(f"{word} {number}.") == 1 for number in range(5))
    order = [whole.index(f"Burst {number}.") for number in range(5)]
    assert order == sorted(order)
    together = next(one for one in holding if sum(f"Burst {number}." in one.text for number in range(5)) >= 2)
    inside = [number for number in range(5) if f"Burst {number}." in together.text]
    await town.program.at_rest()
    await town.ada.edit(town.plain, events[inside[0]], "Changed alone")
    await tg.wait_for(lambda: "Changed alone" in together.text)
    assert f"Burst {inside[0]}." not in together.text and f"Burst {inside[1]}." in together.text
    await town.ada.redact(town.plain, events[inside[1]])
    await tg.wait_for(lambda: f"Burst {inside[1]}." not in together.text)
    assert "Changed alone" in together.text and not together.deleted
    await town.program.at_rest()
    await tg.say(HALL, CARL, "Answer to the lot", reply_to=together.id)
    assert (await town.on_matrix(town.plain, "Answer to the lot")).reply_to is not None
    left = [inside[0], *inside[2:]]  # how many there are depends on who was faster
    await town.ada.reply(town.plain, events[left[-1]], "To the last of them")
    assert (await town.on_telegram("To the last of them")).reply_to == together.id
