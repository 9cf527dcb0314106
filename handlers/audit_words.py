"""The answers of ``/audit`` in words for a phone: who, when, in which form and by which rule. What was said itself stands in its rooms, and in a copy of the log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, cast

from handlers import leading
from handlers.auditing import sees_all
from handlers.case import Case
from handlers.choices import WORDS
from handlers.moments import moment
from handlers.why import why
from playbooks import sight
from playbooks.cleared import (
    Cleared,
    NotInPlaybook,
    code,
    echo,
    field_name,
    figure,
    glue,
    is_short_id,
    listed,
    name,
    quote,
    short_id,
    strong,
    word,
)
from playbooks.rooms import RoomRef
from storage.inquiry import AlertAnswers, Asked, Doubt, Reading, Saw, Seen, Sight, Tenure, WhoSaw, Withheld

MOST_LINES = 24
"""Lines of an answer: with those around them two screens of a phone."""


def who_saw(case: Case, answer: WhoSaw) -> list[Cleared]:
    """Room by room who was shown it, in which form, by which rule; then from whom it was kept, and why."""
    assert case.book is not None
    what = short_id(answer.about)
    if answer.field is not None:
        what = glue([what, field_name(case.book, case.reader, answer.field)], " · ")
    lines = [strong(case.say("Who was shown {what}", what=what))]
    before: set[tuple[str | None, RoomRef]] = set()
    shown = []
    for group in _messages(case, answer.seen):
        where = (group[0].partner, group[0].room)
        # Of somebody else's room nothing but its network is known: it may be another one.
        shown.append(_shown(case, group, answer, again=where in before and bool(group[0].room.id)))
        before.add(where)
    kept_from = [_kept_from(case, group, answer) for group in _messages(case, answer.withheld)]
    lines += shown or [case.say("Nobody.") if sees_all(case) else case.say("Nobody that you may see.")]
    if kept_from:
        lines += [strong(case.say("Withheld")), *kept_from]
    return _cut(case, lines)


def _counts(case: Case, one: Sight) -> bool:
    """Whether it is of a partner that the reader may know, and of a field that the playbook declares."""
    assert case.book is not None
    known = one.partner is None or listed(case.book, case.reader, one.partner)
    return known and one.field in case.book.playbook.fields


def _messages(case: Case, sights: Iterable[Sight]) -> list[list[Sight]]:
    """What of it counts for the reader, message by message."""
    known = (one for one in sights if _counts(case, one))
    return [list(group) for _, group in groupby(known, key=lambda one: one.entry)]


def _shown(case: Case, group: Sequence[Sight], answer: WhoSaw, *, again: bool) -> Cleared:
    """One message: of one field also by which right, of several in which form; ``again``: its room had been shown some before, as by a reminder."""
    one = group[0]
    at = one.fate.at or one.fate.unknown_at or one.decided_at
    parts = [*([case.say("once more")] if again else []), *(_form(case, each) for each in group)]
    if answer.field is not None:
        parts.append(case.say("line {line}", line=figure(one.rule)))
        if one.agreements and (under := _quoted(case, ", ".join(one.agreements))).html:
            parts.append(case.say("under {agreement}", agreement=under))
    if not one.fate.shown:
        parts.append(case.say("nobody knows whether it arrived"))
    if one.fate.removed_at is not None:
        parts.append(case.say("removed {time}", time=_at(case, one.fate.removed_at)))
    return case.say("• {where}, {time}: {what}", where=_where(case, one), time=_at(case, at), what=glue(parts, ", "))


def _kept_from(case: Case, group: Sequence[Sight], answer: WhoSaw) -> Cleared:
    """What one room was not shown: of one field also why."""
    one = group[0]
    what = (
        _why(case, one.why, one.detail, one.rule)
        if answer.field is not None
        else glue([_field(case, each.field) for each in group], ", ")
    )
    return case.say("• {where}, {time}: {what}", where=_where(case, one), time=_at(case, one.decided_at), what=what)


def _form(case: Case, one: Sight) -> Cleared:
    """A field, and how much of it was shown."""
    form = case.say("in full") if one.form == "exact" else case.say("in a coarser form")
    return glue([_field(case, one.field), form], " ")


def _where(case: Case, one: Sight) -> Cleared:
    return _place(case, one.partner, one.room)


def _place(case: Case, partner: str | None, room: RoomRef | None) -> Cleared:
    """A partner and the network of its room; a chat with somebody of no partner by its network alone."""
    assert case.book is not None
    who = name(case.book, case.reader, partner) if partner is not None else case.say("a private chat")
    return who if room is None else glue([who, word(room.network)], ", ")


def _why(case: Case, code_: str | None, detail: str | None, rule: int) -> Cleared:
    """The reason, as the playbook that the incident goes by now can say it."""
    assert case.book is not None
    try:
        return why(case.book, case.reader, sight.Withheld(cast(Any, code_), rule, detail or ""))
    except (NotInPlaybook, ValueError, AssertionError):
        return case.say("line {line}", line=figure(rule))


def saw(case: Case, answer: Saw) -> list[Cleared]:
    """Each field that a partner had been shown by then, when and in which form, and what was taken back."""
    assert case.book is not None
    who = name(case.book, case.reader, answer.partner)
    heading = (
        case.say("What {partner} had been shown before {time}", partner=who, time=_at(case, answer.until))
        if answer.until is not None
        else case.say("What {partner} has been shown", partner=who)
    )
    fields = [one for one in answer.fields if _counts(case, one.last)]
    lines = [strong(heading), *(_seen(case, one) for one in fields)]
    doubtful = [one for one in answer.doubtful if _counts(case, one)]
    if not fields and not doubtful:
        lines.append(case.say("Nothing.") if sees_all(case) else case.say("Nothing that you may see."))
    lines += [
        case.say(
            "• {what}: nobody knows whether it arrived",
            what=glue([_thing(case, one.about), _field(case, one.field)], " · "),
        )
        for one in doubtful
    ]
    return _cut(case, lines)


def _seen(case: Case, one: Seen) -> Cleared:
    parts = [glue([case.say("in full") if one.last.form == "exact" else case.say("in a coarser form"), _at(case, one.at)], ", ")]  # fmt: skip
    if one.withdrawn_at is not None:
        parts.append(case.say("withdrawn {time}", time=_at(case, one.withdrawn_at)))
    if one.removed_at is not None:
        parts.append(case.say("removed {time}", time=_at(case, one.removed_at)))
    what = glue([_thing(case, one.about), _field(case, one.field)], " · ")
    return case.say("• {what}: {how}", what=what, how=glue(parts, ", "))


def silent(case: Case, answer: Sequence[AlertAnswers]) -> list[Cleared]:
    """Alert by alert who never acknowledged it, and who did."""
    assert case.book is not None
    lines: list[Cleared] = []
    for alert in answer:
        title = _quoted_title(case, alert.template)
        lines.append(
            case.say(
                "<b>{alert}</b> {title}, {time}", alert=short_id(alert.alert), title=title, time=_at(case, alert.at)
            )
        )
        known = [one for one in alert.asked if listed(case.book, case.reader, one.partner)]
        never = [name(case.book, case.reader, one.partner) for one in known if one.silent]
        if known:
            silent_ones = glue(never, " · ") if never else case.say("nobody")
            lines.append(case.say("Never acknowledged: {partners}", partners=silent_ones))
        else:
            lines.append(case.say("Who has it and who answered, you may not see."))
        lines += [_answered(case, one) for one in known if one.answers]
    return _cut(case, lines or [case.say("No alert that you may see.")])


def _answered(case: Case, one: Asked) -> Cleared:
    assert case.book is not None
    given = []
    for answer in one.answers:
        choice = case.say(WORDS[answer.choice]) if answer.choice in WORDS else figure(0)
        parts = [choice, _at(case, answer.at)]
        if answer.via == "phone":
            parts.append(case.say("by telephone"))
        if answer.undone_at is not None:
            parts.append(case.say("taken back {time}", time=_at(case, answer.undone_at)))
        given.append(glue(parts, ", "))
    return case.say("• {what}: {how}", what=name(case.book, case.reader, one.partner), how=glue(given, "; "))


def unknown(case: Case, answer: Sequence[Doubt]) -> list[Cleared]:
    """The messages that may never have arrived, and those whose repeat did."""
    assert case.book is not None
    lines = []
    for one in answer:
        if one.partner is not None and not listed(case.book, case.reader, one.partner):
            continue
        became = (
            case.say("its repeat arrived, it may be there twice")
            if one.settled
            else strong(case.say("nobody knows whether it arrived"))
        )
        what = glue([_thing(case, one.about), _place(case, one.partner, one.room)], " · ")
        lines.append(case.say("• {what}: {how}", what=what, how=glue([became, _at(case, one.at)], ", ")))
    return _cut(case, lines or [case.say("Of every message that you may see it is known what became of it.")])


def withheld(case: Case, answer: Withheld) -> list[Cleared]:
    """Each withholding with its reason, and each release."""
    assert case.book is not None
    lines = []
    for one in answer.withholdings:
        if one.partner is not None and not listed(case.book, case.reader, one.partner):
            continue
        rule = int(one.rule.rpartition(":")[2]) if one.rule and one.rule.rpartition(":")[2].isdecimal() else 0
        named = [_field(case, one.field)] if one.field is not None else []
        where = _place(case, one.partner, RoomRef.parse(one.room) if one.room and not one.room.endswith(":") else None)
        reason = [_why(case, one.why, one.detail, rule)] if one.what != "message" else [case.say("not sent, what may be seen had changed")]  # fmt: skip
        what = glue([_thing(case, one.about), where], " · ")
        lines.append(case.say("• {what}: {how}", what=what, how=glue([*named, *reason], ": ")))
    for release in answer.releases:
        if listed(case.book, case.reader, release.partner):
            who = name(case.book, case.reader, release.partner)
            lines.append(
                case.say(
                    "• {what}: released {time}",
                    what=glue([_thing(case, release.about), who], " · "),
                    time=_at(case, release.at),
                )
            )
    return _cut(case, lines or [case.say("Nothing that you may see was withheld.")])


def leads(case: Case, answer: Sequence[Tenure]) -> list[Cleared]:
    """Who led, from when to when, and on which basis."""
    assert case.book is not None
    lines: list[Cleared] = []
    for one in answer:
        who = leading.names(case.book, case.reader, one.partners or ())
        if who is None:
            continue
        reach = leading.reach(case.book, case.reader, one.tier, one.jurisdiction)
        until = _at(case, one.until) if one.until is not None else case.say("now")
        basis = leading.basis(case.book, case.reader, one.basis)
        how = glue([part for part in (glue([_at(case, one.since), until], " – "), basis) if part.html], ". ")
        lines.append(case.say("• {what}: {how}", what=glue([who, reach], ", "), how=how))
    return _cut(case, [strong(case.say("Who led")), *lines] if lines else [case.say("Nobody led.")])


def readings(case: Case, answer: Sequence[Reading]) -> list[Cleared]:
    """Who read the log and when. The reasons, which are somebody's words, stand in the log and in copies of it."""
    assert case.book is not None
    lines: list[Cleared] = []
    for one in answer:
        who = _reader(case, one)
        if one.reader is not None:
            known = one.reader in case.book.playbook.partners and listed(case.book, case.reader, one.reader)
            whom = name(case.book, case.reader, one.reader) if known else word("auditor")
            what = case.say("a copy for {reader}", reader=whom)
        else:
            what = case.say("read the log") if one.question is None else case.say("asked the log")
        lines.append(case.say("• {time}, {who}: {what}", time=_at(case, one.at), who=who, what=what))
    return _cut(case, lines or [case.say("Nobody has read the log, as far as you may see.")])


