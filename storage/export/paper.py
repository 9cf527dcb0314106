"""Text on pages, from the top down: headings, paragraphs, rows of a table. A page leaves for the file when it is full.

Sizes and places are in points (1/72 inch), from the lower left. Each page has its furniture: what it is of and for whom on top, EXERCISE where it is one,
and "3 / 12" below. What is written is tagged as what it is (``tags``): rows that follow each other are one table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from playbooks.phrasing import legible
from storage.export.glyphs import Fonts, Style
from storage.export.pdf_file import HEIGHT, WIDTH, PdfFile, drawn
from storage.export.tags import MOST_ROWS, Element, Role, Scope
from storage.export.wrapping import Line, wrapped

MARGIN = 51.0
TOP, BOTTOM = HEIGHT - 62.0, 50.0
INNER = WIDTH - 2 * MARGIN
BODY = 9.0
SMALL = 7.5
_LEADING = 1.32
_PADDING = 3.0
_GREY, _RED = "0.45", "0.78 0.09 0.09"


@dataclass(frozen=True, slots=True)
class Furniture:
    """What stands on each page. ``banner``: in red, in the middle of the top; empty for none."""

    left: str
    right: str
    banner: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one column of a row."""

    text: str
    style: Style = "regular"


class Paper:
    """A document in the making, in a ``language`` (BCP 47). Write to it from the top down, then ``close``."""

    def __init__(self, out: BinaryIO, furniture: Furniture, language: str = "en-GB") -> None:
        self._fonts = Fonts()
        self._file = PdfFile(out, self._fonts, language)
        self._furniture = furniture
        self._parts: list[bytes] = []
        self._y = TOP
        self._open = False
        self._table: tuple[Element, Element] | None = None
        """The table that the last row is of, and the part of it that is being filled."""

    def furnish(self, furniture: Furniture) -> None:
        """What stands on the pages from the next on, which begins now."""
        self.turn()
        self._furniture = furniture

    def close(self, title: str) -> None:
        """End the last page, and the file."""
        if not self._open and not self._file.pages:
            self._begin()
        self._end_table()
        self.turn()
        total = str(self._file.pages)
        self._file.close(title, self._fonts.line(total, "regular"), SMALL)

    def turn(self) -> None:
        """End this page, if anything is on it."""
        if self._open:
            self._file.page(b"".join(self._parts))
            self._parts, self._open, self._y = [], False, TOP

    def room(self, height: float) -> None:
        """Begin another page unless so much is left on this one."""
        if self._open and self._y - height < BOTTOM:
            self.turn()
        if not self._open:
            self._begin()

    def skip(self, height: float) -> None:
        """Leave some white, unless the page is new."""
        if self._open and self._y < TOP:
            self._y -= height

    def title(self, text: str) -> None:
        """What the document is."""
        self._flow("H1", text, "bold", 17, MARGIN, INNER)
        self.skip(4)

    def heading(self, text: str) -> None:
        """A part begins; viewers list it. It does not stand alone at the foot of a page."""
        self.skip(12)
        self.room(120)
        self._file.mark(text)
        self._flow("H2", text, "bold", 12, MARGIN, INNER)
        self.line()
        self.skip(4)

    def para(self, text: str, *, style: Style = "regular", size: float = BODY, indent: float = 0) -> None:
        """Words in as many lines as they need."""
        self._flow("P", text, style, size, MARGIN + indent, INNER - indent)
        self.skip(2)

    def line(self, grey: str = "0.7") -> None:
        """A thin line across the page."""
        with self._marked(None):
            self._parts.append(
                f"{grey} G 0.5 w {MARGIN:.2f} {self._y - 1:.2f} m {MARGIN + INNER:.2f} {self._y - 1:.2f} l S\n".encode()
            )
        self._y -= 3

    def row(
        self, cells: Sequence[Cell], columns: Sequence[float], *, size: float = BODY, heading: Sequence[Cell] = ()
    ) -> None:
        """A row of a table over columns of these widths; it goes on overleaf where it must, and then ``heading`` stands above it."""
        row = self._file.tags.element("TR", self._rows())
        scope: Scope = "Column" if all(cell.style == "bold" for cell in cells) else "Row"
        tagged = [
            self._file.tags.element("TH", row, scope) if cell.style == "bold" else self._file.tags.element("TD", row)
            for cell in cells
        ]
        self._row(cells, columns, size, heading, tagged)
        for one in (*tagged, row):
            self._file.tags.end(one)

    def _row(
        self,
        cells: Sequence[Cell],
        columns: Sequence[float],
        size: float,
        heading: Sequence[Cell],
        tagged: Sequence[Element | None],
    ) -> None:
        lines = [
            list(wrapped(self._fonts, cell.text, cell.style, width - 2 * _PADDING, size))
            for cell, width in zip(cells, columns, strict=True)
        ]
        leading = size * _LEADING
        many = max(map(len, lines), default=0)
        at = 0
        while True:
            self.room(leading * min(many - at, 2) + 2 * _PADDING)
            if heading and self._y == TOP:
                again = [Cell(cell.text, "bold") for cell in heading]
                self._row(again, columns, size, (), [None] * len(again))  # it was read out where the table begins
            fit = max(1, int((self._y - BOTTOM - 2 * _PADDING) / leading))
            top = self._y
            x = MARGIN
            for cell, column, width, element in zip(cells, lines, columns, tagged, strict=True):
                with self._marked(element, any(line.text for line in column[at : at + fit])):
                    for number, line in enumerate(column[at : at + fit]):
                        y = top - _PADDING - size - number * leading + 1.5
                        self._draw(line, cell.style, size, x + _PADDING, y)
                x += width
            self._y = top - leading * min(many - at, fit) - 2 * _PADDING
            self.line("0.87")
            at += fit
            if at >= many:
                return
            self.turn()

    def boxes(self, blocks: Sequence[tuple[str, str]], columns: Sequence[float], *, size: float = BODY) -> None:
        """Blocks of a form beside each other: the label, small, and what is in it, in a frame. They go on overleaf where they must."""
        lines = [
            list(wrapped(self._fonts, text, "regular", width - 2 * _PADDING, size))
            for (_, text), width in zip(blocks, columns, strict=True)
        ]
        leading, head = size * _LEADING, SMALL * _LEADING + _PADDING
        self._end_table()
        tagged = [self._file.tags.element("P", self._file.tags.document) for _ in blocks]
        many = max(map(len, lines), default=1)
        at = 0
        while at < many:
            self.room(head + leading + 2 * _PADDING)
            fit = min(many - at, max(1, int((self._y - BOTTOM - head - 2 * _PADDING) / leading)))
            top, x = self._y, MARGIN
            tall = head + fit * leading + 2 * _PADDING
            for (label, _), column, width, element in zip(blocks, lines, columns, tagged, strict=True):
                with self._marked(element):
                    self._draw(Line(label), "bold", SMALL, x + _PADDING, top - SMALL - _PADDING + 1)
                    for number, words in enumerate(column[at : at + fit]):
                        self._draw(words, "regular", size, x + _PADDING, top - head - size - number * leading)
                with self._marked(None):
                    frame = f"0.4 G 0.6 w {x:.2f} {top - tall:.2f} {width:.2f} {tall:.2f} re S\n"
                    self._parts.append(frame.encode())
                x += width
            self._y = top - tall
            at += fit
        for element in tagged:
            self._file.tags.end(element)

    # -- what is what --------------------------------------------------------------------------------------------------

    def _rows(self) -> Element:
        """Where the next row of a table belongs: into the table of the row before, or into a new one."""
        tags = self._file.tags
        if self._table is None:
            table = tags.element("Table", tags.document)
            self._table = table, tags.element("TBody", table)
        table, body = self._table
        if len(body.kids) == MOST_ROWS:
            tags.end(body)
            body = tags.element("TBody", table)
            self._table = table, body
        return body

    def _end_table(self) -> None:
        if self._table is not None:
            table, body = self._table
            self._file.tags.end(body)
            self._file.tags.end(table)
            self._table = None

    @contextmanager
    def _marked(self, element: Element | None, anything: bool = True) -> Iterator[None]:
        """What is drawn inside belongs to this element, or to none. ``anything``: whether something will be."""
        if not anything:
            yield
            return
        if element is None:
            self._parts.append(b"/Artifact BMC\n")
        else:
            number = self._file.tags.piece(element, self._file.current)
            self._parts.append(f"/{element.role}<</MCID {number}>>BDC\n".encode())
        yield
        self._parts.append(b"EMC\n")

    # -- lines ---------------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._open, self._y = True, TOP
        what = self._furniture
        with self._marked(None):
            self._draw(self._short(what.left, 0.55 * INNER), "regular", SMALL, MARGIN, HEIGHT - 36, _GREY)
            right = self._short(what.right, 0.42 * INNER)
            x = WIDTH - MARGIN - self._fonts.width(right.text, "regular") * SMALL / 1000
            self._draw(right, "regular", SMALL, x, HEIGHT - 36, _GREY)
            if what.banner:
                self._draw(Line(what.banner), "bold", BODY, MARGIN, HEIGHT - 49, _RED)
                self._draw(Line(what.banner), "bold", BODY, MARGIN, 22, _RED)
            count = f"{self._file.pages + 1} / "
            x = WIDTH - MARGIN - 40
            self._draw(Line(count), "regular", SMALL, x, 34, _GREY)
            x += self._fonts.width(count, "regular") * SMALL / 1000
            self._parts.append(f"q {_GREY} g 1 0 0 1 {x:.2f} 34 cm /Total Do Q\n".encode())

    def _flow(self, role: Role, text: str, style: Style, size: float, x: float, width: float) -> None:
        self._end_table()
        element = self._file.tags.element(role, self._file.tags.document)
        for line in wrapped(self._fonts, text, style, width, size):
            self.room(size * _LEADING)
            with self._marked(element, bool(line.text)):
                self._draw(line, style, size, x, self._y - size)
            self._y -= size * _LEADING
        self._file.tags.end(element)

    def _draw(self, line: Line, style: Style, size: float, x: float, y: float, colour: str = "0") -> None:
        if not line.text:
            return
        runs = self._fonts.line(line.text, style, line.levels)
        ink = "g" if " " not in colour else "rg"
        self._parts.append(f"{colour} {ink} BT ".encode() + drawn(runs, size, x, y) + b"ET\n")

    def _short(self, text: str, width: float) -> Line:
        """One line of at most this width."""
        line = next(wrapped(self._fonts, text, "regular", width, SMALL), Line(""))
        return line if line.text.split() == legible(text).split() else Line(f"{line.text} …")
