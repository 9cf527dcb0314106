"""A PDF written as it goes: each page leaves for the file when it is full, and only the places of the objects are kept.

ISO 32000-1 (PDF 1.7), with nothing in it that was not asked for: no date, no name of a program, an ``ID`` made of the content. So the same content has the
same bytes. How many pages there are is known at the end only; every page shows a form (``Total``) that is written then. Fonts are cut down to the
glyphs that were used (TrueType or CFF inside Type 0 fonts, by glyph number), each with a table that tells its characters, so that text can be found and copied.
What the parts of the document are (``tags``) takes many small objects, which are packed together (object streams, §7.5.7, §7.5.8).
"""

from __future__ import annotations

import struct
import zlib
from array import array
from collections.abc import Sequence
from hashlib import sha256
from itertools import groupby
from typing import BinaryIO

from storage.export.glyphs import Font, Fonts, Run
from storage.export.tags import Tags

WIDTH, HEIGHT = 595.28, 841.89
"""A4, in points."""

_CATALOG, _PAGES, _RESOURCES, _TOTAL, _INFO, _OUTLINES = range(1, 7)
_FIRST_FREE = 7

_TOGETHER = 500
"""Pages under one node of the page tree."""

_PACKED = 200
"""Small objects in one stream."""

_IN_STREAM = 1 << 63
"""The mark of an object that has its place in another: ``_IN_STREAM | its number << 16 | the place in it``."""


