"""The log's whole vocabulary, in the past tense: everything Tocsin can ever know to have happened.

A fact is written once and never edited; a correction is a new fact. Each belongs to a stream: one for each incident, and
one, ``deployment``, for who-is-who, rooms and settings. Facts are plain frozen values of JSON-able parts, so that the log can
commit to each of their fields separately: an attribute marked ``each`` is a mapping of which every key is a field of its own,
and whose absent values are None, never missing, so that the number of fields says nothing.

A fact's ``V`` is the version of its shape. Old bytes are never rewritten: ``UPCASTS`` reads them into today's shape.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar

from playbooks.rooms import RoomRef
from storage import canonical

DEPLOYMENT = "deployment"
"""The stream of who-is-who, rooms, playbooks and networks."""

Each = Mapping[str, Any]
"""A mapping each of whose keys is committed to the log as a field of its own; None where absent."""


EACH = {"each": True}
"""Marks an attribute whose keys are fields of their own."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What every fact is."""

    V: ClassVar[int] = 1


# --- the deployment: who is who, which rooms, which networks -------------------------------------------------------


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
    """A code was handed out; only its SHA-256 is kept. It works once on each network until ``expires``."""

    invitation: str
    code_sha256: str
    partner: str | None
    role: str
    by: str
    room: RoomRef
    expires: datetime


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


# --- the incident ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IncidentOpened(Fact):
    """An incident began from a playbook, in its first phase, with one of its hazards (None: it names none)."""

    incident: str
    playbook: str
    playbook_version: int
    title: str | None
    person: str
    partner: str | None
    room: RoomRef
    phase: str
    exercise: bool
    rehearsal: bool
    rule: str
    hazard: str | None = None


@dataclass(frozen=True, slots=True)
class PlaybookProposed(Fact):
    """Somebody asked to go on under another version of the playbook, and was shown what it opens and closes (how many
    changes of each). ``before`` and ``digest`` are the SHA-256 of the bytes; those proposed are kept from here on."""

    playbook: str
    version: int
    digest: str
    before: str
    person: str
    identity: str
    partner: str | None
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class PlaybookKept(Fact):
    """What was proposed was declined: the incident goes on under the version it had."""

    digest: str
    person: str
    partner: str | None


@dataclass(frozen=True, slots=True)
class PlaybookReloaded(Fact):
    """From here on the incident goes by another version of its playbook. Where that opens anything, ``person`` is not who proposed."""

    playbook: str
    version: int
    digest: str
    before: str
    proposed_by: str
    person: str
    partner: str | None
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class LeadTaken(Fact):
    """Who leads, for a tier and a jurisdiction, from now on, and on which basis."""

    tier: str | None
    jurisdiction: str | None
    partners: tuple[str, ...]
    decides: str
    deputies: tuple[str, ...]
    basis: str | None
    rule: str


@dataclass(frozen=True, slots=True)
class DangerDeclared(Fact):
    """Imminent danger to life was declared, until a time."""

    person: str
    partner: str
    reason: str
    until: datetime
    rule: str


@dataclass(frozen=True, slots=True)
class DangerEnded(Fact):
    """The declared danger ended: by a person, or by ``time``."""

    by: str


@dataclass(frozen=True, slots=True)
class AlertDrafted(Fact):
    """A draft of an alert as it stands now; a later one with the same id replaces it.

    ``asking`` names the field that was asked for and is awaited; None once the draft waits for its confirmation.
    """

    draft: str
    template: str
    person: str
    identity: str
    partner: str
    room: RoomRef
    fields: Each = field(metadata=EACH)
    raised: str | None = None
    asking: str | None = None
    stepwise: bool = False
    message: str | None = None


@dataclass(frozen=True, slots=True)
class DraftConfirmed(Fact):
    """A person confirmed a draft that needs another one."""

    draft: str
    person: str


@dataclass(frozen=True, slots=True)
class DraftDropped(Fact):
    """A draft ended without an alert: by its author, or by ``time``."""

    draft: str
    by: str


