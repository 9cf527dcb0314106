"""One reaction under what somebody said, once it is known what came of it: all rooms have it, some, or none.

It never says which: whoever may know asks with ``/seen``. Rooms of partners that whoever spoke may not know of are not counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from handlers.world import World
from playbooks.rooms import RoomRef
from storage.effects import Effect, React, Send
from storage.store import OutboxRow, Utterance

ALL, SOME, NONE = "👌", "🤔", "🙊"
"""Each is one that Telegram lets bots use."""

TOO_MUCH = "too much waited for this room"
"""Why a copy does not leave whose room was told of it in a digest instead."""


def put(said: Utterance, emoji: str) -> list[Effect]:
    """Put a sign where it was said."""
    return [React(said.stream, said.id, said.room, emoji, sign=True)]


def at_once(world: World, said: Utterance, sends: Sequence[Send]) -> list[Effect]:
    """The sign for what reaches nobody, before anything has left. Nothing where whoever spoke may not know that anybody was left out."""
    waits = any(_may_know(world, said, send.partner) for send in sends)
    return [] if waits or not _left_out(world, said) else put(said, NONE)


def of(world: World, said: Utterance, copies: Sequence[OutboxRow]) -> list[Effect]:
    """The sign for what has become of its copies, in place of an earlier one; nothing while some are still on their way, or that says the same.

    ``copies``: every row about it, earlier signs among them.
    """
    emoji = None if said.gone else _sign(world, said, copies)
    earlier = _standing(said, copies)
    if emoji is None or earlier[-1:] == [emoji]:
        return []
    away = [React(said.stream, said.id, said.room, one, gone=True, sign=True) for one in earlier]
    return [*away, *put(said, emoji)]


def _sign(world: World, said: Utterance, copies: Sequence[OutboxRow]) -> str | None:
    """What whoever spoke may know of decides, and when: a partner that they may not know of holds no sign up."""
    if any(
        row.kind in ("message", "edit", "delete")
        and row.state in ("pending", "inflight")
        and _may_know(world, said, row.partner)
        for row in copies
    ):
        return None
    known = [row for row in newest(copies, said.removed) if _may_know(world, said, row.partner)]
    left_out = _left_out(world, said)
    left_out = left_out or any(_may_know(world, said, row.partner) for row in digested(copies))
    have = [row for row in known if row.state == "sent"]
    if len(have) == len(known) and not left_out and not any(lacks(row) for row in have):
        return ALL if known else None
    return SOME if have else NONE


def _left_out(world: World, said: Utterance) -> bool:
    lacking = (*said.left_out, *(partner for _, partner in said.removed))
    return any(_may_know(world, said, partner) for partner in lacking)


def _standing(said: Utterance, copies: Iterable[OutboxRow]) -> list[str]:
    """The signs under it that are there or on their way, the last one last."""
    found: list[str] = []
    for row in copies:
        if row.kind != "react" or row.to != said.room or row.state in ("dropped", "refused"):
            continue
        told = json.loads(row.payload)
        if not told.get("sign"):
            continue
        found = [one for one in found if one != told["emoji"]]
        if not told.get("gone"):
            found.append(str(told["emoji"]))
    return found


def newest(copies: Iterable[OutboxRow], removed: Iterable[tuple[str, str]] = ()) -> list[OutboxRow]:
    """Of the copies in each room, the rows of the last that was sent there, repeated or changed: its first part, or the one that failed.

    None where a copy was taken away again, or emptied where its network does not remove it, or where somebody removed it there (``Utterance.removed``).
    """
    without = {room for room, _ in removed}
    last: dict[RoomRef, OutboxRow] = {}
    began: dict[str, RoomRef] = {}
    leaves: set[RoomRef] = set()
    for row in copies:
        if row.state == "dropped" or str(row.to) in without:
            continue
        if row.kind == "delete" and row.amends in began:
            leaves.add(row.to)
        if row.to in leaves and row.kind in ("delete", "edit"):
            if row.state == "sent":
                last.pop(row.to, None)
            continue
        if row.kind not in ("message", "edit"):
            continue
        if row.kind == "message" and row.token == row.send:
            began[row.token] = row.to
            leaves.discard(row.to)
        before = last.get(row.to)
        same = before is not None and before.send == row.send
        if not same or row.state != "sent":
            last[row.to] = row
    return list(last.values())


def digested(copies: Iterable[OutboxRow]) -> list[OutboxRow]:
    """Of the copies that made way for a digest in their room, one for each room in which none went before or after it."""
    rows = [row for row in copies if row.kind == "message"]
    left = {row.to for row in rows if row.state != "dropped"}
    made_way = {row.to: row for row in rows if row.state == "dropped" and row.reason == TOO_MUCH}
    return [row for room, row in made_way.items() if room not in left]


def lacks(row: OutboxRow) -> str | None:
    """Why a copy left without the file that belongs to it (see ``bot.fetching``); None where it has it, or there is none."""
    return str(json.loads(row.payload)["lacks"]) if '"lacks":' in row.payload else None


def remaining(copies: Iterable[OutboxRow]) -> list[OutboxRow]:
    """Of what was to be taken away, that which its network refused to remove, and to empty: it may still be read there."""
    stays: dict[str, OutboxRow] = {}
    for row in copies:
        about = row.amends if row.kind in ("delete", "edit") else None
        if about is None:
            continue
        if row.kind == "delete" and row.state in ("refused", "unknown"):
            stays[about] = row
        elif row.state == "sent":
            stays.pop(about, None)
    return list({row.to: row for row in stays.values()}.values())


def _may_know(world: World, said: Utterance, partner: str | None) -> bool:
    incident = world.incidents.get(said.stream)
    if incident is None or partner is None:
        return False
    who = world.book_of(incident).playbook.partners.get(partner)
    return who is not None and (who.listed or partner == said.partner)
