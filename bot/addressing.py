"""What a message must be told before it leaves: under which names the earlier ones stand in its room that it answers, edits or removes.

A name is a network's, and known only once the earlier message has arrived: so it is looked up as the later one leaves. A reference
that leads nowhere is left out; an edit of what never arrived goes nowhere, and one of what stayed behind when its room moved is said where
people are, as a message of its own. Several rows that became one message are put together anew when one of them changes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from bot.copies import answerable
from bot.merging import late, line_of
from bot.networks.port import NetworkPort, Outgoing, Refused, Sent, Spooled
from bot.outgoing import called_in, carried_over, follows, outgoing, written
from bot.speech import Line, plain, shown
from handlers.resaid import NO_ROOM
from playbooks.rooms import RoomRef
from storage.store import OutboxRow, StorageError, Store

NEVER_ARRIVED = "what it changes never arrived"
NOTHING_TO_TAKE = "what it takes away never arrived"
NOT_HERE = "what it is about does not stand here"


@dataclass(frozen=True, slots=True)
class Addressed:
    """A message as the network is handed it, and the rows it says, as they are really said."""

    out: Outgoing
    rows: tuple[OutboxRow, ...]

    def lacking(self, rows: Sequence[OutboxRow], why: Callable[[str], str]) -> Addressed:
        """The same, each row that leaves without its file known by that. ``rows`` are as they were; ``why`` by the token."""
        pairs = zip(rows, self.rows, strict=False)
        return replace(
            self, rows=tuple(_known_to_lack(said, why(row.token)) if _lost(row, said) else said for row, said in pairs)
        )

    def names(self, sent: Sent) -> list[str | None]:
        """The network's name for each row: one for all, or one for each file of an album.

        A reaction has one only where it is something by itself, else it would be taken for what it stands under.
        """
        if self.out.kind == "end":
            return [None]
        if self.out.kind == "react" and sent.message_id == self.out.replaces:
            return [None]
        if len(self.out.files) > 1:
            named: list[str | None] = [sent.message_id, *sent.others]
            return [*named, *(None for _ in self.rows)][: len(self.rows)]
        return [sent.message_id for _ in self.rows]


@dataclass(frozen=True, slots=True)
class Standing:
    """A reaction of the bot's. One without a name is hidden by any that came after it, and seen again when these are taken away."""

    emoji: str
    sign: bool
    name: str | None


def reactions_in(rows: Sequence[OutboxRow]) -> list[Standing]:
    """Of the bot's reactions to something in a chat (``Store.reactions``) those that stand there, the last that was put there last."""
    stand: list[Standing] = []
    for row in rows:
        said = json.loads(row.payload)
        new = Standing(str(said["emoji"]), bool(said.get("sign")), row.message)
        if row.state == "sent" or (said.get("gone") and row.reason == NOTHING_TO_TAKE):
            stand = [one for one in stand if (one.emoji, one.sign) != (new.emoji, new.sign)]
            stand += [] if said.get("gone") else [new]
    return stand


class _Place(NamedTuple):
    """Where something stands, and its network's name for it."""

    room: RoomRef
    message: str


