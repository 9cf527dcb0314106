"""A live status card on real networks: one message, edited in place, in the coordinator's private chat."""

from __future__ import annotations

from pathlib import Path

from tests.emulators.synapse import SynapseServer
from tests.emulators.telegram_town import Message
from tests.stories.crisis import ADMIN, ANNE, CARL, DRK, RED_CROSS, TOWN_HALL, crisis


async def test_a_card_is_one_message_that_says_how_it_stands(synapse: SynapseServer, tmp_path: Path) -> None:
    """Two answers come in at once: the card of the alert is edited, and no second one is sent, not even after a restart."""
    async with crisis(synapse, tmp_path) as town:
        tg, ada, fire = town.telegram, town.ada, town.rooms["liege-fire"]
        await town.start()
        await tg.say(TOWN_HALL, CARL, "/activate meuse-flood")
        await ada.wait_message(fire, "I-1")
        await town.enrol(ANNE, "official", "liege-city")
        await tg.say(TOWN_HALL, ANNE, "/alert evacuation action=leave where=Chênée")
        preview = await tg.wait_message(TOWN_HALL, "D-1")
        await tg.press(TOWN_HALL, preview.id, ANNE, "/draft D-1 send")
        await tg.press(TOWN_HALL, preview.id, ADMIN, "/draft D-1 send")

        def cards() -> list[Message]:
            # So begins a card; an alert begins with its title, and other news of it with what happened.
            return [one for one in tg.messages(ADMIN) if one.text.startswith("A-1 Evacuate, ") and one.sender is None]

        def says(*words: str) -> bool:
            return any(all(each in one.text for each in words) for one in cards())

        first = (await tg.wait_for(cards))[0].id
        at_cross = await tg.wait_message(RED_CROSS, "A-1")
        at_drk = await tg.wait_message(DRK, "A-1")
        await tg.press(RED_CROSS, at_cross.id, CARL, "/ack A-1 cannot")
        await tg.press(DRK, at_drk.id, CARL, "/ack A-1 acting")
        await tg.wait_for(lambda: says("Croix-Rouge de Belgique: Cannot", "1 acting"))
        assert await town.program.stop() == 0
        await town.start()
        await tg.press(RED_CROSS, at_cross.id, CARL, "/ack A-1 acting")
        await tg.wait_for(lambda: says("2 acting"))
        assert [one.id for one in cards()] == [first]
