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
from storage.plain import shown
from storage.sentences import Sentences
from storage.tongue import ENGLISH, Tongue
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
    tongue: Tongue = ENGLISH
    hidden: Counter[str] = field(default_factory=Counter)

    @property
    def entries(self) -> str:
        """The numbers of its entries."""
        return str(self.first) if self.first == self.last else f"{self.first}–{self.last}"

    @property
    def said(self) -> str:
        """What happened."""
        if self.hidden:
            kinds = ", ".join(f"{self.tongue.kind(kind)} {count}" for kind, count in sorted(self.hidden.items()))
            return self.tongue.named(self.tongue.say("Nothing shown"), kinds)
        return self.words.format(", ".join(dict.fromkeys(self.names))) if self.names else self.words


async def rows(copy: Copy, tongue: Tongue = ENGLISH) -> AsyncIterator[Row]:
    """The rows, in order."""
    zone = ZoneInfo(copy.about.zone)
    sentences = Sentences(lambda at: at.astimezone(zone), tongue)
    open_: Row | None = None
    same: Hashable = None
    async for line in copy.lines():
        fact = visible(line.kept.fact, {path for _, path, _ in line.shown}, tongue.unseen)
        fact = copy.naming.told(line.kept.playbook_sha256, fact)
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
    kind, tongue = type(fact).__name__, sentences.tongue
    if not seen:
        return ("hidden", at.date()), Row(seq, seq, at, "", [], [], tongue, Counter([kind]))
    match fact:
        case f.MessageSent() if is_seen(fact.send) and is_seen(fact.room):
            about = sentences.about(fact) or tongue.say("Message")
            words = tongue.say("{what} sent to {where}", what=_literal(about), where="{}")
            return (kind, about, at), Row(seq, seq, at, words, [], [sentences.room(fact.room)])
        case f.MessageTracked() if is_seen(fact.room) and is_seen(fact.about):
            if not is_seen(fact.role):
                return None, Row(seq, seq, at, sentences.sentence(fact), [])
            words = tracked(fact.role, fact.about, tongue)
            return (kind, fact.role, fact.about, at), Row(seq, seq, at, words, [], [sentences.room(fact.room)])
        case f.Disclosed() if is_seen(fact.room) and is_seen(fact.partner):
            below = [*shown(fact, tongue), *_withheld(hidden, tongue), *sentences.withholds(fact)]
            what, label = _literal(fact.about or tongue.say("Message")), _literal(str(fact.label))
            words = tongue.say("{what} for {where}: {label}", what=what, where="{}", label=label)
            name = whose(fact.partner, f"{fact.room.network.capitalize()}, {fact.language}", tongue)
            return (kind, fact.about, fact.label, at, *below), Row(seq, seq, at, words, below, [name])
        case f.DeadlinePassed() if is_seen(fact.key):
            return (kind, at), Row(seq, seq, at, tongue.say("Time to {what}", what="{}"), [], [due(fact.key, tongue)])
        case _:
            below = [*sentences.below(fact), *_withheld(hidden, tongue)]
            return None, Row(seq, seq, at, sentences.sentence(fact), below)


def _withheld(hidden: int, tongue: Tongue) -> list[str]:
    return [tongue.word("hidden", n=hidden)] if hidden else []


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
