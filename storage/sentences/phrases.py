"""The parts of sentences: who, where, by which rule, until when; and what is remembered of messages until they are told to have arrived."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from playbooks.rooms import RoomRef
from storage import facts as f
from storage.facts.fact import Fact
from storage.tongue import Tongue
from storage.unseen import is_seen
from storage.upkeep import whose

REMEMBERED = 10_000
"""Messages whose room and subject are remembered until they are told to have arrived: what is on its way at one time is far less."""


class Phrases:
    """In a language, with ``local`` that puts a time into the zone in which it is told."""

    def __init__(self, local: Callable[[datetime], datetime], tongue: Tongue) -> None:
        self._local = local
        self.tongue = tongue
        self.say, self.code, self.own = tongue.say, tongue.code, tongue.own
        self._shown: dict[str, f.Disclosed] = {}
        self._whose: dict[RoomRef, str] = {}

    # -- messages --------------------------------------------------------------------------------------------------------

    def heard(self, fact: Fact) -> None:
        """Remember what a message is about and whose its room is, for what is told later; the newest ``REMEMBERED`` messages."""
        if isinstance(fact, f.Disclosed) and is_seen(fact.send):
            self._shown[fact.send] = fact
            if len(self._shown) > REMEMBERED:
                del self._shown[next(iter(self._shown))]
            if fact.partner is not None and is_seen(fact.partner) and is_seen(fact.room):
                self._whose[fact.room] = fact.partner

    def about(self, fact: f.MessageSent) -> str | None:
        """What a message that left was about, where that is known."""
        shown = self._shown.get(fact.send)
        return shown.about if shown is not None else None

    def room(self, room: RoomRef) -> str:
        """A room by its partner and network, where both are known from what it was shown."""
        partner = self._whose.get(room)
        return f"{partner} ({room.network.capitalize()})" if partner is not None else str(room)

    def whose(self, partner: str | None, room: RoomRef) -> str:
        """A partner's room on its network; a chat of no partner is a person's own."""
        return whose(partner, room.network.capitalize(), self.tongue)

    # -- who, where, when ------------------------------------------------------------------------------------------------

    def who(self, person: str | None, partner: str | None) -> str:
        """A person, with their partner where it is known."""
        person = self.code(person)
        return self.say("{person} of {partner}", person=person, partner=partner) if _known(partner) else person

    def where(self, tier: str | None, jurisdiction: str | None) -> str:
        """What a lead is of."""
        parts = [self.code(tier) if tier else "", str(jurisdiction) if jurisdiction else ""]
        return " ".join(part for part in parts if part) or self.say("of all")

    def minute(self, at: datetime) -> str:
        """A time, to the minute."""
        return self.tongue.minute(self._local(at) if is_seen(at) else at)

    def by(self, rule: str | None) -> str:
        """The playbook's line, as it can be looked up; nothing where it is not shown."""
        if not is_seen(rule) or not rule:
            return ""
        book, colon, line = rule.rpartition(":")
        return f" ({book}, {self.tongue.word('line', n=line)})" if colon else f" ({rule})"

    def many(self, several: tuple[str, ...]) -> str:
        """How many there are."""
        return str(len(several)) if is_seen(several) else str(several)

    def late(self, seconds: int) -> str:
        """That something was done late; nothing where it was not, or where that is not shown."""
        return self.say(", {seconds} s late", seconds=seconds) if is_seen(seconds) and seconds > 0 else ""

    def said(self, text: str | None) -> str:
        """Somebody's words behind a sentence; nothing where there are none."""
        return self.tongue.named("", text) if text else ""


def _known(partner: str | None) -> bool:
    return bool(partner) and is_seen(partner)
