"""What a report leads to: to whom it goes, that somebody sees to it, and that an incident begins from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from handlers import activate
from handlers.afterwards import after
from handlers.case import Case, room_reader
from handlers.methane import (
    PARTS,
    Place,
    concerned,
    placed,
    shown,
    start_taps,
    to_coordinators,
)
from handlers.texts import say
from handlers.world import World
from playbooks import mandate
from playbooks.cleared import NOTHING, Cleared, code, glue, listed, name, phone, short_id
from storage.effects import Effect, Record, Send, Tap, Unwake, Urgency, Wake
from storage.facts import DEPLOYMENT, ReportAnswered, ReportMade
from storage.incident import Incident
from storage.reports import Reported
from storage.store import Deadline

SEEN_WITHIN = timedelta(minutes=5)
"""After that the coordinators are told that nobody has seen to it."""


# --- sent ----------------------------------------------------------------------------------------------------------------


def complete(case: Case, incident: Incident | None, fact: ReportMade, version: int) -> list[Effect]:
    """A report goes to whom it concerns; and whoever made it is told to whom, or may start an incident."""
    place = placed(case.world, incident, fact, version, case.now)
    if place is None or case.book is None:
        return []
    sent, wakes = _sent(place, case.now, case.now, but=case.request.room)
    made = short_id(fact.report)
    change = code(case.say("/report {report} N=words", report=made))
    lines: list[Cleared]
    taps: tuple[tuple[Tap, ...], ...] = ()
    if incident is None and fact.partner in concerned(place):
        lines, taps = (
            [case.say("<b>{report}</b> is written. Does it start an incident?", report=made)],
            start_taps(case.book, case.reader, fact if case.request.room == fact.room else replace(fact, parts={})),
        )
    else:
        told = [p for p in concerned(place) if p != fact.partner and listed(case.book, case.reader, p)]
        names = glue(
            [say((), "{partner} {phone}", partner=_who(case, p), phone=phone(case.book, case.reader, p)) for p in told],
            " · ",
        )
        lines = [
            case.say("<b>{report}</b> is sent. It is now with: {partners}", report=made, partners=names)
            if told
            else case.say("<b>{report}</b> is sent.", report=made)
        ]
    lines.append(case.say("To change a part: {command}", command=change))
    return [Record(place.stream, fact), *sent, *wakes, case.answer(glue(lines), taps, about=fact.report)]


def _who(case: Case, partner: str) -> Cleared:
    assert case.book is not None
    return name(case.book, case.reader, partner)


def _sent(place: Place, now: datetime, at: datetime, *, but: Any) -> tuple[list[Effect], list[Effect]]:
    """The report to everyone whom it concerns, and the deadline by which somebody has seen to it."""
    fact = place.fact
    starts = place.incident is None and fact.partner in concerned(place)
    sent = [] if starts else shown(place, now, at=at, but=but)
    if not starts and not any(isinstance(one, Send) and one.partner in concerned(place) for one in sent):
        sent += to_coordinators(place, now, silent=False)
    wakes: list[Effect] = [Unwake(f"report-asks:{fact.report}")]
    if place.version <= 1:
        wakes.append(Wake(f"report:{fact.report}", place.stream, now + SEEN_WITHIN, "report", fact.report))
    return sent, wakes


def shown_again(world: World, stream: str, report: str, room: Any, now: datetime) -> list[Effect]:
    """A report that waited while what may be seen changed, as things are now, for that room."""
    found = _find(world, stream, report)
    if found is None:
        return []
    incident, reported = found
    place = placed(world, incident, reported.fact, reported.version, now)
    return shown(place, now, at=reported.at, but=None, only=room) if place is not None else []


def _find(world: World, stream: str, report: str) -> tuple[Incident | None, Reported] | None:
    incident = world.incidents.get(stream)
    reports = incident.reports if incident is not None else world.who.reports
    return (incident, reports[report]) if report in reports else None


# --- seen to -----------------------------------------------------------------------------------------------------------------


def start(case: Case, incident: Incident | None, reported: Reported, title: str) -> list[Effect]:
    """An incident begins from a report, which is copied into it.

    ``title``: what whoever starts it calls it, with the hazard in front. The report's own words are no title: they are its
    partner's, and go only to whoever may see reports.
    """
    fact = reported.fact
    if incident is not None or reported.incident is not None:
        begun = incident.id if incident is not None else str(reported.incident)
        words = case.say(
            "{report} belongs to {incident} already.", report=short_id(fact.report), incident=short_id(begun)
        )
        return [case.answer(words)]
    assert case.book is not None
    book = case.book
    line = mandate.may_activate(book, case.actor.partner)
    if line is None and not case.actor.coordinator:
        words = case.say("Not started. Those who may start this one have the report.")
        return case.refuse(words, "/report", "not-theirs", book.line("activate"))
    running = [one for one in case.world.open if one.playbook == book.playbook.playbook and not one.opened.exercise]
    if running:
        identifier, effects, world = running[0].id, list[Effect](), case.world
    else:
        rule = case.rule(line) if line else "coordinator"
        effects = activate.begun(case, book, title, rule, exercise=False)
        facts = [one for one in effects if isinstance(one, Record) and one.stream != DEPLOYMENT]
        identifier = facts[0].stream
        own = [one.fact for one in facts if one.stream == identifier]
        world = after(case.world, identifier, own, case.now, begins=book)
    answer = ReportAnswered(fact.report, case.actor.person, identifier)
    copied: list[Effect] = [Record(identifier, fact), Record(identifier, answer), Record(DEPLOYMENT, answer)]
    place = placed(world, world.incidents[identifier], fact, 1, case.now)
    sent = shown(place, case.now, at=reported.at, but=None) if place is not None else []
    return [*effects, *copied, *sent, Unwake(f"report:{fact.report}")]


def see_to(case: Case, incident: Incident | None, reported: Reported) -> list[Effect]:
    """Somebody whose matter it is has seen it: whoever made it is told so."""
    fact = reported.fact
    place = placed(case.world, incident, fact, reported.version, case.now)
    if place is None or not (case.actor.partner in concerned(place) or case.actor.coordinator):
        return [case.answer(case.say("Only those who lead, or may start an incident, answer a report."))]
    if reported.answered is not None:
        return [case.answer(case.say("{report} was answered already.", report=short_id(fact.report)))]
    report, by = short_id(fact.report), case.actor.partner
    reader = room_reader(case.world, place.book, fact.room, fact.partner)
    named = {"report": report, "partner": name(place.book, reader, str(by)), "phone": NOTHING}
    if by is not None and listed(place.book, reader, by):
        named["phone"] = phone(place.book, reader, by)
        words = (
            say(reader.languages, "{partner} has seen {report}. {phone}", **named)
            if incident is not None
            else say(reader.languages, "{partner} has read {report} and starts no incident. {phone}", **named)
        )
    elif incident is not None:
        words = say(reader.languages, "{report} was seen.", report=report)
    else:
        words = say(reader.languages, "{report} was read. No incident was started.", report=report)
    told = [Send(place.stream, fact.room, words, Urgency.PROMPT, about=fact.report, partner=fact.partner)]
    done = case.say("Noted: {report}.", report=report)
    replaces = case.request.message if case.request.via == "button" and incident is None else None
    return [
        Record(place.stream, ReportAnswered(fact.report, case.actor.person, incident.id if incident else None)),
        Unwake(f"report:{fact.report}"),
        *(told if fact.room != case.request.room else []),
        case.answer(done, replaces=replaces),
    ]


def unanswered(world: World, deadline: Deadline, now: datetime) -> list[Effect]:
    """Nobody has seen to a report: the coordinators are told."""
    found = _find(world, deadline.stream, deadline.about)
    if found is None or found[1].answered is not None:
        return []
    place = placed(world, found[0], found[1].fact, found[1].version, now)
    return to_coordinators(place, now, silent=True) if place is not None else []


def unfinished(world: World, deadline: Deadline, now: datetime) -> list[Effect]:
    """Whoever made a report has fallen silent: what was said by then goes as it is, if there is anything."""
    found = _find(world, deadline.stream, deadline.about)
    if found is None or found[1].answered is not None or found[1].fact.complete:
        return []
    incident, reported = found
    fact = replace(reported.fact, asking=None, complete=True)
    place = placed(world, incident, fact, reported.version + 1, now)
    if place is None or not any(fact.parts.get(part) for part in PARTS[1:]):
        return [Record(deadline.stream, ReportAnswered(fact.report, "time", None))]
    sent, wakes = _sent(place, now, now, but=fact.room)
    reader = room_reader(world, place.book, fact.room, fact.partner)
    words = say(reader.languages, "I heard no more of {report}: it goes as it is.", report=short_id(fact.report))
    taps = start_taps(place.book, reader, fact) if not sent else ()
    told = Send(place.stream, fact.room, words, Urgency.PROMPT, about=fact.report, partner=fact.partner, taps=taps)
    return [Record(deadline.stream, fact), *sent, *wakes, told]
