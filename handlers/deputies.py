"""What becomes of an offer of the lead that is declined or not answered; and the deputies of a lead that stays silent.

They are offered the lead one after the other, in the playbook's order. A silent lead keeps it until one of them accepts, and can take
the offer back: nobody is replaced by a machine. Where nobody is left, the coordinators get a number to ring.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from handlers import briefing, leading, offers
from handlers.afterwards import after_all
from handlers.case import room_reader
from handlers.coordinators import tell_coordinators
from handlers.moments import moment
from handlers.persons import doors
from handlers.texts import say
from handlers.world import World, circumstances, rooms_for, sight_room
from playbooks import sight
from playbooks.cleared import NOTHING, Cleared, Reader, clock, glue, listed, name, phone, short_id, unsaid, value
from playbooks.selection import Event, Leading
from playbooks.values import Text
from storage.effects import Effect, Send, Tap, Urgency
from storage.incident import Incident, Offer
from storage.store import Deadline, OutboxRow

DEPUTIES_HAVE = timedelta(minutes=10)
"""How long a deputy has to answer where the playbook gives no time: nobody waits longer for a silent lead."""

AFRESH = timedelta(hours=1)
"""Deputies who declined, or did not answer, are asked again after this time."""

BY_ITSELF = ("silence", "departure")
"""Offers that nobody made: the lead does not answer, or takes part no longer. These go on to the next deputy by themselves."""

LATE = timedelta(minutes=1)
"""From when on what is done after its time says so."""

Words = Callable[[Reader], "Cleared | None"]


# --- the deputies ------------------------------------------------------------------------------------------------------


def offered_to_deputies(
    world: World,
    incident: Incident,
    tier: str | None,
    jurisdiction: str | None,
    now: datetime,
    why: str = "silence",
    *,
    last: Offer | None = None,
    person: str | None = None,
    by: str | None = None,
) -> list[Effect]:
    """Offer the lead to the first deputy who has not been asked. Nothing where an offer of it is open already, or nobody is left.

    ``last``: the offer that has just come to nothing; where nobody is left after it, the coordinators are told.
    """
    place = (tier, jurisdiction)
    current = next(iter(leading.accountable(incident.leads, place)), None)
    if current is None or any((o.fact.tier, o.fact.jurisdiction) == place for o in offers.open_offers(incident)):
        return []
    deputies = last.fact.deputies if last is not None and last.fact.why not in BY_ITSELF else current.deputies
    upcoming = _first(world, incident, place, deputies or current.deputies, now)
    if upcoming is None:
        words = partial(_nobody_left, world, incident, current)
        return tell_coordinators(world, incident.id, now, words) if last is not None else []
    book = world.book_of(incident)
    new = Leading(
        tier, jurisdiction, (upcoming,), upcoming, tuple(d for d in current.deputies if d != upcoming), current.basis
    )
    rule = f"{incident.playbook}:{current.rule}"
    lasts = offers.within(book, incident, place) or DEPUTIES_HAVE
    effects = offers.offered(world, incident.id, new, now, why=why, rule=rule, lasts=lasts, person=person, by=by)
    if why == "silence":
        effects += _tell_silent(world, incident, current, upcoming, now)
    return effects


def _first(
    world: World, incident: Incident, place: leading.Place, deputies: tuple[str, ...], now: datetime
) -> str | None:
    """The first deputy who can be asked, was not asked lately, and does not lead already."""
    tried: set[str] = set()
    for offer in incident.offers.values():
        if (offer.fact.tier, offer.fact.jurisdiction) != place or now - offer.at > AFRESH:
            continue
        if offer.ended == "accepted":
            tried.clear()
        elif offer.ended == "declined" or (offer.fact.why in BY_ITSELF and offer.ended != "withdrawn"):
            tried.add(offer.fact.decides)
    leads = {p for one in leading.accountable(incident.leads, place) for p in one.partners}
    free = (d for d in deputies if d not in tried and d not in leads and doors(world, incident, d, ("liaison",)))
    return next(free, None)


def next_deputy(world: World, incident: Incident, offer: Offer, now: datetime) -> str | None:
    """Whom an offer that came to nothing may go to next."""
    place = (offer.fact.tier, offer.fact.jurisdiction)
    current = next(iter(leading.accountable(incident.leads, place)), None)
    deputies = offer.fact.deputies if offer.fact.why not in BY_ITSELF else ()
    if current is None:
        return None
    found = _first(world, incident, place, deputies or current.deputies, now)
    return found if found != offer.fact.decides else None


def _nobody_left(world: World, incident: Incident, current: Leading, reader: Reader) -> Cleared | None:
    book = world.book_of(incident)
    if not listed(book, reader, current.decides):
        return None
    return say(
        reader.languages,
        "<b>No deputy has taken the lead</b> ({reach}). {partner} has it still. Please ring them. {phone}",
        reach=leading.reach(book, reader, current.tier, current.jurisdiction),
        partner=name(book, reader, current.decides),
        phone=phone(book, reader, current.decides),
    )


def _tell_silent(world: World, incident: Incident, current: Leading, deputy: str, now: datetime) -> list[Effect]:
    """A silent lead learns whom its lead is offered to, and how to keep it; the coordinators learn it too."""
    book = world.book_of(incident)
    effects: list[Effect] = []

    def words(reader: Reader) -> Cleared | None:
        if not (listed(book, reader, deputy) and listed(book, reader, current.decides)):
            return None
        return say(
            reader.languages,
            "{partner} does not answer. {phone} The lead ({reach}) is offered to {deputy}.",
            partner=name(book, reader, current.decides),
            reach=leading.reach(book, reader, current.tier, current.jurisdiction),
            deputy=name(book, reader, deputy),
            phone=phone(book, reader, current.decides),
        )

    for partner in current.partners:
        for binding in rooms_for(world, incident, partner, "alerts"):
            reader = room_reader(world, book, binding.room, partner)
            known = leading.names(book, reader, [deputy])
            body = say(
                reader.languages,
                "No answer has come from you: the lead ({reach}) is offered to {partners}. You have it until they accept. /handover off keeps it.",
                reach=leading.reach(book, reader, current.tier, current.jurisdiction),
                partners=known if known is not None else say(reader.languages, "your deputy"),
            )
            effects.append(Send(incident.id, binding.room, body, Urgency.PROMPT, partner=partner, loud=True))
    return [*effects, *tell_coordinators(world, incident.id, now, words)]


# --- refused, or not answered ------------------------------------------------------------------------------------------


def silent(world: World, incident: Incident, deadline: Deadline, now: datetime) -> list[Effect]:
    """An offer was not answered in time: the coordinators get the number to ring; a silent lead's next deputy is asked."""
    offer = incident.offers.get(deadline.about)
    if offer is None or offer.ended is not None:
        return []
    fact = offer.fact
    due = deadline.at if now - deadline.at >= LATE else None
    words = partial(_unanswered, world, incident, offer, due, now)
    if fact.why not in BY_ITSELF:
        return tell_of(world, incident, offer, now, words, asking=True)
    upcoming = next_deputy(world, incident, offer, now)
    effects = tell_of(world, incident, offer, now, words, asking=False)
    if upcoming is None:
        return effects  # the last of them may still accept
    effects += offers.ended(world, incident, offer, "replaced", now)
    later = after_all(world, incident.id, effects, now)
    return [
        *effects,
        *offered_to_deputies(later, later.incidents[incident.id], fact.tier, fact.jurisdiction, now, last=offer),
    ]


