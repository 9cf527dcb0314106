"""Live status cards: one message about one thing in a room, edited in place, so that nobody has to ask and nothing buzzes.

Whatever changes what a card shows calls ``touched``. That sets a deadline; when it falls due, the card is written anew for each
room that follows it, and is sent where it says something else than what stands there. The rules it keeps:

- Those of ``handlers.pace``, with the lists that are edited in the same rooms. Of several that are busy, each has its turn.
- What waits for long is thrown away and written anew when it may leave.
- Cards are chatter to the courier: whatever else there is to say in a room goes first, and has room left within its limits.
- A room that follows it no more is told that, once; what is over gets its last state.

``RENDER`` has what writes a card, by the letter of what it is about. Those modules must not import this one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256

from handlers import alert_card, rollcall_card, round_card
from handlers.afterwards import after_all
from handlers.events import Came, Delivery, Stale
from handlers.moments import moment
from handlers.pace import EVERY, LASTS, free, outrun, rests, settled, tick
from handlers.texts import say
from handlers.watchers import Watcher, watchers
from handlers.world import World, languages
from playbooks import sight
from playbooks.cleared import Cleared, Reader, glue, short_id
from playbooks.rooms import RoomRef
from storage.effects import Effect, Record, Repeat, Send, Tap, Urgency, Wake
from storage.facts import MessageUnknown
from storage.incident import Incident, Live
from storage.store import Deadline, OutboxRow

ROLE = "card"
NEWER = "a newer state is shown instead"
GATHERED = timedelta(seconds=1)
"""What happens within this time is written in one version; and no card falls due twice at one moment."""

BUSY = timedelta(seconds=30)
"""Messages that were written within this time share their room's edits."""

Render = Callable[[World, Incident, str, Reader, "sight.Room | None", datetime], "Cleared | None"]
"""What a card says now, without the time; None: nothing to this room. The room is None for a coordinator's private chat."""

RENDER: Mapping[str, Render] = {"A": alert_card.render, "C": round_card.render, "R": rollcall_card.render}
"""What writes a card, by the letter of its short id."""


def touched(incident: Incident, about: str, now: datetime) -> list[Effect]:
    """Something has changed that the card shows: it is written anew, as soon as that may be. ``incident`` as it was or as it is."""
    known = about in incident.alerts or about in incident.rounds or about in incident.rollcalls
    cards = [live for (role, name, _), live in incident.live.items() if role == ROLE and name == about]
    busy = Counter(live.room for live in incident.live.values() if live.at > now - BUSY)
    # A card may be written again when it is its turn among what is busy in its room.
    turns = [live.at + EVERY * max(1, busy[live.room]) for live in cards if not live.waiting]
    if not known:
        at = now
    elif turns:
        at = max(tick(now, GATHERED), min(turns))
    else:
        # There is no room to write in, or all of it is on its way: look again, but not for each of a thousand changes.
        at = tick(now, EVERY)
    return [Wake(f"card:{about}", incident.id, at, "card", about)]


def touched_all(incident: Incident, now: datetime) -> list[Effect]:
    """Who follows things has changed, or all of it is over: every card is looked at."""
    running = (
        *(about for about, issued in incident.alerts.items() if not issued.expired),
        *(about for about, round_ in incident.rounds.items() if round_.ended is None),
        *(about for about, call in incident.rollcalls.items() if call.ended is None),
    )
    return [effect for about in running for effect in touched(incident, about, now)]


def due(world: World, incident: Incident, deadline: Deadline, now: datetime) -> list[Effect]:
    """Write the card anew for each room where it says something else by now."""
    about = deadline.about
    render = RENDER.get(about[:1])
    if render is None:
        return []
    effects: list[Effect] = []
    later: list[datetime] = []
    following = {one.reader.room: one for one in watchers(world, incident, about, now)}
    for one in following.values():
        said = render(world, incident, about, one.reader, one.room, now)
        if said is not None:
            _write(world, incident, about, one.reader, said, now, effects, later)
    for live in _left(world, incident, about, following):
        book = world.book_of(incident)
        spoken = languages(world, book, live.room, live.partner)
        said = say(spoken, "The state of {about} is no longer shown here.", about=short_id(about))
        reader = Reader(live.room, live.partner, False, spoken)
        _write(world, incident, about, reader, said, now, effects, later, follows=False)
    if later:
        effects.append(Wake(deadline.key, incident.id, min(later), "card", about))
    return effects


def _left(world: World, incident: Incident, about: str, following: Mapping[RoomRef, Watcher]) -> list[Live]:
    """The cards in rooms that follow it no more; not where the room has moved, in which nobody reads any more."""
    cards = (live for (role, name, _), live in incident.live.items() if role == ROLE and name == about)
    stand = [live for live in cards if live.room not in following and (live.message is not None or live.waiting)]
    return [live for live in stand if world.who.now_at(live.room) == live.room]


