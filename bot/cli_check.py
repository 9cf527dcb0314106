"""``tocsin check``: what is wrong with playbooks, all of it at once, each error with its place."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from bot.cli import BAD, FINE, UNANSWERED, Stop, complain
from bot.playbook_files import exercise, playbook_files
from bot.unused import asleep
from playbooks.load import Book, PlaybookErrors, load


def check(paths: Sequence[Path], form: Literal["text", "json", "sarif"]) -> int:
    """Check each, and return the exit code. Errors go to standard error in text, to standard output in JSON."""
    if form == "sarif":
        raise Stop(UNANSWERED, "--format sarif is not there yet; use text or json")
    code = FINE
    said: list[dict[str, Any]] = []
    for path in playbook_files(paths):
        if (words := exercise(path)) is not None:
            code = max(code, UNANSWERED)
            said.append({"file": str(path), "fine": None, "unreadable": words})
            if form == "text":
                complain(f"{path}: {words}")
            continue
        try:
            book = load(path)
        except PlaybookErrors as wrong:
            code = max(code, BAD)
            said.append(
                {
                    "file": str(path),
                    "fine": False,
                    "errors": [
                        {"line": one.line, "column": one.column, "what": one.what, "fix": one.fix}
                        for one in wrong.errors
                    ],
                }
            )
            if form == "text":
                complain(*map(str, wrong.errors))
        except OSError as error:
            code = UNANSWERED
            said.append({"file": str(path), "fine": None, "unreadable": error.strerror or str(error)})
            if form == "text":
                complain(f"{path}: cannot be read: {error.strerror or error}; name a playbook that can be")
        else:
            name, version = book.playbook.playbook, book.playbook.version
            said.append(
                {
                    "file": str(path),
                    "fine": True,
                    "playbook": name,
                    "version": version,
                    "sha256": book.digest,
                    "errors": [],
                    "notes": [f"{what}: {why}" for what, why in asleep(book)],
                }
            )
            if form == "text":
                print(f"{path}: fine: {summary(book)}")
                if parts := [what for what, _ in asleep(book)]:
                    print(f"{path}: note: read, but not yet acted on by this version: {'; '.join(parts)}")
    if form == "json":
        print(json.dumps({"playbooks": said}, ensure_ascii=False, indent=2))
    return code


def summary(book: Book) -> str:
    """A playbook in a few words."""
    playbook = book.playbook
    counts = [
        (len(playbook.partners), "partner"),
        (len(playbook.alerts), "alert"),
        (len(playbook.sharing), "sharing rule"),
    ]
    parts = ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts)
    return f"{playbook.playbook} version {playbook.version}, {parts}"
