"""What stands on top of a message, and under it, wherever it was decided: that it is an exercise, and which incident it is of.

Nothing here is left to the handlers: every message passes ``marked`` on its way out, so that none can forget it.

- An exercise says so first, in the reader's language, on every part of every message, and offers other choices than the real
  ones: each says that it is an exercise, and has another emoji, so that a ✅ under it is not the real one.
- Where a room takes part in several incidents, each message names its own. What its title says is a field, which not everyone
  may see; the playbook's title is everyone's, and so is when it began.
- A paused exercise is silent, but for the answers to whoever asks.
- An exercise comes only into rooms that the playbook opens to exercises, and into private chats: of whom, ``handlers.persons`` says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import chain

from handlers.coordinators import coordinators
from handlers.moments import moment
from handlers.texts import say
from handlers.world import World, agreed_room, holds, languages, plays_in
from playbooks.cleared import Cleared, Misdirected, Reader, glue, quote, short_id
from playbooks.guests import present
from playbooks.rooms import RoomRef
from storage.effects import Send, Tap, Urgency
from storage.facts import DEPLOYMENT
from storage.incident import Incident

_INSTEAD = {"✅": "🟩", "❌": "🟥", "👀": "🟦", "⏭": "🟨", "➕": "🟪"}
"""The emoji of an exercise for the real ones that stand under most messages."""
_SPARE = (
    "🟧",
    "🟫",
    "⬛",
    "⬜",
    "🔵",
    "🔴",
    "🟢",
    "🟡",
    "🟣",
    "🟠",
    "🟤",
    "⚫",
    "⚪",
    "🔷",
    "🔶",
    "🔹",
    "🔸",
    "🔺",
    "🔻",
)


def marked(world: World, send: Send, now: datetime) -> Send:
    """The message as it leaves: with its mark, and the choices of an exercise. ``world``: after what was decided.

    Raises Misdirected for a message of an exercise to a room that is not for exercises.
    """
    incident = world.incidents.get(send.stream)
    if incident is None:
        return _played(world, send, ()) if send.stream == DEPLOYMENT and _only_plays(world, send.to) else send
    named = _named(world, incident, send, now)
    if not incident.opened.exercise:
        return replace(send, mark=glue(named)) if named else send
    if not _open_to(world, incident, send.to):
        raise Misdirected(f"{incident.id} is an exercise, and {send.to} is not a room for exercises")
    return _played(world, send, named)


def whole(send: Send) -> Send:
    """The message with its mark as the first of its words, as its reader sees it."""
    return send if send.mark is None else replace(send, body=glue([send.mark, send.body]), mark=None)


def silenced(before: World, after: World, send: Send) -> bool:
    """Whether nothing is to be said: an exercise is paused, or the partner took part no longer before. Who asks something is answered all
    the same.
    """
    was, is_ = before.incidents.get(send.stream), after.incidents.get(send.stream)
    if was is not None and send.partner in before.book_of(was).departed and send.urgency != Urgency.ANSWER:
        return True
    paused = was is not None and was.paused is not None and is_ is not None and is_.paused is not None
    return paused and send.urgency != Urgency.ANSWER and is_ is not None and is_.closed_at is None


# --- exercises -----------------------------------------------------------------------------------------------------------


def _played(world: World, send: Send, named: tuple[Cleared, ...]) -> Send:
    spoken = _spoken(world, send)
    mark = glue([say(spoken, "<b>EXERCISE EXERCISE EXERCISE</b>"), *named])
    emojis = _emojis([tap.emoji for row in send.taps for tap in row])
    return replace(
        send, mark=mark, taps=tuple(tuple(_tap(spoken, tap, next(emojis)) for tap in row) for row in send.taps)
    )


def _tap(spoken: tuple[str, ...], tap: Tap, emoji: str) -> Tap:
    return Tap(say(spoken, "Exercise: {choice}", choice=tap.label), tap.command, emoji)


def _emojis(real: list[str]) -> Iterator[str]:
    """Another emoji for each of these, no two the same."""
    spare = chain(_SPARE, (one + two for one in _SPARE for two in _SPARE))
    for emoji in real:
        instead = _INSTEAD.get(emoji.replace("\ufe0f", ""))
        yield instead if instead is not None and real.count(emoji) == 1 else next(spare)


def _open_to(world: World, incident: Incident, room: RoomRef) -> bool:
    """Whether an exercise may come into a room: one that the playbook opens to exercises, or a person's private chat."""
    binding = world.who.binding(incident.playbook, room)
    if binding is None:
        return not any(ref.chat == room.chat for _, ref in world.who.bindings)
    agreed = agreed_room(world.book_of(incident), binding)
    return agreed is not None and agreed.exercises


