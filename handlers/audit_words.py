"""Answers of ``/audit`` about people: who answered an alert, what nobody knows, who led, and who read the log."""

from __future__ import annotations

from collections.abc import Sequence

from handlers import leading
from handlers.audit_parts import NOTHING_SEEN, at, cut, place, thing, title
from handlers.auditing import Part, may_carry, sees_all
from handlers.case import Case
from handlers.choices import WORDS
from playbooks.cleared import Cleared, code, figure, glue, is_short_id, listed, name, short_id, strong, testimony, word
from playbooks.labels import Tlp
from storage.inquiry import AlertAnswers, Asked, Doubt, Reading, Tenure


def silent(case: Case, answer: Sequence[AlertAnswers], part: Part) -> list[Cleared]:
    """Alert by alert who never acknowledged it, who did, and of whom that cannot be said from this part of the log."""
    lines = [line for alert in answer for line in _silent(case, alert, part)]
    if lines:
        return cut(case, lines)
    return [case.say("No alert was issued.") if sees_all(case) else case.say(NOTHING_SEEN["alert"])]


def _silent(case: Case, alert: AlertAnswers, part: Part) -> list[Cleared]:
    assert case.book is not None
    lines = [_of_alert(case, alert)]
    known = [one for one in alert.asked if listed(case.book, case.reader, one.partner) and (one.told or one.answered)]
    never = [name(case.book, case.reader, one.partner) for one in known if one.silent]
    if never:
        # It may still come, while the alert stands and the incident goes on.
        waits = alert.state == "open" and case.incident is not None and case.incident.closed_at is None
        names = glue(never, " · ")
        lines.append(
            case.say("Not yet acknowledged: {partners}", partners=names)
            if waits
            else case.say("Never acknowledged: {partners}", partners=names)
        )
    lines += [_answered(case, one) for one in known if one.answers or one.unreachable_at is not None]
    others = [name(case.book, case.reader, p) for p in alert.not_reached if listed(case.book, case.reader, p)]
    if others:
        lines.append(case.say("Not sent to: {partners}", partners=glue(others, " · ")))
    if alert.unknown or not (part.whole or alert.alert in part.watched):
        lines.append(
            case.say("Of others you may not see who has it and who answered.")
            if known
            else case.say("Who has it and who answered, you may not see.")
        )
    elif not known and alert.addressed:
        lines.append(case.say("Nobody was to answer it."))
    elif known and not never:
        lines.append(case.say("Everybody acknowledged it."))
    return lines


_OVER = {
    "expired": "ended at {time}",
    "superseded": "replaced at {time}",
    "cancelled": "cancelled at {time}",
    "retracted": "withdrawn at {time}",
}


def _of_alert(case: Case, alert: AlertAnswers) -> Cleared:
    """Which alert it is, when it was issued, and how it ended."""
    called = {"alert": short_id(alert.alert), "title": title(case, alert.template), "time": at(case, alert.at)}
    parts = [case.say("<b>{alert}</b> {title}, {time}", **called)]
    if alert.over_at is not None and alert.state in _OVER:
        parts.append(case.say(_OVER[alert.state], time=at(case, alert.over_at)))
    return glue(parts, ", ")


def _answered(case: Case, one: Asked) -> Cleared:
    """What a partner answered, and when; and that it was not reached in time."""
    assert case.book is not None
    told = []
    if one.unreachable_at is not None and one.shown_at is None:
        told.append(case.say("no network had it in time, {time}", time=at(case, one.unreachable_at)))
    for answer in one.answers:
        parts = [case.say(WORDS[answer.choice]) if answer.choice in WORDS else figure(0), at(case, answer.at)]
        if answer.via == "phone":
            parts.append(case.say("by telephone"))
        if answer.undone_at is not None:
            parts.append(case.say("taken back {time}", time=at(case, answer.undone_at)))
        told.append(glue(parts, ", "))
    return case.say("• {what}: {how}", what=name(case.book, case.reader, one.partner), how=glue(told, "; "))


