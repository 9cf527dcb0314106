"""What is taken back, or raised, goes in its other forms too: the count of a poll, and what was told of it to rooms that came back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.networks.port import Delayed, Outcome, Outgoing, RoomTraits, Unknown
from bot.rehearsal import identity_of
from playbooks.spoken import Poll, Spoken
from tests.handlers.border_stage import BRANDWEER, CITY, FIRE, FIRE_TELEGRAM
from tests.playbooks.border import NOON
from tests.stories.test_talk import talking

MAYOR = identity_of("mayor", "matrix")


async def test_the_count_of_a_poll_goes_with_it(tmp_path: Path) -> None:
    """Counted twice, edited in place, and then taken back where it was asked: no room has it any more."""
    async with talking(tmp_path) as town:
        net = town.networks["matrix"]
        poll = await town.speak(CITY, "", spoken=Spoken(poll=Poll("Where?", ("Secret Street 5", "no"))))
        for minute, option in enumerate((0, 1), 1):
            await net.vote(CITY, poll, MAYOR, (option,), "mayor")
            await town.settled()
            await town.until(NOON + timedelta(minutes=minute))
        assert {CITY, FIRE, FIRE_TELEGRAM} <= set(town.heard("Secret Street 5: 0"))
        await net.delete(CITY, poll, MAYOR, "mayor")
        await town.settled()
        await town.until(NOON + timedelta(minutes=3))
        assert not town.heard("Secret Street 5")


async def test_a_long_poll_is_counted_in_one_message(tmp_path: Path) -> None:
    """However often it is counted, each room has one message of it."""
    async with talking(tmp_path) as town:
        options = tuple(f"{number} {'word ' * 100}" for number in range(20))
        poll = await town.speak(CITY, "", spoken=Spoken(poll=Poll("Which?", options)))
        before = len(town.stands(FIRE_TELEGRAM))
        for minute in range(1, 5):
            await town.networks["matrix"].vote(CITY, poll, MAYOR, (minute,), "mayor")
            await town.settled()
            await town.until(NOON + timedelta(minutes=minute))
        assert len(town.stands(FIRE_TELEGRAM)) == before + 1


OPEN, PRIVATE = RoomTraits(encrypted=True, title="x", world_readable=True), RoomTraits(encrypted=True, title="x")


@pytest.mark.parametrize("how", ["deleted", "raised", "/retract"])
async def test_what_a_room_missed_is_not_kept_there(tmp_path: Path, how: str) -> None:
    """A room that came back was told it, in one message with the rest; then only the rest stands there."""
    async with talking(tmp_path) as town:
        net = town.networks["matrix"]
        await net.observe(FIRE, OPEN)
        await town.settled()
        await town.speak(CITY, "The bridge is shut")
        secret = await town.speak(CITY, "Names of the injured")
        await town.until(NOON + timedelta(minutes=20))
        await net.observe(FIRE, PRIVATE)
        await town.settled()
        await town.until(NOON + timedelta(minutes=21))
        assert FIRE in town.heard("Names of the injured")
        if how == "deleted":
            await net.delete(CITY, secret, MAYOR, "mayor")
        elif how == "raised":
            await net.rewrite(CITY, secret, MAYOR, "mayor", "[red] Names of the injured")
        else:
            await town.speak(CITY, "/retract", reply_to=secret)
        await town.settled()
        await town.until(NOON + timedelta(minutes=22))
        assert not town.heard("Names of the injured")
        assert sum("The bridge is shut" in words for words in town.stands(FIRE)) == 1


async def test_what_a_room_missed_does_not_leave_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The recap waits at a slow network when one thing in it is taken back."""
    async with talking(tmp_path) as town:
        net, telegram = town.networks["matrix"], town.networks["telegram"]
        await telegram.observe(FIRE_TELEGRAM, replace(PRIVATE, encrypted=False, public=True))
        await town.settled()
        await town.speak(CITY, "The bridge is shut")
        secret = await town.speak(CITY, "Names of the injured")
        await town.until(NOON + timedelta(minutes=20))

        async def slow(out: Outgoing) -> Outcome:
            return Delayed(5.0, "slow")

        monkeypatch.setattr(telegram, "send", slow)
        await telegram.observe(FIRE_TELEGRAM, replace(PRIVATE, encrypted=False))
        await town.settled()
        await net.delete(CITY, secret, MAYOR, "mayor")
        await town.settled()
        monkeypatch.undo()
        await town.until(NOON + timedelta(minutes=30))
        assert FIRE_TELEGRAM not in town.heard("Names of the injured")
        assert FIRE_TELEGRAM in town.heard("The bridge is shut")


