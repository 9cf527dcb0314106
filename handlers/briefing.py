"""The briefing that goes with the lead (ICS-201): how things stand, written from the log, for whoever is to read it.

The most important comes first, and what does not fit on two screens of a phone is left to /status and /log. Everything in it
passes ``sight`` for the room it goes to: what its reader may not see leaves no gap, and how much fits is decided by what is seen
alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from handlers import briefing_parts, leading
from handlers.briefing_parts import Item, Page
from handlers.case import Case, room_reader
from handlers.persons import in_person
from handlers.world import World, circumstances, rooms_for, sight_room
from playbooks.cleared import Cleared, Reader, glue
from playbooks.rooms import RoomRef
from storage.deployment import Binding
from storage.effects import Effect, Record, Send, Urgency
from storage.facts import BriefingGiven
from storage.incident import Incident, Offer

LONGEST = 3000
"""Characters of a briefing: about two screens of a phone."""


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/briefing``: again, for who leads and for whom the lead is offered to."""
    assert case.book is not None and case.incident is not None
    partner = case.actor.partner
    if partner is None or not is_for(case):
        words = case.say(
            "The briefing is for who leads, and for whom the lead is offered to. /status shows what is open for you."
        )
        return case.refuse(words, "/briefing", "not-theirs", case.book.line("leads"))
    offer = next((offer.fact.offer for offer in reversed(_offered(case))), None)
    binding = Binding(case.incident.playbook, partner, case.request.room, None, case.actor.person)
    words = written(page(case.world, case.incident, binding, case.reader, case.now))
    return [case.record(BriefingGiven(offer, partner, case.incident.size)), case.answer(words)]


def is_for(case: Case) -> bool:
    """Whether it is for this person's partner: it leads, or is offered the lead."""
    return bool(leading.led_with(case) or _offered(case))


def _offered(case: Case) -> list[Offer]:
    """The open offers of a lead to this person's partner, alone or with others."""
    assert case.incident is not None
    partner, offers = case.actor.partner, case.incident.offers.values()
    return [o for o in offers if o.ended is None and partner is not None and partner in o.fact.partners]


def given(
    world: World, incident: Incident, offer: str, partner: str, places: Sequence[tuple[Binding, Reader]], now: datetime
) -> list[Effect]:
    """The briefing that goes with an offer, to each of these rooms of a partner."""
    effects: list[Effect] = [Record(incident.id, BriefingGiven(offer, partner, incident.size))]
    return [*effects, *(_send(world, incident, offer, binding, reader, now) for binding, reader in places)]


def again(world: World, incident: Incident, offer: str, partner: str, room: RoomRef, now: datetime) -> list[Effect]:
    """The same to one of them, as things are now: it waited, and what may be seen has changed."""
    book = world.book_of(incident)
    places = [
        *((b, room_reader(world, book, b.room, partner)) for b in rooms_for(world, incident, partner, "alerts")),
        *in_person(world, incident, partner, ("liaison",)),
    ]
    return [_send(world, incident, offer, b, reader, now) for b, reader in places if b.room == room]


def _send(world: World, incident: Incident, offer: str, binding: Binding, reader: Reader, now: datetime) -> Send:
    one = page(world, incident, binding, reader, now)
    return Send(
        incident.id,
        binding.room,
        written(one),
        Urgency.PROMPT,
        about=offer,
        partner=binding.partner,
        language=reader.languages[0] if reader.languages else "",
        not_after=briefing_parts.cleared_for(one),
    )


def page(world: World, incident: Incident, binding: Binding, reader: Reader, now: datetime) -> Page:
    """For whom it is written, where, and what is so now."""
    book = world.book_of(incident)
    return Page(
        world, incident, book, circumstances(world, incident, now), binding, sight_room(world, binding), reader, now
    )


def written(one: Page) -> Cleared:
    """The whole of it, as far as it fits."""
    parts: list[Cleared] = []
    left = LONGEST
    for section in briefing_parts.SECTIONS:
        heading, items = section(one)
        if not items:
            continue
        shown, left = _fitting(one, heading, items, left)
        parts += shown
    return glue(parts)


def _fitting(one: Page, heading: Cleared | None, items: Sequence[Item], left: int) -> tuple[list[Cleared], int]:
    """As many items as fit, in full or in short, under their heading; and how many more there are."""
    room = left - (len(heading.text) + 2 if heading is not None else 0)
    shown: list[Cleared] = []
    for item in items:
        said = next((each for each in (item.full, item.short) if each is not None and len(each.text) + 1 <= room), None)
        if said is None:
            break
        shown.append(said)
        room -= len(said.text) + 1
    rest = len(items) - len(shown)
    if rest:
        shown.append(one.say("… and {count} more", count=rest))
    return ([heading, *shown] if heading is not None else shown), max(room, 0)
