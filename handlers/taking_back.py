"""What was said in a channel is taken away again: from every room, or from one in which it may not be any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from handlers import polls, signs
from handlers.events import Talk
from handlers.world import World
from playbooks.rooms import RoomRef
from storage.effects import Drop, Effect, Record, Remember, RemoveCopy
from storage.facts import MessageRemoved, TakenBack
from storage.incident import Incident
from storage.store import OutboxRow, Utterance


def take_back(incident: Incident, said: Utterance, where: RoomRef, copies: tuple[OutboxRow, ...]) -> list[Effect]:
    """Take every copy away. ``where``: the room in which that was asked for."""
    rooms = dict.fromkeys(row.to for row in copies if row.kind == "message")
    return [
        Record(incident.id, TakenBack(said.id, where)),
        Remember(replace(said, gone=True, spoken=None)),
        *(effect for room in rooms for effect in away(said, room, copies)),
        *polls.withdrawn(incident, said.id),
    ]


def removed_there(world: World, incident: Incident, event: Talk) -> list[Effect]:
    """Somebody who may remove what others say removed a copy: it is on record, whoever spoke finds it by ``/seen``, and it is not sent there again."""
    said, room = event.said, event.room
    here = [row for row in event.copies if row.to == room and row.kind == "message" and row.message == event.message]
    if not here or here[0].partner is None or any(one == str(room) for one, _ in said.removed):
        return []
    after = replace(said, removed=(*said.removed, (str(room), here[0].partner)))
    facts = [Record(incident.id, MessageRemoved(row.token, room)) for row in here]
    return [*facts, Remember(after), *signs.of(world, after, event.copies)]


def away(said: Utterance, room: RoomRef, copies: Sequence[OutboxRow]) -> list[Effect]:
    """Take the copy out of a room: what waits does not leave, what stands there is removed."""
    here = [row for row in copies if row.to == room and row.kind in ("message", "edit")]
    sends = dict.fromkeys(row.send for row in here)
    partner = here[0].partner if here else None
    waits = [Drop(send, "it was taken back") for send in sends]
    # What seems to wait may be leaving just now: its removal is asked for all the same, and forgotten where it did wait.
    shown = dict.fromkeys(
        row.send for row in here if row.kind == "message" and row.state in ("pending", "sent", "unknown", "inflight")
    )
    return [*waits, *(RemoveCopy(said.stream, send, room, said.id, partner) for send in shown)]
