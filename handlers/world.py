"""What a decision may look at: the playbooks, who is who, and the open incidents, as frozen values; and who is asking."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
from weakref import WeakKeyDictionary

from handlers.calendar import Calendar
from playbooks import mandate, sight
from playbooks.diff import Difference
from playbooks.guests import Guest, present, with_guests
from playbooks.load import Book
from playbooks.rooms import RoomRef
from playbooks.schema import Room
from playbooks.selection import Circumstances
from playbooks.spoken import Spoken, Version
from storage.deployment import Binding, Deployment, PersonOnFile
from storage.incident import Incident
from storage.store import Beside, Compared, Kept, Mentioned, OutboxRow, Utterance

Via = Literal["command", "button", "reaction", "reply"]
NotRead = Literal["erased", "unreadable"]
"""Why an incident that is on file is in no world: its log was erased, or this version cannot read it."""


@dataclass(frozen=True, slots=True)
class Request:
    """One thing a person said or tapped. ``seed`` is random and stored with it; ``now`` is when it is decided.

    ``about`` is the message of ours that it answers. ``point`` is a shared location in microdegrees. ``spoken`` is all that was said, ``at`` when, by the network's
    clock. ``replies``: it answers some message; ``answers`` and ``thread`` are what it answers and what began its thread, of what was said in channels. ``forwarded``: whose words it passes on: an identity,
    ``us``, or ``""`` for somebody unknown. ``automatic``: a program said it; ``as_notice``: nothing shows that but the form, which people use too.
    ``album``: what was sent in one album with it before. ``versions``: where it was edited before it was heard, all that it said; the last is ``spoken``.
    ``copies``: where it is asked who has ``answers``, every row about that; ``recaps``: those of recaps that show it; ``apart``: see ``Talk``. ``kept``: where the log is asked, its facts. ``damaged``: where it cannot be read,
    the entry that is damaged, or none where it is not known which; None where nothing is. ``compared``: what a checkpoint is worth.
    """

    now: datetime
    seed: bytes
    room: RoomRef
    private: bool
    identity: str | None
    name: str
    text: str
    via: Via = "command"
    message: str | None = None
    language: str | None = None
    about: Mentioned | None = None
    point: tuple[int, int] | None = None
    spoken: Spoken | None = None
    at: datetime | None = None
    replies: bool = False
    answers: Utterance | None = None
    thread: Utterance | None = None
    copies: tuple[OutboxRow, ...] = ()
    recaps: tuple[OutboxRow, ...] = ()
    forwarded: str | None = None
    automatic: bool = False
    as_notice: bool = False
    kept: tuple[Kept, ...] | None = None
    damaged: tuple[int, ...] | None = None
    compared: Compared | None = None
    album: tuple[Beside, ...] = ()
    versions: tuple[Version, ...] = ()
    apart: frozenset[tuple[str, RoomRef]] = frozenset()


@dataclass(frozen=True, slots=True)
class Found:
    """What is in a playbook's file now: a playbook, or how many errors and on which line the first; or it cannot be read."""

    book: Book | None = None
    errors: int = 0
    line: int = 0
    unreadable: str = ""


@dataclass(frozen=True)
class World:
    """Everything there is to know at one moment. Nothing in it changes while a decision is made."""

    name: str
    shelf: Mapping[str, Book]  # playbook id → the version that new incidents begin with
    kept: Mapping[str, Book]  # digest → a version that an open incident goes by, or is to go by
    who: Deployment = field(default_factory=Deployment)
    incidents: Mapping[str, Incident] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)
    admins: frozenset[str] = frozenset()
    usernames: Mapping[str, str] = field(default_factory=dict)
    rehearsal: bool = False
    found: Mapping[str, Found] = field(
        default_factory=dict
    )  # playbook id → its file as it is now, where that was asked for
    examined: Mapping[RoomRef, int] = field(
        default_factory=dict
    )  # how many things are wrong in a room, where somebody asked whether all is ready and the network said so in time
    differences: Mapping[tuple[str, str], Difference] = field(default_factory=dict)  # between two digests, likewise
    calendar: Calendar | None = None  # None: no clock time ever comes
    unreadable: Mapping[str, NotRead] = field(default_factory=dict)  # incidents on file that cannot be looked at

    def next_id(self, letter: str) -> str:
        """The next short id of a letter; one counter for the whole deployment."""
        return f"{letter}-{self.counters.get(letter, 0) + 1}"

    def book_of(self, incident: Incident) -> Book:
        """The version of the playbook that the incident goes by, with the partners that were admitted to it."""
        agreed = self.agreed_of(incident)
        known = incident.admitted or incident.departed or incident.dropped
        return with_guests(agreed, _guests(incident)) if known else agreed

    def agreed_of(self, incident: Incident) -> Book:
        """The same as its file has it."""
        return self.kept[incident.digest]

    @property
    def open(self) -> tuple[Incident, ...]:
        """The incidents that are not closed."""
        return tuple(incident for incident in self.incidents.values() if incident.closed_at is None)

    def epoch(self, incident: Incident | None) -> int:
        """A number that grows whenever something changed that may change what a room may see."""
        return self.who.epoch + (incident.epoch if incident else 0)


