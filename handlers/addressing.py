"""Whom an alert reaches, and with what: decided for every partner and room at one moment, for the preview and for sending alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from handlers.case import room_reader
from handlers.texts import say
from handlers.world import World, circumstances, rooms_for, sight_room
from playbooks import sight
from playbooks.cleared import Clauses, Cleared, Reader, clock, glue, name, quote, short_id, strong
from playbooks.load import Book
from playbooks.rooms import RoomRef
from playbooks.schema import Alert
from playbooks.selection import Circumstances, Event, matches
from playbooks.sight import View, Withheld
from playbooks.values import Value
from storage.incident import Incident


@dataclass(frozen=True, slots=True)
class RoomView:
    """One room: what it may see, whether that is enough to show it the alert, and until when this was decided."""

    room: RoomRef
    view: View
    lacking: str | None  # a required field it may not see, in any form
    hollow: bool = False
    until: datetime | None = None  # when an agreement or the danger ends by which it may see what it sees


@dataclass(frozen=True, slots=True)
class Addressee:
    """One partner: ``shown`` in these rooms, ``held`` in all of them, ``unselected``, or ``roomless``."""

    partner: str
    status: Literal["shown", "held", "unselected", "roomless"]
    rooms: tuple[RoomView, ...] = ()
    obstacle: Withheld | None = None
    field: str | None = None
    blind: bool = False  # unselected because none of its rooms may see the area the selection looks at
    by_place: bool = False  # it would be otherwise elsewhere: for those alone who see where it is


@dataclass(frozen=True)
class Addressing:
    """Everyone, in the playbook's order, and the words for them."""

    event: Event
    words: Clauses
    addressees: Mapping[str, Addressee] = field(default_factory=dict)

    def of(self, status: str) -> list[Addressee]:
        """Those with one status."""
        return [one for one in self.addressees.values() if one.status == status]


def place_field(book: Book, alert: Alert) -> str | None:
    """The field that says where an alert concerns: ``where``, else its first place."""
    places = [f for f in alert.fields if (spec := book.playbook.field(f)) is not None and spec.type == "place"]
    return "where" if "where" in places else (places[0] if places else None)


def event_of(
    book: Book,
    template: str,
    partner: str,
    fields: Mapping[str, Value | None],
    raised: str | None,
    expires: datetime | None,
) -> Event:
    """An alert as the visibility rule looks at it: the words of a partner, from its jurisdiction."""
    origin = book.playbook.partners[partner].jurisdiction
    return Event(
        origin=partner,
        origins=frozenset({origin}),
        fields=fields,
        raised=raised,
        expires=expires,
        place=place_field(book, book.playbook.alerts[template]),
    )


def sees_place(book: Book, so: Circumstances, event: Event, room: sight.Room | None) -> bool:
    """Whether a room may know where an event is, as far as it decides whom an alert is for."""
    return room is not None and sight.visible_areas(book, so, event, room) is not None


def address(
    world: World,
    incident: Incident,
    template: str,
    event: Event,
    now: datetime,
    partners: Iterable[str] | None = None,
) -> Addressing:
    """Decide for every partner (or for these ``partners`` alone) whether the alert is for it, and what each of its rooms may see.

    Where the selection looks at the event's area, each room is selected by what it may see itself.
    """
    book = world.book_of(incident)
    alert = book.playbook.alerts[template]
    so = circumstances(world, incident, now)
    question = sight.Question(book, so, event)
    words = Clauses(book, event, alert.text, tuple(alert.fields))
    danger = incident.danger.until if incident.danger is not None and so.danger else None
    found: dict[str, Addressee] = {}
    for partner in book.playbook.partners if partners is None else partners:
        rooms = [sight_room(world, binding) for binding in rooms_for(world, incident, partner, "alerts")]
        anywhere = matches(book, alert.to, partner, so, event.origin, None, None)
        chosen = rooms if anywhere else [room for room in rooms if _selects(question, alert, room)]
        if chosen:
            views = [question.view(room, alert.fields) for room in chosen]
            found[partner] = _addressee(book, alert, words, partner, views, danger, by_place=not anywhere)
        elif anywhere:
            found[partner] = Addressee(partner, "roomless")
        else:
            there = matches(book, alert.to, partner, so, event.origin, event.areas, None)
            if there and partner not in so.active:
                found[partner] = Addressee(partner, "roomless", by_place=True)
            else:
                found[partner] = Addressee(partner, "unselected", blind=there, by_place=there)
    return Addressing(event, words, found)


