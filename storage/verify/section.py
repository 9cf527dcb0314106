"""One section of a log: each of its entries read, found in its place, and held against what is shown of it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from storage import canonical, tree
from storage.entry import Entry, decode, readable
from storage.export.span import Span
from storage.notes import Checkpoint
from storage.verify.lines import SECTION, Lines
from storage.verify.verdict import MOST, Finding

_SALT = re.compile(r"[A-Za-z0-9_-]{22}")
_LEAF = re.compile(rb"[0-9a-f]{64}\n")
LEAF = 65
"""Bytes of a line of ``leaves.txt``."""

Shown = dict[str, Any]
Exported = tuple[int, str, Shown]


@dataclass(frozen=True, slots=True)
class Log:
    """Where the log lies. ``leaves``: the file of leaf hashes, None where it is not as long as the signed log; ``signed``: the checkpoint, None
    where there is none; ``stream``: which log it ought to be, None where nobody says; ``lacks``: which files are not there at all, which
    contradicts nothing."""

    entries: Lines
    disclosures: Lines
    leaves: Span | None
    signed: Checkpoint | None
    stream: str | None
    lacks: frozenset[str] = frozenset()


@dataclass(slots=True)
class Part:
    """What was found in a section.

    ``playbooks``: by digest, the first entry that was decided under it. ``edge``: the whole subtrees of its entries, largest first. ``settled``: every entry is the one that the leaves name, so that the next section
    begins where this one ends. ``began``, ``ended``: the first and last time, and at which entry the first stands. ``text``: length and SHA-256 of
    its entries in words, in bytes. ``exported``: its last ``Exported``, where it stands, when it was, and what it shows; ``opened``: what its first
    ``IncidentOpened`` shows. ``cosigned``: with the playbook under which it was recorded. ``sent``: eight bytes for each message that arrived.
    """

    edge: list[bytes] = field(default_factory=list)
    settled: bool = False
    findings: list[Finding] = field(default_factory=list)
    remarks: list[Finding] = field(default_factory=list)
    began: tuple[int, str] | None = None
    ended: str = ""
    playbooks: dict[str, int] = field(default_factory=dict)
    text: tuple[int, bytes] = (0, b"")
    disclosed: int = 0
    withheld: Counter[str] = field(default_factory=Counter)
    exported: Exported | None = None
    opened: Shown | None = None
    posted: list[tuple[int, Shown]] = field(default_factory=list)
    cosigned: list[tuple[int, str | None, Shown]] = field(default_factory=list)
    stamped: list[tuple[int, Shown]] = field(default_factory=list)
    sent: bytes = b""


def mark(send: str) -> bytes:
    """What stands for a message in ``Part.sent``."""
    return sha256(send.encode("utf-8", "surrogatepass")).digest()[:8]


class Walk:
    """Goes through sections, and knows which entry is due."""

    def __init__(self, log: Log, due: int = 0) -> None:
        self.log = log
        self.due = due

    def section(self, number: int) -> Part:
        """What is found in one."""
        part, lines, start = Part(), self.log.entries.section(number), number * SECTION
        leaves = [tree.leaf_hash(line) for line in lines]
        part.edge = tree.edge_of(leaves)
        part.settled = self.due == start and self._agree(start, leaves)
        ordered = self._disclosures_in_order()
        texts: list[str] = []
        for index, (line, leaf) in enumerate(zip(lines, leaves, strict=True), start):
            entry = self._read(part, line)
            place = self._settled(part, entry) if part.settled else self._place(part, entry, leaf)
            self.due = place + 1
            if entry is None:
                continue
            if part.settled or self.log.leaves is None or self._leaf(place) == leaf:
                self._time(part, place, entry.ts)
            if entry.playbook_sha256 is not None:
                part.playbooks.setdefault(entry.playbook_sha256, place)
            # Where every line is there, an entry out of place still finds its own.
            at = place if ordered else index
            if at < self.log.disclosures.count:
                self._disclosed(part, place, entry, self.log.disclosures.line(at), texts)
        told = "\n".join(texts).encode("utf-8", "surrogatepass")
        part.text = len(told), sha256(told).digest()
        return part

    def _disclosures_in_order(self) -> bool:
        return self.log.signed is not None and self.log.disclosures.count == self.log.signed.size

    def _agree(self, start: int, leaves: Sequence[bytes]) -> bool:
        """Whether the file of leaf hashes has these."""
        if self.log.leaves is None:
            return False
        expected = "".join([leaf.hex() + "\n" for leaf in leaves]).encode()
        return self.log.leaves.read(start * LEAF, len(expected)) == expected

    def _leaf(self, place: int) -> bytes | None:
        """The leaf hash of an entry, None where there is no such entry."""
        if self.log.leaves is None:
            return None
        found = self.log.leaves.read(place * LEAF, LEAF)
        return bytes.fromhex(found[:-1].decode()) if _LEAF.fullmatch(found) else None

    def _read(self, part: Part, line: bytes) -> Entry | None:
        try:
            entry = decode(line)
        except ValueError as error:
            say(part, "entry", f"entry {self.due}: {error}", self.due)
            return None
        if self.log.stream is not None and entry.stream != self.log.stream:
            say(part, "entry", f"entry {self.due} belongs to {entry.stream}", self.due)
        return entry

    def _settled(self, part: Part, entry: Entry | None) -> int:
        """Which entry this is, where the leaves say that it is the one due."""
        if entry is not None and entry.seq != self.due:
            say(part, "order", f"entry {self.due} was numbered {entry.seq}", self.due)
        return self.due

    def _place(self, part: Part, entry: Entry | None, leaf: bytes) -> int:
        """Which entry this is: the one due, or another in its place."""
        due = self.due
        if self._leaf(due) == leaf:
            return self._settled(part, entry)
        said = due if entry is None else entry.seq
        if self.log.leaves is not None and self._leaf(said) != leaf:
            say(part, "leaf", f"entry {due} is not the one that was signed", due)
            return due
        if said > due:
            say(part, "order", f"entry {due} is missing: entry {said} stands in its place", due)
        elif said < due:
            say(part, "order", f"entry {said} stands where entry {due} belongs", said)
        return said

    def _time(self, part: Part, place: int, ts: str) -> None:
        if part.began is None:
            part.began = place, ts
        elif ts < part.ended:
            remark(part, place, part.ended, ts)
        part.ended = ts

    def _disclosed(self, part: Part, place: int, entry: Entry, line: bytes, texts: list[str]) -> None:
        try:
            triples = [_triple(one) for one in json.loads(line)]
            write = canonical.write
            written = [f'["{salt}",{write(path)},{write(value)}]' for salt, path, value in triples]
            if f"[{','.join(written)}]".encode() != line:
                raise ValueError("not in canonical form (RFC 8785)")
        except (ValueError, TypeError, RecursionError) as error:
            say(part, "disclosure", f"entry {place}: its disclosures: {error}", place)
            return
        texts.append(readable(entry.seq, entry.ts, entry.type, [(path, value) for _, path, value in triples]))
        left, paths = set(entry.digests), set()
        for (_, path, _), text in zip(triples, written, strict=True):
            digest = canonical.disclosure_digest(text)
            if digest not in left:
                say(part, "disclosure", f"entry {place}, {path}: not what was committed to", place, path)
                continue
            left.discard(digest)
            if path in paths:
                say(part, "disclosure", f"entry {place}, {path}: stands twice", place, path)
            paths.add(path)
            part.disclosed += 1
        if left:
            part.withheld[entry.type] += len(left)
        if entry.type in _TELLING:
            self._telling(part, place, entry, {path: value for _, path, value in triples})

    def _telling(self, part: Part, place: int, entry: Entry, shown: Shown) -> None:
        """A fact that says something about the log itself."""
        match entry.type:
            case "Exported":
                part.exported = place, entry.ts, shown
            case "IncidentOpened":
                part.opened = part.opened if part.opened is not None else shown
            case "CheckpointPosted":
                part.posted.append((place, shown))
            case "CheckpointCosigned":
                part.cosigned.append((place, entry.playbook_sha256, shown))
            case "CheckpointStamped":
                part.stamped.append((place, shown))
            case _:
                if isinstance(shown.get("send"), str):
                    part.sent += mark(shown["send"])


_TELLING = frozenset(
    {"Exported", "IncidentOpened", "CheckpointPosted", "CheckpointCosigned", "CheckpointStamped", "MessageSent"}
)


def say(part: Part, rule: str, words: str, entry: int, field: str | None = None) -> None:
    """A finding at an entry; a hundred are enough to show what is bad."""
    if len(part.findings) < MOST:
        part.findings.append(Finding(entry, field, rule, words))


def remark(part: Part, place: int, before: str, ts: str) -> None:
    """The clock went back at an entry."""
    if len(part.remarks) < MOST:
        words = f"entry {place}: the clock went back from {before} to {ts}"
        part.remarks.append(Finding(place, None, "time", words, "note"))


def _triple(value: object) -> tuple[str, str, object]:
    if isinstance(value, list) and len(value) == 3:
        salt, path, shown = value
        if type(salt) is str and type(path) is str and _SALT.fullmatch(salt):
            return salt, path, shown
    raise ValueError("a disclosure is not [salt, path, value]")
