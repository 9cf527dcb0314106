"""A rehearsal at a terminal: who said what, what each room was shown, and under an alert why no more."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from datetime import date
from difflib import SequenceMatcher
from itertools import groupby

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from bot.lines import Line, Told, together
from bot.pictures import Picture

WIDEST = 100
INDENT = 7
NAMED = 4
"""Rooms that are named of those whose cards were edited."""
LONG = 7
"""Lines of a list that are printed without leaving any out."""
_BEFELL = {"said": "to ", "edited": "edited in ", "removed": "removed from ", "reacted": "reacts in "}
_SIGN = re.compile(r" (?=[:;?!»])|(?<=«) ")


def console() -> Console:
    """Standard output, 100 columns at most; a pipe gets 100, and no colours."""
    found = Console(highlight=False, markup=False, emoji=False)
    if not found.is_terminal and "COLUMNS" not in os.environ:
        return Console(highlight=False, markup=False, emoji=False, width=WIDEST)
    return Console(highlight=False, markup=False, emoji=False, width=WIDEST) if found.width > WIDEST else found


class Transcript:
    """Prints what is told. ``names`` has the partners' full names by their ids."""

    def __init__(self, out: Console, names: Mapping[str, str]) -> None:
        self.out = out
        self._names = names
        self._day: date | None = None
        self._noted = False

    def show(self, news: Sequence[Told]) -> None:
        """Print some news; the same words to several rooms once, with all the rooms."""
        for group in together(news):
            first = group[0]
            self._date(first.at.date())
            if isinstance(first, Picture):
                self._print(self._picture(first))
            elif first.direction == "note":
                self._print(Text(f"\n{first.text}", style="bold cyan"))
            else:
                if self._noted and first.direction == "out":
                    self._print(Text())
                self._print(self._said(first, [one for one in group if isinstance(one, Line)]))
            self._noted = first.direction == "note"

    def fold(self, edited: Sequence[Line]) -> None:
        """Name, in one line, the rooms in which a card says something else now."""
        rooms = list(dict.fromkeys(one.room for one in edited))
        if rooms:
            more = f" and {len(rooms) - NAMED} more" if len(rooms) > NAMED else ""
            words = f"Cards edited in {', '.join(rooms[:NAMED])}{more}"
            self._print(Text(" " * INDENT + words, style="dim"))

    def _date(self, day: date) -> None:
        """Say which day it is where that is another than at the last line; lines have the time alone."""
        if self._day is not None and day != self._day:
            self._print(Text(f"\n{day:%A %Y-%m-%d}", style="bold"))
            self._noted = True
        self._day = day

    def _print(self, what: RenderableType) -> None:
        """Print without the blanks with which lines are filled up."""
        with self.out.capture() as captured:
            self.out.print(what)
        print("\n".join(line.rstrip(" ") for line in captured.get().split("\n")), end="", flush=True)

    def _said(self, first: Line, group: Sequence[Line]) -> RenderableType:
        grid = Table.grid(padding=0)
        grid.add_column(width=INDENT, style="dim")
        grid.add_column()
        clock = f"{first.at:%H:%M}"
        if first.direction == "in":
            head = Text.assemble(
                (first.sender, "bold green"), (f" in {first.room}", "green"), (f" ({_network(group)})", "dim")
            )
            grid.add_row(clock, head)
            grid.add_row("", Text(first.text, style="bold"))
            return Group(Text(), grid)
        head = Text(_BEFELL[first.befell], style="dim")
        head.append(", ".join(dict.fromkeys(one.room for one in group)), style="bold")
        head.append(f" ({_network(group)})", style="dim")
        if first.label is not None:
            head.append(f"  {first.label}", style="yellow")
        grid.add_row(clock, head)
        answers = f"↪ {first.answers}" if first.answers else ""
        words = "\n".join(filter(None, (answers, first.attached, _shortened(_changed(first)))))
        body = "\n".join("│ " + line for line in _wrapped(words, self.out.width - INDENT - 3))
        grid.add_row("", Text(body))
        if first.buttons:
            grid.add_row("", Text("│ " + " ".join(f"[{button}]" for button in first.buttons), style="blue"))
        return grid

    def _picture(self, picture: Picture) -> RenderableType:
        title = Text(f"{picture.alert} {picture.title}: who was shown what, and why no more", style="bold")
        table = Table(box=None, pad_edge=False, show_edge=False, header_style="dim", padding=(0, 2, 0, 0))
        table.add_column("Partner", no_wrap=True)
        table.add_column("Room", style="dim")
        table.add_column("Sees", ratio=4)
        table.add_column("Withheld, and why", ratio=5)
        unmeant = [row.partner for row in picture.rows if not row.meant]
        for row in (row for row in picture.rows if row.meant):
            nothing = row.sees[:1] in (("nothing",), ("nothing: held back",))
            sees = Text(_in_short(row.sees, picture.fields), style="red" if nothing else "")
            table.add_row(row.partner, row.rooms, sees, Text("; ".join(row.withheld)))
        others = [Text(f"It was not for {', '.join(unmeant)}.", style="dim")] if unmeant else []
        return Group(Text(), title, table, *others)


def _in_short(sees: Sequence[str], fields: Sequence[str]) -> str:
    """``all but people`` where that is shorter; a coarser form is always named."""
    coarser: dict[str, list[str]] = {}
    for one in sees:
        name, _, form = one.partition(" (")
        if one not in fields and form:
            coarser.setdefault(form.rstrip(")"), []).append(name)
    named = {one.partition(" ")[0] for one in sees}
    missing = [name for name in fields if name not in named]
    if len(fields) < 3 or len(missing) > 2 or not named & set(fields):
        return ", ".join(sees) or "nothing"
    start = f"all but {', '.join(missing)}" if missing else "everything"
    roughly = [f"{', '.join(names)} only as {form}" for form, names in coarser.items()]
    return ", ".join([start, *roughly]) if not missing else "; ".join([start, *roughly])


def _changed(line: Line) -> str:
    """What a message says; of an edited one its first line and what is new, with dots for what stands there still."""
    new = line.text.split("\n")
    old = (line.before or "").split("\n")
    if not set(old) & set(new):
        return line.text
    told = new[:1]
    for op, _, _, start, end in SequenceMatcher(None, old[1:], new[1:], autojunk=False).get_opcodes():
        lines = ["…"] if op == "equal" else new[start + 1 : end + 1]
        told += [] if lines == ["…"] == told[-1:] else lines
    return "\n".join(told)


def _shortened(text: str) -> str:
    """A long list with its first names and how many more there are; the room has them all."""
    told: list[str] = []
    for is_list, lines in groupby(text.split("\n"), key=lambda line: line.startswith("• ")):
        run = list(lines)
        cut = is_list and len(run) > LONG
        told += [*run[: LONG - 3], f"… {len(run) - LONG + 3} more lines like these"] if cut else run
    return "\n".join(told)


def _network(group: Sequence[Line]) -> str:
    named = {one.network or "" for one in group}
    return named.pop().capitalize() if len(named) == 1 else "both networks"


def _wrapped(text: str, width: int) -> list[str]:
    from textwrap import wrap

    lines: list[str] = []
    for line in text.split("\n"):
        # Only white space of ASCII is broken at: French has a space before its signs, and no line begins with one.
        line = _SIGN.sub("\N{NO-BREAK SPACE}", line)
        lines += wrap(line, width, break_long_words=True, break_on_hyphens=False) or [""]
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]
