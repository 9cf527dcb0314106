"""CSV for a spreadsheet: first what the copy is, in the recipient's language, then a row for each field that is shown, and one for an entry that shows none.

Beside a value that names partners, areas or a room by their ids, or what was chosen in a field, stands what people call it. A row for each field keeps all of them in the same columns whatever kind of entry they are of, so that a filter on ``field`` or ``fact`` finds every
value of it. RFC 4180, in UTF-8 with a byte order mark, which spreadsheets need to know it by.

Whatever a cell holds is text, in which control characters are written out: one that a spreadsheet would take for a formula begins with an apostrophe (see OWASP, "CSV Injection").
"""

from __future__ import annotations

import csv as written
import json
import re
from collections.abc import Iterator
from io import StringIO
from typing import BinaryIO

from storage import canonical
from storage.entry import unreal
from storage.export.copy import Copy, Line
from storage.export.naming import Naming
from storage.export.stated import moment, stated
from storage.tongue import tongue

COLUMNS = ("entry", "time (local)", "time (UTC)", "fact", "field", "value", "in words", "fields withheld")
"""``time (local)``: in the time zone that the head names, to the second, as every form tells times; ``time (UTC)``: as the entry has it."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula, the full-width forms too."""

_UNSEEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
"""What cannot be seen, or turns what stands around it, as the report for a browser has it too (``report/elements.js``); JSON lines have it as it is."""


async def csv(copy: Copy, out: BinaryIO) -> None:
    """Write a copy as CSV."""
    about = copy.about
    ours = tongue(about.recipient.language)
    out.write("\ufeff".encode())
    head = [[ours.own(first)]] if (first := unreal(about.stream)) else []
    head += [[what, words] for what, words, _ in stated(about, ours)]
    head += [[ours.word("note"), about.note.strip()], []]
    out.write(_rows([*head, list(COLUMNS)]))
    async for line in copy.lines():
        out.write(_rows(_of(line, about.zone, copy.naming)))


def _of(line: Line, zone: str, naming: Naming) -> Iterator[list[object]]:
    said = json.loads(line.entry)
    head = [said["seq"], moment(line.kept.at, zone), said["ts"], said["type"]]
    shown = {path: value for _, path, value in line.shown}
    values = [(path, value) for path, value in shown.items() if value is not None]
    if not values:
        yield [*head, "", "", "", line.hidden]
    for number, (path, value) in enumerate(values):
        text = value if isinstance(value, str) else canonical.write(value)
        yield [*head, path, text, naming.in_words(path, shown), "" if number else line.hidden]


def _rows(rows: Iterator[list[object]] | list[list[str]]) -> bytes:
    text = StringIO(newline="")
    written.writer(text, lineterminator="\r\n").writerows([[safe(cell) for cell in row] for row in rows])
    return text.getvalue().encode()


def safe(cell: object) -> object:
    """A cell that no spreadsheet takes for a formula, and that hides nothing."""
    if not isinstance(cell, str):
        return cell
    cell = _UNSEEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", cell)
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell
