"""/rollcall: is everybody safe? And /safe: I am, or one of us is, or needs help."""

from __future__ import annotations

from collections.abc import Sequence

from handlers import checkin_words, gates, help_wanted, rollcall_card, rollcalls
from handlers.accounted import HELP, SAFE, Names, partner_of
from handlers.case import Case
from handlers.checkin import END, sees_from
from handlers.colleagues import close_to, colleagues, meant
from handlers.command import nearest, short_ids
from handlers.persons import in_private
from handlers.taps import Choice
from playbooks.cleared import Cleared, clock, colleague, echo, glue, listed, name, phone, short_id
from playbooks.guests import present
from storage.deployment import PersonOnFile
from storage.effects import Effect, Urgency
from storage.facts import PersonAccounted
from storage.incident import RollCall

ALL = frozenset(("all", "everyone", "everybody", "tous", "alle", "allen", "iedereen", "tutti", "todos"))
_FINE = frozenset(("safe", "ok", "fine", "sauf", "sauve", "veilig", "sicher", "al", "salvo", "salva", "✅"))
"""What people write for being safe. The name of a person is looked for first."""
LONGEST_WORDS = 500


# --- asking --------------------------------------------------------------------------------------------------------------


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/rollcall``, ``/rollcall PARTNER|all [again]``, ``/rollcall R-5 [end]``."""
    assert case.book is not None and case.incident is not None
    words = arguments.lower().split()
    named = [one for one in short_ids(arguments) if one.startswith("R-")]
    ending = any(word in END for word in words)
    if named or ending:
        running = [i for i, call in case.incident.rollcalls.items() if call.ended is None and _theirs(case, call)]
        identifier = named[0] if named else (running[0] if len(running) == 1 else "")
        if identifier not in case.incident.rollcalls:
            return [case.answer(case.say("There is no such roll call here. /rollcall shows what is going on."))]
        return _end(case, identifier) if ending else _shown(case, identifier)
    if not words:
        return _choose(case)
    if words[0] in ALL:
        return _begin(case, None, again="again" in words)
    known = [p for p in case.book.playbook.partners if listed(case.book, case.reader, p) and present(case.book, p)]
    if words[0] in known:
        return _begin(case, words[0], again="again" in words)
    near, typed = nearest(words[0], known), echo(words[0][:60], case.request.room)
    if near is None:
        return [case.answer(case.say("There is no partner {typed}. /who lists them.", typed=typed))]
    who = name(case.book, case.reader, near)
    taps = [[case.choice("Call {partner}", f"/rollcall {near}", "✅", partner=who)]]
    return [
        case.answer(case.say("There is no partner {typed}. Did you mean {partner}?", typed=typed, partner=who), taps)
    ]


def _theirs(case: Case, call: RollCall) -> bool:
    """Whether it is theirs to ask, and to end: whoever leads and coordinators, and a partner's own people for its own."""
    own = call.fact.partner is not None and call.fact.partner == case.actor.partner
    return gates.conducts(case) or (own and gates.calls_own(case)) or call.fact.person == case.actor.person


def _choose(case: Case) -> list[Effect]:
    assert case.book is not None and case.incident is not None
    if not (gates.conducts(case) or gates.calls_own(case)):
        return _may_not(case)
    taps: list[list[Choice]] = []
    partner = case.actor.partner
    if partner is not None:
        who = name(case.book, case.reader, partner)
        taps.append([case.choice("Call {partner}", f"/rollcall {partner}", "1️⃣", partner=who)])
    if gates.conducts(case):
        taps.append([case.tap("Call everybody", "/rollcall all", "2️⃣")])
    for identifier, call in case.incident.rollcalls.items():
        if call.ended is None and _theirs(case, call):
            rollcall = short_id(identifier)
            taps.append(
                [
                    case.tap("How {rollcall} stands", f"/rollcall {identifier}", "🔎", rollcall=rollcall),
                    case.tap("End {rollcall}", f"/rollcall {identifier} end", "⏹️", rollcall=rollcall),
                ]
            )
    return [case.answer(case.say("Call whom, to hear whether they are safe?"), taps, urgency=Urgency.PROMPT)]


