"""What every room is told of an alert that does not stand any more, and what becomes of its copies.

An alert that was cancelled, retracted or replaced is over in every room that was shown it, as a reply to what was shown there and as
loud as that was: by its id alone, in words translated beforehand, and by its author's words only where a note may be seen. A room
that never had it is told nothing. Of a copy that is on its way at that moment nobody knows yet whether it arrives: once its
network has said so, ``arrived`` does for that one room what the others got at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from handlers import cards
from handlers.addressing import event_of
from handlers.case import room_reader
from handlers.notify import tell_lead_of
from handlers.texts import say
from handlers.waiting import stopped
from handlers.world import World, circumstances, rooms_for, sight_room
from playbooks import sight
from playbooks.cleared import Cleared, Reader, clock, glue, listed, name, phone, short_id, value, word
from playbooks.rooms import RoomRef
from playbooks.values import Text
from storage.effects import Drop, Effect, Record, RemoveMessage, Send, Unwake, Urgency, Wake
from storage.facts import MessageDropped, MessageRemains, MessageRemoved
from storage.incident import Incident, Issued
from storage.store import Deadline, OutboxRow

OVER = "the alert does not stand any more"
ROLES = frozenset({"cancelled", "retracted", "superseded"})
"""States of an alert of which its rooms are told: each once a room."""

REMOVAL_LASTS = timedelta(hours=48)
"""For how long a network is asked to remove something: Telegram removes nothing that is older."""

TOGETHER = timedelta(seconds=5)
"""What could not be removed within this time of each other is told in one message."""


@dataclass(frozen=True, slots=True)
class _Told:
    """A room that is to be told: of which alert, by its id, and as a reply to which copy."""

    room: RoomRef
    partner: str
    alert: str
    send: str | None = None


# --- an alert ends -------------------------------------------------------------------------------------------------------


def ended(
    world: World, incident: Incident, about: str, now: datetime, *, besides: frozenset[RoomRef] = frozenset()
) -> list[Effect]:
    """What follows when an alert is over. ``incident``: as the decision leaves it. ``besides``: rooms that are shown what takes its place."""
    issued = incident.alerts[about]
    effects: list[Effect] = [Drop(send, OVER) for send, copy in issued.copies.items() if copy.state == "waiting"]
    if issued.state == "retracted":
        effects += _removals(incident, issued, now)
    for told in _told(world, incident, issued).values():
        if told.room not in besides:
            effects += _word(world, incident, about, told, now)
    return [*effects, *unwatched(incident, about), *cards.touched(incident, about, now)]


def unwatched(incident: Incident, about: str) -> list[Effect]:
    """Nobody waits for an answer to it any more, and it does not expire again."""
    stops = [one for partner in incident.alerts[about].watches for one in stopped(about, partner)]
    return [Unwake(f"expires:{about}"), *stops]


def _told(world: World, incident: Incident, issued: Issued) -> dict[RoomRef, _Told]:
    """Every room in which it stands or may stand, with the newest copy there; and those told only to ring about it.

    A room that was shown what it took the place of, and nothing since, is told of that one.
    """
    found: dict[RoomRef, _Told] = {}
    for earlier in issued.fact.updates:
        before = incident.alerts[earlier]
        theirs = _told(world, incident, before)
        found |= {room: one for room, one in theirs.items() if (before.state, earlier, room) not in incident.live}
    alert = issued.fact.alert
    for send, copy in issued.copies.items():
        if copy.state in ("sent", "unknown", "removed"):
            found[copy.room] = _Told(copy.room, copy.partner, alert, send)
    for partner in sorted(issued.to_ring):
        for binding in rooms_for(world, incident, partner, "alerts"):
            found.setdefault(binding.room, _Told(binding.room, partner, alert))
    return found


def _removals(incident: Incident, issued: Issued, now: datetime) -> list[Effect]:
    return [
        RemoveMessage(incident.id, send, copy.room, issued.fact.alert, copy.partner, now + REMOVAL_LASTS)
        for send, copy in issued.copies.items()
        if copy.state in ("sent", "unknown")
    ]


# --- what a room is told ---------------------------------------------------------------------------------------------------


def _word(world: World, incident: Incident, about: str, told: _Told, now: datetime) -> list[Effect]:
    """The word to one room; none where what takes the alert's place says so itself."""
    issued, room = incident.alerts[about], told.room
    if issued.state not in ROLES or (issued.state == "superseded" and _has_the_next(incident, issued, room)):
        return []
    book = world.book_of(incident)
    binding = world.who.binding(incident.playbook, room)
    whose = binding.partner if binding is not None else told.partner
    reader = room_reader(world, book, room, whose)
    return [
        Send(
            stream=incident.id,
            to=room,
            body=_says(world, incident, issued, told.alert, reader, now),
            urgency=Urgency.ALERT,
            about=about,
            partner=whose,
            language=reader.languages[0],
            loud=book.playbook.alerts[issued.fact.template].cap.rings,
            follows=None if issued.state == "retracted" else told.send,
            role=issued.state,
        )
    ]


def _has_the_next(incident: Incident, issued: Issued, room: RoomRef) -> bool:
    """Whether the room is shown the alert that takes its place."""
    following = incident.alerts.get(issued.superseded_by or "")
    if following is None:
        return False
    here = any(c.room == room and c.state in ("waiting", "sent", "unknown") for c in following.copies.values())
    return here or (following.superseded_by is not None and _has_the_next(incident, following, room))


def _says(world: World, incident: Incident, issued: Issued, named: str, reader: Reader, now: datetime) -> Cleared:
    """``named``: the id by which the room knows it."""
    book, said = world.book_of(incident), reader.languages
    alert, time = short_id(named), clock(book, issued.over_at or now)
    if issued.state == "retracted":
        return say(
            said, "<b>{alert} was withdrawn</b> ({time}). Please do not use it or pass it on.", alert=alert, time=time
        )
    if issued.state == "superseded":
        following = incident.alerts.get(issued.superseded_by or "")
        issuer = following.fact.partner if following is not None else issued.fact.partner
        if not listed(book, reader, issuer):
            return say(said, "<b>{alert} no longer stands</b> ({time}).", alert=alert, time=time)
        return say(
            said,
            "<b>{alert} no longer stands</b> ({time}). Please ring {partner} {phone}",
            alert=alert,
            time=time,
            partner=name(book, reader, issuer),
            phone=phone(book, reader, issuer),
        )
    if issued.mistake:
        return say(said, "<b>{alert} was sent by mistake.</b> Nothing to do.", alert=alert)
    note = _note(world, incident, issued, reader, now)
    if note is not None:
        return say(said, "<b>{alert} is cancelled</b> ({time}): {words}", alert=alert, time=time, words=note)
    return say(said, "<b>{alert} is cancelled</b> ({time}). It no longer stands.", alert=alert, time=time)


def _note(world: World, incident: Incident, issued: Issued, reader: Reader, now: datetime) -> Cleared | None:
    """The words of whoever cancelled it, where this room may see a note of theirs."""
    binding = world.who.binding(incident.playbook, reader.room)
    if issued.over_words is None or issued.over_by is None or binding is None:
        return None
    book, fact = world.book_of(incident), issued.fact
    words = {"_note": Text(issued.over_words)}
    event = event_of(book, fact.template, issued.over_by, words, fact.raised, None, fact.origins)
    view = sight.view(book, circumstances(world, incident, now), event, sight_room(world, binding), ("_note",))
    return value(book, view, "_note", reader.languages)


# --- what became of it on the networks -------------------------------------------------------------------------------------


def stands(incident: Incident | None, row: OutboxRow) -> bool:
    """Whether this is a copy of an alert that stands, or no copy at all."""
    about = incident.alert_of.get(row.send) if incident is not None else None
    return incident is None or about is None or incident.alerts[about].state not in ROLES


def is_word(incident: Incident | None, row: OutboxRow) -> bool:
    """Whether this tells a room that an alert is over."""
    key = incident.live_of.get(row.send) if incident is not None else None
    return key is not None and key[0] in ROLES