def _selects(question: sight.Question, alert: Alert, room: sight.Room) -> bool:
    """Whether the alert is for this room's partner, as far as this room may see where it is."""
    areas = question.visible_areas(room) if alert.to.uses_event else None
    so, origin = question.circumstances, question.event.origin
    return areas is not None and matches(question.book, alert.to, room.partner, so, origin, areas, None)


def _addressee(
    book: Book,
    alert: Alert,
    words: Clauses,
    partner: str,
    views: list[View],
    danger: datetime | None,
    *,
    by_place: bool,
) -> Addressee:
    rooms = [_room_view(book, alert, words, view, danger) for view in views]
    good = tuple(room for room in rooms if room.lacking is None and not room.hollow)
    if good:
        return Addressee(partner, "shown", good, by_place=by_place)
    first = rooms[0]
    answer = first.view.answers.get(first.lacking) if first.lacking else None
    obstacle = answer if isinstance(answer, Withheld) else (Withheld("no-form") if first.lacking else None)
    return Addressee(partner, "held", tuple(rooms), obstacle, first.lacking, by_place=by_place)


def _room_view(book: Book, alert: Alert, words: Clauses, view: View, danger: datetime | None) -> RoomView:
    lacking = next((f for f, need in alert.fields.items() if need == "required" and view.shape(book, f) is None), None)
    hollow = lacking is None and words.hollow(view)
    ends = [end for end in (sight.cleared_until(book, view.answers.values()), danger) if end is not None]
    return RoomView(view.room.ref, view, lacking, hollow, min(ends, default=None))


class Letter:
    """An alert as rooms are shown it. What is the same in many of them is put into words once."""

    def __init__(
        self, world: World, incident: Incident, template: str, alert_id: str, at: datetime, words: Clauses
    ) -> None:
        self._world = world
        self._book = world.book_of(incident)
        self._alert = self._book.playbook.alerts[template]
        self._exercise = incident.opened.exercise
        self._id = alert_id
        self._at = at
        self._words = words
        self._frames: dict[tuple[tuple[str, ...], bool, bool], tuple[list[Cleared], Cleared]] = {}

    def to(self, view: View) -> Cleared | None:
        """For one room: what, which, how closely held, the clauses it may see, and from whom. None: hollow."""
        reader = room_reader(self._world, self._book, view.room.ref, view.room.partner)
        content = self._words.shown(view, reader.languages)
        if content is None:
            return None
        origin = view.event.origin
        key = (reader.languages, reader.insider, reader.partner == origin)
        if key not in self._frames:
            self._frames[key] = (self._heading(reader), self._signature(reader, origin))
        heading, signature = self._frames[key]
        return glue([*heading, say((), "{tlp}\n{content}", content=content), signature])

    def _heading(self, reader: Reader) -> list[Cleared]:
        title = strong(quote(self._book, reader, self._alert.title))
        heading = "🚨 {title} · {id}" if self._alert.cap.rings else "🔔 {title} · {id}"
        exercise = [say(reader.languages, "<b>EXERCISE EXERCISE EXERCISE</b>")] if self._exercise else []
        return [*exercise, say((), heading, title=title, id=short_id(self._id))]

    def _signature(self, reader: Reader, origin: str) -> Cleared:
        partner, time = name(self._book, reader, origin), clock(self._book, self._at)
        return say(reader.languages, "From {partner}, {time}", partner=partner, time=time)
