"""The rule of sight and the plain rule asked the same, and, where they disagree, the smallest case in which they still do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from playbooks.load import Book, PlaybookErrors
from playbooks.selection import Circumstances, Event
from playbooks.sight import Answer, Question, Room, Seen
from tests.playbooks import plain_rule, seeded
from tests.playbooks.generated import book_of

Rule = Callable[[Book, Circumstances, Event, Room, str], str]
"""A rule: the form that is seen, or why nothing is."""


def sight(book: Book, so: Circumstances, event: Event, room: Room, field: str) -> str:
    """What ``playbooks.sight`` says."""
    return in_a_word(Question(book, so, event).decide(room, field))


def plainly(book: Book, so: Circumstances, event: Event, room: Room, field: str) -> str:
    """What the plain rule says."""
    form, why = plain_rule.answer(book, so, event, room, field)
    return f"seen: {form}" if why == plain_rule.MAY_SEE else f"withheld: {why}"


def in_a_word(answer: Answer) -> str:
    """An answer as both rules give it: the form, or the reason."""
    return f"seen: {answer.form}" if isinstance(answer, Seen) else f"withheld: {answer.why}"


@dataclass(frozen=True)
class Case:
    """One decision: a playbook as data, what is so, an event, a room and a field."""

    data: Mapping[str, Any]
    so: Circumstances
    event: Event
    room: Room
    field: str


def cases(seed: object, events: int, rooms: int) -> Iterator[tuple[Book, list[tuple[Case, str]]]]:
    """A random playbook and, for each of some events in it, every field in some rooms, with what sight says of each."""
    random = Random(str(seed))
    data = seeded.playbook(random)
    book = book_of(data)
    for _ in range(events):
        event, so = seeded.event(random, book), seeded.situation(random, book)
        question = Question(book, so, event)
        asked = [
            (Case(data, so, event, room, field), in_a_word(question.decide(room, field)))
            for room in seeded.rooms(random, book, rooms)
            for field in seeded.fields(random, book)
        ]
        yield book, asked


def smallest(case: Case, one: Rule, other: Rule) -> Case:
    """The same two answers to a case from which everything is left out that does not matter to them."""
    answers = both(case, one, other)
    for tried in _smaller(case):
        if both(tried, one, other) == answers:
            return smallest(tried, one, other)
    return case


def both(case: Case, one: Rule, other: Rule) -> tuple[str, str] | None:
    """What two rules answer; None where the playbook is none, or has not the partner who speaks."""
    try:
        book = book_of(case.data)
    except PlaybookErrors:
        return None
    if case.event.origin not in book.playbook.partners:
        return None
    asked = (book, case.so, case.event, case.room, case.field)
    return one(*asked), other(*asked)


def told(case: Case, one: Rule, other: Rule) -> str:
    """The case for people: the file, what is asked, and both answers."""
    book = book_of(case.data)
    found, wanted = both(case, one, other) or ("", "")
    so, event, room = case.so, case.event, case.room
    traits = [trait for trait in ("encrypted", "world_readable", "open_join") if getattr(room, trait)]
    kind = f"{' '.join(traits) or 'plain'} {room.ref.network} room of {room.partner}"
    origins, areas = ", ".join(sorted(event.origins)), ", ".join(sorted(event.areas))
    return "\n".join(
        (
            book.source.decode(),
            f"asked: {case.field} in the {kind}",
            f"event: said by {event.origin}, from: {origins}; place {event.place}, in: {areas}",
            f"event: raised {event.raised}, expires {event.expires}",
            f"now: {so.now}, phase {so.phase}, hazard {so.hazard}, danger {so.danger}, active {sorted(so.active)}",
            *(f"leads: {leading}" for leading in so.leads),
            f"sight says: {found}",
            f"the plain rule says: {wanted}",
        )
    )


def _smaller(case: Case) -> Iterator[Case]:
    """The case with one thing less, in every way."""
    event, so = case.event, case.so
    for data in _pruned(case.data):
        yield replace(case, data=data)
    for changes in (
        {"raised": None}, {"expires": None}, {"place": None}, {"fields": {}},
        *({"origins": event.origins - {origin}} for origin in sorted(event.origins)),
    ):  # fmt: skip
        if any(getattr(event, key) != value for key, value in changes.items()):
            yield replace(case, event=replace(event, **changes))  # type: ignore[arg-type]
    for changes in (
        {"danger": False}, {"hazard": None},
        *({"active": so.active - {name}} for name in sorted(so.active)),
        *({"leads": so.leads[:at] + so.leads[at + 1 :]} for at in range(len(so.leads))),
    ):  # fmt: skip
        if any(getattr(so, key) != value for key, value in changes.items()):
            yield replace(case, so=replace(so, **changes))  # type: ignore[arg-type]
    if case.room.encrypted and not (case.room.world_readable or case.room.open_join):
        yield replace(case, room=replace(case.room, encrypted=False))


def _pruned(data: Any) -> Iterator[Any]:
    """The data with one entry of a mapping or one item of a list left out, at any depth, the highest first."""
    if isinstance(data, Mapping):
        for key in data:
            yield {name: value for name, value in data.items() if name != key}
        for key, inner in data.items():
            for less in _pruned(inner):
                yield {**data, key: less}
    elif isinstance(data, list):
        for at in range(len(data)):
            yield data[:at] + data[at + 1 :]
        for at, inner in enumerate(data):
            for less in _pruned(inner):
                yield [*data[:at], less, *data[at + 1 :]]
