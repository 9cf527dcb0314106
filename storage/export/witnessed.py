"""Finds checkpoints in what somebody kept: a signed note, an older bundle, or lines of the log's own side file.

Whatever it is, a checkpoint proves something only by its signature; where it came from does not matter.
"""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO

from storage.export import container
from storage.export.repacked import SMALL

CHECKPOINT = "checkpoint.txt"


def checkpoints_in(data: bytes) -> list[str]:
    """The signed notes that can be found, as text; the text itself where nothing else is. Raises UnicodeDecodeError
    for what is neither text nor a bundle."""
    if data[:2] == b"PK":
        return [note] if (note := _bundled(data)) else []
    text = data.decode("utf-8")
    return list(_lines(text)) or [pasted(text) or text]


_DASHES = ("\u2014", "\u2013", "-", "--")
_SIZE = re.compile(r"0|[1-9]\d{0,18}")
_ROOT = re.compile(r"[A-Za-z0-9+/]{43}=")
_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{90,}={0,2}")


def pasted(text: str) -> str | None:
    """The last checkpoint in words copied out of a chat, as it was signed; None where there is none."""
    return next(all_pasted(text), None)


def all_pasted(text: str) -> Iterator[str]:
    """Every checkpoint in words copied out of a chat, as it was signed, the last first.

    Nothing in one has spaces, so that it does not matter what stands around it and what became of its line ends.
    """
    words = text.split()
    for at in range(len(words) - 1, 1, -1):
        if _ROOT.fullmatch(words[at]) and _SIZE.fullmatch(words[at - 1]) and "/" in words[at - 2]:
            lines, rest = "", words[at + 1 :]
            while len(rest) > 2 and rest[0] in _DASHES and _SIGNATURE.fullmatch(rest[2]):
                lines, rest = f"{lines}\u2014 {rest[1]} {rest[2]}\n", rest[3:]
            if lines:
                yield f"{words[at - 2]}\n{words[at - 1]}\n{words[at]}\n\n{lines}"


def in_chat(note: str) -> str:
    """A note as it was signed: one that went through a chat comes back with other line ends, or without the last."""
    return "\n".join(line.strip() for line in note.strip().splitlines()) + "\n"


def _bundled(data: bytes) -> str:
    found = container.unpack(data).get(CHECKPOINT, b"")
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            name = next((name for name in archive.namelist() if name.rpartition("/")[2] == CHECKPOINT), None)
            if name is not None and archive.getinfo(name).file_size < SMALL:
                found = archive.read(name)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError, RuntimeError, zlib.error):
        return found.decode("utf-8", "replace")
    return found.decode("utf-8", "replace")


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        try:
            note = json.loads(line)["note"]
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
        if isinstance(note, str):
            yield note
