"""A log told at a terminal: in few lines, in plain words, in the playbook's time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.told import Telling
from playbooks.rooms import RoomRef
from storage import facts as f
from storage.store import Kept, Summary
from tests.playbooks.small import SMALL, read

BOOK = read(SMALL)
NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
SUMMARY = Summary("I-1", NOON, None, "small", None, 9)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines are folded where the terminal ends: here, whoever runs the tests, after a hundred columns."""
    monkeypatch.setenv("COLUMNS", "100")


def room(number: int) -> RoomRef:
    """One room on either network."""
    return RoomRef("telegram", str(number)) if number % 2 else RoomRef("matrix", f"!{number}:example.org")


def shown(number: int, about: str = "A-1", **fields: object) -> f.Disclosed:
    """A message to a room."""
    return f.Disclosed(f"s{number}", about, f"p{number}", room(number), "en", "TLP:AMBER", 1, fields)


def told(*facts: f.Fact, apart: timedelta = timedelta(0)) -> list[str]:
    """The lines of a log of these facts."""
    kept = [Kept("I-1", number, NOON + number * apart, BOOK.digest, fact) for number, fact in enumerate(facts)]
    telling = Telling("I-1", SUMMARY, kept, BOOK)
    return [*telling.heading(), *telling.lines()]


def test_what_left_together_is_one_line() -> None:
    """The sends of one alert are one line with counts; a failure between them, and what belongs to others, stays single."""
    sent = [f.MessageSent(f"s{number}", room(number), f"m{number}") for number in range(5)]
    failed = f.MessageRefused("s9", room(3), "the bot was thrown out")
    alone = f.MessageSent("s5", room(5), "m5")
    said = told(*(shown(number) for number in range(5)), shown(5, "A-2"), *sent[:2], failed, *sent[2:], alone)
    lines = [line for line in said if "sent to" in line or "Refused" in line]
    assert len(lines) == 3
    assert "A-1 sent to 5 rooms: 3 on Matrix, 2 on Telegram" in lines[0]
    assert "Refused by p3 (Telegram): the bot was thrown out" in lines[1]
    assert "A-2 sent to p5 (Telegram)" in lines[2]


def test_rooms_are_counted_and_not_messages() -> None:
    """Of each network the rooms are told, so that the numbers add up; that there were more messages than rooms is told apart."""
    sent = [f.MessageSent(f"s{number % 4}", room(number % 4 % 3), f"m{number}") for number in range(8)]
    [line] = [line for line in told(*(shown(number) for number in range(4)), *sent) if "sent to" in line]
    assert "A-1 sent to 3 rooms: 2 on Matrix, 1 on Telegram, in 8 messages" in line


def test_what_left_later_is_another_line() -> None:
    """Messages about the same alert that leave minutes apart are not told as one."""
    facts = [shown(0), f.MessageSent("s0", room(0), "m0"), f.MessageSent("s0", room(0), "m0")]
    said = told(*facts, apart=timedelta(minutes=5))
    assert sum("A-1 sent to" in line for line in said) == 2


def test_plain_words() -> None:
    """Reasons are words and not codes, built-in fields are called by their names, and what is exact is not said to be."""
    reason = {"field": "victims", "why": "ceiling", "rule": 3, "detail": "red"}
    left_out = {"status": "shown", "rooms": ["matrix:!1:x.org"], "left_out": {"telegram:-7": reason}}
    lines = "\n".join(
        told(
            shown(
                1,
                _title={"form": "exact", "value": "Flood", "rule": 1},
                people={"form": "range", "value": "50-199", "rule": 2},
                what={"withheld": "no-permit", "rule": None},
                victims={"withheld": "clearance", "rule": None, "detail": "red"},
            ),
            f.AlertAddressed(
                "A-1", {"fire": {"status": "unselected"}, "city": {"status": "roomless"}, "press": left_out}
            ),
            f.CommandRefused("P-1", "fire", room(1), "/alert evacuation", "not-theirs", "small:7"),
            f.CopyHeld("A-1", "fire", "what", "no-permit", None),
            f.DangerDeclared("P-1", "fire", "A dyke broke", NOON + timedelta(hours=24), "small:7"),
        )
    )
    said = " ".join(lines.split())
    assert "shows title, people only as a range" in said
    assert "withholds what: no rule shares it" in said
    assert "withholds victims: not cleared for TLP:RED" in said
    assert "not meant for: fire" in said
    assert "nothing in press (Telegram): victims, which is needed: its network may not carry TLP:RED" in said
    assert "until 2026-07-02 " in said
    assert "which is not theirs to do (small, line 7)" in said
    for code in ("no-permit", "unselected", "roomless", "_title", "not-theirs"):
        assert code not in said


