"""An alert issued by a power for danger: those whom the playbook tells learn who used it, and by which law."""

from __future__ import annotations

from handlers.case import Case, room_reader
from handlers.texts import say
from handlers.world import rooms_for, sight_room
from playbooks import mandate, sight
from playbooks.cleared import clock, name, quote, short_id, strong
from playbooks.selection import Event, ground
from storage.deployment import Binding
from storage.effects import Effect, Send, Urgency
from storage.facts import AlertDrafted


def tell_of_power(case: Case, identifier: str, draft: AlertDrafted, event: Event, basis: str) -> list[Effect]:
    """Those whom the playbook tells learn who issued it in danger and on which basis; and those on whose ground, that it was theirs."""
    assert case.book is not None and case.incident is not None
    alert = case.book.playbook.alerts[draft.template]
    tell = alert.in_danger.tell if alert.in_danger is not None else None
    effects: list[Effect] = []
    whose = mandate.owners(case.book, case.so, draft.template, None)
    for partner in mandate.chosen(case.book, tell, case.so, draft.partner):
        for binding in rooms_for(case.world, case.incident, partner, "alerts"):
            reader = room_reader(case.world, case.book, binding.room, partner)
            theirs = partner in whose and _on_their_ground(case, event, binding)
            words = say(
                reader.languages,
                "In imminent danger, {partner} issued {title} ({alert}, {time}), which is yours to issue. Basis: {basis}."
                if theirs
                else "In imminent danger, {partner} issued {title} ({alert}, {time}). Basis: {basis}.",
                partner=name(case.book, reader, draft.partner),
                title=strong(quote(case.book, reader, alert.title)),
                alert=short_id(identifier),
                time=clock(case.book, case.now),
                basis=quote(case.book, reader, basis),
            )
            effects.append(
                Send(case.stream, binding.room, words, Urgency.PROMPT, about=identifier, partner=partner, loud=True)
            )
    return effects


def _on_their_ground(case: Case, event: Event, binding: Binding) -> bool:
    """Whether an alert concerns ground of this room's partner, as far as the room may see where that is."""
    assert case.book is not None
    if event.place is None:
        return True
    areas = sight.visible_areas(case.book, case.so, event, sight_room(case.world, binding))
    if areas is None:
        return False
    # Any part of it will do: an area lies in others, and more of where it is the room may not see.
    return event.fields.get(event.place) is None or bool(areas & ground(case.book, binding.partner))
