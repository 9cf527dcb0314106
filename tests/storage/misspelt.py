"""Bundles whose keeper wrote something otherwise than it is written: digests of no digest's form, and a manifest that lists itself. Everything else about
them is made consistent, and signed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from hashlib import sha256

from storage import canonical
from storage.export import container
from storage.notes import Signer
from tests.storage.bundled import Files, lines, listed, resigned, signed_manifest

PLACE = 5
"""The entry that is written otherwise."""

Digests = Callable[[list[str]], list[object]]


def digests(bundle: bytes, signer: Signer) -> Iterator[tuple[str, bytes, int | None]]:
    """What each bundle is called, its bytes, and which entry must be named: the list of digests of an entry is not one, as a whole or in a part."""
    kinds: list[tuple[str, Digests]] = [
        ("two in one text", lambda all_: [f"{all_[0]} {all_[1]}", *all_[2:]]),
        ("two in one text, and one more", lambda all_: [f"{all_[0]} {all_[1]}", *all_[2:], "z" * 43]),
        ("three in one text", lambda all_: [" ".join(all_[:3]), *all_[3:]]),
        ("all in one text", lambda all_: [" ".join(all_)]),
        ("one with a space behind it", lambda all_: [f"{all_[0]} ", *all_[1:]]),
        ("one with a line's end behind it", lambda all_: [f"{all_[0]}\n", *all_[1:]]),
        ("one too short", lambda all_: [all_[0][:-1], *all_[1:]]),
        ("one too long", lambda all_: [f"{all_[0]}A", *all_[1:]]),
        ("one short and the next long by it", lambda all_: [all_[0][:-1], f"{all_[0][-1]}{all_[1]}", *all_[2:]]),
        ("an empty one", lambda all_: ["", *all_]),
        ("one in other digits", lambda all_: [*all_[1:], "\u0660" * 43]),
        ("one in the other base64", lambda all_: ["+" * 43, *all_[1:]]),
        ("two joined by a comma", lambda all_: [",".join(all_[:2]), *all_[2:]]),
        ('two joined by `","`', lambda all_: ['","'.join(all_[:2]), *all_[2:]]),
        ("a number", lambda all_: [1, *all_[1:]]),
        ("a list", lambda all_: [[all_[0]], *all_[1:]]),
        ("nothing", lambda all_: [None, *all_[1:]]),
    ]
    for what, change in kinds:
        yield f"digests: {what}", resigned(bundle, signer, _entry(change)), PLACE
        yield f"digests, of an entry that shows nothing: {what}", resigned(bundle, signer, _hidden(change)), PLACE


def _entry(change: Digests) -> Callable[[Files], None]:
    def apply(rows: list[bytes]) -> None:
        said = json.loads(rows[PLACE])
        found = change(said["_sd"])
        in_order = all(isinstance(one, str) for one in found)
        said["_sd"] = sorted(found, key=str) if in_order else found
        rows[PLACE] = canonical.encode(said)

    return lines("entries.jsonl", apply)


def _hidden(change: Digests) -> Callable[[Files], None]:
    """The same where nothing is shown of the entry, whose digests nothing else is held against."""

    def apply(files: Files) -> None:
        _entry(change)(files)
        lines("disclosures.jsonl", lambda rows: rows.__setitem__(PLACE, b"[]"))(files)

    return apply


def manifests(bundle: bytes, signer: Signer) -> Iterator[tuple[str, bytes]]:
    """What each bundle is called, and its bytes: its manifest lists itself or its own signature."""
    files = container.unpack(bundle)
    said = listed(json.loads(files["manifest.json"]), files)
    for name in ("manifest.json", "manifest.sig"):
        for what, value in (
            ("of what it was", sha256(files[name]).hexdigest()),
            ("of nothing", ""),
            ("that is null", None),
            ("that is a number", 0),
        ):
            other = said | {"files": said["files"] | {name: value}}
            yield (
                f"{name} listed in the manifest with a digest {what}",
                container.pack(files | signed_manifest(other, signer)),
            )
