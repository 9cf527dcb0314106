"""/ack: a partner's answer to an alert, by button, reaction, reply, command or telephone: one road for all of them.

An answer can be changed or taken back for half a minute; after that another one is added, and the log keeps both. What a partner
says it does, ``acting`` or ``cannot``, is not taken back by ``seen``. Whoever answers what is over is told so, and is on record.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from handlers import calls, cards, escalation
from handlers.afterwards import after
from handlers.alert_card import over_words
from handlers.case import Case
from handlers.choices import WORDS, choice_in, means_undo, taps_for
from handlers.command import nearest, short_ids
from handlers.moments import moment
from handlers.notify import tell_lead_of
from handlers.standing import answer_of
from handlers.texts import say
from handlers.waiting import asked, counted_from, waits, within
from playbooks.cleared import Cleared, Reader, clock, echo, glue, listed, name, phone, short_id, strong
from playbooks.guests import present
from storage.effects import Effect, Tap
from storage.facts import Acknowledged, AnswerUndone, Fact
from storage.incident import Answer, Issued

UNDO = timedelta(seconds=30)
"""How long an answer can be changed or taken back as if it had not been given."""

_PHONE = re.compile(
    r"\b(?:for|pour|voor|für|fuer|per|para)\s+(?P<partner>.+?)\s+"
    r"(?:by|par|per|am|al|por)\s+(?:tele)?(?:phone|fon|foon|t[ée]l[ée]phone|telefoon|telefon|telefono|teléfono)\b\s*(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
"""``for PARTNER by phone NAME [choice]``, in the languages that the bot speaks."""


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/ack A-17 [acting|seen|cannot]``, ``/ack A-17 undo``, ``/ack A-17 for PARTNER by phone NAME [choice]``.

    Without an id: the alert replied to, or the only one that waits for an answer.
    """
    assert case.book is not None and case.incident is not None
    named = [identifier for identifier in short_ids(arguments) if identifier.startswith("A-")]
    ids = frozenset(named)
    rest = " ".join(word for word in arguments.split() if word.upper() not in ids)
    by_phone = _PHONE.fullmatch(rest)
    if by_phone is not None:
        return _by_phone(case, named, by_phone["partner"], by_phone["rest"])
    partner = case.actor.partner
    if partner is None:
        return case.refuse(
            case.say("This chat belongs to no partner. Please answer in your partner's room."), "/ack", "no-partner"
        )
    about = case.request.about.about if case.request.about else None
    mine = [a for a, issued in case.incident.alerts.items() if issued.shown_to(partner)]
    if named:
        identifier = named[0]
    elif about in mine:
        identifier = str(about)
    else:
        waiting = [a for a in mine if _unanswered(case, case.incident.alerts[a])]
        if len(waiting) != 1:
            return _which(case, waiting, mine)
        identifier = waiting[0]
    if identifier not in mine:
        return [case.answer(case.say("There is no alert {alert} for you here.", alert=short_id(identifier)))]
    issued = case.incident.alerts[identifier]
    if means_undo(rest):
        return _undo(case, identifier, issued)
    choices = _choices(case, issued)
    choice = choice_in(rest, choices) if rest else choices[0]
    if choice is None:
        return _not_a_choice(case, identifier, rest, choices)
    return _acknowledge(case, identifier, issued, choice)


def _choices(case: Case, issued: Issued) -> Sequence[str]:
    assert case.book is not None
    return case.book.playbook.alerts[issued.fact.template].ack.choices


# --- what is meant ---------------------------------------------------------------------------------------------------


def _unanswered(case: Case, issued: Issued) -> bool:
    """Whether an alert runs, and awaits an answer of this partner, or of this person where everybody's is wanted."""
    assert case.book is not None
    if issued.expired:
        return False
    answers = issued.answers.get(str(case.actor.partner), ())
    if case.book.playbook.alerts[issued.fact.template].ack.from_ == "partner":
        return not answers
    return all(answer.person != case.actor.person for answer in answers)


def _which(case: Case, waiting: Sequence[str], mine: Sequence[str]) -> list[Effect]:
    assert case.incident is not None
    if not waiting:
        running = [a for a in mine if not case.incident.alerts[a].expired]
        if len(running) != 1:
            return [case.answer(case.say("Nothing waits for your answer."))]
        return [_already(case, running[0], case.incident.alerts[running[0]])]
    taps = [
        [
            case.tap(
                "{alert} {title}",
                f"/ack {a}",
                f"{i}️⃣",
                alert=short_id(a),
                title=case.title(case.incident.alerts[a].fact.template),
            )
        ]
        for i, a in enumerate(waiting[:9], 1)
    ]
    return [case.answer(case.say("Which alert?"), taps)]