@pytest.mark.parametrize("now", ["[red] Nobody's any more", "Shorter now"])
async def test_what_a_moderator_left_of_long_words_does_not_outlive_an_edit(tmp_path: Path, now: str) -> None:
    """They took one message of several; whoever spoke raises or rewrites the whole, and nowhere does a part stand that is old."""
    async with talking(tmp_path) as town:
        matrix, telegram = town.networks["matrix"], town.networks["telegram"]
        said = await town.speak(CITY, " ".join(f"endless{number:04}" for number in range(3000)))
        for net, room in ((matrix, FIRE), (telegram, FIRE_TELEGRAM)):
            parts = [one for one in net.standing(room) if "endless" in one.text]
            assert len(parts) > 1
            await net.delete(room, parts[0].id, identity_of("officer", net.name), "officer")
        await town.settled()
        await matrix.rewrite(CITY, said, MAYOR, "mayor", now)
        await town.settled()
        assert not town.heard("endless")
        assert FIRE not in town.heard("now") and not town.heard("Nobody's")
        assert BRANDWEER in town.heard("now") or now.startswith("[red]")


@pytest.mark.parametrize("waits", [False, True])
async def test_what_was_changed_since_a_room_missed_it_is_told_there_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waits: bool
) -> None:
    """By itself; another thing that was told with it is raised, before or after, and what is left of that message is told without it."""
    async with talking(tmp_path) as town:
        matrix, telegram = town.networks["matrix"], town.networks["telegram"]
        telegram.refuse(FIRE_TELEGRAM, "not here")
        first = await town.speak(CITY, "Bridge shut")
        secret = await town.speak(CITY, "Names of the injured")
        await town.speak(CITY, "Ferry runs")
        telegram.refuse(FIRE_TELEGRAM, None)
        await town.speak(CITY, "All is well")
        assert any("Bridge shut" in text and "Ferry runs" in text for text in town.stands(FIRE_TELEGRAM))
        edits = [(secret, "[red] Names of the injured"), (first, "Bridge open")]
        if waits:  # what is told again has not left when the other changes
            real = telegram.send

            async def slow(out: Outgoing) -> Outcome:
                return Delayed(5.0, "slow") if out.kind == "message" else await real(out)

            monkeypatch.setattr(telegram, "send", slow)
        for said, words in edits if waits else reversed(edits):
            await matrix.rewrite(CITY, said, MAYOR, "mayor", words)
            await town.settled()
        monkeypatch.undo()
        await town.until(NOON + timedelta(minutes=10))
        told = town.stands(FIRE_TELEGRAM)
        assert not any("injured" in text or "shut" in text for text in told)
        assert [sum(words in text for text in told) for words in ("Bridge open", "Ferry runs")] == [1, 1]


async def test_whoever_changes_what_may_have_arrived_learns_where_the_old_words_may_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that lost its answer gave no name by which its copy could be changed."""
    async with talking(tmp_path) as town:
        matrix, telegram = town.networks["matrix"], town.networks["telegram"]
        real = telegram.send

        async def lost(out: Outgoing) -> Outcome:
            await real(out)
            return Unknown("no answer")

        with monkeypatch.context() as patch:
            patch.setattr(telegram, "send", lost)
            said = await town.speak(CITY, "The bridge is shut")
        await matrix.rewrite(CITY, said, MAYOR, "mayor", "The bridge is open")
        await town.settled()
        await town.speak(CITY, "/seen", reply_to=said)
        assert FIRE_TELEGRAM in town.heard("is shut") and "rooms may have the old words" in town.last(CITY)
        assert "could not be reached" not in town.last(CITY)
