"""One reaction under what somebody said, once it is known what came of it: all rooms have it, some, or none.

It never says which: whoever may know asks with ``/seen``. Rooms of partners that whoever spoke may not know of are not counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from handlers.world import World
from playbooks.rooms import RoomRef
from storage.effects import Effect, React
from storage.store import OutboxRow, Utterance

ALL, SOME, NONE = "👌", "🤔", "🙊"
"""Each is one that Telegram lets bots use."""


def put(world: World, said: Utterance, emoji: str) -> list[Effect]:
    """Put a sign where it was said."""
    return [React(said.stream, said.id, said.room, emoji, sign=True)]


def of(world: World, said: Utterance, copies: Sequence[OutboxRow]) -> list[Effect]:
    """The sign for what has become of its copies; nothing while some are still on their way."""
    shown = newest(copies)
    if not shown or any(row.state in ("pending", "inflight") for row in shown):
        return []
    known = [row for row in shown if _may_know(world, said, row.partner)]
    left_out = [partner for partner in said.left_out if _may_know(world, said, partner)]
    have = sum(row.state == "sent" for row in known)
    if have == len(known) and not left_out:
        return put(world, said, ALL) if known else []
    return put(world, said, SOME if have else NONE)


def newest(copies: Iterable[OutboxRow]) -> list[OutboxRow]:
    """Of the copies in each room, the rows of the last that was sent there, repeated or changed: its first part, or the one that failed."""
    last: dict[RoomRef, OutboxRow] = {}
    for row in copies:
        if row.kind not in ("message", "edit") or row.state == "dropped":
            continue
        before = last.get(row.to)
        same = before is not None and before.send == row.send
        if not same or row.state != "sent":
            last[row.to] = row
    return list(last.values())


def _may_know(world: World, said: Utterance, partner: str | None) -> bool:
    incident = world.incidents.get(said.stream)
    if incident is None or partner is None:
        return False
    who = world.book_of(incident).playbook.partners.get(partner)
    return who is not None and (who.listed or partner == said.partner)
