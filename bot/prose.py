"""Words for people on a terminal, in lines that fit it. What goes to a file or another program stays in one line."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from textwrap import wrap

NARROWEST = 20
"""Columns below which nothing is folded: the lines would be worse than what the terminal does itself."""


def fitted(line: str, hang: int = 0) -> str:
    """A sentence in lines of the terminal's width; ``hang``: columns before each but the first. No word is broken.

    A command after ``:  `` begins a line of its own.
    """
    width = _width()
    if len(line) <= width or width < hang + NARROWEST:
        return line
    lead = line[: len(line) - len(line.lstrip(" "))]
    words, sign, command = line.partition(":  ")
    if sign and not words.endswith(" "):
        return f"{fitted(f'{words}:', hang)}\n{fitted(f'{lead}  {command}', hang + 4)}"
    return "\n".join(
        wrap(
            line.strip(" "),
            width,
            initial_indent=lead,
            subsequent_indent=" " * max(hang, len(lead)),
            break_on_hyphens=False,
            break_long_words=False,
        )
    )


def rows(pairs: Sequence[tuple[str, str]]) -> str:
    """What there is, and beside it what it means; below it, where there is no room beside it."""
    first = max(len(what) for what, _ in pairs)
    if _width() < first + 2 * NARROWEST:
        return "\n".join(f"  {what}\n{fitted(f'      {means}')}" for what, means in pairs)
    return "\n".join(fitted(f"  {what:<{first}}  {means}", first + 4) for what, means in pairs)


def _width() -> int:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize
