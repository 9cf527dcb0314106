"""/danger: imminent danger to life is declared, by those whom the playbook names, for a limited time, with everyone concerned told."""

from __future__ import annotations

from handlers.case import Case, room_reader
from handlers.moments import moment
from handlers.texts import say
from handlers.world import rooms_for
from playbooks import mandate
from playbooks.cleared import clock, figure, glue, listed, name
from storage.deployment import Binding
from storage.effects import Effect, Send, Unwake, Urgency, Wake
from storage.facts import DangerDeclared, DangerEnded


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/danger REASON``, ``/danger off``."""
    assert case.book is not None and case.incident is not None
    if case.book.playbook.danger is None:
        return [case.answer(case.say("This playbook has no declaration of danger."))]
    partner = case.actor.partner
    line = mandate.may_declare_danger(case.book, case.so, partner) if partner is not None else None
    if partner is None or line is None:
        rule = case.book.line("danger")
        names = [
            name(case.book, case.reader, p)
            for p in mandate.declarers(case.book, case.so)
            if listed(case.book, case.reader, p)
        ]
        words = case.say(
            "Not declared. Danger is declared by {partners} (playbook line {line}).",
            partners=glue(names, " · "),
            line=figure(rule),
        )
        return case.refuse(words, "/danger", "not-theirs", rule)
    if not case.actor.may_issue:
        words = case.say(
            "Not declared. Only liaisons, officials and coordinators of {partner} may declare danger.",
            partner=name(case.book, case.reader, partner),
        )
        return case.refuse(words, "/danger", "role", line)
    if arguments.strip().lower() in ("off", "end", "fin", "ende", "einde"):
        return _off(case)
    if not arguments.strip():
        return [case.answer(case.say("Say why, in a few words: /danger REASON. /danger off ends it."))]
    return _on(case, partner, line, arguments.strip())


def _on(case: Case, partner: str, line: int, reason: str) -> list[Effect]:
    assert case.book is not None and case.incident is not None and case.book.playbook.danger is not None
    until = case.now + case.book.playbook.danger.lasts
    effects: list[Effect] = [
        case.record(DangerDeclared(case.actor.person, partner, reason, until, case.rule(line))),
        Wake(f"danger:{case.incident.id}", case.stream, until, "danger-ends", case.incident.id),
        case.answer(
            case.say(
                "<b>Imminent danger is declared</b> until {time} ({partner}). /danger off ends it.",
                time=moment(case.book, until, case.now, case.reader.languages),
                partner=name(case.book, case.reader, partner),
            )
        ),
    ]
    for told, binding in _told(case, partner):
        reader = room_reader(case.world, case.book, binding.room, told)
        words = say(
            reader.languages,
            "{partner} declared <b>imminent danger to life</b> ({time}), until {until}.",
            partner=name(case.book, reader, partner),
            time=clock(case.book, case.now),
            until=moment(case.book, until, case.now, reader.languages),
        )
        effects.append(Send(case.stream, binding.room, words, Urgency.PROMPT, partner=told, loud=True))
    return effects


def _off(case: Case) -> list[Effect]:
    assert case.book is not None and case.incident is not None
    if not case.so.danger:
        return [case.answer(case.say("No danger is declared."))]
    effects: list[Effect] = [
        case.record(DangerEnded(case.actor.person)),
        Unwake(f"danger:{case.incident.id}"),
        case.answer(case.say("Danger is no longer declared.")),
    ]
    declared = case.incident.danger.partner if case.incident.danger is not None else str(case.actor.partner)
    for told, binding in _told(case, declared):
        reader = room_reader(case.world, case.book, binding.room, told)
        words = say(
            reader.languages,
            "Danger is no longer declared ({partner}, {time}).",
            partner=name(case.book, reader, str(case.actor.partner)),
            time=clock(case.book, case.now),
        )
        effects.append(Send(case.stream, binding.room, words, Urgency.PROMPT, partner=told))
    return effects


def _told(case: Case, declared: str) -> list[tuple[str, Binding]]:
    """The rooms of who declared danger and of those whom the playbook tells of it, but the one where it was said."""
    assert case.book is not None and case.incident is not None and case.book.playbook.danger is not None
    return [
        (told, binding)
        for told in dict.fromkeys(
            (declared, *mandate.chosen(case.book, case.book.playbook.danger.tell, case.so, declared))
        )
        for binding in rooms_for(case.world, case.incident, told, "alerts")
        if binding.room != case.request.room
    ]