def _may_not(case: Case) -> list[Effect]:
    words = case.say(
        "Not done. Roll calls are held by whoever leads and by coordinators; liaisons and officials call their own partner's people."
    )
    return case.refuse(words, "/rollcall", "role")


def _begin(case: Case, partner: str | None, *, again: bool) -> list[Effect]:
    assert case.book is not None and case.incident is not None
    if not (gates.conducts(case) or (partner == case.actor.partner and partner is not None and gates.calls_own(case))):
        return _may_not(case)
    running = [i for i, one in case.incident.rollcalls.items() if one.ended is None and one.fact.partner == partner]
    if running and not again:
        rollcall = short_id(running[-1])
        taps = [
            [
                case.tap("How {rollcall} stands", f"/rollcall {running[-1]}", "🔎", rollcall=rollcall),
                case.choice("Call again", f"/rollcall {partner or 'all'} again", "🔁"),
            ]
        ]
        return [case.answer(case.say("{rollcall} is going on already.", rollcall=rollcall), taps)]
    if partner is not None and not in_private(case.world, case.incident, partner):
        who = name(case.book, case.reader, partner)
        return [case.answer(case.say("{partner} takes no part in this exercise.", partner=who))]
    everyone = [p for p in case.book.playbook.partners if present(case.book, p)]
    partners = [partner] if partner is not None else [p for p in everyone if in_private(case.world, case.incident, p)]
    persons = [one for each in partners for one in colleagues(case.world, each)]
    nobody = [p for p in partners if not colleagues(case.world, p) and listed(case.book, case.reader, p)]
    lines = []
    if nobody:
        names = glue([name(case.book, case.reader, p) for p in nobody], " · ")
        lines.append(
            case.say("Nobody is enrolled, so nobody is called, of: {partners}. /invite enrols people.", partners=names)
        )
    if not persons:
        return [case.answer(glue(lines) if lines else case.say("Nobody is enrolled. /invite enrols people."))]
    asker = (case.actor.person, case.actor.partner, case.request.room)
    world, effects = rollcalls.begin(case.world, case.incident, partner, persons, asker, case.now)
    incident = world.incidents[case.incident.id]
    identifier = list(incident.rollcalls)[-1]
    sees, room = sees_from(case)
    known = (
        Names(world, incident, incident.rollcalls[identifier], case.reader, room, case.now).partners() if sees else []
    )
    begun = case.says(
        "{rollcall}: {count} person is called.",
        "{rollcall}: {count} persons are called.",
        sum(one.everybody for one in known),
        rollcall=short_id(identifier),
    )
    return [*effects, case.answer(glue([begun, *lines]), about=identifier)]


def _shown(case: Case, identifier: str) -> list[Effect]:
    assert case.incident is not None
    sees, room = sees_from(case)
    told = None
    if sees:
        told = rollcall_card.render(case.world, case.incident, identifier, case.reader, room, case.now)
    if told is None:
        told = case.say("There is no such roll call here. /rollcall shows what is going on.")
    return [case.answer(told, about=identifier)]


def _end(case: Case, identifier: str) -> list[Effect]:
    assert case.incident is not None
    call, rollcall = case.incident.rollcalls[identifier], short_id(identifier)
    if not _theirs(case, call):
        return _may_not(case)
    if call.ended is not None:
        return [case.answer(case.say("{rollcall} is over.", rollcall=rollcall))]
    effects = rollcalls.ended(case.world, case.incident, identifier, "person", case.actor.person, case.now)
    return [*effects, case.answer(case.say("{rollcall} is over: nobody is called any more.", rollcall=rollcall))]


# --- answering -----------------------------------------------------------------------------------------------------------


