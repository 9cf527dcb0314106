"""Facts of messages: what each shows to whom, and what became of it on its network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from playbooks.rooms import RoomRef
from storage.facts.fact import VALUES_APART, Each, Fact


@dataclass(frozen=True, slots=True)
class Disclosed(Fact):
    """One message shows fields to one room.

    ``fields`` has every field of what was decided, shown or not: {"form", "value", "rule", "agreements"}, or
    {"withheld", "rule"}. ``of``: the person whose words these are, where they are somebody's in a channel. Read from the log, what was shown and has no
    "value" any more was erased (one of None: nothing was in it); its form, rule and agreements stand.
    """

    LEAST: ClassVar[int] = 16
    send: str
    about: str
    partner: str | None
    room: RoomRef
    language: str
    label: str
    epoch: int
    fields: Each = field(metadata=VALUES_APART)
    of: str | None = None


@dataclass(frozen=True, slots=True)
class MessageSent(Fact):
    """The network accepted a message, under this id."""

    send: str
    room: RoomRef
    message: str


@dataclass(frozen=True, slots=True)
class MessageRefused(Fact):
    """The network refused a message for good."""

    send: str
    room: RoomRef
    reason: str


@dataclass(frozen=True, slots=True)
class MessageUnknown(Fact):
    """A message may or may not have arrived. ``repeat`` is the marked copy sent after it, if any."""

    send: str
    room: RoomRef
    reason: str
    repeat: str | None


@dataclass(frozen=True, slots=True)
class MessageDropped(Fact):
    """A message was not sent, and why: it came too late, or may no longer be shown."""

    send: str
    room: RoomRef
    reason: str


@dataclass(frozen=True, slots=True)
class MessageTracked(Fact):
    """A message that is found again: its acceptance counts (``prompt``), or it is edited in place (any other ``role``).

    ``digest`` stands for what a live message says, so that the same is not said again.
    """

    send: str
    role: str
    about: str
    partner: str | None
    room: RoomRef
    digest: str = ""


@dataclass(frozen=True, slots=True)
class RemovalAsked(Fact):
    """A message of ours is to be removed from a room. ``send``: the message; ``removal``: the request to the network."""

    send: str
    removal: str
    about: str | None
    partner: str | None
    room: RoomRef


@dataclass(frozen=True, slots=True)
class MessageRemoved(Fact):
    """A network removed a message of ours."""

    send: str
    room: RoomRef


@dataclass(frozen=True, slots=True)
class MessageRemains(Fact):
    """A message of ours could not be removed, and why: it is still there to be read."""

    send: str
    room: RoomRef
    reason: str
