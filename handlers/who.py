"""/who: the partners, who leads, and their numbers."""

from __future__ import annotations

from handlers.case import Case
from handlers.status import leads
from playbooks.cleared import glue, listed, name, phone, quote
from storage.effects import Effect


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/who``: partners by country, with the number that answers day and night."""
    assert case.book is not None and case.incident is not None
    book, reader = case.book, case.reader
    lines = [*leads(case)]
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
