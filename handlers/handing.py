"""/handover: to whom the lead is to go, and which lead, from what was typed; asked for where it was not said."""

from __future__ import annotations

from dataclasses import dataclass

from handlers import leading, offers
from handlers.case import Case
from handlers.command import nearest
from handlers.moments import moment
from handlers.persons import doors
from handlers.taps import Choice
from handlers.texts import available, translated
from playbooks.cleared import NOTHING, Cleared, echo, glue, listed, name, phone, short_id
from playbooks.guests import present
from playbooks.selection import Leading
from storage.effects import Effect, Urgency
from storage.facts import LeadOffered

TIERS = {"strategic": "strategic", "tactical": "tactical", "operational": "operational"}
"""The tiers of command, in words for people; in a command they are written so too."""
MOST = 9


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed: a partner, a tier, a jurisdiction, each as far as it was said."""

    partner: str
    tier: str | None
    jurisdiction: str | None


def offer_to(case: Case, mine: tuple[Leading, ...], words: list[str]) -> list[Effect]:
    """Offer one of these leads to a partner; ask for what is still to be said."""
    asked = _read(case, words)
    fitting = [
        one
        for one in mine
        if (asked.tier is None or one.tier in (asked.tier, None))
        and (asked.jurisdiction is None or one.jurisdiction in (asked.jurisdiction, None))
    ]
    if not fitting:
        return [case.answer(glue([case.say("That is not yours to hand over. You lead:"), *_leads(case, mine)]))]
    if not asked.partner:
        return _whom(case, fitting, asked)
    partner = _partner(case, asked.partner)
    if partner is None:
        return _unknown(case, asked)
    if len(fitting) > 1:
        return _which(case, fitting, partner)
    return _offer(case, fitting[0], partner)


def _read(case: Case, words: list[str]) -> Asked:
    assert case.book is not None
    tier = jurisdiction = None
    rest: list[str] = []
    for word in words:
        known = _tier(word)
        if tier is None and known is not None:
            tier = known
        elif jurisdiction is None and rest and word.lower() in case.book.playbook.jurisdictions:
            jurisdiction = word.lower()
        else:
            rest.append(word)
    return Asked(" ".join(rest), tier, jurisdiction)


def _tier(word: str) -> str | None:
    wanted = word.casefold()
    for tier in tuple(TIERS):
        if wanted == tier or any(wanted == translated((language,), TIERS[tier]).casefold() for language in available()):
            return tier
    return None


def _known(case: Case) -> dict[str, str]:
    """What partners are called, of those whom the reader may know: their ids and their names."""
    assert case.book is not None
    partners = [p for p in case.book.playbook.partners if listed(case.book, case.reader, p) and p in case.so.active]
    called = {case.book.playbook.partners[p].name.casefold(): p for p in partners}
    return {**called, **{p: p for p in partners}}


def _partner(case: Case, typed: str) -> str | None:
    return _known(case).get(typed.casefold())


def _unknown(case: Case, asked: Asked) -> list[Effect]:
    assert case.book is not None and case.incident is not None
    typed = echo(asked.partner[:60], case.request.room)
    absent = next(
        (
            p
            for p, who in case.book.playbook.partners.items()
            if asked.partner.casefold() in (p, who.name.casefold())
            and listed(case.book, case.reader, p)
            and present(case.book, p)
        ),
        None,
    )
    if absent is not None:
        words = case.say(
            "No room of {partner} is bound here, so it cannot be offered the lead. {phone}",
            partner=name(case.book, case.reader, absent),
            phone=phone(case.book, case.reader, absent),
        )
        return [case.answer(words)]
    known = _known(case)
    near = nearest(asked.partner, list(known))
    if near is None:
        return [case.answer(case.say("There is no partner {typed} here. /who shows them.", typed=typed))]
    who = name(case.book, case.reader, known[near])
    again = f"/handover {case.incident.id} {known[near]} {asked.tier or ''} {asked.jurisdiction or ''}".strip()
    taps = [[case.choice("Offer it to {partner}", again, "✅", partner=who)]]
    return [
        case.answer(
            case.say("There is no partner {typed} here. Did you mean {partner}?", typed=typed, partner=who), taps
        )
    ]


def _leads(case: Case, leads: tuple[Leading, ...]) -> list[Cleared]:
    assert case.book is not None
    return [
        case.say("• {reach}", reach=leading.reach(case.book, case.reader, one.tier, one.jurisdiction)) for one in leads
    ]


def _whom(case: Case, mine: list[Leading], asked: Asked) -> list[Effect]:
    """Its deputies first, then the others at home."""
    assert case.book is not None and case.incident is not None
    book, own = case.book, str(case.actor.partner)
    home = book.playbook.partners[own].jurisdiction
    near = [p for p, who in book.playbook.partners.items() if who.jurisdiction == home]
    others = dict.fromkeys((*(d for one in mine for d in one.deputies), *near, *book.playbook.partners))
    known = [p for p in others if p != own and p in case.so.active and listed(book, case.reader, p)]
    taps: list[list[Choice]] = []
    for partner in known:
        again = f"/handover {case.incident.id} {partner} {asked.tier or ''} {asked.jurisdiction or ''}".strip()
        if len(taps) < MOST:
            emoji = f"{len(taps) + 1}️⃣"
            taps.append([case.choice("{partner}", again, emoji, partner=name(book, case.reader, partner))])
    words = case.say("Hand the lead over to whom? Or write /handover PARTNER.")
    return [case.answer(words, taps, urgency=Urgency.PROMPT)]


def _which(case: Case, fitting: list[Leading], partner: str) -> list[Effect]:
    assert case.book is not None and case.incident is not None
    taps: list[list[Choice]] = []
    for index, one in enumerate(fitting[:MOST], 1):
        again = f"/handover {case.incident.id} {partner} {one.tier or ''} {one.jurisdiction or ''}".strip()
        reach = leading.reach(case.book, case.reader, one.tier, one.jurisdiction)
        taps.append([case.choice("{reach}", again, f"{index}️⃣", reach=reach)])
    return [case.answer(case.say("Which lead?"), taps, urgency=Urgency.PROMPT)]


def _offer(case: Case, current: Leading, partner: str) -> list[Effect]:
    assert case.book is not None and case.incident is not None
    book, reader = case.book, case.reader
    who = name(book, reader, partner)
    if partner == current.decides and len(current.partners) == 1:
        return [case.answer(case.say("{partner} has that lead already.", partner=who))]
    if not doors(case.world, case.incident, partner, ("liaison",)):
        number = phone(book, reader, partner)
        words = case.say(
            "{partner} cannot be offered the lead: it has no room for that. Please ring them. {phone}",
            partner=who,
            phone=number,
        )
        return [case.answer(words)]
    new = Leading(
        current.tier,
        current.jurisdiction,
        (partner,),
        partner,
        tuple(deputy for deputy in current.deputies if deputy != partner),
        current.basis,
    )
    effects = offers.offered(
        case.world,
        case.incident.id,
        new,
        case.now,
        why="hand",
        rule=case.rule(current.rule),
        lasts=offers.within(book, case.incident, leading.place_of(current)),
        person=case.actor.person,
        by=case.actor.partner,
    )
    fact = next(e.fact for e in effects if hasattr(e, "fact") and isinstance(e.fact, LeadOffered))
    lines = [
        case.say(
            "The lead ({reach}) is offered to {partner}: {offer}. You lead until they accept.",
            reach=leading.reach(book, reader, new.tier, new.jurisdiction),
            partner=who,
            offer=short_id(fact.offer),
        ),
        case.say("They are asked to answer by {time}.", time=moment(book, fact.until, case.now, reader.languages))
        if fact.until is not None
        else NOTHING,
    ]
    withdraw = case.tap("Withdraw", f"/handover {fact.offer} off", "↩️")
    return [*effects, case.answer(glue([each for each in lines if each.html]), [[withdraw]], about=fact.offer)]
