"""Whom an alert reaches, and with what: decided for every partner and each of its rooms at one moment.

Sources of the rules: the playbook language, *An alert goes to a room*, and *Selector* for those chosen by where it is. A preview,
the sending itself, and the author's questions to a playbook (who sees, its own tests, what a change opens) all ask here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from playbooks.answers import cleared_until
from playbooks.cleared import Clauses
from playbooks.load import Book
from playbooks.rooms import RoomRef
from playbooks.schema import Alert
from playbooks.selection import Event, matches
from playbooks.sight import Question, Room, View, Withheld


@dataclass(frozen=True, slots=True)
class RoomView:
    """One room: what it may see, whether that is enough to show it the alert, and until when this was decided."""

    room: RoomRef
    view: View
    lacking: str | None  # a required field it may not see, in any form
    hollow: bool = False
    until: datetime | None = None  # when an agreement or the danger ends by which it may see what it sees

    @property
    def shown(self) -> bool:
        """Whether the alert goes there."""
        return self.lacking is None and not self.hollow


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One room that is sent nothing, of a partner for whom the alert is.

    ``field`` is a required one that it may not see, or, where it is ``blind``, the place by which it would have been chosen;
    without a field, nothing would be left to say.
    """

    room: RoomRef
    field: str | None
    obstacle: Withheld | None
    blind: bool = False


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
    left_out: tuple[LeftOut, ...] = ()  # its other rooms, each with why; of a partner held, all of them


@dataclass(frozen=True)
class Audience:
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


def audience(
    question: Question,
    template: str,
    rooms: Mapping[str, Sequence[Room]],
    danger_until: datetime | None = None,
) -> Audience:
    """Decide for each of these partners, with its rooms for alerts, whether the alert is for it and what each room may see.

    Where the selection looks at the event's area, each room is selected by what it may see itself. ``danger_until`` is when the
    declared danger ends, where there is any.
    """
    book, so, event = question.book, question.circumstances, question.event
    alert = book.playbook.alerts[template]
    words = Clauses(book, event, alert.text, tuple(alert.fields))
    found: dict[str, Addressee] = {}
    for partner, own in rooms.items():
        anywhere = matches(book, alert.to, partner, so, event.origin, None, None)
        chosen = own if anywhere else [room for room in own if _selects(question, alert, room)]
        if chosen:
            views = [question.view(room, alert.fields) for room in chosen]
            one = _addressee(book, alert, words, partner, views, danger_until, by_place=not anywhere)
            blind = tuple(_blind(question, room) for room in own if room not in chosen)
            found[partner] = replace(one, left_out=(*one.left_out, *blind)) if blind else one
        elif anywhere:
            found[partner] = Addressee(partner, "roomless")
        else:
            there = matches(book, alert.to, partner, so, event.origin, event.areas, None)
            if there and partner not in so.active:
                found[partner] = Addressee(partner, "roomless", by_place=True)
            else:
                found[partner] = Addressee(partner, "unselected", blind=there, by_place=there)
    return Audience(event, words, found)


def _selects(question: Question, alert: Alert, room: Room) -> bool:
    """Whether the alert is for this room's partner, as far as this room may see where it is."""
    areas = question.visible_areas(room) if alert.to.uses_event else None
    so, origin = question.circumstances, question.event.origin
    return areas is not None and matches(question.book, alert.to, room.partner, so, origin, areas, None)


def _blind(question: Question, room: Room) -> LeftOut:
    """A room that may not see where it is, and so was not chosen with its partner's others."""
    place = question.event.place
    answer = question.decide_form(room, place, "area") if place is not None else None
    return LeftOut(room.ref, place, answer if isinstance(answer, Withheld) else None, blind=True)


def _addressee(
    book: Book,
    alert: Alert,
    words: Clauses,
    partner: str,
    views: Iterable[View],
    danger: datetime | None,
    *,
    by_place: bool,
) -> Addressee:
    rooms = [_room_view(book, alert, words, view, danger) for view in views]
    good = tuple(room for room in rooms if room.shown)
    left_out = tuple(LeftOut(room.room, room.lacking, _obstacle(room)) for room in rooms if not room.shown)
    if good:
        return Addressee(partner, "shown", good, by_place=by_place, left_out=left_out)
    first = left_out[0]
    return Addressee(partner, "held", tuple(rooms), first.obstacle, first.field, by_place=by_place, left_out=left_out)


def _obstacle(room: RoomView) -> Withheld | None:
    """What stands against the required field that a room lacks; None where it lacks none."""
    if room.lacking is None:
        return None
    answer = room.view.answers.get(room.lacking)
    return answer if isinstance(answer, Withheld) else Withheld("no-form")


def _room_view(book: Book, alert: Alert, words: Clauses, view: View, danger: datetime | None) -> RoomView:
    lacking = next((f for f, need in alert.fields.items() if need == "required" and view.shape(book, f) is None), None)
    hollow = lacking is None and words.hollow(view)
    ends = [end for end in (cleared_until(book, view.answers.values()), danger) if end is not None]
    return RoomView(view.room.ref, view, lacking, hollow, min(ends, default=None))
