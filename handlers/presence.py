"""Who may know who is on duty: a partner's own people by name, others as the playbook permits (``_presence``), coordinators how many."""

from __future__ import annotations

from handlers.case import Case
from handlers.coordinators import between_two
from handlers.world import World, circumstances, holds, sight_room
from playbooks import sight
from playbooks.cleared import Cleared, Reader, name, value
from playbooks.selection import Circumstances, Event
from playbooks.values import Text


def on_duty(world: World, partner: str) -> tuple[str, ...]:
    """The persons who are on duty for a partner now, whoever took it first in front."""
    return world.who.on_duty.get(partner, ())


def others(case: Case) -> list[Cleared]:
    """Who is on duty for the other partners: by name where the playbook permits it in this room; to coordinators how many."""
    book = case.book
    if book is None:
        return _counts(case)
    so = _so(case)
    binding = case.world.who.binding(book.playbook.playbook, case.request.room)
    if binding is None or binding.partner != case.actor.partner:
        return _counts(case)
    lines = []
    room = sight_room(case.world, binding)
    for partner, who in book.playbook.partners.items():
        people = [case.world.who.people[one].name for one in on_duty(case.world, partner)]
        if partner == case.actor.partner or not people or not (who.listed and case.reader.insider):
            continue
        fields = {"_presence": Text(", ".join(people))}
        view = sight.view(book, so, Event(partner, frozenset({who.jurisdiction}), fields), room, ["_presence"])
        names = value(book, view, "_presence", case.reader.languages)
        if names is not None:
            lines.append(case.say("• {partner}: {names}", partner=name(book, case.reader, partner), names=names))
    return lines


def _counts(case: Case) -> list[Cleared]:
    """How many are on duty for each partner, for the deployment's coordinators, where nobody else reads it."""
    if not (case.actor.everywhere and case.request.private and between_two(case.world, case.request.room)):
        return []
    lines: dict[str, Cleared] = {}
    for book in case.world.shelf.values():
        reader = Reader(case.request.room, None, True, case.reader.languages)
        for partner, who in book.playbook.partners.items():
            if who.listed and partner != case.actor.partner:
                lines[partner] = case.says(
                    "• {partner}: {count} on duty",
                    "• {partner}: {count} on duty",
                    len(on_duty(case.world, partner)),
                    partner=name(book, reader, partner),
                )
    return list(lines.values())


def _so(case: Case) -> Circumstances:
    """As things are in the incident; between crises, in no phase."""
    assert case.book is not None
    if case.incident is not None:
        return circumstances(case.world, case.incident, case.now)
    bound = (b for (of, _), b in case.world.who.bindings.items() if of == case.book.playbook.playbook)
    return Circumstances(case.now, "", frozenset(b.partner for b in bound if holds(case.book, b)))
