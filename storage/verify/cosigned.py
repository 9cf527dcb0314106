"""The checkpoints in a bundle that partners' keys signed too, and which of them count.

A key proves nothing but that whoever has it signed. Whose it is says the log: a fact names the key as a partner's, and the playbook, which the partners
agreed on, names it too, or the operator alone does. What the operator alone says does not count: they could have made the key themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from playbooks.named_keys import keys_named
from storage import notes
from storage.cosigning import Witness
from storage.export.span import Span
from storage.notes import Checkpoint, Verifier
from storage.verify.entries import Passed
from storage.verify.signed import MOST_LINES, rows, small, text_of
from storage.verify.verdict import Cosigner, Doubt, Verdict


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A checkpoint with a partner's signature: what it says, ``partner`` for whose it is given, and the key."""

    said: Checkpoint
    partner: str
    key: Witness


@dataclass(slots=True)
class Recorded:
    """What the log says of keys: (partner, vkey) → since which entry; which of them a playbook here names, which one that is not here is said to name, and of
    which it cannot be read whether one here does; key → whose it is. ``needed``: a playbook that is not here is missing."""

    needed: bool = True
    since: dict[tuple[str, str], int] = field(default_factory=dict)
    agreed: set[tuple[str, str]] = field(default_factory=set)
    unseen: set[tuple[str, str]] = field(default_factory=set)
    unread: set[tuple[str, str]] = field(default_factory=set)
    owners: dict[bytes, str] = field(default_factory=dict)


def read(
    verdict: Verdict, files: Mapping[str, Span], keys: Sequence[Verifier], signed: Checkpoint
) -> Iterator[Cosigned]:
    """The lines of ``cosigned.jsonl`` that hold, as far as the bundle reaches; what is wrong with the others is told."""
    for number, line in enumerate(rows(small(files, "cosigned.jsonl"))):
        if number >= MOST_LINES:
            verdict.add("witness", f"cosigned.jsonl has more than {MOST_LINES} lines")
            return
        try:
            one = _read(line, keys, signed.origin)
        except ValueError as error:
            verdict.add("witness", f"cosigned.jsonl, line {number + 1}: {error}")
            continue
        if one.said.size > signed.size:
            words = f"rolled back: {one.partner} cosigned {one.said.size} entries, and this bundle has {signed.size}"
            verdict.add("witness", words)
        elif one.said.size:
            yield one


def _read(line: bytes, keys: Sequence[Verifier], origin: str) -> Cosigned:
    said = text_of(line, "note", "partner", "vkey")
    key = Witness.parse(said["vkey"])
    text, signatures = notes.split_note(said["note"])
    one = Cosigned(notes.parse_checkpoint(text), said["partner"], key)
    if one.said.origin != origin:
        raise ValueError(f"it is for {one.said.origin}")
    if not any(known.verifies(signature, text) for known in keys for signature in signatures):
        raise ValueError("it was not signed by a key of this log")
    if not any(key.signed_at(signature, text) for signature in signatures):
        raise ValueError(f"{one.partner} did not sign it")
    return one


def recorded(passed: Passed, files: Mapping[str, Span], wanted: Iterable[Cosigned], reader: str | None) -> Recorded:
    """What the entries say of the keys that are wanted. ``reader``: for whom the copy is. A partner's has no playbooks: there it is believed, and told to be
    unchecked, that one names a key; in an auditor's all of them must be, and who does not say for whom it is has the same duty."""
    found, agreed_owners = Recorded(reader in (None, "auditor")), dict[bytes, str]()
    publics = {one.key.vkey: one.key.public for one in wanted}
    books: dict[str, Mapping[str, str | None] | None] = {}
    for place, digest, shown in passed.cosigned:
        partner, vkey = shown.get("partner"), shown.get("vkey")
        if type(partner) is not str or type(vkey) is not str or vkey not in publics:
            continue
        name = (partner, vkey)
        found.since.setdefault(name, place)
        found.owners.setdefault(publics[vkey], partner)
        if shown.get("confirmed") is not True:
            continue
        file = f"playbooks/{digest}.yaml"
        if digest is None or file not in files:
            found.unseen.add(name)
            continue
        if digest not in books:
            books[digest] = keys_named(small(files, file))
        named = books[digest]
        key = None if named is None else named.get(partner, "")
        if key is None:
            found.unread.add(name)
        elif key == vkey:
            found.agreed.add(name)
            agreed_owners.setdefault(publics[vkey], partner)
            found.since[name] = min(found.since[name], passed.playbooks[digest])
    found.owners |= agreed_owners
    return found


def weighed(one: Cosigned, known: Recorded, keys: Sequence[Verifier]) -> Cosigner:
    """What a cosignature is worth that holds."""
    vkey = one.key.vkey
    name = (one.partner, vkey)
    doubt = _doubt(one, name, known, keys)
    unchecked = not doubt and name not in known.agreed
    return Cosigner(one.partner, vkey, one.said.size, one.key.fingerprint, known.since.get(name), doubt, unchecked)


def _doubt(one: Cosigned, name: tuple[str, str], known: Recorded, keys: Sequence[Verifier]) -> Doubt:
    if any(one.key.public == key.public for key in keys):
        return "the log's own key"
    if name not in known.since:
        return "not recorded"
    if known.owners[one.key.public] != one.partner:
        return "another partner's key"
    if name in known.agreed:
        return ""
    if name in known.unseen:
        return "its playbook is not here" if known.needed else ""
    return "cannot be read" if name in known.unread else "not in the playbook"
