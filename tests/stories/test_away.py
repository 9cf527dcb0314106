"""The bot away, and clocks that jump: what fell due meanwhile is done once, at once, and says how late it is."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

from storage.facts import AlertExpired, CheckinStarted, DeadlinePassed, Escalated, MessageSent
from tests.stories.long_day import START, Town, town

ALERT = "/alert warning people=12 The dam is seeping"


async def _begun(town: Town) -> None:
    await town.enrol(0, "official")
    await town.exercise()
    await town.say(0, ALERT)


async def _away(town: Town, time: timedelta) -> None:
    await town.stop()
    town.clock.advance(time)
    await town.start()


async def _of(town: Town, kind: type) -> list[object]:
    return [kept.fact for kept in await town.facts() if isinstance(kept.fact, kind)]


def _texts(town: Town, number: int) -> list[str]:
    return [versions[-1] for versions in town.seen()[str(town.room(number))]]


async def test_what_fell_due_while_it_was_away_is_done_once_and_says_so(tmp_path: Path) -> None:
    """Twelve minutes away: each step that fell due is taken once, late, with the lateness in words; the later ones in time."""
    async with town(tmp_path) as place:
        await _begun(place)
        await place.say(7, "/ack A-1 acting")
        await place.until(START + timedelta(minutes=1))
        await _away(place, timedelta(minutes=12))
        steps = [fact for fact in await _of(place, Escalated) if isinstance(fact, Escalated)]
        assert {fact.step for fact in steps} == {0, 1, 2}
        assert all(fact.late > 0 for fact in steps)
        assert max(Counter((fact.partner, fact.step) for fact in steps).values()) == 1
        assert "p7" not in {fact.partner for fact in steps}
        reminders = [text for text in _texts(place, 9) if "Reminder" in text]
        assert len(reminders) == 1
        assert "I was not running" in reminders[0]
        await place.until(START + timedelta(minutes=25))
        steps = [fact for fact in await _of(place, Escalated) if isinstance(fact, Escalated) and fact.step == 3]
        assert len(steps) == 38
        assert all(fact.late <= 5 for fact in steps)


async def test_a_day_away_is_no_flood(tmp_path: Path) -> None:
    """Twenty-five hours away: an alert that ran out meanwhile is followed up no more, and one round begins, not twenty-five."""
    async with town(tmp_path) as place:
        await _begun(place)
        await place.until(START + timedelta(minutes=1))
        before = len(await _of(place, MessageSent))
        await _away(place, timedelta(hours=25))
        assert await _of(place, Escalated) == []
        assert len(await _of(place, AlertExpired)) == 1
        rounds = [fact for fact in await _of(place, CheckinStarted) if isinstance(fact, CheckinStarted)]
        assert len(rounds) == 1
        said = len(await _of(place, MessageSent)) - before
        assert said < 150, "at most a question for each room, and what the lead must know"
        await place.until(START + timedelta(hours=26, minutes=1))
        rounds = [fact for fact in await _of(place, CheckinStarted) if isinstance(fact, CheckinStarted)]
        assert [fact.due - START for fact in rounds[1:]] == [timedelta(hours=26)]


async def test_a_clock_that_jumps_forwards_fires_everything_once(tmp_path: Path) -> None:
    """Somebody sets the clock an hour on: what is due by it is done, once, and late; nothing of it again."""
    async with town(tmp_path) as place:
        await _begun(place)
        place.clock.set(place.clock.now() + timedelta(hours=1))
        await place.settled()
        steps = [fact for fact in await _of(place, Escalated) if isinstance(fact, Escalated)]
        assert max(Counter((fact.partner, fact.step) for fact in steps).values()) == 1
        count = len(steps)
        await place.until(place.clock.now() + timedelta(minutes=10))
        assert len(await _of(place, Escalated)) == count


async def test_a_clock_that_jumps_back_fires_nothing_twice(tmp_path: Path) -> None:
    """Somebody sets the clock an hour back: what was done stays done, and what comes next comes at its own time."""
    async with town(tmp_path) as place:
        await _begun(place)
        await place.until(START + timedelta(minutes=4))
        done = len(await _of(place, Escalated))
        assert done == 39
        place.clock.set(place.clock.now() - timedelta(hours=1))
        await place.settled()
        await place.until(START + timedelta(minutes=5))
        assert len(await _of(place, Escalated)) == done
        await place.until(START + timedelta(minutes=8))
        steps = Counter(fact.step for fact in await _of(place, Escalated) if isinstance(fact, Escalated))
        assert steps == {0: 39, 1: 39}
        passed = [fact for fact in await _of(place, DeadlinePassed) if isinstance(fact, DeadlinePassed)]
        assert max(Counter((fact.key, fact.due) for fact in passed).values()) == 1


async def test_a_machine_that_was_asleep_does_what_is_due_when_it_wakes(tmp_path: Path) -> None:
    """Six minutes pass at once, as when a machine was suspended: what fell due is done once, late by no more than that."""
    async with town(tmp_path) as place:
        await _begun(place)
        place.clock.advance(timedelta(minutes=6))
        await place.settled()
        steps = [fact for fact in await _of(place, Escalated) if isinstance(fact, Escalated)]
        assert Counter(fact.step for fact in steps) == {0: 39}
        assert all(170 <= fact.late <= 181 for fact in steps)
