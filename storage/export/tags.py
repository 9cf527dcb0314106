"""What the parts of a PDF are, for programs that read it aloud: headings, paragraphs, tables with their rows and cells ("tagged PDF", ISO 32000-1 §14.7, §14.8).

Each piece of text on a page has a number there, and belongs to an element; elements form a tree, ``Document`` on top. An element is written when it is
complete, so that a long table costs the memory of its rows' numbers only, and no more than ``MOST_ROWS`` of those. What belongs to none (lines, what
stands on top of every page) is an artifact.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal

Role = Literal["Document", "H1", "H2", "P", "Table", "TBody", "TR", "TH", "TD"]

MOST_ROWS = 500
"""Rows of a table that are kept under one element."""

Scope = Literal["Row", "Column"]
"""What a head of a table is the head of."""


@dataclass(slots=True)
class Element:
    """A part of the document. ``kids``: the objects of the elements in it; ``pieces``: (page's object, number there) of the text in it."""

    number: int
    role: Role
    parent: int
    scope: Scope | None = None
    kids: array[int] = field(default_factory=lambda: array("Q"))
    pieces: list[tuple[int, int]] = field(default_factory=list)


class Tags:
    """The tree of one document. ``reserve`` gives the number of an object that is written later, ``write`` writes one."""

    def __init__(self, reserve: Callable[[], int], write: Callable[[bytes, int], None]) -> None:
        self._reserve = reserve
        self._write = write
        self.root = reserve()
        self.document = Element(reserve(), "Document", self.root)
        self._of_pages = array("Q")
        self._on_page = array("Q")

    def element(self, role: Role, parent: Element, scope: Scope | None = None) -> Element:
        """Begin an element; ``end`` it when nothing more comes into it."""
        begun = Element(self._reserve(), role, parent.number, scope)
        parent.kids.append(begun.number)
        return begun

    def piece(self, element: Element, page: int) -> int:
        """The number on this page (its object) of the next piece of text, which belongs to the element."""
        self._on_page.append(element.number)
        element.pieces.append((page, len(self._on_page) - 1))
        return len(self._on_page) - 1

    def turn(self) -> int:
        """The page ends. Its number among pages, from 0, as ``/StructParents`` has it."""
        listed = self._reserve()
        self._write(b"[" + _references(self._on_page) + b"]", listed)
        self._of_pages.append(listed)
        self._on_page = array("Q")
        return len(self._of_pages) - 1

    def end(self, element: Element) -> None:
        """Write an element."""
        pages = [(page, [piece for _, piece in some]) for page, some in groupby(element.pieces, key=lambda one: one[0])]
        first = pages[0][0] if pages else None
        kids = [_references(element.kids)]
        for page, pieces in pages:
            if page == first:
                kids.append(" ".join(map(str, pieces)).encode())
            else:
                kids += [f"<</Type/MCR/Pg {page} 0 R/MCID {piece}>>".encode() for piece in pieces]
        where = f"/Pg {first} 0 R" if first is not None else ""
        scope = f"/A<</O/Table/Scope/{element.scope}>>" if element.scope is not None else ""
        head = f"<</Type/StructElem/S/{element.role}/P {element.parent} 0 R{where}{scope}/K[".encode()
        self._write(head + b" ".join(one for one in kids if one) + b"]>>", element.number)

    def close(self) -> None:
        """The document ends: write what holds the tree together."""
        self.end(self.document)
        listed = self._reserve()
        numbers = " ".join(f"{page} {number} 0 R" for page, number in enumerate(self._of_pages))
        self._write(f"<</Nums[{numbers}]>>".encode(), listed)
        head = f"<</Type/StructTreeRoot/K {self.document.number} 0 R/ParentTree {listed} 0 R/ParentTreeNextKey {len(self._of_pages)}>>"
        self._write(head.encode(), self.root)


def _references(numbers: array[int]) -> bytes:
    return " ".join(f"{number} 0 R" for number in numbers).encode()