@pytest.mark.parametrize(("columns", "widest"), [(80, 80), (120, 100), (20, 60)])
def test_lines_fit_the_terminal(monkeypatch: pytest.MonkeyPatch, columns: int, widest: int) -> None:
    """No line is wider than the terminal, nor than a hundred columns, nor is it folded so narrow that nothing of it can be read."""
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = told(
        f.NoteAdded("P-1", None, room(1), "a word and another " * 20), shown(1, what={"form": "exact", "value": 1})
    )
    assert widest - 12 < max(map(len, lines[2:])) <= widest
    assert lines[3].startswith(" " * 27 + "word")


def test_times_are_the_playbooks() -> None:
    """Times are those of the playbook's zone, which is named once."""
    said = told(f.NoteAdded("P-1", None, room(1), "x"))
    zone = str(BOOK.playbook.timezone)
    assert said[0].endswith(f"times in {zone}.")
    assert f"{NOON.astimezone(BOOK.playbook.timezone):%Y-%m-%d %H:%M}" in said[-1]


def test_what_was_erased_says_so() -> None:
    """Fields of which nothing is held any more are told as erased, and never as "None"; messages into such rooms are told together as ever."""
    gone = {"send": None, "room": None, "message": None}
    sent = [replace(f.MessageSent("s", room(1), "m"), **gone) for _ in range(3)]
    said = "\n".join(
        told(
            replace(f.PersonEnrolled("P-1", "Ada", "fire", "liaison", "telegram:1", "V-1"), name=None, identity=None),
            *sent,
        )
    )
    assert "(erased) ((erased)) enrolled as P-1" in said
    assert "None" not in said
    assert "Messages sent to rooms that were erased, in 3 messages (the last is entry" in said


def test_an_entry_says_which_of_its_fields_was_erased() -> None:
    """Under the entry, with the number of that which says why; what went in many entries stands above all of them."""
    issued = f.AlertIssued(
        "A-1", "D-1", "flood", "fire", "P-1", "P-2", False, "law", "b:9", ("be",), None, None, {"where": "quay"}
    )
    erased = f.FieldErased(0, "fields/what", "operator", "she asked", "GDPR art. 17(1)")
    person = f.PersonErased("P-3", "operator", "she asked", "GDPR art. 17(1)", 5)
    said = told(issued, erased, person, f.LogErased(30, "operator", "time is over", 3))
    place = next(number for number, line in enumerate(said) if "A-1 issued" in line)
    below = [line.strip() for line in said[place + 1 : place + 3]]
    assert below == ["where: quay", "what: (erased, entry 1 says why)"]
    above = "\n".join(said[:place])
    assert "What was held of P-3 was erased, in 5 entries: entry 2 says why." in above
    assert "Whatever the first 3 entries held was erased: entry 3 says why." in above


def test_a_terminal_is_told_nothing_that_it_would_obey() -> None:
    """Control characters in what people wrote do not reach the terminal."""
    said = "\n".join(told(f.NoteAdded("P-1", None, room(1), "all \x1b[2Jgone\x07")))
    assert "all [2Jgone" in said
