"""/report: anyone in a partner's room may ring the bell. A METHANE report, asked for step by step or written in one line.

Before there is an incident it starts one, with one tap, where the playbook lets that partner; else it reaches those whom the playbook
names. In an incident it goes to the lead, and to whoever may see reports. Whoever falls silent half-way is not forgotten: what was said
by then goes as it is. A report that changes is sent again, under its number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from handlers import activate
from handlers.afterwards import after
from handlers.case import Case, room_reader
from handlers.command import short_ids
from handlers.methane import (
    PARTS,
    Place,
    concerned,
    major,
    missing,
    placed,
    read,
    shown,
    start_taps,
    to_coordinators,
    words_of,
)
from handlers.texts import say
from handlers.which import ask, case_of, incidents, without
from handlers.world import Request, World, actor_before
from playbooks import mandate
from playbooks.cleared import NOTHING, Cleared, code, echo, glue, listed, name, phone, short_id
from storage.effects import Effect, Record, Send, Tap, Unwake, Urgency, Wake
from storage.facts import DEPLOYMENT, ReportAnswered, ReportMade
from storage.incident import Incident
from storage.reports import Reported
from storage.store import Deadline

SEEN_WITHIN = timedelta(minutes=5)
"""After that the coordinators are told that nobody has seen to it."""
WRITTEN_WITHIN = timedelta(minutes=3)
"""Whoever says nothing for so long while a report is asked for may not be able to: what there is goes out."""

QUESTIONS = {
    "major": "<b>M</b>: has your organisation declared a major incident?",
    "location": "<b>E</b>: where exactly? Write it, or share a location.",
    "type": "<b>T</b>: what has happened?",
    "hazards": "<b>H</b>: which hazards are there, or may there be?",
    "access": "<b>A</b>: which ways in, where to meet, what to avoid?",
    "casualties": "<b>N</b>: how many casualties, and how bad?",
    "services": "<b>E</b>: which services are there, and which are needed?",
}
_NEW = "new"


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/report``, ``/report M=yes E="…" T=flood …``, ``/report M-3 …``: alone, it asks step by step."""
    typed = arguments.strip()
    known = _known(case, typed)
    if known is not None:
        incident, reported, rest = known
        return _about(_case_in(case, incident), incident, reported, rest)
    if [one for one in short_ids(typed.partition(" ")[0]) if one.startswith("M-")]:
        return [
            case.answer(
                case.say(
                    "There is no report {typed} for you here.",
                    typed=echo(typed.partition(" ")[0][:20], case.request.room),
                )
            )
        ]
    fresh = typed.lower() == _NEW or typed.lower().startswith(f"{_NEW} ")
    found = [] if fresh else incidents(case.world, case.request, typed)
    if len(found) > 1:
        from handlers.commands import COMMANDS

        command = next(command for command in COMMANDS if command.decide is decide)
        return ask(case.world, case.request, command, arguments, found)
    incident = found[0] if found else None
    if incident is not None:
        typed = without(incident.id, typed)
    typed = typed[len(_NEW) :].strip() if fresh else typed
    return _begin(_case_in(case, incident) if incident is not None else _outside(case, typed), incident, typed)


def _case_in(case: Case, incident: Incident | None) -> Case:
    return case if incident is None or case.incident is incident else case_of(case.world, case.request, incident)


def _outside(case: Case, typed: str) -> Case:
    """Without an incident: by which playbook this room speaks. The one for that hazard, else one it may start, else the first."""
    said = typed.casefold()
    best: tuple[int, Case] | None = None
    for book in case.world.shelf.values():
        who = actor_before(case.world, case.request, book)
        if who.partner is None:
            continue
        fits = any(hazard in said for hazard in book.playbook.hazards)
        rank = 2 * fits + (mandate.may_activate(book, who.partner) is not None)
        if best is None or rank > best[0]:
            best = (rank, Case(case.world, case.request, who, None, book))
    return best[1] if best is not None else Case(case.world, case.request, replace(case.actor, partner=None))


