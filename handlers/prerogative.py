"""Whose alert it is: the refusal that says whose, with the rule, and one tap to ask them."""

from __future__ import annotations

from collections.abc import Mapping

from handlers.case import Case, room_reader
from handlers.taps import Choice, button, parted
from handlers.texts import say
from handlers.world import rooms_for
from playbooks import mandate
from playbooks.audience import place_field
from playbooks.cleared import Cleared, clock, figure, glue, listed, name, phone, quote, strong
from playbooks.values import Place, Value
from storage.effects import Effect, Send, Urgency
from storage.facts import AskedToIssue


def refusal(
    case: Case,
    template: str,
    values: Mapping[str, Value | None],
    command: str,
    partner: str | None = None,
    *,
    kept: str | None = None,
) -> list[Effect] | None:
    """Why this person may not issue this alert now, recorded and said; None: they may. ``kept``: the draft with what they wrote."""
    assert case.book is not None
    partner = partner or case.actor.partner
    if partner is None:
        return case.refuse(
            case.say("Not sent: this chat belongs to no partner. Please write in your partner's room."),
            command,
            "no-partner",
        )
    where = place_field(case.book, case.book.playbook.alerts[template])
    value = values.get(where) if where else None
    place = value if isinstance(value, Place) else None
    verdict = mandate.may_issue(case.book, case.so, template, partner, place)
    if isinstance(verdict, mandate.NotMandated):
        return _not_theirs(case, template, verdict, command, kept)
    if not case.actor.may_issue:
        line = case.say(
            "Not sent. Only liaisons, officials and coordinators of {partner} may issue alerts. One of them can enrol you with /invite.",
            partner=name(case.book, case.reader, partner),
        )
        return case.refuse(line, command, "role")
    return None


def _not_theirs(
    case: Case, template: str, verdict: mandate.NotMandated, command: str, kept: str | None
) -> list[Effect]:
    assert case.book is not None
    whose = [p for p in verdict.whose if listed(case.book, case.reader, p)]
    title, line = strong(case.title(template)), figure(verdict.line)
    names = glue([name(case.book, case.reader, p) for p in whose], " · ")
    if verdict.why == "no-such-place":
        words = case.say(
            "Not sent. I cannot tell on whose ground that is. Name one of the playbook's areas, or share a location."
        )
    elif verdict.why == "not-their-ground" and whose:
        words = case.say(
            "Not sent. {title} there belongs to {partners}: it is not your ground (playbook line {line}).",
            title=title, partners=names, line=line,
        )  # fmt: skip
    elif whose:
        words = case.say(
            "Not sent. {title} belongs to {partners} (playbook line {line}).", title=title, partners=names, line=line
        )
    else:
        words = case.say("Not sent. {title} is not yours to issue (playbook line {line}).", title=title, line=line)
    lines: list[Cleared] = [words]
    if verdict.when_danger and not case.so.danger:
        lines.append(_once_declared(case))
    taps: list[list[Choice]] = [[_asking(case, template, whose, kept)]] if whose else []
    return case.refuse(glue(lines), command, verdict.why, verdict.line, taps)


def _asking(case: Case, template: str, whose: list[str], kept: str | None) -> Choice:
    """One tap to ask them: to send what was written, else to prepare it."""
    assert case.book is not None
    if kept is None:
        return case.choice("Ask now", f"/ask {template}", "🙏")
    if len(whose) > 1:
        return case.tap("Ask them to send it", f"/ask {kept}", "🙏")
    return case.tap("Ask {partner} to send it", f"/ask {kept}", "🙏", partner=name(case.book, case.reader, whose[0]))


def asks(effects: list[Effect], draft: str) -> bool:
    """Whether a refusal offers to ask others to send this draft."""
    sends = (effect for effect in effects if isinstance(effect, Send))
    return any(tap.command == f"/ask {draft}" for send in sends for row in send.taps for tap in row)


def _once_declared(case: Case) -> Cleared:
    """That danger would give the power, and who can declare it: they themselves, or else who."""
    assert case.book is not None
    declarers = mandate.declarers(case.book, case.so)
    if case.actor.partner in declarers:
        return case.say("Once you declare imminent danger (/danger REASON), you may issue it yourselves.")
    known = [name(case.book, case.reader, p) for p in declarers if listed(case.book, case.reader, p)]
    return case.say(
        "Once imminent danger is declared (/danger, by {partners}), you may issue it yourselves.",
        partners=glue(known, ", "),
    )


def ask(case: Case, arguments: str) -> list[Effect]:
    """``/ask TEMPLATE``: ask the partners whose alert it is to issue it."""
    assert case.book is not None and case.incident is not None
    template = arguments.strip().partition(" ")[0].lower()
    if template not in case.book.playbook.alerts or case.actor.partner is None:
        return [case.answer(case.say("There is no such alert. /alert alone shows them."))]
    whose = mandate.owners(case.book, case.so, template, None)
    effects: list[Effect] = [case.record(AskedToIssue(template, case.actor.person, case.actor.partner, tuple(whose)))]
    asked: list[Cleared] = []
    for partner in whose:
        for binding in rooms_for(case.world, case.incident, partner, "alerts"):
            reader = room_reader(case.world, case.book, binding.room, partner)
            words = say(
                reader.languages,
                "{partner} asks you to issue {title} ({time}).",
                partner=name(case.book, reader, case.actor.partner),
                title=strong(quote(case.book, reader, case.book.playbook.alerts[template].title)),
                time=clock(case.book, case.now),
            )
            prepare = say(reader.languages, "Prepare it")
            taps, written = parted([[button(reader.languages, binding.room, prepare, f"/alert {template}", "🔔")]])
            words = glue([words, *written])
            effects.append(
                Send(case.stream, binding.room, words, Urgency.PROMPT, partner=partner, taps=taps, loud=True)
            )
        if listed(case.book, case.reader, partner):
            number = phone(case.book, case.reader, partner)
            asked.append(case.say("{partner} {phone}", partner=name(case.book, case.reader, partner), phone=number))
    if not asked:
        return [*effects, case.answer(case.say("Nobody could be asked here. Please ring the lead."))]
    return [*effects, case.answer(case.say("Asked: {partners}.", partners=glue(asked, " · ")))]