def _not_a_choice(case: Case, identifier: str, typed: str, choices: Sequence[str]) -> list[Effect]:
    near = nearest(typed, choices)
    words = echo(typed[:60], case.request.room)
    if near is not None:
        asked = case.say("“{typed}”: did you mean {choice}?", typed=words, choice=case.say(WORDS[near]))
    else:
        offered = glue([case.say(WORDS[choice]) for choice in choices], " · ")
        asked = case.say("“{typed}” is not one of the answers: {choices}.", typed=words, choices=offered)
    return [case.answer(asked, taps_for(case.reader.languages, identifier, choices), about=identifier)]


def _by_phone(case: Case, named: Sequence[str], typed: str, rest: str) -> list[Effect]:
    """What somebody heard on the telephone: for which partner, from whom, and what they said."""
    assert case.book is not None and case.incident is not None
    about = case.request.about.about if case.request.about else None
    identifier = named[0] if named else about
    if identifier is None or identifier not in case.incident.alerts:
        return [case.answer(case.say("Which alert? /ack A-17 for PARTNER by phone NAME."))]
    book, reader = case.book, case.reader
    known = {p: who.name for p, who in book.playbook.partners.items() if listed(book, reader, p) and present(book, p)}
    meant = [p for p, called in known.items() if typed.lower() in (p.lower(), called.lower())]
    if not meant:
        near = nearest(typed, list(known))
        words = echo(typed[:60], case.request.room)
        if near is None:
            return [case.answer(case.say("There is no partner {typed}. /who shows them.", typed=words))]
        suggestion = name(book, reader, near)
        return [
            case.answer(case.say("There is no partner {typed}. Did you mean {near}?", typed=words, near=suggestion))
        ]
    choices = _choices(case, case.incident.alerts[identifier])
    first, _, last = rest.strip().rpartition(" ")
    choice = choice_in(last, choices)
    if choice is None:
        return calls.by_phone(case, identifier, meant[0], rest.strip(), choices[0])
    return calls.by_phone(case, identifier, meant[0], first.strip(), choice)


# --- an answer -------------------------------------------------------------------------------------------------------


def _acknowledge(case: Case, identifier: str, issued: Issued, choice: str) -> list[Effect]:
    assert case.book is not None and case.incident is not None and case.actor.partner is not None
    partner = case.actor.partner
    if _is_said(case, issued, choice):
        return [_already(case, identifier, issued)] if case.request.via == "command" else []
    before = _own(case, issued)
    facts: list[Fact] = []
    if before is not None and not issued.expired and case.now - before.at <= UNDO:
        facts.append(AnswerUndone(identifier, partner, case.actor.person, before.choice))
    facts.append(
        Acknowledged(
            identifier,
            partner,
            case.actor.person,
            case.request.room,
            choice,
            case.request.via,
            late=issued.expired,
        )
    )
    effects: list[Effect] = [case.record(fact) for fact in facts]
    if issued.expired:
        return [*effects, *cards.touched(case.incident, identifier, case.now), _too_late(case, issued, choice)]
    later = after(case.world, case.incident.id, facts, case.now).incidents[case.incident.id]
    if partner not in waits(case.book, later, identifier, case.world.who):
        effects += escalation.stopped(identifier, partner)
    effects += cards.touched(case.incident, identifier, case.now)
    effects.append(_noted(case, identifier, choice, changed=len(facts) > 1))
    stood = answer_of(issued.answers.get(partner, ()))
    if choice == "cannot" or (choice == "acting" and stood is not None and stood.choice == "cannot"):
        effects += _tell_lead(case, identifier, issued, choice)
    return effects


def _own(case: Case, issued: Issued) -> Answer | None:
    """The person's own last answer here, if they gave one."""
    answers = issued.answers.get(str(case.actor.partner), ())
    own = [answer for answer in answers if answer.person == case.actor.person and answer.via != "phone"]
    return own[-1] if own else None


def _is_said(case: Case, issued: Issued, choice: str) -> bool:
    """Whether this person has said just that, and nobody of the partner anything else since."""
    answers = issued.answers.get(str(case.actor.partner), ())
    for answer in reversed(answers):
        if answer.choice != choice:
            return False
        if answer.person == case.actor.person:
            return True
    return False


def _noted(case: Case, identifier: str, choice: str, *, changed: bool) -> Effect:
    assert case.book is not None and case.actor.partner is not None
    parts = {
        "time": clock(case.book, case.now),
        "partner": name(case.book, case.reader, case.actor.partner),
        "choice": strong(case.say(WORDS[choice])),
        "alert": short_id(identifier),
    }
    words = (
        case.say("Changed {time}: {partner} · {choice} · {alert}", **parts)
        if changed
        else case.say("Noted {time}: {partner} · {choice} · {alert}", **parts)
    )
    return case.answer(words, [[_undo_tap(case, identifier)]], about=identifier)


def _undo_tap(case: Case, identifier: str) -> Tap:
    return case.tap("Undo", f"/ack {identifier} undo", "↩️")


