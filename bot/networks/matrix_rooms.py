"""The rooms we are in, as their state events say: members, powers, and what makes a room safe to speak in.

Our own reading of the state, and not the library's: that one forgets creators, and takes an emptied encryption event
for encryption. Pure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bot.networks.matrix_memory import RoomMark
from bot.networks.port import RoomTraits

MEGOLM = "m.megolm.v1.aes-sha2"
ROTATION_MESSAGES, ROTATION_TIME = 100, timedelta(days=7)  # as the specification has it where a room says nothing
_ROTATIONS = range(1, 10_001)  # messages under one key that we let a room ask for
_ROTATIONS_MS = range(3_600_000, 31 * 86_400_000 + 1)  # and milliseconds: an hour to a month
_CREATORS_APART = 12  # from this room version on, creators are not listed in power_levels.users


@dataclass(slots=True)
class Member:
    """Somebody's membership: ``join``, ``invite``, ``leave``, ``ban`` or ``knock``."""

    membership: str
    name: str = ""
    direct: bool = False


@dataclass(slots=True)
class Room:
    """A room we are in. ``changes`` grows whenever those who should read it change.

    ``rotation``: for how many messages, and for how long, we use a key of it. ``allowed``: the rooms whose members may come in uninvited; ``ajar``: whether anybody can, through one of them (see ``matrix_doors``).
    """

    id: str
    members: dict[str, Member] = field(default_factory=dict)
    encryption: dict[str, Any] | None = None
    rotation: tuple[int, timedelta] = (ROTATION_MESSAGES, ROTATION_TIME)
    visibility: str = "shared"
    join_rule: str = "invite"
    allowed: tuple[str, ...] = ()
    ajar: bool = False
    name: str = ""
    alias: str | None = None
    version: str = "1"
    creators: tuple[str, ...] = ()
    powers: dict[str, Any] = field(default_factory=dict)
    replacement: str | None = None
    changes: int = 0

    @property
    def encrypted(self) -> bool:
        """Whether the room's state, as it stands now, demands encryption that we can do."""
        return self.encryption is not None and self.encryption.get("algorithm") == MEGOLM

    @property
    def whole(self) -> bool:
        """Whether its state was ever seen from the beginning; nothing may be concluded from a part of it."""
        return bool(self.creators)

    @property
    def closed(self) -> bool:
        """Whether only those who are asked in can read; what is said in any other room is private to nobody."""
        return self.visibility != "world_readable" and not self.open_join

    @property
    def open_join(self) -> bool:
        """Whether anybody can come in unasked. Who knocks is let in by a member, so that is as good as an invitation."""
        return self.join_rule == "public" or self.ajar

    def readers(self) -> list[str]:
        """Who must be able to read what is said now: the joined, and the invited where history is shown to them."""
        wanted = ("join",) if self.visibility == "joined" else ("join", "invite")
        return [user for user, member in self.members.items() if member.membership in wanted]

    def apply(self, event: dict[str, Any]) -> None:
        """Take in one state event. Raises KeyError, TypeError or AttributeError for one that is malformed."""
        content, key = event["content"], event["state_key"]
        kind = event["type"]
        if not isinstance(content, dict) or not isinstance(key, str):
            raise TypeError("a state event has an object and a key")
        if kind == "m.room.member":
            self._member(key, content)
        elif key != "":
            return
        elif kind == "m.room.encryption":
            self.encryption = content
            self._rotation(content)
        elif kind == "m.room.history_visibility":
            if self.visibility != (now := str(content.get("history_visibility", "shared"))):
                self.visibility = now
                self.changes += 1
        elif kind == "m.room.join_rules":
            self._join_rules(content)
        elif kind == "m.room.name":
            self.name = str(content.get("name") or "")
        elif kind == "m.room.canonical_alias":
            self.alias = str(content["alias"]) if content.get("alias") else None
        elif kind == "m.room.create":
            self.version = str(content.get("room_version", "1"))
            more = content.get("additional_creators") or []
            self.creators = (str(event.get("sender", "")), *(str(user) for user in more))
        elif kind == "m.room.power_levels":
            self.powers = content
        elif kind == "m.room.tombstone":
            self.replacement = str(content.get("replacement_room") or "") or None

    def power_of(self, user: str) -> float:
        """The power of ``user``; infinite for the creators of rooms of version 12 and later."""
        if user in self.creators and self.version.isdigit() and int(self.version) >= _CREATORS_APART:
            return math.inf
        if not self.powers:
            return 100.0 if user in self.creators else 0.0
        users = self.powers.get("users") or {}
        return _level(users.get(user, self.powers.get("users_default", 0)), 0)

    def power_to(self, act: str) -> float:
        """The power needed for ``redact``, or to send the event type ``act``."""
        if act == "redact":
            return _level(self.powers.get("redact"), 50)
        events = self.powers.get("events") or {}
        return _level(events.get(act, self.powers.get("events_default", 0)), 0)

    def power_to_ring(self) -> float:
        """The power with which a mention of the whole room (``@room``) notifies its members."""
        return _level((self.powers.get("notifications") or {}).get("room"), 50)

    def traits(self, mark: RoomMark, me: str) -> RoomTraits:
        """What decides how far the room can be trusted. ``mark`` is what we remember of it from earlier."""
        here = [user for user, member in self.members.items() if member.membership in ("join", "invite")]
        others = [user for user in here if user != me]
        between_two = mark.direct is not None and others == [mark.direct] and me in here
        return RoomTraits(
            encrypted=self.encrypted and mark.encryption is not None and not mark.broken,
            tampered=mark.broken or (mark.encryption is not None and not self.encrypted),
            world_readable=self.visibility == "world_readable",
            open_join=self.open_join,
            private=between_two and self.closed,
            title=self.name or self.alias or (self.name_of(others[0]) if len(others) == 1 else ""),
            alias=self.alias,
        )

    def name_of(self, user: str) -> str:
        member = self.members.get(user)
        return (member.name if member is not None else "") or user.removeprefix("@").partition(":")[0]

    def may_name(self, words: str) -> bool:
        """Whether some of these words may be taken for somebody here, or for the whole room.

        As homeservers and clients look for it where an event does not say whom it mentions: the name that somebody shows, and the account's
        part before the colon, in any case (the specification's push rules ``.m.rule.contains_display_name``, ``.m.rule.contains_user_name``
        and ``.m.rule.roomnotif``). Those look for whole words; parts of them count here too.
        """
        said = words.casefold()
        if "@room" in said:
            return True
        for user, member in self.members.items():
            account = user[1:].partition(":")[0].casefold()
            if account in said or (member.name and member.name.casefold() in said):
                return True
        return False

    def _rotation(self, content: dict[str, Any]) -> None:
        """How often its key changes is for the room to say, within reason; what is out of reason changes nothing."""
        messages, time = self.rotation
        asked, asked_ms = content.get("rotation_period_msgs"), content.get("rotation_period_ms")
        if type(asked) is int and asked in _ROTATIONS:
            messages = asked
        if type(asked_ms) is int and asked_ms in _ROTATIONS_MS:
            time = timedelta(milliseconds=asked_ms)
        self.rotation = (messages, time)

    def _join_rules(self, content: dict[str, Any]) -> None:
        self.join_rule = str(content.get("join_rule", "invite"))
        before, self.allowed = self.allowed, ()
        if self.join_rule in ("restricted", "knock_restricted") and isinstance(content.get("allow"), list):
            rooms = (part.get("room_id") for part in content["allow"] if isinstance(part, dict))
            self.allowed = tuple(dict.fromkeys(room for room in rooms if isinstance(room, str)))
        if self.allowed != before:
            self.ajar = bool(self.allowed)  # until somebody has looked

    def _member(self, user: str, content: dict[str, Any]) -> None:
        before = self.members.get(user)
        member = Member(
            str(content["membership"]), str(content.get("displayname") or ""), content.get("is_direct") is True
        )
        self.members[user] = member
        if before is None or before.membership != member.membership:
            self.changes += 1


def _level(value: object, otherwise: float) -> float:
    # Old rooms carry levels as strings.
    try:
        return otherwise if value is None else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return otherwise
