"""Who may know who is on duty: a partner's own people by name, others as the playbook permits (``_presence``), coordinators how many."""

from __future__ import annotations

from handlers.case import Case
from handlers.coordinators import between_two
from handlers.world import World, circumstances, holds, sight_room
from playbooks import sight
from playbooks.cleared import Cleared, Reader, code, echo, glue, name, value
from playbooks.selection import Circumstances, Event
from playbooks.values import Text


def on_duty(world: World, partner: str) -> tuple[str, ...]:
    """The persons who are on duty for a partner now, whoever took it first in front."""
    return world.who.on_duty.get(partner, ())


MOST_PARTNERS = 5
"""So many other partners stand in an answer with the names of who is on duty; of more it says how many there are."""


def others(case: Case, everything: bool) -> list[Cleared]:
    """Who is on duty for the other partners: by name where the playbook permits it in this room; to coordinators for how many somebody is, and for whom nobody.

    ``everything``: a line for each, however many there are.
    """
    book = case.book
    if book is None:
        return _counts(case, everything)
    so = _so(case)
    binding = case.world.who.binding(book.playbook.playbook, case.request.room)
    if binding is None or binding.partner != case.actor.partner:
        return _counts(case, everything)
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
    if everything or len(lines) <= MOST_PARTNERS:
        return lines
    return [_in_all(case, len(lines))]


def _in_all(case: Case, partners: int) -> Cleared:
    command = code(echo("/duty all", case.request.room))
    return case.says(
        "Somebody is on duty for {count} other partner: {command}",
        "Somebody is on duty for {count} other partners: {command}",
        partners,
        command=command,
    )


def _counts(case: Case, everything: bool) -> list[Cleared]:
    """How many are on duty for each partner, for the deployment's coordinators, where nobody else reads it; or for whom nobody is."""
    if not (case.actor.everywhere and case.request.private and between_two(case.world, case.request.room)):
        return []
    lines: dict[str, Cleared] = {}
    nobody: dict[str, Cleared] = {}
    for book in case.world.shelf.values():
        reader = Reader(case.request.room, None, True, case.reader.languages)
        for partner, who in book.playbook.partners.items():
            if who.listed and partner != case.actor.partner:
                if not on_duty(case.world, partner):
                    nobody[partner] = name(book, reader, partner)
                lines[partner] = case.says(
                    "• {partner}: {count} on duty",
                    "• {partner}: {count} on duty",
                    len(on_duty(case.world, partner)),
                    partner=name(book, reader, partner),
                )
    if everything or len(lines) <= MOST_PARTNERS:
        return list(lines.values())
    said = [_in_all(case, len(lines) - len(nobody))] if len(nobody) < len(lines) else []
    missing = list(nobody.values())
    if not missing:
        return said
    most = MOST_PARTNERS if len(missing) > MOST_PARTNERS + 1 else MOST_PARTNERS + 1
    names = glue(missing[:most], ", ")
    if len(missing) > most:
        names = case.say("{names} and {count} more", names=names, count=len(missing) - most)
    return [*said, case.say("Nobody is on duty for {partner}.", partner=names)]


def _so(case: Case) -> Circumstances:
    """As things are in the incident; between crises, in no phase."""
    assert case.book is not None
    if case.incident is not None:
        return circumstances(case.world, case.incident, case.now)
    bound = (b for (of, _), b in case.world.who.bindings.items() if of == case.book.playbook.playbook)
    return Circumstances(case.now, "", frozenset(b.partner for b in bound if holds(case.book, b)))
