"""Labels: how closely a piece of information is held, and what becomes of the label when pieces are joined.

A label is (TLP 2.0 colour, compartments, personal, origins, expiry). Labels form a join semilattice: the join is
associative, commutative and idempotent, and never lower than what went into it. Source of the colours: FIRST, TLP 2.0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum


class Tlp(IntEnum):
    """The Traffic Light Protocol 2.0, least to most restricted."""

    CLEAR = 0
    GREEN = 1
    AMBER = 2
    AMBER_STRICT = 3
    RED = 4

    @classmethod
    def parse(cls, text: str) -> Tlp:
        """Read ``amber+strict`` in any case, with or without ``TLP:``. WHITE is CLEAR's old name. Raises ValueError."""
        word = text.strip().lower().removeprefix("tlp:")
        if word == "white":
            return cls.CLEAR
        for tlp in cls:
            if tlp.word == word:
                return tlp
        raise ValueError(f"{text!r} is not a TLP colour")

    @property
    def word(self) -> str:
        """As a playbook writes it: ``amber+strict``."""
        return self.name.lower().replace("_", "+")

    def __str__(self) -> str:
        return f"TLP:{self.word.upper()}"


@dataclass(frozen=True, slots=True)
class Label:
    """How closely one piece of information is held.

    ``origins`` are the jurisdictions it comes from; ``expires`` is the first instant at which nobody may be shown it.
    """

    tlp: Tlp
    compartments: frozenset[str] = frozenset()
    personal: bool = False
    origins: frozenset[str] = frozenset()
    expires: datetime | None = None

    def join(self, other: Label) -> Label:
        """The label of a text made from both: the stricter of each part."""
        if other is PUBLIC:
            return self
        if self is PUBLIC:
            return other
        if self.expires is None or other.expires is None:
            expires = self.expires or other.expires
        else:
            expires = min(self.expires, other.expires)
        return Label(
            Tlp(max(self.tlp, other.tlp)),
            self.compartments | other.compartments,
            self.personal or other.personal,
            self.origins | other.origins,
            expires,
        )


PUBLIC = Label(Tlp.CLEAR)
"""The neutral element of the join: what anyone may know."""


def join(labels: Iterable[Label]) -> Label:
    """The label of a text made from all of these."""
    result = PUBLIC
    for label in labels:
        result = result.join(label)
    return result
