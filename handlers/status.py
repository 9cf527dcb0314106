"""/status: what is happening, who leads, and what is open for us; /status A-17: who has it and who is silent, for those who may know."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from handlers.activate import incident_title
from handlers.case import Case
from handlers.choices import WORDS
from handlers.command import short_ids
from handlers.coordinators import between_two
from handlers.moments import moment
from handlers.world import sight_room
from playbooks import sight
from playbooks.cleared import Cleared, code, glue, listed, name, phone, quote, short_id, strong
from playbooks.selection import Event
from storage.effects import Effect
from storage.incident import Issued

MOST_LINES = 30


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/status`` or ``/status A-17``."""
    assert case.incident is not None
    named = [identifier for identifier in short_ids(arguments) if identifier.startswith("A-")]
    if named:
        return _alert(case, named[0])
    return _whole(case)


def _whole(case: Case) -> list[Effect]:
    assert case.book is not None and case.incident is not None
    incident, book = case.incident, case.book
    title = quote(book, case.reader, book.playbook.title)
    lines = [
        case.say(
            "<b>{title}</b> · {incident}, since {time}",
            title=title,
            incident=short_id(incident.id),
            time=_time(case, incident.opened_at),
        )
    ]
    if incident.opened.rehearsal:
        lines.append(case.say("This is a rehearsal: nothing leaves this machine."))
    own = _title(case)
    if own is not None:
        lines.append(own)
    lines.append(case.say("Phase: {phase}", phase=quote(book, case.reader, incident.phase)))
    lines += leads(case)
    if incident.danger is not None and case.so.danger:
        lines.append(
            case.say(
                "<b>Imminent danger</b> declared by {partner}, until {time}",
                partner=name(book, case.reader, incident.danger.partner),
                time=_time(case, incident.danger.until),
            )
        )
    lines += _ours(case)
    return [case.answer(glue(lines))]


def _time(case: Case, at: datetime) -> Cleared:
    assert case.book is not None
    return moment(case.book, at, case.now, case.reader.languages)


def _title(case: Case) -> Cleared | None:
    assert case.book is not None and case.incident is not None
    binding = case.world.who.binding(case.incident.playbook, case.request.room)
    opened = case.incident.opened
    if binding is None or binding.room != case.request.room:
        return None
    return incident_title(case.world, case.book, case.so, opened.partner, opened.title, binding)


def leads(case: Case) -> list[Cleared]:
    """Who leads, a line for each tier and jurisdiction, as far as the reader may know the partners."""
    assert case.book is not None and case.incident is not None
    lines = []
    for leading in case.incident.leads:
        known = [p for p in leading.partners if listed(case.book, case.reader, p)]
        if not known:
            continue
        names = glue([name(case.book, case.reader, p) for p in known], " · ")
        where = (
            quote(case.book, case.reader, case.book.playbook.jurisdictions[leading.jurisdiction].name)
            if leading.jurisdiction
            else case.say("everywhere")
        )
        tier = {
            "strategic": case.say("strategic"),
            "tactical": case.say("tactical"),
            "operational": case.say("operational"),
        }.get(leading.tier or "", case.say("all tiers"))
        lines.append(case.say("Lead ({tier}, {where}): {partners}", tier=tier, where=where, partners=names))
    return lines


def _ours(case: Case) -> list[Cleared]:
    """The alerts that this partner was shown, and how it answered."""
    assert case.incident is not None
    partner = case.actor.partner
    mine = [(identifier, issued) for identifier, issued in case.incident.alerts.items() if issued.shown_to(partner)]
    if not mine:
        return [case.say("No alert is open for you.")]
    lines = [case.say("<b>Your alerts</b>")]
    for identifier, issued in mine[-MOST_LINES:]:
        answers = issued.answers.get(partner or "", ())
        state = (
            case.say(WORDS[answers[-1].choice])
            if answers
            else case.say("not answered: {command}", command=code(case.say("/ack {alert}", alert=short_id(identifier))))
        )
        if issued.expired:
            state = case.say("over")
        lines.append(
            case.say(
                "• {alert} {title}, {time}: {state}",
                alert=short_id(identifier),
                title=case.title(issued.fact.template),
                time=_time(case, issued.at),
                state=state,
            )
        )
    return lines