@dataclass(frozen=True, slots=True)
class AlertIssued(Fact):
    """An alert was issued. ``rule`` is the playbook line that made it this partner's; ``alone``: the second person
    did not come in time, and the author went on."""

    alert: str
    draft: str
    template: str
    partner: str
    person: str
    confirmed_by: str
    alone: bool
    basis: str
    rule: str
    origins: tuple[str, ...]
    raised: str | None
    expires: datetime | None
    fields: Each = field(metadata=EACH)


@dataclass(frozen=True, slots=True)
class CopyHeld(Fact):
    """A partner's copy is held back: ``field`` is required and withheld, or nothing would be left to say."""

    alert: str
    partner: str
    field: str | None
    reason: str
    rule: str | None


@dataclass(frozen=True, slots=True)
class AlertAddressed(Fact):
    """Who was selected for an alert, and who was not and why, as decided when it was issued.

    ``partners`` has for each {"status", "rooms"}, and {"left_out"} where rooms of a selected partner are sent nothing: each
    room with its {"field", "why"}, and the {"rule", "detail"} of what is withheld.
    """

    alert: str
    partners: Each = field(metadata=EACH)


@dataclass(frozen=True, slots=True)
class Disclosed(Fact):
    """One message shows fields to one room.

    ``fields`` has every field of what was decided, shown or not: {"form", "value", "rule", "agreements"}, or
    {"withheld", "rule"}.
    """

    send: str
    about: str
    partner: str | None
    room: RoomRef
    language: str
    label: str
    epoch: int
    fields: Each = field(metadata=EACH)


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
class Acknowledged(Fact):
    """A partner's person answered an alert. ``via``: button, reaction, reply, command."""

    alert: str
    partner: str
    person: str
    room: RoomRef
    choice: str
    via: str


@dataclass(frozen=True, slots=True)
class AlertExpired(Fact):
    """An alert's time was up."""

    alert: str


@dataclass(frozen=True, slots=True)
class NoteAdded(Fact):
    """A remark for the log."""

    person: str
    partner: str | None
    room: RoomRef
    text: str


@dataclass(frozen=True, slots=True)
class CommandRefused(Fact):
    """Somebody asked for what they may not do, and was told why."""

    person: str
    partner: str | None
    room: RoomRef
    command: str
    reason: str
    rule: str | None


@dataclass(frozen=True, slots=True)
class AskedToIssue(Fact):
    """Somebody whose alert it is not asked the partner whose it is."""

    template: str
    person: str
    partner: str
    asked: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LogRead(Fact):
    """Somebody read the log: who, why, up to which entry."""

    person: str
    partner: str | None
    reason: str | None
    upto: int


@dataclass(frozen=True, slots=True)
class Exported(Fact):
    """A copy of the log was made for somebody."""

    by: str
    reader: str
    reason: str
    form: str
    size: int


@dataclass(frozen=True, slots=True)
class DeadlinePassed(Fact):
    """Something fell due and was seen to. ``late`` is in whole seconds."""

    key: str
    due: datetime
    late: int


@dataclass(frozen=True, slots=True)
class EventFailed(Fact):
    """An event could not be handled because of a fault of ours; it is kept for examination."""

    inbox: int
    error: str


@dataclass(frozen=True, slots=True)
class IncidentClosed(Fact):
    """The incident is over."""

    person: str
    partner: str | None
    reason: str | None