class Addresses:
    """Finds names in what is kept."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(
        self, rows: Sequence[OutboxRow], port: NetworkPort, files: Mapping[str, Spooled | None], now: datetime
    ) -> Addressed | Refused:
        """The message that these rows are; or why it cannot be. Raises StorageError where that cannot be found out now."""
        first = rows[0]
        amends = first.amends
        if amends is not None and await self._left_behind(first, amends):
            rows = [first := carried_over(first)]
        elif amends is not None:
            return await self._changed(first, amends, port, files)
        if first.kind == "react":
            return await self._reacting(first)
        said = json.loads(first.payload)
        if said.get("where") not in (None, str(first.to.chat)):
            said = json.loads((first := carried_over(first)).payload)
        if "words" not in said:
            return Addressed(await self._referring(outgoing(first), first, said, port), (first,))
        said_now = [_as_sent(row, files, now) for row in rows]
        held = [file for row in rows if (file := files.get(row.token)) is not None]
        lines = [line_of(one, now) for one in said_now]
        html = shown(lines[:1] if held else lines)
        mentions = dict.fromkeys(one for part in said_now for one in called_in(part))
        out = outgoing(first)
        out = replace(out, html=html, text=plain(html), files=tuple(held), mentions=tuple(mentions))
        really = tuple(replace(row, payload=written(one)) for row, one in zip(rows, said_now, strict=True))
        return Addressed(await self._referring(out, first, said, port), really)

    # -- references ----------------------------------------------------------------------------------------------------

    async def _referring(self, out: Outgoing, row: OutboxRow, said: Mapping[str, Any], port: NetworkPort) -> Outgoing:
        """With the names of what it answers and of what began its thread, where these stand in its room."""
        try:
            earlier = follows(row)
            if earlier is not None:
                found = await self._store.row(earlier)
                if found is not None and found.message is not None and found.to.chat == row.to.chat:
                    out = replace(out, reply_to=found.message)
            if said.get("answers") is not None and out.reply_to is None:
                answered = await self._standing(row.stream, said["answers"], row.to)
                out = replace(out, reply_to=answered.message if answered is not None else None)
            begun = None
            if said.get("thread") is not None:
                begun = await self._standing(row.stream, said["thread"], row.to)
            if begun is not None and port.threads:
                out = replace(out, thread=begun.message)
            elif begun is not None and row.to.topic is None and begun.room.topic is not None:
                # A topic of the forum that is this room: all of it is the thread.
                out = replace(out, room=begun.room, home=row.to)
            elif begun is not None and row.to.topic is None:
                out = await self._in_its_place(out, row, said, begun)
            elif begun is not None and out.reply_to is None and row.part == 0:
                out = replace(out, reply_to=begun.message)
        except StorageError:
            return out  # what it refers to is worth no delay, and nothing has been written to the network yet
        return out

    async def _in_its_place(self, out: Outgoing, row: OutboxRow, said: Mapping[str, Any], begun: _Place) -> Outgoing:
        """In the topic that was made for the thread. Before that, as an answer to what began it, in a topic that it begins where there can be one.

        That is called after who begins it and when: a name stays when what was said is taken back, so it says nothing of that.
        """
        place = await self._store.place_of(row.stream, said["thread"], row.to)
        if place is not None and place.topic is not None:
            return replace(out, room=place, home=row.to)
        if place is not None:
            return out if row.part or out.reply_to is not None else replace(out, reply_to=begun.message)
        if row.part or out.reply_to not in (None, begun.message):
            return out
        return replace(out, reply_to=begun.message, begins=plain(f"{said['clock']} {said['head'].removeprefix('▸ ')}"))

    async def _standing(self, stream: str, about: str, room: RoomRef) -> _Place | None:
        """Where something that was said stands in a room: said there, or carried there; in its topic, else in its chat. Of several copies the
        newest that was not taken away."""
        original = await self._store.utterance(stream, about)
        found = [_Place(original.room, original.message)] if original is not None else []
        if original is not None and original.room == room:
            return found[0]
        copies = answerable(await self._store.copies(stream, about))
        found += [_Place(row.to, row.message) for row in copies if row.message is not None]
        here = [one for one in found if one.room.chat == room.chat]
        exact = [one for one in here if one.room == room]
        loose = [one for one in here if one.room.topic is None or room.topic is None]
        return next(iter([*exact, *loose]), None)

    async def _reacting(self, row: OutboxRow) -> Addressed | Refused:
        said = json.loads(row.payload)
        target = await self._standing(row.stream, said["on"], row.to)
        if target is None:
            return Refused(NOT_HERE)
        out = replace(outgoing(row), replaces=target.message)
        if not said.get("gone"):
            return Addressed(out, (row,))
        stand = reactions_in(await self._store.reactions(row.stream, said["on"], row.to, row.token))
        is_sign = bool(said.get("sign"))
        ours = next((one for one in stand if (one.emoji, one.sign) == (said["emoji"], is_sign)), None)
        if ours is None:
            return Refused(NOTHING_TO_TAKE)
        left = [one for one in stand if one is not ours]
        if ours.name is not None:
            alike = any(one.name == ours.name for one in left)  # given for two reasons, and one is left
            return Refused(NOTHING_TO_TAKE) if alike else Addressed(replace(out, replaces=ours.name), (row,))
        if stand[-1] is not ours:
            return Refused(NOTHING_TO_TAKE)  # another took its place already
        return Addressed(replace(out, emoji=left[-1].emoji if left else None), (row,))

    # -- changes of what was said --------------------------------------------------------------------------------------

    async def _left_behind(self, row: OutboxRow, amends: str) -> bool:
        """Whether this says anew what stands in the room from which this one has moved; nothing is said there of what was taken back."""
        if row.kind != "edit":
            return False
        target = await self._store.row(amends)
        if target is None or target.state != "sent" or target.to.chat == row.to.chat:
            return False
        said = await self._store.utterance(row.stream, row.about or "")
        return said is None or not said.gone

    async def _changed(
        self, row: OutboxRow, amends: str, port: NetworkPort, files: Mapping[str, Spooled | None]
    ) -> Addressed | Refused:
        """An edit or a removal of one row's message. Nothing is asked of the network where that row never became one."""
        out = outgoing(row)
        target = await self._store.row(amends)
        if target is None or target.message is None or target.state != "sent" or target.to.chat != out.room.chat:
            # What is to be removed was named when that was asked, whatever is known of it now.
            return Addressed(out, (row,)) if out.kind == "delete" and out.replaces else Refused(NEVER_ARRIVED)
        out = replace(out, replaces=target.message)
        if out.kind == "end":
            return Addressed(out, (row,))
        members = await self._store.rows_of_message(target.to, target.message)
        if out.kind == "delete":
            return await self._without(out, row, target, members, port)
        if not target.readable:
            return Refused(NEVER_ARRIVED)
        said, before = json.loads(row.payload), json.loads(target.payload)
        if len(members) > 1:
            return await self._together(out, row, members, {target.token: _line(before, said)}, port)
        held = files.get(row.token)
        said |= {"late": True} if before.get("late") else {}
        if said.get("file") and held is None and (said.get("anew") or not before.get("file")):
            said = _without_file(said)
        html = shown([_line(said, said)])
        out = replace(
            out,
            html=html,
            text=plain(html),
            caption=bool(before.get("file")),
            files=(held,) if held is not None else (),
        )
        return Addressed(out, (replace(row, payload=written(said)),))

    async def _without(
        self, out: Outgoing, row: OutboxRow, target: OutboxRow, members: Sequence[OutboxRow], port: NetworkPort
    ) -> Addressed | Refused:
        """A removal: of the message where it says nothing else, or where what else it says is not known any more."""
        if len(members) <= 1 or not all(member.readable for member in members):
            return Addressed(out, (row,))
        found = await self._together(replace(out, kind="edit"), row, members, {target.token: None}, port)
        return found if isinstance(found, Addressed) and found.out.html else Addressed(out, (row,))

    async def _together(
        self,
        out: Outgoing,
        row: OutboxRow,
        members: Sequence[OutboxRow],
        fresh: Mapping[str, Line | None],
        port: NetworkPort,
    ) -> Addressed | Refused:
        """One message of several rows, as it is now, with one of them changed or (None) left out."""
        lines = []
        mentions = list(out.mentions)
        for member in members:
            if not member.readable:
                return Refused(NEVER_ARRIVED)
            was = json.loads(member.payload)
            mentions += called_in(was) if member.token not in fresh else ()
            line = fresh[member.token] if member.token in fresh else await self._now(member, was)
            if line is not None:
                lines.append(line)
        html = shown(lines) if lines else ""
        if lines and len(port.split(html)) > 1:
            return Refused(NO_ROOM)
        called = tuple(dict.fromkeys(mentions))
        return Addressed(replace(out, html=html, text=plain(html), mentions=called), (row,))

    async def lines(self, members: Sequence[OutboxRow]) -> list[Line | None]:
        """What each row of a message says now; None where it was removed, or is not known any more."""
        return [await self._now(member, json.loads(member.payload)) if member.readable else None for member in members]

    async def _now(self, member: OutboxRow, was: Mapping[str, Any]) -> Line | None:
        """What a row of a message says now: as it was last edited; None once it was removed."""
        line = _line(was, was)
        for one in await self._store.copies(member.stream, member.about or ""):
            if one.kind not in ("edit", "delete") or one.state not in ("sent", "unknown") or not one.readable:
                continue
            said = json.loads(one.payload)
            if said.get("amends") != member.token:
                continue
            if one.kind == "delete":
                return None
            line = _line(was, said)
        return line


