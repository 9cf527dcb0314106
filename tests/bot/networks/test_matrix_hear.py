"""What is kept of a sync before it is worked on, and what need not be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.networks import matrix_hear
from playbooks.rooms import Network
from tests.emulators.matrix_bench import Bench, running
from tests.emulators.matrix_person import MatrixPerson
from tests.emulators.synapse import SynapseServer


@pytest_asyncio.fixture
async def bench(synapse: SynapseServer, tmp_path: Path) -> AsyncIterator[Bench]:
    """A bot that hears."""
    async with running(synapse, f"echo{tmp_path.name.replace('_', '-')[:20]}", tmp_path) as made:
        yield made


def _counting(bench: Bench) -> list[str]:
    """The batches that are kept from now on."""
    kept: list[str] = []
    keep = bench.ears.keep_batch

    async def keep_batch(network: Network, body: str, cursor: str) -> int:
        kept.append(body)
        return await keep(network, body, cursor)

    bench.ears.keep_batch = keep_batch  # type: ignore[method-assign]
    return kept


async def _room(bench: Bench, ada: MatrixPerson) -> str:
    room = await ada.create_room("Echo", invite=(bench.user,))
    await bench.enter(room)
    await ada.say(room, "first")
    await bench.hear_text(room, "first")
    return room


@pytest.mark.parametrize("most", [matrix_hear.MOST_UNKEPT, 1])
async def test_our_own_words_cost_no_commits(
    bench: Bench, synapse: SynapseServer, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """What we said ourselves comes back and is not kept, however the syncs fall, but for a cursor now and then; nothing
    of what others say is lost or heard twice, over a restart too."""
    monkeypatch.setattr(matrix_hear, "MOST_UNKEPT", most)
    async with MatrixPerson(synapse, f"{bench.name}-ada") as ada:
        room = await _room(bench, ada)
        kept = _counting(bench)
        for number in range(6):
            await bench.send(room, f"ours {number}")
            await ada.wait_message(room, f"ours {number}")
        await ada.say(room, "theirs")
        await bench.hear_text(room, "theirs")
        ours_alone = [body for body in kept if "ours" in body and "theirs" not in body]
        assert len(ours_alone) <= 6 // (most + 1)
        await bench.send(room, "ours again")
        await ada.wait_message(room, "ours again")
        await bench.stop()
        await ada.say(room, "meanwhile")
        await bench.restart()
        await bench.hear_text(room, "meanwhile")
        assert bench.texts(room) == ["first", "theirs", "meanwhile"]
        assert bench.ears.repeats == []


async def test_only_what_must_be_worked_on_is_kept_as_it_came(bench: Bench, synapse: SynapseServer) -> None:
    """What is said in the clear is kept as what it says, at once; who comes in, and what is encrypted, with the sync it came in."""
    async with MatrixPerson(synapse, f"{bench.name}-ada") as ada, MatrixPerson(synapse, f"{bench.name}-ben") as ben:
        room = await _room(bench, ada)
        sealed = await ada.create_room("Sealed", invite=(bench.user,), encrypted=True)
        await bench.enter(sealed)
        kept = _counting(bench)
        await ada.say(room, "in the clear")
        await bench.hear_text(room, "in the clear")
        assert kept == []
        await ada.say(sealed, "sealed")
        await bench.hear_text(sealed, "sealed")
        assert any("m.room.encrypted" in body for body in kept)
        kept.clear()
        await ada.invite(room, ben.user)
        await ada.say(room, "once more")
        await bench.hear_text(room, "once more")
        assert any("m.room.member" in body for body in kept)
        assert bench.ears.repeats == []


@pytest.mark.parametrize(
    ("sync", "echoes"),
    [
        ({"rooms": {"join": {"!a": {"timeline": {"events": [{"sender": "@us"}]}}}}}, True),
        ({"rooms": {"join": {"!a": {"timeline": {"events": [{"sender": "@us"}, {"sender": "@ada"}]}}}}}, False),
        ({"rooms": {"join": {"!a": {"timeline": {"events": [{"sender": "@us", "state_key": "@us"}]}}}}}, False),
        ({"rooms": {"join": {"!a": {"timeline": {"events": [{"sender": "@us"}], "limited": True}}}}}, False),
        ({"rooms": {"join": {"!a": {"state": {"events": [{}]}, "timeline": {"events": [{"sender": "@us"}]}}}}}, False),
        ({"rooms": {"join": {"!a": {"timeline": {"events": []}}}}}, False),
        ({"rooms": {"join": {"!a": {"timeline": {"events": [None]}}}}}, False),
        ({"rooms": {"join": {"!a": {"timeline": {"events": [{"sender": "@us"}]}}}, "leave": {"!b": {}}}}, False),
        (
            {"rooms": {"join": {"!a": {"timeline": {"events": [{"sender": "@us"}]}}}}, "to_device": {"events": [{}]}},
            False,
        ),
        (
            {
                "rooms": {"join": {"!a": {"timeline": {"events": [{"sender": "@us"}]}}}},
                "device_lists": {"changed": ["@a"]},
            },
            False,
        ),
        ({}, False),
    ],
)
def test_only_words_of_our_own_are_echoes(sync: dict[str, object], echoes: bool) -> None:
    """A sync with anything else in it is kept before it is worked on."""
    assert matrix_hear._echoes(sync, "@us") is echoes