def _alert(case: Case, identifier: str) -> list[Effect]:
    assert case.book is not None and case.incident is not None
    issued = case.incident.alerts.get(identifier)
    partner = case.actor.partner
    own = issued is not None and issued.shown_to(partner)
    if issued is None or not (own or _may_know(case, issued)):
        return [case.answer(case.say("There is no alert {alert} for you here.", alert=short_id(identifier)))]
    lines = [
        case.say(
            "<b>{alert}</b> {title}, {time}",
            alert=short_id(identifier),
            title=case.title(issued.fact.template),
            time=_time(case, issued.at),
        )
    ]
    if _may_know(case, issued):
        lines += _everyone(case, issued)
    else:
        answers = issued.answers.get(partner or "", ())
        lines += [
            case.say("{time}: {choice}", time=_time(case, answer.at), choice=strong(case.say(WORDS[answer.choice])))
            for answer in answers
        ] or [case.say("You have not answered yet.")]
        if case.actor.coordinator:
            lines.append(case.say("Who has it and who is silent, I tell coordinators in a private chat."))
    return [case.answer(glue(lines))]


def _may_know(case: Case, issued: Issued) -> bool:
    """Who has it and who is silent: the lead, coordinators, and whom the playbook permits (``_delivery``), where the room may carry it."""
    assert case.book is not None and case.incident is not None
    origin = issued.fact.partner
    event = Event(origin, frozenset({case.book.playbook.partners[origin].jurisdiction}))
    binding = case.world.who.binding(case.incident.playbook, case.request.room)
    if binding is not None and binding.partner == case.actor.partner:
        answer = sight.decide(case.book, case.so, event, sight_room(case.world, binding), "_delivery")
        if isinstance(answer, sight.Seen):
            return True
    private = case.request.private and between_two(case.world, case.request.room)
    return (
        private and case.actor.coordinator and sight.coordinator_sees(case.book, case.request.room.network, "_delivery")
    )


def _everyone(case: Case, issued: Issued) -> list[Cleared]:
    assert case.book is not None
    partners = dict.fromkeys(copy.partner for copy in issued.copies.values() if copy.partner not in issued.held)
    known = [p for p in partners if listed(case.book, case.reader, p)]
    states = Counter(copy.state for copy in issued.copies.values() if copy.partner in known)
    lines = [
        case.say(
            "Rooms: {sent} delivered, {waiting} waiting, {failed} failed",
            sent=states["sent"],
            waiting=states["waiting"],
            failed=states["refused"] + states["dropped"] + states["unknown"],
        )
    ]
    for partner in known[:MOST_LINES]:
        answers = issued.answers.get(partner, ())
        states_here = {c.state for c in issued.copies.values() if c.partner == partner}
        number = phone(case.book, case.reader, partner)
        who = name(case.book, case.reader, partner)
        if answers:
            last = answers[-1]
            lines.append(
                case.say(
                    "• {partner}: {choice}, {time}",
                    partner=who,
                    choice=strong(case.say(WORDS[last.choice])),
                    time=_time(case, last.at),
                )
            )
        elif "sent" in states_here:
            lines.append(case.say("• {partner}: silent {phone}", partner=who, phone=number))
        elif "waiting" in states_here:
            lines.append(case.say("• {partner}: on its way", partner=who))
        else:
            lines.append(case.say("• {partner}: <b>not reached</b> {phone}", partner=who, phone=number))
    for partner in issued.held:
        if listed(case.book, case.reader, partner):
            number = phone(case.book, case.reader, partner)
            lines.append(
                case.say(
                    "• {partner}: <b>held back</b> {phone}",
                    partner=name(case.book, case.reader, partner),
                    phone=number,
                )
            )
    return lines
