"""A rehearsal on the screen: what it says of rooms, days and long tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from bot.cli_transcript import Transcript
from bot.lines import Line, Told, answer_first, together
from bot.pictures import Picture, Row

NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


def shown(capsys: pytest.CaptureFixture[str], *told: Told) -> str:
    """What is printed of these."""
    transcript = Transcript(Console(width=80, highlight=False), {})
    for one in told:
        transcript.show([one])
    return capsys.readouterr().out


def said(at: datetime, direction: str = "out", text: str = "Water") -> Line:
    """Something said."""
    return Line(at, direction, text, "Ada", "city", "city", "telegram")


def test_another_day_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Lines have the time alone; where the day changes it stands above them, and not again until it changes again."""
    day = timedelta(days=1)
    out = shown(capsys, said(NOON), said(NOON + day), said(NOON + day, "in"), said(NOON + 5 * day))
    assert [line for line in out.splitlines() if "2026" in line] == ["Thursday 2026-07-02", "Monday 2026-07-06"]
    assert "\n\nThursday 2026-07-02\n\n12:00" in out


def test_what_follows_words_for_the_spectator_stands_apart(capsys: pytest.CaptureFixture[str]) -> None:
    """A message right after them begins with an empty line, and the next does not."""
    out = shown(capsys, said(NOON, "note", "Now"), said(NOON), said(NOON))
    assert out.count("\n\n12:00") == 1


def test_a_french_sign_begins_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Where a line is broken, the colon stays with the word before it, and spaces stay spaces."""
    out = shown(capsys, said(NOON, text=f"{'a' * 66} abcd : {'b' * 9}"))
    assert "│ abcd : bbb" in out


def test_those_it_was_not_for_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The table has who was shown something or should have been; a room left out says why; forms of one kind stand together."""
    rows = (
        Row("city", "Telegram", ("what", "people (range)", "dead (range)"), ()),
        Row("city", "Matrix, encrypted", ("nothing",), ("names, which is needed: forbidden by line 9",)),
        Row("aid", "", ("nothing",), ("the alert is not for it",), meant=False),
        Row("press", "", ("nothing",), ("the alert is not for it",), meant=False),
    )
    picture = Picture(NOON, "A-1", "Evacuate", "X-1", ("what", "people", "dead"), rows)
    lines = shown(capsys, picture).splitlines()
    assert lines[-1] == "It was not for aid, press."
    flat = " ".join(" ".join(lines).split())
    assert "everything, people, dead only as range" in flat
    assert "which is needed" in flat and "the alert is not for it" not in flat


def test_of_an_edited_message_only_what_is_new_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Its first line says which it is, dots stand for what is there still; what has nothing in common is shown whole."""
    card = Line(
        NOON, "out", "A-1\n2 silent\n• Fire\n• Aid\nAs of 12:05", "Tocsin", "city", "city", "matrix", befell="edited"
    )
    out = shown(capsys, replace(card, before="A-1\n3 silent\n• City\n• Fire\n• Aid\nAs of 12:00"))
    assert [line.strip() for line in out.splitlines()[1:]] == ["│ A-1", "│ 2 silent", "│ …", "│ As of 12:05"]
    assert "edited in city" in out
    assert "• Fire" in shown(capsys, replace(card, before="Draft"))


def test_what_is_carried_is_shown_with_all_that_comes_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Above the words stand what they answer and the file; a removal and a reaction say so, and rooms that saw another thing stand apart."""
    carried = replace(said(NOON, text="Ada · City"), attached="[photo a.jpg, 9 bytes]", answers="où ?")
    out = shown(capsys, carried)
    assert [line.strip() for line in out.splitlines()[1:]] == ["│ ↪ où ?", "│ [photo a.jpg, 9 bytes]", "│ Ada · City"]
    assert "removed from" in shown(capsys, replace(carried, befell="removed"))
    assert "reacts in" in shown(capsys, replace(carried, befell="reacted"))
    assert len(list(together([carried, replace(carried, answers=""), carried]))) == 2


def test_a_long_list_is_cut_short(capsys: pytest.CaptureFixture[str]) -> None:
    """A card that names sixteen silent partners is read by its first; a list of seven stands whole."""
    out = shown(capsys, said(NOON, text="\n".join(["Silent", *(f"• {n}" for n in range(16)), "Next"])))
    assert "│ • 3\n" in out and "• 4" not in out
    assert "│ … 12 more lines like these\n       │ Next" in out
    assert "• 6" in shown(capsys, said(NOON, text="\n".join(f"• {n}" for n in range(7))))


def test_the_answer_comes_first_and_cards_edited_elsewhere_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """What the room says to what was typed, then its own card, then what else came; of other rooms' cards only where they are."""
    elsewhere = [replace(said(NOON, text="5 min left"), room=f"room-{n}", befell="edited") for n in range(6)]
    news = replace(said(NOON, text="News"), room="fire")
    own = replace(said(NOON, text="Card"), befell="edited")
    asked, answer = said(NOON, "in", "/status"), said(NOON, text="Answer")
    first, rest, edited = answer_first([*elsewhere, news], [asked, own, answer])
    assert first == [asked, answer, own] and rest == [news] and edited == elsewhere
    transcript = Transcript(Console(width=80, highlight=False), {})
    transcript.fold(edited)
    transcript.fold([])
    assert capsys.readouterr().out == "       Cards edited in room-0, room-1, room-2, room-3 and 2 more\n"


def test_where_nobody_did_anything_all_is_told_in_its_order() -> None:
    """`wait 5m` is about what happened meanwhile, wherever."""
    edited = replace(said(NOON), befell="edited")
    assert answer_first([edited], [said(NOON)]) == ([edited, said(NOON)], [], [])
