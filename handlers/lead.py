"""The lead passes on: /handover offers it, /accept and /decline answer.

``/handover PARTNER`` is for whoever leads. Who accepts must be enrolled in the partner that is to lead: a role in the deployment is
no mandate.
"""

from __future__ import annotations

from functools import partial

from handlers import deputies, leading, offers
from handlers.afterwards import after_all
from handlers.case import Case
from handlers.command import short_ids
from handlers.deputies import offered_to_deputies
from handlers.handing import offer_to
from handlers.world import bound_for
from playbooks import mandate
from playbooks.cleared import clock, glue, listed, name, short_id
from storage.effects import Effect
from storage.incident import Offer

__all__ = ["accept", "decline", "handover"]

# --- by hand -----------------------------------------------------------------------------------------------------------


def handover(case: Case, arguments: str) -> list[Effect]:
    """``/handover PARTNER [tier]``, ``/handover off``; ``/handover H-3 next``: offer what was declined to the deputies."""
    assert case.incident is not None
    words = arguments.split()
    named = [identifier for identifier in dict.fromkeys(short_ids(arguments)) if identifier in case.incident.offers]
    if named and words[-1].lower() == "next":
        return _next(case, case.incident.offers[named[0]])
    mine = leading.may_speak(case)
    if not mine:
        return _not_theirs(case)
    if words and words[-1].lower() == "off":
        return _withdraw(case, named)
    return offer_to(case, mine, [word for word in words if word.upper() not in named])


def _not_theirs(case: Case) -> list[Effect]:
    assert case.book is not None and case.incident is not None
    if leading.led_by(case.incident.leads, case.actor.partner):
        words = case.say(
            "Not handed over. Only liaisons, officials and coordinators of {partner} may do that.",
            partner=name(case.book, case.reader, str(case.actor.partner)),
        )
        return case.refuse(words, "/handover", "role")
    lines = leading.lines(case.book, case.reader, case.incident.leads)
    words = case.say("Not handed over: only who leads can hand the lead over.")
    return case.refuse(glue([words, *lines]), "/handover", "not-theirs", case.book.line("leads"))


def _withdraw(case: Case, named: list[str]) -> list[Effect]:
    """The lead takes back what it, or its silence, has led to; what the playbook's phases hand on is not its to keep."""
    assert case.incident is not None
    mine = [offer for offer in offers.open_offers(case.incident) if _is_before(case, offer)]
    theirs = [offer for offer in mine if offer.fact.why != "phase"]
    meant = [offer for offer in theirs if offer.fact.offer in named] or theirs
    if not meant:
        if mine:
            words = case.say(
                "{offer} cannot be withdrawn: the playbook passes the lead on in this phase.",
                offer=short_id(mine[0].fact.offer),
            )
            return [case.answer(words)]
        return [case.answer(case.say("You have offered the lead to nobody."))]
    effects: list[Effect] = []
    for offer in meant:
        effects += offers.ended(
            case.world, case.incident, offer, "withdrawn", case.now, person=case.actor.person, by=case.actor.partner
        )
    ids = glue([short_id(offer.fact.offer) for offer in meant], ", ")
    return [*effects, case.answer(case.say("Withdrawn: {offers}. You lead on.", offers=ids))]


def _is_before(case: Case, offer: Offer) -> bool:
    assert case.incident is not None
    found = leading.accountable(case.incident.leads, (offer.fact.tier, offer.fact.jurisdiction))
    return any(one.decides == case.actor.partner for one in found)


def _next(case: Case, offer: Offer) -> list[Effect]:
    """By a tap: what was declined, or not answered, is offered to the next deputy."""
    assert case.incident is not None
    if not (case.actor.coordinator or (leading.may_speak(case) and _is_before(case, offer))):
        return _not_theirs(case)
    fact = offer.fact
    effects: list[Effect] = []
    world, incident = case.world, case.incident
    if offer.ended == "accepted" or (
        offer.ended is None and deputies.next_deputy(world, incident, offer, case.now) is None
    ):
        return [case.answer(case.say("{offer} is no longer open. /who shows who leads.", offer=short_id(fact.offer)))]
    if offer.ended is None:
        effects += offers.ended(
            world, incident, offer, "replaced", case.now, person=case.actor.person, by=case.actor.partner
        )
        world = after_all(world, case.stream, effects, case.now)
        incident = world.incidents[case.stream]
    made = offered_to_deputies(
        world, incident, fact.tier, fact.jurisdiction, case.now, "hand", last=offer, person=case.actor.person, by=case.actor.partner
    )  # fmt: skip
    if not made:
        return [*effects, case.answer(case.say("The lead is offered to somebody already. /who shows who leads."))]
    newest = list(after_all(world, case.stream, made, case.now).incidents[case.stream].offers.values())[-1]
    if newest.fact.offer in incident.offers:
        return [*effects, *made, case.answer(case.say("There is no other deputy who could be asked here."))]
    assert case.book is not None
    if not listed(case.book, case.reader, newest.fact.decides):
        return [*effects, *made, case.answer(case.say("Offered: {offer}.", offer=short_id(newest.fact.offer)))]
    words = case.say(
        "Offered to {partner} ({offer}).",
        partner=name(case.book, case.reader, newest.fact.decides),
        offer=short_id(newest.fact.offer),
    )
    return [*effects, *made, case.answer(words)]


