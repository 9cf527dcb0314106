"""Who is on duty for a partner: /duty take, /duty give PERSON at the change of shift, /duty off, /duty who.

Between crises as within them, and for as many as want to be. Whoever hands over stays on duty until a colleague has taken over.
A partner's own people are named to each other; to others who is on duty is the built-in field ``_presence``, or nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from handlers import outstanding
from handlers.case import Case
from handlers.colleagues import chat_with, close_to, colleagues, meant
from handlers.presence import on_duty, others
from handlers.texts import say
from handlers.world import agreed_room, holds, languages
from playbooks.cleared import Cleared, Reader, clock, colleague, echo, glue, name, short_id
from playbooks.load import Book
from playbooks.rooms import RoomRef
from storage.deployment import PersonOnFile
from storage.effects import Effect, Record, Send, Tap, Urgency
from storage.facts import DEPLOYMENT, DutyLeft, DutyOffered, DutyTaken
from storage.incident import Incident

__all__ = ["decide", "on_duty"]

_MAY = frozenset({"responder", "liaison", "official", "coordinator"})
"""The roles whose people can be on duty: the others only look on."""
_MOST_TAPS = 9


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/duty take``, ``/duty give PERSON``, ``/duty off``, ``/duty who [all]``; what its buttons say: ``over P-3``, ``no P-3``."""
    asked, _, rest = arguments.strip().partition(" ")
    match asked.lower():
        case "" | "who" | "?" | "all":
            return _who(case, "all" in (asked.lower(), rest.strip().lower()))
        case "take" | "on" | "start":
            return _take(case)
        case "give" | "to":
            return _give(case, rest.strip())
        case "off" | "end" | "stop":
            return _off(case)
        case "over":
            return _over(case, rest.strip().upper())
        case "no":
            return _cannot(case, rest.strip().upper())
        case _:
            # "/duty Anna" can only mean one thing.
            return _give(case, arguments.strip())


# --- coming, going, handing over --------------------------------------------------------------------------------------


def _take(case: Case) -> list[Effect]:
    me, partner = _myself(case), case.actor.partner
    if me is None or partner is None:
        return _not_enrolled(case)
    if me.id in on_duty(case.world, partner):
        already = case.say("You are already on duty for {partner}.", partner=_partner(case, partner))
        return [case.answer(already, [_off_tap(case)])]
    others = [one for one in on_duty(case.world, partner) if one != me.id]
    lines = [case.say("You are on duty for {partner} now ({time}).", partner=_partner(case, partner), time=_time(case))]
    if others:
        lines.append(case.say("With you: {names}", names=_names(case, others)))
    lines.append(case.say("/duty give NAME hands over, /duty off ends it."))
    return [Record(DEPLOYMENT, DutyTaken(me.id, partner, None)), case.answer(glue(lines))]


def _off(case: Case) -> list[Effect]:
    me, partner = _myself(case), case.actor.partner
    if me is None or partner is None or me.id not in on_duty(case.world, partner):
        return [case.answer(case.say("You are not on duty."), [_take_tap(case)])]
    rest = [one for one in on_duty(case.world, partner) if one != me.id]
    ended = case.say("You are no longer on duty ({time}).", time=_time(case))
    still = (
        case.say("On duty for {partner}: {names}", partner=_partner(case, partner), names=_names(case, rest))
        if rest
        else case.say("<b>Nobody is on duty for {partner} now.</b>", partner=_partner(case, partner))
    )
    return [Record(DEPLOYMENT, DutyLeft(me.id, partner, None)), case.answer(glue([ended, still]))]


def _give(case: Case, wanted: str) -> list[Effect]:
    me, partner = _myself(case), case.actor.partner
    if me is None or partner is None:
        return _not_enrolled(case)
    if me.id not in on_duty(case.world, partner):
        words = case.say("You are not on duty, so there is nothing to hand over.")
        return [case.answer(words, [_take_tap(case)])]
    people = [one for one in colleagues(case.world, partner) if one.role in _MAY and one.id != me.id]
    about = case.request.about.about if case.request.about is not None else None
    if not wanted and about is not None and about.startswith("P-"):
        wanted = about
    found = meant(people, wanted)
    if len(found) == 1:
        return _offer(case, me, found[0], partner)
    if not people:
        return [case.answer(case.say("Nobody else of {partner} is enrolled.", partner=_partner(case, partner)))]
    if not wanted:
        return [case.answer(case.say("Hand over to whom?"), _choices(case, people), urgency=Urgency.PROMPT)]
    typed = echo(wanted[:60], case.request.room)
    if found:
        return [case.answer(case.say("Several are called {typed}. Which one?", typed=typed), _choices(case, found))]
    near = close_to(people, wanted)
    if near is None:
        words = case.say("I know no {typed} here. Hand over to whom?", typed=typed)
        return [case.answer(words, _choices(case, people))]
    words = case.say("I know no {typed} here. Did you mean {near}?", typed=typed, near=_called(case, near))
    return [case.answer(words, _choices(case, [near]))]


