"""Roll calls: every enrolled person of a partner, or of all, is asked whether they are safe, until all are accounted for.

They are asked where they can be reached alone, and in their partner's rooms, where a list is kept up to date: a room is not told
of each of thirty people in a message of its own. Whoever is missing is asked once more after ten minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from handlers import cards, rollcall_card
from handlers.accounted import HELP, Called, Names, called, partner_of
from handlers.afterwards import after
from handlers.case import room_reader
from handlers.coordinators import private_room
from handlers.moments import moment
from handlers.pace import EVERY, free, outrun, rests, settled, tick
from handlers.persons import in_private
from handlers.texts import say
from handlers.watchers import watchers
from handlers.world import World, languages, rooms_for, sight_room
from playbooks.cleared import Cleared, Reader, glue, name, phone, short_id
from playbooks.rooms import RoomRef
from playbooks.sight import Room, coordinator_sees
from storage.deployment import Binding, PersonOnFile
from storage.effects import Effect, Record, Send, Tap, Unwake, Urgency, Wake
from storage.facts import PersonAccounted, RollCallEnded, RollCallStarted
from storage.incident import Incident, RollCall
from storage.store import Deadline

LIST = "rollcall"
"""The role of the list in a partner's rooms."""
REMIND_AFTER = timedelta(minutes=10)


# --- its course ----------------------------------------------------------------------------------------------------------


def begin(
    world: World,
    incident: Incident,
    partner: str | None,
    persons: Sequence[PersonOnFile],
    asker: tuple[str, str | None, RoomRef],
    now: datetime,
) -> tuple[World, list[Effect]]:
    """Ask these persons. ``partner``: of whom they are, None for all; ``asker``: the person who asks, their partner, and where."""
    identifier = world.next_id("R")
    person, by, room = asker
    on_list = {one.id: {"partner": one.partner, "name": one.name} for one in persons}
    fact = RollCallStarted(identifier, partner, person, by, on_list, room)
    world = after(world, incident.id, [fact], now)
    incident = world.incidents[incident.id]
    effects: list[Effect] = [Record(incident.id, fact), *_lists(world, incident, identifier, now)]
    effects += [send for one in persons for send in _asked_alone(world, incident, identifier, one, now, again=False)]
    effects.append(Wake(f"rollcall:{identifier}", incident.id, now + REMIND_AFTER, "rollcall-remind", identifier))
    return world, [*effects, *cards.touched(incident, identifier, now)]


def account(world: World, incident: Incident, facts: Sequence[PersonAccounted], now: datetime) -> list[Effect]:
    """Persons are accounted for: recorded, the lists set right, those told who must help, and the end where that was the last."""
    effects: list[Effect] = [Record(incident.id, fact) for fact in facts]
    later = after(world, incident.id, facts, now)
    became = later.incidents[incident.id]
    for fact in facts:
        before, call = incident.rollcalls[fact.rollcall], became.rollcalls[fact.rollcall]
        if fact is facts[0]:
            effects += _need(later, became, before, fact, now)
        effects += _whole(later, became, before, call, now)
        if not call.missing and before.missing:
            effects += ended(later, became, fact.rollcall, "complete", None, now)
        effects += _touched(became, fact.rollcall, now)
    return effects


def ended(
    world: World, incident: Incident, identifier: str, why: str, person: str | None, now: datetime
) -> list[Effect]:
    """A roll call is over: ``complete``, or by a ``person``."""
    return [
        Record(incident.id, RollCallEnded(identifier, why, person)),
        Unwake(f"rollcall:{identifier}"),
        *_touched(incident, identifier, now),
    ]


def _touched(incident: Incident, identifier: str, now: datetime) -> list[Effect]:
    """The lists, and the cards of those who follow it, say something else now."""
    written = [one.at for (role, about, _), one in incident.live.items() if (role, about) == (LIST, identifier)]
    at = max(now, min(written) + EVERY) if written else now
    return [
        _wake(incident, identifier, at),
        *cards.touched(incident, identifier, now),
    ]


