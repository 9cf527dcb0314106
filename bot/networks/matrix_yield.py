"""What one kept sync yields: the events for the inbox, and what to remember once they are in it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from bot.networks.matrix_edits import KnownEdit
from bot.networks.matrix_memory import Memory


@dataclass(slots=True)
class Yield:
    """The events for the inbox (key, body), and what to remember once they are in it."""

    items: list[tuple[str, str]] = field(default_factory=list)
    readable: list[tuple[str, str]] = field(default_factory=list)  # (room, event) of what waits no more
    unreadable: list[str] = field(default_factory=list)
    traits: dict[str, str] = field(default_factory=dict)
    reverted: dict[str, KnownEdit] = field(default_factory=dict)  # a redaction's key → the edit that it takes back
    touched: set[str] = field(default_factory=set)  # rooms of which something may be new
    posted: list[tuple[str, str]] = field(
        default_factory=list
    )  # checkpoints of our own that came back, each with its room

    def remember(self, memory: Memory) -> None:
        """To be called when the events have been committed."""
        memory.done_waiting(self.readable)
        memory.told_unreadable(self.unreadable)
        for room, traits in self.traits.items():
            memory.told(room, traits)

    def before_words(self, told: dict[str, tuple[str, str]]) -> None:
        """Add what is told of each room, before the first words in it; after what else befell it."""
        ordered: list[tuple[str, str]] = []
        for item in self.items:
            body = json.loads(item[1])
            if body["what"] == "event" and body["room"] in told:
                ordered.append(told.pop(body["room"]))
            ordered.append(item)
        self.items = [*ordered, *told.values()]