FACTS: Mapping[str, type[Fact]] = {
    kind.__name__: kind
    for kind in (
        Started, Stopped, RoomBound, AliasResolved, RoomObserved, RoomMoved, RoomLost, RoomRegained,
        DirectChatOpened, InvitationMade, PersonEnrolled, IdentityJoined, PersonRevoked, LanguageChosen, NetworkLost, NetworkBack,
        IncidentOpened, PlaybookProposed, PlaybookKept, PlaybookReloaded, LeadTaken, DangerDeclared, DangerEnded, AlertDrafted, DraftConfirmed, DraftDropped, AlertIssued,
        CopyHeld, AlertAddressed, Disclosed, MessageSent, MessageRefused, MessageUnknown, MessageDropped, Acknowledged,
        AlertExpired, NoteAdded, CommandRefused, AskedToIssue, LogRead, Exported, DeadlinePassed,
        EventFailed, IncidentClosed,
    )
}  # fmt: skip
"""The closed union of facts, by name."""

UPCASTS: Mapping[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""(fact, version) → how to read that version's fields into the next one's."""


def parts(fact: Fact) -> dict[str, Any]:
    """A fact's fields as the log commits to them: path → JSON value, None where absent.

    Paths are attribute names, and ``name/key`` for the keys of an ``each`` attribute. Times are RFC 3339
    strings in UTC.
    """
    result: dict[str, Any] = {}
    for name, is_each, to_json, _ in _codec(typing.cast(Hashable, type(fact))):
        value = getattr(fact, name)
        if is_each:
            for key, item in value.items():
                result[f"{name}/{key}"] = item
        else:
            result[name] = None if value is None else to_json(value)
    return result


def from_parts(kind: str, version: int, values: Mapping[str, Any]) -> Fact:
    """Read what ``parts`` wrote, absent paths being None. Raises ValueError for an unknown fact or shape."""
    if kind not in FACTS:
        raise ValueError(f"unknown fact {kind}")
    values = dict(values)
    while version < FACTS[kind].V:
        values = UPCASTS[kind, version](values)
        version += 1
    if version > FACTS[kind].V:
        raise ValueError(f"{kind} has version {version}; this program knows {FACTS[kind].V}")
    attributes: dict[str, Any] = {}
    for name, is_each, _, from_json in _codec(typing.cast(Hashable, FACTS[kind])):
        if is_each:
            prefix = name + "/"
            attributes[name] = {path[len(prefix) :]: v for path, v in values.items() if path.startswith(prefix)}
        else:
            value = values.get(name)
            attributes[name] = None if value is None else from_json(value)
    return FACTS[kind](**attributes)


def as_read(fact: Fact, compose: Callable[[Any], Any]) -> Fact:
    """The fact as ``from_parts`` reads its composed ``parts`` again: texts in one form, times to the millisecond.

    ``compose`` is ``canonical.composed``; for many facts at once, ``Once`` of it.
    """
    attributes: dict[str, Any] = {}
    for name, is_each, to_json, from_json in _codec(typing.cast(Hashable, type(fact))):
        value = getattr(fact, name)
        if is_each:
            attributes[name] = canonical.composed_mapping(value, compose)
        else:
            attributes[name] = None if value is None else from_json(compose(to_json(value)))
    return type(fact)(**attributes)


def timestamp(at: datetime) -> str:
    """A time as the log writes it: RFC 3339 in UTC with milliseconds and ``Z``."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _same(value: Any) -> Any:
    return value


@cache
def _codec(kind: Hashable) -> tuple[tuple[str, bool, Callable[[Any], Any], Callable[[Any], Any]], ...]:
    hints = typing.get_type_hints(typing.cast("type[Fact]", kind))
    rows = []
    for attribute in fields(typing.cast("type[Fact]", kind)):
        hint = hints[attribute.name]
        if isinstance(hint, types.UnionType):
            hint = next(part for part in typing.get_args(hint) if part is not type(None))
        to_json: Callable[[Any], Any] = _same
        from_json: Callable[[Any], Any] = _same
        if hint is RoomRef:
            to_json, from_json = str, RoomRef.parse
        elif hint is datetime:
            to_json, from_json = timestamp, datetime.fromisoformat
        elif typing.get_origin(hint) is tuple:
            to_json, from_json = list, tuple
        rows.append((attribute.name, attribute.metadata.get("each", False), to_json, from_json))
    return tuple(rows)
