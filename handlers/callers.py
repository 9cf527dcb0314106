"""Who rings those who are silent, and the list that this person gets.

It is somebody on duty or a liaison of the lead, else of the partner whose alert it is, else a coordinator, in a private chat that
may show who is silent. There is one list about each alert or round, edited in place: the calls to make, the one that is being
made, and how each went.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from handlers import checkin_words
from handlers.cards import digest_of
from handlers.case import room_reader
from handlers.choices import EMOJI, WORDS
from handlers.coordinators import coordinators, desks, private_room
from handlers.nudges import private_sight, said_late
from handlers.persons import in_private
from handlers.silence import MOST_LINES, Desks, line, more
from handlers.taps import Choice, button, parted
from handlers.texts import say
from handlers.waiting import waits
from handlers.world import World, languages, rooms_for, sight_room
from playbooks import sight
from playbooks.cleared import Cleared, Reader, glue, name, quote, short_id
from playbooks.guests import present
from playbooks.load import Book
from playbooks.rooms import RoomRef
from storage.deployment import PersonOnFile
from storage.effects import Send, Urgency
from storage.incident import Incident, Watch

ROLE = "call"
_RINGS = ("1️⃣", "2️⃣", "3️⃣")
"""One for each call that is offered at once."""
_ANSWERS = ("🟢", "🟠", "🔴", "🔵", "🟣", "🟤", "⚫", "⚪", "🟡")


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever rings, or a room whose people do: see ``silence.Desk``."""

    reader: Reader
    room: sight.Room | None


def caller(world: World, incident: Incident, about: str, partner: str, now: datetime) -> Caller | None:
    """Who rings a silent partner: whoever rings others about it already, else the first who can. None where it has no number."""
    if not world.book_of(incident).playbook.partners[partner].phone_24h:
        return None
    everyone = Desks(world, incident, about, now)
    able = [one for one in _able(world, incident, everyone, partner) if everyone.sees(one.reader, one.room, partner)]
    busy = {live.room for live in incident.live.values() if (live.role, live.about) == (ROLE, about)}
    up = [one for one in able if one.reader.room.network not in world.who.down]
    return next((one for one in up if one.reader.room in busy), next(iter(up or able), None))


def _able(world: World, incident: Incident, everyone: Desks, partner: str) -> Iterator[Caller]:
    """Everybody who could ring about it, the most concerned first. Nobody is asked to ring their own partner."""
    leading = everyone.leading(partner)
    for own in dict.fromkeys((*(leading.partners if leading is not None else ()), everyone.origin(partner))):
        if own != partner:
            yield from _people(world, incident, own)
    known = {reader.room: reader for reader in desks(world, incident.id)}
    for identity in coordinators(world):
        room, person = private_room(world, identity), world.who.person(identity)
        if room in known and (person is None or person.partner != partner):
            yield Caller(known[room], None)


def _people(world: World, incident: Incident, partner: str) -> Iterator[Caller]:
    """The private chats of a partner's people on duty, then of its liaisons."""
    if not in_private(world, incident, partner):
        return
    who, book = world.who, world.book_of(incident)
    on_duty = [who.people[one] for one in who.on_duty.get(partner, ()) if one in who.people]
    liaisons = [one for one in who.people.values() if one.partner == partner and one.role == "liaison"]
    for person in dict.fromkeys(one.id for one in (*on_duty, *liaisons) if one.id not in who.revoked):
        for identity in who.people[person].identities:
            room = private_room(world, identity)
            if room is not None:
                spoken = _spoken(world, book, who.people[person], identity, room, partner)
                yield Caller(Reader(room, partner, True, spoken), private_sight(world, room, partner))


def _spoken(
    world: World, book: Book, person: PersonOnFile, identity: str, room: RoomRef, partner: str
) -> tuple[str, ...]:
    asked = world.who.languages.get(identity) or world.who.languages.get(person.id)
    return (asked,) if asked else languages(world, book, room, partner)


def _at(world: World, incident: Incident, room: RoomRef) -> Caller | None:
    """Who reads a list in this room: a partner's people, one of them alone, or a coordinator."""
    book = world.book_of(incident)
    for partner in book.playbook.partners:
        for binding in rooms_for(world, incident, partner, "alerts"):
            if binding.room == room:
                return Caller(room_reader(world, book, room, partner), sight_room(world, binding))
    people = [p for p in world.who.people.values() if any(private_room(world, i) == room for i in p.identities)]
    for person in people:
        if present(book, person.partner) and person.id not in world.who.revoked:
            return next((one for one in _of(world, incident, person) if one.reader.room == room), None)
    return next((Caller(reader, None) for reader in desks(world, incident.id) if reader.room == room), None)


def _of(world: World, incident: Incident, person: PersonOnFile) -> Iterator[Caller]:
    book, partner = world.book_of(incident), str(person.partner)
    for identity in person.identities:
        room = private_room(world, identity)
        if room is not None:
            spoken = _spoken(world, book, person, identity, room, partner)
            yield Caller(Reader(room, partner, True, spoken), private_sight(world, room, partner))