def unknown(case: Case, answer: Sequence[Doubt]) -> list[Cleared]:
    """The messages that may never have arrived, and those whose repeat did."""
    assert case.book is not None
    lines = []
    for one in answer:
        if one.partner is not None and not listed(case.book, case.reader, one.partner):
            continue
        became = (
            case.say("its repeat arrived, it may be there twice")
            if one.resolved
            else strong(case.say("nobody knows whether it arrived"))
        )
        what = glue([thing(case, one.about), place(case, one.partner, one.room)], " · ")
        lines.append(case.say("• {what}: {how}", what=what, how=glue([became, at(case, one.at)], ", ")))
    return cut(case, lines or [_nothing_unknown(case)])


def _nothing_unknown(case: Case) -> Cleared:
    if sees_all(case):
        return case.say("Of every message it is known what became of it.")
    return case.say(NOTHING_SEEN["unknown"])


def leads(case: Case, answer: Sequence[Tenure]) -> list[Cleared]:
    """Who led, from when to when, and on which basis."""
    assert case.book is not None
    lines: list[Cleared] = []
    for one in answer:
        who = leading.names(case.book, case.reader, one.partners or ())
        if who is None:
            continue
        reach = leading.reach(case.book, case.reader, one.tier, one.jurisdiction)
        until = at(case, one.until) if one.until is not None else case.say("now")
        basis = leading.basis(case.book, case.reader, one.basis)
        how = glue([part for part in (glue([at(case, one.since), until], " – "), basis) if part.html], ". ")
        lines.append(case.say("• {what}: {how}", what=glue([who, reach], ", "), how=how))
    return cut(case, [strong(case.say("Who led")), *lines] if lines else [case.say("Nobody led.")])


def readings(case: Case, answer: Sequence[Reading]) -> list[Cleared]:
    """Who read the log and when, what they asked, why, and how much of it they were shown."""
    lines = [
        case.say("• {time}, {who}: {what}", time=at(case, one.at), who=_reader(case, one), what=_read(case, one))
        for one in answer
    ]
    if lines:
        return cut(case, lines)
    return [case.say("Nobody has read the log.") if sees_all(case) else case.say(NOTHING_SEEN["readings"])]


def _read(case: Case, one: Reading) -> Cleared:
    """What they did, why, and what was disclosed."""
    if one.form is not None:
        done = [_copied(case, one), *_why(case, one, one.reader)]
        if one.disclosed is not None and one.withheld is not None:
            disclosed, kept = figure(one.disclosed), figure(one.withheld)
            done.append(case.say("{count} fields shown, {withheld} not", count=disclosed, withheld=kept))
        return glue(done, ", ")
    asked = testimony(case.reader, one.partner, one.question) if one.question is not None else None
    done = [case.say("asked {question}", question=code(asked)) if asked is not None else case.say("read the log")]
    done += _why(case, one, one.partner)
    if one.shown is not None:
        # Not of how many: how many there are can depend on what whoever reads this may not see.
        done.append(case.says("from {count} entry", "from {count} entries", one.shown))
    return glue(done, ", ")


def _copied(case: Case, one: Reading) -> Cleared:
    """For whom a copy was made, and in which form."""
    assert case.book is not None
    whom = word("auditor") if one.reader == "auditor" else name(case.book, case.reader, str(one.reader))
    form = code(testimony(case.reader, one.reader, str(one.form)))
    return glue([case.say("a copy for {reader}", reader=whom), form], ", ")


def _why(case: Case, one: Reading, whose: str | None) -> list[Cleared]:
    """The reason, where whoever asks may know it; over a network that may carry what organisations tell each other where they need to (TLP:AMBER)."""
    if one.reason is None:
        return [case.say("no reason was given")] if one.upto is not None else []
    if not may_carry(case, Tlp.AMBER, case.request.room):
        return [case.say("the reason stands in copies of the log")]
    return [case.say("because: {reason}", reason=testimony(case.reader, whose, one.reason))]


def _reader(case: Case, one: Reading) -> Cleared:
    """Who read it: somebody by their id, a partner's person by the partner, else whoever runs the server."""
    assert case.book is not None
    if is_short_id(one.person):
        who = short_id(one.person)
        return who if one.partner is None else glue([who, name(case.book, case.reader, one.partner)], ", ")
    if one.person == "operator":
        return case.say("whoever runs the server")
    return name(case.book, case.reader, one.partner) if one.partner is not None else case.say("a coordinator")
