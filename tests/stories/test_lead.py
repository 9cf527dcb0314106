"""The lead passes on, on real networks: a phase offers it, the program dies meanwhile, and what was offered can still be taken."""

from __future__ import annotations

from pathlib import Path

from tests.emulators.synapse import SynapseServer
from tests.stories.crisis import ADMIN, ANNE, RED_CROSS, TOWN_HALL, crisis


async def test_a_lead_offered_before_a_crash_is_taken_after_it(synapse: SynapseServer, tmp_path: Path) -> None:
    """The phase changes, the town hall is offered the lead with a briefing, the program is killed; one tap later everyone knows."""
    async with crisis(synapse, tmp_path) as town:
        tg, ada = town.telegram, town.ada
        fire = town.rooms["liege-fire"]
        await town.start()
        await town.enrol(ANNE, "official", "liege-city")
        await tg.say(TOWN_HALL, ADMIN, "/activate meuse-flood")
        await tg.wait_message(TOWN_HALL, "I-1")
        await tg.say(TOWN_HALL, ADMIN, "/phase recovery")
        await tg.wait_message(TOWN_HALL, "recovery")
        await town.tap(TOWN_HALL, "recovery", "/phase I-1 recovery yes watch", ADMIN)
        offer = await tg.wait_message(TOWN_HALL, "H-1")
        await tg.wait_message(TOWN_HALL, "IILE-SRI", after=offer.id)
        await ada.wait_message(fire, "recovery")

        await town.program.kill()
        await town.start()
        await tg.press(TOWN_HALL, offer.id, ADMIN, "/accept H-1")
        await tg.wait_message(TOWN_HALL, "/invite", after=offer.id)
        await tg.press(TOWN_HALL, offer.id, ANNE, "/accept H-1")
        told = await tg.wait_message(RED_CROSS, "Arrêté royal du 22 mai 2019")
        assert "Ville de Liège" in told.text and "IILE-SRI" in told.text
        assert "Ville de Liège" in (await ada.wait_message(fire, "Arrêté royal")).body
