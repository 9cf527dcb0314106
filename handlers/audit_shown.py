"""Answers of ``/audit`` about what was shown and what was not: who saw a thing, what a partner saw, what was withheld and released.

What was shown at the same time in the same way to several rooms stands in one line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from handlers.audit_parts import NOTHING_SEEN, at, cut, field, form, place, quoted, reason, thing, together
from handlers.auditing import sees_all
from handlers.case import Case
from playbooks.cleared import Cleared, field_name, figure, glue, listed, name, short_id, strong
from playbooks.rooms import RoomRef
from storage.inquiry import Saw, Seen, Sight, WhoSaw, Withheld, Withholding

_Row = tuple[Cleared, Cleared, Cleared]
"""When, how and where."""


def who_saw(case: Case, answer: WhoSaw) -> list[Cleared]:
    """Who was shown it, when, in which form, by which rule; then from whom it was kept, and why."""
    assert case.book is not None
    what = short_id(answer.about)
    if answer.field is not None:
        what = glue([what, field_name(case.book, case.reader, answer.field)], " · ")
    shown = together(case, _shown(case, answer))
    kept_from = together(case, _kept_from(case, answer))
    lines = [strong(case.say("Who was shown {what}", what=what)), *shown]
    if not shown:
        lines.append(case.say("Nobody.") if sees_all(case) else case.say(NOTHING_SEEN["nobody"]))
    if kept_from:
        lines += [strong(case.say("Withheld")), *kept_from]
    return cut(case, lines)


def _counts(case: Case, one: Sight) -> bool:
    """Whether it is of a partner that the reader may know, and of a field that the playbook declares."""
    assert case.book is not None
    known = one.partner is None or listed(case.book, case.reader, one.partner)
    return known and one.field in case.book.playbook.fields


def _messages(case: Case, sights: Iterable[Sight]) -> list[list[Sight]]:
    """What of it counts for the reader, message by message."""
    known = (one for one in sights if _counts(case, one))
    return [list(group) for _, group in groupby(known, key=lambda one: one.entry)]


def _shown(case: Case, answer: WhoSaw) -> Iterator[_Row]:
    """Message by message; that it was its draft, which its authors see, and whose room had been shown some before, as by a reminder."""
    before: set[tuple[str | None, RoomRef, str]] = set()
    for group in _messages(case, answer.seen):
        one, where = group[0], (group[0].partner, group[0].room, group[0].about)
        parts = [case.say("as a draft")] if one.about.startswith("D-") and one.about != answer.about else []
        parts += [case.say("once more")] if where in before and one.room.id else []
        # Of somebody else's room nothing but its network is known: it may be another one.
        before.add(where)
        parts += _fully(case, one) if answer.field is not None else [_forms(case, group)]
        if not one.fate.shown:
            parts.append(case.say("nobody knows whether it arrived"))
        if one.fate.removed_at is not None:
            parts.append(case.say("removed {time}", time=at(case, one.fate.removed_at)))
        when = at(case, one.fate.at or one.fate.unknown_at or one.decided_at)
        yield when, glue(parts, ", "), place(case, one.partner, one.room)


def _fully(case: Case, one: Sight) -> list[Cleared]:
    """One field: in which form, and by which right."""
    parts = [form(case, one.form == "exact")]
    if one.rule:
        parts.append(case.say("line {line}", line=figure(one.rule)))
    if one.agreements and (under := quoted(case, ", ".join(one.agreements))).html:
        parts.append(case.say("under {agreement}", agreement=under))
    return parts


def _forms(case: Case, group: Sequence[Sight]) -> Cleared:
    """Several fields: which in full, and which in a coarser form."""
    told = []
    for exact in (True, False):
        named = [field(case, one.field) for one in group if (one.form == "exact") is exact]
        told += [case.say("{how}: {fields}", how=form(case, exact), fields=glue(named, ", "))] if named else []
    return glue(told, "; ")


def _kept_from(case: Case, answer: WhoSaw) -> Iterator[_Row]:
    """What a room was not shown: of one field also why."""
    for group in _messages(case, answer.withheld):
        one = group[0]
        named = glue([field(case, each.field) for each in group], ", ")
        what = reason(case, one.why, one.detail, one.rule) if answer.field is not None else named
        yield at(case, one.decided_at), what, place(case, one.partner, one.room)


def saw(case: Case, answer: Saw) -> list[Cleared]:
    """What a partner had been shown by then, when and in which form, and what was taken back; fields in which nothing was are none."""
    assert case.book is not None
    who = name(case.book, case.reader, answer.partner)
    heading = (
        case.say("What {partner} had been shown before {time}", partner=who, time=at(case, answer.until))
        if answer.until is not None
        else case.say("What {partner} has been shown", partner=who)
    )
    fields = [one for one in answer.fields if _counts(case, one.last) and one.last.held]
    doubtful = [one for one in answer.doubtful if _counts(case, one) and one.held]
    lines = [strong(heading), *_each_thing(case, ((one.about, one.field, _seen(case, one)) for one in fields))]
    if not fields and not doubtful:
        lines.append(case.say("Nothing.") if sees_all(case) else case.say(NOTHING_SEEN["shown"]))
    unsure = case.say("nobody knows whether it arrived")
    lines += _each_thing(case, ((one.about, one.field, unsure) for one in doubtful))
    return cut(case, lines)


def _seen(case: Case, one: Seen) -> Cleared:
    """In which form it was seen last, when first and when last, and what was taken back."""
    parts = [form(case, one.last.form == "exact"), at(case, one.first_at)]
    if (last := at(case, one.at)).html != parts[1].html:
        parts.append(glue([case.say("once more"), last], " "))
    if one.withdrawn_at is not None:
        parts.append(case.say("withdrawn {time}", time=at(case, one.withdrawn_at)))
    if one.removed_at is not None:
        parts.append(case.say("removed {time}", time=at(case, one.removed_at)))
    if one.last.gone:
        parts.append(case.say("what it said was erased since"))
    return glue(parts, ", ")


def _each_thing(case: Case, rows: Iterable[tuple[str, str, Cleared]]) -> list[Cleared]:
    """Rows of a thing, a field and how, as lines: the fields of one thing that were shown alike stand together."""
    found: dict[tuple[str, str], tuple[Cleared, list[Cleared]]] = {}
    for about, called, how in rows:
        found.setdefault((about, how.html), (how, []))[1].append(field(case, called))
    return [
        case.say("• {what}: {how}", what=glue([thing(case, about), glue(named, ", ")], " · "), how=how)
        for (about, _), (how, named) in found.items()
    ]


def withheld(case: Case, answer: Withheld) -> list[Cleared]:
    """Each withholding with its reason, and each release."""
    assert case.book is not None
    theirs = [one for one in answer.withholdings if one.partner is None or listed(case.book, case.reader, one.partner)]
    released = [
        (at(case, one.at), glue([thing(case, one.about), case.say("released")], " · "), name(case.book, case.reader, one.partner))
        for one in answer.releases
        if listed(case.book, case.reader, one.partner)
    ]  # fmt: skip
    lines = [*together(case, _each_withholding(case, theirs)), *together(case, released)]
    if lines:
        return cut(case, lines)
    return [case.say("Nothing was withheld.") if sees_all(case) else case.say(NOTHING_SEEN["withheld"])]


def _each_withholding(case: Case, withholdings: Iterable[Withholding]) -> Iterator[_Row]:
    """When, of what which fields and why, and from whom: fields that were kept from a room at one time for one reason stand together."""
    found: dict[tuple[str | None, ...], tuple[Withholding, Cleared, Cleared, list[Cleared]]] = {}
    for one in withholdings:
        when, why = at(case, one.at), _why(case, one)
        fields = found.setdefault((when.html, one.about, why.html, one.partner, one.room), (one, when, why, []))[3]
        if one.field is not None:
            fields.append(field(case, one.field.partition(":")[0]))
    for one, when, why, fields in found.values():
        named = [glue(list({each.html: each for each in fields}.values()), ", ")] if fields else []
        yield when, glue([glue([thing(case, one.about), *named], " · "), why], ", "), _from_whom(case, one)


def _why(case: Case, one: Withholding) -> Cleared:
    if one.what == "message":
        return case.say("not sent, what may be seen had changed")
    rule = (one.rule or "").rpartition(":")[2]
    return reason(case, one.why, one.detail, int(rule) if rule.isdecimal() else 0)


def _from_whom(case: Case, one: Withholding) -> Cleared:
    return place(case, one.partner, RoomRef.parse(one.room) if one.room and not one.room.endswith(":") else None)
