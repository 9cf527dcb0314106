"""Whom an alert reaches, and with what: decided for every partner and room at one moment, for the preview and for sending alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from handlers.case import room_reader
from handlers.texts import say
from handlers.world import World, circumstances, languages, rooms_for, sight_room
from playbooks import sight
from playbooks.cleared import NOTHING, Cleared, clauses, clock, glue, name, quote, short_id, strong
from playbooks.load import Book
from playbooks.rooms import RoomRef
from playbooks.schema import Alert
from playbooks.selection import Circumstances, Event, matches
from playbooks.sight import View, Withheld
from playbooks.values import Value
from storage.incident import Incident


@dataclass(frozen=True, slots=True)
class RoomView:
    """One room: what it may see, and whether that is enough to show it the alert."""

    room: RoomRef
    view: View
    lacking: str | None  # a required field it may not see, in any form
    hollow: bool = False


@dataclass(frozen=True, slots=True)
class Addressee:
    """One partner: ``shown`` in these rooms, ``held`` in all of them, ``unselected``, or ``roomless``."""

    partner: str
    status: Literal["shown", "held", "unselected", "roomless"]
    rooms: tuple[RoomView, ...] = ()
    obstacle: Withheld | None = None
    field: str | None = None
    blind: bool = False  # unselected because it may not see the area the selection looks at


@dataclass(frozen=True)
class Addressing:
    """Everyone, in the playbook's order."""

    event: Event
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


def address(world: World, incident: Incident, template: str, event: Event, now: datetime) -> Addressing:
    """Decide for every active partner whether the alert is for it, and what each of its rooms may see."""
    book = world.book_of(incident)
    alert = book.playbook.alerts[template]
    so = circumstances(world, incident, now)
    found: dict[str, Addressee] = {}
    for partner in book.playbook.partners:
        if partner not in so.active:
            continue
        rooms = [
            (binding, sight.view(book, so, event, sight_room(world, binding), alert.fields))
            for binding in rooms_for(world, incident, partner, "alerts")
        ]
        areas = _areas(book, so, event, [view.room for _, view in rooms]) if alert.to.uses_event else frozenset()
        if not matches(book, alert.to, partner, so, event.origin, areas, None):
            blind = (
                alert.to.uses_event
                and areas is None
                and matches(book, alert.to, partner, so, event.origin, event.areas, None)
            )
            found[partner] = Addressee(partner, "unselected", blind=blind)
        elif not rooms:
            found[partner] = Addressee(partner, "roomless")
        else:
            found[partner] = _addressee(book, alert, partner, [view for _, view in rooms])
    return Addressing(event, found)


def _areas(book: Book, so: Circumstances, event: Event, rooms: list[sight.Room]) -> frozenset[str] | None:
    """The event's areas as far as some room of a partner may see them; None where none may."""
    seen = [sight.visible_areas(book, so, event, room) for room in rooms]
    return next((areas for areas in seen if areas is not None), None)


def _addressee(book: Book, alert: Alert, partner: str, views: list[View]) -> Addressee:
    rooms = [_room_view(book, alert, view) for view in views]
    good = tuple(room for room in rooms if room.lacking is None and not room.hollow)
    if good:
        return Addressee(partner, "shown", good)
    first = rooms[0]
    answer = first.view.answers.get(first.lacking) if first.lacking else None
    obstacle = answer if isinstance(answer, Withheld) else (Withheld("no-form") if first.lacking else None)
    return Addressee(partner, "held", tuple(rooms), obstacle, first.lacking)


def _room_view(book: Book, alert: Alert, view: View) -> RoomView:
    lacking = next((f for f, need in alert.fields.items() if need == "required" and view.shape(book, f) is None), None)
    hollow = lacking is None and clauses(book, view, alert.text, (), tuple(alert.fields)) is None
    return RoomView(view.room.ref, view, lacking, hollow)


def body(world: World, incident: Incident, template: str, alert_id: str, at: datetime, view: View) -> Cleared | None:
    """An alert as one room is shown it: what, which, how closely held, the clauses it may see, and from whom. None: hollow."""
    book = world.book_of(incident)
    alert = book.playbook.alerts[template]
    room, partner = view.room.ref, view.room.partner
    spoken = languages(world, book, room, partner)
    reader = room_reader(world, book, room, partner)
    content = clauses(book, view, alert.text, spoken, tuple(alert.fields))
    if content is None:
        return None
    title = strong(quote(book, reader, alert.title))
    heading = "🚨 {title} · {id}" if alert.cap.rings else "🔔 {title} · {id}"
    lines = [
        say(spoken, "<b>EXERCISE EXERCISE EXERCISE</b>") if incident.opened.exercise else NOTHING,
        say((), heading, title=title, id=short_id(alert_id)),
        say((), "{tlp}\n{content}", content=content),
        say(spoken, "From {partner}, {time}", partner=name(book, reader, view.event.origin), time=clock(book, at)),
    ]
    return glue([line for line in lines if line is not NOTHING])