def _offer(case: Case, me: PersonOnFile, to: PersonOnFile, partner: str) -> list[Effect]:
    """Ask a colleague to take over, with what is open; whoever asks stays on duty until they have."""
    world = case.world
    room = chat_with(world, to) or _common_room(case, partner)
    if room is None:
        words = case.say(
            "{person} has no private chat with me and you have no room. Please ring.", person=_called(case, to)
        )
        return [case.answer(words)]
    reader = _reader(case, room, partner, to)
    effects: list[Effect] = [Record(DEPLOYMENT, DutyOffered(me.id, partner, to.id))]
    summaries = _open(case, partner, reader)
    effects += summaries
    spoken = reader.languages
    lines = [
        say(
            spoken,
            "{giver} asks {person} to take over duty for {partner} ({time}).",
            giver=colleague(reader, partner, me.name),
            person=colleague(reader, partner, to.name),
            partner=name(_book(case, partner), reader, partner),
            time=_time(case),
        ),
        say(spoken, "What is open stands above.") if summaries else say(spoken, "Nothing is open."),
        say(spoken, "Until you take over, they stay on duty."),
    ]
    taps = (
        (
            Tap(say(spoken, "Take over"), f"/duty over {me.id}", "✅"),
            Tap(say(spoken, "I cannot"), f"/duty no {me.id}", "❌"),
        ),
    )
    effects.append(
        Send(DEPLOYMENT, room, glue(lines), Urgency.PROMPT, about=me.id, partner=partner, taps=taps, loud=True)
    )
    told = case.say("{person} is asked to take over. Until then you stay on duty.", person=_called(case, to))
    return [*effects, case.answer(told)]


def _over(case: Case, giver: str) -> list[Effect]:
    me, partner = _myself(case), case.actor.partner
    if me is None or partner is None:
        return _not_enrolled(case)
    if (partner, giver, me.id) not in case.world.who.duty_offers:
        if me.id in on_duty(case.world, partner):
            words = case.say("You are already on duty for {partner}.", partner=_partner(case, partner))
            return [case.answer(words, replaces=_tapped(case))]
        return [case.answer(case.say("Nobody hands over to you now."), [_take_tap(case)])]
    before = case.world.who.people.get(giver)
    effects: list[Effect] = []
    if me.id not in on_duty(case.world, partner):
        effects.append(Record(DEPLOYMENT, DutyTaken(me.id, partner, giver)))
    effects.append(Record(DEPLOYMENT, DutyLeft(giver, partner, me.id)))
    words = case.say("You are on duty for {partner} now ({time}).", partner=_partner(case, partner), time=_time(case))
    effects.append(
        case.answer(glue([words, case.say("/duty give NAME hands over, /duty off ends it.")]), replaces=_tapped(case))
    )
    return effects + _tell(case, before, partner, me, taken=True)


def _cannot(case: Case, giver: str) -> list[Effect]:
    me, partner = _myself(case), case.actor.partner
    if me is None or partner is None or (partner, giver, me.id) not in case.world.who.duty_offers:
        return [case.answer(case.say("Nobody hands over to you now."))]
    words = case.say("Noted. They stay on duty, and are told.")
    answer = case.answer(words, replaces=_tapped(case))
    return [answer, *_tell(case, case.world.who.people.get(giver), partner, me, taken=False)]


def _tell(case: Case, giver: PersonOnFile | None, partner: str, me: PersonOnFile, *, taken: bool) -> list[Effect]:
    """Whoever hands over learns what came of it, in private where possible, else in a room of the partner's."""
    room = (chat_with(case.world, giver) if giver is not None else None) or _common_room(case, partner)
    if giver is None or room is None or room == case.request.room:
        return []
    reader = _reader(case, room, partner, giver)
    person, time = colleague(reader, partner, me.name), _time(case)
    words = (
        say(reader.languages, "{person} has taken over ({time}). You are no longer on duty.", person=person, time=time)
        if taken
        else say(reader.languages, "{person} cannot take over. You are still on duty. /duty give NAME", person=person)
    )
    return [Send(DEPLOYMENT, room, words, Urgency.PROMPT, partner=partner)]


# --- what is open, for whoever comes ----------------------------------------------------------------------------------


def _open(case: Case, partner: str, reader: Reader) -> list[Effect]:
    """What is open for the partner, a message for each incident."""
    effects: list[Effect] = []
    for incident in case.world.open:
        if not outstanding.concerns(case.world, incident, partner):
            continue
        if not _may_be_told(case, incident, reader.room):
            continue
        words = outstanding.summary(case.world, incident, partner, reader, case.now)
        if words is not None:
            effects.append(Send(incident.id, reader.room, words, Urgency.PROMPT, partner=partner))
    return effects


