"""Verify a bundle offline: with this floor's pure rooms, Python's standard library and ``cryptography``, and nothing
that was kept.

What is checked, by the name a finding gives it:

- ``container``: the file is, byte for byte, the one way of packing its contents; a copy that another program packed
  again, or unpacked into a folder, is checked for what it contains
- ``manifest``: its signature, and the SHA-256 of every other file
- ``key``, ``checkpoint``: a proper key; a note it signed, for this stream
- ``entry``: canonical JSON of the right shape; ``order``: each in its place, none missing, none twice
- ``leaf``: each entry has the hash that the signed root covers; ``root``: so has the whole
- ``disclosure``: what is shown is what was committed to; each digest once
- ``playbook``: its bytes have the digest that the entries name
- ``witness``: a checkpoint that somebody else kept is a part of this log
- ``time``: a clock that went backwards, which is noted and no more

Grades: ``tampered`` makes exit code 1; ``incomplete`` makes it 2 unless something was tampered with; a ``note``
changes nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from storage import canonical, notes, tree
from storage.entry import Entry, decode, readable, told
from storage.export import container, repacked, witnessed
from storage.notes import BadNote, Checkpoint, Verifier

Grade = Literal["tampered", "incomplete", "note"]
Packed = Literal["as exported", "again", "unpacked"]

REQUIRED = (
    "checkpoint.txt", "disclosures.jsonl", "entries.jsonl", "key.txt", "leaves.txt", "manifest.json", "manifest.sig",
)  # fmt: skip

_SALT = re.compile(r"[A-Za-z0-9_-]{22}")
_HEX = re.compile(r"[0-9a-f]{64}")
_MOST = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be: at which entry and field, where that is known, and against which rule."""

    entry: int | None
    field: str | None
    rule: str
    words: str
    grade: Grade = "tampered"


@dataclass(slots=True)
class Verdict:
    """What was found. ``code``: 0 intact, 1 tampered, 2 incomplete, unreadable or unsigned.

    ``size``, ``root`` (hexadecimal), ``key`` (vkey) and ``signed_at`` (RFC 3339, the exporter's word) are what the
    bundle says, None where it cannot be read; ``witnessed`` is the size of the witness's checkpoint that was found to
    be a part of this log. ``disclosed`` and ``withheld`` count fields. ``packed``: in the container that was exported,
    in another program's, or in none.
    """

    findings: list[Finding] = field(default_factory=list)
    deployment: str | None = None
    stream: str | None = None
    size: int | None = None
    root: str | None = None
    key: str | None = None
    signed_at: str | None = None
    reader: str | None = None
    disclosed: int = 0
    withheld: int = 0
    witnessed: int | None = None
    packed: Packed = "as exported"

    @property
    def code(self) -> int:
        grades = {finding.grade for finding in self.findings}
        return 1 if "tampered" in grades else 2 if "incomplete" in grades else 0

    def add(
        self, rule: str, words: str, entry: int | None = None, field: str | None = None, grade: Grade = "tampered"
    ) -> None:
        """Note a finding."""
        self.findings.append(Finding(entry, field, rule, words, grade))


def verify(path: Path, *kept: str) -> Verdict:
    """Verify the bundle in a file, or one unpacked into a folder. ``kept`` are the texts of signed notes that a witness
    kept, of which the one that says most is used. Never raises for what the file or the notes hold."""
    try:
        if path.is_dir():
            return _verify_folder(path, kept)
        raw = path.read_bytes()
    except OSError as error:
        return _unanswered(f"{error.filename or path} cannot be read: {error.strerror}")
    return verify_bytes(raw, *kept)


def verify_bytes(raw: bytes, *kept: str) -> Verdict:
    """``verify``, for the bytes of a bundle."""
    if not raw:
        return _unanswered("the file is empty")
    files = container.unpack(raw)
    if _pack(files) == raw:
        return _examined(Verdict(), files, kept)
    try:
        again = repacked.unzip(raw, REQUIRED)
    except repacked.Unreadable as unknown:
        return _unanswered(str(unknown))
    if again is None:
        verdict = Verdict()
        if all(name in files for name in REQUIRED):
            verdict.add(
                "container",
                "the container is not the one that was exported: bytes outside its files were changed or added",
            )
        return _examined(verdict, files, kept)
    verdict = _examined(Verdict(packed="again"), again, kept, added="note")
    if verdict.code == 0:
        words = "it was packed again by another program; its contents are exactly what was exported"
        verdict.add("container", words, grade="incomplete")
    return verdict


