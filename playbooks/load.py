"""From the bytes of a file to a playbook, or to every error in it with its place. Nothing is guessed or coerced."""

from __future__ import annotations

import errno
import hashlib
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import islice
from os import PathLike
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from playbooks.characters import MOST_BYTES, Mark
from playbooks.problems import MOST_SHOWN, PlaybookErrors, Problem
from playbooks.schema import BUILT_IN, Playbook
from playbooks.schema_words import RESERVED, Part
from playbooks.wording import problems
from playbooks.yaml12 import Path, Tree, read

__all__ = ["Book", "Mark", "PlaybookErrors", "Problem", "content", "load", "parse"]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Book:
    """A playbook with what it was read from.

    `digest` is the hexadecimal SHA-256 of the bytes; it stands for the playbook in the log. `marks` has the place of
    every key and list item, `values` that of its value, each by its path: `("alerts", "evacuation", "by")`,
    `("sharing", 3)`. `guests` are partners that the file does not have, admitted to one incident; `departed` those that
    were, and are known by name alone: see `guests`.
    """

    file: str
    source: bytes = field(repr=False)
    digest: str
    playbook: Playbook = field(repr=False)
    marks: Mapping[Path, Mark] = field(repr=False)
    values: Mapping[Path, Mark] = field(repr=False)
    guests: frozenset[str] = frozenset()
    departed: frozenset[str] = frozenset()

    def mark(self, *path: str | int) -> Mark:
        """The place of this entry, else of the nearest one above it that stands in the file."""
        while path not in self.marks:
            path = path[:-1]
        return self.marks[path]

    def line(self, *path: str | int) -> int:
        """The line of that place, from 1."""
        return self.mark(*path).line


def load(path: str | PathLike[str]) -> Book:
    """Read a playbook from a file. Raises PlaybookErrors for what is wrong in it, OSError where it cannot be read."""
    return parse(content(path), str(path))


def content(path: str | PathLike[str]) -> bytes:
    """The bytes of a file, at most one more than a playbook may have. Raises OSError where it cannot be read.

    Only what is a file is opened: a pipe would be waited for, a device may have no end, or do something when opened.
    """
    kind = FilePath(path).stat().st_mode
    if stat.S_ISDIR(kind):
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    if not stat.S_ISREG(kind):
        what = "a pipe" if stat.S_ISFIFO(kind) else "a socket" if stat.S_ISSOCK(kind) else "a device"
        raise OSError(errno.EINVAL, f"it is {what}, not a file", str(path))
    with FilePath(path).open("rb") as file:
        return file.read(MOST_BYTES + 1)


def parse(source: bytes, file: str) -> Book:
    """Read a playbook from bytes; `file` is what errors call it. Raises only PlaybookErrors, with every error."""
    tree = read(source, file)
    playbook, found = _playbook(tree, file)
    if playbook is None or found:
        raise PlaybookErrors(found)
    digest = hashlib.sha256(source).hexdigest()
    return Book(file, source, digest, playbook, MappingProxyType(tree.marks), MappingProxyType(tree.values))


def _playbook(tree: Tree, file: str) -> tuple[Playbook | None, list[Problem]]:
    if not isinstance(tree.value, Mapping):
        if tree.value is not None or not tree.problems:
            mark = tree.values[()]
            what = "a playbook is a mapping, and this is none"
            tree.problems.append(
                Problem(file, mark.line, mark.column, what, "begin with `playbook: NAME`", "not-a-playbook")
            )
        return None, tree.problems
    readers: dict[int, type[Part]] = {}
    context = {**_names(tree.value), "readers": readers}
    try:
        playbook = Playbook.model_validate(tree.value, strict=True, context=context, by_alias=True, by_name=False)
    except ValidationError as error:
        return None, [*tree.problems, *islice(problems(error, tree, file, readers), MOST_SHOWN + 1)]
    return playbook, tree.problems


def _names(root: Mapping[str, Any]) -> dict[str, Collection[str] | None]:
    """The names that are declared, by kind; None where the section is not what it should be, and says so itself."""
    phases, channels = _words(root, "phases"), _keys(root, "channels")
    areas, fields = _keys(root, "areas"), _keys(root, "fields")
    partners = _keys(root, "partners")
    return {
        "partner": partners,
        "partner or word": _with(partners, *sorted(RESERVED)),
        "area": areas,
        "area or `affected`": _with(areas, "affected"),
        "jurisdiction": _keys(root, "jurisdictions"),
        "agreement": _keys(root, "agreements"),
        "field": _with(fields, *BUILT_IN),
        "phase": phases,
        "phase, `activation` or `calm`": _with(phases, "activation", "calm"),
        "hazard": _words(root, "hazards"),
        "alert": _keys(root, "alerts"),
        "channel, `alerts` or `checkins`": _with(channels, "alerts", "checkins"),
    }


def _keys(root: Mapping[str, Any], section: str) -> Collection[str] | None:
    entries = root.get(section, {})
    return entries.keys() if isinstance(entries, Mapping) else None


def _words(root: Mapping[str, Any], section: str) -> Collection[str] | None:
    words = root.get(section, ())
    if isinstance(words, str):
        return (words,)
    return dict.fromkeys(word for word in words if isinstance(word, str)) if isinstance(words, tuple) else None


def _with(names: Collection[str] | None, *more: str) -> Collection[str] | None:
    return None if names is None else dict.fromkeys((*names, *more))
