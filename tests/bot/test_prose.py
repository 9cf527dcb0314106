"""Sentences on a terminal."""

from __future__ import annotations

import os
import shutil
import sys

import pytest

from bot import prose


def _terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr(
        shutil, "get_terminal_size", lambda *_, **__: os.terminal_size((columns, 24))
    )  # pytest asks too


def test_a_sentence_fits_the_terminal_and_breaks_no_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines of its width, further ones as far in as is asked for; a name longer than a line stays whole, and what is short is as it was."""
    _terminal(monkeypatch, 40)
    long = "  " + "water " * 20 + "x" * 60
    lines = prose.fitted(long, 4).splitlines()
    assert lines[0].startswith("  water") and all(line.startswith("    ") for line in lines[1:])
    assert all(len(line) <= 40 for line in lines[:-1]) and lines[-1].strip() == "x" * 60
    assert prose.fitted("a  b") == "a  b"


def test_what_is_no_terminal_gets_each_sentence_in_one_line() -> None:
    """A file or another program reads lines."""
    assert prose.fitted("water " * 99) == "water " * 99


def test_a_terminal_that_is_very_narrow_is_left_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words in a column of ten letters could not be read."""
    _terminal(monkeypatch, 10)
    assert prose.fitted("water " * 9) == "water " * 9


@pytest.mark.parametrize("columns", [30, 50, 80, 200])
def test_what_can_be_typed_and_what_it_means_stand_side_by_side_where_there_is_room(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    """No line is longer than the terminal, and what can be typed is never broken."""
    _terminal(monkeypatch, columns)
    pairs = (("room> /ack A-1", "say something " * 8), ("exit", "the end"))
    lines = prose.rows(pairs).splitlines()
    assert all(len(line) <= columns for line in lines)
    assert any(line.startswith("  room> /ack A-1") for line in lines)
    assert ("  exit            the end" in lines) == (columns >= 54)


def test_a_command_begins_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that it can be copied; where all of it fits, it stays where it is."""
    _terminal(monkeypatch, 44)
    line = "Whoever has it can check it without us:  tocsin verify X-1.zip"
    assert prose.fitted(line) == "Whoever has it can check it without us:\n  tocsin verify X-1.zip"
    assert prose.fitted("Check it:  tocsin verify X-1.zip") == "Check it:  tocsin verify X-1.zip"