def _reader(case: Case, one: Reading) -> Cleared:
    """Who read it: somebody by their id, a partner's person by the partner, else whoever runs the server."""
    assert case.book is not None
    if is_short_id(one.person):
        who = short_id(one.person)
        return who if one.partner is None else glue([who, name(case.book, case.reader, one.partner)], ", ")
    if one.person == "operator":
        return case.say("whoever runs the server")
    return name(case.book, case.reader, one.partner) if one.partner is not None else case.say("a coordinator")


# --- parts -------------------------------------------------------------------------------------------------------------


def _at(case: Case, at: datetime) -> Cleared:
    assert case.book is not None
    return moment(case.book, at, case.now, case.reader.languages)


def _thing(case: Case, about: str | None) -> Cleared:
    return short_id(about) if about is not None and is_short_id(about) else case.say("a message")


def _field(case: Case, field: str) -> Cleared:
    assert case.book is not None
    known = field in case.book.playbook.fields
    return field_name(case.book, case.reader, field) if known else case.say("something said by the program")


def _quoted(case: Case, text: str) -> Cleared:
    """What the playbook says; nothing where this version of it does not any more."""
    assert case.book is not None
    try:
        return quote(case.book, case.reader, text)
    except NotInPlaybook:
        return echo("", case.request.room)


def _quoted_title(case: Case, template: str) -> Cleared:
    assert case.book is not None
    return case.title(template) if template in case.book.playbook.alerts else case.say("an alert")


def _cut(case: Case, lines: Iterable[Cleared]) -> list[Cleared]:
    """No more than a phone shows; that there is more is said, and how to have all of it."""
    all_ = list(lines)
    if len(all_) <= MOST_LINES + 1:
        return all_
    assert case.incident is not None
    more = code(case.say("tocsin ask {incident}", incident=short_id(case.incident.id)))
    return [
        *all_[:MOST_LINES],
        case.says(
            "… and {count} line more. All of it on the server: {command}",
            "… and {count} lines more. All of it on the server: {command}",
            len(all_) - MOST_LINES,
            command=more,
        ),
    ]