def safe(case: Case, arguments: str) -> list[Effect]:
    """``/safe``, ``/safe help WORDS``, ``/safe NAME``, ``/safe NAME help WORDS``; with R-5 in front for one of several."""
    assert case.book is not None and case.incident is not None
    if case.actor.partner is None:
        words = case.say("This chat belongs to no partner. Please answer in your partner's room.")
        return case.refuse(words, "/safe", "no-partner")
    first, _, rest = arguments.strip().partition(" ")
    named = [one for one in short_ids(first) if one.startswith("R-")]
    typed = rest.strip() if named else arguments.strip()
    about = case.request.about.about if case.request.about is not None else None
    calls = {i: call for i, call in case.incident.rollcalls.items() if call.ended is None or i in (*named, about)}
    if named:
        calls = {i: call for i, call in calls.items() if i == named[0]}
    if not calls:
        return [case.answer(case.say("No roll call is going on here."))]
    who, state, more = _read(typed)
    return _account(case, calls, who, state, more[:LONGEST_WORDS])


def _read(typed: str) -> tuple[str, str, str]:
    """Whose name was typed (``""``: their own), whether they need help, and what else was said."""
    found = checkin_words.apart(typed, HELP)
    if found is not None:
        return _without_fine(found[0]), HELP, found[1]
    return _without_fine(typed), SAFE, ""


def _without_fine(words: str) -> str:
    kept = words.split()
    while kept and kept[-1].casefold().strip(".!") in _FINE:
        kept.pop()
    return " ".join(kept)


def _account(case: Case, calls: dict[str, RollCall], who: str, state: str, words: str) -> list[Effect]:
    assert case.book is not None and case.incident is not None and case.actor.partner is not None
    partner = case.actor.partner
    if who:
        found = _whom(case, calls, who, state)
        if not isinstance(found, PersonOnFile):
            return found
        person, known_as = found.id, found.name
    else:
        person, known_as = case.actor.person, case.actor.name
    listed_in = [i for i, call in calls.items() if person in call.fact.persons or person in call.accounted]
    if not listed_in and state != HELP:
        return [
            case.answer(
                case.say("You are on no list of this roll call. It has everybody who was enrolled when it began.")
            )
        ]
    told = [i for i in listed_in if _is_new(calls[i], person, state, words)] if listed_in else [next(reversed(calls))]
    shown = colleague(case.reader, partner, known_as) if who else None
    if state != HELP and not _may_say_safe(case, [calls[i] for i in told], person):
        not_theirs = case.say(
            "Not noted: {person} asked for help. Only they themselves, or a liaison or official of {partner}, may say that it is over.",
            person=colleague(case.reader, partner, known_as),
            partner=name(case.book, case.reader, partner),
        )
        return case.refuse(not_theirs, "/safe", "needs-help")
    if not told:
        return [] if case.request.via != "command" else [case.answer(_noted(case, shown, state, listed_in[0]))]
    facts = [
        PersonAccounted(
            i,
            person,
            partner_of(calls[i], person) or partner,
            case.actor.person,
            state,
            words or None,
            case.request.via,
            None if person in calls[i].fact.persons else known_as,
        )
        for i in told
    ]
    effects = rollcalls.account(case.world, case.incident, facts, case.now)
    # In a room the list says it; thirty people would fill it with thirty messages.
    if case.request.via in ("button", "reaction") and not case.request.private and state == SAFE:
        return effects
    return [*effects, case.answer(_noted(case, shown, state, told[0]), about=told[0])]


def _is_new(call: RollCall, person: str, state: str, words: str) -> bool:
    known = call.accounted.get(person)
    return known is None or known.state != state or bool(words and words != known.words)


def _may_say_safe(case: Case, calls: Sequence[RollCall], person: str) -> bool:
    """Whether somebody may say that who asked for help is safe: nobody's call for help is taken from them."""
    needed = any(call.accounted[person].state == HELP for call in calls if person in call.accounted)
    return not needed or person == case.actor.person or bool(case.actor.roles & {"liaison", "official"})


def _noted(case: Case, who: Cleared | None, state: str, identifier: str) -> Cleared:
    time = clock(case.book, case.now)
    if state != HELP:
        return (
            case.say("Noted {time}: {person} is safe.", time=time, person=who)
            if who is not None
            else case.say("Noted {time}: you are safe. Thank you.", time=time)
        )
    noted = (
        case.say("Noted {time}: {person} needs help.", time=time, person=who)
        if who is not None
        else case.say("Noted {time}: you need help.", time=time)
    )
    lines = [noted, *_who_was_told(case, identifier)]
    if who is None:
        lines.append(case.say("Say more: reply to this message."))
    return glue(lines)


