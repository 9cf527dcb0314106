"""What every network tells of rooms: coming in, being thrown out, moving, and becoming less trustworthy."""

from __future__ import annotations

import pytest

from bot.networks.port import Moved, Refused, Sent
from playbooks.rooms import RoomRef
from tests.contracts.stand import Stand

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def come_back(stand: Stand, room: RoomRef) -> None:
    """Take the bot in again, as its network does: added by people, or invited and joining."""
    before = len(stand.heard(room, "joined"))
    invitations = len(stand.heard(room, "invited"))
    await stand.take_back(room)
    if stand.asks_in:
        await stand.inbox.until(lambda: len(stand.heard(room, "invited")) > invitations)
        invited = stand.heard(room, "invited")[-1]
        assert invited.sender == stand.ada.identity
        assert isinstance(await stand.send(room, "", kind="join"), Sent)
    await stand.inbox.until(lambda: len(stand.heard(room, "joined")) > before)
    assert len(stand.heard(room, "invited")) == invitations + stand.asks_in


async def test_thrown_out_and_taken_back(stand: Stand, room: RoomRef) -> None:
    """Both are heard once; in between sending is refused, for we have no place in the room; afterwards all is well."""
    await stand.sent(room, "avant")
    await stand.throw_out(room)
    await stand.hear(room, "removed")
    refused = await stand.send(room, "pendant")
    assert isinstance(refused, Refused) and refused.gone and refused.reason
    assert await stand.port.examine(room) != []
    await come_back(stand, room)
    await stand.sent(room, "après")
    await stand.see(room, "après")
    assert [seen.text for seen in await stand.seen(room)] == ["avant", "après"]
    await stand.say(room, "te revoilà")
    await stand.hear_text(room, "te revoilà")
    assert len(stand.heard(room, "removed")) == 1


async def test_leaving_is_final_and_may_be_repeated(stand: Stand, room: RoomRef) -> None:
    """Whoever leaves can say no more there; leaving twice is leaving once, or refused because we have left."""
    assert isinstance(await stand.send(room, "", kind="leave"), Sent)
    again = await stand.send(room, "", kind="leave")
    assert isinstance(again, Sent) or (isinstance(again, Refused) and again.gone)
    refused = await stand.send(room, "encore")
    assert isinstance(refused, Refused) and refused.gone


async def test_only_who_is_asked_in_joins(stand: Stand, room: RoomRef) -> None:
    """A Matrix bot joins where it was invited; a Telegram bot is put into a group, and joining is refused."""
    outcome = await stand.send(room, "", kind="join")
    assert isinstance(outcome, Sent) if stand.asks_in else isinstance(outcome, Refused) and not outcome.gone


async def test_a_room_that_nobody_knows(stand: Stand) -> None:
    """A room that is not there has no place for us, and an address of another network is refused like that."""
    nowhere = RoomRef(stand.network, "!nowhere:localhost" if stand.network == "matrix" else "-424242")
    refused = await stand.send(nowhere, "hé")
    assert isinstance(refused, Refused) and refused.gone
    assert await stand.port.examine(nowhere) != []
    foreign = await stand.send(RoomRef(stand.network, "?"), "hé")
    assert isinstance(foreign, Refused)
    assert await stand.port.resolve("#nobody:localhost") is None


async def test_a_room_that_moved(stand: Stand, room: RoomRef) -> None:
    """Where a room went is heard, and a send to the old place names the new one; on Matrix it was people who said so."""
    await stand.sent(room, "ici")
    there = await stand.move(room)
    moved = await stand.hear(room, "moved")
    assert moved.moved_to == there
    outcome = await stand.send(room, "là ?")
    assert outcome == Moved(there, by_people=stand.network == "matrix")
    if stand.comes_along:
        await stand.sent(there, "là")
        assert (await stand.see(there, "là")).text == "là"
    assert len(stand.heard(room, "moved")) == 1


async def test_a_room_that_can_be_trusted_less(stand: Stand, room: RoomRef) -> None:
    """Each change of what decides about trust is told: by itself, or on Telegram with the next message."""
    for trait in stand.traits:
        before = [heard.traits for heard in stand.heard(room) if heard.traits is not None]
        assert not any(getattr(traits, trait) for traits in before)
        await stand.worsen(room, trait)
        told = await stand.hear(
            room, stand.traits_come_with, lambda heard, trait=trait: bool(heard.traits and getattr(heard.traits, trait))
        )
        assert told.traits is not None and told.traits.title


async def test_a_tampered_room_hears_no_more_words(stand: Stand, room: RoomRef) -> None:
    """A room that lost its encryption is refused, never spoken to in the clear. Others have none to lose."""
    await stand.sent(room, "avant")
    if "tampered" not in stand.traits:
        assert not stand.sealed
        return
    await stand.worsen(room, "tampered")
    told = await stand.hear(room, "room", lambda heard: bool(heard.traits and heard.traits.tampered))
    assert told.traits is not None
    refused = await stand.send(room, "après", must_encrypt=True)
    assert isinstance(refused, Refused) and not refused.gone
    assert [seen.text for seen in await stand.seen(room)] == ["avant"]
