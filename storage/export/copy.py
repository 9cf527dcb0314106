"""A copy of one stream of the log for somebody: for whom, by whom, why, and of each entry only what they may see.

Every form (bundle, HTML, CSV, …) is written from a ``Copy``, in as many passes as it needs and in bounded memory. Fields are left out, never
entries: what a form shows can be traced to the entry that commits to it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from storage.cosigning import Cosigned
from storage.export.for_whom import Recipient
from storage.export.naming import Naming
from storage.notes import Checkpoint
from storage.stamping import Stamped
from storage.store import Kept


@dataclass(frozen=True, slots=True)
class About:
    """What every copy says of itself, in whatever form.

    ``by``: who asked (``operator``, or a person's id); ``reason``: why; ``basis``: by which right, None where none was named. ``at``: when.
    ``deployment``, ``vkey``: who keeps the log, and the public key that signed; ``checkpoint`` and ``note``: size and root, and the signed note over
    them. ``title``, ``playbook``: of the incident, None where the recipient was not told, or there is none. ``withheld`` counts, for each
    kind of fact, the fields that are not shown; ``disclosed`` those that are. ``zone``: the IANA time zone in which times are told to people.
    """

    stream: str
    exercise: bool
    title: str | None
    playbook: str | None
    recipient: Recipient
    by: str
    reason: str
    basis: str | None
    at: datetime
    deployment: str
    vkey: str
    checkpoint: Checkpoint
    note: str
    disclosed: int
    withheld: Mapping[str, int]
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a copy.

    ``entry``: its canonical bytes (RFC 8785). ``shown``: the disclosures that the recipient may see, [salt, path, value], sorted by path as they are kept.
    ``hidden``: how many more fields the entry commits to. ``kept``: the fact, with None for what is not shown.
    """

    entry: bytes
    shown: list[tuple[str, str, object]]
    hidden: int
    kept: Kept


class Copy(Protocol):
    """A copy that can be read as often as a form needs to."""

    @property
    def about(self) -> About: ...

    @property
    def playbooks(self) -> Mapping[str, bytes]:
        """SHA-256 → bytes of the playbooks that the entries name; empty for a partner: a playbook may name whom it must not know of."""
        ...

    @property
    def naming(self) -> Naming:
        """What people read for areas, alerts and partners, which the log names by their ids."""
        ...

    @property
    def keys(self) -> Sequence[str]:
        """The chain of signing keys (``store.key_chain()``): notes, oldest first; empty where there was one key only."""
        ...

    @property
    def cosigned(self) -> Sequence[Cosigned]:
        """Of the keys of partners that the recipient may know of, the largest checkpoint that each signed too (``cosigning.largest``)."""
        ...

    @property
    def stamped(self) -> Sequence[Stamped]:
        """The checkpoints of this log that an authority stamped with the time (``stamping.chosen``), the smallest first."""
        ...

    def sign(self, text: str) -> str:
        """A signed note over this text, by the deployment's key: for a bundle's manifest."""
        ...

    def lines(self) -> AsyncIterator[Line]:
        """Every entry, in order."""
        ...


class Form(Protocol):
    """One form of a copy: writes all of it to a file. Raises StorageError with what to do for what it cannot hold."""

    async def __call__(self, copy: Copy, out: BinaryIO) -> None: ...
