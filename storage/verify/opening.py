"""A bundle as it comes, in a file or a folder: what is in it, and then everything that can be asked of that."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from storage.export import container, repacked
from storage.export.span import Span, written
from storage.verify import claims, signed, witnesses
from storage.verify.entries import Passed, go_through
from storage.verify.forms import LOOKED_AT, no_bundle
from storage.verify.lines import Looked, TooLong, look_through
from storage.verify.section import LEAF, Log
from storage.verify.signed import Manifest
from storage.verify.verdict import MOST, REQUIRED, Grade, Verdict, unanswered

if TYPE_CHECKING:
    from cryptography import x509


Roots = Sequence["x509.Certificate"]


def verify(path: Path, *kept: str, roots: Roots = ()) -> Verdict:
    """Verify the bundle in a file, or one unpacked into a folder. ``kept`` are the texts of signed notes that a witness
    kept; ``roots``: certificates of time-stamping authorities that are trusted. Never raises for what the file or the notes hold."""
    try:
        if path.is_dir():
            return _verify_folder(path, kept, roots)
        if path.exists() and not path.is_file():
            return unanswered("it is no file: name what `tocsin export` wrote")
        with path.open("rb") as file:
            return _verify_file(Span.whole(file), kept, roots, path.name)
    except OSError as error:
        # Which file it is stands before what is found anyway; another is one in the folder.
        other = f"{error.filename} " if error.filename not in (None, str(path)) else ""
        return unanswered(f"{other}cannot be read: {error.strerror}")


def verify_bytes(raw: bytes, *kept: str, roots: Roots = ()) -> Verdict:
    """``verify``, for the bytes of a bundle."""
    span = written(raw)
    with span.file:
        return _verify_file(span, kept, roots)


def _verify_file(raw: Span, kept: Sequence[str], roots: Roots, name: str = "") -> Verdict:
    if not raw.size:
        return unanswered("the file is empty")
    files = container.find(raw)
    if not files and raw.read(0, 2) != b"PK":
        return unanswered(no_bundle(raw.read(0, LOOKED_AT), name))
    looked = {name: look_through(span) for name, span in files.items()}
    found = {name: (span, looked[name].check) for name, span in files.items()}
    if container.is_as_written(raw, found):
        return _examined(Verdict(), files, kept, looked, roots=roots)
    try:
        again = repacked.unzip(raw, REQUIRED)
    except repacked.Unreadable as unknown:
        return unanswered(str(unknown))
    if again is None:
        verdict = Verdict()
        cut = container.cut(raw, found)
        if cut is None and all(name in files for name in REQUIRED):
            verdict.add(
                "container",
                "the container is not the one that was exported: bytes outside its files were changed or added",
            )
        return _examined(verdict, files, kept, looked, cut=cut, roots=roots)
    verdict = _examined(Verdict(packed="again"), again, kept, added="note", roots=roots)
    if verdict.code == 0:
        words = "it was packed again by another program; its contents are exactly what was exported"
        verdict.add("container", words, grade="incomplete")
    return verdict


def _verify_folder(folder: Path, kept: Sequence[str], roots: Roots) -> Verdict:
    try:
        files, others = repacked.gather(folder, REQUIRED)
    except repacked.Unreadable as unknown:
        return unanswered(str(unknown))
    try:
        if not any(name in files for name in REQUIRED):
            return unanswered("no bundle was unpacked in this folder; name the file that was exported")
        verdict = _examined(Verdict(packed="unpacked"), files, kept, added="note", roots=roots)
    finally:
        for span in files.values():
            span.file.close()
    for name in others[:MOST]:
        verdict.add("container", f"{name} lies beside it and is no part of the bundle", grade="note")
    return verdict


def _examined(
    verdict: Verdict,
    files: Mapping[str, Span],
    kept: Sequence[str],
    looked: Mapping[str, Looked] | None = None,
    *,
    added: Grade = "tampered",
    cut: str | None = None,
    roots: Roots = (),
) -> Verdict:
    """What the files hold. ``added`` is how bad a file is that was not exported; ``cut``: what ``container.cut`` says of it."""
    missing = [name for name in REQUIRED if name not in files]
    if len(missing) == len(REQUIRED):
        return unanswered(_missing([], cut) if cut is not None else "this is no bundle of Tocsin")
    looked = looked or {name: look_through(span) for name, span in files.items()}
    if missing or cut is not None:
        verdict.add("container", _missing(missing, cut), grade="incomplete")
    key = signed.key(verdict, files)
    manifest = signed.manifest(verdict, files, looked, key, added)
    if cut and manifest and cut not in ("manifest.json", "manifest.sig", *manifest["files"]):
        verdict.add("manifest", f"{cut} was added to the bundle")
    said = signed.checkpoint(verdict, files, key, manifest)
    keys = signed.chain(verdict, files, key)
    nothing = look_through(written(b""))
    leaves = files.get("leaves.txt")
    log = Log(
        looked.get("entries.jsonl", nothing).lines,
        looked.get("disclosures.jsonl", nothing).lines,
        leaves if said is not None and leaves is not None and leaves.size == LEAF * said.size else None,
        said,
        verdict.stream,
        frozenset(missing),
    )
    try:
        passed = go_through(log, verdict)
        witnesses.judge(verdict, files, kept, keys, passed, roots)
    except TooLong as long:
        verdict.add("entry", str(long), grade="incomplete")
        return verdict
    _playbooks(verdict, files, looked, passed.playbooks)
    _words(verdict, files, manifest, passed)
    return verdict


def _missing(names: Sequence[str], cut: str | None) -> str:
    """What is to be said of files that are not there: that alone accuses nobody."""
    listed = f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} missing"
    if cut is not None:
        return f"it was cut short on its way{f' ({listed})' if names else ''}: ask for the file again"
    return f"{listed}: it was cut short on its way, or packed without: ask for the file again"


def _playbooks(
    verdict: Verdict, files: Mapping[str, Span], looked: Mapping[str, Looked], named: Collection[str]
) -> None:
    for name in files:
        if name.startswith("playbooks/") and name != f"playbooks/{looked[name].digest}.yaml":
            verdict.add("playbook", f"{name} is not the playbook of that digest")
    if verdict.reader != "auditor":
        return  # a partner is given none: a playbook may name whom it must not know of
    for digest in sorted(named):
        if f"playbooks/{digest}.yaml" not in files:
            verdict.add("playbook", f"playbook {digest[:12]}… is not in the bundle", grade="note")


def _words(verdict: Verdict, files: Mapping[str, Span], manifest: Manifest, passed: Passed) -> None:
    """What is there for people says what the entries say: the text of the log, for whom and why it was exported, and how much it shows.

    Also where something is missing: as far as both sides of it are there.
    """
    if verdict.code == 1 or verdict.stream is None or manifest.get("format", signed.FORMAT) != signed.FORMAT:
        return  # something is wrong already, and named; or nobody says what ought to be here
    if {"entries.jsonl", "disclosures.jsonl"} - set(files):
        return
    told = files.get("log.txt")
    if verdict.code == 0 if told is None else not passed.says(told):
        verdict.add("text", "log.txt does not say what the entries say")
    if not manifest:
        return
    claims.judge(verdict, manifest, passed)
    for name in sorted(files):
        if name.startswith("playbooks/") and name not in {f"playbooks/{digest}.yaml" for digest in passed.playbooks}:
            verdict.add("playbook", f"{name} is no playbook of this log")
