"""A partner that takes part for a time: everybody learns that it comes and that it goes, and after that nothing is its own."""

from __future__ import annotations

from datetime import datetime

from handlers import departing
from handlers.afterwards import after
from handlers.case import Case, room_reader
from handlers.moments import moment
from handlers.texts import say
from handlers.world import World, bound_for, rooms_for
from playbooks.cleared import Cleared, code, glue, name, phone, quote, strong
from playbooks.load import Book
from playbooks.rooms import RoomRef
from storage.effects import Effect, Record, Send, Urgency, Wake
from storage.facts import AdmissionEnded, PartnerAdmitted
from storage.incident import Incident
from storage.store import Deadline


def admitted(case: Case, fact: PartnerAdmitted) -> list[Effect]:
    assert case.incident is not None
    longer = fact.partner in case.incident.admitted
    world = after(case.world, case.incident.id, [fact], case.now)
    key = f"admission:{case.incident.id}:{fact.partner}"
    effects: list[Effect] = [
        case.record(fact),
        Wake(key, case.stream, fact.until, "admission-ends", fact.partner),
    ]
    incident = world.incidents[case.incident.id]
    book = world.book_of(incident)
    told = _everyone(case.world, case.incident)
    for partner, room in told:
        reader = room_reader(world, book, room, partner)
        words = say(
            reader.languages,
            "<b>{name}</b> takes part until {time}, as {kind}. {phone}",
            name=name(book, reader, fact.partner),
            time=moment(book, fact.until, case.now, reader.languages),
            kind=quote(book, reader, fact.kind),
            phone=phone(book, reader, fact.partner),
        )
        effects.append(Send(case.stream, room, words, Urgency.PROMPT, partner=partner))
    who = name(book, case.reader, fact.partner)
    if longer:
        done = case.say("{name} takes part until {time} now.", name=who, time=_time(case, fact.until))
    else:
        bind = code(glue([case.say("/bind"), quote(book, case.reader, fact.partner)], " "))
        done = case.say(
            "{name} takes part until {time}. Now write in their room: {bind}",
            name=who,
            time=_time(case, fact.until),
            bind=bind,
        )
    replaces = case.request.message if case.request.via == "button" else None
    return [*effects, case.answer(done, replaces=replaces)]


def _time(case: Case, at: datetime) -> Cleared:
    assert case.book is not None
    return moment(case.book, at, case.now, case.reader.languages)


def _everyone(world: World, incident: Incident) -> list[tuple[str, RoomRef]]:
    """Every room in which alerts are read."""
    book = world.book_of(incident)
    return [(b.partner, b.room) for b in bound_for(world, book, "alerts", exercise=incident.opened.exercise)]


def guest_named(world: World, typed: str) -> tuple[Incident, str] | None:
    """The admitted partner of an open incident that somebody names, and that incident; None for none, or several."""
    found = [(one, partner) for one in world.open if (partner := called(one, typed)) is not None]
    return found[0] if len(found) == 1 else None


def called(incident: Incident, typed: str) -> str | None:
    """The admitted partner that is meant: by its id, or by its name."""
    wanted = typed.strip().casefold()
    named = [p for p, fact in incident.admitted.items() if wanted in (p, fact.name.casefold())]
    return named[0] if len(named) == 1 else None


def ended(world: World, incident: Incident, deadline: Deadline, now: datetime) -> list[Effect]:
    """An admission's time is over."""
    if deadline.about not in incident.admitted:
        return []
    return over(world, incident, deadline.about, now, by="time")


def over(world: World, incident: Incident, partner: str, now: datetime, *, by: str) -> list[Effect]:
    """It takes part no longer: recorded, its rooms told, everybody else too, and nobody waits for its answers."""
    book: Book = world.book_of(incident)
    effects: list[Effect] = [Record(incident.id, AdmissionEnded(partner, by))]
    effects += departing.unwatched(incident, (partner,), now)
    own = {binding.room for binding in rooms_for(world, incident, partner, "alerts")}
    for whose, room in _everyone(world, incident):
        reader = room_reader(world, book, room, whose)
        if room in own:
            title = strong(quote(book, reader, book.playbook.title))
            words = say(
                reader.languages, "Your part in {title} is over. Nothing more comes here. Thank you.", title=title
            )
        else:
            words = say(reader.languages, "{name} takes part no longer.", name=name(book, reader, partner))
        effects.append(Send(incident.id, room, words, Urgency.PROMPT, partner=whose))
    later = after(world, incident.id, [AdmissionEnded(partner, by)], now)
    return [*effects, *departing.led(later, incident.id, now)]