# --- answered ----------------------------------------------------------------------------------------------------------


def accept(case: Case, arguments: str) -> list[Effect]:
    """``/accept [H-3]``."""
    found = _meant(case, arguments, "/accept")
    if isinstance(found, list):
        return found
    assert case.book is not None and case.incident is not None
    effects = offers.accepted(case.world, case.incident.id, found, case.actor.person, case.now)
    told = bound_for(case.world, case.book, "alerts", exercise=case.incident.opened.exercise)
    if not any(binding.room == case.request.room for binding in told) or case.request.private:
        words = case.say(
            "You lead now ({reach}). /briefing shows how things stand.",
            reach=leading.reach(case.book, case.reader, found.fact.tier, found.fact.jurisdiction),
        )
        effects.append(case.answer(words))
    return effects


def decline(case: Case, arguments: str) -> list[Effect]:
    """``/decline [H-3] [reason]``: whoever leads is told, and leads on."""
    found = _meant(case, arguments, "/decline")
    if isinstance(found, list):
        return found
    assert case.incident is not None
    fact = found.fact
    reason = " ".join(word for word in arguments.split() if word.upper() != fact.offer) or None
    effects = offers.ended(
        case.world, case.incident, found, "declined", case.now, person=case.actor.person, by=fact.decides, reason=reason
    )
    effects.append(
        case.answer(
            case.say("Noted {time}: {offer} is declined.", time=clock(case.book, case.now), offer=short_id(fact.offer))
        )
    )
    later = after_all(case.world, case.stream, effects, case.now)
    incident = later.incidents[case.stream]
    automatic = fact.why in deputies.BY_ITSELF
    effects += deputies.tell_of(
        later,
        incident,
        found,
        case.now,
        partial(deputies.declined, later, incident, found, case.now),
        asking=not automatic,
    )
    if automatic:
        effects += offered_to_deputies(later, incident, fact.tier, fact.jurisdiction, case.now, last=found)
    return effects


def _meant(case: Case, arguments: str, command: str) -> Offer | list[Effect]:
    """The offer that is answered, by somebody who may; or what stands in the way."""
    assert case.book is not None and case.incident is not None
    partner = case.actor.partner
    known = [one for one in case.incident.offers.values() if partner is not None and partner in one.fact.partners]
    waiting = [one for one in known if one.ended is None]
    asked = next((i for i in short_ids(arguments) if i.startswith("H-")), None)
    if asked is None and case.request.about is not None and str(case.request.about.about).startswith("H-"):
        asked = str(case.request.about.about)
    if asked is None:
        if len(waiting) != 1:
            return _which(case, waiting, command)
        offer = waiting[0]
    else:
        found = next((one for one in known if one.fact.offer == asked), None)
        if found is None:
            return [case.answer(case.say("There is no offer {offer} for you here.", offer=short_id(asked)))]
        offer = found
    if offer.ended is not None:
        words = case.say("{offer} is no longer open. /who shows who leads.", offer=short_id(offer.fact.offer))
        return [case.answer(words)]
    if partner != offer.fact.decides or not _enrolled(case, offer.fact.decides):
        words = case.say(
            "Not done. Liaisons, officials and coordinators enrolled in {partner} answer this. One of them can enrol you with /invite.",
            partner=name(case.book, case.reader, offer.fact.decides),
        )
        return case.refuse(words, command, "role")
    return offer


def _enrolled(case: Case, partner: str) -> bool:
    """Whether whoever answers is one of the partner's own: a coordinator of the deployment cannot take the lead for it."""
    person = case.world.who.person(case.actor.identity)
    return person is not None and person.partner == partner and person.role in mandate.ISSUERS


def _which(case: Case, waiting: list[Offer], command: str) -> list[Effect]:
    assert case.incident is not None
    if not waiting:
        return [case.answer(case.say("No offer of the lead is open for you."))]
    taps = [
        [case.tap("{offer}", f"{command} {one.fact.offer}", f"{i}️⃣", offer=short_id(one.fact.offer))]
        for i, one in enumerate(waiting[:9], 1)
    ]
    return [case.answer(case.say("Which offer?"), taps)]