def _may_be_told(case: Case, incident: Incident, room: RoomRef) -> bool:
    """Whether an incident belongs in a room: an exercise only into rooms that are for exercises, the real thing into others."""
    binding = case.world.who.binding(incident.playbook, room)
    agreed = agreed_room(case.world.book_of(incident), binding) if binding is not None else None
    return (agreed is not None and agreed.exercises) == incident.opened.exercise


# --- who is ------------------------------------------------------------------------------------------------------------


def _who(case: Case, everything: bool) -> list[Effect]:
    """The own partner's first, by name; ``everything``: then each other partner's, however many there are."""
    partner = case.actor.partner
    lines: list[Cleared] = []
    taps: list[list[Tap]] = []
    if partner is not None:
        here = on_duty(case.world, partner)
        lines.append(
            case.say("On duty for {partner}: {names}", partner=_partner(case, partner), names=_names(case, here))
            if here
            else case.say("Nobody is on duty for {partner}.", partner=_partner(case, partner))
        )
        me = _myself(case)
        if me is not None:
            give = case.tap("Hand over", "/duty give", "🤝")
            taps = [[give, *_off_tap(case)]] if me.id in here else [_take_tap(case)]
    lines += others(case, everything)
    return [case.answer(glue(lines) if lines else case.say("Nobody that you may know of is on duty."), taps)]


# --- small things ------------------------------------------------------------------------------------------------------


def _myself(case: Case) -> PersonOnFile | None:
    """Whoever asks, as a person of the partner they act for who can be on duty."""
    person = case.world.who.person(case.actor.identity)
    own = person is not None and person.partner is not None and person.partner == case.actor.partner
    return person if own and person is not None and person.role in _MAY else None


def _not_enrolled(case: Case) -> list[Effect]:
    words = case.say(
        "Only people enrolled with {partner} can be on duty. Ask for a code: /invite",
        partner=_partner(case, case.actor.partner),
    )
    return case.refuse(words, "/duty", "role")


def _common_room(case: Case, partner: str) -> RoomRef | None:
    """A room of the partner's: the one where this is said, else the first for real incidents."""
    if not case.request.private:
        return case.request.room
    book = _book(case, partner)
    for binding in case.world.who.rooms_of(book.playbook.playbook, partner):
        agreed = agreed_room(book, binding)
        lost = binding.room.chat in case.world.who.lost or binding.room.network in case.world.who.down
        if holds(book, binding) and not lost and not (agreed is not None and agreed.exercises):
            return binding.room
    return None


def _book(case: Case, partner: str) -> Book:
    """A playbook that has the partner."""
    if case.book is not None and partner in case.book.playbook.partners:
        return case.book
    return next(book for book in case.world.shelf.values() if partner in book.playbook.partners)


def _partner(case: Case, partner: str | None) -> Cleared:
    if partner is None:
        return case.say("a partner")
    return name(_book(case, partner), case.reader, partner)


def _reader(case: Case, room: RoomRef, partner: str, person: PersonOnFile) -> Reader:
    """A person of the partner who reads in a room: in their own language where that is their private chat."""
    who, book = case.world.who, _book(case, partner)
    own = [who.languages.get(one) for one in (person.id, *person.identities)] if room in who.direct.values() else []
    spoken = (*filter(None, own), *languages(case.world, book, room, partner))
    return Reader(room, partner, True, tuple(dict.fromkeys(spoken)))


def _time(case: Case) -> Cleared:
    return clock(case.book, case.now)


def _called(case: Case, person: PersonOnFile) -> Cleared:
    return colleague(case.reader, str(person.partner), person.name)


def _names(case: Case, persons: Iterable[str]) -> Cleared:
    return glue([_called(case, case.world.who.people[one]) for one in persons], ", ")


def _choices(case: Case, people: Sequence[PersonOnFile]) -> list[list[Tap]]:
    return [
        [case.tap("{person} ({id})", f"/duty give {one.id}", f"{i}️⃣", person=_called(case, one), id=short_id(one.id))]
        for i, one in enumerate(people[:_MOST_TAPS], 1)
    ]


def _take_tap(case: Case) -> list[Tap]:
    return [case.tap("I am on duty", "/duty take", "✅")]


def _off_tap(case: Case) -> list[Tap]:
    return [case.tap("Go off duty", "/duty off", "👋")]


def _tapped(case: Case) -> str | None:
    """The message whose button was tapped: it becomes the answer, so that nobody taps it again."""
    return case.request.message if case.request.via == "button" else None
