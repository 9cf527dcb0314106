"""Twelve hours with forty partners: what silence led to, and when; and the same day with the bot killed again and again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import pytest_asyncio

from playbooks.schema import Step
from storage.facts import (
    Acknowledged,
    AlertAddressed,
    AlertCancelled,
    AlertExpired,
    AlertIssued,
    CheckinAnswered,
    CheckinEnded,
    CheckinStarted,
    DeadlinePassed,
    Disclosed,
    Escalated,
    EscalationStalled,
    EventFailed,
    Fact,
    LeadTaken,
    MessageSent,
    MessageTracked,
    PhaseChanged,
)
from storage.store import Kept
from tests.stories.long_day import ALERTS, HOURS, lived, playbook, town

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

SEED = 20261122
RESTARTS = 100
MARK = "Possible repeat"
_CODE = re.compile(r"/?start[ =][A-Z0-9]+")
"""An invitation's code, which is drawn anew."""
LATE = timedelta(seconds=5)

Seen = dict[str, list[tuple[str, ...]]]


class Day:
    """A day as it was lived: what the rooms saw, and the log."""

    def __init__(self, seen: Seen, facts: Sequence[Kept], starts: int, commits: int, faults: Sequence[str]) -> None:
        self.seen, self.facts, self.starts, self.commits, self.faults = seen, facts, starts, commits, faults

    def of(self, *kinds: type[Fact]) -> Iterator[tuple[datetime, Any]]:
        """The facts of some kinds, with their times."""
        return ((kept.at, kept.fact) for kept in self.facts if isinstance(kept.fact, kinds))


async def _live(folder: Path, restarts: Sequence[int] = ()) -> Day:
    async with town(folder) as place:
        await lived(place, SEED, restarts=restarts)
        assert place.store is not None
        faults = [
            kept.fact.error for kept in await place.store.facts("deployment") if isinstance(kept.fact, EventFailed)
        ]
        return Day(place.seen(), await place.facts(), place.starts, place.commits, faults)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    """The day without any restart."""
    return await _live(tmp_path_factory.mktemp("day"))


async def test_the_day_took_place(day: Day) -> None:
    """Thirty alerts, a round every hour in every country, the lead passed on by hand twice and once by the phase; nothing failed."""
    count = Counter(type(kept.fact) for kept in day.facts)
    assert count[AlertIssued] == ALERTS
    assert count[CheckinStarted] == HOURS - 1 or count[CheckinStarted] == HOURS
    assert count[CheckinAnswered] > 350
    assert count[PhaseChanged] == 1
    taken = [fact.partners for _, fact in day.of(LeadTaken)]
    for partner in ("p4", "p2", "p22"):
        assert (partner,) in taken
    assert count[EventFailed] == count[EscalationStalled] == 0
    assert day.faults == []


async def test_every_deadline_fired_once_and_in_time(day: Day) -> None:
    """No deadline fires twice for the same moment, none early, none more than five seconds late."""
    passed = [(at, fact) for at, fact in day.of(DeadlinePassed)]
    assert len(passed) > 500
    assert Counter((fact.key, fact.due) for _, fact in passed).most_common(1)[0][1] == 1
    for at, fact in passed:
        assert fact.due <= at <= fact.due + LATE, fact


