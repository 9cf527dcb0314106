"""What arrived at a partner and what did not, in words: alerts, that one is over, and questions, each told when its network says what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from storage import facts as f
from storage.export.naming import Naming
from storage.export.view import is_copy
from storage.facts import Fact
from storage.inquiry.fates import whole
from storage.plain import shown
from storage.sentences import REMEMBERED
from storage.unseen import is_seen

OVER = {"cancelled": "is cancelled", "retracted": "is withdrawn", "superseded": "does not stand any more"}
"""The roles of messages that say how an alert ended, in words."""


@dataclass(frozen=True, slots=True)
class _Message:
    """A message on its way. ``opens``: with which words it is told of; ``done``: what is done once it arrives; ``tail``: to what; ``says``: what it shows, or
    empty. ``seq``, ``at``: the entry that tells of it.
    """

    partner: str
    about: str
    network: str
    opens: str
    done: str
    tail: str
    says: str
    seq: int
    at: datetime

    @property
    def key(self) -> tuple[str, ...]:
        """What is told once, by whichever network."""
        return self.partner, self.about, self.done, self.tail

    def words(self, how: str = "") -> str:
        """What became of it: ``A-1 (Evacuate) not delivered by Telegram``."""
        return f"{self.opens} {how}{self.done} by {self.network}{self.tail}"


class Arrivals:
    """Take in every entry, in order. Of what is on its way, the newest ``REMEMBERED`` messages are kept in mind."""

    def __init__(self, naming: Naming) -> None:
        self._naming = naming
        self._sent: dict[str, _Message] = {}
        self._repeats: dict[str, str] = {}
        self._rounds: dict[str, str] = {}
        self._told: set[tuple[str, ...]] = set()
        self._have: dict[str, dict[str, None]] = {}

    def take(self, seq: int, at: datetime, fact: Fact, read: Fact) -> Iterator[tuple[str, str]]:
        """(partner, what became known of a message to it). ``fact``: as far as it is shown; ``read``: the same, as people read it."""
        match fact:
            case f.CheckinStarted(round=number, name=name) if is_seen(number) and is_seen(name):
                self._rounds[number] = name
            case f.Disclosed() | f.MessageTracked() if (one := self._message(seq, at, fact, read)) is not None:
                self._sent[fact.send] = one
                if len(self._sent) > REMEMBERED:
                    del self._sent[next(iter(self._sent))]
            case f.MessageSent() | f.MessageRefused() | f.MessageUnknown() | f.MessageDropped():
                yield from self._became(fact)
            case _:
                pass

    def have(self, alert: object) -> list[str]:
        """The partners that an alert reached."""
        return list(self._have.get(alert, ())) if isinstance(alert, str) else []

    def waiting(self) -> Iterator[tuple[str, int, datetime, str]]:
        """(partner, entry, when, words) of what was decided and of which nothing more is known, in order."""
        for one in self._sent.values():
            if not self._is_told(*one.key) and not self._is_told(*one.key, one.network, "unknown"):
                yield one.partner, one.seq, one.at, one.words("not known to be ")

    def _message(self, seq: int, at: datetime, fact: f.Disclosed | f.MessageTracked, read: Fact) -> _Message | None:
        partner = fact.partner
        if not isinstance(partner, str) or not all(map(is_seen, (fact.send, fact.about, fact.room))):
            return None
        about, says, tail = fact.about, "", ""
        match fact:
            case f.Disclosed() if is_copy(fact) and isinstance(read, f.Disclosed):
                title = self._naming.title(about, fact.language) if is_seen(fact.language) else None
                opens, done, says = f"{about} ({title})" if title else about, "delivered", ", ".join(shown(read))
            case f.MessageTracked(role="prompt") if about.startswith("C-"):
                name = self._rounds.get(about)
                opens, done = f"{about} ({name}):" if name else f"{about}:", "asked"
            case f.MessageTracked(role=str() as role) if role in OVER:
                opens, done, tail = f"{about}:", "told", f" that it {OVER[role]}"
            case _:
                return None
        return _Message(partner, about, fact.room.network.capitalize(), opens, done, tail, says, seq, at)

    def _became(
        self, fact: f.MessageSent | f.MessageRefused | f.MessageUnknown | f.MessageDropped
    ) -> Iterator[tuple[str, str]]:
        if not is_seen(fact.send):
            return
        name = whole(fact.send)
        name = self._repeats.get(name, name)
        one = self._sent.get(name)
        if one is None:
            return
        match fact:
            case f.MessageSent():
                del self._sent[name]
                if self._first(*one.key):
                    if one.done == "delivered":
                        self._have.setdefault(one.about, {})[one.partner] = None
                    yield one.partner, one.words() + (f": {one.says}" if one.says else "")
            case f.MessageRefused(reason=reason):
                del self._sent[name]
                if self._first(*one.key, one.network, "refused"):
                    yield one.partner, f"{one.words('not ')}: {reason}"
            case f.MessageUnknown(reason=reason, repeat=repeat):
                if repeat is not None and is_seen(repeat):
                    self._repeats[repeat] = name
                if not self._is_told(*one.key) and self._first(*one.key, one.network, "unknown"):
                    yield one.partner, f"{one.words('perhaps ')}, nobody knows: {reason}"
            case f.MessageDropped(reason=reason):
                del self._sent[name]
                if not self._is_told(*one.key) and self._first(*one.key, one.network, "dropped"):
                    yield one.partner, f"{one.words('not ')}: {reason}"

    def _first(self, *what: str) -> bool:
        """Whether this is told for the first time."""
        new = what not in self._told
        self._told.add(what)
        return new

    def _is_told(self, *what: str) -> bool:
        return what in self._told