def _only_plays(world: World, room: RoomRef) -> bool:
    """Whether a room is for exercises and for nothing else."""
    theirs = [
        agreed_room(book, binding)
        for playbook, book in world.shelf.items()
        if (binding := world.who.binding(playbook, room)) is not None and holds(book, binding)
    ]
    return bool(theirs) and all(agreed is not None and agreed.exercises for agreed in theirs)


# --- several incidents -----------------------------------------------------------------------------------------------------


def _named(world: World, incident: Incident, send: Send, now: datetime) -> tuple[Cleared, ...]:
    """The line that names the incident, where others are open in that room and the message does not begin with its id."""
    beside = [one for one in world.open if one.id != incident.id]
    if not beside or re.search(rf"\b{incident.id}\b", send.body.text.partition("\n")[0]):
        return ()
    beside = [one for one in beside if heard_in(world, one, send.to)]
    return (title(world, incident, beside, _reader(world, send), now),) if beside else ()


def title(world: World, incident: Incident, beside: list[Incident], reader: Reader, now: datetime) -> Cleared:
    """An incident by its id and its playbook, and by when it began where that is not enough to tell it from those ``beside`` it."""
    book = world.book_of(incident)
    called = quote(book, reader, book.playbook.title)
    if not called.text:
        return say((), "<b>{incident}</b>", incident=short_id(incident.id))
    if all(one.playbook != incident.playbook for one in beside):
        return say((), "<b>{incident}</b> · {title}", incident=short_id(incident.id), title=called)
    began = moment(book, incident.opened_at, now, reader.languages)
    return say((), "<b>{incident}</b> · {title} · {time}", incident=short_id(incident.id), title=called, time=began)


def heard_in(world: World, incident: Incident, room: RoomRef) -> bool:
    """Whether what is said of an incident may come to a room: its own rooms, and the private chats of its people and coordinators."""
    book = world.book_of(incident)
    binding = world.who.binding(incident.playbook, room)
    if binding is not None:
        return holds(book, binding) and plays_in(world, book, room, incident.opened.exercise)
    if any(ref.chat == room.chat for _, ref in world.who.bindings):
        return False
    whose = _whose(world, room)
    people = [world.who.person(identity) for identity in whose]
    return any(person is None or person.partner is None or present(book, person.partner) for person in people)


def _whose(world: World, room: RoomRef) -> list[str]:
    """The identities whose private chat a room may be."""
    own = [f"telegram:{room.id}"] if room.network == "telegram" else []
    return [
        *own,
        *(identity for identity, direct in world.who.direct.items() if direct == room and identity not in own),
    ]


# --- whom it is for ----------------------------------------------------------------------------------------------------------


def _reader(world: World, send: Send) -> Reader:
    incident = world.incidents[send.stream]
    known = send.partner in world.book_of(incident).playbook.partners
    insider = known or any(identity in coordinators(world) for identity in _whose(world, send.to))
    return Reader(send.to, send.partner, insider, _spoken(world, send))


def _spoken(world: World, send: Send) -> tuple[str, ...]:
    """The languages of whoever reads it: as the message says, else the room's, else those of the person whose chat it is."""
    incident = world.incidents.get(send.stream)
    book = world.book_of(incident) if incident is not None else None
    people = [world.who.person(identity) for identity in _whose(world, send.to)]
    asked = [world.who.languages.get(name) for name in (*_whose(world, send.to), *(one.id for one in people if one))]
    partner = send.partner or next((one.partner for one in people if one is not None and one.partner), None)
    said = [language for language in (send.language, *asked) if language]
    return tuple(dict.fromkeys((*said, *languages(world, book, send.to, partner))))
