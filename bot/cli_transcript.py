"""What a rehearsal looks like at a terminal: who said what, what each room was shown, and under an alert why no more."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.rehearsal import Line, Picture, Told, together

WIDEST = 100
INDENT = 7


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

    def show(self, news: Sequence[Told]) -> None:
        """Print some news; the same words to several rooms once, with all the rooms."""
        for group in together(news):
            first = group[0]
            if isinstance(first, Picture):
                self.out.print(self._picture(first))
            elif first.direction == "note":
                self.out.print()
                self.out.print(Padding(Text(first.text, style="bold cyan"), (0, 0, 0, 0)))
            else:
                self.out.print(self._said(first, [one for one in group if isinstance(one, Line)]))

    def _said(self, first: Line, group: Sequence[Line]) -> RenderableType:
        clock = f"{first.at:%H:%M}"
        head = Text(f"{clock:<{INDENT}}", style="dim")
        if first.direction == "in":
            head.append(first.sender, style="bold green")
            head.append(f" in {first.room}", style="green")
            head.append(f" ({_network(first.network)})", style="dim")
            return Group(Text(), head, Padding(Text(first.text, style="bold"), (0, 0, 0, INDENT)))
        verb = "edited in" if first.edited else "to"
        head.append(f"{verb} ", style="dim")
        head.append(", ".join(one.room for one in group), style="bold")
        head.append(
            f" ({_network(first.network) if len({one.network for one in group}) == 1 else 'both networks'})",
            style="dim",
        )
        if first.label is not None:
            head.append(f"  TLP:{first.label.upper()}", style="yellow")
        body = Text(first.text)
        if first.buttons:
            body.append("\n" + " ".join(f"[{button}]" for button in first.buttons), style="blue")
        head_padded = Padding(head, (0, 0, 0, 0))
        bar = Text("\n".join("│ " + line for line in _wrapped(body.plain, self.out.width - INDENT - 3)))
        if first.buttons:
            bar.stylize("blue", len(bar) - len(bar.plain.rsplit("\n", 1)[-1]))
        return Group(head_padded, Padding(bar, (0, 0, 0, INDENT)))

    def _picture(self, picture: Picture) -> RenderableType:
        title = Text(f"{picture.alert} {picture.title}: who was shown what, and why no more", style="bold")
        table = Table(box=None, pad_edge=False, show_edge=False, header_style="dim", padding=(0, 2, 0, 0))
        table.add_column("Partner", no_wrap=True)
        table.add_column("Room", style="dim")
        table.add_column("Sees", ratio=2)
        table.add_column("Withheld, and why", ratio=3)
        whole = set(picture.fields)
        for row in picture.rows:
            complete = set(row.sees) == whole
            sees = Text("everything" if complete else ", ".join(row.sees) or "nothing")
            if row.sees and row.sees[0].startswith("nothing"):
                sees.stylize("red")
            table.add_row(row.partner, row.rooms, sees, Text("; ".join(row.withheld)))
        return Group(Text(), Padding(title, (0, 0, 0, 0)), table, Text())


def _network(network: str | None) -> str:
    return {"telegram": "Telegram", "matrix": "Matrix"}.get(network or "", "?")


def _wrapped(text: str, width: int) -> list[str]:
    from textwrap import wrap

    lines: list[str] = []
    for line in text.split("\n"):
        lines += wrap(line, width, break_long_words=True, break_on_hyphens=False) or [""]
    return lines