def _write(
    world: World,
    incident: Incident,
    about: str,
    reader: Reader,
    said: Cleared,
    now: datetime,
    effects: list[Effect],
    later: list[datetime],
    *,
    follows: bool = True,
) -> None:
    """Send a card to one room, unless it stands there already, or must wait: until when goes to ``later``.

    ``follows``: the room follows what it is about, and may act on it.
    """
    room = reader.room
    live = incident.live.get((ROLE, about, room))
    digest = digest_of(said)
    if room.chat in world.who.lost or (live is None and is_over(incident, about)):
        return
    if settled(live, digest, now):
        return
    turn = free(world, room, now)
    if turn is not None:
        later.append(turn)
        return
    book = world.book_of(incident)
    as_of = say(reader.languages, "As of {time}", time=moment(book, now, now, reader.languages))
    effects.append(
        Send(
            stream=incident.id,
            to=room,
            body=glue([said, as_of]),
            urgency=Urgency.CHATTER,
            about=about,
            partner=reader.partner,
            language=reader.languages[0] if reader.languages else "",
            taps=_taps(incident, about, reader, follows=follows),
            not_after=now + LASTS,
            role=ROLE,
            digest=digest,
        )
    )


def _taps(incident: Incident, about: str, reader: Reader, *, follows: bool) -> tuple[tuple[Tap, ...], ...]:
    """One tap ends an alert that should not have been sent, in the rooms of those who follow it for a partner."""
    if about not in incident.alerts or reader.partner is None or not follows or is_over(incident, about):
        return ()
    return ((Tap(say(reader.languages, "Sent by mistake: cancel"), f"/cancel {about} mistake", "↩️"),),)


def digest_of(said: Cleared) -> str:
    """What stands for what a card says."""
    return sha256(said.html.encode()).hexdigest()[:16]


def is_over(incident: Incident, about: str) -> bool:
    """Whether nothing more is awaited of it, so that no new card is begun."""
    if incident.closed_at is not None:
        return True
    if about in incident.alerts:
        return incident.alerts[about].expired
    if about in incident.rounds:
        return incident.rounds[about].ended is not None
    # Complete is what may hang on people of whom this reader may not know.
    return about not in incident.rollcalls or incident.rollcalls[about].ended == "person"


# --- what becomes of messages ----------------------------------------------------------------------------------------


def is_card(incident: Incident | None, row: OutboxRow) -> bool:
    """Whether a message is a version of a card."""
    return incident is not None and incident.live_of.get(row.send, ("",))[0] == ROLE


def doubtful(world: World, event: Delivery) -> list[Effect]:
    """A version of a card may or may not be there. An edit needs no repetition: the next version says it all. The first one is
    marked, because there may be two of it.
    """
    row = event.row
    incident = world.incidents[row.stream]
    _, about, room = incident.live_of[row.send]
    live = incident.live.get((ROLE, about, room))
    if live is None or live.message is not None or live.send != row.send:
        return [Record(row.stream, MessageUnknown(row.token, row.to, event.reason, None))]
    mark = say(
        languages(world, world.book_of(incident), row.to, row.partner),
        "⚠ Possible repeat · {alert}",
        alert=short_id(about),
    )
    return [Record(row.stream, MessageUnknown(row.token, row.to, event.reason, event.repeat)), Repeat(row.token, mark)]


def followed(world: World, came: Came, event: Delivery | Stale, effects: Iterable[Effect]) -> list[Effect]:
    """What became of a message leads to these effects, and to changes of the cards that show it, or that it is."""
    effects, row = list(effects), event.row
    incident = world.incidents.get(row.stream)
    if incident is None or (isinstance(event, Delivery) and event.became in ("moved", "delayed")):
        return effects
    about = incident.alert_of.get(row.send) or incident.prompts.get(row.send, (None, None))[0]
    if about is not None and incident.closed_at is None:
        effects += touched(incident, about, came.now)
    if is_card(incident, row):
        after = after_all(world, incident.id, effects, came.now)
        effects += _again(after, after.incidents[incident.id], row, came.now)
    return effects


def _again(world: World, incident: Incident, row: OutboxRow, now: datetime) -> list[Effect]:
    """A card is there, or is not: whether it must be written anew, because more has happened since."""
    _, about, room = incident.live_of[row.send]
    live = incident.live.get((ROLE, about, room))
    render = RENDER.get(about[:1])
    if live is None or rests(live, now) or render is None or not outrun(incident, live):
        return []
    following = {one.reader.room: one for one in watchers(world, incident, about, now)}
    if live.digest and room in following:
        said = render(world, incident, about, following[room].reader, following[room].room, now)
        if said is None or digest_of(said) == live.digest:
            return []
    return touched(incident, about, now)
