"""/board: every open alert, check-in and roll call in a line each, for the lead and the coordinators."""

from __future__ import annotations

from handlers.alert_card import in_a_line
from handlers.case import Case
from handlers.moments import moment
from handlers.status import watching
from handlers.waiting import waits
from playbooks.cleared import Cleared, glue, listed, quote, short_id
from storage.effects import Effect
from storage.incident import RollCall, Round

MOST_LINES = 30


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/board``."""
    assert case.book is not None and case.incident is not None
    incident = case.incident
    lines: list[Cleared] = []
    hidden = False
    for about, issued in incident.alerts.items():
        watches, room = watching(case, about)
        hidden = hidden or not watches
        if watches and not issued.expired:
            lines.append(in_a_line(case.world, incident, about, case.reader, room, case.now))
    for about, round_ in incident.rounds.items():
        if round_.ended is None and watching(case, about)[0]:
            lines.append(_round(case, about, round_))
    for about, call in incident.rollcalls.items():
        if call.ended is None and watching(case, about)[0]:
            lines.append(_rollcall(case, about, call))
    heading = case.say("<b>Open in {incident}</b>, {time}", incident=short_id(incident.id), time=_now(case))
    left = len(lines) - MOST_LINES
    if left > 0:
        lines = [*lines[-MOST_LINES:], case.say("… and {count} more", count=left)]
    if not lines:
        lines.append(case.say("Nothing that may be shown here is open."))
    if hidden and case.actor.coordinator and not case.request.private:
        lines.append(case.say("Who has it and who is silent, I tell coordinators in a private chat."))
    return [case.answer(glue([heading, *lines]))]


def _now(case: Case) -> Cleared:
    assert case.book is not None
    return moment(case.book, case.now, case.now, case.reader.languages)


def _round(case: Case, about: str, round_: Round) -> Cleared:
    """How many have answered, of those whom the reader may know."""
    assert case.book is not None and case.incident is not None
    book, reader = case.book, case.reader
    checkin = book.playbook.checkins.get(round_.fact.name)
    waiting = waits(book, case.incident, about, case.world.who)
    known = [partner for partner in round_.fact.partners if listed(book, reader, partner)]
    answered = sum(1 for partner in known if partner in round_.answers and partner not in waiting)
    return case.say(
        "• <b>{round}</b> {ask}, {time}: {answered} of {all} answered",
        round=short_id(about),
        ask=quote(book, reader, checkin.ask if checkin is not None else None),
        time=moment(book, round_.at, case.now, reader.languages),
        answered=answered,
        all=len(known),
    )


def _rollcall(case: Case, about: str, call: RollCall) -> Cleared:
    """How many persons are accounted for, of the partners whom the reader may know."""
    assert case.book is not None
    known = [
        person
        for person, who in call.fact.persons.items()
        if who is not None and listed(case.book, case.reader, str(who.get("partner")))
    ]
    return case.say(
        "• <b>{rollcall}</b> roll call, {time}: {accounted} of {all} accounted for",
        rollcall=short_id(about),
        time=moment(case.book, call.at, case.now, case.reader.languages),
        accounted=sum(1 for person in known if person in call.accounted),
        all=len(known),
    )
