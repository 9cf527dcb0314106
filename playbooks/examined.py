"""A playbook under examination: what every lint is given, and how it says what it found and where.

A lint yields problems. It names the path of the entry that must change, as the playbook's model has it; steps that the file
does not have (the index of a single value that stands for a list of one, the empty language) are passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from playbooks.codes import CODES
from playbooks.load import Book, Mark
from playbooks.possible import Possible
from playbooks.problems import Problem
from playbooks.schema_words import quoted

MOST_NAMED = 3

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Examined:
    """A book, the day it is examined on in the playbook's time zone, and what could happen under it."""

    book: Book
    today: date

    @cached_property
    def possible(self) -> Possible:
        """The finite world in which its rules are asked; built when the first lint needs it."""
        return Possible(self.book, self.today)

    @cached_property
    def _containers(self) -> frozenset[Path]:
        return frozenset(path[:-1] for path in self.book.marks if path)

    def written(self, *path: str | int) -> Path:
        """The path as the file has it: without the steps that are not in it."""
        at: Path = ()
        for step in path:
            if (*at, step) in self.book.marks:
                at = (*at, step)
        return at

    def place(self, *path: str | int) -> Mark:
        """Where a value stands; for a list or a mapping, its key or its own place in a list."""
        at = self.written(*path)
        places = self.book.marks if at in self._containers else self.book.values
        return places.get(at) or self.book.marks[at]

    def problem(self, code: str, path: Sequence[str | int], what: str, fix: str) -> Problem:
        """What is wrong with the value at this path, which must change."""
        return self._problem(code, self.place(*path), what, fix)

    def problem_of_key(self, code: str, path: Sequence[str | int], what: str, fix: str) -> Problem:
        """What is wrong with the entry of this key: something that is not there, or that should go."""
        return self._problem(code, self.book.marks[self.written(*path)], what, fix)

    def problem_at(self, code: str, mark: Mark, what: str, fix: str) -> Problem:
        """What is wrong at a place that no path leads to, as in a comment."""
        return self._problem(code, mark, what, fix)

    def _problem(self, code: str, mark: Mark, what: str, fix: str) -> Problem:
        return Problem(self.book.file, mark.line, mark.column, what, fix, code, CODES[code].severity)


def called(path: Sequence[str | int]) -> str:
    """What an entry is called in a sentence: `alerts.evacuation.by`; of a rule or a duty, which have no names, its key."""
    if any(isinstance(step, int) for step in path):
        kind = {"sharing": "rule", "duties": "duty"}.get(str(path[0]), "entry")
        return f"`{path[-1]}` of this {kind}"
    return f"`{'.'.join(map(str, path))}`"


Lint = Callable[[Examined], Iterator[Problem]]


def named(names: Iterable[str], joined: str = "and") -> str:
    """Names in a sentence, the first few of them: `a`, `b`, `c` and 4 more."""
    words = [quoted(name) for name in dict.fromkeys(names)]
    if len(words) > MOST_NAMED + 1:
        return f"{', '.join(words[:MOST_NAMED])} {joined} {len(words) - MOST_NAMED} more"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {joined} {words[-1]}"
