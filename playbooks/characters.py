"""From the bytes of a file to characters that people can see, and the places of these: line and column from 1.

What a file is made of is settled here, before any YAML: not too many bytes, UTF-8, nothing invisible, not empty.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import NamedTuple

from playbooks.problems import Problem

MOST_BYTES = 8 * 1024 * 1024
_MOST_HIDDEN = 10

HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
"""What nobody can see: control characters, other line ends, changes of direction, halves of characters, marks."""


class Mark(NamedTuple):
    """A place in the file: line and column from 1, in characters."""

    line: int
    column: int


def characters(source: bytes, file: str) -> tuple[str | None, list[Problem]]:
    """The text of the file, without a byte order mark; None, and what is wrong, where it cannot be read on."""

    def problem(mark: Mark, what: str, fix: str, code: str) -> Problem:
        return Problem(file, mark.line, mark.column, what, fix, code)

    if len(source) > MOST_BYTES:
        fix = "a playbook is far smaller: is this the right file?"
        return None, [problem(Mark(1, 1), "the file is larger than 8 MB", fix, "too-large")]
    if source.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None, [problem(Mark(1, 1), "the file is in UTF-16", "save it as UTF-8", "not-utf8")]
    source = source.removeprefix(b"\xef\xbb\xbf")
    try:
        text = source.decode()
    except UnicodeDecodeError as error:
        mark = after(source[: error.start].decode())
        return None, [problem(mark, "this byte is not UTF-8", "save the file as UTF-8", "not-utf8")]
    hidden = [
        problem(
            after(text[: found.start()]),
            "there is a NUL byte here"
            if found[0] == "\0"
            else f"there is an invisible character here (U+{ord(found[0]):04X})",
            "remove it, and save the file as UTF-8",
            "invisible-character",
        )
        for found in islice(HIDDEN.finditer(text), _MOST_HIDDEN)
    ]
    if not hidden and not text.strip():
        return None, [problem(Mark(1, 1), "the file is empty", "begin with `playbook: NAME`", "not-a-playbook")]
    return (None if hidden else text), hidden


def lines(text: str) -> list[str]:
    """Its lines, as YAML counts them. A line end at the end begins no further one."""
    found = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return found[:-1] if found[-1] == "" and len(found) > 1 else found


def after(before: str) -> Mark:
    """The place right after this text."""
    found = lines(before + "|")
    return Mark(len(found), len(found[-1]))


def inside(rows: list[str], line: int, column: int) -> Mark:
    """The same place, drawn back to the last character where it lies beyond the end of these lines."""
    if line > len(rows):
        return Mark(len(rows), max(1, len(rows[-1])))
    return Mark(line, min(column, len(rows[line - 1]) + 1))
