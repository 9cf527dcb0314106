"""Facts of what is said in channels, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from playbooks.rooms import RoomRef
from storage.facts.fact import EACH, Each, Fact


@dataclass(frozen=True, slots=True)
class Said(Fact):
    """Somebody said something in a channel's room. ``message``: the network's id for it; ``at``: when, by the network's clock.

    ``person``: a person's id, or an identity, or empty. ``origins``: whose information it carries; ``onward``: the origins whose words it passes on,
    which are not the speaker's own. ``answers``, ``thread``: earlier ones. ``content`` has ``name`` (who spoke), ``words`` (plain), ``file``
    ({"kind", "name", "type", "size", "album", "known_as"}), ``point``, ``poll`` and ``contact``. ``left_out`` has for each room of the channel that was not told
    {"partner", "why", "rule", "detail"}. ``never``: why nobody was to be told of it at all, nor may be later (a code); the same may be ``Said`` again, once
    whoever said it has put that right. ``labels``: that of each channel then, {"tlp", "compartments", "personal"}.
    """

    LEAST: ClassVar[int] = 24
    said: str
    channels: tuple[str, ...]
    partner: str
    person: str
    room: RoomRef
    message: str
    at: datetime
    raised: str | None
    origins: tuple[str, ...]
    onward: tuple[str, ...]
    answers: str | None
    thread: str | None
    forwarded: bool
    content: Each = field(metadata=EACH)
    left_out: Mapping[str, Any]
    never: str | None = None
    labels: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SaidAnew(Fact):
    """What was said was changed by whoever said it (``person``, as there). ``raised``: the higher of what it was and what it is now. ``never``: nobody may be told what it says
    now, and why (a code).
    """

    LEAST: ClassVar[int] = 12
    said: str
    at: datetime
    raised: str | None
    content: Each = field(metadata=EACH)
    left_out: Mapping[str, Any]
    never: str | None = None
    person: str = ""


@dataclass(frozen=True, slots=True)
class TakenBack(Fact):
    """What was said was taken back where it was said."""

    said: str
    room: RoomRef


@dataclass(frozen=True, slots=True)
class ReactedTo(Fact):
    """Somebody reacted to what was said, or took their reaction back (``gone``)."""

    said: str
    partner: str
    person: str
    room: RoomRef
    emoji: str
    gone: bool


@dataclass(frozen=True, slots=True)
class Voted(Fact):
    """Somebody chose in a poll (``options``: their places, from 0), or a network counted: then ``counts`` has how many chose each, and nobody is named."""

    said: str
    room: RoomRef
    person: str
    options: tuple[int, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PollClosed(Fact):
    """A poll takes no more votes."""

    said: str
    room: RoomRef


@dataclass(frozen=True, slots=True)
class Unread(Fact):
    """Something was said that the bot could not read: the room was told so. ``message``: the network's id for it."""

    room: RoomRef
    message: str


@dataclass(frozen=True, slots=True)
class TalkStopped(Fact):
    """What is said in channels does not reach a room of theirs any more, and why: a code. ``said``: the first that did not, where there is one."""

    room: RoomRef
    partner: str
    reason: str
    said: str | None = None


@dataclass(frozen=True, slots=True)
class TalkResumed(Fact):
    """It reaches the room again."""

    room: RoomRef
    partner: str
