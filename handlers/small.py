"""Commands of a few lines: /note, /lang, /close, /log."""

from __future__ import annotations

from handlers import cards, posting
from handlers.case import Case, room_reader
from handlers.moments import moment
from handlers.texts import COMPLETE, say
from handlers.waiting import waits
from handlers.world import bound_for
from playbooks.cleared import clock, code, echo, glue, listed, quote, short_id
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
    """``/close [reason]``: close, and tell everyone; without a reason it asks first while an alert waits for answers."""
    assert case.book is not None and case.incident is not None
    identifier = case.incident.id
    words = [word for word in arguments.split() if word.upper() != identifier]
    waiting = sum(1 for about in case.incident.alerts if _waits(case, about))
    if not words and waiting:
        asked = case.says(
            "Close {incident}? {count} alert still waits for answers.",
            "Close {incident}? {count} alerts still wait for answers.",
            waiting,
            incident=short_id(identifier),
        )
        return [case.answer(asked, [[case.tap("Close it", f"/close {identifier} yes", "✅")]])]
    agreed_to = words[:1] and words[0].lower() in _YES
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


def _waits(case: Case, about: str) -> bool:
    """Whether an alert waits for the answer of some partner of whom this reader may know."""
    assert case.book is not None and case.incident is not None
    silent = waits(case.book, case.incident, about, case.world.who)
    return any(listed(case.book, case.reader, partner) for partner in silent)


def log(case: Case, arguments: str) -> list[Effect]:
    """``/log [reason]``: how large the log is and who reads it; the reading is itself recorded."""
    assert case.incident is not None
    assert case.book is not None
    opened = moment(case.book, case.incident.opened_at, case.now, case.reader.languages)
    fact = LogRead(case.actor.person, case.actor.partner, arguments.strip() or None, case.incident.size)
    lines = [
        case.says(
            "The log of {incident} has {count} entry.",
            "The log of {incident} has {count} entries.",
            case.incident.size,
            incident=short_id(case.incident.id),
        ),
        case.say("Open since {time}.", time=opened),
        case.says("{count} alert issued", "{count} alerts issued", _visible(case)),
        case.say("A copy that can be verified: {command}", command=code(echo("/export because …", case.request.room))),
        case.say("This reading is recorded."),
    ]
    return [case.record(fact), case.answer(glue(lines))]


def _visible(case: Case) -> int:
    """The alerts that this reader was shown."""
    assert case.incident is not None
    partner = case.actor.partner
    return sum(1 for issued in case.incident.alerts.values() if issued.shown_to(partner))
