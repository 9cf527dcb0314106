"""The signed checkpoints in a file that somebody kept: a request, a bundle, ``checkpoints.log``, or words copied out of a chat."""

from __future__ import annotations

from pathlib import Path

from bot.cli_ending import UNANSWERED, Stop
from storage.cosigning import Request
from storage.export.witnessed import checkpoints_in, in_chat
from storage.notes import BadNote, Checkpoint, parse_checkpoint, split_note

MOST = 64 << 20
"""Bytes of a file that somebody kept: a bundle may be large."""


def notes_in(path: Path) -> list[str]:
    """The checkpoints in a file, as notes; at least one. Raises Stop where there is none, or the file cannot be one that was kept."""
    data = bytes_of(path)
    try:
        return [Request.parse(data.decode()).note]
    except ValueError:
        pass
    try:
        found = [in_chat(note) for note in checkpoints_in(data)]
    except UnicodeDecodeError:
        found = []
    if not any(said(note) for note in found):
        raise Stop(
            UNANSWERED,
            f"{path}: no signed checkpoint is in it; name a file that was kept, or what was copied out of the chat",
        )
    return [note for note in found if said(note)]


def said(note: str) -> Checkpoint | None:
    """What a note says, if it is a checkpoint."""
    try:
        return parse_checkpoint(split_note(note)[0])
    except BadNote:
        return None


def bytes_of(path: Path) -> bytes:
    """All of a file. Raises Stop for a folder, and for more than anybody keeps."""
    if path.is_dir():
        raise Stop(UNANSWERED, f"{path} is a folder: name a file in it")
    if path.stat().st_size > MOST:
        raise Stop(UNANSWERED, f"{path} is too large to be what a witness keeps")
    return path.read_bytes()