def _unanswered(
    world: World, incident: Incident, offer: Offer, due: datetime | None, now: datetime, reader: Reader
) -> Cleared | None:
    book, fact, said = world.book_of(incident), offer.fact, reader.languages
    if not listed(book, reader, fact.decides):
        return None
    before = leading.names(book, reader, fact.before)
    lines = [
        say(
            said,
            "<b>{partner} has not answered the offer of the lead</b> ({reach}, {offer}, since {time}). Please ring them. {phone}",
            partner=name(book, reader, fact.decides),
            reach=leading.reach(book, reader, fact.tier, fact.jurisdiction),
            offer=short_id(fact.offer),
            time=moment(book, offer.at, now, said),
            phone=phone(book, reader, fact.decides),
        ),
        say(said, "Still in the lead: {partners}.", partners=before) if before is not None else NOTHING,
        say(said, "I say this late: it was due at {time}.", time=moment(book, due, now, said))
        if due is not None
        else NOTHING,
    ]
    return glue([each for each in lines if each.html])


def tell_of(
    world: World, incident: Incident, offer: Offer, now: datetime, words: Words, *, asking: bool
) -> list[Effect]:
    """Tell whoever leads, and the coordinators, what became of an offer; ``asking``: with the deputy whom it may go to next."""
    book = world.book_of(incident)
    upcoming = next_deputy(world, incident, offer, now) if asking else None
    effects: list[Effect] = []

    def taps(reader: Reader) -> tuple[tuple[Tap, ...], ...]:
        if upcoming is None or not listed(book, reader, upcoming):
            return ()
        label = say(reader.languages, "Offer it to {partner}", partner=name(book, reader, upcoming))
        return ((Tap(label, f"/handover {offer.fact.offer} next", "➡️"),),)

    for partner in dict.fromkeys(offer.fact.before):
        for binding in rooms_for(world, incident, partner, "alerts"):
            reader = room_reader(world, book, binding.room, partner)
            said = words(reader)
            if said is not None:
                effects.append(
                    Send(incident.id, binding.room, said, Urgency.PROMPT, about=offer.fact.offer, partner=partner, taps=taps(reader))
                )  # fmt: skip
    for effect in tell_coordinators(world, incident.id, now, words, about=offer.fact.offer):
        assert isinstance(effect, Send)
        effects.append(replace(effect, taps=taps(Reader(effect.to, None, True, (effect.language,)))))
    return effects