def _verify_folder(folder: Path, kept: Sequence[str]) -> Verdict:
    try:
        files, others = repacked.gather(folder, REQUIRED)
    except repacked.Unreadable as unknown:
        return _unanswered(str(unknown))
    if not any(name in files for name in REQUIRED):
        return _unanswered("no bundle was unpacked in this folder; name the file that was exported")
    verdict = _examined(Verdict(packed="unpacked"), files, kept, added="note")
    for name in others[:_MOST]:
        verdict.add("container", f"{name} lies beside it and is no part of the bundle", grade="note")
    return verdict


def _unanswered(words: str) -> Verdict:
    verdict = Verdict()
    verdict.add("container", words, grade="incomplete")
    return verdict


def _examined(
    verdict: Verdict, files: Mapping[str, bytes], kept: Sequence[str], *, added: Grade = "tampered"
) -> Verdict:
    """What the files hold. ``added`` is how bad a file is that was not exported."""
    missing = [name for name in REQUIRED if name not in files]
    if len(missing) == len(REQUIRED):
        return _unanswered("this is no bundle of Tocsin")
    for name in missing:
        words = f"{name} is missing: the file was cut short, or the bundle is not whole"
        verdict.add("container", words, grade="incomplete")
    key = _key(verdict, files)
    manifest = _manifest(verdict, files, key, added)
    signed = _checkpoint(verdict, files, key, manifest)
    witness = _witness(verdict, list(kept), key, signed) if kept else None
    log = _Log(verdict, files, signed)
    log.check(witness)
    _playbooks(verdict, files, log.playbooks)
    _words(verdict, files, manifest, log)
    return verdict


def _pack(files: Mapping[str, bytes]) -> bytes:
    try:
        return container.pack(files)
    except ValueError:
        return b""


def _key(verdict: Verdict, files: Mapping[str, bytes]) -> Verifier | None:
    if "key.txt" not in files:
        return None
    try:
        text = files["key.txt"].decode()
        key = Verifier.parse(text.removesuffix("\n"))
    except ValueError as error:
        verdict.add("key", f"key.txt: {error}")
        return None
    verdict.key, verdict.deployment = key.vkey, key.name
    return key


def _manifest(verdict: Verdict, files: Mapping[str, bytes], key: Verifier | None, added: Grade) -> Mapping[str, Any]:
    data = files.get("manifest.json")
    if data is None:
        return {}
    if key is not None and "manifest.sig" in files:
        try:
            text, signatures = notes.split_note(files["manifest.sig"].decode())
            good = text == container.manifest_text(data) and any(key.verifies(one, text) for one in signatures)
        except ValueError as error:
            verdict.add("manifest", f"manifest.sig: {error}")
        else:
            if not good:
                verdict.add("manifest", "manifest.json is not the one that was signed")
    try:
        manifest = canonical.read(data.removesuffix(b"\n"))
        listed = manifest["files"]
        verdict.stream, verdict.signed_at, verdict.reader = (str(manifest[name]) for name in ("stream", "at", "reader"))
        rest = {name for name in files if name not in ("manifest.json", "manifest.sig")}
        for name in sorted(rest | set(listed)):
            if name not in files:
                if name not in REQUIRED:
                    verdict.add("manifest", f"{name} is missing", grade="incomplete")
            elif name not in listed:
                verdict.add("manifest", f"{name} was added to the bundle", grade=added)
            elif sha256(files[name]).hexdigest() != listed[name]:
                verdict.add("manifest", f"{name} is not the file that was exported")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        verdict.add("manifest", f"manifest.json cannot be read: {error}")
        return {}
    return manifest if isinstance(manifest, dict) else {}


def _checkpoint(
    verdict: Verdict, files: Mapping[str, bytes], key: Verifier | None, manifest: Mapping[str, Any]
) -> Checkpoint | None:
    """The bundle's own checkpoint, if the key signed it."""
    if "checkpoint.txt" not in files or key is None:
        return None
    try:
        text, signatures = notes.split_note(files["checkpoint.txt"].decode())
        said = notes.parse_checkpoint(text)
    except ValueError as error:
        verdict.add("checkpoint", f"checkpoint.txt: {error}", grade="incomplete")
        return None
    if not any(key.verifies(one, text) for one in signatures):
        verdict.add("checkpoint", "checkpoint.txt was not signed by the key of this log, or was changed since")
        return None
    name, _, stream = said.origin.partition("/")
    if name != key.name or (manifest and stream != manifest.get("stream")):
        verdict.add("checkpoint", f"the checkpoint is for another log: {said.origin}")
    if manifest and (manifest.get("size"), manifest.get("root")) != (said.size, said.root.hex()):
        verdict.add("manifest", "manifest.json names another size or root than the checkpoint")
    verdict.stream, verdict.size, verdict.root = stream, said.size, said.root.hex()
    return said


