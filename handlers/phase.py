"""/phase: the incident enters another phase. The lead is offered to whom the playbook names there, and the old lead stays until they accept.

What the phases change by themselves needs no word here: sharing rules look at the phase, and what waits to be sent is decided anew
because the epoch grows. What begins with a phase begins in ``entered``: rounds of check-ins, and the duties that officials have.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from handlers import cards, checkins, duties, leading, offers
from handlers.afterwards import after_all
from handlers.case import Case, room_reader
from handlers.command import nearest
from handlers.moments import moment
from handlers.taps import Choice, fits
from handlers.texts import say
from handlers.world import World, bound_for
from playbooks import mandate
from playbooks.cleared import NOTHING, Cleared, Reader, clock, echo, figure, glue, listed, name, quote, short_id
from playbooks.load import Book
from playbooks.selection import Leading
from storage.effects import Effect, Record, Send, Urgency
from storage.facts import LeadEnded, PhaseChanged
from storage.incident import Incident

_TIERS = ("operational", "strategic", None)
_YES = frozenset(("yes", "oui", "ja", "sì", "sí"))


def entered(world: World, incident: Incident, now: datetime) -> list[Effect]:
    """What the beginning of a phase leads to, that of the first included. ``incident`` is in it already."""
    return [*checkins.scheduled(world, incident, now), *duties.shown(world, incident, now)]


# --- asked -------------------------------------------------------------------------------------------------------------


def may_change(case: Case) -> bool:
    """Whoever leads, operationally or strategically, and coordinators."""
    return case.actor.coordinator or any(one.tier in _TIERS for one in leading.may_speak(case))


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/phase``; ``/phase NAME`` asks first; its button says ``NAME yes FROM``."""
    assert case.book is not None and case.incident is not None
    words = arguments.lower().split()
    if not words:
        return [_shown(case)]
    if not may_change(case):
        return _refused(case)
    phases, current = case.book.playbook.phases, case.incident.phase
    wanted = words[0]
    if wanted not in phases:
        return _unknown(case, wanted)
    if wanted == current or (len(words) > 2 and words[2] != current):
        since = moment(case.book, case.incident.phase_since, case.now, case.reader.languages)
        called = quote(case.book, case.reader, current)
        words_ = case.say(
            "{incident} is in phase {phase}, since {time}.",
            incident=short_id(case.incident.id),
            phase=called,
            time=since,
        )
        return [case.answer(words_)]
    if len(words) > 1 and words[1] in _YES:
        return _change(case, wanted)
    return [_confirm(case, wanted)]


def _refused(case: Case) -> list[Effect]:
    assert case.book is not None and case.incident is not None
    who = [p for one in case.incident.leads if one.tier in _TIERS for p in one.partners]
    known = leading.names(case.book, case.reader, dict.fromkeys(who))
    line = case.book.line("phases")
    if case.actor.partner in who and not case.actor.may_issue:
        words = case.say(
            "Not changed. Only liaisons, officials and coordinators of {partner} may do that.",
            partner=name(case.book, case.reader, str(case.actor.partner)),
        )
    elif known is None:
        words = case.say("Not changed. Coordinators may do this (playbook line {line}).", line=figure(line))
    else:
        words = case.say(
            "Not changed. The phase is changed by who leads ({partners}), and by coordinators (playbook line {line}).",
            partners=known,
            line=figure(line),
        )
    return case.refuse(words, "/phase", "not-theirs", line)


def _unknown(case: Case, wanted: str) -> list[Effect]:
    assert case.book is not None and case.incident is not None
    typed = echo(wanted[:60], case.request.room)
    near = nearest(wanted, list(case.book.playbook.phases))
    if near is None:
        shown = _shown(case)
        return [case.answer(glue([case.say("There is no phase {typed}.", typed=typed), shown.body]), shown.taps)]
    called = quote(case.book, case.reader, near)
    words = case.say("There is no phase {typed}. Did you mean {near}?", typed=typed, near=called)
    return [case.answer(words, [[case.choice("{phase}", f"/phase {case.incident.id} {near}", "✅", phase=called)]])]


