"""/report: anyone in a partner's room may ring the bell. A METHANE report, asked for step by step or written in one line.

Before there is an incident it starts one, with one tap, where the playbook lets that partner; else it reaches those whom the playbook
names. In an incident it goes to the lead, and to whoever may see reports. Whoever falls silent half-way is not forgotten: what was said
by then goes as it is. A report that changes is sent again, under its number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from handlers import pending
from handlers.bell import complete, see_to, start
from handlers.case import Case
from handlers.command import short_ids
from handlers.methane import (
    PARTS,
    Place,
    concerned,
    major,
    missing,
    placed,
    read,
    words_of,
)
from handlers.which import ask, case_of, incidents, named_in_front, without
from handlers.world import Request, World, actor_before
from playbooks import mandate
from playbooks.cleared import Cleared, code, echo, glue, name, short_id
from storage.effects import Effect, Record, Send, Tap, Unwake, Urgency, Wake
from storage.facts import DEPLOYMENT, ReportAnswered, ReportMade
from storage.incident import Incident
from storage.reports import Reported

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
    found = [] if fresh else incidents(case.world, case.request, typed, "report")
    if len(found) > 1:
        return ask(case.world, case.request, "report", arguments, found)
    incident = found[0] if found else None
    if incident is not None and _is_unsaid(case, incident, typed):
        return _real_or_played(case, incident, typed)
    if incident is not None:
        typed = without(incident.id, typed)
    typed = typed[len(_NEW) :].strip() if fresh else typed
    return _begin(_case_in(case, incident) if incident is not None else _outside(case, typed), incident, typed)


def _is_unsaid(case: Case, incident: Incident, typed: str) -> bool:
    """Whether a private chat, which is for the real thing as much as for exercises, leaves open which is meant: only an exercise runs."""
    named = named_in_front(typed) == incident.id or case.request.about is not None
    return incident.opened.exercise and case.request.private and not named


def _real_or_played(case: Case, incident: Incident, typed: str) -> list[Effect]:
    offered = {"NEW": f"/report {_NEW} {typed}".strip(), incident.id: f"/report {incident.id} {typed}".strip()}
    kept, commands = pending.offered(case, f"/report {typed}".strip(), offered)
    taps = [
        [case.tap("It is real", commands["NEW"], "🚨")],
        [case.tap("In the exercise", commands[incident.id], "🎓")],
    ]
    words = case.say("Is this real, or is it in the exercise {incident}?", incident=short_id(incident.id))
    outside = replace(case, incident=None) if case.incident is not None else case
    return [*kept, outside.answer(words, taps, urgency=Urgency.PROMPT)]


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
        return complete(case, incident, replace(fact, complete=True), version + 1)
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
    if part == "major":
        heading = glue([heading, case.say("If you are called away: after 3 minutes it goes out as it is.")])
    lines = [heading, *([problem] if problem is not None else []), case.say(QUESTIONS[part])]
    return case.answer(glue(lines), [*taps, last], about=fact.report, urgency=Urgency.PROMPT)


def _next(fact: ReportMade, after_part: str) -> str | None:
    """The part to ask for after another: each once, and then what a report cannot do without."""
    rest = PARTS[PARTS.index(after_part) + 1 :] if fact.stepwise else ()
    return next((part for part in rest if not fact.parts.get(part)), None) or missing(fact.parts)


def asking(world: World, request: Request) -> Iterator[tuple[Case, Reported]]:
    """The reports of which this person is asked for a part in this room."""
    streams: list[tuple[Incident | None, Mapping[str, Reported]]] = [
        *((incident, incident.reports) for incident in world.open),
        (None, world.who.reports),
    ]
    for incident, reports in streams:
        for reported in reports.values():
            fact = reported.fact
            here = (fact.identity, fact.room) == (request.identity, request.room) and not fact.complete
            if fact.asking is None or not here or reported.answered is not None:
                continue
            if incident is None and fact.playbook not in world.shelf:
                continue
            case = case_of(world, request, incident) if incident is not None else _before(world, request, fact)
            if not case.actor.revoked and case.actor.partner == fact.partner:
                yield case, reported


def fits(fact: ReportMade, words: str) -> bool:
    """Whether words can be meant for the part that is asked for: yes or no where that is asked, else whatever is said."""
    return fact.asking != "major" or major(words) is not None


def said(case: Case, incident: Incident | None, reported: Reported) -> list[Effect]:
    """The words for the part that was asked for."""
    return _said(case, incident, reported, case.request.text)


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
        return start(case, incident, reported, rest.partition(" ")[2])
    if word in ("aside", "seen"):
        return see_to(case, incident, reported)
    assert case.book is not None
    if case.actor.partner != fact.partner:
        return [
            case.answer(
                case.say("Only {partner} changes this report.", partner=name(case.book, case.reader, fact.partner))
            )
        ]
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


def reports(case: Case) -> bool:
    """Whether the help offers it: whoever acts for a partner may."""
    return case.actor.partner is not None
