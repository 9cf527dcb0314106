"""What the doctor finds, one thing that was tried at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried. ``todo`` says what to do about it; empty where all is well."""

    level: Level
    about: str
    says: str
    todo: str = ""


def told(level: Level, about: str, line: str, todo: str, sign: str = ": ") -> Finding:
    """A finding from a line that ends in what to do, after this sign; ``todo`` stands where it says nothing of that."""
    says, found, what = line.rpartition(sign)
    return Finding(level, about, says, what.rstrip(".")) if found else Finding(level, about, line.rstrip("."), todo)
