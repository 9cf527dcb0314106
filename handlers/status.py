"""/status: what is happening, who leads, and what is open for us; /status A-17: who has it and who is silent, for those who may know."""

from __future__ import annotations

from datetime import datetime

from handlers import outstanding
from handlers.alert_card import at_length, over_words
from handlers.cards import RENDER
from handlers.case import Case
from handlers.choices import WORDS, taps_for
from handlers.command import short_ids
from handlers.coordinators import between_two
from handlers.moments import moment
from handlers.standing import answer_of
from handlers.titles import incident_title
from handlers.watchers import may_watch
from handlers.world import sight_room
from playbooks import sight
from playbooks.cleared import Cleared, code, glue, listed, name, quote, short_id, strong
from playbooks.selection import Leading
from storage.effects import Effect
from storage.incident import Issued

MOST_ALERTS = 8
"""Lines of alerts in a ``/status``; it must fit a phone. Those that wait for an answer come first."""

MOST_OVER = 3
"""Alerts that are over and are still shown, the newest."""

MOST_NAMES = 60
"""Partners named in the answer to ``/status A-17``."""


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/status``, ``/status A-17``, ``/status C-3``; in reply to a card or an alert, that one."""
    assert case.incident is not None
    about = case.request.about.about if case.request.about is not None else None
    meant = [*short_ids(arguments), *([about] if about is not None and not arguments else [])]
    for identifier in meant:
        if identifier.startswith("A-"):
            return _alert(case, identifier)
        if identifier[:1] in RENDER:
            return _other(case, identifier)
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
    lines += _leads(case)
    lines += _offers(case)
    if incident.danger is not None and case.so.danger:
        lines.append(
            case.say(
                "<b>Imminent danger</b> declared by {partner}, until {time}",
                partner=name(book, case.reader, incident.danger.partner),
                time=_time(case, incident.danger.until),
            )
        )
    lines.append(case.say("Phase: {phase}", phase=quote(book, case.reader, incident.phase)))
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


def _concerns(case: Case, leading: Leading) -> bool:
    """Whether this lead's word counts for the reader's partner: its own, one where it is at home, or everywhere, on a tier that nobody leads at home.

    Whoever is of no partner reads of all.
    """
    assert case.book is not None and case.incident is not None
    partner = case.actor.partner
    if partner is None or partner not in case.book.playbook.partners:
        return True
    home = case.book.playbook.partners[partner].jurisdiction
    if leading.jurisdiction is None:
        own = any((one.tier, one.jurisdiction) == (leading.tier, home) for one in case.incident.leads)
        return not own or partner in leading.partners
    return leading.jurisdiction == home or partner in leading.partners


def _leads(case: Case) -> list[Cleared]:
    """Who leads us, a line for each tier and jurisdiction, as far as the reader may know the partners; and that others lead elsewhere."""
    assert case.book is not None and case.incident is not None
    lines, elsewhere = [], False
    for leading in case.incident.leads:
        known = [p for p in leading.partners if listed(case.book, case.reader, p)]
        if not known:
            continue
        if not _concerns(case, leading):
            elsewhere = True
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
    return [*lines, case.say("Elsewhere others lead: /who")] if elsewhere else lines


def _offers(case: Case) -> list[Cleared]:
    """To whom the lead is offered, for them and for those who have it."""
    assert case.book is not None and case.incident is not None
    lines = []
    for identifier, offer in case.incident.offers.items():
        fact = offer.fact
        concerned = case.actor.partner in (*fact.before, *fact.partners) or (
            case.actor.coordinator and case.request.private
        )
        known = [partner for partner in fact.partners if listed(case.book, case.reader, partner)]
        if offer.ended is not None or not concerned or not known:
            continue
        names = glue([name(case.book, case.reader, partner) for partner in known], " · ")
        lines.append(
            case.say(
                "{offer}: the lead is offered to {partners}, since {time}",
                offer=short_id(identifier),
                partners=names,
                time=_time(case, offer.at),
            )
        )
    return lines


def _ours(case: Case) -> list[Cleared]:
    """What is open for this partner: its alerts with its answers, and whatever else waits for somebody there."""
    assert case.incident is not None
    partner = case.actor.partner
    mine = [(identifier, issued) for identifier, issued in case.incident.alerts.items() if issued.shown_to(partner)]
    running = [one for one in mine if not one[1].expired]
    lately = [one for one in mine if one[1].expired][-MOST_OVER:]
    lines = [case.say("<b>Your alerts</b>")] if running else [case.say("No alert is open for you.")]
    # What waits for us first; then the newest.
    running.sort(key=lambda one: (bool(one[1].answers.get(str(partner))), -one[1].at.timestamp()))
    lines += [_line(case, identifier, issued) for identifier, issued in running[:MOST_ALERTS]]
    if len(running) > MOST_ALERTS:
        lines.append(case.say("… and {count} more", count=len(running) - MOST_ALERTS))
    lines += [_line(case, identifier, issued) for identifier, issued in lately]
    if partner is not None:
        lines += outstanding.besides_alerts(case.world, case.incident, partner, case.reader, case.now)
    return lines


def _line(case: Case, identifier: str, issued: Issued) -> Cleared:
    answer = answer_of(issued.answers.get(str(case.actor.partner), ()))
    over = _over(case, issued)
    if over is not None:
        state = over
    elif answer is not None:
        state = case.say(WORDS[answer.choice])
    else:
        state = case.say("not answered: {command}", command=code(case.say("/ack {alert}", alert=short_id(identifier))))
    return case.say(
        "• {alert} {title}, {time}: {state}",
        alert=short_id(identifier),
        title=case.title(issued.fact.template),
        time=_time(case, issued.at),
        state=state,
    )


def _over(case: Case, issued: Issued) -> Cleared | None:
    """How an alert ended, for its own partner; that another stands in its place is said where that one is shown."""
    assert case.incident is not None
    return over_words(case.incident, issued, case.reader.languages, lambda at: _time(case, at))


# --- one alert, one round --------------------------------------------------------------------------------------------


def _alert(case: Case, identifier: str) -> list[Effect]:
    assert case.book is not None and case.incident is not None
    issued = case.incident.alerts.get(identifier)
    partner = case.actor.partner
    own = issued is not None and issued.shown_to(partner)
    watches, room = watching(case, identifier) if issued is not None else (False, None)
    if issued is None or not (own or watches):
        return [case.answer(case.say("There is no alert {alert} for you here.", alert=short_id(identifier)))]
    if watches:
        args = (case.world, case.incident, identifier, case.reader, room, case.now)
        return [case.answer(at_length(*args, MOST_NAMES), about=identifier)]
    over = _over(case, issued)
    lines = [
        case.say(
            "<b>{alert}</b> {title}, {time}",
            alert=short_id(identifier),
            title=case.title(issued.fact.template),
            time=_time(case, issued.at),
        ),
        *([] if over is None else [strong(over)]),
    ]
    answers = issued.answers.get(partner or "", ())
    lines += [
        case.say("{time}: {choice}", time=_time(case, answer.at), choice=strong(case.say(WORDS[answer.choice])))
        for answer in answers
    ] or [case.say("You have not answered yet.")]
    if case.actor.coordinator:
        lines.append(case.say("Who has it and who is silent, I tell coordinators in a private chat."))
    choices = case.book.playbook.alerts[issued.fact.template].ack.choices
    taps = taps_for(case.reader.languages, identifier, choices) if not answers and over is None else ()
    return [case.answer(glue(lines), taps, about=identifier)]


def _other(case: Case, identifier: str) -> list[Effect]:
    """A round or a roll call, as its card shows it."""
    assert case.incident is not None
    known = identifier in case.incident.rounds or identifier in case.incident.rollcalls
    watches, room = watching(case, identifier) if known else (False, None)
    said = (
        RENDER[identifier[0]](case.world, case.incident, identifier, case.reader, room, case.now) if watches else None
    )
    if said is None:
        return [case.answer(case.say("There is no {id} for you here.", id=short_id(identifier)))]
    return [case.answer(said, about=identifier)]


def watching(case: Case, about: str) -> tuple[bool, sight.Room | None]:
    """Whether whoever asks may know here who has it and who is silent: the lead, coordinators in private, and whom the playbook
    permits (``_delivery``), where the room may carry it; and the room, None for a coordinator's private chat."""
    assert case.book is not None and case.incident is not None
    binding = case.world.who.binding(case.incident.playbook, case.request.room)
    if binding is not None and binding.partner == case.actor.partner:
        room = sight_room(case.world, binding)
        if may_watch(case.world, case.incident, about, room, case.now):
            return True, room
    private = case.request.private and between_two(case.world, case.request.room)
    may = private and case.actor.coordinator
    return may and sight.coordinator_sees(case.book, case.request.room.network, "_delivery"), None
