"""What others have of a log: checkpoints that somebody kept, that partners cosigned, and that were posted into their rooms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from storage import notes
from storage.export import witnessed
from storage.export.span import Span
from storage.notes import BadNote, Checkpoint, Signature, Verifier
from storage.verify import cosigned
from storage.verify import verdict as found
from storage.verify.entries import Passed
from storage.verify.section import Log, Shown
from storage.verify.verdict import Verdict

OLDER = "older"
"""The rule of a finding that what was kept is larger than the copy. It counts as tampering whatever the manifest says of when the copy was made: that
time is the word of whoever keeps the log, who alone could have rolled it back, and who would then set it before what was kept."""


Stated = tuple[int, Shown, bytes]
"""What an entry says of a checkpoint: where it stands, all that it shows, and the root."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A checkpoint that somebody else has. ``who``: for people."""

    said: Checkpoint
    text: str
    signatures: Sequence[Signature]
    who: str


def judge(
    verdict: Verdict, files: Mapping[str, Span], kept: Sequence[str], keys: Sequence[Verifier], passed: Passed
) -> None:
    """Hold the log against all of them, and set down what they are worth."""
    signed = passed.log.signed
    if kept and (signed is None or not keys):
        verdict.add("witness", "the bundle has no valid checkpoint to hold the witness's against", grade="incomplete")
    if signed is None:
        return
    ours = list(_kept(verdict, kept, keys, signed)) if kept and keys else []
    others = list(cosigned.read(verdict, files, keys, signed))
    posted = list(_stated(passed.posted))
    told = list(_stated((place, shown) for place, _, shown in passed.cosigned))
    sizes = {one.said.size for one in ours} | {one.said.size for one in others}
    sizes |= {shown["size"] for _, shown, _ in (*posted, *told)}
    roots = dict(passed.roots_at(sizes))
    if "entries.jsonl" in passed.log.lacks:
        roots[signed.size] = signed.root
    _hold(verdict, ours, keys, roots, passed.log)
    known = cosigned.recorded(passed, files, others)
    largest: dict[tuple[str, str], found.Cosigner] = {}
    for one in sorted(others, key=lambda other: other.said.size):
        if one.said.size in roots and roots[one.said.size] != one.said.root:
            verdict.add("witness", f"the first {one.said.size} entries are not those that {one.partner} cosigned")
        elif one.said.size in roots:
            largest[one.partner, one.key.vkey] = cosigned.weighed(one, known, keys)
    verdict.evidence.cosigned += [largest[name] for name in sorted(largest)]
    _true(verdict, told, roots)
    _post(verdict, _true(verdict, posted, roots), passed)
    verdict.evidence.weigh()


def _kept(verdict: Verdict, kept: Sequence[str], keys: Sequence[Verifier], signed: Checkpoint) -> Iterator[Seen]:
    """The checkpoints that somebody kept of this log, as far as it reaches. If there is none, what is wrong with the one that says most."""
    any_within = False
    for note in kept:
        try:
            seen = _seen(note, "the witness")
        except BadNote:
            continue
        if seen.said.origin == signed.origin and 0 < seen.said.size <= signed.size:
            any_within = True
            yield seen
    if not any_within:
        _useless(verdict, witnessed.best(list(kept), signed.origin, signed.size), keys, signed)


def _seen(note: str, who: str) -> Seen:
    text, signatures = notes.split_note(witnessed.in_chat(note))
    return Seen(notes.parse_checkpoint(text), text, signatures, who)


def _useless(verdict: Verdict, note: str, keys: Sequence[Verifier], signed: Checkpoint) -> None:
    try:
        seen = _seen(note, "the witness")
    except BadNote as error:
        verdict.add("witness", f"the witness's checkpoint cannot be read: {error}", grade="incomplete")
        return
    if seen.said.origin != signed.origin:
        words = f"the witness's checkpoint is for {seen.said.origin}, not {signed.origin}"
        verdict.add("witness", words, grade="incomplete")
    elif not _by(keys, seen):
        _unsigned(verdict)
    elif seen.said.size == 0:
        verdict.add("witness", "the witness's checkpoint is of an empty log and proves nothing", grade="incomplete")
    else:
        words = (
            f"you kept {seen.said.size} entries, and this copy has {signed.size}: either this copy is older than what you kept, and the two "
            "are the wrong way round (name the newer one first, the older one behind --checkpoint), or the log was rolled back"
        )
        verdict.add(OLDER, words)


def _unsigned(verdict: Verdict) -> None:
    words = "the witness's checkpoint was not signed by the key in this bundle, nor by one before it"
    verdict.add("witness", words, grade="incomplete")


def _hold(
    verdict: Verdict, ours: Sequence[Seen], keys: Sequence[Verifier], roots: Mapping[int, bytes], log: Log
) -> None:
    """Hold the log against what somebody kept. Of many checkpoints only those matter that differ, and the largest that does not."""
    signatures = True
    for one in sorted(ours, key=lambda seen: -seen.said.size):
        root = roots.get(one.said.size)
        if root is None and "entries.jsonl" in log.lacks:
            words = "the entries are not here: what you kept cannot be held against them"
            verdict.add("witness", words, grade="incomplete")
            return
        if root is None:
            verdict.add("witness", f"the witness saw {one.said.size} entries, and here are fewer")
            return
        differs = root != one.said.root
        if not differs and verdict.witnessed is not None:
            continue
        if not _by(keys, one):
            signatures = False
        elif not differs:
            verdict.witnessed = one.said.size
        elif log.signed is not None and one.said.size == log.signed.size:
            verdict.add(
                "witness",
                f"two different logs of {log.signed.size} entries were signed: this one, and the one that the witness saw",
            )
            return
        else:
            verdict.add("witness", f"the first {one.said.size} entries are not those that the witness saw")
            return
    if ours and verdict.witnessed is None and not signatures:
        _unsigned(verdict)


def _by(keys: Sequence[Verifier], seen: Seen) -> bool:
    return any(key.verifies(signature, seen.text) for key in keys for signature in seen.signatures)


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