def _line(was: Mapping[str, Any], said: Mapping[str, Any]) -> Line:
    """What a row says whose words are now those of another payload: under the time and the mark with which it was sent."""
    return Line(said["head"], said["words"], was["clock"] if was.get("late") else "", was.get("mark", ""))


def _as_sent(row: OutboxRow, files: Mapping[str, Spooled | None], now: datetime) -> dict[str, Any]:
    """A payload as it is said if it leaves now: ``late`` where it says when that was, without a file that cannot be had."""
    said: dict[str, Any] = json.loads(row.payload)
    if late(said, now):
        said["late"] = True
    return _without_file(said) if said.get("file") and files.get(row.token) is None else said


def _lost(row: OutboxRow, said: OutboxRow) -> bool:
    had, has = ('"file":' in one.payload and json.loads(one.payload).get("file") for one in (row, said))
    return bool(had) and not has


def _known_to_lack(said: OutboxRow, why: str) -> OutboxRow:
    return replace(said, payload=written({**json.loads(said.payload), "lacks": why}))


def _without_file(said: Mapping[str, Any]) -> dict[str, Any]:
    words = "\n".join(part for part in (said["words"], said.get("instead") or "") if part)
    return {**{name: one for name, one in said.items() if name not in ("file", "anew")}, "words": words}
