"""The pass over all sections of a log: on as many cores as there are where it is long, and one after the other where something is out of place."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from hashlib import sha256

from storage import tree
from storage.entry import opening
from storage.export.span import Span
from storage.verify.lines import SECTION
from storage.verify.section import LEAF, Exported, Log, Part, Shown, Walk, mark, remark
from storage.verify.verdict import MOST, Verdict

_FEW = 4
"""So many sections are done before other processes would have begun."""


@dataclass(slots=True)
class Passed:
    """What the pass leaves behind. ``roots``: the root of each whole section; ``texts``: length and SHA-256 of each section in words."""

    log: Log
    root: bytes = tree.EMPTY
    roots: list[bytes] = field(default_factory=list)
    playbooks: dict[str, int] = field(default_factory=dict)
    texts: list[tuple[int, bytes]] = field(default_factory=list)
    exported: Exported | None = None
    opened: Shown | None = None
    posted: list[tuple[int, Shown]] = field(default_factory=list)
    cosigned: list[tuple[int, str | None, Shown]] = field(default_factory=list)
    stamped: list[tuple[int, Shown]] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)

    def says(self, text: Span) -> bool:
        """Whether a file is the log in words."""
        head = opening(self.log.stream or "").encode()
        at = len(head)
        if text.read(0, at) != head:
            return False
        for number, (length, digest) in enumerate(self.texts):
            if number:
                if text.read(at, 1) != b"\n":
                    return False
                at += 1
            if sha256(text.read(at, length)).digest() != digest:
                return False
            at += length
        return at == text.size

    def arrived(self, sends: Iterable[str]) -> set[str]:
        """Which of these messages the log says arrived."""
        marks = {mark(send): send for send in sends}
        found = set()
        for block in self.sent if marks else ():
            found |= {marks[one] for at in range(0, len(block), 8) if (one := block[at : at + 8]) in marks}
        return found

    def roots_at(self, sizes: Iterable[int]) -> Iterator[tuple[int, bytes]]:
        """The root that the log had at each of these sizes, the smallest first. Sizes beyond it are left out."""
        edge: list[bytes] = []
        done = 0
        wanted: dict[int, list[int]] = {}
        for size in sorted(set(sizes)):
            if 0 < size <= self.log.entries.count:
                wanted.setdefault((size - 1) // SECTION, []).append(size)
        for number, inside in wanted.items():
            for whole in range(done, number):
                tree.grow(edge, whole, self.roots[whole])
            done = number
            within: list[bytes] = []
            size = number * SECTION
            due = iter(inside)
            next_size = next(due, None)
            for index, line in enumerate(self.log.entries.section(number)):
                if next_size is None:
                    break
                tree.grow(within, index, tree.leaf_hash(line))
                size += 1
                if size == next_size:
                    yield size, tree.fold([*edge, *within])
                    next_size = next(due, None)


def go_through(log: Log, verdict: Verdict) -> Passed:
    """Look at every entry, and add what is found to the verdict. Raises TooLong."""
    log.entries.fit("entries.jsonl")
    log.disclosures.fit("disclosures.jsonl")
    passed, parts = _first(log)
    signed = log.signed
    at_once = signed is not None and all(part.settled for part in parts) and passed.root == signed.root
    usable = log.leaves is not None
    if not at_once or signed is None or log.entries.count != signed.size:
        usable = usable and signed is not None and log.leaves is not None and leaves_root(log.leaves) == signed.root
        log = log if usable else replace(log, leaves=None)
        walk = Walk(log)
        passed, parts = _together(log, map(walk.section, range(log.entries.sections)))
    _tell(verdict, parts)
    _whole(verdict, log, passed.root, usable)
    return passed


def leaves_root(leaves: Span) -> bytes | None:
    """The root over a file of leaf hashes; None where a line of it is none."""
    edge: list[bytes] = []
    for number in range(-(-leaves.size // (LEAF * SECTION))):
        lines = leaves.read(number * LEAF * SECTION, LEAF * SECTION).decode("ascii", "replace").split("\n")
        if lines.pop() or any(len(line) != 64 or line.strip("0123456789abcdef") for line in lines):
            return None
        for index, line in enumerate(lines, number * SECTION):
            tree.grow(edge, index, bytes.fromhex(line))
    return tree.fold(edge)


def _first(log: Log) -> tuple[Passed, list[Part]]:
    """Every section, each as if all before it were in order."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    # Another process is made as a copy of this one, which is safe only where nothing else runs in it.
    alone = threading.active_count() == 1 and sys.platform != "darwin"
    numbers = range(log.entries.sections)
    if len(numbers) <= _FEW or cores < 2 or not alone:
        return _together(log, (Walk(log, number * SECTION).section(number) for number in numbers))
    try:
        with ProcessPoolExecutor(min(cores, 8), multiprocessing.get_context("fork"), _begin, (log,)) as pool:
            return _together(log, pool.map(_one, numbers))
    except (BrokenProcessPool, OSError):  # no room for another process: it takes longer, and that is all
        return _together(log, (Walk(log, number * SECTION).section(number) for number in numbers))


_shared: list[Log] = []


def _begin(log: Log) -> None:
    _shared[:] = [log]


def _one(number: int) -> Part:
    return Walk(_shared[0], number * SECTION).section(number)


def _together(log: Log, found: Iterable[Part]) -> tuple[Passed, list[Part]]:
    passed, parts = Passed(log), []
    edge: list[bytes] = []
    last: list[bytes] = []
    before = ""
    for number, part in enumerate(found):
        if number < log.entries.count // SECTION:
            passed.roots.append(part.edge[0])
            tree.grow(edge, number, part.edge[0])
        else:
            last = part.edge
        if part.began is not None:
            if part.began[1] < before:
                earlier = Part()
                remark(earlier, part.began[0], before, part.began[1])
                part.remarks = [*earlier.remarks, *part.remarks]
            before = part.ended
        passed.playbooks = part.playbooks | passed.playbooks  # the first place of each
        passed.texts.append(part.text)
        passed.exported = part.exported if part.exported is not None else passed.exported
        passed.opened = passed.opened if passed.opened is not None else part.opened
        passed.posted += part.posted
        passed.cosigned += part.cosigned
        passed.stamped += part.stamped
        passed.sent.append(part.sent)
        parts.append(part)
    passed.root = tree.fold([*edge, *last])
    return passed, parts


def _tell(verdict: Verdict, parts: list[Part]) -> None:
    withheld: Counter[str] = Counter()
    told = remarked = 0
    for part in parts:
        verdict.findings += [*part.findings[: MOST - told], *part.remarks[: MOST - remarked]]
        told, remarked = min(MOST, told + len(part.findings)), min(MOST, remarked + len(part.remarks))
        verdict.disclosed += part.disclosed
        withheld += part.withheld
    verdict.withheld_by_kind = dict(sorted(withheld.items()))
    verdict.withheld = withheld.total()


def _whole(verdict: Verdict, log: Log, root: bytes, leaves: bool) -> None:
    size = log.entries.count
    if log.disclosures.count != size and not log.lacks & {"disclosures.jsonl", "entries.jsonl"}:
        verdict.add("disclosure", f"{log.disclosures.count} lines of disclosures for {size} entries")
    if log.signed is None:
        return
    if not leaves and "leaves.txt" not in log.lacks:
        verdict.add("leaf", "leaves.txt does not have the signed root")
    if "entries.jsonl" in log.lacks:
        return
    if size != log.signed.size:
        verdict.add("root", f"{size} entries, and the checkpoint was signed over {log.signed.size}")
    elif root != log.signed.root:
        verdict.add("root", "the entries do not have the root that was signed")
