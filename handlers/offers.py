"""The lead is offered, accepted, refused: what is recorded, who is told, and what they can tap.

The rules that hold here: until an offer is accepted, whoever led before is accountable, and everything for the lead goes to them.
There is one open offer for a tier and a jurisdiction; a later one takes its place. Nobody is made lead without accepting, and
nobody has the lead taken away by a machine.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from handlers import briefing, cards, leading
from handlers.afterwards import after_all
from handlers.case import room_reader
from handlers.coordinators import tell_coordinators
from handlers.moments import moment
from handlers.persons import doors
from handlers.texts import say
from handlers.world import World, bound_for, rooms_for
from playbooks import mandate
from playbooks.cleared import NOTHING, Cleared, Reader, clock, glue, listed, name, phone, short_id
from playbooks.load import Book
from playbooks.selection import Leading
from storage.effects import Effect, Record, Send, Tap, Unwake, Urgency, Wake
from storage.facts import LeadEnded, LeadOffered, LeadOfferEnded, LeadTaken
from storage.incident import Incident, Offer


def open_offers(incident: Incident) -> list[Offer]:
    """Those that wait for an answer, in the order they were made."""
    return [offer for offer in incident.offers.values() if offer.ended is None]


def key(identifier: str) -> str:
    """The deadline by which an offer is to be accepted."""
    return f"offer:{identifier}"


def within(book: Book, incident: Incident, place: leading.Place) -> timedelta | None:
    """How long there is to accept a lead that is passed on within a phase, by the rule that holds for it there."""
    found = leading.accountable(mandate.leads(book, incident.phase, incident.hazard), place)
    return mandate.accept_within(book, found[0]) if found else None


def offered(
    world: World,
    stream: str,
    new: Leading,
    now: datetime,
    *,
    why: str,
    rule: str,
    lasts: timedelta | None,
    person: str | None = None,
    by: str | None = None,
) -> list[Effect]:
    """Offer a lead: recorded, an earlier offer of it ended, its partners asked and briefed, and a time set to answer in."""
    incident = world.incidents[stream]
    place = leading.place_of(new)
    effects: list[Effect] = []
    for other in open_offers(incident):
        if (other.fact.tier, other.fact.jurisdiction) == place:
            effects += ended(world, incident, other, "replaced", now)
    identifier = world.next_id("H")
    before = dict.fromkeys(p for one in leading.accountable(incident.leads, place) for p in one.partners)
    until = now + lasts if lasts is not None else None
    fact = LeadOffered(
        identifier, new.tier, new.jurisdiction, tuple(before), new.partners, new.decides, new.deputies, new.basis,
        rule, why, person, by, until,
    )  # fmt: skip
    effects.append(Record(stream, fact))
    if until is not None:
        effects.append(Wake(key(identifier), stream, until, "offer-silent", identifier))
    later = after_all(world, stream, effects, now)
    return [*effects, *_asked(later, later.incidents[stream], identifier, now)]


def _asked(world: World, incident: Incident, identifier: str, now: datetime) -> list[Effect]:
    """The offer and the briefing, in the rooms of each partner it is made to, and to its liaisons in person."""
    fact = incident.offers[identifier].fact
    effects: list[Effect] = []
    for partner in fact.partners:
        places = doors(world, incident, partner, ("liaison",))
        for binding, reader in places:
            taps = _taps(reader, identifier) if partner == fact.decides else ()
            words = told(world, incident, identifier, reader, now)
            effects.append(
                Send(incident.id, binding.room, words, Urgency.PROMPT, about=identifier, partner=partner, taps=taps, loud=True)
            )  # fmt: skip
        if places:
            effects += briefing.given(world, incident, identifier, partner, places, now)
        elif partner == fact.decides:
            effects += tell_coordinators(world, incident.id, now, partial(_nowhere, world, incident, identifier))
    return effects


def _nowhere(world: World, incident: Incident, identifier: str, reader: Reader) -> Cleared | None:
    book, fact = world.book_of(incident), incident.offers[identifier].fact
    if not listed(book, reader, fact.decides):
        return None
    return say(
        reader.languages,
        "<b>{partner} is offered the lead ({reach}), and no chat of theirs is known.</b> Please ring them. {phone}",
        partner=name(book, reader, fact.decides),
        reach=leading.reach(book, reader, fact.tier, fact.jurisdiction),
        phone=phone(book, reader, fact.decides),
    )


def _taps(reader: Reader, identifier: str) -> tuple[tuple[Tap, ...], ...]:
    accept = Tap(say(reader.languages, "Accept"), f"/accept {identifier}", "✅")
    decline = Tap(say(reader.languages, "Decline"), f"/decline {identifier}", "❌")
    return ((accept, decline),)


def told(world: World, incident: Incident, identifier: str, reader: Reader, now: datetime) -> Cleared:
    """What those who are offered the lead read: what, why, by which law, who leads until they accept, and until when."""
    book, fact, said = world.book_of(incident), incident.offers[identifier].fact, reader.languages
    before = leading.names(book, reader, fact.before)
    giver = leading.names(book, reader, [fact.partner] if fact.partner else fact.before)
    whys = {
        "phase": say(said, "The playbook names you in this phase."),
        "silence": say(said, "{partner} does not answer.", partner=giver) if giver else NOTHING,
        "departure": say(said, "{name} takes part no longer.", name=giver) if giver else NOTHING,
        "hand": say(said, "{partner} hands it over to you.", partner=giver) if giver else NOTHING,
    }
    others = leading.names(book, reader, [p for p in fact.partners if p != reader.partner])
    lines = [
        say(
            said,
            "<b>You are offered the lead</b> ({reach}) · {offer} · {incident}",
            reach=leading.reach(book, reader, fact.tier, fact.jurisdiction),
            offer=short_id(identifier),
            incident=short_id(incident.id),
        ),
        whys.get(fact.why, NOTHING),
        say(said, "Together with {partners}.", partners=others) if others is not None else NOTHING,
        leading.last_word(book, reader, fact.partners, fact.decides),
        leading.basis(book, reader, fact.basis),
        say(said, "In the lead until you accept: {partners}.", partners=before)
        if before is not None and fact.why != "departure"
        else NOTHING,
        say(said, "Please answer by {time}.", time=moment(book, fact.until, now, said)) if fact.until else NOTHING,
    ]
    return glue([each for each in lines if each.html])


# --- how it ends -----------------------------------------------------------------------------------------------------


def ended(
    world: World,
    incident: Incident,
    offer: Offer,
    why: str,
    now: datetime,
    *,
    person: str | None = None,
    by: str | None = None,
    reason: str | None = None,
) -> list[Effect]:
    """An offer is over. Whoever had it is told where another ended it: taken back, or another in its place."""
    fact = offer.fact
    effects: list[Effect] = [
        Record(incident.id, LeadOfferEnded(fact.offer, why, person, by, reason)),
        Unwake(key(fact.offer)),
    ]
    if why not in ("withdrawn", "replaced"):
        return effects
    book = world.book_of(incident)
    for partner in fact.partners:
        for binding in rooms_for(world, incident, partner, "alerts"):
            reader = room_reader(world, book, binding.room, partner)
            words = say(
                reader.languages,
                "The offer of the lead {offer} ({reach}) is no longer open.",
                offer=short_id(fact.offer),
                reach=leading.reach(book, reader, fact.tier, fact.jurisdiction),
            )
            effects.append(Send(incident.id, binding.room, words, Urgency.PROMPT, about=fact.offer, partner=partner))
    return effects


def taken(world: World, stream: str, new: Leading, rule: str, now: datetime) -> list[Effect]:
    """Who leads from now on: recorded, and with it the end of narrower leads that no rule of this phase has."""
    incident = world.incidents[stream]
    book, place = world.book_of(incident), leading.place_of(new)
    fact = LeadTaken(new.tier, new.jurisdiction, new.partners, new.decides, new.deputies, new.basis, rule)
    effects: list[Effect] = [Record(stream, fact)]
    named = {leading.place_of(one) for one in mandate.leads(book, incident.phase, incident.hazard)}
    for one in incident.leads:
        narrower = leading.place_of(one)
        if leading.covers(place, narrower) and narrower not in named:
            effects.append(Record(stream, LeadEnded(one.tier, one.jurisdiction)))
            for offer in open_offers(incident):
                if (offer.fact.tier, offer.fact.jurisdiction) == narrower:
                    effects += ended(world, incident, offer, "replaced", now)
    return effects


def accepted(world: World, stream: str, offer: Offer, person: str, now: datetime) -> list[Effect]:
    """The lead passes on, at once, and everyone learns it."""
    fact = offer.fact
    new = Leading(fact.tier, fact.jurisdiction, fact.partners, fact.decides, fact.deputies, fact.basis)
    effects = [
        *ended(world, world.incidents[stream], offer, "accepted", now, person=person, by=fact.decides),
        *taken(world, stream, new, fact.rule, now),
    ]
    later = after_all(world, stream, effects, now)
    incident = later.incidents[stream]
    return [*effects, *_announced(later, incident, new, fact.before, now), *cards.touched_all(incident, now)]


def _announced(world: World, incident: Incident, new: Leading, before: tuple[str, ...], now: datetime) -> list[Effect]:
    """Every partner's rooms learn who leads, since when and by which law, as far as they may know of them."""
    book = world.book_of(incident)
    effects: list[Effect] = []
    for binding in bound_for(world, book, "alerts", exercise=incident.opened.exercise):
        reader = room_reader(world, book, binding.room, binding.partner)
        words = _since(book, reader, new, before, now)
        if words is not None:
            effects.append(Send(incident.id, binding.room, words, Urgency.PROMPT, partner=binding.partner))
    return effects


def _since(book: Book, reader: Reader, new: Leading, before: tuple[str, ...], now: datetime) -> Cleared | None:
    who = leading.names(book, reader, new.partners)
    if who is None:
        return None
    said, time, reach = reader.languages, clock(book, now), leading.reach(book, reader, new.tier, new.jurisdiction)
    first = (
        say(said, "Since {time}, in the lead ({reach}) together: <b>{partners}</b>.", time=time, reach=reach, partners=who)
        if len(new.partners) > 1
        else say(said, "Since {time}, <b>{partners}</b> leads ({reach}).", time=time, reach=reach, partners=who)
    )  # fmt: skip
    was = leading.names(book, reader, before)
    lines = [
        first,
        leading.last_word(book, reader, new.partners, new.decides),
        say(said, "Before: {partners}.", partners=was) if was is not None else NOTHING,
        leading.basis(book, reader, new.basis),
    ]
    return glue([each for each in lines if each.html], " ")