def declined(
    world: World, incident: Incident, offer: Offer, at: datetime, reader: Reader, now: datetime | None = None
) -> Cleared | None:
    book, fact = world.book_of(incident), offer.fact
    if not listed(book, reader, fact.decides):
        return None
    before = leading.names(book, reader, fact.before)
    lines = [
        say(
            reader.languages,
            "<b>{partner} does not take the lead</b> ({reach}, {offer}, {time}). {phone}",
            partner=name(book, reader, fact.decides),
            reach=leading.reach(book, reader, fact.tier, fact.jurisdiction),
            offer=short_id(fact.offer),
            time=clock(book, at),
            phone=phone(book, reader, fact.decides),
        ),
        say(reader.languages, "Still in the lead: {partners}.", partners=before) if before is not None else NOTHING,
    ]
    said = glue([each for each in lines if each.html])
    return _with_reason(world, incident, offer, reader, now or at, said)


def _with_reason(
    world: World, incident: Incident, offer: Offer, reader: Reader, now: datetime, said: Cleared
) -> Cleared:
    """The same with the reason, where the reader may see a note of theirs; where none was given, nobody can tell."""
    book, partner = world.book_of(incident), offer.fact.decides
    binding = world.who.binding(incident.playbook, reader.room)
    if binding is None or binding.partner != reader.partner:
        return said
    reason = incident.offers[offer.fact.offer].reason
    event = Event(
        partner,
        frozenset({book.playbook.partners[partner].jurisdiction}),
        {"_note": Text(reason) if reason else None},
    )
    view = sight.view(book, circumstances(world, incident, now), event, sight_room(world, binding), ("_note",))
    words = value(book, view, "_note", reader.languages)
    return glue([said, words]) if words is not None else glue([said, unsaid(book, view, ("_note",))], "")


def again(world: World, incident: Incident, row: OutboxRow, now: datetime) -> list[Effect]:
    """What was said of an offer and waited too long is written anew: the briefing that goes with it, or that it was declined."""
    offer = incident.offers[str(row.about)]
    if row.partner is None:
        return []
    if offer.ended is None:
        return briefing.again(world, incident, offer.fact.offer, row.partner, row.to, now)
    binding = world.who.binding(incident.playbook, row.to)
    if offer.ended != "declined" or binding is None:
        return []
    reader = room_reader(world, world.book_of(incident), row.to, row.partner)
    words = declined(world, incident, offer, offer.ended_at or now, reader, now)
    if words is None:
        return []
    return [Send(incident.id, row.to, words, Urgency.PROMPT, about=row.about, partner=row.partner)]
