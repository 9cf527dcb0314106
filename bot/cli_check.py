"""``tocsin check``: what is wrong with playbooks, and what should not be; all of it at once, each with its place."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from bot.checking import Checked, examine
from bot.cli_ending import BAD, FINE, UNANSWERED, complain
from bot.prose import fitted
from bot.sarif import sarif
from bot.unused import asleep
from playbooks.load import Book
from playbooks.problems import Problem, Severity, on_one_line

Form = Literal["text", "json", "sarif"]


def check(paths: Sequence[Path], form: Form, mildest: Severity, now: datetime) -> int:
    """Check each, and return the exit code: `mildest` is the least that makes a playbook bad, `now` (aware) when it is asked.

    Problems go to standard error in text, to standard output in forms for programs.
    """
    checked = list(examine(paths, now))
    code = max((_verdict(one, mildest) for one in checked), default=FINE)
    _TOLD[form](checked, mildest, code)
    return code


def _verdict(one: Checked, mildest: Severity) -> int:
    if one.unread is not None:
        return UNANSWERED
    return BAD if one.of("error") or (mildest == "warning" and one.problems) else FINE


def _text(checked: Sequence[Checked], mildest: Severity, code: int) -> None:
    del code
    for one in checked:
        path = on_one_line(str(one.path))
        if one.unread is not None:
            words, which = one.unread
            complain(f"{path}: {words} [{which}]")
        complain(*map(str, one.problems))
        if one.book is None:
            continue
        if _verdict(one, mildest) == FINE:
            mild = f", with {_count(len(one.problems), 'warning')}" if one.problems else ""
            print(fitted(f"{path}: fine{mild}: {summary(one.book)}", 2), flush=True)
        if parts := [what for what, _ in asleep(one.book)]:
            words = f"{path}: note: read, but not yet acted on by this version: {'; '.join(parts)}"
            print(fitted(words, 2), flush=True)
    print(fitted(_counted(checked, mildest)), flush=True)


def _json(checked: Sequence[Checked], mildest: Severity, code: int) -> None:
    del code
    said = {
        "playbooks": [_said(one, mildest) for one in checked],
        "summary": {
            "files": len(checked),
            "fine": sum(_verdict(one, mildest) == FINE for one in checked),
            "unread": sum(one.unread is not None for one in checked),
            "errors": sum(len(one.of("error")) for one in checked),
            "warnings": sum(len(one.of("warning")) for one in checked),
        },
    }
    print(json.dumps(said, ensure_ascii=False, indent=2))


def _sarif(checked: Sequence[Checked], mildest: Severity, code: int) -> None:
    del mildest
    print(json.dumps(sarif(checked, code), ensure_ascii=False, indent=2))


_TOLD: Mapping[Form, Callable[[Sequence[Checked], Severity, int], None]] = {
    "text": _text,
    "json": _json,
    "sarif": _sarif,
}


def _said(one: Checked, mildest: Severity) -> dict[str, Any]:
    said: dict[str, Any] = {
        "file": str(one.path),
        "fine": None if one.unread else _verdict(one, mildest) == FINE,
        "errors": [_problem(problem) for problem in one.of("error")],
        "warnings": [_problem(problem) for problem in one.of("warning")],
    }
    if one.unread is not None:
        said |= {"unreadable": one.unread[0], "code": one.unread[1]}
    if one.book is not None:
        said |= {
            "playbook": one.book.playbook.playbook,
            "version": one.book.playbook.version,
            "sha256": one.book.digest,
            "notes": [f"{what}: {why}" for what, why in asleep(one.book)],
        }
    return said


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "code": problem.code,
        "severity": problem.severity,
        "line": problem.line,
        "column": problem.column,
        "what": problem.what,
        "fix": problem.fix,
    }


def summary(book: Book) -> str:
    """A playbook in a few words."""
    playbook = book.playbook
    parts = [
        _count(len(playbook.partners), "partner"),
        _count(len(playbook.alerts), "alert"),
        _count(len(playbook.sharing), "sharing rule"),
    ]
    return f"{playbook.playbook} version {playbook.version}, {', '.join(parts)}"


def _counted(checked: Sequence[Checked], mildest: Severity) -> str:
    """All of it in a line: `3 files: 1 fine, 1 not fine, 1 not read; 4 errors, 2 warnings`."""
    verdicts = [_verdict(one, mildest) for one in checked]
    words = {FINE: "fine", BAD: "not fine", UNANSWERED: "not read"}
    files = ", ".join(f"{verdicts.count(code)} {word}" for code, word in words.items() if code in verdicts)
    numbers = {word: sum(len(one.of(word)) for one in checked) for word in ("error", "warning")}
    found = ", ".join(_count(number, word) for word, number in numbers.items() if number)
    return f"{_count(len(checked), 'file')}: {files}" + (f"; {found}" if found else "")


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