def _shown(case: Case) -> Send:
    """The phases in their order, with the one that is now, and a button for each other to whom may change it."""
    assert case.book is not None and case.incident is not None
    incident = case.incident
    lines = [case.say("<b>Phases</b> · {incident}", incident=short_id(incident.id))]
    taps: list[list[Choice]] = []
    for index, phase in enumerate(case.book.playbook.phases, 1):
        called = quote(case.book, case.reader, phase)
        if phase == incident.phase:
            since = moment(case.book, incident.phase_since, case.now, case.reader.languages)
            lines.append(case.say("▶ <b>{phase}</b>, since {time}", phase=called, time=since))
            continue
        lines.append(case.say("• {phase}", phase=called))
        command = f"/phase {incident.id} {phase}"
        if may_change(case) and index <= 9:
            taps.append([case.choice("{phase}", command, f"{index}️⃣", phase=called)])
    return case.answer(glue(lines), taps, urgency=Urgency.PROMPT if taps else Urgency.ANSWER)


def _confirm(case: Case, phase: str) -> Send:
    """What the change would do to who leads, before it is made."""
    assert case.book is not None and case.incident is not None
    book, reader, incident = case.book, case.reader, case.incident
    lines = [
        case.say(
            "Change {incident} from {before} to <b>{phase}</b>?",
            incident=short_id(incident.id),
            before=quote(book, reader, incident.phase),
            phase=quote(book, reader, phase),
        )
    ]
    for new in mandate.leads(book, phase, incident.hazard):
        who = leading.names(book, reader, new.partners)
        if (
            who is not None
            and not _stays(incident.leads, new)
            and leading.accountable(incident.leads, leading.place_of(new))
        ):
            reach = leading.reach(book, reader, new.tier, new.jurisdiction)
            lines.append(case.say("The lead ({reach}) is then offered to {partners}.", reach=reach, partners=who))
    lines.append(case.say("Every partner is told."))
    command = f"/phase {incident.id} {phase} yes {incident.phase}"
    if not fits(command):
        command = f"/phase {incident.id} {phase} yes"
    return case.answer(glue(lines), [[case.choice("Change the phase", command, "✅")]], urgency=Urgency.PROMPT)


# --- changed -----------------------------------------------------------------------------------------------------------


def _change(case: Case, phase: str) -> list[Effect]:
    assert case.book is not None and case.incident is not None
    stream, now = case.incident.id, case.now
    fact = PhaseChanged(phase, case.incident.phase, case.actor.person, case.actor.partner)
    effects: list[Effect] = [case.record(fact)]
    for offer in offers.open_offers(case.incident):  # what was offered in the old phase is over with it
        effects += offers.ended(case.world, case.incident, offer, "replaced", now)
    world = after_all(case.world, stream, effects, now)
    rules = mandate.leads(case.book, phase, case.incident.hazard)
    effects += by_rules(world, stream, rules, now, person=case.actor.person, by=case.actor.partner)
    world = after_all(case.world, stream, effects, now)
    incident = world.incidents[stream]
    told = _announced(world, incident, fact, now)
    effects += told
    if case.request.private or not any(send.to == case.request.room for send in told):
        words = case.say(
            "{incident} is in phase {phase} now.", incident=short_id(stream), phase=quote(case.book, case.reader, phase)
        )
        effects.append(case.answer(words))
    return [*effects, *entered(world, incident, now), *cards.touched_all(incident, now)]


