"""Facts of the deployment: who is who and on duty, which rooms, which networks, and what is tried before a crisis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from playbooks.rooms import RoomRef
from storage.facts.fact import Fact


@dataclass(frozen=True, slots=True)
class Started(Fact):
    """The program started, with these playbooks (id → digest) on the shelf."""

    program: str
    playbooks: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stopped(Fact):
    """The program was told to stop and did so in good order."""

    reason: str


@dataclass(frozen=True, slots=True)
class RoomBound(Fact):
    """A room became a partner's, pinned to the network's id for it. ``by`` is a person, or ``playbook``."""

    playbook: str
    partner: str
    room: RoomRef
    alias: str | None
    by: str


@dataclass(frozen=True, slots=True)
class AliasResolved(Fact):
    """The room behind a name that a playbook uses, as the network said."""

    alias: str
    room: RoomRef


@dataclass(frozen=True, slots=True)
class RoomObserved(Fact):
    """What the network says of a room changed. See ``bot.networks.port.RoomTraits``."""

    room: RoomRef
    encrypted: bool
    tampered: bool
    world_readable: bool
    open_join: bool
    public: bool
    private: bool
    title: str


@dataclass(frozen=True, slots=True)
class RoomMoved(Fact):
    """A room has a new address: a supergroup migration or a room upgrade."""

    old: RoomRef
    new: RoomRef


@dataclass(frozen=True, slots=True)
class RoomLost(Fact):
    """We were thrown out of a room, or it was closed to us."""

    room: RoomRef
    reason: str


@dataclass(frozen=True, slots=True)
class RoomRegained(Fact):
    """We are in a room (again)."""

    room: RoomRef


@dataclass(frozen=True, slots=True)
class DirectChatOpened(Fact):
    """A person's private chat with the bot."""

    identity: str
    room: RoomRef


@dataclass(frozen=True, slots=True)
class InvitationMade(Fact):
    """A code was handed out; only its SHA-256 is kept. It works once on each network until ``expires``.

    ``person``: it joins an account to somebody who is enrolled already, as to whoever has a new telephone.
    """

    invitation: str
    code_sha256: str
    partner: str | None
    role: str
    by: str
    room: RoomRef
    expires: datetime
    person: str | None = None


@dataclass(frozen=True, slots=True)
class PersonEnrolled(Fact):
    """An invitation was redeemed: a person exists, with a role in a partner."""

    person: str
    name: str
    partner: str | None
    role: str
    identity: str
    invitation: str


@dataclass(frozen=True, slots=True)
class IdentityJoined(Fact):
    """The same invitation was redeemed on another network: the same person."""

    person: str
    identity: str
    name: str
    invitation: str


@dataclass(frozen=True, slots=True)
class PersonRevoked(Fact):
    """A person lost every role here, at once."""

    person: str
    by: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class LanguageChosen(Fact):
    """A language for one person (``who`` is an identity) or one room (``who`` is a room's address)."""

    who: str
    language: str
    by: str


@dataclass(frozen=True, slots=True)
class NetworkLost(Fact):
    """A network stopped answering, or (``rejected``) refuses us."""

    network: str
    reason: str
    rejected: bool


@dataclass(frozen=True, slots=True)
class NetworkBack(Fact):
    """A network answers (again)."""

    network: str


@dataclass(frozen=True, slots=True)
class IdentityLost(Fact):
    """One account of a person is no longer theirs (a lost telephone): it speaks for nobody from now on."""

    person: str
    identity: str
    by: str


@dataclass(frozen=True, slots=True)
class DutyOffered(Fact):
    """Somebody on duty for a partner asks a colleague to take over; they stay on duty until that is done."""

    person: str
    partner: str
    to: str


@dataclass(frozen=True, slots=True)
class DutyTaken(Fact):
    """A person is on duty for a partner from now on. ``given_by``: who handed it over; None: they took it themselves."""

    person: str
    partner: str
    given_by: str | None


@dataclass(frozen=True, slots=True)
class DutyLeft(Fact):
    """A person is no longer on duty for a partner. ``to``: who took over; None: nobody yet."""

    person: str
    partner: str
    to: str | None


@dataclass(frozen=True, slots=True)
class ReachTestSent(Fact):
    """Every room and liaison of a playbook was asked whether a test message arrives. ``by``: a person, or ``time``.

    ``rooms``: whose and which, as ``partner room``; ``persons``: the liaisons who were written to.
    """

    test: str
    playbook: str
    by: str
    rooms: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReachTestAnswered(Fact):
    """Somebody saw a test message where it went."""

    test: str
    partner: str
    person: str
    room: RoomRef


@dataclass(frozen=True, slots=True)
class WordsKept(Fact):
    """Somebody wrote what may be meant in several ways, and was asked which; their words are kept until they say.

    ``point`` is a shared location in microdegrees.
    """

    words: str
    person: str
    identity: str
    room: RoomRef
    text: str
    until: datetime
    point: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class WordsUsed(Fact):
    """They said what they meant."""

    words: str


@dataclass(frozen=True, slots=True)
class DutyReminded(Fact):
    """Between crises, a partner's people were reminded of what the law asks of them. ``rule``: its place in the playbook."""

    playbook: str
    partner: str
    rule: str
