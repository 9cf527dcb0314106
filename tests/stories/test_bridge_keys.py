"""What was said in an encrypted room, and cannot be read at first or at all: real encryption, a real homeserver, a clock that is ahead."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.emulators.synapse import SynapseServer
from tests.stories.bridge import Bridge, bridge

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(synapse: SynapseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bridge]:
    """One town; time passes in it from one test to the next."""
    async with bridge(synapse, tmp_path_factory.mktemp("keys")) as made:
        yield made


async def test_a_key_that_comes_a_little_late_is_not_noticed(town: Bridge) -> None:
    """What was said is carried as it comes to be read, and reads like everything else."""
    town.ada.withhold_keys(town.sealed)
    said = await town.ada.say(town.sealed, "A key late")
    await town.ada.say(town.plain, "Before the key")
    await town.on_telegram("Before the key")
    assert not [one for one in town.telegram.messages(town.hall) if "A key late" in one.text]
    await town.ada.give_keys()
    copy = await town.on_telegram("A key late")
    assert copy.text.startswith("▸ ada")
    await town.telegram.say(town.hall, 603, "And read", reply_to=copy.id)
    await town.on_telegram("And read", -1001000000202)
    await town.sign(town.sealed, said, "👌")


async def test_a_key_that_comes_long_after_says_when_it_was_said(town: Bridge) -> None:
    """The time stands in front, so that nobody takes it for news."""
    town.ada.withhold_keys(town.sealed)
    await town.ada.say(town.sealed, "Two minutes ago")
    await town.ada.say(town.plain, "Meanwhile")
    await town.on_telegram("Meanwhile")
    town.later(120)
    await town.ada.give_keys()
    copy = await town.on_telegram("Two minutes ago")
    assert re.match(r"\d\d:\d\d ▸ ada", copy.text)
    shown = await town.on_matrix(town.plain, "Two minutes ago")
    assert re.match(r"\d\d:\d\d ▸ ada", shown.text)


async def test_what_stays_unreadable_is_said_under_it_once(town: Bridge) -> None:
    """After five minutes, in that room; when the key comes all the same, it is carried all the same."""
    town.ada.withhold_keys(town.sealed)
    lost = await town.ada.say(town.sealed, "Nobody reads this")
    await town.ada.say(town.sealed, "Nor this")
    await town.ada.say(town.plain, "Anybody there?")
    await town.on_telegram("Anybody there?")
    town.later(120 + 310)
    await town.ada.say(town.plain, "Five minutes on")
    told = await town.on_matrix(town.sealed, "I could not read this message")
    assert told.encrypted and told.reply_to == lost
    await town.ada.say(town.plain, "And on")
    await town.on_telegram("And on")
    await town.program.at_rest()
    assert sum("I could not read" in text for text in town.standing(town.sealed)) == 1
    assert not any("could not read" in one.text for one in town.telegram.messages(town.hall))
    await town.ada.give_keys()
    await town.on_telegram("Nobody reads this")
    await town.on_telegram("Nor this")


async def test_what_was_taken_back_unread_is_carried_nowhere(town: Bridge) -> None:
    """Its key comes when it is gone already."""
    town.ada.withhold_keys(town.sealed)
    said = await town.ada.say(town.sealed, "A slip of the tongue")
    await town.ada.redact(town.sealed, said)
    await town.ada.say(town.plain, "Now the key")
    await town.on_telegram("Now the key")
    await town.ada.give_keys()
    await town.ada.say(town.sealed, "Something else")
    await town.on_telegram("Something else")
    await town.program.at_rest()
    assert not [one for one in town.telegram.messages(town.hall) if "slip" in one.text]
