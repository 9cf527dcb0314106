"""Rooms that come late: named by the playbook, made and opened to the bot only while it runs."""

from __future__ import annotations

from pathlib import Path

from tests.emulators.synapse import SynapseServer
from tests.stories.crisis import ADMIN, CARL, TOWN_HALL, crisis


async def test_a_room_named_by_the_playbook_and_made_later_is_entered_when_the_bot_is_invited(
    synapse: SynapseServer, tmp_path: Path
) -> None:
    """An alias that leads nowhere at the start is asked for again when somebody invites the bot, and pinned to its room."""
    async with crisis(synapse, tmp_path) as town:
        await town.start()
        mark = town.playbook.read_text().split("#chu-liege-")[1].split(":")[0]
        ward = await town.ada.create_room("CHU", alias=f"chu-liege-{mark}")
        stranger = await town.ada.create_room("nobody's")
        await town.ada.invite(ward, town.bot)
        await town.ada.wait_member(ward, town.bot)
        await town.telegram.say(TOWN_HALL, CARL, "/activate meuse-flood")
        await town.ada.wait_message(ward, "I-1")
        await town.ada.invite(stranger, town.bot)
        await town.ada.wait_member(stranger, town.bot)
        await town.ada.say(stranger, "/bind liege-fire")
        refused = await town.ada.wait_message(stranger, "IILE-SRI Liège")
        assert "/bind" not in refused.body
        await town.telegram.start(ADMIN)
        await town.telegram.say(ADMIN, ADMIN, "/status")
        await town.telegram.wait_message(ADMIN, "I-1")


async def test_a_coordinator_who_never_wrote_to_the_bot_is_told_what_they_must_act_on(
    synapse: SynapseServer, tmp_path: Path
) -> None:
    """The bot opens a private chat with a coordinator on Matrix by itself, and says there that a partner's room was lost."""
    async with crisis(synapse, tmp_path) as town:
        await town.start()
        chat = await town.ada.wait_any_invite(besides=town.rooms.values())
        await town.ada.join(chat)
        await town.ada.kick(town.rooms["vr-zl"], town.bot)
        told = await town.ada.wait_message(chat, "Veiligheidsregio Zuid-Limburg")
        assert "+31" in told.body
