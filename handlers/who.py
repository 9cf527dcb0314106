"""/who: the partners and their numbers; who leads on which tier, by which law, with which deputies; and who stands in for whom."""

from __future__ import annotations

from handlers import leading
from handlers.acting import stand_ins
from handlers.case import Case
from handlers.world import sight_room
from playbooks.cleared import glue, listed, name, phone, quote
from storage.deployment import Binding
from storage.effects import Effect


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/who``: partners by country, with the number that answers day and night."""
    assert case.book is not None and case.incident is not None
    book, reader = case.book, case.reader
    lines = leading.lines(book, reader, case.incident.leads)
    if case.actor.partner is not None:
        here = Binding(case.incident.playbook, case.actor.partner, case.request.room, None, "")
        lines += stand_ins(case.world, case.incident, reader, sight_room(case.world, here), case.now)
    for jurisdiction, land in book.playbook.jurisdictions.items():
        partners = [
            p
            for p, who in book.playbook.partners.items()
            if who.jurisdiction == jurisdiction and listed(book, reader, p) and p not in book.departed
        ]
        if not partners:
            continue
        lines.append(case.say("<b>{land}</b>", land=quote(book, reader, land.name)))
        for partner in partners:
            present = "" if partner in case.so.active else "absent"
            who = name(book, reader, partner)
            number = phone(book, reader, partner)
            lines.append(
                case.say("• {partner} {phone} (no room bound)", partner=who, phone=number)
                if present
                else case.say("• {partner} {phone}", partner=who, phone=number)
            )
    return [case.answer(glue(lines))]
