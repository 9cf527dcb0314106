"""What verifying found, and how much that is worth."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Grade = Literal["tampered", "incomplete", "note"]
Packed = Literal["as exported", "again", "unpacked"]
Worth = Literal["self-asserted", "posted", "posted where nobody can edit", "cosigned"]

Doubt = Literal[
    "", "not recorded", "not in the playbook", "its playbook is not here", "cannot be read", "the log's own key", "another partner's key"
]  # fmt: skip
"""Why a cosignature does not count: no entry names the key as that partner's; whose it is says the operator alone; so it does where the playbook that is said
to name it is missing from a copy that must have it; it is written so that it cannot be read plainly; whoever keeps the log has it; it is recorded as another partner's."""

Unsure = Literal["", "not checked", "another authority"]
"""Why a time stamp does not count: nobody said whom to trust; or its signature does not lead there."""

REQUIRED = (
    "checkpoint.txt", "disclosures.jsonl", "entries.jsonl", "key.txt", "leaves.txt", "manifest.json", "manifest.sig",
)  # fmt: skip

MOST = 100
"""Findings about entries that are told: enough to show what is bad."""

EDITABLE = frozenset({"telegram"})
"""Networks on which a bot can change what it posted, and nobody sees that it did."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be: at which entry and field, where that is known, and against which rule."""

    entry: int | None
    field: str | None
    rule: str
    words: str
    grade: Grade = "tampered"


@dataclass(frozen=True, slots=True)
class Posted:
    """Checkpoints of this log that arrived in rooms of a network: in how many, and the largest, in entries."""

    network: str
    rooms: int
    size: int


@dataclass(frozen=True, slots=True)
class Cosigner:
    """Whose key signed that the log was this at ``size`` entries.

    ``fingerprint``: of the key, to be compared by telephone. ``since``: the entry since which the log knows the key. ``doubt``: why this does not count; empty
    where it does. ``unchecked``: the playbook that is said to name it is not in this copy, which is for a reader who is given none.
    """

    partner: str
    vkey: str
    size: int
    fingerprint: str
    since: int | None = None
    doubt: Doubt = ""
    unchecked: bool = False


@dataclass(frozen=True, slots=True)
class Stamp:
    """An authority's time stamp of this log at ``size`` entries. ``authority``: what it calls itself; ``at``: its time (RFC 3339). ``doubt``: why this does
    not count, empty where it does."""

    authority: str
    at: str
    size: int
    doubt: Unsure = ""


@dataclass(slots=True)
class Evidence:
    """Who besides whoever keeps the log can say that it is this one. ``partners``: those whose cosignature counts; ``upto``: how many entries any of
    these has seen, or a stamp that counts covers. ``stamped``: the smallest first; they say when, and have no part in ``worth``, which says who."""

    worth: Worth = "self-asserted"
    posted: list[Posted] = field(default_factory=list)
    cosigned: list[Cosigner] = field(default_factory=list)
    stamped: list[Stamp] = field(default_factory=list)
    partners: list[str] = field(default_factory=list)
    upto: int = 0

    def weigh(self) -> None:
        """Set ``worth`` to the best there is. No partner counts twice, however many keys it has."""
        counting = [one for one in self.cosigned if not one.doubt]
        self.partners = sorted({one.partner for one in counting})
        stamps = [one for one in self.stamped if not one.doubt]
        sizes = [*(one.size for one in counting), *(one.size for one in self.posted), *(one.size for one in stamps)]
        self.upto = max(sizes, default=0)
        if self.partners:
            self.worth = "cosigned"
        elif any(one.network not in EDITABLE for one in self.posted):
            self.worth = "posted where nobody can edit"
        elif self.posted:
            self.worth = "posted"


@dataclass(slots=True)
class Verdict:
    """What was found. ``code``: 0 intact, 1 tampered, 2 incomplete, unreadable or unsigned.

    ``size``, ``root`` (hexadecimal), ``key`` (vkey) and ``signed_at`` (RFC 3339, the exporter's word) are what the
    bundle says, None where it cannot be read; ``reader`` and ``name``: for whom. ``witnessed`` is the size of the witness's checkpoint that was
    found to be a part of this log. ``disclosed`` and ``withheld`` count fields, ``withheld_by_kind`` for each kind of fact. ``packed``: in the
    container that was exported, in another program's, or in none. ``evidence`` speaks for a log that is intact.
    """

    findings: list[Finding] = field(default_factory=list)
    deployment: str | None = None
    stream: str | None = None
    size: int | None = None
    root: str | None = None
    key: str | None = None
    signed_at: str | None = None
    reader: str | None = None
    name: str | None = None
    disclosed: int = 0
    withheld: int = 0
    withheld_by_kind: dict[str, int] = field(default_factory=dict)
    witnessed: int | None = None
    packed: Packed = "as exported"
    evidence: Evidence = field(default_factory=Evidence)

    @property
    def code(self) -> int:
        grades = {finding.grade for finding in self.findings}
        return 1 if "tampered" in grades else 2 if "incomplete" in grades else 0

    @property
    def first(self) -> int | None:
        """The first entry that was tampered with, where any can be named."""
        named = [one.entry for one in self.findings if one.entry is not None and one.grade == "tampered"]
        return min(named, default=None)

    def add(
        self, rule: str, words: str, entry: int | None = None, field: str | None = None, grade: Grade = "tampered"
    ) -> None:
        """Note a finding."""
        self.findings.append(Finding(entry, field, rule, words, grade))


def unanswered(words: str) -> Verdict:
    """Nothing can be said, and why."""
    verdict = Verdict()
    verdict.add("container", words, grade="incomplete")
    return verdict
