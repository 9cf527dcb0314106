"""What is found in the files that people name: playbooks, folders of them, and what is neither."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from os import scandir
from os.path import normpath
from pathlib import Path

from bot.program import program
from playbooks.lint import lint
from playbooks.load import Book, PlaybookErrors, load
from playbooks.problems import Problem, Severity, on_one_line

_ENDS = (".yaml", ".yml")
_SCRIPT_ENDS = (".script.yaml", ".script.yml")


@dataclass(frozen=True, slots=True)
class Checked:
    """One file, and what was found in it.

    Either it was read as a playbook, and `problems` are all there are in the order of the file; or it was not, and
    `unread` says why with the code for that.
    """

    path: Path
    book: Book | None = field(default=None, repr=False)
    problems: tuple[Problem, ...] = ()
    unread: tuple[str, str] | None = None

    def of(self, severity: Severity) -> tuple[Problem, ...]:
        """The problems that are as severe."""
        return tuple(problem for problem in self.problems if problem.severity == severity)


def examine(paths: Sequence[Path], now: datetime) -> Iterator[Checked]:
    """Check each file, and each playbook in each folder, once. `now` is aware; it says which day it is for the lints."""
    for one in read(paths):
        book = one.book
        if book is None:
            yield one
        else:
            yield replace(one, problems=lint(book, now.astimezone(book.playbook.timezone).date()))


def read(paths: Sequence[Path]) -> Iterator[Checked]:
    """Read each file, and each playbook in each folder, once; what is read is not linted."""
    done: set[Path] = set()
    for path in paths:
        for one in _named(path):
            if (place := whole(one.path)) not in done:
                done.add(place)
                yield one if one.unread is not None else _read(one.path)


def _named(path: Path) -> list[Checked]:
    """The file itself, or the playbooks in the folder, not yet read; or why that cannot be told."""
    try:
        if not path.is_dir():
            return [Checked(path)]
        with scandir(path) as entries:
            names = sorted(entry.name for entry in entries)
    except OSError as error:
        return [_unread(path, error)]
    inside = [path / name for name in names if name.endswith(_ENDS) and not name.endswith(_SCRIPT_ENDS)]
    words = "there is no playbook in this folder; name a .yaml file"
    return [Checked(one) for one in inside] or [Checked(path, unread=(words, "unreadable-file"))]


def whole(path: Path) -> Path:
    """The path from the root, without `.` and `..`. Links are not followed: a file is called what people call it."""
    return Path(normpath(path.absolute()))


def _read(path: Path) -> Checked:
    try:
        if (words := exercise(path)) is not None:
            return Checked(path, unread=(words, "not-a-playbook"))
        book = load(path)
    except PlaybookErrors as wrong:
        return Checked(path, problems=wrong.errors)
    except OSError as error:
        return _unread(path, error)
    return Checked(path, book)


def exercise(path: Path) -> str | None:
    """What to say of a file that is an exercise, where a playbook was to be named; None: it is not one."""
    if not path.name.endswith(_SCRIPT_ENDS) or not path.is_file():
        return None
    return f"this is an exercise, not a playbook; play it with {_rehearsing(path)}"


def _unread(path: Path, error: OSError) -> Checked:
    words = f"cannot be read: {error.strerror or error}; name a playbook that can be"
    return Checked(path, unread=(words, "unreadable-file"))


def _rehearsing(script: Path) -> str:
    book = script.with_name(script.name.replace(".script.", "."))
    if book.is_file():
        return f"{program()} rehearse {on_one_line(str(book))}"
    return f"{program()} rehearse PLAYBOOK --script {on_one_line(str(script))}"