def arrived(world: World, row: OutboxRow, now: datetime) -> list[Effect]:
    """A copy that was on its way when its alert ended has arrived, or may have: its room is told now, if it was not."""
    incident = world.incidents.get(row.stream)
    if incident is None or stands(incident, row):
        return []
    about = incident.alert_of[row.send]
    issued, effects = incident.alerts[about], list[Effect]()
    if issued.state == "retracted":
        removal = RemoveMessage(incident.id, row.token, row.to, about, row.partner, now + REMOVAL_LASTS)
        effects.append(removal)
    if row.part or (issued.state, about, row.to) in incident.live:
        return effects
    return [*effects, *_word(world, incident, about, _Told(row.to, row.partner or "", about, row.send), now)]


def dropped(world: World, row: OutboxRow, *, begun: bool, now: datetime) -> list[Effect]:
    """A copy of what is over does not leave. ``begun``: something of it was shown already."""
    gone: list[Effect] = [Drop(row.token, OVER), Record(row.stream, MessageDropped(row.token, row.to, OVER))]
    incident = world.incidents[row.stream]
    about = incident.alert_of[row.send]
    if not begun or (incident.alerts[about].state, about, row.to) in incident.live:
        return gone
    return [*gone, *_word(world, incident, about, _Told(row.to, row.partner or "", about), now)]


def said_again(world: World, row: OutboxRow, now: datetime) -> list[Effect]:
    """The word to a room, as it may be said now: what may be seen there has changed since it was written."""
    incident = world.incidents[row.stream]
    _, about, room = incident.live_of[row.send]
    told = _told(world, incident, incident.alerts[about]).get(room)
    return _word(world, incident, about, told or _Told(room, row.partner or "", about), now)


# --- removal ---------------------------------------------------------------------------------------------------------------


def is_removal(world: World, row: OutboxRow) -> bool:
    """Whether this asks a network to remove something."""
    incident = world.incidents.get(row.stream)
    return incident is not None and row.token in incident.removals


def removed(world: World, row: OutboxRow) -> list[Effect]:
    """A network removed a message of ours."""
    removal = world.incidents[row.stream].removals[row.token]
    return [Record(row.stream, MessageRemoved(removal.send, removal.room))]


def remains(world: World, row: OutboxRow, reason: str, now: datetime) -> list[Effect]:
    """It could not be removed: recorded, and told soon, with whatever else could not."""
    removal = world.incidents[row.stream].removals[row.token]
    effects: list[Effect] = [Record(row.stream, MessageRemains(removal.send, removal.room, reason))]
    if removal.about is None:
        return effects
    return [*effects, Wake(f"remains:{removal.about}", row.stream, now + TOGETHER, "remains", removal.about)]


def tell_remains(world: World, incident: Incident, deadline: Deadline, now: datetime) -> list[Effect]:
    """Tell the lead and the coordinators where what was withdrawn is still to be read."""
    issued = incident.alerts.get(deadline.about)
    if issued is None:
        return []
    words = partial(_still_there, world, incident, deadline.about)
    return tell_lead_of(world, incident, issued.fact.partner, now, words, about=deadline.about)


def _still_there(world: World, incident: Incident, about: str, reader: Reader) -> Cleared | None:
    book = world.book_of(incident)
    where = dict.fromkeys(
        (removal.partner, removal.room.network)
        for removal in incident.removals.values()
        if removal.about == about and removal.state == "remains" and removal.partner is not None
    )
    known = [(str(whose), network) for whose, network in where if listed(book, reader, str(whose))]
    if not known:
        return None
    heading = say(
        reader.languages,
        "<b>{alert} could not be removed everywhere.</b> It can still be read there. Please ring:",
        alert=short_id(about),
    )
    lines = [
        say(
            reader.languages,
            "• {partner} ({network}) {phone}",
            partner=name(book, reader, whose),
            network=word(network),
            phone=phone(book, reader, whose),
        )
        for whose, network in known
    ]
    return glue([heading, *lines])
