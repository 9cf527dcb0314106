"""Who takes part no longer leads no longer: a guest whose time is over, and a partner that the new version of a playbook lacks.

Nobody can ask it any more, and it cannot hand anything over. So the lead is offered at once: to its deputies one after the other, then
to whoever leads there by the playbook. The coordinators are told, with the number to ring.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from functools import partial

from handlers import cards, deputies, leading, offers, waiting
from handlers.afterwards import after_all
from handlers.coordinators import tell_coordinators
from handlers.texts import say
from handlers.world import World
from playbooks import mandate
from playbooks.cleared import Cleared, Reader, listed, name, phone
from playbooks.guests import present
from playbooks.selection import Leading
from storage.effects import Effect, Record
from storage.facts import LeadTaken
from storage.incident import Incident

WHY = "departure"
"""Why an offer of such a lead is made."""


def unwatched(incident: Incident, gone: Collection[str], now: datetime) -> list[Effect]:
    """Nobody waits for the answers of who takes part no longer."""
    watched = [(a, issued.watches) for a, issued in incident.alerts.items()]
    watched += [(r, round_.watches) for r, round_ in incident.rounds.items()]
    effects: list[Effect] = []
    for about, watches in watched:
        for one in gone:
            if one in watches and watches[one].open:
                effects += waiting.stopped(about, one)
                effects += cards.touched(incident, about, now)
    return effects


def led(world: World, stream: str, now: datetime) -> list[Effect]:
    """What becomes of each lead of which nobody, or not everybody, takes part any more; and of offers to them. ``world``: without them."""
    effects: list[Effect] = []
    book = world.book_of(world.incidents[stream])
    for offer in offers.open_offers(world.incidents[stream]):
        if not present(book, offer.fact.decides):
            later = after_all(world, stream, effects, now)
            effects += offers.ended(later, later.incidents[stream], offer, "replaced", now)
    for one in world.incidents[stream].leads:
        still = tuple(p for p in one.partners if present(book, p))
        if still == one.partners and present(book, one.decides):
            continue
        later = after_all(world, stream, effects, now)
        incident = later.incidents[stream]
        if still:
            decides = one.decides if one.decides in still else still[0]
            rule = f"{incident.playbook}:{one.rule}"
            effects.append(
                Record(stream, LeadTaken(one.tier, one.jurisdiction, still, decides, one.deputies, one.basis, rule))
            )
        else:
            effects += _offered(later, incident, one, now)
    return effects


def _offered(world: World, incident: Incident, one: Leading, now: datetime) -> list[Effect]:
    place = leading.place_of(one)
    effects = deputies.offered_to_deputies(world, incident, one.tier, one.jurisdiction, now, WHY)
    if not effects:
        effects = _by_rule(world, incident, one, now)
    later = after_all(world, incident.id, effects, now).incidents[incident.id]
    to = next((o.fact.decides for o in offers.open_offers(later) if (o.fact.tier, o.fact.jurisdiction) == place), None)
    words = partial(_left, world, incident, one, to)
    return [*effects, *tell_coordinators(world, incident.id, now, words)]


def _by_rule(world: World, incident: Incident, one: Leading, now: datetime) -> list[Effect]:
    """The lead goes to whoever leads there by the playbook, in the phase that it is."""
    book, place = world.book_of(incident), leading.place_of(one)
    if any((o.fact.tier, o.fact.jurisdiction) == place for o in offers.open_offers(incident)):
        return []
    for rule in leading.accountable(mandate.leads(book, incident.phase, incident.hazard), place):
        if all(present(book, p) for p in rule.partners):
            new = replace(rule, tier=one.tier, jurisdiction=one.jurisdiction)
            lasts = mandate.accept_within(book, rule) or deputies.DEPUTIES_HAVE
            named = f"{incident.playbook}:{rule.rule}"
            return offers.offered(world, incident.id, new, now, why=WHY, rule=named, lasts=lasts)
    return []


def _left(world: World, incident: Incident, one: Leading, to: str | None, reader: Reader) -> Cleared | None:
    book = world.book_of(incident)
    if not listed(book, reader, one.decides):
        return None
    who = name(book, reader, one.decides)
    reach = leading.reach(book, reader, one.tier, one.jurisdiction)
    if to is None or not listed(book, reader, to):
        return say(
            reader.languages,
            "<b>{partner} was in the lead ({reach}) and takes part no longer.</b> Nobody could be offered the lead. Please see to it.",
            partner=who,
            reach=reach,
        )
    return say(
        reader.languages,
        "<b>{partner} was in the lead ({reach}) and takes part no longer.</b> The lead is offered to {deputy}. {phone}",
        partner=who,
        reach=reach,
        deputy=name(book, reader, to),
        phone=phone(book, reader, to),
    )
