"""What every fact is: a frozen value of JSON-able parts, with the version of its shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
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

VALUES_APART = {"each": True, "values": "values"}
"""The same; and what each key says as its ``value`` is one more field, ``values/KEY``: it can be erased while everything else that was decided stands."""

DECOY = "decoy"
"""What stands before the ``/`` in the path of a field that says nothing, and is there to be counted."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What every fact is."""

    V: ClassVar[int] = 1
    LEAST: ClassVar[int] = 0
    """So many fields an entry commits to at least, whatever a fact of this kind says."""


def decoys(kind: type[Fact], count: int) -> list[str]:
    """The paths of the decoys beside so many fields. A fact whose keys are fields of their own commits to as many as its kind does at ``LEAST``; where it has
    more, to the next power of two: how many an entry has says what kind it is, and no more."""
    if not kind.LEAST:
        return []
    total = max(kind.LEAST, 1 << (count - 1).bit_length()) if count > kind.LEAST else kind.LEAST
    return [f"{DECOY}/{number}" for number in range(total - count)]


def timestamp(at: datetime) -> str:
    """A time as the log writes it: RFC 3339 in UTC with milliseconds and ``Z``."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
