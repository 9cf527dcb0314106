"""Commands of a few lines: /note, /lang, /close, /log."""

from __future__ import annotations

from handlers import cards, posting
from handlers.auditing import sees_all
from handlers.case import Case, room_reader
from handlers.command import BECAUSE
from handlers.moments import moment
from handlers.status import watching
from handlers.texts import COMPLETE, say
from handlers.waiting import waits
from handlers.world import bound_for
from playbooks.cleared import Cleared, clock, code, echo, glue, listed, quote, short_id
from storage.effects import Effect, Record, Send, Urgency
from storage.facts import DEPLOYMENT, IncidentClosed, LanguageChosen, LogRead, NoteAdded

_ROOM = frozenset(("room", "salon", "groupe", "groep", "raum", "stanza", "gruppo", "sala", "grupo"))
"""What people call a room, in the languages that the bot speaks."""
_YES = frozenset(("yes", "oui", "ja", "sì", "sí"))


def note(case: Case, arguments: str) -> list[Effect]:
    """``/note WORDS``: a remark for the log."""
    if not arguments.strip():
        return [case.answer(case.say("Write what should be noted: /note WORDS."))]
    fact = NoteAdded(case.actor.person, case.actor.partner, case.request.room, arguments.strip())
    return [case.record(fact), case.answer(case.say("Noted in the log, {time}.", time=clock(case.book, case.now)))]


def lang(case: Case, arguments: str) -> list[Effect]:
    """``/lang fr`` for oneself, ``/lang room fr`` for this room."""
    words = arguments.lower().split()
    for_room = bool(words) and words[0] in _ROOM
    wanted = words[-1] if words and words[-1] not in _ROOM else ""
    spoken = dict.fromkeys(
        [*COMPLETE, *(code for book in case.world.shelf.values() for code in book.playbook.languages)]
    )
    if wanted not in spoken:
        taps = [
            [case.tap("English", "/lang en", "🇬🇧"), case.tap("Français", "/lang fr", "🇫🇷")],
            [case.tap("Nederlands", "/lang nl", "🇳🇱"), case.tap("Deutsch", "/lang de", "🇩🇪")],
            [case.tap("Italiano", "/lang it", "🇮🇹"), case.tap("Español", "/lang es", "🇪🇸")],
        ]
        return [case.answer(case.say("Which language? /lang fr for you, /lang room fr for this room."), taps)]
    if for_room and case.actor.partner is None and not case.actor.coordinator:
        return [case.answer(case.say("Only people of this room's partner can choose its language."))]
    who = str(case.request.room) if for_room else case.actor.person
    said = (wanted, *case.reader.languages)
    chosen = say(said, "I speak English to this room now.") if for_room else say(said, "I speak English to you now.")
    if wanted not in COMPLETE:
        chosen = say(
            said,
            "Alerts come in {language} where the playbook has it; my own words may be English.",
            language=echo(wanted, case.request.room),
        )
    return [Record(DEPLOYMENT, LanguageChosen(who, wanted, case.actor.person)), case.answer(chosen)]


def close(case: Case, arguments: str) -> list[Effect]:
    """``/close [reason]``: close, and tell everyone. Without a reason it asks first while alerts wait for answers or somebody is missing in a roll call:
    whoever gives a reason has thought of it."""
    assert case.book is not None and case.incident is not None
    identifier = case.incident.id
    words = [word for word in arguments.split() if word.upper() != identifier]
    agreed_to = bool(words) and words[0].lower() in _YES
    still = [] if words else _still_open(case)
    if still:
        return [case.answer(glue(still), [[case.choice("Close it", f"/close {identifier} yes", "✅")]])]
    reason = " ".join(words[1:] if agreed_to else words) or None
    effects: list[Effect] = [case.record(IncidentClosed(case.actor.person, case.actor.partner, reason))]
    effects += [*cards.touched_all(case.incident, case.now), *posting.soon(case.world, case.book, identifier, case.now)]
    told = False
    for binding in bound_for(case.world, case.book, "alerts", exercise=case.incident.opened.exercise):
        room = binding.room
        told = told or room == case.request.room
        reader = room_reader(case.world, case.book, room, binding.partner)
        said = say(
            reader.languages,
            "<b>{title}</b> is over · {incident}, {time}. Thank you.",
            title=quote(case.book, reader, case.book.playbook.title),
            incident=short_id(identifier),
            time=clock(case.book, case.now),
        )
        effects.append(Send(identifier, room, said, Urgency.PROMPT, partner=binding.partner))
    if not told:
        effects.append(case.answer(case.say("Closed: {incident}.", incident=short_id(identifier))))
    return effects