def _known(case: Case, typed: str) -> tuple[Incident | None, Reported, str] | None:
    """The report that is named or replied to, where this reader may know it; with what was written besides."""
    named = [one for one in short_ids(typed.partition(" ")[0]) if one.startswith("M-")]
    about = case.request.about.about if case.request.about is not None else None
    identifier = named[0] if named else about
    if identifier is None:
        return None
    rest = typed.partition(" ")[2].strip() if named else typed
    for incident in case.world.open:
        if identifier in incident.reports:
            inside = _case_in(case, incident)
            reported = incident.reports[identifier]
            place = placed(case.world, incident, reported.fact, reported.version, case.now)
            if place is not None and _concerns(inside, place):
                return incident, reported, rest
    found = case.world.who.reports.get(identifier)
    if found is None:
        return None
    place = placed(case.world, None, found.fact, found.version, case.now)
    book = case.world.shelf.get(found.fact.playbook)
    if place is None or book is None:
        return None
    outside = Case(case.world, case.request, actor_before(case.world, case.request, book), None, book)
    return (None, found, rest) if _concerns(outside, place) else None


def _concerns(case: Case, place: Place) -> bool:
    """Whether somebody made a report, must see to it, or coordinates."""
    theirs = {place.fact.partner, *concerned(place)}
    return case.actor.partner in theirs or (case.actor.coordinator and case.request.private)


# --- made ----------------------------------------------------------------------------------------------------------------


def _begin(case: Case, incident: Incident | None, typed: str) -> list[Effect]:
    """A new report: with what was written, or from the first question."""
    if case.actor.partner is None or case.book is None:
        words = case.say("This chat belongs to no partner. Please write in your partner's room.")
        return case.refuse(words, "/report", "no-partner")
    parts, unknown = read(typed)
    if unknown is not None:
        return [case.answer(_no_such(case, unknown))]
    parts |= _pointed(case, parts)
    fact = ReportMade(
        report=case.world.next_id("M"),
        playbook=case.book.playbook.playbook,
        person=case.actor.person,
        identity=case.actor.identity,
        partner=case.actor.partner,
        room=case.request.room,
        parts={part: parts.get(part) for part in PARTS},
        asking=missing(parts) if typed else "major",
        stepwise=not typed,
    )
    return _go_on(case, incident, fact, 0)


def _no_such(case: Case, unknown: str) -> Cleared:
    return case.say(
        "There is no part {typed}. Write M, E, T, H, A, N and E2, as in {example}",
        typed=echo(unknown[:40], case.request.room),
        example=code(case.say('/report M=yes E="bridge" T=flood')),
    )


def _pointed(case: Case, parts: Mapping[str, str]) -> dict[str, str]:
    """A shared location is where it is."""
    if case.request.point is None:
        return {}
    latitude, longitude = case.request.point
    point = f"{latitude / 1e6:.5f}, {longitude / 1e6:.5f}"
    return {"location": f"{parts['location']} ({point})" if parts.get("location") else point}


def _go_on(case: Case, incident: Incident | None, fact: ReportMade, version: int) -> list[Effect]:
    """Ask for what is to come, or send it."""
    if fact.asking is None:
        return _complete(case, incident, replace(fact, complete=True), version + 1)
    stream = incident.id if incident is not None else DEPLOYMENT
    wake = Wake(f"report-asks:{fact.report}", stream, case.now + WRITTEN_WITHIN, "report-asks", fact.report)
    return [Record(stream, fact), wake, _question(case, fact, None)]