def _witness(verdict: Verdict, kept: list[str], key: Verifier | None, signed: Checkpoint | None) -> Checkpoint | None:
    """A witness's checkpoint, if it is evidence about this log."""
    note = witnessed.best(kept, signed.origin, signed.size) if signed is not None else kept[0]
    try:
        text, signatures = notes.split_note(witnessed.in_chat(note))
        said = notes.parse_checkpoint(text)
    except BadNote as error:
        verdict.add("witness", f"the witness's checkpoint cannot be read: {error}", grade="incomplete")
        return None
    if key is None or signed is None:
        verdict.add("witness", "the bundle has no valid checkpoint to hold the witness's against", grade="incomplete")
        return None
    if said.origin != signed.origin:
        verdict.add(
            "witness", f"the witness's checkpoint is for {said.origin}, not {signed.origin}", grade="incomplete"
        )
        return None
    if not any(key.verifies(one, text) for one in signatures):
        verdict.add("witness", "the witness's checkpoint was not signed by the key in this bundle", grade="incomplete")
        return None
    if said.size == 0:
        verdict.add("witness", "the witness's checkpoint is of an empty log and proves nothing", grade="incomplete")
        return None
    if said.size > signed.size:
        verdict.add("witness", f"rolled back: the witness saw {said.size} entries, and this bundle has {signed.size}")
        return None
    return said


def _playbooks(verdict: Verdict, files: Mapping[str, bytes], named: set[str]) -> None:
    for name, data in files.items():
        if name.startswith("playbooks/") and name != f"playbooks/{sha256(data).hexdigest()}.yaml":
            verdict.add("playbook", f"{name} is not the playbook of that digest")
    for digest in sorted(named):
        if f"playbooks/{digest}.yaml" not in files:
            verdict.add("playbook", f"playbook {digest[:12]}… is not in the bundle", grade="note")


def _words(verdict: Verdict, files: Mapping[str, bytes], manifest: Mapping[str, Any], log: _Log) -> None:
    """What is there for people says what the entries say: the text of the log, and for whom and why it was exported."""
    if verdict.code != 0:
        return  # something is wrong already, and named
    if files.get("log.txt") != told(verdict.stream or "", log.text).encode():
        verdict.add("text", "log.txt does not say what the entries say")
    said = {"by": log.exported.get("by"), "reader": log.exported.get("reader"), "reason": log.exported.get("reason")}
    if any(manifest.get(name) != value for name, value in said.items()):
        verdict.add("manifest", "the manifest and the log differ on who exported this, for whom or why")
    for name in sorted(files):
        if name.startswith("playbooks/") and name not in {f"playbooks/{digest}.yaml" for digest in log.playbooks}:
            verdict.add("playbook", f"{name} is no playbook of this log")