def _guests(incident: Incident) -> tuple[Guest, ...]:
    """The partners that were admitted to an incident, those of them that have departed, and those whom its playbook has lost."""
    departed = {name: one for name, one in incident.departed.items() if name not in incident.admitted}
    dropped = tuple(Guest(partner, **was, tlp="clear", departed=True) for partner, was in incident.dropped.items())
    return dropped + tuple(
        Guest(
            f.partner, f.name, f.kind, f.level, f.jurisdiction, f.tlp, f.compartments, f.languages, f.phone,
            departed=f.partner in departed,
        )
        for f in (*incident.admitted.values(), *departed.values())
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, and for whom: the partner of the room they speak in; in private, their own.

    ``person`` is a person's id, or the identity of somebody who was never enrolled. ``roles`` are theirs in that partner.
    ``coordinator``: a coordinator here; ``everywhere``: of the whole deployment, of no partner. ``auditor``: an auditor of the whole deployment.
    """

    person: str
    identity: str
    name: str
    partner: str | None = None
    roles: frozenset[str] = frozenset()
    coordinator: bool = False
    everywhere: bool = False
    revoked: bool = False
    auditor: bool = False

    @property
    def may_issue(self) -> bool:
        """Whether they are one of their partner's people who may issue for it."""
        return self.partner is not None and bool(self.roles & mandate.ISSUERS)


def actor(world: World, request: Request, book: Book | None) -> Actor:
    """Who asks, as seen by a playbook (None: by none). Anonymous posts are nobody: see ``command``."""
    identity = request.identity or ""
    person = world.who.person(identity)
    own = accounts(world, person) if person else (identity,)
    admin = bool(world.admins & set(own))
    name = person.name if person else request.name
    known_as = person.id if person else identity
    if world.who.withdrawn(identity):
        return Actor(known_as, identity, name, revoked=True)
    partner: str | None = None
    if book is not None:
        binding = world.who.binding(book.playbook.playbook, request.room)
        if binding is not None:
            partner = binding.partner if holds(book, binding) else None
        elif request.private and person is not None and present(book, person.partner):
            partner = person.partner
    roles: set[str] = set()
    if partner is not None:
        roles.add("responder")
        if person is not None and person.partner in (partner, None):
            roles.add(person.role)
        if admin:
            roles.add("coordinator")
    coordinator = admin or (
        person is not None
        and person.role == "coordinator"
        and (person.partner is None or (book is not None and present(book, person.partner)))
    )
    everywhere = coordinator and (admin or person is None or person.partner is None)
    auditor = person is not None and person.role == "auditor" and person.partner is None
    return Actor(known_as, identity, name, partner, frozenset(roles), coordinator, everywhere, auditor=auditor)


def accounts(world: World, person: PersonOnFile) -> tuple[str, ...]:
    """The accounts that a person has or had: what the settings say of one that is lost goes on for who lost it."""
    return (*person.identities, *(lost for lost, whose in world.who.strayed.items() if whose == person.id))


def actor_in(world: World, request: Request, incident: Incident) -> Actor:
    """Who asks, in an incident: a room for exercises speaks for nobody in a real one, and the reverse."""
    book = world.book_of(incident)
    found = actor(world, request, book)
    return found if plays_in(world, book, request.room, incident.opened.exercise) else _bystander(found)


def actor_before(world: World, request: Request, book: Book) -> Actor:
    """Who asks for a real incident that is still to begin."""
    found = actor(world, request, book)
    return found if plays_in(world, book, request.room, exercise=False) else _bystander(found)


def plays_in(world: World, book: Book, room: RoomRef, exercise: bool) -> bool:
    """Whether a room is for exercises where this is one, and for the real thing where it is not; a room that is nobody's, for both."""
    binding = world.who.binding(book.playbook.playbook, room)
    if binding is None:
        return True
    agreed = agreed_room(book, binding)
    return (agreed.exercises if agreed else False) == exercise


def _bystander(actor: Actor) -> Actor:
    return replace(actor, partner=None, roles=frozenset(), coordinator=False, auditor=False)


def circumstances(world: World, incident: Incident, now: datetime) -> Circumstances:
    """What is so in an incident at this moment."""
    return Circumstances(
        now=now,
        phase=incident.phase,
        active=_active(incident, playing(world, incident), now),
        danger=incident.in_danger(now),
        hazard=incident.hazard,
        leads=incident.leads,
    )


def playing(world: World, incident: Incident) -> frozenset[str]:
    """The partners with a room in this incident: in an exercise one that the playbook opens to exercises."""
    return _playing(world, world.book_of(incident), incident.playbook, exercise=incident.opened.exercise)


_PLAYING: WeakKeyDictionary[Book, dict[bool, tuple[object, frozenset[str]]]] = WeakKeyDictionary()


def _playing(world: World, book: Book, playbook: str, *, exercise: bool) -> frozenset[str]:
    """The partners with a room that takes part. Worked out once for as long as the rooms stay as they are: every decision asks."""
    known = _PLAYING.setdefault(book, {})
    if exercise not in known or known[exercise][0] is not world.who.bindings:
        bound = (b for (name, _), b in world.who.bindings.items() if name == playbook)
        found = frozenset(b.partner for b in bound if _plays(book, b, exercise=exercise))
        known[exercise] = (world.who.bindings, found)
    return known[exercise][1]


def _plays(book: Book, binding: Binding, *, exercise: bool) -> bool:
    """Whether a room takes part: in exercises one that the playbook opens to them, in real incidents any other."""
    agreed = agreed_room(book, binding)
    return holds(book, binding) and (agreed.exercises if agreed else False) == exercise


def _active(incident: Incident, playing: frozenset[str], now: datetime) -> frozenset[str]:
    if not incident.admitted:
        return playing
    return frozenset(partner for partner in playing if _admitted_still(incident, partner, now))


def _admitted_still(incident: Incident, partner: str, now: datetime) -> bool:
    """Whether a partner's time is not over, where it was admitted for a time: nothing is shown it while its end is still to be noted."""
    admitted = incident.admitted.get(partner)
    return admitted is None or now < admitted.until


def sight_room(world: World, binding: Binding) -> sight.Room:
    """A bound room as the visibility rule needs to know it, as it is now."""
    traits = world.who.traits.get(binding.room.chat)
    if traits is None:
        return sight.Room(binding.room, binding.partner)
    return sight.Room(
        binding.room,
        binding.partner,
        encrypted=traits.encrypted and not traits.tampered,
        world_readable=traits.world_readable,
        open_join=traits.open_join,
    )


def in_order(book: Book, partners: Iterable[str]) -> list[str]:
    """Partners in the order of the playbook; any that it does not have any more come last."""
    found = dict.fromkeys(partners)
    known = [partner for partner in book.playbook.partners if partner in found]
    return [*known, *(partner for partner in found if partner not in book.playbook.partners)]


def agreed_room(book: Book, binding: Binding) -> Room | None:
    """What the playbook says of a bound room; None for one that it left open."""
    rooms = _AGREED.get(book)
    if rooms is None:
        rooms = _AGREED[book] = {
            (name, str(room.ref)): room for name, who in book.playbook.partners.items() for room in reversed(who.rooms)
        }
    return rooms.get((binding.partner, binding.alias or ""))


_AGREED: WeakKeyDictionary[Book, dict[tuple[str, str], Room]] = WeakKeyDictionary()
"""By partner and address as written: looked up for every message."""


def holds(book: Book, binding: Binding) -> bool:
    """Whether this version of the playbook still agrees to a binding: it names the room for that partner, or names none."""
    if not present(book, binding.partner):
        return False
    return not book.playbook.partners[binding.partner].rooms or agreed_room(book, binding) is not None


def rooms_for(world: World, incident: Incident, partner: str, use: str) -> tuple[Binding, ...]:
    """A partner's rooms for one use (``alerts``, ``checkins``, a channel) in this incident: exercises stay in theirs."""
    book, exercise = world.book_of(incident), incident.opened.exercise
    theirs = world.who.rooms_of(incident.playbook, partner)
    return tuple(binding for binding in theirs if _is_for(book, binding, use, exercise=exercise))


def bound_for(world: World, book: Book, use: str, *, exercise: bool) -> tuple[Binding, ...]:
    """Every bound room of a playbook for one use, in real incidents or in exercises."""
    return tuple(
        binding
        for (playbook, _), binding in world.who.bindings.items()
        if playbook == book.playbook.playbook and _is_for(book, binding, use, exercise=exercise)
    )


def played_in(world: World, book: Book, *, exercise: bool) -> tuple[Binding, ...]:
    """Every bound room of a playbook for whatever use, in real incidents or in exercises."""
    every = (binding for (playbook, _), binding in world.who.bindings.items() if playbook == book.playbook.playbook)
    return tuple(binding for binding in every if _plays(book, binding, exercise=exercise))


def _is_for(book: Book, binding: Binding, use: str, *, exercise: bool) -> bool:
    if not holds(book, binding):
        return False
    room = agreed_room(book, binding)
    uses = room.for_ if room else ("alerts", "checkins")
    return use in uses and (room.exercises if room else False) == exercise


def languages(world: World, book: Book | None, room: RoomRef, partner: str | None) -> tuple[str, ...]:
    """The languages for a message to a room: the room's, else its partner's, then what the playbook falls back to."""
    chosen = world.who.languages.get(str(room))
    found = [chosen] if chosen else []
    if book is not None and partner is not None and partner in book.playbook.partners:
        who = book.playbook.partners[partner]
        found += who.languages
        spoken = book.playbook.jurisdictions[who.jurisdiction].language
        found += [spoken] if spoken else []
    return tuple(dict.fromkeys(found)) or (book.playbook.languages[:1] if book else ("en",))