def _already(case: Case, identifier: str, issued: Issued) -> Effect:
    """What is noted already, with what else could be said."""
    own = _own(case, issued)
    answers = issued.answers.get(str(case.actor.partner), ())
    said = own or (answers[-1] if answers else None)
    assert said is not None
    words = case.say(
        "Already noted: {alert} · {choice}.", alert=short_id(identifier), choice=case.say(WORDS[said.choice])
    )
    others = [choice for choice in _choices(case, issued) if choice != said.choice]
    return case.answer(words, taps_for(case.reader.languages, identifier, others) if others else (), about=identifier)


def _too_late(case: Case, issued: Issued, choice: str) -> Effect:
    """What is over, since when, and what stands in its place, as far as this partner was shown that."""
    assert case.book is not None and case.incident is not None
    book, languages = case.book, case.reader.languages
    how = over_words(case.incident, issued, languages, lambda at: moment(book, at, case.now, languages))
    assert how is not None
    lines = [case.say("{alert}: {over}.", alert=short_id(issued.fact.alert), over=how)]
    lines.append(case.say("Your answer is noted as late: {choice}.", choice=case.say(WORDS[choice])))
    instead = issued.superseded_by
    newer = case.incident.alerts.get(instead) if instead is not None else None
    if newer is None or instead is None or newer.expired or not newer.shown_to(case.actor.partner):
        return case.answer(glue(lines), about=issued.fact.alert)
    lines.append(case.say("{alert} stands in its place. What is your answer to that?", alert=short_id(instead)))
    return case.answer(glue(lines), taps_for(languages, instead, _choices(case, newer)), about=instead)


# --- taking it back --------------------------------------------------------------------------------------------------


def _undo(case: Case, identifier: str, issued: Issued) -> list[Effect]:
    assert case.book is not None and case.incident is not None and case.actor.partner is not None
    partner, last = case.actor.partner, _own(case, issued)
    alert = short_id(identifier)
    if last is None:
        return [case.answer(case.say("There is no answer of yours to {alert} to take back.", alert=alert))]
    taps = taps_for(case.reader.languages, identifier, _choices(case, issued))
    if case.now - last.at > UNDO:
        said = case.say(WORDS[last.choice])
        words = case.say("{alert} · {choice} stays noted: it was too long ago.", alert=alert, choice=said)
        if issued.expired:
            return [case.answer(words, about=identifier)]
        return [case.answer(glue([words, case.say("You can add another answer:")]), taps, about=identifier)]
    fact = AnswerUndone(identifier, partner, case.actor.person, last.choice)
    effects: list[Effect] = [case.record(fact)]
    world = after(case.world, case.incident.id, [fact], case.now)
    later = world.incidents[case.incident.id]
    waited, waiting = (waits(case.book, one, identifier, world.who) for one in (case.incident, later))
    if partner in waiting and partner not in waited:
        effects += escalation.begun(world, later, identifier, partner, case.now)
        if counted_from(waiting[partner]) is None:
            effects += asked(later, identifier, within(case.book, later, identifier), (partner,), case.now)
    effects += cards.touched(case.incident, identifier, case.now)
    words = case.say("Taken back: {alert} · {choice}.", alert=alert, choice=case.say(WORDS[last.choice]))
    if not issued.expired:
        words = glue([words, case.say("What is your answer?")])
    replaces = case.request.message if case.request.via == "button" else None
    effects.append(case.answer(words, taps if not issued.expired else (), about=identifier, replaces=replaces))
    if last.choice == "cannot" and not issued.expired:
        effects += _tell_lead(case, identifier, issued, None)
    return effects


# --- for the lead ----------------------------------------------------------------------------------------------------


def _tell_lead(case: Case, identifier: str, issued: Issued, choice: str | None) -> list[Effect]:
    """That a partner cannot act, with the number to ring; or that it can after all (None: it took that back)."""
    assert case.incident is not None
    return tell_lead_of(
        case.world,
        case.incident,
        issued.fact.partner,
        case.now,
        lambda reader: _news(case, reader, identifier, choice),
        about=identifier,
    )


def _news(case: Case, reader: Reader, identifier: str, choice: str | None) -> Cleared | None:
    assert case.book is not None and case.actor.partner is not None
    partner = case.actor.partner
    if not listed(case.book, reader, partner):
        return None
    parts = {
        "partner": name(case.book, reader, partner),
        "alert": short_id(identifier),
        "time": clock(case.book, case.now),
    }
    if choice == "cannot":
        number = phone(case.book, reader, partner)
        return say(reader.languages, "<b>{partner} cannot act on {alert}</b> ({time}). {phone}", **parts, phone=number)
    if choice is None:
        return say(reader.languages, "{partner} took back that it cannot act on {alert} ({time}).", **parts)
    return say(reader.languages, "{partner} is acting on {alert} after all ({time}).", **parts)
