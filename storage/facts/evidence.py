"""Facts of the log's own evidence: which checkpoints were given to partners, who cosigned or time-stamped one, when the signing key was replaced, and that the log was
rolled back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from playbooks.rooms import RoomRef
from storage.facts.fact import Fact


@dataclass(frozen=True, slots=True)
class CheckpointPosted(Fact):
    """A signed checkpoint of this stream is on its way into a partner's room; ``MessageSent`` of the same ``send`` has the network's id for it.

    ``size``: entries; ``root``: hexadecimal. ``network``: a bot can edit its own messages on Telegram, so the two are not worth the same.
    """

    send: str
    size: int
    root: str
    room: RoomRef
    partner: str
    network: str


@dataclass(frozen=True, slots=True)
class CheckpointCosigned(Fact):
    """A partner's own key signed a checkpoint of this stream, after a proof that it continues what that key had signed before.

    ``size``: entries; ``root``: hexadecimal; ``vkey``: the partner's key (C2SP, algorithm 0x04). ``note``: the checkpoint with the deployment's
    signature and the partner's. ``confirmed``: the playbook says that this key is that partner's; else only the operator does.
    """

    size: int
    root: str
    partner: str
    vkey: str
    note: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class CheckpointStamped(Fact):
    """A time-stamping authority (RFC 3161) signed a checkpoint of this stream, with the time at which it saw it.

    ``size``: entries; ``root``: hexadecimal. ``authority``: what it calls itself in the certificate that it brought; ``time``: by its own clock.
    ``note``: the signed checkpoint; ``token``: the answer as it came (DER) in base64.
    """

    size: int
    root: str
    authority: str
    time: datetime
    note: str
    token: str


@dataclass(frozen=True, slots=True)
class KeyReplaced(Fact):
    """The deployment signs with another key from here on, and why. ``old``, ``new``: the public keys (C2SP vkeys).

    ``note``: the link that both signed (see ``storage.rotation``). ``by``: who replaced it.
    """

    old: str
    new: str
    reason: str
    note: str
    by: str


@dataclass(frozen=True, slots=True)
class RollbackFound(Fact):
    """A stream was not the one that was signed: an older database had been put back, or another one.

    ``size``: its entries when that was found; ``signed``: those of the largest checkpoint that it is not in accord with, of those that ``checkpoints.log``
    beside the database knows, and of those that were posted and came back. Where ``size`` is not smaller, they are others.
    """

    stream: str
    size: int
    signed: int
