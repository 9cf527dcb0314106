"""/ack: a partner's answer to an alert, by button, reaction, reply or command."""

from __future__ import annotations

from handlers.case import Case
from handlers.choices import WORDS, choice_in
from handlers.command import short_ids
from handlers.notify import tell_lead_of
from handlers.texts import say
from playbooks.cleared import Cleared, Reader, clock, echo, glue, listed, name, phone, short_id, strong
from storage.effects import Effect
from storage.facts import Acknowledged
from storage.incident import Issued


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/ack A-17 [acting|seen|cannot]``; without an id, the alert replied to or the only open one."""
    assert case.book is not None and case.incident is not None
    partner = case.actor.partner
    if partner is None:
        return case.refuse(
            case.say("This chat belongs to no partner. Please answer in your partner's room."), "/ack", "no-partner"
        )
    named = [identifier for identifier in short_ids(arguments) if identifier.startswith("A-")]
    about = case.request.about.about if case.request.about else None
    mine = [a for a, issued in case.incident.alerts.items() if issued.shown_to(partner)]
    if named:
        identifier = named[0]
    elif about in mine:
        identifier = str(about)
    else:
        waiting = [a for a in mine if partner not in case.incident.alerts[a].answers] or mine[-1:]
        if len(waiting) != 1:
            return _which(case, waiting)
        identifier = waiting[0]
    if identifier not in mine:
        return [case.answer(case.say("There is no alert {alert} for you here.", alert=short_id(identifier)))]
    issued = case.incident.alerts[identifier]
    choices = case.book.playbook.alerts[issued.fact.template].ack.choices
    rest = " ".join(word for word in arguments.split() if word.upper() not in named)
    choice = choice_in(rest, choices) if rest else choices[0]
    if choice is None:
        typed = echo(rest[:60], case.request.room)
        words = glue([case.say(WORDS[c]) for c in choices], " · ")
        return [case.answer(case.say("“{typed}” is not one of the answers: {choices}.", typed=typed, choices=words))]
    return _acknowledge(case, identifier, issued, choice)


def _which(case: Case, waiting: list[str]) -> list[Effect]:
    if not waiting:
        return [case.answer(case.say("Nothing waits for your answer."))]
    taps = [[case.tap("{alert}", f"/ack {a}", f"{i}️⃣", alert=short_id(a))] for i, a in enumerate(waiting[:9], 1)]
    return [case.answer(case.say("Which alert?"), taps)]


def _acknowledge(case: Case, identifier: str, issued: Issued, choice: str) -> list[Effect]:
    assert case.book is not None and case.incident is not None and case.actor.partner is not None
    partner = case.actor.partner
    before = issued.answers.get(partner, ())
    chosen = case.say(WORDS[choice])
    if before and before[-1].choice == choice and before[-1].person == case.actor.person:
        if case.request.via != "command":
            return []
        words = case.say("Already noted: {alert} · {choice}.", alert=short_id(identifier), choice=chosen)
        return [case.answer(words)]
    fact = Acknowledged(identifier, partner, case.actor.person, case.request.room, choice, case.request.via)
    words = case.say(
        "Noted {time}: {partner} · {choice} · {alert}",
        time=clock(case.book, case.now),
        partner=name(case.book, case.reader, partner),
        choice=strong(chosen),
        alert=short_id(identifier),
    )
    effects: list[Effect] = [case.record(fact), case.answer(words)]
    if choice == "cannot":
        effects += tell_lead_of(
            case.world,
            case.incident,
            issued.fact.partner,
            case.now,
            lambda reader: _cannot(case, reader, identifier, partner),
            about=identifier,
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
