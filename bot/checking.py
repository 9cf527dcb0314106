"""What is found in the files that people name: playbooks, folders of them, and what is neither."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from os import scandir
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
    """Check each file, and each playbook in each folder. `now` is aware; agreements and reviews are asked of its day."""
    for path in paths:
        try:
            files = _files(path)
            if not files:
                words = "there is no playbook in this folder; name a .yaml file"
                yield Checked(path, unread=(words, "unreadable-file"))
            yield from (_examined(one, now) for one in files)
        except OSError as error:
            yield _unread(path, error)


def _examined(path: Path, now: datetime) -> Checked:
    if path.name.endswith(_SCRIPT_ENDS) and path.is_file():
        words = f"this is an exercise, not a playbook; play it with {_rehearsing(path)}"
        return Checked(path, unread=(words, "not-a-playbook"))
    try:
        book = load(path)
    except PlaybookErrors as wrong:
        return Checked(path, problems=wrong.errors)
    except OSError as error:
        return _unread(path, error)
    return Checked(path, book, lint(book, now.astimezone(book.playbook.timezone).date()))


def _unread(path: Path, error: OSError) -> Checked:
    words = f"cannot be read: {error.strerror or error}; name a playbook that can be"
    return Checked(path, unread=(words, "unreadable-file"))


def _files(path: Path) -> list[Path]:
    """The file itself, or the playbooks in the folder. Raises OSError where that cannot be told."""
    if not path.is_dir():
        return [path]
    with scandir(path) as entries:
        names = sorted(entry.name for entry in entries)
    return [path / name for name in names if name.endswith(_ENDS) and not name.endswith(_SCRIPT_ENDS)]


def _rehearsing(script: Path) -> str:
    book = script.with_name(script.name.replace(".script.", "."))
    if book.is_file():
        return f"{program()} rehearse {on_one_line(str(book))}"
    return f"{program()} rehearse PLAYBOOK --script {on_one_line(str(script))}"
