"""What each partner answered to a round, as far as one reader may see it.

The answers are a field, ``?NAME`` of the check-in NAME, under its label, whose origin is the partner that answers: for the lead by
its nature, and for whom the playbook permits ``_answer``. That somebody answered, and who is silent, is ``_delivery``. Whoever may
see neither is not told that the partner was asked; a partner always knows of itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from handlers.world import World, circumstances, in_order
from playbooks import sight
from playbooks.cleared import Reader, listed
from playbooks.labels import Tlp
from playbooks.load import Book
from playbooks.selection import Circumstances, Event
from playbooks.values import Text
from storage.incident import Given, Incident, Round

Status = Literal["answered", "silent", "waiting", "unreachable", "roomless"]
"""``waiting``: the question is on its way; ``unreachable``: no network took it in time; ``roomless``: there was no room to ask in."""


@dataclass(frozen=True, slots=True)
class Stands:
    """What stands of a partner's answers: the newest, with all that was said under it, the last time, and whether that was late."""

    answer: str
    words: str
    raised: str | None
    at: datetime
    late: bool


@dataclass(frozen=True, slots=True)
class Partners:
    """One partner in a round, for one reader. ``view``: the answer and its words as this room sees them; None: it sees neither."""

    partner: str
    status: Status
    stands: Stands | None = None
    view: sight.View | None = None

    @property
    def seen(self) -> bool:
        """Whether the reader sees the answer itself."""
        return self.view is not None and any(isinstance(one, sight.Seen) for one in self.view.answers.values())


def stands(given: Sequence[Given]) -> Stands | None:
    """What stands of several answers: the newest counts, and what was said since it was first given adds to it."""
    if not given:
        return None
    newest = given[-1]
    same = list(given)
    while same and any(one.answer != newest.answer for one in same):
        del same[0]
    words = "\n".join(dict.fromkeys(one.words for one in same if one.words))
    raised = [Tlp.parse(one.raised) for one in same if one.raised]
    return Stands(newest.answer, words, max(raised).word if raised else None, newest.at, newest.late)


def field(round_: Round) -> str:
    """The field that the answers to a round are."""
    return f"?{round_.fact.name}"


def view(book: Book, so: Circumstances, room: sight.Room, round_: Round, partner: str, one: Stands) -> sight.View:
    """A partner's answer, as this room may see it."""
    said = Text(f"{one.answer}: {one.words}" if one.words else one.answer)
    event = Event(partner, frozenset({book.playbook.partners[partner].jurisdiction}), {field(round_): said}, one.raised)
    return sight.view(book, so, event, room, (field(round_),))


def partners(
    world: World, incident: Incident, round_: Round, reader: Reader, room: sight.Room | None, now: datetime
) -> list[Partners]:
    """Everybody who was asked and of whom this reader may know, in the playbook's order. ``room``: None for a coordinator's chat."""
    book, so = world.book_of(incident), circumstances(world, incident, now)
    found = []
    # What says nothing of its own is seen alike whoever of a country it comes from.
    plain: dict[str, tuple[bool, bool]] = {}
    for partner in in_order(book, round_.fact.partners):
        if not listed(book, reader, partner):
            continue
        country = book.playbook.partners[partner].jurisdiction
        if room is not None and country not in plain:
            question = sight.Question(book, so, Event(partner, frozenset({country})))
            answer, silence = question.decide(room, field(round_)), question.decide(room, "_delivery")
            plain[country] = isinstance(answer, sight.Seen), isinstance(silence, sight.Seen)
        sees_plain, sees_delivery = plain.get(country, (True, True))
        if not (sees_plain or sees_delivery or partner == reader.partner):
            continue
        one = stands(round_.answers.get(partner, ()))
        seen = view(book, so, room, round_, partner, one) if one is not None and room is not None else None
        found.append(Partners(partner, _status(round_, partner), one, seen))
    return found


def _status(round_: Round, partner: str) -> Status:
    if round_.answers.get(partner):
        return "answered"
    watch = round_.watches.get(partner)
    if watch is None:
        return "roomless"
    if watch.since is not None:
        return "silent"
    return "unreachable" if watch.unreachable else "waiting"