def _expected(day: Day) -> dict[tuple[str, str, int], datetime]:
    """What silence should have led to, reckoned from the log without the bot's own code: (what, partner, step) → when."""
    book = playbook().playbook
    of_send: dict[str, tuple[str, str]] = {}
    since: dict[tuple[str, str], datetime] = {}
    steps: dict[str, Sequence[Step]] = {}
    sent_by: dict[str, str] = {}
    asked: dict[str, set[str]] = {}
    ends: dict[tuple[str, str | None], datetime] = {}
    for kept in day.facts:
        match kept.fact:
            case AlertIssued() as f:
                steps[f.alert] = book.alerts[f.template].ack.then
                sent_by[f.alert] = f.partner
            case CheckinStarted() as f:
                steps[f.round] = book.checkins[f.name].then
                asked[f.round] = {p for p, how in f.partners.items() if how is not None}
            case AlertAddressed() as f:
                shown = {p for p, how in f.partners.items() if how["status"] == "shown"}
                asked[f.alert] = shown - {sent_by[f.alert]}  # whoever sent it need not answer
            case Disclosed(about=about, partner=str(partner), send=send):
                of_send.setdefault(send, (about, partner))
            case MessageTracked(role="prompt", about=about, partner=str(partner), send=send):
                of_send[send] = (about, partner)
            case MessageSent(send=send) if send in of_send:
                since.setdefault(of_send[send], kept.at)
            case Acknowledged(alert=about, partner=partner) | CheckinAnswered(round=about, partner=partner):
                ends.setdefault((about, partner), kept.at)
            case AlertExpired(alert=about) | AlertCancelled(alert=about) | CheckinEnded(round=about):
                ends.setdefault((about, None), kept.at)
            case _:
                pass
    last = day.facts[-1].at
    expected = {}
    for about, then in steps.items():
        for partner in asked[about]:
            begun = since[about, partner]
            end = min(ends.get((about, partner), last), ends.get((about, None), last))
            for number, step in enumerate(then):
                if begun + step.after < end:
                    expected[about, partner, number] = begun + step.after
    return expected


async def test_silence_led_to_what_the_playbook_says(day: Day) -> None:
    """Each step was taken for each partner that was silent then, in time, and for nobody else."""
    expected = _expected(day)
    taken = {(fact.about, fact.partner, fact.step): at for at, fact in day.of(Escalated)}
    assert len(expected) > 200
    assert len(taken) == sum(1 for _ in day.of(Escalated)), "a step was taken twice"
    assert taken.keys() == expected.keys()
    for key, at in taken.items():
        assert expected[key] <= at <= expected[key] + LATE, key


_NOTE = re.compile(r"Log of E-1: \d+ entr.*", re.DOTALL)
"""The log's state: its salts are drawn anew in every life, and so are the roots."""


def _said(seen: Seen) -> dict[str, Counter[str]]:
    """What every room has in the end, message by message, without those that are marked as perhaps a repetition."""
    return {
        room: Counter(
            _NOTE.sub("Log", _CODE.sub("/start …", versions[-1])) for versions in messages if MARK not in versions[-1]
        )
        for room, messages in seen.items()
    }


def _repeated(seen: Seen) -> dict[str, Counter[str]]:
    """What every room has with that mark, without the mark."""
    return {
        room: Counter(
            "\n".join(line for line in versions[-1].splitlines() if MARK not in line)
            for versions in messages
            if MARK in versions[-1]
        )
        for room, messages in seen.items()
    }


def _left_behind(seen: Seen) -> dict[str, Counter[str]]:
    """What every room has of a live message that was repeated with that mark and then lived on without it: the first of the two stays as it was."""
    return {
        room: Counter(
            "\n".join(line for line in version.splitlines() if MARK not in line)
            for versions in messages
            if MARK not in versions[-1]
            for version in versions
            if MARK in version
        )
        for room, messages in seen.items()
    }


@pytest.mark.timeout(900)
async def test_a_hundred_restarts_change_nothing(day: Day, tmp_path: Path) -> None:
    """Killed after a hundred of its commits and begun again on what is on file, it says the same to every room.

    What was on its way at a kill is said again, marked as perhaps a repetition, where the network cannot tell; nothing else.
    """
    draw = Random(SEED)
    moments = sorted(draw.sample(range(1, day.commits - 200), RESTARTS))
    print(f"seed {SEED}")
    again = await _live(tmp_path, moments)
    assert again.starts > RESTARTS * 0.9
    assert again.faults == []
    before, after, repeated = _said(day.seen), _said(again.seen), _repeated(again.seen)
    left = _left_behind(again.seen)
    assert before.keys() == after.keys()
    for room in before:
        more = after[room] - before[room] - left[room]
        assert not more, f"{room} was told something else: {dict(more)}"
        lacking = before[room] - after[room]
        assert not lacking - repeated[room], f"{room} was not told something"
        assert not repeated[room] + left[room] or room.startswith("telegram:"), (
            "where the network knows a repetition, there is none"
        )
        assert repeated[room] <= before[room], f"{room} has something twice that it never had once"
    steps = {(fact.about, fact.partner, fact.step) for _, fact in day.of(Escalated)}
    assert {(fact.about, fact.partner, fact.step) for _, fact in again.of(Escalated)} == steps
