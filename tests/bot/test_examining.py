"""Looking into rooms when somebody asks whether all is ready: only for who may ask, and never for long."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import pytest

from bot import examining
from bot.networks.port import NetworkDown, NetworkPort
from handlers.world import Request, World
from playbooks.rooms import Network as NetworkName
from playbooks.rooms import RoomRef
from storage.deployment import Binding, Deployment, PersonOnFile
from tests.bot.floor import BOOK, START, FakeNetwork, room

Networks = dict[NetworkName, NetworkPort]


@dataclass
class Network(FakeNetwork):
    """A network that says of its rooms what a test wants, or nothing for ever, or that it is away."""

    async def examine(self, room: RoomRef) -> list[str]:
        match room.id:
            case "-1":
                return ["no right to speak", "not an administrator"]
            case "-3":
                raise NetworkDown("away")
            case "-4":
                await asyncio.Event().wait()
            case "-5":
                raise ValueError("a fault of ours")
            case _:
                pass
        return []


def world() -> World:
    """Five rooms, a coordinator by the settings, a liaison of the partner with the first two."""
    bindings = {("small", room(n)): Binding("small", "a" if n < 3 else "b", room(n), None, "P-1") for n in range(1, 6)}
    liaison = PersonOnFile("P-2", "Lia", "a", "liaison", ("telegram:601",))
    who = Deployment(bindings=bindings, people={"P-2": liaison}, identities={"telegram:601": "P-2"})
    return World("test", {"small": BOOK}, {}, who, admins=frozenset({"telegram:501"}))


def asks(text: str, identity: str = "telegram:501") -> Request:
    return Request(START, b"", room(9), False, identity, "", text)


async def test_what_the_network_says_in_time_is_known_and_the_rest_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """A room that hangs, one that is away and one that fails are left out, and hold up nothing."""
    monkeypatch.setattr(examining, "SECONDS", 0.05)
    found = await examining.examined(world(), asks("/ready"), {"telegram": Network()})
    assert found.examined == {room(1): 2, room(2): 0}


async def test_a_liaison_asks_about_the_own_rooms_and_others_about_none() -> None:
    """For whoever may not ask no network is troubled; nor for another command, nor for an account that is lost."""
    network: Networks = {"telegram": Network()}
    assert (await examining.examined(world(), asks("/ready", "telegram:601"), network)).examined.keys() == {
        room(1),
        room(2),
    }
    assert (await examining.examined(world(), asks("/ready", "telegram:999"), network)).examined == {}
    assert (await examining.examined(world(), asks("/status"), network)).examined == {}
    ours = world()
    lost = replace(ours, who=replace(ours.who, strayed={"telegram:501": "P-9"}))
    assert (await examining.examined(lost, asks("/ready"), network)).examined == {}


async def test_a_network_that_is_away_is_not_asked() -> None:
    """Nor is one that is not set up."""
    away = Network()
    away.state.connected = False
    assert (await examining.examined(world(), asks("/ready"), {"telegram": away})).examined == {}
    assert (await examining.examined(world(), asks("/ready"), {})).examined == {}
