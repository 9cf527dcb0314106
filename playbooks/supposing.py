"""Asking a playbook a question before anything has happened: suppose this alert, by this partner, in this phase, at this place.

A supposition says what is not the playbook's to say: whose words, when, where, over which network. What is left out is filled in
the same way for everyone who asks (the playbook's own tests, who sees, why, what a change opens), and the answers come from
the rule that decides real alerts. Every partner is taken to be there, and every field of the alert to be filled in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from playbooks.audience import place_field
from playbooks.load import Book
from playbooks.mandate import leads, owners
from playbooks.rooms import NETWORKS, Network, RoomRef
from playbooks.schema import FieldSpec, Given
from playbooks.selection import Circumstances, Event, ground, matches
from playbooks.sight import Question, Room
from playbooks.values import Choice, Moment, Number, Person, Place, Text, Value


@dataclass(frozen=True, slots=True)
class Supposition:
    """What is supposed. ``at`` is aware.

    ``alert`` is an alert's name, or a channel's with `#` before it: then something is said there. ``area`` None: outside every area. ``network`` None: all that a partner has rooms on. ``encrypted`` says of Matrix rooms whether
    they are; None asks for both.
    """

    alert: str
    origin: str
    phase: str
    at: datetime
    area: str | None = None
    network: Network | None = None
    encrypted: bool | None = None
    danger: bool = False
    hazard: str | None = None


def suppose(book: Book, alert: str, now: datetime, given: Given | None = None) -> Supposition:
    """What is supposed of an alert where only some of it is given, as in a playbook's own tests. What is not: see ``fill_in``."""
    if given is None:
        return fill_in(book, alert, now)
    return fill_in(
        book,
        alert,
        given.at.replace(tzinfo=book.playbook.timezone) if given.at is not None else now,
        origin=given.from_,
        phase=given.phase,
        area=given.area,
        network=given.network,
        encrypted=given.encrypted,
        danger=given.danger,
        hazard=given.hazard,
    )


def fill_in(
    book: Book,
    alert: str,
    at: datetime,
    *,
    origin: str | None = None,
    phase: str | None = None,
    area: str | None = None,
    network: Network | None = None,
    encrypted: bool | None = None,
    danger: bool = False,
    hazard: str | None = None,
) -> Supposition:
    """The rest of what is supposed, where it is not given.

    Whose words: the first partner's whose prerogative it is, or of a channel the first member's; or else the first partner's. The
    phase and hazard: the first. Where: on that partner's ground, the first of its areas.
    """
    playbook = book.playbook
    phase = phase or playbook.phases[0]
    hazard = hazard or next(iter(playbook.hazards), None)
    origin = origin or _whose(book, _circumstances(book, at, phase, hazard, danger), alert)
    if area is None:
        own = ground(book, origin)
        area = next((name for name in playbook.areas if name in own), None)
    return Supposition(alert, origin, phase, at, area, network, encrypted, danger, hazard)


def _whose(book: Book, so: Circumstances, alert: str) -> str:
    if alert.startswith("#"):
        members = book.playbook.channels[alert[1:]].members
        theirs = [p for p in book.playbook.partners if matches(book, members, p, so, p, frozenset(), None)]
    else:
        theirs = list(owners(book, so, alert, None))
    return next(iter(theirs or book.playbook.partners))


def circumstances(book: Book, supposed: Supposition) -> Circumstances:
    """What is so: every partner there, and the playbook's leads in place."""
    return _circumstances(book, supposed.at, supposed.phase, supposed.hazard, supposed.danger)


def _circumstances(book: Book, at: datetime, phase: str, hazard: str | None, danger: bool) -> Circumstances:
    return Circumstances(
        now=at,
        phase=phase,
        active=frozenset(book.playbook.partners),
        danger=danger,
        hazard=hazard,
        leads=leads(book, phase, hazard),
    )


def question(book: Book, supposed: Supposition) -> Question:
    """The supposed alert, all its fields filled in, put to the visibility rule."""
    specs = {name: spec for name in fields(book, supposed) if (spec := book.playbook.field(name)) is not None}
    alert = book.playbook.alerts.get(supposed.alert)
    event = Event(
        origin=supposed.origin,
        origins=frozenset({book.playbook.partners[supposed.origin].jurisdiction}),
        fields={name: sample(spec, supposed.area, supposed.at) for name, spec in specs.items()},
        place=place_field(book, alert) if alert is not None else None,
    )
    return Question(book, circumstances(book, supposed), event)


def fields(book: Book, supposed: Supposition) -> tuple[str, ...]:
    """The fields that it has: an alert's, or what is said in the channel."""
    return (supposed.alert,) if supposed.alert.startswith("#") else tuple(book.playbook.alerts[supposed.alert].fields)


def sample(spec: FieldSpec, area: str | None, at: datetime) -> Value:
    """Some value of a field: what is in it decides nothing, but for the area."""
    match spec.type:
        case "text":
            return Text("…")
        case "choice":
            return Choice(next(iter(spec.options)))
        case "number":
            return Number(spec.ranges[0] if spec.ranges else 1)
        case "person":
            return Person(("…",))
        case "time":
            return Moment(at)
        case "place":
            return Place("…", None, (area,) if area is not None else ())


def rooms(book: Book, supposed: Supposition, partner: str) -> tuple[Room, ...]:
    """The partner's rooms for alerts, or for the channel, as far as they are on the supposed network.

    A partner that names no room may be given one on any network that the playbook declares. A Matrix room stands here as a plain
    room and as an encrypted one where ``encrypted`` is None.
    """
    found: list[Room] = []
    use = supposed.alert[1:] if supposed.alert.startswith("#") else "alerts"
    for ref in room_refs(book, partner, use):
        if supposed.network not in (None, ref.network):
            continue
        found += [Room(ref, partner, encrypted=one) for one in _encryption(supposed, ref)]
    return tuple(found)


def room_refs(book: Book, partner: str, use: str) -> tuple[RoomRef, ...]:
    """The addresses of its rooms for this use, exercises aside; for a partner that names no room, one on each declared network."""
    own = book.playbook.partners[partner].rooms
    if own:
        return tuple(room.ref for room in own if use in room.for_ and not room.exercises)
    return tuple(RoomRef(network, "…") for network in NETWORKS if network in book.playbook.networks)


def _encryption(supposed: Supposition, ref: RoomRef) -> tuple[bool, ...]:
    if ref.network != "matrix":
        return (False,)
    return (False, True) if supposed.encrypted is None else (supposed.encrypted,)
