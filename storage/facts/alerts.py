"""Facts of alerts: how one is written, asked for, issued, corrected and taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from playbooks.rooms import RoomRef
from storage.facts.fact import EACH, Each, Fact


@dataclass(frozen=True, slots=True)
class AlertDrafted(Fact):
    """A draft of an alert as it stands now; a later one with the same id replaces it.

    ``asking`` names the field that was asked for and is awaited; None once the draft waits for its confirmation.
    ``updates``: the alerts that it is to take the place of. ``request``: the one that it fulfils.
    """

    LEAST: ClassVar[int] = 32
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
    updates: tuple[str, ...] = ()
    request: str | None = None


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
    did not come in time, and the author went on. ``updates``: the alerts whose place it takes. ``request``: the one it fulfils.
    """

    LEAST: ClassVar[int] = 32
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
    updates: tuple[str, ...] = ()
    request: str | None = None


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
    partners: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AlertExpired(Fact):
    """An alert's time was up."""

    alert: str


@dataclass(frozen=True, slots=True)
class AskedToIssue(Fact):
    """Somebody whose alert it is not asked the partner whose it is."""

    template: str
    person: str
    partner: str
    asked: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AlertRequested(Fact):
    """Somebody whose alert it is not wrote it, and asks the partners whose it is to send it."""

    LEAST: ClassVar[int] = 32
    request: str
    template: str
    person: str
    partner: str
    room: RoomRef
    asked: tuple[str, ...]
    raised: str | None
    fields: Each = field(metadata=EACH)


@dataclass(frozen=True, slots=True)
class RequestAnswered(Fact):
    """What a partner made of a request: ``approved`` (sent, or drafted for a second person), or ``declined``."""

    request: str
    partner: str
    person: str
    answer: str


@dataclass(frozen=True, slots=True)
class AlertSuperseded(Fact):
    """Another alert stands in its place: nobody is asked for an answer to this one any more."""

    alert: str
    by: str


@dataclass(frozen=True, slots=True)
class AlertCancelled(Fact):
    """An alert is over before its time. ``mistake``: it should not have been sent. ``text`` is for whoever may see a note."""

    alert: str
    person: str
    partner: str
    mistake: bool
    text: str | None
    rule: str


@dataclass(frozen=True, slots=True)
class AlertRetracted(Fact):
    """What should not have been said is taken back: copies are removed where a network can, and nobody is shown it again."""

    alert: str
    person: str
    partner: str
    text: str | None
    rule: str


@dataclass(frozen=True, slots=True)
class CopyReleased(Fact):
    """A held copy may go, because a person of the origin supplied other values for this partner. Sight decides as ever.

    ``fields`` has every field of the alert: the value supplied for this partner, None where it is as issued.
    """

    LEAST: ClassVar[int] = 32
    alert: str
    partner: str
    person: str
    fields: Each = field(metadata=EACH)


@dataclass(frozen=True, slots=True)
class CallAsked(Fact):
    """A partner whose copy is held was told only to ring who issued it."""

    alert: str
    partner: str
    person: str
