"""Bundles that another program packed again or unpacked, and what a witness kept in whatever form."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from storage.database import SqliteStore
from storage.export import container, repacked
from storage.export.witnessed import checkpoints_in
from storage.facts import NoteAdded
from storage.verify import verify, verify_bytes
from tests.storage.bundled import export_bundle
from tests.storage.small import NOW, ROOM, STREAM, opened


@pytest.fixture
async def bundle(store: SqliteStore, tmp_path: Path) -> bytes:
    """A bundle of the small incident."""
    await opened(store)
    path = tmp_path / "bundle.zip"
    await export_bundle(store, STREAM, by="ada", reason="inquiry", path=path, now=NOW)
    return path.read_bytes()


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED, inside: str = "") -> bytes:
    """These files as another program packs them, its folders with them."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", method) as archive:
        archive.writestr(f"{inside}playbooks/", b"")
        for name, data in reversed(files.items()):
            archive.writestr(inside + name, data)
    return raw.getvalue()


@pytest.mark.parametrize("inside", ["", "bundle/"])
def test_packed_again_is_told_and_no_tampering(bundle: bytes, inside: str) -> None:
    """Deflated by another program, with or without a folder around it, the one finding is that, and the code is 2."""
    verdict = verify_bytes(zipped(container.unpack(bundle), inside=inside))
    assert (verdict.code, verdict.packed, len(verdict.findings)) == (2, "again", 1)
    assert "packed again" in verdict.findings[0].words
    assert verdict.size == 5


def test_packed_again_hides_no_change(bundle: bytes) -> None:
    """A value that was changed before it was packed again is tampering, named by its entry."""
    files = container.unpack(bundle)
    files["disclosures.jsonl"] = files["disclosures.jsonl"].replace(b"Le pont", b"La pont")
    verdict = verify_bytes(zipped(files))
    assert verdict.code == 1
    assert {finding.entry for finding in verdict.findings if finding.rule == "disclosure"} == {3}
    del files["entries.jsonl"]
    assert verify_bytes(zipped(files)).code != 0


def test_stored_in_another_order_is_tampering(bundle: bytes) -> None:
    """A container that is not compressed, and not ours byte for byte, is still tampered with."""
    assert verify_bytes(zipped(container.unpack(bundle), zipfile.ZIP_STORED)).code == 1


def test_a_bomb_is_not_opened(bundle: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """What would unpack to far more than its size, or more files than a bundle has, ends in code 2 and words."""
    monkeypatch.setattr(repacked, "SMALL", 1 << 20)
    files = container.unpack(bundle)
    bomb = verify_bytes(zipped(files | {"log.txt": bytes(64 << 20)}))
    assert (bomb.code, bomb.packed) == (2, "as exported")
    assert "far more" in bomb.findings[0].words
    monkeypatch.setattr(repacked, "MOST_FILES", 3)
    assert "files are packed here" in verify_bytes(zipped(files)).findings[0].words


def test_what_cannot_be_decompressed_is_code_2(bundle: bytes) -> None:
    """A damaged member, one compressed otherwise, and one that stands twice are each told in one line."""
    whole = zipped(container.unpack(bundle))
    for name in ("entries.jsonl", "manifest.json"):
        at = whole.index(name.encode()) + len(name)
        verdict = verify_bytes(whole[:at] + b"\xff" * 20 + whole[at + 20 :])
        assert (verdict.code, len(verdict.findings)) == (2, 1)
        assert name in verdict.findings[0].words
    assert "in a way" in verify_bytes(zipped(container.unpack(bundle), zipfile.ZIP_LZMA)).findings[0].words
    raw = io.BytesIO(whole)
    with zipfile.ZipFile(raw, "a", zipfile.ZIP_DEFLATED) as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("log.txt", b"another")
    assert "twice" in verify_bytes(raw.getvalue()).findings[0].words


def test_no_byte_of_a_repacked_one_makes_it_raise_or_verify(bundle: bytes) -> None:
    """Whatever byte of another program's container is changed, there is a verdict, and it is never that all is well."""
    whole = zipped(container.unpack(bundle))
    for at in range(0, len(whole), 23):
        changed = bytearray(whole)
        changed[at] ^= 1 << at % 8
        assert verify_bytes(bytes(changed)).code != 0


def test_an_unpacked_folder(bundle: bytes, tmp_path: Path) -> None:
    """Unpacked into a folder and untouched it is intact; other files there are noted, and a changed one is tampering."""
    folder = tmp_path / "unpacked"
    for name, data in container.unpack(bundle).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    verdict = verify(folder)
    assert (verdict.code, verdict.findings, verdict.packed) == (0, [], "unpacked")
    (folder / "remarks.doc").write_bytes(b"x")
    verdict = verify(folder)
    assert [(one.grade, "remarks.doc" in one.words) for one in verdict.findings] == [("note", True)]
    (folder / "log.txt").write_bytes(b"x")
    assert verify(folder).code == 1
    (folder / "log.txt").unlink()
    assert verify(folder).code == 2


async def test_a_witness_may_keep_an_older_bundle(bundle: bytes, store: SqliteStore, tmp_path: Path) -> None:
    """An older export, as it was or packed again, and the log's side file are held against a later one; a later checkpoint in that file shows that the
    copy is older, whatever stands before it."""
    await store.append(STREAM, NoteAdded("ada", None, ROOM, "later"), now=NOW)
    await export_bundle(store, STREAM, by="b", reason="x", path=tmp_path / "later", now=NOW)
    side = tmp_path / "data" / "checkpoints.log"
    assert verify(tmp_path / "later", *checkpoints_in(side.read_bytes())).witnessed == 7
    await store.append(STREAM, NoteAdded("ada", None, ROOM, "later still"), now=NOW)
    await store.sign(NOW)
    for kept in (bundle, zipped(container.unpack(bundle)), zipped(container.unpack(bundle), inside="x/")):
        verdict = verify(tmp_path / "later", *checkpoints_in(kept))
        assert (verdict.code, verdict.witnessed) == (0, 5)
    verdict = verify(tmp_path / "later", *checkpoints_in(side.read_bytes()))
    assert (verdict.code, verdict.witnessed, [one.rule for one in verdict.findings]) == (1, None, ["older"])
    assert checkpoints_in(b"PK\x03\x04 and no bundle") == []
