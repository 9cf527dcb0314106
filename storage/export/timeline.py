"""The timeline of a copy: an entry a row, where entries that say the same kind of thing one after the other share one.

No entry is left out. Of those of which nothing is shown, neighbours share a row that counts them; so do messages that left together, and those that show
the same to several rooms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Hashable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from storage import facts as f
from storage.export.copy import Copy
from storage.facts import Fact
from storage.plain import named, shown
from storage.sentences import Sentences
from storage.unseen import is_seen, visible
from storage.upkeep import due, tracked, whose

MOST = 200
"""Entries that share a row at most."""


@dataclass(slots=True)
class Row:
    """Entries ``first`` to ``last``. ``below``: lines under the words. ``names``: what differs among those that share it; ``hidden``: the kinds of those
    of which nothing is shown."""

    first: int
    last: int
    at: datetime
    words: str
    below: list[str]
    names: list[str] = field(default_factory=list)
    hidden: Counter[str] = field(default_factory=Counter)

    @property
    def entries(self) -> str:
        """The numbers of its entries."""
        return str(self.first) if self.first == self.last else f"{self.first}–{self.last}"

    @property
    def said(self) -> str:
        """What happened."""
        if self.hidden:
            return "Nothing shown: " + ", ".join(
                f"{named(kind)} {count}" for kind, count in sorted(self.hidden.items())
            )
        return self.words.format(", ".join(dict.fromkeys(self.names))) if self.names else self.words


async def rows(copy: Copy) -> AsyncIterator[Row]:
    """The rows, in order."""
    zone = ZoneInfo(copy.about.zone)
    sentences = Sentences(lambda at: at.astimezone(zone))
    open_: Row | None = None
    same: Hashable = None
    async for line in copy.lines():
        fact = visible(line.kept.fact, {path for _, path, _ in line.shown})
        fact = copy.naming.read(line.kept.playbook_sha256, fact)
        sentences.heard(fact)
        key, row = _row(sentences, line.kept.seq, line.kept.at, fact, bool(line.shown), line.hidden)
        if open_ is not None and key is not None and key == same and row.last - open_.first < MOST:
            open_.last = row.last
            open_.names += row.names
            open_.hidden += row.hidden
            continue
        if open_ is not None:
            yield open_
        open_, same = row, key
    if open_ is not None:
        yield open_


def _row(sentences: Sentences, seq: int, at: datetime, fact: Fact, seen: bool, hidden: int) -> tuple[Hashable, Row]:
    """A row for one entry; and what is the same in the next if that may share it, None if none may."""
    kind = type(fact).__name__
    if not seen:
        return ("hidden", at.date()), Row(seq, seq, at, "", [], hidden=Counter([kind]))
    match fact:
        case f.MessageSent() if is_seen(fact.send) and is_seen(fact.room):
            about = sentences.about(fact) or "Message"
            words = f"{_literal(about)} sent to {{}}"
            return (kind, about, at), Row(seq, seq, at, words, [], [sentences.room(fact.room)])
        case f.MessageTracked() if is_seen(fact.room) and is_seen(fact.about):
            if not is_seen(fact.role):
                return None, Row(seq, seq, at, sentences.sentence(fact), [])
            words = tracked(fact.role, fact.about)
            return (kind, fact.role, fact.about, at), Row(seq, seq, at, words, [], [sentences.room(fact.room)])
        case f.Disclosed() if is_seen(fact.room) and is_seen(fact.partner):
            below = [*shown(fact), *_withheld(hidden)]
            below += [line for line in sentences.below(fact) if line.startswith("withholds ")]
            words = f"{_literal(fact.about or 'Message')} for {{}}: {_literal(str(fact.label))}"
            name = whose(fact.partner, f"{fact.room.network.capitalize()}, {fact.language}")
            return (kind, fact.about, fact.label, at, *below), Row(seq, seq, at, words, below, [name])
        case f.DeadlinePassed() if is_seen(fact.key):
            return (kind, at), Row(seq, seq, at, "Time to {}", [], [due(fact.key)])
        case _:
            return None, Row(seq, seq, at, sentences.sentence(fact), [*sentences.below(fact), *_withheld(hidden)])


def _withheld(hidden: int) -> list[str]:
    return [f"{hidden} {'field' if hidden == 1 else 'fields'} withheld"] if hidden else []


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