class _Log:
    """The pass over entries and disclosures."""

    def __init__(self, verdict: Verdict, files: Mapping[str, bytes], signed: Checkpoint | None) -> None:
        self.verdict = verdict
        self.entries = _lines(files.get("entries.jsonl", b""))
        self.disclosures = _lines(files.get("disclosures.jsonl", b""))
        self.signed = signed
        self.leaves = self._leaves(files.get("leaves.txt", b""))
        self.playbooks: set[str] = set()
        self.text: list[str] = []
        self.exported: dict[str, object] = {}
        self.told = 0
        self.remarked = 0

    def check(self, witness: Checkpoint | None) -> None:
        """Everything about the entries. ``witness`` is a checkpoint of an earlier size that must be found on the
        way."""
        edge: list[bytes] = []
        due, before = 0, ""
        for index, line in enumerate(self.entries):
            leaf = tree.leaf_hash(line)
            tree.grow(edge, index, leaf)
            if witness is not None and witness.size == index + 1:
                self._hold_against(witness, tree.fold(edge))
            entry = self._read(due, line)
            place = self._place(due, entry, leaf)
            due = place + 1
            if entry is None:
                continue
            if not self.leaves or leaf in self.leaves[place : place + 1]:
                if entry.ts < before:
                    self._remark("time", f"entry {place}: the clock went back from {before} to {entry.ts}", place)
                before = entry.ts
            if entry.playbook_sha256 is not None:
                self.playbooks.add(entry.playbook_sha256)
            # Where every line is there, an entry out of place still finds its own.
            at = place if self.signed is not None and len(self.disclosures) == self.signed.size else index
            if at < len(self.disclosures):
                self._disclosed(place, entry, self.disclosures[at])
        self._whole(tree.fold(edge), witness)

    def _leaves(self, data: bytes) -> list[bytes]:
        """The leaf hashes, if the signed root covers them; otherwise they prove nothing and are not used."""
        lines = data.decode("ascii", "replace").split("\n")[:-1]
        if self.signed is None or not all(_HEX.fullmatch(line) for line in lines):
            return []
        leaves = [bytes.fromhex(line) for line in lines]
        if len(leaves) == self.signed.size and tree.root_of(leaves) == self.signed.root:
            return leaves
        return []

    def _read(self, place: int, line: bytes) -> Entry | None:
        try:
            entry = decode(line)
        except ValueError as error:
            self._say("entry", f"entry {place}: {error}", place)
            return None
        if self.verdict.stream is not None and entry.stream != self.verdict.stream:
            self._say("entry", f"entry {place} belongs to {entry.stream}", place)
        return entry

    def _place(self, due: int, entry: Entry | None, leaf: bytes) -> int:
        """Which entry this is: the one due, or another in its place."""
        if due < len(self.leaves) and leaf == self.leaves[due]:
            return due
        said = due if entry is None else entry.seq
        if self.leaves and not (said < len(self.leaves) and leaf == self.leaves[said]):
            self._say("leaf", f"entry {due} is not the one that was signed", due)
            return due
        if said > due:
            self._say("order", f"entry {due} is missing: entry {said} stands in its place", due)
        elif said < due:
            self._say("order", f"entry {said} stands where entry {due} belongs", said)
        return said

    def _disclosed(self, place: int, entry: Entry, line: bytes) -> None:
        try:
            triples = [_triple(one) for one in json.loads(line)]
            write = canonical.write
            texts = [f'["{salt}",{write(path)},{write(value)}]' for salt, path, value in triples]
            if f"[{','.join(texts)}]".encode() != line:
                raise ValueError("not in canonical form (RFC 8785)")
        except (ValueError, TypeError, RecursionError) as error:
            self._say("disclosure", f"entry {place}: its disclosures: {error}", place)
            return
        said = [(path, value) for _, path, value in triples]
        self.text.append(readable(entry.seq, entry.ts, entry.type, said))
        if entry.type == "Exported":
            self.exported = dict(said)
        left, paths = set(entry.digests), set()
        for (_, path, _), text in zip(triples, texts, strict=True):
            digest = canonical.disclosure_digest(text)
            if digest not in left:
                self._say("disclosure", f"entry {place}, {path}: not what was committed to", place, path)
                continue
            left.discard(digest)
            if path in paths:
                self._say("disclosure", f"entry {place}, {path}: stands twice", place, path)
            paths.add(path)
            self.verdict.disclosed += 1
        self.verdict.withheld += len(left)

    def _hold_against(self, witness: Checkpoint, root: bytes) -> None:
        if root == witness.root:
            self.verdict.witnessed = witness.size
        else:
            words = f"the first {witness.size} entries are not those that the witness saw"
            self.verdict.add("witness", words)

    def _whole(self, root: bytes, witness: Checkpoint | None) -> None:
        size = len(self.entries)
        if len(self.disclosures) != size:
            self.verdict.add("disclosure", f"{len(self.disclosures)} lines of disclosures for {size} entries")
        if self.signed is None:
            return
        if not self.leaves:
            self.verdict.add("leaf", "leaves.txt does not have the signed root")
        if size != self.signed.size:
            self.verdict.add("root", f"{size} entries, and the checkpoint was signed over {self.signed.size}")
        elif root != self.signed.root:
            self.verdict.add("root", "the entries do not have the root that was signed")
        if witness is not None and witness.size > size:
            self.verdict.add("witness", f"the witness saw {witness.size} entries, and here are {size}")

    def _say(self, rule: str, words: str, entry: int, field: str | None = None) -> None:
        """A finding at an entry; a hundred are enough to show what is bad."""
        self.told += 1
        if self.told <= _MOST:
            self.verdict.add(rule, words, entry, field)

    def _remark(self, rule: str, words: str, entry: int) -> None:
        self.remarked += 1
        if self.remarked <= _MOST:
            self.verdict.add(rule, words, entry, grade="note")


def _triple(value: object) -> tuple[str, str, object]:
    if isinstance(value, list) and len(value) == 3:
        salt, path, shown = value
        if type(salt) is str and type(path) is str and _SALT.fullmatch(salt):
            return salt, path, shown
    raise ValueError("a disclosure is not [salt, path, value]")


def _lines(data: bytes) -> list[bytes]:
    lines = data.split(b"\n")
    return lines if lines[-1] else lines[:-1]