def _still_open(case: Case) -> list[Cleared]:
    """The question whether to close, and what is open: alerts, roll calls, and the check-ins beside them, which alone are no reason to ask."""
    assert case.incident is not None
    identifier = short_id(case.incident.id)
    alerts = sum(1 for about in case.incident.alerts if _waits(case, about))
    rounds = [short_id(about) for about in case.incident.rounds if _waits(case, about)]
    calls = [short_id(about) for about in case.incident.rollcalls if _misses(case, about)]
    lines = []
    if alerts:
        lines.append(
            case.says(
                "Close {incident}? {count} alert still waits for answers.",
                "Close {incident}? {count} alerts still wait for answers.",
                alerts,
                incident=identifier,
            )
        )
    elif calls:
        lines.append(case.say("Close {incident}?", incident=identifier))
    if lines and rounds:
        lines.append(case.say("Check-ins that still wait for answers: {checkins}", checkins=glue(rounds, ", ")))
    if calls:
        lines.append(
            case.say("Roll calls in which somebody is still missing: {rollcalls}", rollcalls=glue(calls, ", "))
        )
    return lines


def _misses(case: Case, about: str) -> bool:
    """Whether somebody is not accounted for in a roll call, of a partner of which this reader may know."""
    assert case.book is not None and case.incident is not None
    call = case.incident.rollcalls[about]
    whose = {dict(call.fact.persons[person]).get("partner") for person in call.missing}
    known = (partner for partner in case.book.playbook.partners if partner in whose)
    return call.ended is None and any(listed(case.book, case.reader, partner) for partner in known)


def _waits(case: Case, about: str) -> bool:
    """Whether an alert or a check-in waits for the answer of some partner of whom this reader may know."""
    assert case.book is not None and case.incident is not None
    silent = waits(case.book, case.incident, about, case.world.who)
    return any(listed(case.book, case.reader, partner) for partner in silent)


def log(case: Case, arguments: str) -> list[Effect]:
    """``/log [reason]``: how large the log is and who reads it; the reading is itself recorded."""
    assert case.incident is not None
    assert case.book is not None
    opened = moment(case.book, case.incident.opened_at, case.now, case.reader.languages)
    because = BECAUSE.match(arguments.strip())
    reason = because[1].strip() if because is not None else arguments.strip()
    fact = LogRead(case.actor.person, case.actor.partner, reason or None, case.incident.size)
    lines = [
        case.says(
            "The log of {incident} has {count} entry.",
            "The log of {incident} has {count} entries.",
            case.incident.size,
            incident=short_id(case.incident.id),
        ),
        case.say("Open since {time}.", time=opened),
        _alerts(case),
        case.say("A copy that can be verified: {command}", command=code(echo("/export because …", case.request.room))),
        case.say("This reading is recorded."),
    ]
    return [case.record(fact), case.answer(glue(lines))]


def _alerts(case: Case) -> Cleared:
    """How many alerts were issued, to whoever sees all; else of how many this reader may know."""
    assert case.incident is not None
    alerts, partner = case.incident.alerts, case.actor.partner
    if sees_all(case):
        return case.says("{count} alert issued", "{count} alerts issued", len(alerts))
    known = sum(1 for about, issued in alerts.items() if issued.shown_to(partner) or watching(case, about)[0])
    return case.says("{count} alert that you may see", "{count} alerts that you may see", known)
