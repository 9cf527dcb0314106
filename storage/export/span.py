"""A run of bytes in an open file, read where it lies: what a bundle's files are, so that none is ever held in memory whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

BLOCK = 1 << 18
"""Bytes read at a time."""


@dataclass(frozen=True, slots=True)
class Span:
    """``size`` bytes from ``start`` of an open file. Reading moves nothing, so that two processes may share the file."""

    file: BinaryIO
    start: int
    size: int

    @classmethod
    def whole(cls, file: BinaryIO) -> Span:
        """All of a file."""
        return cls(file, 0, os.fstat(file.fileno()).st_size)

    def read(self, at: int = 0, length: int | None = None) -> bytes:
        """So many bytes from a place, fewer where it ends; all the rest without a length."""
        left = max(0, self.size - at)
        wanted = left if length is None else min(length, left)
        parts = []
        while wanted > 0:
            part = os.pread(self.file.fileno(), wanted, self.start + at)
            if not part:
                break
            parts.append(part)
            at, wanted = at + len(part), wanted - len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def blocks(self) -> Iterator[bytes]:
        """All of it, a block at a time."""
        at = 0
        while block := self.read(at, BLOCK):
            yield block
            at += len(block)

    def part(self, at: int, size: int) -> Span:
        """A run within this one."""
        return Span(self.file, self.start + at, size)


def written(data: bytes) -> Span:
    """These bytes in a temporary file, which goes when the span does."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 (the span keeps it open)
    file.write(data)
    file.flush()
    return Span.whole(file)
