"""What is signed in a bundle: by whose key, with which keys before it, and the manifest and checkpoint themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from storage import canonical, notes
from storage.export import container
from storage.export.span import Span
from storage.notes import Checkpoint, Verifier
from storage.rotation import parse_link
from storage.verify.lines import Looked
from storage.verify.verdict import REQUIRED, Grade, Verdict

FORMAT = 2
LARGEST = 4 << 20
"""Bytes of a small file that are read: a manifest of ten thousand files has two million."""

MOST_LINES = 512
"""Lines of ``keys.jsonl`` and of ``cosigned.jsonl`` that are read: no log has so many keys, or partners that sign it."""

Manifest = Mapping[str, Any]


def small(files: Mapping[str, Span], name: str) -> bytes:
    """What a small file holds, nothing where it is not there; what is too long is cut, and then is not what it should be."""
    return files[name].read(0, LARGEST) if name in files else b""


def key(verdict: Verdict, files: Mapping[str, Span]) -> Verifier | None:
    """The key that signed."""
    if "key.txt" not in files:
        return None
    try:
        found = Verifier.parse(small(files, "key.txt").decode().removesuffix("\n"))
    except ValueError as error:
        verdict.add("key", f"key.txt: {error}")
        return None
    verdict.key, verdict.deployment = found.vkey, found.name
    return found


def chain(verdict: Verdict, files: Mapping[str, Span], last: Verifier | None) -> list[Verifier]:
    """Every key that may have signed a checkpoint of this log, the newest first: each older one signed that the next replaces it."""
    if last is None:
        return []
    links: list[tuple[Verifier, Verifier]] = []
    for number, line in enumerate(rows(small(files, "keys.jsonl"))):
        if number >= MOST_LINES:
            verdict.add("key", f"keys.jsonl has more than {MOST_LINES} lines")
            return [last]
        try:
            step = parse_link(text_of(line, "note")["note"])
            links.append((step.old, step.new))
        except ValueError as error:
            verdict.add("key", f"keys.jsonl, line {number + 1}: {error}")
            return [last]
    known = [last]
    for number, (old, new) in reversed(list(enumerate(links))):
        if new != known[-1]:
            verdict.add(
                "key",
                f"keys.jsonl, line {number + 1}: the chain of keys is broken: it does not lead to the key after it",
            )
            return known
        known.append(old)
    return known


def manifest(
    verdict: Verdict, files: Mapping[str, Span], looked: Mapping[str, Looked], signer: Verifier | None, added: Grade
) -> Manifest:
    """What the manifest says, if anything can be read of it. ``added`` is how bad a file is that was not exported."""
    if "manifest.json" not in files:
        return {}
    if signer is not None and "manifest.sig" in files:
        try:
            text, signatures = notes.split_note(small(files, "manifest.sig").decode())
            good = text == container.manifest_text(looked["manifest.json"].digest)
            # One line and no other: what stands beside it nobody signed, and it could name anybody.
            good = good and len(signatures) == 1 and signer.verifies(signatures[0], text)
        except ValueError as error:
            verdict.add("manifest", f"manifest.sig: {error}")
        else:
            if not good:
                verdict.add("manifest", "manifest.json is not the one that was signed")
    try:
        said = canonical.read(small(files, "manifest.json").removesuffix(b"\n"))
        listed = said["files"]
        verdict.stream, verdict.signed_at, verdict.reader = (str(said[name]) for name in ("stream", "at", "reader"))
        verdict.name = str(said.get("reader_name") or said["reader"])
        if said["format"] != FORMAT:
            words = f"its format is {said['format']}, and this program reads {FORMAT}: use the verify.py inside it"
            verdict.add("manifest", words, grade="incomplete")
        rest = {name for name in files if name not in ("manifest.json", "manifest.sig")}
        for name in sorted(rest | set(listed)):
            if name not in files:
                if name not in REQUIRED:
                    verdict.add("manifest", f"{name} is missing: ask for the file again", grade="incomplete")
            elif name not in listed:
                verdict.add("manifest", f"{name} was added to the bundle", grade=added)
            elif looked[name].digest != listed[name]:
                verdict.add("manifest", f"{name} is not the file that was exported")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        verdict.add("manifest", f"manifest.json cannot be read: {error}")
        return {}
    return said if isinstance(said, dict) else {}


def checkpoint(
    verdict: Verdict, files: Mapping[str, Span], signer: Verifier | None, said_of_it: Manifest
) -> Checkpoint | None:
    """The bundle's own checkpoint, if the key signed it."""
    if "checkpoint.txt" not in files or signer is None:
        return None
    try:
        text, signatures = notes.split_note(small(files, "checkpoint.txt").decode())
        said = notes.parse_checkpoint(text)
    except ValueError as error:
        verdict.add("checkpoint", f"checkpoint.txt: {error}", grade="incomplete")
        return None
    if not any(signer.verifies(one, text) for one in signatures):
        verdict.add("checkpoint", "checkpoint.txt was not signed by the key of this log, or was changed since")
        return None
    name, _, stream = said.origin.partition("/")
    if name != signer.name or (said_of_it and stream != said_of_it.get("stream")):
        verdict.add("checkpoint", f"the checkpoint is for another log: {said.origin}")
    if said_of_it and (said_of_it.get("size"), said_of_it.get("root")) != (said.size, said.root.hex()):
        verdict.add("manifest", "manifest.json names another size or root than the checkpoint")
    verdict.stream, verdict.size, verdict.root = stream, said.size, said.root.hex()
    return said


def rows(data: bytes) -> Iterator[bytes]:
    """The lines of a small file."""
    lines = data.split(b"\n")
    yield from lines if lines[-1] else lines[:-1]


def text_of(line: bytes, *names: str) -> dict[str, str]:
    """A line of canonical JSON with exactly these names, each of which is text. Raises ValueError."""
    said = canonical.read(line)
    if not isinstance(said, dict) or set(said) != set(names) or not all(type(one) is str for one in said.values()):
        raise ValueError(f"a line of it has {', '.join(names)}, and nothing else")
    return said