def _whole(world: World, incident: Incident, before: RollCall, call: RollCall, now: datetime) -> list[Effect]:
    """Whoever asked is told when everybody is accounted for of whom they may know."""
    room = call.fact.room
    if room is None or call.ended is not None:
        return []
    reader, place = _asker(world, incident, call)
    if place is None and not coordinator_sees(world.book_of(incident), room.network, "_delivery"):
        return []
    was = Names(world, incident, before, reader, place, now).partners()
    known = Names(world, incident, call, reader, place, now).partners()
    if not known or any(one.missing for one in known) or not any(one.missing for one in was):
        return []
    words = say(
        reader.languages,
        "<b>{rollcall} is complete</b>: everybody is accounted for.",
        rollcall=short_id(call.fact.rollcall),
    )
    told = glue([words, rollcall_card.counts(known, reader.languages)])
    about = call.fact.rollcall
    return [Send(incident.id, room, told, Urgency.PROMPT, about=about, partner=call.fact.by, loud=True)]


def _asker(world: World, incident: Incident, call: RollCall) -> tuple[Reader, Room | None]:
    """Where a roll call was asked for, and what may be read there."""
    fact, book = call.fact, world.book_of(incident)
    room, by = fact.room, fact.by
    assert room is not None
    asked_for = world.who.languages.get(fact.person)
    spoken = (*([asked_for] if asked_for else ()), *languages(world, book, room, by))
    if by is None:
        return Reader(room, None, True, spoken), None
    binding = world.who.binding(incident.playbook, room)
    if binding is not None and binding.partner == by:
        return room_reader(world, book, room, by), sight_room(world, binding)
    return Reader(room, by, True, spoken), sight_room(world, Binding("", by, room, None, ""))


# --- what the persons and their partners are told ------------------------------------------------------------------------


def taps(spoken: Sequence[str], identifier: str) -> tuple[tuple[Tap, ...], ...]:
    """One tap is enough."""
    return (
        (
            Tap(say(spoken, "I am safe"), f"/safe {identifier}", "✅"),
            Tap(say(spoken, "I need help"), f"/safe {identifier} help", "🆘"),
        ),
    )


def _asked_alone(
    world: World, incident: Incident, identifier: str, person: PersonOnFile, now: datetime, *, again: bool
) -> list[Send]:
    """The question in a person's private chats, as far as these are known."""
    book, partner = world.book_of(incident), str(person.partner)
    if not in_private(world, incident, partner):
        return []
    rooms = dict.fromkeys(room for one in person.identities if (room := private_room(world, one)) is not None)
    sends = []
    for room in rooms:
        chosen = [world.who.languages.get(one) for one in (person.id, *person.identities)]
        spoken = tuple(dict.fromkeys((*filter(None, chosen), *languages(world, book, room, partner))))
        lines = [
            say(spoken, "<b>Are you safe?</b> Roll call {rollcall}: one tap is enough.", rollcall=short_id(identifier))
        ]
        if again:
            lines.append(
                say(
                    spoken,
                    "Nothing has been heard of you since {time}.",
                    time=_since(world, incident, identifier, now, spoken),
                )
            )
        sends.append(
            Send(
                incident.id,
                room,
                glue(lines),
                Urgency.PROMPT,
                about=identifier,
                partner=partner,
                language=spoken[0],
                taps=taps(spoken, identifier),
                loud=True,
            )
        )
    return sends


def _since(world: World, incident: Incident, identifier: str, now: datetime, spoken: Sequence[str]) -> Cleared:
    return moment(world.book_of(incident), incident.rollcalls[identifier].at, now, spoken)


def _rooms(world: World, incident: Incident, partner: str) -> tuple[Binding, ...]:
    return rooms_for(world, incident, partner, "checkins") or rooms_for(world, incident, partner, "alerts")


def _wake(incident: Incident, identifier: str, at: datetime) -> Wake:
    return Wake(f"rollcall-list:{identifier}", incident.id, at, "rollcall-list", identifier)