class PdfFile:
    """The objects of one document, in a ``language`` (BCP 47). Call ``page`` for each page, then ``close``."""

    def __init__(self, out: BinaryIO, fonts: Fonts, language: str) -> None:
        self._out = out
        self._language = language
        self._fonts = fonts
        self._at = 0
        self._hash = sha256()
        self._places = array("Q", [0] * _FIRST_FREE)
        self._pages = array("Q")
        self._nodes: list[int] = []
        self._marks: list[tuple[str, int]] = []
        self._packed: list[tuple[int, bytes]] = []
        self.tags = Tags(self._reserved, self._small)
        self.current = self._reserved()
        """The object of the page that is written next."""
        self._write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")

    @property
    def pages(self) -> int:
        """How many pages were written."""
        return len(self._pages)

    def mark(self, title: str) -> None:
        """An entry of the table of contents that viewers show: the page that is written next."""
        self._marks.append((title, len(self._pages)))

    def page(self, content: bytes) -> None:
        """Write a page."""
        if len(self._pages) % _TOGETHER == 0:
            self._nodes.append(self._reserved())
        stream = self._stream(content, "")
        self._pages.append(
            self._object(
                f"<</Type/Page/Parent {self._nodes[-1]} 0 R/MediaBox[0 0 {WIDTH} {HEIGHT}]/Resources {_RESOURCES} 0 R"
                f"/Contents {stream} 0 R/StructParents {self.tags.turn()}/Tabs/S>>".encode(),
                self.current,
            )
        )
        self.current = self._reserved()

    def close(self, title: str, total: Sequence[Run], size: float) -> None:
        """Write what is known at the end. ``total``: the number of pages, as it stands behind the page's own in this size."""
        form = b"BT " + drawn(total, size, 0, 0) + b"ET"
        self._stream(form, f"/Type/XObject/Subtype/Form/BBox[-1 -4 99 {size:.1f}]/Resources {_RESOURCES} 0 R", _TOTAL)
        names = "".join(
            f"/F{number} {self._font(font)} 0 R" for number, font in enumerate(self._fonts.all) if font.used
        )
        self._object(f"<</Font<<{names}>>/XObject<</Total {_TOTAL} 0 R>>>>".encode(), _RESOURCES)
        for number, node in enumerate(self._nodes):
            some = self._pages[number * _TOGETHER : (number + 1) * _TOGETHER]
            self._object(_node(some, len(some), f"/Parent {_PAGES} 0 R"), node)
        self._object(_node(self._nodes, len(self._pages)), _PAGES)
        self._outlines()
        self.tags.close()
        self._object(
            f"<</Type/Catalog/Pages {_PAGES} 0 R/Outlines {_OUTLINES} 0 R/Lang({self._language})/MarkInfo<</Marked true>>"
            f"/StructTreeRoot {self.tags.root} 0 R/ViewerPreferences<</DisplayDocTitle true>>>>".encode(),
            _CATALOG,
        )
        self._object(b"<</Title " + text_string(title) + b">>", _INFO)
        self._small(b"null", self.current)  # there is no such page
        self._pack()
        self._table()

    def _table(self) -> None:
        """Where each object is: a cross-reference stream. It is the last object, and its own place is in it."""
        number, start = self._reserved(), self._at
        self._places[number] = start
        rows = b"".join(map(_place, self._places))
        name = self._hash.hexdigest()[:32]
        head = f"/Type/XRef/Size {len(self._places)}/W[1 5 2]/Root {_CATALOG} 0 R/Info {_INFO} 0 R/ID[<{name}><{name}>]"
        self._stream(rows, head, number)
        self._write(f"startxref\n{start}\n%%EOF\n".encode())

    def _outlines(self) -> None:
        first = len(self._places)
        for number, (title, page) in enumerate(self._marks):
            before = f"/Prev {first + number - 1} 0 R" if number else ""
            after = f"/Next {first + number + 1} 0 R" if number + 1 < len(self._marks) else ""
            aim = self._pages[min(page, len(self._pages) - 1)]
            self._object(
                b"<</Title "
                + text_string(title)
                + f"/Parent {_OUTLINES} 0 R{before}{after}/Dest[{aim} 0 R/Fit]>>".encode()
            )
        ends = (
            f"/First {first} 0 R/Last {first + len(self._marks) - 1} 0 R/Count {len(self._marks)}"
            if self._marks
            else ""
        )
        self._object(f"<</Type/Outlines{ends}>>".encode(), _OUTLINES)

    def _font(self, font: Font) -> int:
        used = sorted(font.used)
        tag = "".join(chr(65 + byte % 26) for byte in sha256(repr(used).encode()).digest()[:6])
        name = f"{tag}+{font.name}"
        data, outlined = font.subset()
        file = self._stream(data, f"/Length1 {len(data)}" if outlined else "/Subtype/CIDFontType0C")
        key, kind = ("FontFile2", "2/CIDToGIDMap/Identity") if outlined else ("FontFile3", "0")
        scale = 1000 / font.face.upem
        box = [round(one * scale) for one in struct.unpack(">4h", font.face.reference_table("head").data[36:44])]
        up, down = (round(one * scale) for one in struct.unpack(">2h", font.face.reference_table("hhea").data[4:8]))
        described = self._object(
            f"<</Type/FontDescriptor/FontName/{name}/Flags 4/FontBBox[{' '.join(map(str, box))}]/ItalicAngle 0"
            f"/Ascent {up}/Descent {down}/CapHeight 729/StemV 80/{key} {file} 0 R>>".encode()
        )
        widths = "".join(f"{number}[{font.width(number)}]" for number in used)
        descendant = self._object(
            f"<</Type/Font/Subtype/CIDFontType{kind}/BaseFont/{name}/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)"
            f"/Supplement 0>>/FontDescriptor {described} 0 R/DW 1000/W[{widths}]>>".encode()
        )
        told = self._stream(_characters(font), "")
        return self._object(
            f"<</Type/Font/Subtype/Type0/BaseFont/{name}/Encoding/Identity-H/DescendantFonts[{descendant} 0 R]"
            f"/ToUnicode {told} 0 R>>".encode()
        )

    def _stream(self, data: bytes, entries: str, number: int | None = None) -> int:
        packed = zlib.compress(data, 9)
        head = f"<</Filter/FlateDecode/Length {len(packed)}{entries}>>\nstream\n".encode()
        return self._object(head + packed + b"\nendstream", number)

    def _object(self, body: bytes, number: int | None = None) -> int:
        if number is None:
            number = self._reserved()
        self._places[number] = self._at
        self._write(f"{number} 0 obj\n".encode() + body + b"\nendobj\n")
        return number

    def _small(self, body: bytes, number: int) -> None:
        """Write an object that is no stream together with others."""
        self._packed.append((number, body))
        if len(self._packed) == _PACKED:
            self._pack()

    def _pack(self) -> None:
        if not self._packed:
            return
        places, bodies, stream = [], b"", self._reserved()
        for place, (number, body) in enumerate(self._packed):
            places.append(f"{number} {len(bodies)}")
            bodies += body + b"\n"
            self._places[number] = _IN_STREAM | stream << 16 | place
        head = " ".join(places).encode() + b"\n"
        self._stream(head + bodies, f"/Type/ObjStm/N {len(places)}/First {len(head)}", stream)
        self._packed = []

    def _reserved(self) -> int:
        """The number of an object that is written later."""
        self._places.append(0)
        return len(self._places) - 1

    def _write(self, data: bytes) -> None:
        self._hash.update(data)
        self._at += len(data)
        self._out.write(data)


