"""A partner answers a check-in with ``help``: whoever leads for it learns that at once, loudly, with the number to ring.

They learn it where they may see the answer, as anything else; and whoever asked is told who was told. Where nobody who leads may
be shown it, they are told to ring instead: silence would look like help on its way.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from handlers.answering import field, stands, view
from handlers.case import Case, room_reader
from handlers.moments import moment
from handlers.round_card import said_words
from handlers.texts import say
from handlers.world import World, circumstances, rooms_for, sight_room
from playbooks.cleared import Cleared, Reader, glue, listed, name, phone, phrased, short_id
from playbooks.load import Book
from playbooks.rooms import RoomRef
from playbooks.selection import Circumstances
from playbooks.sight import Room
from storage.effects import Send, Urgency
from storage.incident import Given, Incident

HELP = "help"


def tell_of_help(
    world: World,
    incident: Incident,
    identifier: str,
    partner: str,
    given: Sequence[Given],
    now: datetime,
    *,
    only: RoomRef | None = None,
    avoiding: RoomRef | None = None,
) -> list[Send]:
    """Tell the lead for a partner. ``only``: in this room alone; ``avoiding``: not where it was said."""
    book = world.book_of(incident)
    sends = []
    for lead in leads_for(book, circumstances(world, incident, now), partner):
        for binding in rooms_for(world, incident, lead, "alerts"):
            room = binding.room
            if room == avoiding or only not in (None, room):
                continue
            reader = room_reader(world, book, room, lead)
            said = _words(world, incident, identifier, partner, given, reader, sight_room(world, binding), now)
            if said is not None:
                spoken = reader.languages[0]
                sends.append(
                    Send(
                        incident.id,
                        room,
                        said,
                        Urgency.PROMPT,
                        about=identifier,
                        partner=lead,
                        language=spoken,
                        loud=True,
                    )
                )
    return sends


def leads_for(book: Book, so: Circumstances, partner: str) -> list[str]:
    """Who leads for a partner; where that is itself, whoever else leads anything."""
    leading = so.lead_for(book.playbook.partners[partner].jurisdiction)
    others = [lead for lead in (leading.partners if leading else ()) if lead != partner]
    everyone = dict.fromkeys(lead for each in so.leads for lead in each.partners if lead != partner)
    return others or list(everyone)


def _words(
    world: World,
    incident: Incident,
    identifier: str,
    partner: str,
    given: Sequence[Given],
    reader: Reader,
    room: Room,
    now: datetime,
) -> Cleared | None:
    """The call for help as this room may see it; None where it may not see it."""
    book, round_, one = world.book_of(incident), incident.rounds[identifier], stands(given)
    if one is None or one.answer != HELP or not listed(book, reader, partner):
        return None
    seen = view(book, circumstances(world, incident, now), room, round_, partner, one)
    heading = say(
        reader.languages,
        "🆘 <b>{partner} needs help</b> ({round}, {time}). {phone}",
        partner=name(book, reader, partner),
        round=short_id(identifier),
        time=moment(book, one.at, now, reader.languages),
        phone=phone(book, reader, partner),
    )
    more = said_words(book, round_, seen, one.words, reader.languages)
    whole = phrased(
        book, seen, field(round_), glue([heading, more]) if more is not None else heading, say(reader.languages, "…")
    )
    return whole if whole.only is not None else None


def told_again(world: World, incident: Incident, identifier: str, room: RoomRef, now: datetime) -> list[Send]:
    """Every call for help of a round that stands, to one room, as it may be seen there now."""
    round_ = incident.rounds[identifier]
    return [
        send
        for partner, given in round_.answers.items()
        for send in tell_of_help(world, incident, identifier, partner, given, now, only=room)
    ]


def what_now(case: Case, partner: str, told: Sequence[Send], *, more: bool) -> list[Cleared]:
    """For whoever asked for help: who was told, or whom to ring; and to say what they need. ``more``: they did."""
    assert case.book is not None
    leads = [p for p in leads_for(case.book, case.so, partner) if listed(case.book, case.reader, p)]
    reached = [p for p in leads if any(send.partner == p for send in told)]
    lines = []
    if reached:
        names = glue([name(case.book, case.reader, p) for p in reached], " · ")
        lines.append(case.say("Told at once: {partners}.", partners=names))
    elif leads:
        numbers = glue(
            [glue([name(case.book, case.reader, p), phone(case.book, case.reader, p)], " ") for p in leads], " · "
        )
        lines.append(case.say("<b>I may not show them this. Please ring:</b> {partners}", partners=numbers))
    else:
        lines.append(case.say("<b>Nobody could be told. Please ring whoever can help.</b>"))
    if not more:
        lines.append(case.say("What do you need? Reply to this message."))
    return lines
