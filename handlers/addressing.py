"""Whom an alert reaches, and with what: decided for every partner and room at one moment, for the preview and for sending alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from handlers.case import room_reader
from handlers.drafting import values_of
from handlers.moments import moment
from handlers.texts import say
from handlers.world import World, circumstances, rooms_for, sight_room
from playbooks import sight
from playbooks.audience import Audience, audience, place_field
from playbooks.cleared import Clauses, Cleared, Reader, glue, name, quote, short_id, strong
from playbooks.load import Book
from playbooks.selection import Circumstances, Event
from playbooks.sight import View
from playbooks.values import Value
from storage.incident import Incident, Issued


def event_of(
    book: Book,
    template: str,
    partner: str,
    fields: Mapping[str, Value | None],
    raised: str | None,
    expires: datetime | None,
    beside: Iterable[str] = (),
) -> Event:
    """An alert as the visibility rule looks at it: the words of a partner, from its jurisdiction, and those ``beside`` it."""
    origin = book.playbook.partners[partner].jurisdiction
    return Event(
        origin=partner,
        origins=frozenset({origin, *beside}),
        fields=fields,
        raised=raised,
        expires=expires,
        place=place_field(book, book.playbook.alerts[template]),
    )


def issued_event(book: Book, issued: Issued, partner: str | None = None) -> Event:
    """An alert as it was issued; for one partner with the values that were supplied for it alone."""
    fact = issued.fact
    supplied = issued.released.get(partner, {}) if partner is not None else {}
    fields = values_of({**fact.fields, **supplied})
    return event_of(book, fact.template, fact.partner, fields, fact.raised, fact.expires, fact.origins)


def said_event(book: Book, issued: Issued, partner: str | None = None) -> Event:
    """An alert as it was said, also when it is over: that hides from nobody whom it was for, who has it and who was silent."""
    return replace(issued_event(book, issued, partner), expires=None)


def origins_of_request(book: Book, incident: Incident, request: str | None) -> tuple[str, ...]:
    """Where the words come from that somebody asked others to send: what is sent for it are their words too."""
    asked = incident.requests.get(request or "")
    return (book.playbook.partners[asked.fact.partner].jurisdiction,) if asked is not None else ()


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
) -> Audience:
    """Decide for every partner (or for these ``partners`` alone) whether the alert is for it, and what each of its rooms may see."""
    book = world.book_of(incident)
    so = circumstances(world, incident, now)
    rooms = {
        partner: [sight_room(world, binding) for binding in rooms_for(world, incident, partner, "alerts")]
        for partner in (book.playbook.partners if partners is None else partners)
    }
    danger = incident.danger.until if incident.danger is not None and so.danger else None
    return audience(sight.Question(book, so, event), template, rooms, danger)


class Letter:
    """An alert as rooms are shown it now (``at``: when it was issued). What is the same in many of them is put into words once."""

    def __init__(
        self,
        world: World,
        incident: Incident,
        template: str,
        alert_id: str,
        at: datetime,
        now: datetime,
        words: Clauses,
    ) -> None:
        self._world = world
        self._book = world.book_of(incident)
        self._alert = self._book.playbook.alerts[template]
        self._id = alert_id
        self._at = at
        self._now = now
        self._words = words
        self._template = template
        self._incident = incident
        self._frames: dict[tuple[tuple[str, ...], bool, bool, str | None], tuple[list[Cleared], Cleared]] = {}

    def to(self, view: View, before: str | None = None) -> Cleared | None:
        """For one room: what, which, how closely held, the clauses it may see, and from whom. None: hollow.

        ``before``: the alert that the room was shown, whose place this one takes.
        """
        reader = room_reader(self._world, self._book, view.room.ref, view.room.partner)
        content = self._words.shown(view, reader.languages)
        if content is None:
            return None
        origin = view.event.origin
        key = (reader.languages, reader.insider, reader.partner == origin, before)
        if key not in self._frames:
            self._frames[key] = (self._heading(reader, before), self._signature(reader, origin))
        heading, signature = self._frames[key]
        return glue([*heading, say((), "{tlp}\n{content}", content=content), signature])

    def _heading(self, reader: Reader, before: str | None) -> list[Cleared]:
        title = strong(quote(self._book, reader, self._alert.title))
        heading = "🚨 {title} · {id}" if self._alert.cap.rings else "🔔 {title} · {id}"
        return [*self._instead_of(reader, before), say((), heading, title=title, id=short_id(self._id))]

    def _instead_of(self, reader: Reader, before: str | None) -> list[Cleared]:
        if before is None:
            return []
        alert = short_id(before)
        if self._incident.alerts[before].fact.template == self._template:
            return [say(reader.languages, "<b>Update of {alert}</b>", alert=alert)]
        return [say(reader.languages, "<b>In place of {alert}</b>", alert=alert)]

    def _signature(self, reader: Reader, origin: str) -> Cleared:
        partner = name(self._book, reader, origin)
        time = moment(self._book, self._at, self._now, reader.languages)
        return say(reader.languages, "From {partner}, {time}", partner=partner, time=time)