def _place(place: int) -> bytes:
    """A row of the cross-reference stream: free, at this byte, or in another object."""
    if place & _IN_STREAM:
        return struct.pack(">BxIH", 2, (place ^ _IN_STREAM) >> 16, place & 0xFFFF)
    return (b"\1" if place else b"\0") + place.to_bytes(5, "big") + bytes(2)


def _node(kids: Sequence[int], pages: int, parent: str = "") -> bytes:
    listed = " ".join(f"{kid} 0 R" for kid in kids)
    return f"<</Type/Pages{parent}/Count {pages}/Kids[{listed}]>>".encode()


def drawn(runs: Sequence[Run], size: float, x: float, y: float) -> bytes:
    """Runs from a place on, inside ``BT`` … ``ET``."""
    parts = [f"1 0 0 1 {x:.2f} {y:.2f} Tm\n"]
    for font, together in groupby(runs, key=lambda run: run.font):
        parts.append(f"/F{font} {size:g} Tf\n")
        for plain, some in groupby(together, key=lambda run: bool(run.numbers)):
            if plain:
                parts.append(f"<{''.join(run.numbers for run in some)}>Tj\n")
            else:
                parts += [_shifted(run, size) for run in some]
    return "".join(parts).encode()


def _shifted(run: Run, size: float) -> str:
    """Glyphs that do not all stand beside each other as they are."""
    parts = ["["]
    raised = 0
    for glyph in run.glyphs:
        if glyph.up != raised:
            parts.append(f"]TJ {glyph.up * size / 1000:.2f} Ts[")
            raised = glyph.up
        parts.append(f"{-glyph.right}<{glyph.number:04X}>{glyph.width + glyph.right - glyph.advance} ")
    return "".join([*parts, "]TJ\n", "0 Ts\n" if raised else ""])


def text_string(text: str) -> bytes:
    """A text string outside pages, as UTF-16."""
    return b"<FEFF" + text.encode("utf-16-be", "replace").hex().upper().encode() + b">"


def _characters(font: Font) -> bytes:
    """Which characters each glyph stands for (ToUnicode)."""
    lines = [
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
        "/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def",
        "/CMapName/Adobe-Identity-UCS def/CMapType 2 def",
        "1 begincodespacerange<0000><FFFF>endcodespacerange",
    ]
    told = [(number, text) for number, text in sorted(font.used.items()) if text]
    for start in range(0, len(told), 100):
        part = told[start : start + 100]
        lines.append(f"{len(part)} beginbfchar")
        lines += [f"<{number:04X}><{text.encode('utf-16-be', 'replace').hex().upper()}>" for number, text in part]
        lines.append("endbfchar")
    return "\n".join([*lines, "endcmap CMapName currentdict/CMap defineresource pop end end"]).encode()