def _lists(world: World, incident: Incident, identifier: str, now: datetime) -> list[Effect]:
    """The list in the rooms of every partner that is called, where it says something else by now: at once, or in its turn."""
    call, book = incident.rollcalls[identifier], world.book_of(incident)
    effects: list[Effect] = []
    later: list[datetime] = []
    for partner in dict.fromkeys(partner_of(call, person) for person in call.fact.persons):
        for binding in _rooms(world, incident, partner):
            reader = room_reader(world, book, binding.room, partner)
            said = _list(world, incident, identifier, reader, now)
            digest = cards.digest_of(said)
            live = incident.live.get((LIST, identifier, binding.room))
            if settled(live, digest, now):
                continue
            turn = free(world, binding.room, now) if live is not None else None
            if turn is not None:
                later.append(turn)
                continue
            effects.append(
                Send(
                    incident.id,
                    binding.room,
                    said,
                    Urgency.PROMPT,
                    about=identifier,
                    partner=partner,
                    language=reader.languages[0],
                    taps=() if call.ended == "person" else taps(reader.languages, identifier),
                    loud=live is None,
                    role=LIST,
                    digest=digest,
                )
            )
    return [*effects, *([_wake(incident, identifier, min(later))] if later else [])]


def _list(world: World, incident: Incident, identifier: str, reader: Reader, now: datetime) -> Cleared:
    """A partner's own people, by name, for its own rooms."""
    call, spoken = incident.rollcalls[identifier], reader.languages
    names = Names(world, incident, call, reader, None, now)
    [own] = [one for one in names.partners() if one.partner == reader.partner]
    lines = [
        say(
            spoken,
            "<b>Roll call {rollcall}: are you safe?</b> Everybody taps for themselves; /safe NAME for somebody else.",
            rollcall=short_id(identifier),
        )
        if not _is_over(call, own)
        else say(spoken, "<b>Roll call {rollcall}</b> is over.", rollcall=short_id(identifier)),
        rollcall_card.counts([own], spoken),
    ]
    if own.help:
        lines.append(say(spoken, "🆘 {people}", people=names.names(own.partner, own.help)))
    if own.missing:
        lines.append(say(spoken, "Missing: {people}", people=names.names(own.partner, own.missing)))
    return glue(lines)


def _is_over(call: RollCall, own: Called) -> bool:
    """Whether nothing more is awaited of a partner's own people. Of others they learn nothing by it."""
    return not own.missing or call.ended == "person"


def arrived(incident: Incident, send: str, now: datetime) -> list[Effect]:
    """A version is there: what has happened since is written in its turn. ``incident``: with its arrival in it."""
    key = incident.live_of.get(send)
    live = incident.live.get(key) if key is not None else None
    if live is None or live.role != LIST or live.send != send or rests(live, now) or not outrun(incident, live):
        return []
    return [_wake(incident, live.about, tick(now, EVERY))]


def list_due(world: World, incident: Incident, deadline: Deadline, now: datetime) -> list[Effect]:
    """The lists are written anew where they say something else by now."""
    return _lists(world, incident, deadline.about, now) if deadline.about in incident.rollcalls else []


def remind_due(world: World, incident: Incident, deadline: Deadline, now: datetime) -> list[Effect]:
    """Whoever is missing is asked once more, alone; and their partner is told who that is."""
    call = incident.rollcalls.get(deadline.about)
    if call is None or call.ended is not None:
        return []
    effects: list[Effect] = []
    for person in call.missing:
        known = world.who.people.get(person)
        if known is not None and known.id not in world.who.revoked:
            effects += _asked_alone(world, incident, deadline.about, known, now, again=True)
    book = world.book_of(incident)
    for partner in dict.fromkeys(partner_of(call, person) for person in call.missing):
        for binding in _rooms(world, incident, partner):
            reader = room_reader(world, book, binding.room, partner)
            names = Names(world, incident, call, reader, None, now)
            missing = tuple(person for person in call.missing if partner_of(call, person) == partner)
            words = say(
                reader.languages,
                "Roll call {rollcall}: still missing: {people}. Does anybody know of them? /safe NAME",
                rollcall=short_id(deadline.about),
                people=names.names(partner, missing),
            )
            spoken, about = reader.languages[0], deadline.about
            effects.append(
                Send(
                    incident.id,
                    binding.room,
                    words,
                    Urgency.PROMPT,
                    about=about,
                    partner=partner,
                    language=spoken,
                    taps=taps(reader.languages, about),
                    loud=True,
                )
            )
    return effects


