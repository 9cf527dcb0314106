"""A flood becomes a digest: so much talk waited for a room that nobody could read it. It learns how much, and the last of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from handlers import recap, signs
from handlers.case import room_reader
from handlers.channels import Seat, out
from handlers.distrust import seated, titles
from handlers.events import Came, Flooded
from handlers.texts import say, says
from handlers.world import World
from playbooks.cleared import Cleared, Reader, clock, figure, glue, listed, name, word
from storage.effects import Effect, Record, Send, Urgency
from storage.facts import MessageDropped
from storage.incident import Incident
from storage.store import OutboxRow

REASON = "digest"
ABOUT = "digest"


def flooded(world: World, came: Came, event: Flooded) -> list[Effect]:
    """Every message is recorded as dropped; the room reads how many there were, and the last of them, each decided anew."""
    effects: list[Effect] = [Record(row.stream, MessageDropped(row.token, row.to, REASON)) for row in event.rows]
    for stream in dict.fromkeys(row.stream for row in event.rows):
        incident = world.incidents.get(stream)
        if incident is None or incident.closed_at is not None or out(world, event.room) is not None:
            continue
        here = next((one for one in seated(world, incident, came.now) if one.room == event.room), None)
        rows = [row for row in event.rows if row.stream == stream and row.kind == "message" and row.part == 0]
        if here is not None and rows:
            effects += _digest(world, incident, here, rows, came.now)
    return [*effects, *(effect for one in event.said for effect in signs.of(world, one.said, one.copies))]


def _digest(world: World, incident: Incident, here: Seat, rows: Sequence[OutboxRow], now: datetime) -> list[Effect]:
    book = world.book_of(incident)
    reader = room_reader(world, book, here.room, here.partner)
    lasts = now + recap.LASTS * 6
    counts = Send(
        incident.id,
        here.room,
        _counted(world, incident, reader, here, rows, now),
        Urgency.CHATTER,
        about=ABOUT,
        partner=here.partner,
        language=next(iter(reader.languages), ""),
        not_after=lasts,
    )
    first = min((str(row.about) for row in rows), key=recap.number)
    return [counts, *recap.caught_up(world, incident, here, recap.Missed(first=first), now)]


def _counted(
    world: World, incident: Incident, reader: Reader, here: Seat, rows: Sequence[OutboxRow], now: datetime
) -> Cleared:
    """How many, when, and of whom as far as that is remembered: that something was said, and when, is hidden from nobody."""
    book = world.book_of(incident)
    said = {str(row.about): row for row in rows}
    times = sorted(at for row in said.values() if (at := _said_at(row)) is not None)
    lines = [
        says(
            reader.languages,
            "<b>{count} message from {channels} did not come through here in time.</b>",
            "<b>{count} messages from {channels} did not come through here in time.</b>",
            len(said),
            channels=titles(book, reader, here.channels),
        )
    ]
    if times:
        lines.append(
            say(
                reader.languages,
                "Said between {first} and {last}, while {network} or I was away or too slow.",
                first=clock(book, times[0]),
                last=clock(book, times[-1]),
                network=word(here.room.network),
            )
        )
    return glue([*lines, *_of_whom(world, incident, reader, here, list(said), now)])


def _of_whom(
    world: World, incident: Incident, reader: Reader, here: Seat, said: Sequence[str], now: datetime
) -> list[Cleared]:
    """How many from each partner that may be known, where all of them are remembered and may be seen."""
    book = world.book_of(incident)
    whose = {
        one.said: one.partner
        for channel in here.channels
        for one in incident.talk.get(channel, ())
        if recap.sees(world, incident, channel, one, here.binding, now)
    }
    if not all(one in whose for one in said):
        return []
    known = Counter(whose[one] for one in said if listed(book, reader, whose[one]))
    parts = [
        say((), "{partner} {count}", partner=name(book, reader, partner), count=figure(count))
        for partner, count in known.most_common()
    ]
    return [glue(parts, " · ")] if parts else []


def _said_at(row: OutboxRow) -> datetime | None:
    """When it was said, as the row has it; None where its body is blanked or says nothing of it."""
    try:
        at = json.loads(row.payload).get("said_at")
        return datetime.fromtimestamp(int(at), UTC) if at is not None else None
    except (ValueError, TypeError, AttributeError, OverflowError, OSError):
        return None
