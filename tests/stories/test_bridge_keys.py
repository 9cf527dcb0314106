"""What was said in an encrypted room, and cannot be read at first or at all: real encryption, a real homeserver, a clock that is ahead."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.emulators.synapse import SynapseServer
from tests.stories.bridge import FORUM, Bridge, bridge

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


def ever(town: Bridge, words: str) -> bool:
    """Whether anything with these words ever stood in a room where it was not said, gone since or not."""
    telegram = [one for chat in (town.hall, FORUM) for one in town.telegram.chats[chat].messages.values()]
    told = [text for one in telegram for text in (one.text, *one.edits)]
    return any(words in str(text) for text in (*told, *town.ada.messages(town.plain)))


@pytest.mark.parametrize("dies", [False, True])
async def test_what_was_raised_before_it_could_be_read_is_never_told_lower(town: Bridge, dies: bool) -> None:
    """The edit is read first, under another key; then the original, by a process that knows of the edit from the one before it."""
    town.ada.withhold_keys(town.sealed)
    said = await town.ada.say(town.sealed, f"Victim: Anna Huber {dies}")
    withheld = town.ada.change_keys(town.sealed)
    await town.ada.edit(town.sealed, said, f"[red] Victim: Anna Huber {dies}")
    await town.ada.say(town.sealed, f"The ferry runs {dies}")
    await town.on_telegram(f"The ferry runs {dies}")
    if dies:
        await town.program.kill()
    await town.ada.give_keys(withheld)
    if dies:
        await town.start()
    await town.sign(town.sealed, said, "🙊")
    await town.program.at_rest()
    assert not ever(town, "Anna Huber")


async def test_what_was_changed_before_it_could_be_read_is_told_as_it_is(town: Bridge) -> None:
    """Of several changes the last, in whatever order their keys come; the old words stand nowhere."""
    town.ada.withhold_keys(town.sealed)
    said = await town.ada.say(town.sealed, "Dam: it breaks")
    first = town.ada.change_keys(town.sealed)
    town.ada.withhold_keys(town.sealed)
    await town.ada.edit(town.sealed, said, "Dam: it leaks")
    second = town.ada.change_keys(town.sealed)
    await town.ada.edit(town.sealed, said, "Dam: it holds")
    await town.ada.give_keys(first)
    await town.ada.say(town.sealed, "The dam was looked at")
    await town.on_telegram("The dam was looked at")
    assert not ever(town, "Dam:")
    await town.ada.give_keys(second)
    await town.on_telegram("Dam: it holds")
    await town.on_matrix(town.plain, "Dam: it holds")
    await town.sign(town.sealed, said, "👌")
    assert not ever(town, "Dam: it breaks") and not ever(town, "Dam: it leaks")


async def test_a_late_edit_that_is_older_leaves_the_words_and_brings_its_label(town: Bridge) -> None:
    """What stands says the newest; what an older change held more closely goes all the same."""
    said = await town.ada.say(town.sealed, "Camp: north")
    await town.on_telegram("Camp: north")
    town.ada.withhold_keys(town.sealed)
    await town.ada.edit(town.sealed, said, "Camp: east")
    east = town.ada.change_keys(town.sealed)
    town.ada.withhold_keys(town.sealed)
    await town.ada.edit(town.sealed, said, "[red] Camp: west")
    west = town.ada.change_keys(town.sealed)
    await town.ada.edit(town.sealed, said, "Camp: south")
    copy = await town.on_telegram("Camp: south")
    await town.ada.give_keys(east)
    await town.ada.say(town.sealed, "The camp is full")
    await town.on_telegram("The camp is full")
    await town.program.at_rest()
    assert "Camp: south" in copy.text and not ever(town, "Camp: east")
    await town.ada.give_keys(west)
    await town.sign(town.sealed, said, "🙊")
    await town.program.at_rest()
    assert copy.deleted and not any("Camp" in text for text in town.standing(town.plain)) and not ever(town, "west")
