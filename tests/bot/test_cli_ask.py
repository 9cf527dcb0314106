"""``tocsin ask``: what the log of the exercise that ships answers, held against what its rooms really saw."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.cli_ask import QUESTIONS, Query, jsonable
from bot.cli_asked import Words
from bot.columns import below
from storage import inquiry
from storage.database import open_store
from storage.facts import AlertIssued, Disclosed, FieldErased, LogRead
from storage.facts.codec import from_parts, parts
from storage.inquiry import Fates, sights
from storage.store import Kept
from tests.bot.running import FLOOD, Ran, tocsin

Played = tuple[Path, list[dict[str, Any]], Sequence[Kept]]
WHY = ("--reason", "the inquiry")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A folder in which the exercise was played, all that its rooms saw, and its log."""
    folder = tmp_path_factory.mktemp("asked")
    ran = tocsin(folder, "rehearse", FLOOD, "--json")
    assert ran.code == 0, ran.err
    return folder, [json.loads(line) for line in ran.out.splitlines()], asyncio.run(_kept(folder))


async def _kept(folder: Path) -> Sequence[Kept]:
    store = await open_store(folder / "data" / "rehearsal", "tocsin-rehearsal", "rehearsal.sqlite")
    try:
        return await store.facts("X-1")
    finally:
        await store.close()


def _asked(folder: Path, *question: str) -> Ran:
    ran = tocsin(folder, "ask", "x-1", *question, *WHY)
    assert (ran.code, ran.err) == (0, ""), ran.err
    assert max(map(len, ran.out.splitlines())) <= 80
    return ran


def test_what_the_log_says_that_partners_saw_is_what_stood_in_their_rooms(played: Played) -> None:
    """At the end and at every moment before: nobody is said to have seen words that their rooms had not, and the reverse."""
    _, events, kept = played
    told = [
        e for e in events if e["direction"] == "out" and e["room"] is not None and not e["room"].startswith("private")
    ]
    partners = {e["partner"] for e in told}
    values = _words(kept)
    assert len(values) >= 4 and len(partners) >= 14
    first: dict[tuple[str, str], datetime] = {}
    for event in told:
        for value in values:
            if _stands(value, event["text"]):
                first.setdefault((event["partner"], value), datetime.fromisoformat(event["at"]))
    assert len({partner for partner, _ in first}) >= 10
    for moment in (*sorted(set(first.values())), None):
        cut = moment + timedelta(milliseconds=1) if moment is not None else None
        for partner in partners:
            answer = inquiry.saw(kept, partner, cut)
            rooms = {str(one.last.value) for one in answer.fields} & values
            stood = {value for (whose, value), at in first.items() if whose == partner and (cut is None or at < cut)}
            assert stood <= rooms | _earlier(kept, partner, cut), (partner, moment)
            assert rooms <= stood | _in_private(events, values, partner), (partner, moment)


def _words(kept: Sequence[Kept]) -> set[str]:
    """Free words that some message showed, long enough to be nothing else. That talk was accepted is noted at leisure, and so later than it was."""
    shown = (one for one in sights(kept, Fates(kept)) if not one.about.startswith(("S-", "#")))
    found = {one.value for one in shown if one.form == "exact" and isinstance(one.value, str)}
    return {value for value in found if len(value) > 14 and "\n" not in value}


def _stands(value: str, text: str) -> bool:
    """Whether words stand in a message; what was answered to a check-in (``help: words``) with its choice apart."""
    return value in text or (": " in value and value.partition(": ")[2] in text)


def _earlier(kept: Sequence[Kept], partner: str, until: datetime | None) -> set[str]:
    """What it was shown of fields that it was shown otherwise since."""
    return {
        str(one.value)
        for one in sights(kept, Fates(kept))
        if one.partner == partner and one.fate.at is not None and (until is None or one.fate.at < until)
    }


def _in_private(events: Sequence[dict[str, Any]], values: set[str], partner: str) -> set[str]:
    """What a partner's people were shown in person."""
    found: dict[str, set[str]] = defaultdict(set)
    for event in events:
        if event["direction"] == "out" and str(event["room"]).startswith("private"):
            found[str(event["partner"])] |= {value for value in values if _stands(value, event["text"])}
    return found[partner]


