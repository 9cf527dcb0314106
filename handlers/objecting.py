"""/object: that somebody is against an alert, a decision or a change of the lead goes on record, and to who can change it. It stops nothing."""

from __future__ import annotations

from collections.abc import Iterable

from handlers import decisions
from handlers.case import Case, room_reader
from handlers.command import short_ids
from handlers.texts import say
from handlers.world import circumstances, rooms_for, sight_room
from playbooks import sight
from playbooks.cleared import Cleared, Reader, clock, glue, listed, name, short_id, unsaid, value
from playbooks.selection import Event
from playbooks.values import Text
from storage.deployment import Binding
from storage.effects import Effect, Send, Urgency
from storage.facts import Objected

_LETTERS = ("A-", "K-", "H-")


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/object A-17 WORDS``; in reply to something, ``/object WORDS``."""
    assert case.book is not None and case.incident is not None
    partner = case.actor.partner
    if partner is None:
        words = case.say("This chat belongs to no partner. Please write in your partner's room.")
        return case.refuse(words, "/object", "no-partner")
    named = [identifier for identifier in short_ids(arguments) if identifier.startswith(_LETTERS)]
    replied = str(case.request.about.about) if case.request.about is not None else ""
    about = next(iter(named), replied if replied.startswith(_LETTERS) else None)
    said = " ".join(word for word in arguments.split() if word.upper() != about)
    if about is None:
        return [
            case.answer(
                case.say("To what, and why? Write /object A-17 WORDS, or answer its message with /object WORDS.")
            )
        ]
    whose = _whose(case, about, partner)
    if whose is None:
        return [case.answer(case.say("There is no {about} for you here.", about=short_id(about)))]
    if not said:
        return [case.answer(case.say("Why? Write /object {about} WORDS.", about=short_id(about)))]
    fact = Objected(about, case.actor.person, partner, case.request.room, said)
    effects: list[Effect] = [case.record(fact)]
    told, known = _told(case, fact, whose)
    effects += told
    names = [name(case.book, case.reader, p) for p in known if listed(case.book, case.reader, p)]
    time, what = clock(case.book, case.now), short_id(about)
    if names:
        words = case.say(
            "Your objection to {about} is on record ({time}). Told: {partners}. It stops nothing.",
            about=what,
            time=time,
            partners=glue(names, " · "),
        )
    else:
        words = case.say("Your objection to {about} is on record ({time}). It stops nothing.", about=what, time=time)
    return [*effects, case.answer(words)]


def _whose(case: Case, about: str, partner: str) -> tuple[str, ...] | None:
    """Whose it is that somebody objects to, where their partner knows of it; None where it is nothing to them."""
    assert case.book is not None and case.incident is not None
    incident = case.incident
    if about in incident.alerts:
        issued = incident.alerts[about]
        return (issued.fact.partner,) if issued.fact.partner == partner or issued.shown_to(partner) else None
    if about in incident.decisions:
        author = incident.decisions[about].fact.partner
        room = sight_room(case.world, Binding(incident.playbook, partner, case.request.room, None, ""))
        known = decisions.may_see(case.world, incident, about, room, case.now)
        return (author,) if known or author == partner else None
    if about in incident.offers:
        offer = incident.offers[about]
        concerned = partner in (*offer.fact.partners, *offer.fact.before, offer.fact.partner)
        return tuple(dict.fromkeys((*offer.fact.before, *offer.fact.partners))) if concerned else None
    return None


def _told(case: Case, fact: Objected, whose: Iterable[str]) -> tuple[list[Effect], list[str]]:
    """Its author's partner and the lead, in their rooms, with the words where they may see a note; and who that is."""
    assert case.book is not None and case.incident is not None
    book, incident = case.book, case.incident
    homes = [book.playbook.partners[each].jurisdiction for each in whose if each in book.playbook.partners]
    leads = [p for home in homes if (one := case.so.lead_for(home)) is not None for p in one.partners]
    effects: list[Effect] = []
    told: list[str] = []
    for partner in dict.fromkeys((*whose, *leads)):
        for binding in rooms_for(case.world, incident, partner, "alerts"):
            if binding.room == case.request.room:
                continue
            reader = room_reader(case.world, book, binding.room, partner)
            if not listed(book, reader, fact.partner):
                continue
            told.append(partner)
            # About nothing that has a copy of its own: to be told of an objection is not to be shown what it is against.
            effects.append(
                Send(case.stream, binding.room, _words(case, fact, reader, binding), Urgency.PROMPT, partner=partner)
            )
    return effects, list(dict.fromkeys(told))


def _words(case: Case, fact: Objected, reader: Reader, binding: Binding) -> Cleared:
    assert case.book is not None and case.incident is not None
    heading = say(
        reader.languages,
        "<b>{partner} objects to {about}</b> ({time}). It stops nothing.",
        partner=name(case.book, reader, fact.partner),
        about=short_id(fact.about),
        time=clock(case.book, case.now),
    )
    event = Event(
        fact.partner,
        frozenset({case.book.playbook.partners[fact.partner].jurisdiction}),
        {"_note": Text(fact.text)},
    )
    so = circumstances(case.world, case.incident, case.now)
    view = sight.view(case.book, so, event, sight_room(case.world, binding), ("_note",))
    words = value(case.book, view, "_note", reader.languages)
    return glue([heading, words]) if words is not None else glue([heading, unsaid(case.book, view, ("_note",))], "")