# --- the list ------------------------------------------------------------------------------------------------------------


def list_for(
    world: World, incident: Incident, about: str, room: RoomRef, now: datetime, *, loud: bool = False
) -> Send | None:
    """The calls to make, as a room may read them, with a tap for each of the next; None where nothing is for it."""
    here = _at(world, incident, room)
    subject = incident.alerts.get(about) or incident.rounds.get(about)
    if here is None or subject is None:
        return None
    book, reader, everyone = world.book_of(incident), here.reader, Desks(world, incident, about, now)
    named = [p for p, w in subject.watches.items() if ROLE in w.taken and everyone.sees(reader, here.room, p)]
    # Two who ring each have their own; whoever asks elsewhere gets all of them.
    named = [p for p in named if str(room) in subject.watches[p].taken[ROLE].rooms] or named
    if not named:
        return None
    waiting = waits(book, incident, about, world.who)
    open_ = {p: waiting[p] for p in named if p in waiting}
    rows: list[tuple[Choice, ...]] = []
    if not open_:
        said = say(
            reader.languages, "Nobody needs to be rung about {about} any more. Thank you.", about=short_id(about)
        )
    else:
        late = said_late(reader.languages, max(subject.watches[p].taken[ROLE].late for p in open_))
        lines = [_heading(book, incident, about, reader), *late]
        lines += [line(world, incident, reader, p, w) for p, w in [*open_.items()][:MOST_LINES]]
        said = glue([*lines, *more(reader, len(open_) - MOST_LINES)])
        rows = _choices_for(book, incident, about, reader, open_)
    taps, written = parted(rows)
    said = glue([said, *written])
    standing = glue([said, *(tap.label for row in taps for tap in row)])
    return Send(
        stream=incident.id,
        to=room,
        body=said,
        urgency=Urgency.PROMPT,
        about=about,
        partner=reader.partner,
        language=next(iter(reader.languages), ""),
        taps=taps,
        loud=loud,
        role=ROLE,
        digest=digest_of(standing),
    )


def _heading(book: Book, incident: Incident, about: str, reader: Reader) -> Cleared:
    if about not in incident.alerts:
        return say(reader.languages, "<b>Please ring those who have not answered {about}.</b>", about=short_id(about))
    title = quote(book, reader, book.playbook.alerts[incident.alerts[about].fact.template].title)
    return say(
        reader.languages,
        "<b>Please ring those who have not answered {about}</b> ({title}).",
        about=short_id(about),
        title=title,
    )


def _choices_for(
    book: Book, incident: Incident, about: str, reader: Reader, open_: Mapping[str, Watch]
) -> list[tuple[Choice, ...]]:
    """What came of the call that is being made, what was said in the last one, and the next calls: never rung, then not reached."""
    rows: list[tuple[Choice, ...]] = []
    last = {p: w.calls[-1] for p, w in open_.items() if w.calls}
    reached = sorted((p for p, call in last.items() if call.reached), key=lambda p: last[p].at)
    ringing = sorted((p for p, call in last.items() if call.reached is None), key=lambda p: last[p].at)
    missed = sorted((p for p, call in last.items() if call.reached is False), key=lambda p: last[p].at)
    spoken = reader.languages
    if reached:
        rows += _answers(book, incident, about, reader, reached[-1])
    if ringing:
        yes = say(spoken, "Reached {partner}", partner=name(book, reader, ringing[-1]))
        no = say(spoken, "Not reached")
        rows.append(
            (
                _call(reader, yes, about, ringing[-1], "reached", "📞"),
                _call(reader, no, about, ringing[-1], "missed", "🔇"),
            )
        )
    for emoji, partner_ in zip(_RINGS, [*(p for p in open_ if p not in last), *missed], strict=False):
        label = say(spoken, "Calling {partner}", partner=name(book, reader, partner_))
        rows.append((_call(reader, label, about, partner_, "taken", emoji),))
    return rows


def _answers(book: Book, incident: Incident, about: str, reader: Reader, partner: str) -> list[tuple[Choice, ...]]:
    """What somebody on the telephone may have answered."""
    who = name(book, reader, partner)
    words: list[tuple[str, Cleared, str]]
    if about in incident.alerts:
        given = book.playbook.alerts[incident.alerts[about].fact.template].ack.choices
        words = [(one, say(reader.languages, WORDS[one]), EMOJI[one]) for one in given]
    else:
        answers = book.playbook.checkins[incident.rounds[about].fact.name].answers
        words = [
            (one, checkin_words.said(book, reader, one), emoji) for one, emoji in zip(answers, _ANSWERS, strict=False)
        ]
    labels = [say(reader.languages, "{partner}: {choice}", partner=who, choice=said) for _, said, _ in words]
    return [
        (_call(reader, label, about, partner, one, emoji),)
        for label, (one, _, emoji) in zip(labels, words, strict=True)
    ]


def _call(reader: Reader, label: Cleared, about: str, partner: str, what: str, emoji: str) -> Choice:
    return button(reader.languages, reader.room, label, f"/call {about} {partner} {what}", emoji)
