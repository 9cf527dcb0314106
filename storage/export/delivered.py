"""What became of messages, as far as a reader of a copy must know: whether a network accepted one, or nobody knows, or none did.

Only messages that are followed are remembered. Of one that left in several parts, or was sent once more because nobody knew, any that was accepted counts.
"""

from __future__ import annotations

from typing import Literal

from storage.facts import Fact, MessageSent, MessageUnknown
from storage.inquiry.fates import whole
from storage.unseen import is_seen

Became = Literal["accepted", "unknown", "nothing"]
"""``nothing``: refused, not sent, or nothing is known of it yet."""


class Delivered:
    """Take in every entry, in order: ``follow`` a message before what became of it is taken."""

    def __init__(self) -> None:
        self._became: dict[str, Became] = {}
        self._repeats: dict[str, str] = {}

    def follow(self, send: str) -> None:
        """Remember what becomes of this message."""
        self._became.setdefault(send, "nothing")

    def take(self, fact: Fact) -> None:
        """Take in an entry. ``fact``: as far as it is shown (``storage.unseen.visible``)."""
        match fact:
            case MessageSent(send=send) if (name := self._followed(send)) is not None:
                self._became[name] = "accepted"
            case MessageUnknown(send=send, repeat=repeat) if (name := self._followed(send)) is not None:
                if self._became[name] == "nothing":
                    self._became[name] = "unknown"
                if repeat is not None and is_seen(repeat):
                    self._repeats[repeat] = name
            case _:
                pass

    def of(self, send: str) -> Became:
        """What became of a message."""
        return self._became.get(send, "nothing")

    def _followed(self, send: str) -> str | None:
        """The message that this is, a part of, or a repeat of, if it is followed."""
        if not is_seen(send):
            return None
        name = whole(send)
        name = self._repeats.get(name, name)
        return name if name in self._became else None
