"""Choices that name what a playbook names, or what somebody wrote: where a command is too long for a button, it is said in words.

A command is never cut: what is left of a name may be another name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from handlers.texts import say
from playbooks.cleared import Cleared, code, echo
from playbooks.rooms import RoomRef
from storage.effects import LONGEST_COMMAND, Tap

Choice = Tap | Cleared
"""A button, or the line that says what to write instead."""


def fits(command: str) -> bool:
    """Whether a button carries a command, counted in bytes."""
    return len(command.encode()) <= LONGEST_COMMAND


def button(spoken: Sequence[str], room: RoomRef, label: Cleared, command: str, emoji: str) -> Choice:
    """A choice for the readers of a room, who may know all that its command names."""
    if fits(command):
        return Tap(label, command, emoji)
    return say(spoken, "{choice}: write {command}", choice=label, command=code(echo(command, room)))


def parted(rows: Iterable[Iterable[Choice]]) -> tuple[tuple[tuple[Tap, ...], ...], list[Cleared]]:
    """The buttons in their rows, and the lines for what fits into none."""
    kept = [list(row) for row in rows]
    buttons = (tuple(one for one in row if isinstance(one, Tap)) for row in kept)
    return tuple(row for row in buttons if row), [one for row in kept for one in row if isinstance(one, Cleared)]