# --- help ------------------------------------------------------------------------------------------------------------------


def hears(world: World, incident: Incident, identifier: str, partner: str, now: datetime) -> list[tuple[Reader, Names]]:
    """Who learns that somebody of a partner needs help: its own rooms, and of those who lead and the coordinators who may know."""
    call, book = incident.rollcalls[identifier], world.book_of(incident)
    own = [room_reader(world, book, one.room, partner) for one in _rooms(world, incident, partner)]
    told: dict[RoomRef, tuple[Reader, Room | None]] = {reader.room: (reader, None) for reader in own}
    for watcher in watchers(world, incident, identifier, now):
        told.setdefault(watcher.reader.room, (watcher.reader, watcher.room))
    found = [(reader, Names(world, incident, call, reader, room, now)) for reader, room in told.values()]
    return [(reader, names) for reader, names in found if names.knows_of(partner)]


def _need(world: World, incident: Incident, before: RollCall, fact: PersonAccounted, now: datetime) -> list[Effect]:
    """Somebody needs help, or needs it no longer: their own partner learns who, the others as much as they may know."""
    known = before.accounted.get(fact.person)
    if fact.state != HELP and (known is None or known.state != HELP):
        return []
    say_it = _cry if fact.state == HELP else _over
    heard = hears(world, incident, fact.rollcall, fact.partner, now)
    return [say_it(world, incident, fact, names, reader, now) for reader, names in heard]


def _over(world: World, incident: Incident, fact: PersonAccounted, names: Names, reader: Reader, now: datetime) -> Send:
    """A call for help was taken back: whoever heard it is told so."""
    book, spoken = world.book_of(incident), reader.languages
    call = incident.rollcalls[fact.rollcall]
    who = names.name(fact.partner, fact.name or called(call, fact.person))
    parts = {
        "partner": name(book, reader, fact.partner),
        "rollcall": short_id(fact.rollcall),
        "time": moment(book, now, now, spoken),
        "phone": phone(book, reader, fact.partner),
    }
    words = (
        say(spoken, "Who needed help of {partner} is safe now ({rollcall}, {time}). {phone}", **parts)
        if who is None
        else say(
            spoken,
            "Needed help, and is safe now: {person} · {partner} ({rollcall}, {time}). {phone}",
            person=who,
            **parts,
        )
    )
    language = spoken[0] if spoken else ""
    return Send(
        incident.id, reader.room, words, Urgency.PROMPT, about=fact.rollcall, partner=reader.partner, language=language
    )


def _cry(world: World, incident: Incident, fact: PersonAccounted, names: Names, reader: Reader, now: datetime) -> Send:
    book, spoken = world.book_of(incident), reader.languages
    call = incident.rollcalls[fact.rollcall]
    who = names.name(fact.partner, fact.name or called(call, fact.person), fact.words)
    time, rollcall = moment(book, now, now, spoken), short_id(fact.rollcall)
    partner, number = name(book, reader, fact.partner), phone(book, reader, fact.partner)
    words = (
        say(
            spoken,
            "🆘 <b>Somebody of {partner} needs help</b> ({rollcall}, {time}). {phone}",
            partner=partner,
            rollcall=rollcall,
            time=time,
            phone=number,
        )
        if who is None
        else say(
            spoken,
            "🆘 <b>Needs help:</b> {person} · {partner} ({rollcall}, {time}). {phone}",
            person=who,
            partner=partner,
            rollcall=rollcall,
            time=time,
            phone=number,
        )
    )
    return Send(
        incident.id,
        reader.room,
        words,
        Urgency.PROMPT,
        about=fact.rollcall,
        partner=reader.partner,
        language=spoken[0] if spoken else "",
        loud=True,
    )
