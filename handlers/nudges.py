"""What a silent partner itself is told: once more in the same rooms, in those on its other network, or its liaisons alone.

Each goes through sight anew: what a room or a private chat may not be shown now, it is not shown. ``late`` is in whole seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from handlers import checkins
from handlers.addressing import issued_event
from handlers.coordinators import private_room
from handlers.issuing import copies
from handlers.persons import in_private
from handlers.texts import say, says
from handlers.world import World, circumstances, languages, rooms_for, sight_room
from playbooks import sight
from playbooks.audience import audience
from playbooks.cleared import Cleared, glue, short_id
from playbooks.rooms import RoomRef
from storage.deployment import Binding
from storage.effects import Send
from storage.incident import Copy, Incident

LATE = 60
"""From how many seconds on a delay of ours is spoken of."""


def remind(world: World, incident: Incident, about: str, partner: str, late: int, now: datetime) -> list[Send]:
    """The same once more, in the rooms that have it, as a reply to the first copy there and marked as a reminder."""
    if about in incident.rounds:
        return _prompts(world, incident, about, partner, _asked_in(incident, about, partner), late, now)
    first = {copy.room: send for send, copy in reversed(_copies(incident, about, partner)) if copy.state == "sent"}
    rooms = [sight_room(world, binding) for binding in rooms_for(world, incident, partner, "alerts")]
    rooms = [room for room in rooms if room.ref in first]
    return [
        replace(send, body=glue([_reminder(send, about), *lateness(send, late), send.body]), follows=first[send.to])
        for send in _letters(world, incident, about, partner, rooms, now)
    ]


def other_network(
    world: World, incident: Incident, about: str, partner: str, late: int, now: datetime, *, tried: bool = False
) -> list[Send]:
    """The same in its rooms on a network where nobody has it. ``tried``: not where it has just been refused, either."""
    if about in incident.rounds:
        asked = _asked_in(incident, about, partner)
        free = [one.room for one in rooms_for(world, incident, partner, "checkins") if one.room not in asked]
        return _prompts(world, incident, about, partner, free, late, now)
    mine = [copy for _, copy in _copies(incident, about, partner)]
    networks = {copy.room.network for copy in mine if copy.state == "sent"}
    # What still waits is sent when its network is back: it would come twice.
    spared = {copy.room for copy in mine if copy.state == "waiting" or (tried and copy.state == "refused")}
    rooms = [sight_room(world, one) for one in rooms_for(world, incident, partner, "alerts")]
    rooms = [one for one in rooms if one.ref.network not in networks and one.ref not in spared]
    return _late(_letters(world, incident, about, partner, rooms, now), late)


def liaisons(world: World, incident: Incident, about: str, partner: str, late: int, now: datetime) -> list[Send]:
    """The same in the private chats of its liaisons. They may be shown there what their partner may be shown on that network."""
    if not in_private(world, incident, partner):
        return []
    rooms = private_rooms(world, partner, ("liaison",))
    if about in incident.rounds:
        return _prompts(world, incident, about, partner, [room.ref for room in rooms], late, now)
    return _late(_letters(world, incident, about, partner, rooms, now), late)


def private_rooms(world: World, partner: str, roles: Sequence[str]) -> list[sight.Room]:
    """The private chats of a partner's people with one of these roles, as the visibility rule knows them."""
    people = [p for p in world.who.people.values() if p.partner == partner and p.role in roles]
    known = [private_room(world, i) for p in people if p.id not in world.who.revoked for i in p.identities]
    return [private_sight(world, ref, partner) for ref in dict.fromkeys(ref for ref in known if ref is not None)]


def private_sight(world: World, ref: RoomRef, partner: str) -> sight.Room:
    """A private chat as the visibility rule knows it: encrypted only where that is known."""
    return sight_room(world, Binding("", partner, ref, None, ""))


def lateness(send: Send, late: int) -> list[Cleared]:
    """How late this is, where it is for a fault of ours; else nothing."""
    return said_late((send.language,), late)


def said_late(spoken: Sequence[str], late: int) -> list[Cleared]:
    """The same in the first of these languages."""
    if late < LATE:
        return []
    return [
        says(
            spoken,
            "⏱ {count} minute late: I was not running.",
            "⏱ {count} minutes late: I was not running.",
            late // 60,
        )
    ]


def _reminder(send: Send, about: str) -> Cleared:
    return say((send.language,), "⏰ <b>Reminder</b>: please answer {alert}.", alert=short_id(about))


def _late(sends: Iterable[Send], late: int) -> list[Send]:
    return [replace(one, body=glue([*lateness(one, late), one.body])) for one in sends]


def _copies(incident: Incident, about: str, partner: str) -> list[tuple[str, Copy]]:
    return [(send, copy) for send, copy in incident.alerts[about].copies.items() if copy.partner == partner]


def _letters(
    world: World, incident: Incident, about: str, partner: str, rooms: Sequence[sight.Room], now: datetime
) -> list[Send]:
    """The alert as it may be shown in these rooms now, with its buttons."""
    if not rooms:
        return []
    issued, book, so = incident.alerts[about], world.book_of(incident), circumstances(world, incident, now)
    question = sight.Question(book, so, issued_event(book, issued, partner))
    danger = incident.danger.until if incident.danger is not None and so.danger else None
    addressing = audience(question, issued.fact.template, {partner: rooms}, danger)
    made = copies(world, incident, issued.fact.template, about, issued.at, now, addressing, issued.fact)
    return [one for one in made if isinstance(one, Send)]


# --- rounds --------------------------------------------------------------------------------------------------------------


def _asked_in(incident: Incident, about: str, partner: str) -> list[RoomRef]:
    """The rooms in which a partner was asked."""
    how = incident.rounds[about].fact.partners.get(partner)
    return [RoomRef.parse(ref) for ref in (how or {}).get("rooms", ())]


def _prompts(
    world: World, incident: Incident, about: str, partner: str, rooms: Sequence[RoomRef], late: int, now: datetime
) -> list[Send]:
    if not rooms:
        return []
    sends = checkins.prompt(world, incident, about, partner, now, rooms, again=True)
    spoken = languages(world, world.book_of(incident), rooms[0], partner)
    return _late((one if one.language else replace(one, language=spoken[0]) for one in sends), late)
