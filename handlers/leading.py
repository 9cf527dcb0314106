"""Who leads, put into words for each reader; and which lead stands for which, between tiers and countries.

A lead has a tier and a jurisdiction, each of which may be None: all of them. A wider lead covers a narrower one. Who may not know
of a partner is not told that it leads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from handlers.case import Case
from handlers.texts import say
from playbooks.cleared import NOTHING, Cleared, NotInPlaybook, Reader, glue, listed, name, quote
from playbooks.load import Book
from playbooks.selection import Leading

Place = tuple[str | None, str | None]
"""A tier and a jurisdiction."""


def place_of(one: Leading) -> Place:
    """What somebody leads."""
    return (one.tier, one.jurisdiction)


def covers(wide: Place, narrow: Place) -> bool:
    """Whether one place lies within another that is not the same."""
    return wide != narrow and all(w is None or w == n for w, n in zip(wide, narrow, strict=True))


def own(leads: Iterable[Leading], place: Place) -> Leading | None:
    """Who leads exactly there."""
    return next((one for one in leads if place_of(one) == place), None)


def accountable(leads: Sequence[Leading], place: Place) -> tuple[Leading, ...]:
    """Who answers there now: whoever leads it, else the nearest lead that covers it, else all within it."""
    tier, jurisdiction = place
    for wider in (place, (tier, None), (None, jurisdiction), (None, None)):
        found = own(leads, wider)
        if found is not None:
            return (found,)
    return tuple(one for one in leads if covers(place, place_of(one)))


def led_by(leads: Iterable[Leading], partner: str | None) -> tuple[Leading, ...]:
    """What a partner answers for: alone, or as the one with the last word in a unified command."""
    return tuple(one for one in leads if partner is not None and one.decides == partner)


def led_with(case: Case) -> tuple[Leading, ...]:
    """What this person's partner leads, alone or with others."""
    assert case.incident is not None
    partner = case.actor.partner
    return tuple(one for one in case.incident.leads if partner is not None and partner in one.partners)


def may_decide(case: Case) -> tuple[Leading, ...]:
    """What this person may decide in as the lead, alone or with others: they may issue for a partner that leads it."""
    return led_with(case) if case.actor.may_issue else ()


def may_speak(case: Case) -> tuple[Leading, ...]:
    """What this person may speak for as the lead: their partner leads it, and they may issue for their partner."""
    assert case.incident is not None
    return led_by(case.incident.leads, case.actor.partner) if case.actor.may_issue else ()


# --- words -----------------------------------------------------------------------------------------------------------


def reach(book: Book, reader: Reader, tier: str | None, jurisdiction: str | None) -> Cleared:
    """What is led: ``operational, Belgium``."""
    said = reader.languages
    tiers = {
        "strategic": say(said, "strategic"),
        "tactical": say(said, "tactical"),
        "operational": say(said, "operational"),
    }
    land = book.playbook.jurisdictions.get(jurisdiction or "")
    where = quote(book, reader, land.name) if land is not None else say(said, "everywhere")
    return glue([tiers.get(tier or "") or say(said, "all tiers"), where], ", ")


def names(book: Book, reader: Reader, partners: Iterable[str]) -> Cleared | None:
    """Those of whom the reader may know; None where there are none."""
    known = [name(book, reader, partner) for partner in partners if listed(book, reader, partner)]
    return glue(known, " · ") if known else None


def basis(book: Book, reader: Reader, text: str | None) -> Cleared:
    """The law somebody leads by, in its own words; nothing where this version of the playbook does not have it any more."""
    try:
        words = quote(book, reader, text)
    except NotInPlaybook:
        return NOTHING
    return say(reader.languages, "Basis: {basis}", basis=words) if words.html else NOTHING


def last_word(book: Book, reader: Reader, partners: Sequence[str], decides: str) -> Cleared:
    """Who decides in a unified command; nothing where one leads alone."""
    if len(partners) < 2 or not listed(book, reader, decides):
        return NOTHING
    return say(reader.languages, "{partner} has the last word.", partner=name(book, reader, decides))


def in_short(book: Book, reader: Reader, one: Leading) -> Cleared | None:
    """A lead by its partners alone; None where the reader may know of none of them."""
    who = names(book, reader, one.partners)
    if who is None:
        return None
    what = reach(book, reader, one.tier, one.jurisdiction)
    return say(reader.languages, "Lead ({reach}): <b>{partners}</b>", reach=what, partners=who)


def line(book: Book, reader: Reader, one: Leading) -> Cleared | None:
    """A lead with its deputies and its basis; None where the reader may know of none of its partners."""
    short, said = in_short(book, reader, one), reader.languages
    if short is None:
        return None
    deputies = names(book, reader, one.deputies)
    parts = [
        short,
        last_word(book, reader, one.partners, one.decides),
        say(said, "Deputies: {partners}", partners=deputies) if deputies is not None else NOTHING,
        basis(book, reader, one.basis),
    ]
    return glue([part for part in parts if part.html], " · ")


def lines(book: Book, reader: Reader, leads: Iterable[Leading]) -> list[Cleared]:
    """A line for each lead of which the reader may know, those of its own country first, by tier."""
    order = ("strategic", "tactical", "operational", None)
    who = book.playbook.partners.get(reader.partner or "")
    home = (who.jurisdiction, None) if who is not None else ()

    def place(one: Leading) -> tuple[bool, int]:
        return (one.jurisdiction not in home, order.index(one.tier) if one.tier in order else len(order))

    ordered = sorted(leads, key=place)
    return [said for one in ordered if (said := line(book, reader, one)) is not None]