def _who_was_told(case: Case, identifier: str) -> list[Cleared]:
    """Who has heard a call for help; and whom to ring, where nobody who leads may be told of it."""
    assert case.book is not None and case.incident is not None and case.actor.partner is not None
    book, reader, partner = case.book, case.reader, case.actor.partner
    heard = [one.partner for one, _ in rollcalls.hears(case.world, case.incident, identifier, partner, case.now)]
    lead = help_wanted.leads_for(book, case.so, partner)
    leads = [p for p in lead if p != partner and listed(book, reader, p)]
    own = [case.say("your partner")] if partner in heard else []
    desks = [case.say("the coordinators")] if None in heard else []
    told = [*own, *(name(book, reader, p) for p in leads if p in heard), *desks]
    lines = [case.say("Told at once: {partners}.", partners=glue(told, " · "))] if told else []
    if leads and not any(p in heard for p in leads):
        numbers = [glue([name(book, reader, p), phone(book, reader, p)], " ") for p in leads]
        lines.append(
            case.say("<b>I may not show them this. Please ring:</b> {partners}", partners=glue(numbers, " · "))
        )
    elif not told:
        lines.append(case.say("<b>Nobody could be told. Please ring whoever can help.</b>"))
    return lines


def _whom(case: Case, calls: dict[str, RollCall], who: str, state: str) -> PersonOnFile | list[Effect]:
    """The colleague who is meant, on one of the lists; else what to ask."""
    assert case.actor.partner is not None
    everyone = dict.fromkeys(
        person
        for call in calls.values()
        for person in call.fact.persons
        if partner_of(call, person) == case.actor.partner
    )
    people = [case.world.who.people[person] for person in everyone if person in case.world.who.people]
    found = meant(people, who)
    if len(found) == 1:
        return found[0]
    near = close_to(people, who) if not found else None
    offered = found or ([near] if near is not None else [])
    tail = f" {HELP}" if state == HELP else ""
    taps = [
        [
            case.tap(
                "{person}", f"/safe {one.id}{tail}", f"{n}️⃣", person=colleague(case.reader, case.actor.partner, one.name)
            )
        ]
        for n, one in enumerate(offered[:9], 1)
    ]
    typed = echo(who[:60], case.request.room)
    if not offered:
        return [case.answer(case.say("Nobody of yours called {typed} is on the list.", typed=typed))]
    return [case.answer(case.say("Whom do you mean by {typed}?", typed=typed), taps)]


def replied(case: Case, identifier: str) -> list[Effect]:
    """A reply to a question of a roll call: that one is safe, or needs help; and what help, once that is said."""
    assert case.incident is not None
    call, person = case.incident.rollcalls[identifier], case.actor.person
    text = case.request.text.strip()
    known = call.accounted.get(person)
    if checkin_words.answer_in(text, (HELP,)) is not None:
        return safe(case, f"{identifier} {text}")
    if text.casefold().strip(" .!") in _FINE:
        return safe(case, f"{identifier}")
    if known is not None and known.state == HELP:
        return safe(case, f"{identifier} {HELP} {text}")
    return []


def spoken(case: Case) -> list[Effect]:
    """Words in a private chat that answer nothing of ours, where a roll call waits for whoever wrote them."""
    assert case.incident is not None
    waiting = [
        i for i, one in case.incident.rollcalls.items() if one.ended is None and case.actor.person in one.missing
    ]
    return replied(case, waiting[-1]) if waiting and case.actor.partner is not None else []


def spoken_again(case: Case) -> list[Effect]:
    """The same where a real roll call that goes on has heard of them already."""
    assert case.incident is not None
    if case.incident.opened.exercise or case.actor.partner is None:
        return []
    calls = case.incident.rollcalls.items()
    on_list = [i for i, one in calls if one.ended is None and case.actor.person in one.fact.persons]
    return replied(case, on_list[-1]) if on_list else []
