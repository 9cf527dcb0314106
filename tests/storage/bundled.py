"""Bundles of a small incident, and how to change them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from storage import canonical, tree
from storage.database import SqliteStore
from storage.entry import decode
from storage.export import container
from storage.export.bundle import bundle
from storage.export.for_whom import AUDITOR, Recipient
from storage.export.making import Asked, make
from storage.notes import Checkpoint, Signer
from tests.storage.moments import at
from tests.storage.small import STREAM

Files = dict[str, bytes]


async def export_bundle(
    store: SqliteStore,
    stream: str,
    *,
    by: str,
    reason: str,
    path: Path,
    now: datetime,
    replace: bool = False,
    recipient: Recipient = AUDITOR,
) -> Checkpoint:
    """Write a bundle of a stream, and return the checkpoint it ends in."""
    asked = Asked(stream, recipient, by, reason, "bundle")
    return (await make(store, asked, bundle, path, now=at(now), replace=replace)).checkpoint


def remade(bundle: bytes, change: Callable[[Files], None]) -> bytes:
    """The bundle with its files changed, packed properly, and its manifest set right but not signed again."""
    files = container.unpack(bundle)
    change(files)
    manifest = json.loads(files["manifest.json"])
    manifest["files"] = {
        name: sha256(data).hexdigest() for name, data in files.items() if name not in ("manifest.json", "manifest.sig")
    }
    files["manifest.json"] = canonical.encode(manifest) + b"\n"
    return container.pack(files)


def lines(name: str, change: Callable[[list[bytes]], None]) -> Callable[[Files], None]:
    """A change to one file's lines."""

    def apply(files: Files) -> None:
        rows = files[name].splitlines()
        change(rows)
        files[name] = b"".join(row + b"\n" for row in rows)

    return apply


def both(*changes: Callable[[Files], None]) -> Callable[[Files], None]:
    """Several changes."""

    def apply(files: Files) -> None:
        for change in changes:
            change(files)

    return apply


def resigned(bundle: bytes, signer: Signer, change: Callable[[Files], None] = lambda _: None) -> bytes:
    """The bundle changed, then made consistent again in everything, and signed by this key."""
    files = container.unpack(bundle)
    change(files)
    leaves = [tree.leaf_hash(line) for line in files["entries.jsonl"].splitlines()]
    said = Checkpoint(f"{signer.name}/{STREAM}", len(leaves), tree.root_of(leaves))
    files["checkpoint.txt"] = signer.sign(said.text).encode()
    files["leaves.txt"] = "".join(leaf.hex() + "\n" for leaf in leaves).encode()
    manifest = json.loads(files["manifest.json"]) | {"size": said.size, "root": said.root.hex(), **_counted(files)}
    return container.pack(files | signed_manifest(listed(manifest, files), signer))


def _counted(files: Files) -> dict[str, Any]:
    """What a manifest says is shown and withheld, as far as that can be told."""
    withheld: Counter[str] = Counter()
    disclosed = 0
    try:
        for entry, shown in zip(
            files["entries.jsonl"].splitlines(), files["disclosures.jsonl"].splitlines(), strict=True
        ):
            said = decode(entry)
            disclosed += len(json.loads(shown))
            withheld[said.type] += len(said.digests) - len(json.loads(shown))
    except (ValueError, TypeError, RecursionError):
        return {}
    return {"disclosed": disclosed, "withheld": {kind: count for kind, count in withheld.items() if count}}


def listed(manifest: dict[str, Any], files: Files) -> dict[str, Any]:
    """The manifest with the files as they are now."""
    rest = {name: data for name, data in files.items() if name not in ("manifest.json", "manifest.sig")}
    return manifest | {"files": {name: sha256(data).hexdigest() for name, data in rest.items()}}


def signed_manifest(manifest: dict[str, Any], signer: Signer) -> Files:
    """The two files of a manifest, signed by this key."""
    data = canonical.encode(manifest) + b"\n"
    note = signer.sign(container.manifest_text(sha256(data).hexdigest()))
    return {"manifest.json": data, "manifest.sig": note.encode()}
