"""What others have of a log: checkpoints that somebody kept, that partners cosigned, that were stamped with the time, and that were posted into rooms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from storage.export import witnessed
from storage.export.span import Span
from storage.notes import BadNote, Checkpoint, Verifier
from storage.standing import Seen, worst
from storage.verify import cosigned, stamped
from storage.verify import verdict as found
from storage.verify.entries import Passed
from storage.verify.section import Shown
from storage.verify.verdict import Verdict

if TYPE_CHECKING:
    from cryptography import x509

OLDER = "older"
"""The rule of a finding that what was kept is larger than the copy. It counts as tampering whatever the manifest says of when the copy was made: that
time is the word of whoever keeps the log, who alone could have rolled it back, and who would then set it before what was kept."""


Stated = tuple[int, Shown, bytes]
"""What an entry says of a checkpoint: where it stands, all that it shows, and the root."""


def judge(
    verdict: Verdict,
    files: Mapping[str, Span],
    kept: Sequence[str],
    keys: Sequence[Verifier],
    passed: Passed,
    roots: Sequence[x509.Certificate] = (),
) -> None:
    """Hold the log against all of them, and set down what they are worth. ``roots``: of time-stamping authorities that are trusted."""
    signed = passed.log.signed
    if kept and (signed is None or not keys):
        verdict.add("witness", "the bundle has no valid checkpoint to hold the witness's against", grade="incomplete")
    if signed is None:
        return
    ours = _kept(verdict, kept, signed) if kept and keys else []
    others = list(cosigned.read(verdict, files, keys, signed))
    stamps = list(stamped.read(verdict, files, keys, signed))
    posted = list(_stated(passed.posted))
    told = list(_stated(chain(((place, shown) for place, _, shown in passed.cosigned), passed.stamped)))
    sizes = {one.said.size for one in ours if one.said.size <= signed.size} | {one.said.size for one in others}
    sizes |= {shown["size"] for _, shown, _ in (*posted, *told)} | {one.said.size for one in stamps}
    at = dict(passed.roots_at(sizes))
    if "entries.jsonl" in passed.log.lacks:
        at[signed.size] = signed.root
    _hold(verdict, ours, keys, at, signed.size, "entries.jsonl" in passed.log.lacks)
    known = cosigned.recorded(passed, files, others, verdict.reader)
    largest: dict[tuple[str, str], found.Cosigner] = {}
    for one in sorted(others, key=lambda other: other.said.size):
        if one.said.size in at and at[one.said.size] != one.said.root:
            verdict.add("witness", f"the first {one.said.size} entries are not those that {one.partner} cosigned")
        elif one.said.size in at:
            largest[one.partner, one.key.vkey] = cosigned.weighed(one, known, keys)
    verdict.evidence.cosigned += [largest[name] for name in sorted(largest)]
    for stamp in sorted(stamps, key=lambda one: one.said.size):
        if stamp.said.size in at and at[stamp.said.size] != stamp.said.root:
            verdict.add("witness", f"the first {stamp.said.size} entries are not those that were time-stamped")
        elif stamp.said.size in at:
            verdict.evidence.stamped.append(stamped.weighed(stamp, roots))
    _true(verdict, told, at)
    _post(verdict, _true(verdict, posted, at), passed)
    verdict.evidence.weigh()


def _kept(verdict: Verdict, kept: Sequence[str], signed: Checkpoint) -> list[Seen]:
    """The checkpoints that somebody kept of this log. If there is none, what is wrong with the first of what they kept instead."""
    read: list[Seen] = []
    wrong = ""
    for note in kept:
        try:
            read.append(Seen.read(witnessed.in_chat(note)))
        except BadNote as error:
            wrong = wrong or f"the witness's checkpoint cannot be read: {error}"
    ours = [one for one in read if one.said.origin == signed.origin]
    saying = [one for one in ours if one.said.size]
    if ours and not saying:
        wrong = "the witness's checkpoint is of an empty log and proves nothing"
    elif read and not ours:
        wrong = f"the witness's checkpoint is for {read[0].said.origin}, not {signed.origin}"
    if not saying:
        verdict.add("witness", wrong, grade="incomplete")
    return saying


def _hold(
    verdict: Verdict,
    ours: Sequence[Seen],
    keys: Sequence[Verifier],
    roots: Mapping[int, bytes],
    size: int,
    lacking: bool,
) -> None:
    """Hold the log against what somebody kept: the worst of it is told. ``lacking``: the entries are not there, so that not every root is known."""
    known = [one for one in ours if one.said.size > size or one.said.size in roots]
    if len(known) < len(ours):
        if lacking:
            words = "the entries are not here: what you kept cannot be held against them"
            verdict.add("witness", words, grade="incomplete")
        else:
            verdict.add("witness", f"the witness saw {max(one.said.size for one in ours)} entries, and here are fewer")
    stands, shown = worst(known, keys, size, roots.__getitem__)
    if shown is None:
        if known:
            words = "the witness's checkpoint was not signed by the key in this bundle, nor by one before it"
            verdict.add("witness", words, grade="incomplete")
    elif stands == "part":
        verdict.witnessed = shown.said.size
    elif stands == "rolled back":
        words = (
            f"you kept {shown.said.size} entries, and this copy has {size}: either this copy is older than what you kept, and the two "
            "are the wrong way round (name the newer one first, the older one behind --checkpoint), or the log was rolled back"
        )
        verdict.add(OLDER, words)
    elif shown.said.size == size:
        words = f"two different logs of {size} entries were signed: this one, and the one that the witness saw"
        verdict.add("witness", words)
    else:
        verdict.add("witness", f"the first {shown.said.size} entries are not those that the witness saw")


def _stated(facts: Iterable[tuple[int, Shown]]) -> Iterator[Stated]:
    """What facts say of checkpoints, as far as they show size and root at all: where, all they show, and the root."""
    for place, shown in facts:
        size, root = shown.get("size"), shown.get("root")
        if type(size) is not int or size < 1 or type(root) is not str:
            continue
        try:
            yield place, shown, bytes.fromhex(root)
        except ValueError:
            yield place, shown, b""


def _true(verdict: Verdict, stated: Sequence[Stated], roots: Mapping[int, bytes]) -> list[Stated]:
    """Those that are true; what is wrong with the others is told."""
    good = []
    for place, shown, root in stated:
        if shown["size"] > place:
            words = f"entry {place}: a checkpoint of {shown['size']} entries, more than there were then"
            verdict.add("witness", words, place)
        elif roots.get(shown["size"], root) != root:
            words = f"entry {place}: the checkpoint that it speaks of is of another log"
            verdict.add("witness", words, place)
        else:
            good.append((place, shown, root))
    return good


def _post(verdict: Verdict, posted: Sequence[Stated], passed: Passed) -> None:
    """In how many rooms of each network a checkpoint of this log arrived."""
    arrived = passed.arrived({shown["send"] for _, shown, _ in posted if isinstance(shown.get("send"), str)})
    rooms: dict[str, tuple[set[str], int]] = {}
    for _, shown, _ in posted:
        send, network = shown.get("send"), shown.get("network")
        # Whatever JSON a bundle shows here: a list cannot even be looked for among the names of messages.
        if type(send) is str and send in arrived and type(network) is str and shown.get("room") is not None:
            names, largest = rooms.get(network, (set(), 0))
            rooms[network] = names | {str(shown["room"])}, max(largest, shown["size"])
    for network, (names, largest) in sorted(rooms.items()):
        verdict.evidence.posted.append(found.Posted(network, len(names), largest))
