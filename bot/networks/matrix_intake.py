"""From one kept sync to the events it yields.

A batch may come here twice (we may be killed at any point), so everything is either idempotent or written down only
after the events were settled: see ``Yield``. No event of a batch can spoil another.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from bot.networks import matrix_context, matrix_posts, matrix_read
from bot.networks.matrix_edits import KEPT_SECONDS, KnownEdit, changes
from bot.networks.matrix_gaps import arrival
from bot.networks.matrix_keys import Keys
from bot.networks.matrix_memory import Memory, WaitingEvent
from bot.networks.matrix_odd import own_trouble
from bot.networks.matrix_rooms import MEGOLM, Room
from bot.networks.matrix_sharing import Sharing
from bot.networks.matrix_yield import Yield

log = logging.getLogger(__name__)

UNREADABLE_SECONDS = 300.0


class Intake:
    """Takes in batches for the rooms of ``me``."""

    def __init__(self, memory: Memory, keys: Keys, sharing: Sharing, rooms: dict[str, Room], me: str) -> None:
        self.memory = memory
        self.keys = keys
        self.sharing = sharing
        self.rooms = rooms
        self.me = me
        self._tidied = 0.0

    def take(self, batch: str) -> Yield:
        """Work on a kept batch: JSON of ``since``, ``heard`` (milliseconds) and ``sync`` (the server's answer)."""
        kept = json.loads(batch)
        return self.take_in(kept["sync"], int(kept["heard"]), first=kept["since"] is None)

    def take_in(self, sync: dict[str, Any], heard: int, *, first: bool = False) -> Yield:
        """Work on a server's answer, the ``first`` or a later one."""
        gained = self.keys.take_in(_list(sync.get("to_device"), "events"))
        lists = sync.get("device_lists") or {}
        self.sharing.devices_changed([*(lists.get("changed") or ()), *(lists.get("left") or ())])
        for event in _list(sync.get("account_data"), "events"):
            self._direct_rooms(event)
        yielded = Yield()
        if sync.get("account_data"):
            yielded.touched.update(self.rooms)
        rooms = sync.get("rooms") or {}
        for room, part in (rooms.get("invite") or {}).items():
            self._invited(yielded, room, part, heard, sync["next_batch"])
        for room, part in (rooms.get("join") or {}).items():
            self._joined(yielded, room, part, heard, first)
        for room, part in (rooms.get("leave") or {}).items():
            self._left(yielded, room, part, heard, sync["next_batch"])
        self._retry(yielded, [*self.memory.waiting(gained), *self.memory.changed_by(yielded.readable)], heard)
        if yielded.posted:
            yielded.items[:0] = matrix_posts.told(yielded.posted, heard)
        return yielded

    def tell_traits(self, yielded: Yield, heard: int) -> None:
        """Add what is new of the rooms, before anything that was said there: what is answered goes into the room as it is now.

        Only where their whole state is known, so not with a batch of long ago.
        """
        told: dict[str, tuple[str, str]] = {}
        for room in sorted(yielded.touched):
            if self.memory.room(room).joined and room in self.rooms:
                try:
                    self._tell_traits(yielded, room, heard, told)
                except Exception as odd:  # noqa: BLE001 no room can spoil another
                    _warn(room, odd)
        if told:
            yielded.before_words(told)

    def learn_state(self, room: str, events: Iterable[dict[str, Any]]) -> Room:
        """Know a room from its whole state, before any sync has told of it."""
        for event in events:
            self._apply(room, event)
        return self._room(room)

    def wait_over(self, now: float) -> Yield:
        """The messages that stayed unreadable too long (``now`` in seconds of the epoch), each told once."""
        if now >= self._tidied + KEPT_SECONDS / 60:
            self._tidied = now
            self.memory.edits.forget_old(now)
        yielded = Yield()
        for event in self.memory.overdue(now - UNREADABLE_SECONDS):
            item = json.loads(event.body)
            body = matrix_read.happened(
                f"unreadable:{event.event}", "unreadable", item["room"], item["event"],
                heard=int(now * 1000), private=item["private"], name=item["name"],
            )  # fmt: skip
            yielded.items.append((f"unreadable:{event.event}", body))
            yielded.unreadable.append(event.event)
        return yielded

    def retry_all(self, heard: int) -> Yield:
        """Try once more what still waits for its key."""
        yielded = Yield()
        self._retry(yielded, self.memory.all_waiting(), heard)
        return yielded

    # -- sections of a sync ----------------------------------------------------------------------------------------

    def _invited(self, yielded: Yield, room: str, part: dict[str, Any], heard: int, batch: str) -> None:
        for event in _list(part.get("invite_state"), "events"):
            try:
                if event["type"] != "m.room.member" or event["state_key"] != self.me:
                    continue
                if event["content"].get("is_direct") is True:
                    self.memory.set_direct(room, str(event["sender"]))
                key = f"invite:{room}:{hashlib.sha256(batch.encode()).hexdigest()[:12]}"
                name = str(event["sender"]).removeprefix("@").partition(":")[0]
                direct = event["content"].get("is_direct") is True
                body = matrix_read.happened(key, "invited", room, event, heard=heard, private=direct, name=name)
                yielded.items.append((key, body))
            except Exception as odd:  # noqa: BLE001 no event can spoil another
                _warn(room, odd)

    def _joined(self, yielded: Yield, room: str, part: dict[str, Any], heard: int, first: bool) -> None:
        yielded.touched.add(room)
        new_to_us = not self.memory.room(room).joined
        state, timeline = _list(part.get("state"), "events"), part.get("timeline") or {}
        gap, recent = _list(timeline, "gap"), _list(timeline, "events")
        for event in state:
            self._apply(room, event)
        for event in gap:
            self._note_encryption(room, event)
        for event in recent:
            if "state_key" in event:
                self._apply(room, event)
        events = [*gap, *recent]
        came = arrival(events, self.me)
        if new_to_us:
            entry = events[came] if came is not None else next((e for e in state if self._is_my_entry(e)), None)
            if entry is not None:
                self._happened(yielded, "joined", room, entry, heard)
            if came is not None:
                events = events[came + 1 :]
            self.memory.set_joined(room, True)
        if first:
            # Said before we were there to hear it; but what we posted shows that we were.
            events = [event for event in events if event.get("sender") == self.me and "state_key" not in event]
        self._hear(yielded, room, events, heard)
        if self._room(room).replacement and not any(event.get("type") == "m.room.tombstone" for event in events):
            # Closed while nobody showed us: the state says so, and the event's id makes it one and the same.
            for event in state:
                if event.get("type") == "m.room.tombstone":
                    self._happened(yielded, "moved", room, event, heard)

    def _left(self, yielded: Yield, room: str, part: dict[str, Any], heard: int, batch: str) -> None:
        if not self.memory.room(room).joined and room not in self.rooms:
            return  # an invitation that was taken back
        timeline = part.get("timeline") or {}
        events = [*_list(timeline, "gap"), *_list(timeline, "events")]
        self._hear(yielded, room, events, heard)
        keys = {key for key, body in yielded.items if json.loads(body)["what"] == "removed"}
        if not keys & {str(event.get("event_id")) for event in events}:
            gone = next((e for e in _list(part.get("state"), "events") if self._is_about_me(e)), None)
            event = gone or {"event_id": f"left:{room}:{batch}", "content": {}}
            self._happened(yielded, "removed", room, event, heard)
        self.rooms.pop(room, None)
        self.sharing.readers_changed(room)
        self.memory.set_joined(room, False)

    def _hear(self, yielded: Yield, room: str, events: list[dict[str, Any]], heard: int) -> None:
        self._note_edits(room, events, heard)
        for event in events:
            try:
                if "state_key" in event:
                    self._hear_state(yielded, room, event, heard)
                elif event["sender"] != self.me:
                    self._hear_words(yielded, room, event, heard)
                elif (note := matrix_posts.posted(event, room, self.memory.posts_key)) is not None:
                    yielded.posted.append((room, note))
            except Exception as odd:  # noqa: BLE001 no event can spoil another
                _warn(room, odd)

    def _hear_state(self, yielded: Yield, room: str, event: dict[str, Any], heard: int) -> None:
        if event["type"] == "m.room.tombstone":
            self._happened(yielded, "moved", room, event, heard)
        elif event["type"] in matrix_read.BEACON_INFOS:
            ended = matrix_context.live_place(event, self._room(room), self.memory)
            if ended is not None:
                yielded.items.append((event["event_id"], self._words_body(event, room, heard, ended)))
        elif self._is_about_me(event):
            before = ((event.get("unsigned") or {}).get("prev_content") or {}).get("membership")
            now = event["content"]["membership"]
            if now in ("leave", "ban"):
                self._happened(yielded, "removed", room, event, heard)
            elif now == "join" and before != "join":
                self._happened(yielded, "joined", room, event, heard)

    def _note_edits(self, room: str, events: list[dict[str, Any]], heard: int) -> None:
        """What is edited already when it is heard is never told as it was."""
        for event in events:
            try:
                if changes(room, event) is None or "state_key" in event or event["sender"] == self.me:
                    continue
                plain = self._plain(room, event)
                if plain is None:
                    self._wait(room, event, heard)
                else:
                    self._note_edit(room, event, plain, heard)
            except Exception as odd:  # noqa: BLE001 no event can spoil another
                _warn(room, odd)

    def _hear_words(self, yielded: Yield, room: str, event: dict[str, Any], heard: int) -> None:
        if event["type"] == "m.room.encrypted" and "ciphertext" not in event["content"]:
            return  # redacted
        plain = self._plain(room, event)
        if plain is None:
            self._wait(room, event, heard)
        else:
            self._keep_words(yielded, room, event, plain, heard)

    def _keep_words(self, yielded: Yield, room: str, event: dict[str, Any], plain: dict[str, Any], heard: int) -> bool:
        """Whether the event, which reads ``plain``, is done with; else it waits on, for an edit of it that is not to be read yet."""
        if plain["type"] not in (matrix_read.SPOKEN if plain is event else matrix_read.SEALED):
            return True
        if plain["type"] == matrix_read.REDACTION:
            # What was taken back before it could be read is not to be heard later. Only in the same room: who may take back
            # what was said in another, its homeserver has not checked.
            gone = str(plain.get("redacts") or plain["content"].get("redacts") or "")
            if (taken := self.memory.edits.known(room, gone)) is not None:
                yielded.reverted[plain["event_id"]] = taken
                self.memory.edits.take_back(room, gone)
            yielded.readable.append((room, gone))  # last: with an id that no column takes the event was left out above
        own = self._note_edit(room, event, plain, heard)
        unread = self.memory.unread_edits(room, plain["event_id"], str(plain["sender"])) if own is None else []
        if not {(room, edit) for edit in unread} <= set(yielded.readable):
            self._wait(room, event, heard)
            return False
        context = matrix_context.context_of(plain, self._room(room), self.memory)
        if context is not None:
            if own is None:
                context |= matrix_context.edited(plain, self._room(room), self.memory, self._plain)
            elif self.memory.edits.overtaken(plain["event_id"], own):
                context["overtaken"] = True
            yielded.items.append((plain["event_id"], self._words_body(plain, room, heard, context)))
        return True

    def _retry(self, yielded: Yield, waiting: list[WaitingEvent], heard: int) -> None:
        """Try what waits once more: edits first, so that what they change is told as it is now, and then that too."""
        edits = [one for one in waiting if one.changes is not None]
        for one in edits:
            self._try_again(yielded, one, heard)
        freed = self.memory.changed_by(key for one in edits if (key := (one.room, one.event)) in yielded.readable)
        others = {one.event: one for one in (*waiting, *freed) if one.changes is None}
        for one in sorted(others.values(), key=lambda one: one.since):
            self._try_again(yielded, one, heard)

    def _try_again(self, yielded: Yield, waits: WaitingEvent, heard: int) -> None:
        if (waits.room, waits.event) in yielded.readable:
            return
        item = json.loads(waits.body)
        try:
            plain = self._plain(waits.room, item["event"])
            if plain is not None and self._keep_words(yielded, waits.room, item["event"], plain, heard):
                yielded.readable.append((waits.room, waits.event))
        except Exception as odd:  # noqa: BLE001 no event can spoil another
            _warn(waits.room, odd)

    def _plain(self, room: str, event: dict[str, Any]) -> dict[str, Any] | None:
        """An event as it was before it was encrypted, itself if it was not; None where it is not to be read yet."""
        return self.keys.decrypt(room, event) if event["type"] == "m.room.encrypted" else event

    def _wait(self, room: str, event: dict[str, Any], heard: int) -> None:
        session = str(event["content"].get("session_id", ""))
        self.memory.wait(
            event["event_id"], room, session, self._words_body(event, room, heard), heard / 1000, changes(room, event)
        )  # fmt: skip

    def _note_edit(self, room: str, event: dict[str, Any], plain: dict[str, Any], heard: int) -> KnownEdit | None:
        """Remember the event if it is an edit, which it then returns."""
        edit = changes(room, plain)
        if edit is not None:
            self.memory.edits.note(event, edit, heard / 1000)
        return edit

    # -- parts -----------------------------------------------------------------------------------------------------

    def _apply(self, room: str, event: dict[str, Any]) -> None:
        known = self._room(room)
        before = known.changes
        try:
            self._note_encryption(room, event)
            known.apply(event)
        except Exception as odd:  # noqa: BLE001 no event can spoil another
            _warn(room, odd)
        if known.changes != before:
            self.sharing.readers_changed(room)

    def _note_encryption(self, room: str, event: dict[str, Any]) -> None:
        if event.get("type") != "m.room.encryption" or event.get("state_key") != "":
            return
        content = event.get("content")
        content = content if isinstance(content, dict) else {}
        if content or self.memory.room(room).encryption is not None:
            self.memory.note_encryption(room, content)
        if content.get("algorithm") == MEGOLM:
            self.keys.note_encrypted(room)

    def _tell_traits(self, yielded: Yield, room: str, heard: int, told: dict[str, tuple[str, str]]) -> None:
        mark = self.memory.room(room)
        traits = self._room(room).traits(mark, self.me)
        text = json.dumps(asdict(traits), sort_keys=True)
        if text == mark.traits:
            return
        key = f"traits:{room}:{hashlib.sha256(text.encode()).hexdigest()[:12]}:{mark.told}"
        told[room] = (key, matrix_read.told_traits(key, room, traits, heard=heard))
        yielded.traits[room] = text

    def _happened(self, yielded: Yield, kind: Any, room: str, event: dict[str, Any], heard: int) -> None:
        key, known = str(event["event_id"]), self._room(room)
        name = known.name_of(str(event.get("sender", "")))
        body = matrix_read.happened(key, kind, room, event, heard=heard, private=self._private(room), name=name)
        if (key, body) not in yielded.items:
            yielded.items.append((key, body))

    def _words_body(self, event: dict[str, Any], room: str, heard: int, context: dict[str, Any] | None = None) -> str:
        name, private = self._room(room).name_of(str(event["sender"])), self._private(room)
        return matrix_read.spoken(
            event["event_id"], room, event, heard=heard, private=private, name=name, context=context
        )

    def _private(self, room: str) -> bool:
        mark = self.memory.room(room)
        return mark.direct is not None and self._room(room).traits(mark, self.me).private

    def _direct_rooms(self, event: dict[str, Any]) -> None:
        if event.get("type") == "m.direct" and isinstance(event.get("content"), dict):
            for person, rooms in event["content"].items():
                for room in rooms if isinstance(rooms, list) else ():
                    self.memory.set_direct(str(room), person)

    def _room(self, room: str) -> Room:
        return self.rooms.setdefault(room, Room(room))

    def _is_about_me(self, event: dict[str, Any]) -> bool:
        return event.get("type") == "m.room.member" and event.get("state_key") == self.me

    def _is_my_entry(self, event: dict[str, Any]) -> bool:
        return self._is_about_me(event) and (event.get("content") or {}).get("membership") == "join"


def _list(part: Any, name: str) -> list[dict[str, Any]]:
    found = part.get(name) if isinstance(part, dict) else None
    return [event for event in found if isinstance(event, dict)] if isinstance(found, list) else []


def _warn(room: str, odd: Exception) -> None:
    """Leave an event out, with a word in the log. Raises trouble of our own, after which it is to be read again."""
    if own_trouble(odd):
        raise odd
    log.warning("an event in %s could not be read: %s", room, type(odd).__name__)
