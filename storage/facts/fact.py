"""What every fact is: a frozen value of JSON-able parts, with the version of its shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

DEPLOYMENT = "deployment"
"""The stream of who-is-who, rooms, playbooks and networks."""


def is_exercise(stream: str) -> bool:
    """Whether a stream of the log is an exercise's: those have a letter of their own."""
    return stream.startswith("E-")


Each = Mapping[str, Any]
"""A mapping each of whose keys is committed to the log as a field of its own; None where absent."""


EACH = {"each": True}
"""Marks an attribute whose keys are fields of their own."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What every fact is."""

    V: ClassVar[int] = 1
