"""What is wrong with a playbook, where, and what would be right: the only way in which loading fails."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

MOST_SHOWN = 100
_MOST_COMPARED = 100_000

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong. Line and column count from 1, in characters.

    `code` is one of `codes.CODES`, which also says how severe it is; what a code stands for does not change from one
    version to the next. An error makes the playbook unfit for use, a warning does not.
    """

    file: str
    line: int
    column: int
    what: str
    fix: str
    code: str
    severity: Severity = "error"

    def __str__(self) -> str:
        mild = "warning: " if self.severity == "warning" else ""
        return f"{on_one_line(self.file)}:{self.line}:{self.column}: {mild}{self.what}; {self.fix} [{self.code}]"


class PlaybookErrors(Exception):
    """The playbook cannot be used. `errors` are all that were found, in the order of the file."""

    def __init__(self, errors: Iterable[Problem]) -> None:
        found = sorted(set(errors))
        if len(found) > MOST_SHOWN:
            last = found[MOST_SHOWN]
            more = Problem(
                last.file,
                last.line,
                last.column,
                "further errors are not listed",
                "correct those above first",
                "not-listed",
            )
            found = [*found[:MOST_SHOWN], more]
        self.errors: tuple[Problem, ...] = tuple(found)
        super().__init__("\n".join(map(str, self.errors)))


def nearest(name: str, known: Collection[str]) -> str | None:
    """The known name that was probably meant: one that is much alike, and begins or ends with the same letter.

    Likeness is costly to find. Where there are very many names to compare with, nothing is found rather than late.
    """
    if not name or len(name) > 64 or len(known) > 5000:
        return None
    meant = name.lower()
    lowered = {word.lower(): word for word in known if word[:1].lower() == meant[0] or word[-1:].lower() == meant[-1]}
    if sum(map(len, lowered)) * len(meant) > _MOST_COMPARED:
        return None
    close = get_close_matches(meant, lowered, 1, 0.6)
    return lowered[close[0]] if close else None


def suggestion(name: str, known: Collection[str], none: str) -> str:
    """What would be right instead of `name`: the nearest known name, else all where they are few, else `none`."""
    close = nearest(name, known)
    if close is not None:
        return f"did you mean {in_quotes(close)}?"
    if 0 < len(known) <= 16:
        return "use one of: " + ", ".join(map(in_quotes, known))
    return none


def in_quotes(text: str) -> str:
    """A text as it may stand in a sentence: on one line, short, with nothing that a terminal would obey."""
    return f"`{on_one_line(text if len(text) <= 60 else text[:57] + '…')}`"


def on_one_line(text: str) -> str:
    """The same with what cannot be printed written as an escape."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
