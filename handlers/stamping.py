"""Time stamps of the log's checkpoints: each that an authority gave is recorded, and that it gives none for long is told."""

from __future__ import annotations

from datetime import datetime

from handlers.coordinators import tell_coordinators
from handlers.events import NoStamps, TimeStamped
from handlers.texts import says
from handlers.world import World
from storage.effects import Effect, Record
from storage.facts import DEPLOYMENT, CheckpointStamped
from storage.notes import parse_checkpoint, split_note


def stamped(world: World, event: TimeStamped) -> list[Effect]:
    """It becomes an entry of the log that it speaks of, so that every copy has it."""
    if event.stream not in world.incidents:
        return []
    stamp = event.stamp
    said = parse_checkpoint(split_note(stamp.note)[0])
    fact = CheckpointStamped(said.size, said.root.hex(), stamp.authority, stamp.at, stamp.note, stamp.token)
    return [Record(event.stream, fact)]


def none(world: World, event: NoStamps, now: datetime) -> list[Effect]:
    """The coordinators are told: the log goes on without."""
    return tell_coordinators(
        world,
        DEPLOYMENT,
        now,
        lambda reader: says(
            reader.languages,
            "No time stamp for the log for {count} hour. It goes on without. On my server: tocsin doctor.",
            "No time stamp for the log for {count} hours. It goes on without. On my server: tocsin doctor.",
            event.hours,
        ),
    )
