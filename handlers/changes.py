"""What a changed playbook opens, closes and hands to another, in words for a chat: short, in the reader's language.

The rules are known to all partners, except what concerns partners that are not listed: that is told to these alone. The whole,
circumstances included, is what ``tocsin diff`` says.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from handlers.texts import say, says
from playbooks.cleared import Cleared, Reader, code, field_name, glue, listed, name, quote, secret
from playbooks.diff import Difference
from playbooks.diff_changes import (
    Change,
    LeadChange,
    ListingChange,
    OtherChange,
    PowerChange,
    ReceiptChange,
    SightChange,
)
from playbooks.load import Book
from playbooks.schema import BUILT_IN

MOST = 6
"""Changes of one kind that are told in a chat."""


def told(reader: Reader, old: Book, new: Book, change: Difference) -> list[Cleared]:
    """What opens first, then what closes, then who leads: as far as this reader may know the partners concerned."""
    said = reader.languages
    lines: list[Cleared] = []
    opens = [say((), "➕ {change}", change=line) for line in _lines(reader, old, new, change.opens, "more")]
    opens += _loosened(reader, old, new, change)
    lines += [say(said, "Opens:"), *_few(reader, opens)] if opens else []
    closes = [say((), "➖ {change}", change=line) for line in _lines(reader, old, new, change.closes, "less")]
    lines += [say(said, "Closes:"), *_few(reader, closes)] if closes else []
    found = (_lead(reader, old, new, one) for one in change.leads)
    leads = list({line.html: line for line in found if line is not None}.values())
    lines += [say(said, "Leads:"), *_few(reader, leads)] if leads else []
    return lines


def untold(reader: Reader, old: Book, new: Book, change: Difference) -> list[Cleared]:
    """What whoever decides about a change must know besides: that something opens which is not told here, and that more is otherwise.

    For rooms this is nothing: they would learn from it that there is a partner which they may not know of.
    """
    said = reader.languages
    opens = [*_lines(reader, old, new, change.opens, "more"), *_loosened(reader, old, new, change)]
    lines = [say(said, "➕ something that is not told here")] if change.opens_anything and not opens else []
    others = [one for one in change.others if one.path != "version" and _may_know(reader, old, new, one)]
    if others:
        lines.append(says(said, "{count} other entry changed.", "{count} other entries changed.", len(others)))
    if not (lines or change.opens_anything or change.closes or change.leads):
        lines.append(say(said, "Nothing is seen, decided or led otherwise."))
    return lines


def _loosened(reader: Reader, old: Book, new: Book, change: Difference) -> list[Cleared]:
    """What else is looser, by its place in the file: other rooms, a lower label, one person instead of two."""
    found: dict[str, Cleared] = {}
    for one in change.loosened if reader.insider else ():
        section, _, rest = one.path.partition(".")
        partner, _, key = rest.partition(".")
        if not _may_know(reader, old, new, one):
            continue
        if section == "partners" and key.startswith("rooms"):
            book = new if partner in new.playbook.partners else old
            found[one.path] = say(reader.languages, "{partners}: other rooms", partners=name(book, reader, partner))
        else:
            found[one.path] = code(secret(one.path, reader.room))
    return [say((), "➕ {change}", change=line) for line in found.values()]


def _may_know(reader: Reader, old: Book, new: Book, change: OtherChange) -> bool:
    """Whether this reader may know of the partner that an entry is about, if it is about one."""
    section, _, rest = change.path.partition(".")
    partner = rest.partition(".")[0]
    book = new if partner in new.playbook.partners else old
    return section != "partners" or listed(book, reader, partner)


def _few(reader: Reader, lines: list[Cleared]) -> list[Cleared]:
    more = len(lines) - MOST
    if more <= 0:
        return lines
    return [*lines[:MOST], say(reader.languages, "… and {count} more", count=more)]


def _lines(
    reader: Reader, old: Book, new: Book, changes: Iterable[Change], how: Literal["more", "less"]
) -> list[Cleared]:
    """Each change of which this reader may know a partner concerned; what is alike but for its circumstances once."""
    found = (_line(reader, old, new, change, how) for change in changes)
    return list({line.html: line for line in found if line is not None}.values())


def _line(reader: Reader, old: Book, new: Book, change: Change, how: Literal["more", "less"]) -> Cleared | None:
    names, said = _names(reader, old, new, change.partners), reader.languages
    if names is None:
        return None
    match change:
        case SightChange():
            fields = glue([_field(reader, old, new, field) for field in change.fields], ", ")
            if change.before is None or change.after is None:
                return say(said, "{partners}: {fields}", partners=names, fields=fields)
            if how == "more":
                return say(said, "{partners}: {fields}, more exactly", partners=names, fields=fields)
            return say(said, "{partners}: {fields}, less exactly", partners=names, fields=fields)
        case ReceiptChange():
            return say(
                said, "{partners}: gets {alerts}", partners=names, alerts=_alerts(reader, old, new, change.alerts)
            )
        case PowerChange(power="issue"):
            return say(
                said, "{partners}: issues {alerts}", partners=names, alerts=_alerts(reader, old, new, change.alerts)
            )
        case PowerChange(power="activate"):
            return say(said, "{partners}: starts incidents", partners=names)
        case PowerChange():
            return say(said, "{partners}: declares danger", partners=names)
        case ListingChange():
            return say(said, "{partners}: known to all partners", partners=names)


def _lead(reader: Reader, old: Book, new: Book, change: LeadChange) -> Cleared | None:
    """Who takes a lead, who gives it up, or who else would stand in: as far as this reader may know them."""
    said, before, after = reader.languages, change.before, change.after
    if after is None:
        names = _names(reader, old, new, before.partners if before is not None else ())
        return None if names is None else say(said, "➡️ No longer in the lead: {partners}", partners=names)
    if before is not None and (before.partners, before.decides) == (after.partners, after.decides):
        if not after.deputies:
            return say(said, "➡️ Deputies: nobody any more")
        names = _names(reader, old, new, after.deputies)
        return None if names is None else say(said, "➡️ Deputies: {partners}", partners=names)
    names = _names(reader, old, new, after.partners)
    return None if names is None else say(said, "➡️ In the lead: {partners}", partners=names)


def _names(reader: Reader, old: Book, new: Book, partners: Iterable[str]) -> Cleared | None:
    """Those whom this reader may know of; None where there is none."""
    found = []
    for partner in partners:
        book = new if partner in new.playbook.partners else old
        if listed(book, reader, partner):
            found.append(name(book, reader, partner))
    return glue(found, ", ") if found else None


def _field(reader: Reader, old: Book, new: Book, field: str) -> Cleared:
    book = new if new.playbook.field(field) is not None else old
    if field.startswith("#"):
        return quote(book, reader, book.playbook.channels[field[1:]].title)
    if field in BUILT_IN:
        return _built_in(reader, field)
    return field_name(book, reader, field)


def _built_in(reader: Reader, field: str) -> Cleared:
    said = reader.languages
    match field:
        case "_title":
            return say(said, "titles of incidents")
        case "_speaker":
            return say(said, "who speaks")
        case "_note":
            return say(said, "notes")
        case "_decision":
            return say(said, "decisions")
        case "_report":
            return say(said, "reports")
        case "_presence":
            return say(said, "who is on duty")
        case "_answer":
            return say(said, "answers to check-ins")
        case _:
            return say(said, "who has an alert and who is silent")


def _alerts(reader: Reader, old: Book, new: Book, alerts: Iterable[str]) -> Cleared:
    found = []
    for alert in alerts:
        book = new if alert in new.playbook.alerts else old
        found.append(quote(book, reader, book.playbook.alerts[alert].title))
    return glue(found, ", ")