def _question(case: Case, fact: ReportMade, problem: Cleared | None) -> Send:
    part = str(fact.asking)
    taps: list[list[Tap]] = []
    if part == "major":
        taps.append(
            [case.tap("Yes", f"/report {fact.report} yes", "✅"), case.tap("No", f"/report {fact.report} no", "❌")]
        )
    last: list[Tap] = []
    if part not in ("location", "type"):
        last.append(case.tap("Skip", f"/report {fact.report} skip {PARTS.index(part) + 1}", "⏭️"))
    if missing(fact.parts) is None:
        last.append(case.tap("Send now", f"/report {fact.report} send", "🚨"))
    last.append(case.tap("Discard", f"/report {fact.report} drop", "🗑️"))
    heading = case.say("METHANE report {report}", report=short_id(fact.report))
    lines = [heading, *([problem] if problem is not None else []), case.say(QUESTIONS[part])]
    return case.answer(glue(lines), [*taps, last], about=fact.report, urgency=Urgency.PROMPT)


def _next(fact: ReportMade, after_part: str) -> str | None:
    """The part to ask for after another: each once, and then what a report cannot do without."""
    rest = PARTS[PARTS.index(after_part) + 1 :] if fact.stepwise else ()
    return next((part for part in rest if not fact.parts.get(part)), None) or missing(fact.parts)


def answered(world: World, request: Request) -> list[Effect] | None:
    """Words of somebody whom we asked for a part of a report; None where nobody is asked here."""
    streams: list[tuple[Incident | None, Mapping[str, Reported]]] = [
        *((incident, incident.reports) for incident in world.open),
        (None, world.who.reports),
    ]
    for incident, reports in streams:
        for reported in reports.values():
            fact = reported.fact
            here = (fact.identity, fact.room) == (request.identity, request.room) and not fact.complete
            ours = request.about is None or request.about.about == fact.report
            if fact.asking is None or not here or not ours or reported.answered is not None:
                continue
            if incident is None and fact.playbook not in world.shelf:
                continue
            case = case_of(world, request, incident) if incident is not None else _before(world, request, fact)
            if not case.actor.revoked and case.actor.partner == fact.partner:
                return _said(case, incident, reported, request.text)
    return None


def _before(world: World, request: Request, fact: ReportMade) -> Case:
    book = world.shelf[fact.playbook]
    return Case(world, request, actor_before(world, request, book), None, book)


def _said(case: Case, incident: Incident | None, reported: Reported, words: str) -> list[Effect]:
    fact, part = reported.fact, str(reported.fact.asking)
    said: str | None = words.strip()
    if part == "major" and major(str(said)) is None:
        return [_question(case, fact, case.say("Please answer yes or no."))]
    said = major(str(said)) if part == "major" else said
    if part == "location":
        said = _pointed(case, {"location": str(said)} if said else {}).get("location", said)
    if not said:
        return [_question(case, fact, case.say("That was empty. What should it say?"))]
    changed = replace(fact, parts={**fact.parts, part: said[:1000]})
    return _go_on(case, incident, replace(changed, asking=_next(changed, part)), reported.version)


# --- a report that is there --------------------------------------------------------------------------------------------------


def _about(case: Case, incident: Incident | None, reported: Reported, rest: str) -> list[Effect]:
    """What a report's buttons say, and what is written to change it."""
    if incident is None:
        case = _before(case.world, case.request, reported.fact)
    fact = reported.fact
    word, _, more = rest.lower().partition(" ")
    if word == "start":
        return _start(case, incident, reported)
    if word in ("aside", "seen"):
        return _see_to(case, incident, reported)
    if case.actor.partner != fact.partner:
        return [case.answer(case.say("Only {partner} changes this report.", partner=_who(case, fact.partner)))]
    if fact.complete and word in ("yes", "no", "skip", "send", "drop"):
        return [case.answer(case.say("{report} was already sent.", report=short_id(fact.report)))]
    if fact.asking is not None and fact.identity != case.actor.identity and word in ("yes", "no", "skip", "drop"):
        return [case.answer(case.say("Only its author fills in report {report}.", report=short_id(fact.report)))]
    if word in ("yes", "no"):
        return _said(case, incident, reported, word) if fact.asking == "major" else _stale(case)
    if word == "skip":
        asked = fact.asking is not None and more == str(PARTS.index(fact.asking) + 1)
        if not asked or fact.asking in ("location", "type"):
            return _stale(case)
        return _go_on(case, incident, replace(fact, asking=_next(fact, str(fact.asking))), reported.version)
    if word == "drop":
        return _drop(case, incident, fact)
    if word == "send" or not rest:
        lacks = missing(fact.parts)
        return (
            _go_on(case, incident, replace(fact, asking=lacks), reported.version)
            if word == "send"
            else _own(case, fact)
        )
    parts, unknown = read(rest)
    if unknown is not None:
        return [case.answer(_no_such(case, unknown))]
    changed = replace(fact, parts={**fact.parts, **parts})
    return _go_on(case, incident, replace(changed, asking=missing(changed.parts)), reported.version)