def by_rules(
    world: World, stream: str, rules: Sequence[Leading], now: datetime, *, person: str | None, by: str | None
) -> list[Effect]:
    """Who is to lead by these rules: whoever leads already does so by the new rule; to others the lead is offered.

    Where nobody is accountable yet, the first by the rules leads at once: a lead that nobody has cannot be kept by anybody. Leads
    that no rule names any more end as soon as one that covers them is taken.
    """
    effects: list[Effect] = []
    for new in rules:
        later = after_all(world, stream, effects, now)
        incident, book = later.incidents[stream], later.book_of(later.incidents[stream])
        rule = f"{incident.playbook}:{new.rule}"
        now_there = leading.accountable(incident.leads, leading.place_of(new))
        if new in incident.leads:
            continue
        if not now_there or _stays(incident.leads, new):
            effects += offers.taken(later, stream, new, rule, now)
        else:
            lasts = mandate.accept_within(book, new)
            effects += offers.offered(
                later, stream, new, now, why="phase", rule=rule, lasts=lasts, person=person, by=by
            )
    return [*effects, *_covered(after_all(world, stream, effects, now), stream, rules)]


def _stays(leads: Sequence[Leading], new: Leading) -> bool:
    """Whether those who are to lead are those who are accountable there already, all of it."""
    there = leading.accountable(leads, leading.place_of(new))
    return bool(there) and all(set(one.partners) == set(new.partners) and one.decides == new.decides for one in there)


def _covered(world: World, stream: str, rules: Iterable[Leading]) -> list[Effect]:
    """Leads that have no rule any more, where one that covers them is taken already."""
    incident = world.incidents[stream]
    book = world.book_of(incident)
    named = {leading.place_of(one) for one in mandate.leads(book, incident.phase, incident.hazard)}
    taken = {leading.place_of(one) for one in rules if any(_same(one, led) for led in incident.leads)}
    return [
        Record(stream, LeadEnded(one.tier, one.jurisdiction))
        for one in incident.leads
        if (place := leading.place_of(one)) not in named and any(leading.covers(wide, place) for wide in taken)
    ]


def _same(one: Leading, other: Leading) -> bool:
    return leading.place_of(one) == leading.place_of(other) and set(one.partners) == set(other.partners)


def _announced(world: World, incident: Incident, fact: PhaseChanged, now: datetime) -> list[Send]:
    book = world.book_of(incident)
    sends: list[Send] = []
    for binding in bound_for(world, book, "alerts", exercise=incident.opened.exercise):
        reader = room_reader(world, book, binding.room, binding.partner)
        words = glue(_announcement(book, incident, fact, reader, now))
        sends.append(Send(incident.id, binding.room, words, Urgency.PROMPT, about=incident.id, partner=binding.partner))
    return sends


def _announcement(book: Book, incident: Incident, fact: PhaseChanged, reader: Reader, now: datetime) -> list[Cleared]:
    """The new phase, who changed it, who leads in it, and to whom the lead is offered, as far as the reader may know them."""
    said = reader.languages
    lines = [
        say(
            said,
            "<b>New phase: {phase}</b> · {incident}, since {time} (before: {before})",
            phase=quote(book, reader, fact.phase),
            incident=short_id(incident.id),
            time=clock(book, now),
            before=quote(book, reader, fact.before) if fact.before in book.playbook.phases else NOTHING,
        )
    ]
    if fact.partner is not None and listed(book, reader, fact.partner):
        lines.append(say(said, "Changed by {partner}.", partner=name(book, reader, fact.partner)))
    home = book.playbook.partners[str(reader.partner)].jurisdiction
    near = [one for one in incident.leads if one.jurisdiction in (home, None)]
    lines += [known for one in near if (known := leading.in_short(book, reader, one)) is not None]
    offered: list[Cleared] = []
    for offer in offers.open_offers(incident):
        who = leading.names(book, reader, offer.fact.partners)
        if who is not None:
            reach = leading.reach(book, reader, offer.fact.tier, offer.fact.jurisdiction)
            offered.append(say(said, "The lead ({reach}) is offered to {partners}.", reach=reach, partners=who))
    lines += offered
    if offered:
        lines.append(say(said, "Until they accept, who leads now leads on."))
    return lines
