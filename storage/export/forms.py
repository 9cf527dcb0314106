"""The forms that a copy can take: one table. Each is a function of its own name in a file of its own name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from typing import cast

from storage.export.copy import Form
from storage.store import StorageError


@dataclass(frozen=True, slots=True)
class Kind:
    """What a form is for people, and how its files' names end."""

    says: str
    suffix: str


FORMS: Mapping[str, Kind] = {
    "bundle": Kind("everything that proves it, in one file that anyone can verify", ".zip"),
    "jsonl": Kind("an entry a line, for programs", ".jsonl"),
    "csv": Kind("for a spreadsheet", ".csv"),
    "html": Kind("a report for a browser, which verifies itself", ".html"),
    "pdf": Kind("for the file", ".pdf"),
    "ics214": Kind("the activity log of each partner (ICS-214)", ".pdf"),
    "cap": Kind("the alerts as they were sent (CAP 1.2)", ".xml"),
}


class NoSuchForm(StorageError):
    """There is no such form. The message says which there are."""


def form(name: str) -> Form:
    """The form of this name. Raises NoSuchForm."""
    if name not in FORMS:
        near = get_close_matches(name.lower(), FORMS, n=1, cutoff=0.5)
        meant = f"did you mean {near[0]}? " if near else ""
        raise NoSuchForm(f"--format {name}: {meant}there are: {', '.join(FORMS)}")
    where = f"storage.export.{name}"
    if find_spec(where) is None:
        raise NoSuchForm(f"--format {name} is not there yet; choose another: {', '.join(made())}")
    return cast(Form, getattr(import_module(where), name))


def made() -> list[str]:
    """The forms that are there."""
    return [name for name in FORMS if find_spec(f"storage.export.{name}") is not None]