def _stale(case: Case) -> list[Effect]:
    return [case.answer(case.say("That choice is no longer open."))]


def _own(case: Case, fact: ReportMade) -> list[Effect]:
    """Their own words back to them, in the room where they were written; else what is still asked."""
    if fact.asking is not None:
        return [_question(case, fact, None)]
    change = code(case.say("/report {report} N=words", report=short_id(fact.report)))
    lines = [case.say("METHANE report {report}", report=short_id(fact.report))]
    if case.request.room == fact.room:
        lines += [echo(line, fact.room) for line in words_of(fact.parts).split("\n")]
    return [case.answer(glue([*lines, case.say("To change a part: {command}", command=change)]), about=fact.report)]


def _drop(case: Case, incident: Incident | None, fact: ReportMade) -> list[Effect]:
    stream = incident.id if incident is not None else DEPLOYMENT
    words = case.say("Report {report} was discarded. Nothing was sent.", report=short_id(fact.report))
    replaces = case.request.message if case.request.via == "button" else None
    over = ReportAnswered(fact.report, case.actor.person, None)
    return [Record(stream, over), Unwake(f"report-asks:{fact.report}"), case.answer(words, replaces=replaces)]


def _who(case: Case, partner: str) -> Cleared:
    assert case.book is not None
    return name(case.book, case.reader, partner)


# --- sent ----------------------------------------------------------------------------------------------------------------


def _complete(case: Case, incident: Incident | None, fact: ReportMade, version: int) -> list[Effect]:
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
            start_taps(case.book, case.reader, fact.report),
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


def _start(case: Case, incident: Incident | None, reported: Reported) -> list[Effect]:
    """An incident begins from a report, which is copied into it."""
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
        effects = activate.begun(case, book, str(fact.parts.get("type") or ""), rule, exercise=False)
        facts = [one for one in effects if isinstance(one, Record) and one.stream != DEPLOYMENT]
        identifier = facts[0].stream
        own = [one.fact for one in facts if one.stream == identifier]
        world = after(case.world, identifier, own, case.now, begins=book)
    answer = ReportAnswered(fact.report, case.actor.person, identifier)
    copied: list[Effect] = [Record(identifier, fact), Record(identifier, answer), Record(DEPLOYMENT, answer)]
    place = placed(world, world.incidents[identifier], fact, 1, case.now)
    sent = shown(place, case.now, at=reported.at, but=None) if place is not None else []
    return [*effects, *copied, *sent, Unwake(f"report:{fact.report}")]


def _see_to(case: Case, incident: Incident | None, reported: Reported) -> list[Effect]:
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
    taps = start_taps(place.book, reader, fact.report) if not sent else ()
    told = Send(place.stream, fact.room, words, Urgency.PROMPT, about=fact.report, partner=fact.partner, taps=taps)
    return [Record(deadline.stream, fact), *sent, *wakes, told]


def reports(case: Case) -> bool:
    """Whether the help offers it: whoever acts for a partner may."""
    return case.actor.partner is not None
