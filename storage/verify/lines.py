"""A file of lines too long to hold in memory: looked through once, then read section by section."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise

from storage.export.span import Span

SECTION = 2048
"""Lines of a section: a power of two, so that each whole section is a whole subtree of the log."""

MOST_BYTES = 1 << 28
"""Bytes of a section that are read: a hundred thousand for each line, which no log comes near."""


MOST_LINE = 1 << 20
"""Bytes of a line that are read: as JSON it may take fifty times as much memory, and an entry has some thousands."""


class TooLong(Exception):
    """A line or a section holds more than any log's. The message says which."""


@dataclass(slots=True)
class Lines:
    """The lines of a file. ``starts``: where each section begins, and where the last one ends; ``long``: the first line above MOST_LINE bytes."""

    span: Span
    count: int = 0
    long: int | None = None
    starts: list[int] = field(default_factory=lambda: [0])
    _last: tuple[int, list[bytes]] = (-1, [])

    @property
    def sections(self) -> int:
        """How many sections there are."""
        return len(self.starts) - 1

    def fit(self, name: str) -> None:
        """Raises TooLong where a line or a section is longer than any log's: none of them is read."""
        if self.long is not None:
            raise TooLong(f"{name}, line {self.long + 1} is longer than those of any log ({MOST_LINE} bytes)")
        for number, (start, end) in enumerate(pairwise(self.starts)):
            if end - start > MOST_BYTES:
                raise TooLong(f"{name}, line {number * SECTION + 1} and after are longer than those of any log")

    def section(self, number: int) -> list[bytes]:
        """The lines of a section, without their ends; none beyond the last."""
        if number >= self.sections:
            return []
        known, lines = self._last
        if known != number:
            start, end = self.starts[number : number + 2]
            lines = self.span.read(start, end - start).split(b"\n")
            if not lines[-1]:
                lines.pop()
            self._last = number, lines
        return lines

    def line(self, index: int) -> bytes:
        """One line. Raises IndexError."""
        return self.section(index // SECTION)[index % SECTION]


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look through a file tells: SHA-256 (hexadecimal), CRC-32, its lines."""

    digest: str
    check: int
    lines: Lines


def look_through(span: Span) -> Looked:
    """Read a file once, from beginning to end."""
    whole, check, lines, at, open_line = sha256(), 0, Lines(span), 0, False
    run = 0  # bytes since the last line's end: a line within one block is never too long
    for block in span.blocks():
        whole.update(block)
        check = zlib.crc32(block, check)
        ends, passed = block.count(b"\n"), 0
        run += block.index(b"\n") if ends else len(block)
        if run > MOST_LINE and lines.long is None:
            lines.long = lines.count
        run = len(block) - 1 - block.rindex(b"\n") if ends else run
        position = -1
        while (needed := SECTION - lines.count % SECTION) <= ends - passed:
            for _ in range(needed):
                position = block.index(b"\n", position + 1)
            passed += needed
            lines.count += needed
            lines.starts.append(at + position + 1)
        lines.count += ends - passed
        at += len(block)
        open_line = block[-1:] != b"\n"
    if open_line:
        lines.count += 1
    if lines.starts[-1] < at:
        lines.starts.append(at)
    return Looked(whole.hexdigest(), check, lines)