def test_each_question_is_answered_in_80_columns_and_as_json(played: Played) -> None:
    """The same answer twice: for people, with the entries that prove it, and for programs."""
    folder, _, kept = played
    who = _asked(folder, "who-saw", "a2", "access").out
    assert "withheld from" in who.lower() and "not cleared for it (amber)" in who
    assert "under emric" in who and "accepted as" in who and "A-2" in who
    as_json = json.loads(tocsin(folder, "ask", "X-1", "who-saw", "A-2", "access", *WHY, "--json").out)
    seen = inquiry.who_saw(kept, "A-2", "access").seen
    assert [one["send"] for one in as_json["answer"]["seen"]] == [one.send for one in seen]
    assert as_json["answer"]["seen"][0]["entries"] == list(seen[0].entries)
    silent = _asked(folder, "silent").out
    assert "Never acknowledged" in silent and "on the telephone" in silent
    assert "handed over, accepted by" in _asked(folder, "leads").out
    assert "Of every message it is known" in _asked(folder, "unknown").out
    assert "agreement across that border (be→de)" in " ".join(_asked(folder, "withheld").out.split())


def test_each_person_who_knew_stands_once_and_an_empty_field_was_known_to_nobody(played: Played) -> None:
    """Whoever wrote, confirmed and issued it is one line; the second person is another; a field in which nothing was has neither."""
    folder, _, kept = played
    [issued] = [one.fact for one in kept if isinstance(one.fact, AlertIssued) and one.fact.alert == "A-2"]
    who = " ".join(_asked(folder, "who-saw", "A-2").out.partition("Shown to")[0].split())
    assert f"{issued.person} of {issued.partner} wrote it, " in who and "issued it [" in who
    assert who.count(f" {issued.person} ") == 1
    assert issued.alone or f"{issued.confirmed_by} agreed to it as the second person" in who
    empty = [name for name, value in issued.fields.items() if value is None]
    known = [name for name in empty if inquiry.who_saw(kept, "A-2", name).known]
    assert known
    for name in known:
        told = _asked(folder, "who-saw", "A-2", name).out
        assert "Who knew" not in told and f"Nobody was shown {name} of A-2: nothing was in it." in told
        assert "\nWithheld" not in told


def test_until_is_a_time_of_the_incidents_own_zone(played: Played) -> None:
    """A time of day there, a day and a time, or nothing that can be read, with what would be right."""
    folder, events, _ = played
    at = next(datetime.fromisoformat(e["at"]) for e in events if e["direction"] == "out" and "A-2" in e["text"])
    before, after = f"{at - timedelta(minutes=1):%H:%M}", f"{at + timedelta(minutes=1):%Y-%m-%d %H:%M}"
    assert "A-2" not in _asked(folder, "saw", "drk-aachen", "--until", before).out
    assert "A-2 action" in _asked(folder, "saw", "drk-aachen", "--until", after).out
    for wrong in ("half past two", "25:99", "99999", "0001-01-01 00:00", "9999-12-31 23:59"):
        ran = tocsin(folder, "ask", "X-1", "saw", "drk-aachen", "--until", wrong, *WHY)
        assert (ran.code, ran.out) == (2, "") and "write a time like 14:05" in ran.err and "Brussels" in ran.err


def test_what_was_shown_more_than_once_is_told_by_its_first_time_and_its_last(played: Played) -> None:
    """What a partner saw before a moment: each field stands at the time at which it was first shown, with the last one behind it where that differs."""
    folder, _, kept = played
    told = 0
    for partner in sorted({f.partner for one in kept if isinstance(f := one.fact, Disclosed) and f.partner}):
        fields = inquiry.saw(kept, partner).fields
        assert [one.first_at for one in fields] == sorted(one.first_at for one in fields)
        again = [one for one in fields if f"{one.first_at:%H%M%S}" != f"{one.at:%H%M%S}"]
        if again:
            said = " ".join(_asked(folder, "saw", partner).out.split())
            assert said.count(", last ") == len(again)
        for one in again:
            first, last = (
                f"{each.astimezone(ZoneInfo('Europe/Brussels')):%Y-%m-%d %H:%M:%S}" for each in (one.first_at, one.at)
            )
            assert f" {first} {one.about} " in said and f", last {last.removeprefix(first[:11])} " in said
            told += 1
    assert told


def test_asking_is_recorded_with_the_reason_before_it_is_answered(tmp_path: Path, played: Played) -> None:
    """Who asked what and why stands in the log; without a reason nothing is asked, and a mere reading says that none was given."""
    folder, _, _ = played
    mute = tocsin(folder, "ask", "X-1", "silent")
    assert mute.code == 2 and "--reason" in mute.err and mute.out == ""
    assert tocsin(folder, "log", "X-1").out.endswith("of the log.\n")
    assert tocsin(folder, "log", "X-1", "--reason", "to see").code == 0
    told = _asked(folder, "readings").out
    assert "gave no reason" in told and "because: to see" in told and "from all" in told
    assert "asked who-saw A-2" in told or "asked readings" not in told
    recorded = int(told.rpartition("is entry ")[2].split()[0])
    assert asyncio.run(_kept(folder))[recorded].fact == LogRead("operator", None, "the inquiry", recorded, "readings", recorded)  # fmt: skip
    read = [one.fact for one in asyncio.run(_kept(folder)) if isinstance(one.fact, LogRead)]
    assert (read[-1].question, read[-1].reason, read[-1].person) == ("readings", "the inquiry", "operator")


def test_a_wrong_question_says_what_can_be_asked(played: Played) -> None:
    """No question, another one, too little, too much, an alert, field or partner that is not there: one clear answer, code 2."""
    folder, _, _ = played
    for arguments, words in (
        ((), "who-saw A-17 [FIELD]"),
        (("who",), "saw PARTNER [--until 14:05]"),
        (("who-saw",), "write: who-saw A-17 [FIELD]"),
        (("leads", "A-1"), "write: leads"),
        (("silent", "--until", "14:05"), "--until belongs to `saw`"),
        (("who-saw", "A-99"), "it knows A-1, A-2"),
        (("silent", "A-99"), "it knows A-1, A-2"),
        (("who-saw", "A-2", "zzzz"), "A-2 has no field zzzz; it has access, action"),
        (("who-saw", "A-2", "acces"), "A-2 has no field acces; did you mean `access`? it has"),
        (("saw", "nobody"), "there is no partner nobody; use one of: `aachen-fire`"),
        (("saw", "DRK", "Achen"), "there is no partner drk achen; did you mean `drk-aachen`?"),
    ):
        ran = tocsin(folder, "ask", "X-1", *arguments, *WHY)
        assert ran.code == 2 and words in ran.err, ran.err
    assert "there is no incident I-9" in tocsin(folder, "ask", "I-9", "leads", *WHY).err


@pytest.mark.parametrize("seed", range(12))
def test_a_log_of_which_parts_were_erased_is_asked_as_well(played: Played, seed: int) -> None:
    """Whatever field of whatever entry is gone: what is left is answered, in words and as JSON, and nothing breaks."""
    _, _, kept = played
    chance = Random(seed)
    left = []
    for one in kept:
        values = {path: value for path, value in parts(one.fact).items() if chance.random() > seed / 24}
        left.append(replace(one, fact=from_parts(type(one.fact).__name__, one.fact.V, values)))
    for name, what in (("who-saw", ("A-2", "what")), ("who-saw", ("A-2",)), ("saw", ("liege-fire",)), *_BARE):
        question = QUESTIONS[name]
        answer = question.answer(left, Query(name, what, None), None)
        assert json.dumps(jsonable(answer)) and question.words(Words("X-1", left, None), answer)


def test_of_an_erased_log_nothing_is_denied_for_certain() -> None:
    """Each answer that there is none says that this is as far as the log still tells; a reading whose reason is gone is not said to have had none."""
    read = Kept("I-1", 0, datetime(2026, 11, 22, tzinfo=UTC), None, from_parts("LogRead", 1, {"upto": 7}))
    gone = Kept(
        "I-1", 1, datetime(2026, 11, 22, tzinfo=UTC), None, FieldErased(0, "reason", "operator", "court", "law")
    )
    words = Words("I-1", [read, gone], None)
    for name, what in (*_BARE, ("who-saw", ("A-1",)), ("saw", ("fire",))):
        told = " ".join(QUESTIONS[name].words(words, QUESTIONS[name].answer([read, gone], Query(name, what, None), None)))  # fmt: skip
        assert "as far as the log still tells" in told or name == "readings", name
    assert "gave no reason" not in told and "reason: (erased, entry 1 says why)" in " ".join(
        QUESTIONS["readings"].words(words, inquiry.readings([read, gone]))
    )


def test_nobodys_words_order_a_terminal_about() -> None:
    """Control characters are left out, and words of several lines stay under what they belong to."""
    told = below(["\x1b[2Jgone\n  2026-11-22 14:05:00  aid [1]"], 23)
    assert "\x1b" not in "".join(told) and all(line.startswith(" " * 23) for line in told)


_BARE: Sequence[tuple[str, tuple[str, ...]]] = [
    (name, ()) for name in ("silent", "unknown", "withheld", "leads", "readings")
]


@pytest.mark.parametrize("why", ["enque\u0302te", "a\udcff"], ids=["as a Mac writes it", "half a character"])
def test_a_reason_is_kept_however_it_is_written(played: Played, why: str) -> None:
    """A reason whose accents are characters of their own, or that is no proper text, is recorded as the log writes it, and the answer is given."""
    folder, _, _ = played
    for asked in (("log", "X-1"), ("ask", "X-1", "leads")):
        ran = tocsin(folder, *asked, "--reason", why)
        assert (ran.code, ran.err) == (0, "") and "is entry" in ran.out
