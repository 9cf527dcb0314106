"""Which files a command about playbooks means: those named, and those in the folders named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bot.cli import UNANSWERED, Stop
from bot.program import program


def playbook_files(paths: Sequence[Path]) -> list[Path]:
    """The files, in order; of a folder its playbooks, without the exercises beside them. An empty folder ends the command."""
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(
            one for end in ("*.yaml", "*.yml") for one in path.glob(end) if not one.stem.endswith(".script")
        )
        if not inside:
            raise Stop(UNANSWERED, f"{path}: there is no playbook in this folder; name a .yaml file")
        found += inside
    return found


def exercise(path: Path) -> str | None:
    """What to say of a file that is an exercise and no playbook; None of any other."""
    if not (path.name.endswith((".script.yaml", ".script.yml")) and path.is_file()):
        return None
    book = path.with_name(path.name.replace(".script.", "."))
    play = f"{program()} rehearse {book}" if book.is_file() else f"{program()} rehearse PLAYBOOK --script {path}"
    return f"this is an exercise, not a playbook; play it with {play}"
