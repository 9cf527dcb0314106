"""What lies between two playbooks, as values: what opens, what closes, who leads where, and what else is otherwise.

A change of sight is a product: each of its partners sees each of its fields, in each of its alerts, under all the circumstances of
its region, in another form than before. Words for people are made from these in ``diff_words``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Side = Literal["old", "new"]

Since = Literal["partner", "alert", "field", "room", "type"]
"""What one of the playbooks does not have at all: the partner, the alert (or channel), the field in that alert, a room of the
partner's on that network; or the field has another type there, and is another field."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose words: those of partners that are of one jurisdiction in the old playbook, and of one in the new.

    None where nobody who could say anything is of it: words from there are new, or are no more.
    """

    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time in which no agreement begins or ends. ``until`` is the first instant after it; None: for ever."""

    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Domain:
    """The circumstances that were compared, of both playbooks together. ``hazards`` begin with None: none is named.

    ``rooms``, ``grounds`` and ``jurisdictions`` say for each partner (by its new name, else its old one) on what its rooms are, how
    places lie to it (see ``Region``), and of where it is. ``renamed`` are the partners that have another name in the new playbook,
    by the old one. Spans are in the new playbook's time zone.
    """

    alerts: tuple[str, ...]

    phases: tuple[str, ...]
    hazards: tuple[str | None, ...]
    danger: tuple[bool, ...]
    origins: tuple[Origin, ...]
    spans: tuple[Span, ...]
    rooms: Mapping[str, tuple[str, ...]]
    grounds: Mapping[str, Mapping[str, tuple[frozenset[str], ...]]]
    jurisdictions: Mapping[str, str]
    renamed: Mapping[str, str]


Nearness = Literal["home", "abroad"]
"""Words from a partner's own jurisdiction, or from every other one."""


@dataclass(frozen=True, slots=True)
class Region:
    """Under which circumstances something is otherwise: under all combinations of these. None: under all there are.

    ``rooms`` are networks, where it matters with the room's protection (``matrix:plain``, ``matrix:encrypted``).
    ``places`` say how the place lies to the partner: ``own`` ground, ``near`` it, ``elsewhere``, ``outside`` every area;
    ``elsewhere→own`` where it lies otherwise in the new playbook than in the old.
    ``raised`` are the colours to which the speaker must raise the label for it; None: as it is labelled.
    """

    rooms: tuple[str, ...] | None = None
    phases: tuple[str, ...] | None = None
    hazards: tuple[str | None, ...] | None = None
    danger: tuple[bool, ...] | None = None
    origins: tuple[Origin, ...] | Nearness | None = None
    spans: tuple[Span, ...] | None = None
    places: tuple[str, ...] | None = None
    raised: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, order=True)
class Reason:
    """What decides it in one of the playbooks: ``permit``, ``clearance``, ``no-permit``, …, and the line (0: none says so)."""

    side: Side
    what: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class SightChange:
    """Partners see fields otherwise. ``before`` and ``after`` are forms, None where nothing is seen.

    ``alerts`` are empty for built-in fields, which belong to none, and for what is said in a channel (``#NAME``).
    Where both are `range`, the ranges are finer or coarser.
    """

    partners: tuple[str, ...]
    fields: tuple[str, ...]
    alerts: tuple[str, ...]
    before: str | None
    after: str | None
    region: Region
    reasons: tuple[Reason, ...] = ()
    since: Since | None = None


Otherwise = Literal["unselected", "held", "roomless"]


@dataclass(frozen=True, slots=True)
class ReceiptChange:
    """Partners receive alerts that they did not, or no longer; in any of their rooms.

    ``otherwise`` is why they do not on the other side: they are not meant, it is held back from them, or there is no room.
    In ``region.rooms`` stands only how their Matrix rooms are protected.
    """

    partners: tuple[str, ...]
    alerts: tuple[str, ...]
    otherwise: Otherwise
    region: Region
    since: Since | None = None


Power = Literal["issue", "activate", "danger"]


@dataclass(frozen=True, slots=True)
class PowerChange:
    """Partners may do something that they could not, or no longer: issue alerts, start an incident, declare danger.

    ``areas`` are those of the alert's place (None among them: with no place said); None: wherever they may at all.
    """

    power: Power
    partners: tuple[str, ...]
    alerts: tuple[str, ...]
    region: Region
    areas: tuple[str | None, ...] | None
    line: int
    since: Since | None = None


@dataclass(frozen=True, slots=True)
class ListingChange:
    """Partners that everyone may know of, and which one of the playbooks keeps to itself (``listed: false``)."""

    partners: tuple[str, ...]


Change = SightChange | ReceiptChange | PowerChange | ListingChange


@dataclass(frozen=True, slots=True)
class Command:
    """Who leads: one partner, or several of whom ``decides`` decides; and the deputies, in their order."""

    partners: tuple[str, ...]
    decides: str
    deputies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeadChange:
    """Another leads these tiers in these jurisdictions, in these phases and hazards (None: in all). None leads: nobody does."""

    tiers: tuple[str, ...] | None
    jurisdictions: tuple[str, ...] | None
    phases: tuple[str, ...] | None
    hazards: tuple[str | None, ...] | None
    before: Command | None
    after: Command | None
    line: int
    side: Side


@dataclass(frozen=True, slots=True)
class OtherChange:
    """An entry of the file that is otherwise: its path, as it was and is (empty: it is not there), and the line in that file.

    What it changes in sight or power, if anything, stands under what opens and closes.
    """

    section: str
    path: str
    before: str
    after: str
    line: int
    side: Side


@dataclass(frozen=True, slots=True)
class Edition:
    """Which playbook this is."""

    file: str
    playbook: str
    version: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that is otherwise in the new playbook, at ``now`` and later.

    ``loosened`` are the entries that open nothing by the rule of sight and yet loosen something; ``others`` are all the rest.
    """

    old: Edition
    new: Edition
    now: datetime
    domain: Domain
    opens: tuple[Change, ...]
    closes: tuple[Change, ...]
    leads: tuple[LeadChange, ...]
    others: tuple[OtherChange, ...]
    loosened: tuple[OtherChange, ...] = ()

    @property
    def opens_anything(self) -> bool:
        """Whether somebody sees or may do more, or something else is looser: other rooms, a lower label, one person instead of two."""
        return bool(self.opens or self.loosened)

    @property
    def same_bytes(self) -> bool:
        """Whether it is the same file, to the byte."""
        return self.old.sha256 == self.new.sha256

    @property
    def nothing(self) -> bool:
        """Whether nothing at all is otherwise, but perhaps comments, spelling or the order of what has none."""
        return not (self.opens_anything or self.closes or self.leads or self.others)
