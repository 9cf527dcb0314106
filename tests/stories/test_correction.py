"""An alert that should not have been sent, through the whole program: what every room has before its eyes in the end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from bot.clock import VirtualClock
from bot.networks.port import Delayed, Outcome, Outgoing
from bot.networks.rehearsal import Rehearsal
from bot.rehearsal import identity_of
from bot.wiring import Bot
from playbooks.rooms import NETWORKS, RoomRef
from storage.facts import Disclosed, MessageDropped, MessageRemains, MessageRemoved
from tests.handlers.border_stage import AID, BRANDWEER, CITY, CITY_TELEGRAM, FIRE, FIRE_TELEGRAM, HILFE, WATCHERS
from tests.playbooks.border import BOOK, NOON
from tests.stories.long_day import Town

ROOMS = (CITY, CITY_TELEGRAM, FIRE, FIRE_TELEGRAM, BRANDWEER, AID, HILFE, WATCHERS)


@dataclass
class Border(Town):
    """The town at the border: the city's mayor writes in the city's room."""

    held: set[RoomRef] = field(default_factory=set)

    async def write(self, room: RoomRef, text: str, who: str = "mayor") -> None:
        network = self.networks[room.network]
        await network.say(room, identity_of(who, room.network), who, text)
        await self.settled()

    async def begin(self) -> None:
        host = identity_of("admin", "matrix")
        network = self.networks["matrix"]
        await network.say(network.private(host), host, "admin", "/invite official city")
        await self.settled()
        code = network.messages(network.private(host))[-1].text.split("/start ")[1].split()[0]
        mayor = identity_of("mayor", "matrix")
        await network.say(network.private(mayor), mayor, "mayor", f"/start {code}")
        await self.settled()
        await self.write(CITY, "/activate border")

    def stands(self, room: RoomRef) -> list[str]:
        return [shown.text for shown in self.networks[room.network].messages(room)]

    async def alert(self, command: str = "/alert evacuation action=leave where=Town") -> None:
        await self.write(CITY, command)
        await self.write(CITY, f"/draft {list(self.incident.drafts)[-1]} send")


@asynccontextmanager
async def border(folder: Path) -> AsyncIterator[Border]:
    """The border's bot, running on both networks in virtual time; a room that is ``held`` takes nothing for now."""
    clock = VirtualClock(NOON)
    networks = {name: Rehearsal(name, [BOOK], clock.now) for name in NETWORKS}
    made = Border(folder, BOOK, clock, networks)
    for network in networks.values():
        take = network.send

        async def held(out: Outgoing, take: object = take) -> Outcome:
            return Delayed(5.0, "slow") if out.room in made.held else await take(out)  # type: ignore[operator,no-any-return]

        network.send = held  # type: ignore[method-assign]
    await made.start()
    try:
        await made.begin()
        yield made
    finally:
        await made.stop()


async def test_what_should_not_have_been_said_is_gone_from_every_room(tmp_path: Path) -> None:
    """On both networks; each room is told, the log keeps who was shown what, and a second start asks for nothing again."""
    async with border(tmp_path) as town:
        await town.alert("/alert evacuation action=leave where=Town Ada Lovelace is hurt")
        assert all(any("🚨" in text for text in town.stands(room)) for room in ROOMS)
        await town.write(CITY, "/retract A-1 no names, please")
        for room in ROOMS:
            copies = [text for text in town.stands(room) if "🚨" in text and "not sent yet" not in text]
            assert not copies
            assert sum("was withdrawn" in text for text in town.stands(room)) == 1
        facts = [kept.fact for kept in await town.facts()]
        assert sum(isinstance(fact, MessageRemoved) for fact in facts) == len(ROOMS)
        assert sum(isinstance(fact, Disclosed) and fact.about == "A-1" for fact in facts) == len(ROOMS)
        seen = town.seen()
        await town.kill()
        await town.start()
        assert town.seen() == seen
        assert isinstance(town.bot, Bot) and not await town.store.unsent()  # type: ignore[union-attr]


async def test_after_two_days_telegram_keeps_it_and_the_lead_is_told_where(tmp_path: Path) -> None:
    """What a network does not remove any more is rung about."""
    async with border(tmp_path) as town:
        await town.alert()
        await town.until(NOON + timedelta(hours=49))
        await town.write(CITY, "/retract A-1")
        await town.until(NOON + timedelta(hours=49, seconds=30))
        assert not any("🚨" in text for text in town.stands(BRANDWEER))
        assert any("🚨" in text for text in town.stands(AID))
        facts = [kept.fact for kept in await town.facts()]
        assert {fact.room for fact in facts if isinstance(fact, MessageRemains)} == {
            CITY_TELEGRAM, FIRE_TELEGRAM, AID, HILFE, WATCHERS,
        }  # fmt: skip
        [told] = [text for text in town.stands(FIRE) if "could not be removed everywhere" in text]
        assert "Aid (Telegram) ☎ +3213" in told and "watchers" not in told


async def test_a_room_that_had_not_got_it_yet_never_does(tmp_path: Path) -> None:
    """Held up by its network, cancelled meanwhile: nothing of it is sent when the network gives way."""
    async with border(tmp_path) as town:
        town.held.add(AID)
        await town.alert()
        await town.write(CITY, "/cancel A-1 mistake")
        town.held.clear()
        await town.until(NOON + timedelta(minutes=2))
        assert not any("A-1" in text for text in town.stands(AID))
        assert sum("A-1 was sent by mistake" in text for text in town.stands(HILFE)) == 1
        facts = [kept.fact for kept in await town.facts()]
        assert [fact.room for fact in facts if isinstance(fact, MessageDropped) and fact.room == AID] == [AID]


async def test_an_update_is_a_reply_to_what_it_corrects(tmp_path: Path) -> None:
    """In the thread of each room's own copy."""
    async with border(tmp_path) as town:
        await town.alert()
        await town.alert("/update A-1 The bridge is closed")
        for room in ROOMS:
            shown = town.networks[room.network].messages(room)
            [first] = [
                one for one in shown if "· A-1\n" in one.text and "From" in one.text and "Update" not in one.text
            ]
            [second] = [one for one in shown if "Update of A-1" in one.text and "not sent yet" not in one.text]
            assert second.reply_to == first.id
