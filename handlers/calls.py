"""/call, and what its buttons say: somebody rings a silent partner, and puts on record what came of it and what was answered.

Only the lead, the partner whose alert it is, and coordinators may speak for a partner that they had on the telephone: those of
their people who may issue or are on duty, not everybody who reads in their room. The partner reads in its own rooms what was noted
for it.
"""

from __future__ import annotations

from handlers import cards, lists
from handlers.afterwards import after_all
from handlers.callers import ROLE, list_for
from handlers.case import Case, room_reader
from handlers.choices import WORDS, choice_in
from handlers.command import short_ids
from handlers.coordinators import between_two
from handlers.notify import tell_lead_of
from handlers.presence import on_duty
from handlers.silence import Desks
from handlers.texts import say
from handlers.waiting import stopped, waits
from playbooks.cleared import Cleared, Reader, clock, echo, glue, listed, name, phone, short_id, strong
from storage.effects import Effect, Send, Urgency
from storage.facts import Acknowledged, CallReported, CallTaken, CheckinAnswered, Fact
from storage.incident import Issued

LONGEST_NAME = 80


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/call``: the calls to make; ``/call A-17 PARTNER taken|reached|missed``, or what was answered."""
    assert case.incident is not None
    named = [one for one in short_ids(arguments) if one in case.incident.alerts or one in case.incident.rounds]
    about = next(iter(named), None) or (case.request.about.about if case.request.about else None)
    if about is None or not (about in case.incident.alerts or about in case.incident.rounds):
        return _which(case)
    words = [word for word in arguments.split() if word.upper() != about]
    partner = words[0].lower() if words else None
    if not may_report(case, about, partner):
        return _refused(case, about, "/call")
    if partner is None:
        send = list_for(case.world, case.incident, about, case.request.room, case.now)
        return [send] if send is not None else [case.answer(_nobody(case, about))]
    if not _may_note(case):
        return _not_theirs(case, about, "/call")
    return _told(case, about, partner, words[1] if len(words) > 1 else "taken")


def _which(case: Case) -> list[Effect]:
    """The alerts and rounds about which somebody is to be rung, as far as this room knows of them."""
    assert case.incident is not None
    incident = case.incident
    known = [about for about in (*incident.alerts, *incident.rounds) if may_report(case, about, None)]
    found = [about for about in known if list_for(case.world, incident, about, case.request.room, case.now)]
    open_ = [about for about in found if waits(case.world.book_of(incident), incident, about, case.world.who)]
    taps = [[case.tap("{alert}", f"/call {one}", f"{i}️⃣", alert=short_id(one))] for i, one in enumerate(open_[:9], 1)]
    if not taps:
        return [case.answer(case.say("Nobody has to be rung now."))]
    return [case.answer(case.say("About what?"), taps)]


def _nobody(case: Case, about: str) -> Cleared:
    return case.say("Nobody has to be rung about {about} now.", about=short_id(about))


def may_report(case: Case, about: str, partner: str | None) -> bool:
    """Whether somebody may say what a partner answered on the telephone: the lead, whose alert it is, coordinators."""
    assert case.incident is not None
    incident, own = case.incident, case.actor.partner
    private = case.request.private and between_two(case.world, case.request.room)
    if case.actor.coordinator and (private or own is not None):
        return True
    if own is None:
        return False
    if about in incident.alerts and own == incident.alerts[about].fact.partner:
        return True
    subject = incident.alerts.get(about) or incident.rounds.get(about)
    watched = subject.watches if subject is not None else {}
    partners = [partner] if partner in watched else list(watched)
    everyone = Desks(case.world, incident, about, case.now)
    return any((leading := everyone.leading(str(p))) is not None and own in leading.partners for p in partners)


def _may_note(case: Case) -> bool:
    """Whether somebody of a partner that may report does so for it: who may issue, or is on duty; and coordinators."""
    me, own = case.world.who.person(case.actor.identity), case.actor.partner
    here = on_duty(case.world, own) if own is not None else ()
    return case.actor.coordinator or case.actor.may_issue or (me is not None and me.id in here)


def _not_theirs(case: Case, about: str, command: str) -> list[Effect]:
    assert case.book is not None
    words = case.say(
        "Not noted. What a partner said on the telephone is put on record by liaisons, officials and coordinators of {partner}, and by who is on duty.",
        partner=name(case.book, case.reader, str(case.actor.partner)),
    )
    return case.refuse(words, command, "role", _line(case, about))


def _refused(case: Case, about: str, command: str) -> list[Effect]:
    words = case.say(
        "Not noted. What a partner said on the telephone, the lead, whoever issued {about}, and coordinators put on record.",
        about=short_id(about),
    )
    return case.refuse(words, command, "role", _line(case, about))


def _line(case: Case, about: str) -> int:
    """The line that says what silence leads to."""
    assert case.book is not None and case.incident is not None
    issued = case.incident.alerts.get(about)
    return case.book.line("alerts", issued.fact.template, "ack") if issued is not None else 0


# --- what came of a call -------------------------------------------------------------------------------------------------


def _told(case: Case, about: str, partner: str, what: str) -> list[Effect]:
    assert case.incident is not None and case.book is not None
    incident, person = case.incident, case.actor.person
    subject = incident.alerts.get(about) or incident.rounds.get(about)
    if subject is None or partner not in subject.watches or not listed(case.book, case.reader, partner):
        typed = echo(partner[:60], case.request.room)
        return [
            case.answer(case.say("{partner} is not waited for about {about}.", partner=typed, about=short_id(about)))
        ]
    if partner not in waits(case.book, incident, about, case.world.who):
        words = case.say(
            "{partner} need not be rung about {about} any more.",
            partner=name(case.book, case.reader, partner),
            about=short_id(about),
        )
        return [*_list_again(case, about, []), case.answer(words)]
    fact: Fact
    match what:
        case "taken":
            fact = CallTaken(about, partner, person)
        case "reached" | "missed":
            fact = CallReported(about, partner, person, what == "reached", None)
        case _:
            return _answer(case, about, partner, what)
    return _list_again(case, about, [case.record(fact), *cards.touched(incident, about, case.now)])


def _answer(case: Case, about: str, partner: str, what: str) -> list[Effect]:
    assert case.incident is not None and case.book is not None
    if about in case.incident.alerts:
        issued = case.incident.alerts[about]
        choice = choice_in(what, case.book.playbook.alerts[issued.fact.template].ack.choices)
        if choice is None:
            return _list_again(case, about, [])
        return by_phone(case, about, partner, "", choice)
    checkin = case.book.playbook.checkins.get(case.incident.rounds[about].fact.name)
    if checkin is None or what not in checkin.answers:
        return _list_again(case, about, [])
    round_ = case.incident.rounds[about]
    late = round_.overdue or (round_.fact.within is not None and case.now >= round_.fact.within)
    facts: list[Fact] = [
        CallReported(about, partner, case.actor.person, True, None),
        CheckinAnswered(about, partner, case.actor.person, case.request.room, what, None, late, "phone"),
    ]
    effects: list[Effect] = [case.record(fact) for fact in facts]
    effects += [*stopped(about, partner), *cards.touched(case.incident, about, case.now)]
    return _list_again(case, about, effects)


def _list_again(case: Case, about: str, effects: list[Effect]) -> list[Effect]:
    """The list here as it is now, at once: whoever tapped waits for it. The others are looked at soon."""
    assert case.incident is not None
    later = after_all(case.world, case.incident.id, effects, case.now)
    incident, room = later.incidents[case.incident.id], case.request.room
    live = incident.live.get((ROLE, about, room))
    send = list_for(later, incident, about, room, case.now)
    if send is None or (live is not None and (live.waiting or live.digest == send.digest)):
        return [*effects, *lists.due(later, incident, about, case.now)]
    return [*effects, *lists.due(later, incident, about, case.now, besides=[send]), send]


# --- an answer by telephone ----------------------------------------------------------------------------------------------


def by_phone(case: Case, about: str, partner: str, spoke_with: str, choice: str) -> list[Effect]:
    """What a partner answered to an alert on the telephone, put on record for it. ``spoke_with``: who said so, if that was told."""
    assert case.incident is not None and case.book is not None
    incident, book = case.incident, case.book
    issued = incident.alerts[about]
    if not may_report(case, about, partner):
        return _refused(case, about, "/ack")
    if not _may_note(case):
        return _not_theirs(case, about, "/ack")
    if partner not in issued.watches and not issued.shown_to(partner) and partner not in issued.held:
        words = case.say(
            "{partner} is not waited for about {about}.", partner=_name(case, partner), about=short_id(about)
        )
        return [case.answer(words)]
    said_by = spoke_with.strip()[:LONGEST_NAME] or None
    facts: list[Fact] = [
        CallReported(about, partner, case.actor.person, True, said_by),
        Acknowledged(about, partner, case.actor.person, case.request.room, choice, "phone", said_by, issued.expired),
    ]
    effects: list[Effect] = [case.record(fact) for fact in facts]
    effects += [*stopped(about, partner), *cards.touched(incident, about, case.now)]
    effects += _noted_there(case, issued, partner, choice)
    if choice == "cannot" and not issued.expired:
        effects += tell_lead_of(
            case.world,
            incident,
            issued.fact.partner,
            case.now,
            lambda reader: _cannot(case, reader, about, partner),
            about=about,
        )
    effects = _list_again(case, about, effects)
    if case.request.via == "button" and (ROLE, about, case.request.room) in incident.live:
        return effects
    words = case.say(
        "Noted {time}, by telephone: {partner} · {choice} · {alert}",
        time=clock(book, case.now),
        partner=_name(case, partner),
        choice=strong(case.say(WORDS[choice])),
        alert=short_id(about),
    )
    return [*effects, case.answer(words, about=about)]


def _name(case: Case, partner: str) -> Cleared:
    assert case.book is not None
    return name(case.book, case.reader, partner)


def _noted_there(case: Case, issued: Issued, partner: str, choice: str) -> list[Effect]:
    """The partner reads what was noted for it, in the rooms that have the alert, and how to put it right."""
    assert case.incident is not None and case.book is not None
    identifier = issued.fact.alert
    sent = {copy.room: send for send, copy in issued.copies.items() if copy.partner == partner and copy.state == "sent"}
    effects: list[Effect] = []
    for room, first in sent.items():
        if room == case.request.room:
            continue
        reader = room_reader(case.world, case.book, room, partner)
        words = say(
            reader.languages,
            "Noted for you by telephone, {time}: {choice} · {alert}. Not so? {command}",
            time=clock(case.book, case.now),
            choice=strong(say(reader.languages, WORDS[choice])),
            alert=short_id(identifier),
            command=glue([say((), "/ack"), short_id(identifier)], " "),
        )
        effects.append(
            Send(
                case.stream,
                room,
                words,
                Urgency.ANSWER,
                about=identifier,
                partner=partner,
                language=reader.languages[0],
                follows=first,
            )
        )
    return effects


def _cannot(case: Case, reader: Reader, identifier: str, partner: str) -> Cleared | None:
    assert case.book is not None
    if not listed(case.book, reader, partner):
        return None
    return say(
        reader.languages,
        "<b>{partner} cannot act on {alert}</b> ({time}). {phone}",
        partner=name(case.book, reader, partner),
        alert=short_id(identifier),
        time=clock(case.book, case.now),
        phone=phone(case.book, reader, partner),
    )
