"""An alert's time is up: nobody is asked for an answer any more, and no room hears of it but its issuer's, quietly, if somebody never answered."""

from __future__ import annotations

from datetime import datetime

from handlers import cards
from handlers.addressing import said_event
from handlers.case import room_reader
from handlers.corrections import unwatched
from handlers.texts import say
from handlers.waiting import waits
from handlers.world import World, circumstances, rooms_for, sight_room
from playbooks import sight
from playbooks.cleared import clock, glue, listed, name, quote, short_id
from storage.effects import Effect, Record, Send, Urgency
from storage.facts import AlertExpired
from storage.incident import Incident
from storage.store import Deadline

MOST_NAMES = 8


def expired(world: World, incident: Incident, deadline: Deadline, now: datetime) -> list[Effect]:
    """Its time is up."""
    about = deadline.about
    issued = incident.alerts.get(about)
    if issued is None or issued.state != "open":
        return []
    return [
        Record(incident.id, AlertExpired(about)),
        *unwatched(incident, about),
        *cards.touched(incident, about, now),
        *_silence(world, incident, about, now),
    ]


def _silence(world: World, incident: Incident, about: str, now: datetime) -> list[Effect]:
    """Who never answered, for the issuer's rooms that may know who has it (``_delivery``)."""
    book, issued = world.book_of(incident), incident.alerts[about]
    silent = waits(book, incident, about, world.who)
    event = said_event(book, issued)
    so = circumstances(world, incident, now)
    effects: list[Effect] = []
    for binding in rooms_for(world, incident, issued.fact.partner, "alerts") if silent else ():
        if not isinstance(sight.decide(book, so, event, sight_room(world, binding), "_delivery"), sight.Seen):
            continue
        reader = room_reader(world, book, binding.room, issued.fact.partner)
        known = [name(book, reader, partner) for partner in silent if listed(book, reader, partner)]
        if not known:
            continue
        names = glue(known[:MOST_NAMES], " · ")
        if len(known) > MOST_NAMES:
            more = len(known) - MOST_NAMES
            names = say(reader.languages, "{names} and {count} more", names=names, count=more)
        words = say(
            reader.languages,
            "{alert} {title} has run out ({time}). Never answered: {partners}.",
            alert=short_id(about),
            title=quote(book, reader, book.playbook.alerts[issued.fact.template].title),
            time=clock(book, now),
            partners=names,
        )
        effects.append(Send(incident.id, binding.room, words, Urgency.PROMPT, about=about, partner=issued.fact.partner))
    return effects
