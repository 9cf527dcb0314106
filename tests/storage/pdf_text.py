"""The text of a PDF that we wrote, read back as a viewer does: by the tables of its fonts."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

_OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)\nendobj\n", re.DOTALL)
_SHOWN = re.compile(rb"/F(\d+) [\d.]+ Tf|<([0-9A-F]+)>|(ET)|/(Total) Do")


def objects(data: bytes) -> dict[int, bytes]:
    """The objects by number; streams are unpacked behind their dictionary, and objects that were packed together stand beside the others."""
    found = {int(number): _unpacked(body) for number, body in _OBJECT.findall(data)}
    for body in [one for one in found.values() if b"/Type/ObjStm" in one.partition(b"stream\n")[0]]:
        found.update(packed(body))
    return found


def packed(body: bytes) -> dict[int, bytes]:
    """The objects in an object stream (ISO 32000-1 §7.5.7), in their order."""
    head, _, rest = body.partition(b"stream\n")
    said = re.search(rb"/First (\d+)", head)
    assert said is not None
    first = int(said[1])
    numbers = [int(one) for one in rest[:first].split()]
    starts = [first + one for one in numbers[1::2]]
    ends = [*starts[1:], len(rest)]
    return {number: rest[start:end].strip() for number, start, end in zip(numbers[::2], starts, ends, strict=True)}


def table(data: bytes) -> list[tuple[int, int, int]]:
    """The rows of the cross-reference stream (§7.5.8): kind, place, place within."""
    start = int(data.rpartition(b"startxref\n")[2].split(b"\n")[0])
    rows = _stream(next(_unpacked(body) for _, body in _OBJECT.findall(data[start:])))
    return [
        (rows[at], int.from_bytes(rows[at + 1 : at + 6]), int.from_bytes(rows[at + 6 : at + 8]))
        for at in range(0, len(rows), 8)
    ]


def pages(data: bytes) -> list[str]:
    """The text of each page, a piece that was placed by itself a line."""
    found = objects(data)
    characters = dict(_fonts(found))
    total = "".join(_text(_stream(next(body for body in found.values() if b"/Subtype/Form" in body)), characters, ""))
    texts = []
    for number in _kids(found):
        content = _reference(found[number], b"Contents")
        texts.append("".join(_text(_stream(found[content]), characters, total.strip())))
    return texts


def _kids(found: dict[int, bytes]) -> list[int]:
    """The numbers of the pages, from the tree that has them."""
    root = _reference(next(body for body in found.values() if body.startswith(b"<</Type/Catalog")), b"Pages")

    def under(number: int) -> Iterator[int]:
        listed = re.search(rb"/Kids\[(.*?)\]", found[number])
        if listed is None:
            yield number
        else:
            for one in re.findall(rb"(\d+) 0 R", listed[1]):
                yield from under(int(one))

    return list(under(root))


def _fonts(found: dict[int, bytes]) -> Iterator[tuple[int, dict[int, str]]]:
    resources = next(body for body in found.values() if body.startswith(b"<</Font"))
    for name, number in re.findall(rb"/F(\d+) (\d+) 0 R", resources):
        table = _stream(found[_reference(found[int(number)], b"ToUnicode")])
        pairs = re.findall(rb"<([0-9A-F]{4})><([0-9A-F]+)>", table)
        yield int(name), {int(glyph, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for glyph, text in pairs}


def _text(content: bytes, characters: dict[int, dict[int, str]], total: str) -> Iterator[str]:
    font: dict[int, str] = {}
    for name, shown, end, count in _SHOWN.findall(content):
        if name:
            font = characters[int(name)]
        for at in range(0, len(shown), 4):
            yield font.get(int(shown[at : at + 4], 16), "")
        if end:
            yield "\n"
        if count:
            yield total


def _reference(body: bytes, key: bytes) -> int:
    said = re.search(rb"/" + key + rb" (\d+) 0 R", body)
    assert said is not None
    return int(said[1])


def _stream(body: bytes) -> bytes:
    return body.partition(b"stream\n")[2]


def _unpacked(body: bytes) -> bytes:
    head, mark, rest = body.partition(b"stream\n")
    return head + mark + zlib.decompress(rest.removesuffix(b"\nendstream")) if mark else body


def titles(data: bytes) -> list[str]:
    """What a viewer shows beside the pages: the document's title, and its table of contents."""
    found = re.findall(rb"/Title <FEFF([0-9A-F]*)>", data)
    return [bytes.fromhex(one.decode()).decode("utf-16-be") for one in found]
