"""News for the lead and the coordinators about what was and was not delivered.

Who has it and who is silent is the built-in field ``_delivery``: for the lead by its nature, and for others where the playbook
permits it. It passes ``sight`` in every room, like anything else.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from handlers.case import Case, room_reader
from handlers.coordinators import tell_coordinators
from handlers.world import World, circumstances, rooms_for, sight_room
from playbooks import sight
from playbooks.cleared import Cleared, Reader
from playbooks.rooms import RoomRef
from playbooks.selection import Event
from storage.effects import Effect, Send, Urgency
from storage.incident import Incident


def tell_lead(case: Case, words: Callable[[Reader], Cleared | None], *, about: str) -> list[Effect]:
    """Tell the lead for whoever acts here, and the coordinators."""
    assert case.incident is not None and case.actor.partner is not None
    return tell_lead_of(case.world, case.incident, case.actor.partner, case.now, words, about=about)


def tell_lead_of(
    world: World,
    incident: Incident,
    origin: str,
    now: datetime,
    words: Callable[[Reader], Cleared | None],
    *,
    about: str,
    avoiding: RoomRef | None = None,
) -> list[Effect]:
    """Tell the lead for a partner's words, in its rooms that may carry it, and the coordinators. ``avoiding``: a room that failed."""
    book = world.book_of(incident)
    so = circumstances(world, incident, now)
    event = Event(origin, frozenset({book.playbook.partners[origin].jurisdiction}))
    leading = so.lead_for(book.playbook.partners[origin].jurisdiction)
    effects: list[Effect] = []
    for partner in leading.partners if leading else ():
        for binding in rooms_for(world, incident, partner, "alerts"):
            room = sight_room(world, binding)
            if binding.room == avoiding or not isinstance(sight.decide(book, so, event, room, "_delivery"), sight.Seen):
                continue
            said = words(room_reader(world, book, binding.room, partner))
            if said is not None:
                effects.append(Send(incident.id, binding.room, said, Urgency.PROMPT, about=about, partner=partner))

    def for_coordinator(reader: Reader) -> Cleared | None:
        return words(reader) if sight.coordinator_sees(book, reader.room.network, "_delivery") else None

    return effects + tell_coordinators(world, incident.id, now, for_coordinator, about=about)
