"""Bundles: written whole, verified offline, and no change to one goes unseen."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from storage import canonical, notes, tree
from storage.database import SqliteStore, open_store
from storage.entry import Entry, decode, readable
from storage.export import container
from storage.export.making import ExportFailed
from storage.facts import Exported, NoteAdded
from storage.notes import Checkpoint, Signer
from storage.store import Changes, StorageError
from storage.verify import REQUIRED, Verdict, verify, verify_bytes
from tests.storage.bundled import Files, both, export_bundle, lines, remade, resigned, signed_manifest
from tests.storage.small import DIGEST, NOW, PLAYBOOK, ROOM, STREAM, opened


async def exported(store: SqliteStore, path: Path) -> bytes:
    """The bundle of the small incident."""
    await opened(store, *(NoteAdded("ada", None, ROOM, f"note {number}") for number in range(6)))
    await export_bundle(store, STREAM, by="ada", reason="inquiry", path=path, now=NOW)
    return path.read_bytes()


@pytest.fixture
async def bundle(store: SqliteStore, tmp_path: Path) -> bytes:
    """A bundle of eleven entries, the last of which says that it was made."""
    return await exported(store, tmp_path / "bundle.zip")


def named(verdict: Verdict) -> set[int]:
    """The entries that findings name."""
    return {finding.entry for finding in verdict.findings if finding.entry is not None}


def rules(verdict: Verdict) -> set[str]:
    """The rules that findings name."""
    return {finding.rule for finding in verdict.findings}


async def test_an_intact_bundle(bundle: bytes, tmp_path: Path, store: SqliteStore) -> None:
    """A bundle verifies, and the verdict says of what it is, how much it shows, and who signed it when."""
    verdict = verify(tmp_path / "bundle.zip")
    assert (verdict.code, verdict.findings) == (0, [])
    [head] = await store.heads()
    assert (verdict.deployment, verdict.stream, verdict.size, verdict.root) == ("liege", STREAM, 11, head.root.hex())
    assert (verdict.key, verdict.signed_at) == (store.signer.verifier.vkey, "2026-03-01T08:00:00.000Z")
    assert verdict.disclosed > 50
    assert verdict.withheld == 0


async def test_making_it_is_recorded_in_it(bundle: bytes, store: SqliteStore, tmp_path: Path) -> None:
    """That the copy was made, for whom and why, is the last entry of the copy."""
    kept = (await store.facts(STREAM))[-1]
    assert kept.fact == Exported(
        by="ada",
        reader="auditor",
        reason="inquiry",
        form="bundle",
        size=11,
        disclosed=verify(tmp_path / "bundle.zip").disclosed,
    )
    assert kept.playbook_sha256 == DIGEST
    assert b"Exported" in container.unpack(bundle)["entries.jsonl"].splitlines()[-1]


def test_any_archiver_opens_it(bundle: bytes, tmp_path: Path) -> None:
    """The container is an ordinary zip file with the playbook as it was and a log to read."""
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == sorted(archive.namelist())
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        assert archive.read(f"playbooks/{DIGEST}.yaml") == PLAYBOOK
        assert "Le pont est fermé." in archive.read("log.txt").decode()
        assert set(json.loads(archive.read("manifest.json"))) >= {
            "by",
            "reader",
            "reason",
            "at",
            "program",
            "deployment",
        }


def test_equal_contents_have_equal_bytes(bundle: bytes) -> None:
    """Packing what was unpacked gives the same file."""
    assert container.pack(container.unpack(bundle)) == bundle


def test_a_flipped_byte_names_its_entry(bundle: bytes) -> None:
    """A byte changed anywhere inside an entry, or in what is shown of it, is tampering, and the entry is named."""
    for name in ("entries.jsonl", "disclosures.jsonl"):
        rows = container.unpack(bundle)[name].splitlines()
        start = bundle.index(rows[7])
        for at in range(start, start + len(rows[7])):
            changed = bytearray(bundle)
            changed[at] ^= 1 << at % 8
            verdict = verify_bytes(bytes(changed))
            assert verdict.code == 1
            # A byte that became a line's end breaks one line into two, and what follows moves on.
            assert min(named(verdict), default=None) == 7, (name, at)
            assert named(verdict) == {7} or changed[at] == ord("\n"), (name, at)


def test_a_changed_value_names_its_field(bundle: bytes) -> None:
    """A value that was changed is named by entry and field."""
    verdict = verify_bytes(bundle.replace(b"note 3", b"note 8", 1))
    assert [(f.entry, f.field) for f in verdict.findings if f.rule == "disclosure"] == [(7, "text")]


def test_every_cut_is_caught(bundle: bytes) -> None:
    """A file cut short anywhere never verifies."""
    for at in range(0, len(bundle), 61):
        assert verify_bytes(bundle[:at]).code != 0, at
    assert verify_bytes(bundle[: len(bundle) // 2]).code in (1, 2)
    assert verify_bytes(bundle + b"x").code == 1
    assert verify_bytes(b"x" + bundle).code != 0


@pytest.mark.parametrize(
    ("change", "entries", "rule"),
    [
        (lambda rows: rows.pop(4), {4}, "order"),
        (lambda rows: rows.insert(4, rows[4]), {4}, "order"),
        (lambda rows: rows.insert(4, rows.pop(5)), {4, 5}, "order"),
        (lambda rows: rows.pop(), set(), "root"),
        (lambda rows: rows.append(rows[0]), {0}, "order"),
        (lambda rows: rows.clear(), set(), "root"),
    ],
    ids=["dropped", "doubled", "swapped", "cut", "again at the end", "emptied"],
)
def test_entries_moved_about(
    bundle: bytes, change: Callable[[list[bytes]], None], entries: set[int], rule: str
) -> None:
    """Entries dropped, doubled, swapped or cut are caught in a container made anew, and named."""
    verdict = verify_bytes(remade(bundle, both(lines("entries.jsonl", change), lines("disclosures.jsonl", change))))
    assert verdict.code == 1
    assert rule in rules(verdict)
    assert entries <= named(verdict)
    if rule == "order":
        assert len(named(verdict)) <= 3


def test_an_entry_too_many(bundle: bytes) -> None:
    """An entry made up after the last one that was signed is caught and named."""

    def more(rows: list[bytes]) -> None:
        rows.append(Entry(11, "NoteAdded", 1, "2026-03-01T09:00:00.000Z", STREAM, DIGEST, []).encode())

    verdict = verify_bytes(remade(bundle, lines("entries.jsonl", more)))
    assert (verdict.code, named(verdict)) == (1, {11})


@given(st.data())
def test_never_raises(data: st.DataObject) -> None:
    """Whatever a bundle's files hold, the answer is a verdict."""
    words = st.sampled_from(
        [b"[]", b"{}", b"null", b"0", b"\n", b"[[]]", b'{"files":{}}', b'{"files":[]}', b"\xff", b"a\n\n"]
    )
    names = [*REQUIRED, "log.txt", "playbooks/x.yaml"]
    files = data.draw(st.dictionaries(st.sampled_from(names), st.lists(words).map(b"".join)))
    assert verify_bytes(container.pack(files), "x").code != 0


def test_a_rewritten_entry(bundle: bytes) -> None:
    """An entry rewritten in proper form is not the one that was signed."""

    def later(rows: list[bytes]) -> None:
        entry = decode(rows[3])
        rows[3] = Entry(3, entry.type, 1, "2026-03-01T09:00:00.000Z", STREAM, DIGEST, entry.digests).encode()

    verdict = verify_bytes(remade(bundle, lines("entries.jsonl", later)))
    assert (verdict.code, named(verdict)) == (1, {3})
    assert {"leaf", "root", "manifest"} <= rules(verdict)


def told_anew(files: Files) -> None:
    """The text of the log, as what is disclosed would have it."""
    rows = zip(files["entries.jsonl"].splitlines(), files["disclosures.jsonl"].splitlines(), strict=True)
    told = []
    for line, disclosed in rows:
        entry = decode(line)
        told.append(
            readable(entry.seq, entry.ts, entry.type, [(path, value) for _, path, value in json.loads(disclosed)])
        )
    files["log.txt"] = "\n".join(told).encode()


def test_what_people_read_is_what_was_committed_to(bundle: bytes, store: SqliteStore) -> None:
    """Whoever holds the key cannot put other words into the text of the log, or another name on the copy."""

    def forge(files: Files) -> None:
        files["log.txt"] += b"99  2026-01-01T00:00:00.000Z  AlertIssued\n"

    def rename(files: Files) -> None:
        files["manifest.json"] = canonical.encode(json.loads(files["manifest.json"]) | {"reader": "press"}) + b"\n"

    for change in (forge, rename):
        verdict = verify_bytes(resigned(bundle, store.signer, change))
        assert verdict.code == 1, verdict.findings


def test_words_of_several_lines_look_like_no_entry() -> None:
    """Each of their lines is marked."""
    text = readable(
        7, "2026-01-01T00:00:00.000Z", "NoteAdded", [("text", "one\n8  2026-01-01T00:00:00.000Z  AlertIssued")]
    )
    assert [line[:6] for line in text.splitlines()] == ["7  202", "    te", "      "]


def test_withheld_fields_are_counted(bundle: bytes, store: SqliteStore) -> None:
    """What is not disclosed is no damage: it is counted, and the tree stands; but the log says how much this copy showed when it was made."""

    def withhold(rows: list[bytes]) -> None:
        rows[3] = canonical.encode([one for one in json.loads(rows[3]) if one[1] != "text"])
        rows[4] = b"[]"

    whole = verify_bytes(bundle)
    verdict = verify_bytes(resigned(bundle, store.signer, both(lines("disclosures.jsonl", withhold), told_anew)))
    assert [one.words for one in verdict.findings] == [
        "the log says that this copy has another size, or shows or withholds something else"
    ]
    assert (verdict.withheld, verdict.disclosed) == (5, whole.disclosed - 5)


@pytest.mark.parametrize(
    "row",
    [
        b"{}",
        b"null",
        b"[[]]",
        b'[["x","y",1]]',
        b"[",
        b"\xff",
        b'[["AAAAAAAAAAAAAAAAAAAAAA","text","made up"]]',
        b"[" * 9999,
    ],
)
def test_made_up_disclosures(bundle: bytes, store: SqliteStore, row: bytes) -> None:
    """What was never committed to cannot be shown, even by whoever holds the key."""

    def invent(rows: list[bytes]) -> None:
        rows[3] = row

    verdict = verify_bytes(resigned(bundle, store.signer, lines("disclosures.jsonl", invent)))
    assert (verdict.code, named(verdict)) == ((0, set()) if row == b"[]" else (1, {3}))


def test_a_disclosure_twice(bundle: bytes, store: SqliteStore) -> None:
    """A field shown twice is caught."""

    def twice(rows: list[bytes]) -> None:
        shown = json.loads(rows[3])
        rows[3] = canonical.encode([*shown, shown[0]])

    assert verify_bytes(resigned(bundle, store.signer, lines("disclosures.jsonl", twice))).code == 1


def test_a_forged_signature(bundle: bytes) -> None:
    """Another key's signature under the same name is tampering."""
    other = Signer("liege", Ed25519PrivateKey.generate())
    verdict = verify_bytes(resigned(bundle, other))
    assert verdict.code == 1
    assert {"checkpoint", "manifest"} <= rules(verdict)


def test_a_manifest_signed_by_nobody(bundle: bytes) -> None:
    """A manifest changed after it was signed is tampering."""

    def rename(files: Files) -> None:
        files["manifest.json"] = files["manifest.json"].replace(b"auditor", b"press")

    verdict = verify_bytes(remade(bundle, rename))
    assert (verdict.code, rules(verdict)) == (1, {"manifest"})


@pytest.mark.parametrize(
    "name", ["checkpoint.txt", "manifest.sig", "key.txt", "entries.jsonl", "leaves.txt", "manifest.json"]
)
def test_a_missing_file_is_incomplete(bundle: bytes, name: str) -> None:
    """A bundle without one of its files is incomplete, and the file is named."""
    files = container.unpack(bundle)
    del files[name]
    verdict = verify_bytes(container.pack(files))
    assert verdict.code == 2
    assert any(name in finding.words for finding in verdict.findings)


def test_an_unsigned_bundle(bundle: bytes, store: SqliteStore) -> None:
    """A bundle whose checkpoint carries no signature is incomplete, not intact."""
    files = container.unpack(resigned(bundle, store.signer))
    files["checkpoint.txt"] = files["checkpoint.txt"].partition(b"\n\n")[0] + b"\n"
    manifest = json.loads(files["manifest.json"])
    manifest["files"]["checkpoint.txt"] = sha256(files["checkpoint.txt"]).hexdigest()
    files |= signed_manifest(manifest, store.signer)
    verdict = verify_bytes(container.pack(files))
    assert verdict.code == 2


@pytest.mark.parametrize("name", ["extra.txt", "playbooks/00.yaml"])
def test_an_added_file(bundle: bytes, name: str) -> None:
    """A file that was not exported is caught."""
    files = container.unpack(bundle) | {name: b"x"}
    assert verify_bytes(container.pack(files)).code == 1


@pytest.mark.parametrize(
    "content", [b"", bytes(5000), b"garbage" * 99, b"PK\x03\x04", b"PK\x05\x06" + bytes(18), b"{}"]
)
def test_what_is_no_bundle(tmp_path: Path, content: bytes) -> None:
    """An empty file, zeroes and garbage are answered with 2 and words."""
    (tmp_path / "x").write_bytes(content)
    verdict = verify(tmp_path / "x")
    assert verdict.code == 2
    assert verdict.findings[0].words


def test_what_is_not_there(tmp_path: Path) -> None:
    """A missing file and a folder are answered with 2 and words."""
    assert verify(tmp_path / "nothing").code == verify(tmp_path).code == 2


async def test_a_clock_that_went_back_is_noted(store: SqliteStore, tmp_path: Path) -> None:
    """Times that go backwards are a remark, not tampering."""
    await opened(store)
    await store.append(STREAM, NoteAdded("ada", None, ROOM, "x"), now=NOW - timedelta(hours=1), playbook=DIGEST)
    await export_bundle(store, STREAM, by="b", reason="x", path=tmp_path / "b", now=NOW)
    verdict = verify(tmp_path / "b")
    assert verdict.code == 0
    assert [(f.rule, f.entry, f.grade) for f in verdict.findings] == [("time", 4, "note")]


async def test_many_remarks_hide_no_damage(store: SqliteStore, tmp_path: Path) -> None:
    """However many remarks come first, tampering after them counts."""
    for number in range(250):
        at = NOW - timedelta(hours=number)
        await store.append(STREAM, NoteAdded("ada", None, ROOM, f"remark {number}"), now=at)
    await export_bundle(store, STREAM, by="b", reason="x", path=tmp_path / "b", now=NOW)
    bundle = (tmp_path / "b").read_bytes()
    assert verify_bytes(bundle).code == 0
    verdict = verify_bytes(resigned(bundle, store.signer, lines("disclosures.jsonl", lambda rows: rows.reverse())))
    assert verdict.code == 1


async def test_a_witness_agrees(store: SqliteStore, tmp_path: Path) -> None:
    """A checkpoint that a partner kept, even through a chat, is found to be a part of the log."""
    await opened(store)
    [early] = await store.sign(NOW)
    await exported(store, tmp_path / "b")
    for note in (early, early.strip(), early.replace("\n", "\r\n"), "  " + early):
        verdict = verify(tmp_path / "b", note)
        assert (verdict.code, verdict.findings, verdict.witnessed) == (0, [], 4)
    full = verify(tmp_path / "b", await store.checkpoint(STREAM) or "")
    assert (full.code, full.witnessed) == (0, full.size)


async def test_a_witness_saw_more(store: SqliteStore, tmp_path: Path) -> None:
    """A checkpoint larger than the bundle shows a rollback."""
    await exported(store, tmp_path / "b")
    await store.append(STREAM, NoteAdded("ada", None, ROOM, "later"), now=NOW)
    [late] = await store.sign(NOW)
    verdict = verify(tmp_path / "b", late)
    assert verdict.code == 1
    assert "rolled back" in verdict.findings[0].words


async def test_a_witness_saw_another_history(store: SqliteStore, tmp_path: Path) -> None:
    """A checkpoint by the same key over other entries shows that history was rewritten."""
    await exported(store, tmp_path / "b")
    other = store.signer.sign(Checkpoint(f"liege/{STREAM}", 3, bytes(32)).text)
    assert rules(verify(tmp_path / "b", other)) == {"witness"}
    assert verify(tmp_path / "b", other).code == 1


async def test_a_witness_of_something_else(store: SqliteStore, tmp_path: Path) -> None:
    """A note for another log, by another key, unsigned, over nothing, or none at all answers nothing: 2."""
    await exported(store, tmp_path / "b")
    [head] = await store.heads()
    stranger = Signer("liege", Ed25519PrivateKey.generate())
    right = Checkpoint(f"liege/{STREAM}", head.size, head.root)
    for note in (
        store.signer.sign(Checkpoint("liege/I-2", head.size, head.root).text), stranger.sign(right.text), right.text,
        store.signer.sign(Checkpoint(right.origin, 0, tree.EMPTY).text), "hello", "", store.signer.sign("a\nb\n"),
    ):  # fmt: skip
        verdict = verify(tmp_path / "b", note)
        assert (verdict.code, rules(verdict), verdict.witnessed) == (2, {"witness"}, None)


async def test_never_overwrites(store: SqliteStore, tmp_path: Path) -> None:
    """An existing file is left alone and nothing is recorded, unless replacing was asked for."""
    await opened(store)
    path = tmp_path / "b"
    path.write_text("mine")
    with pytest.raises(ExportFailed, match="exists"):
        await export_bundle(store, STREAM, by="b", reason="x", path=path, now=NOW)
    assert path.read_text() == "mine"
    assert len(await store.facts(STREAM)) == 4
    await export_bundle(store, STREAM, by="b", reason="x", path=path, now=NOW, replace=True)
    assert verify(path).code == 0


async def test_a_path_that_cannot_be_written(store: SqliteStore, tmp_path: Path) -> None:
    """A path that cannot be written, or an unknown stream, is an error with words before anything is recorded."""
    await opened(store)
    for path in (tmp_path, tmp_path / "no" / "such", Path("/proc/bundle")):
        with pytest.raises(ExportFailed, match="name a"):
            await export_bundle(store, STREAM, by="b", reason="x", path=path, now=NOW)
    with pytest.raises(ExportFailed, match="no log called I-9"):
        await export_bundle(store, "I-9", by="b", reason="x", path=tmp_path / "b", now=NOW)
    assert len(await store.facts(STREAM)) == 4
    assert [entry.name for entry in tmp_path.iterdir()] == ["data"]


async def test_a_disk_that_fills_up(store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk fills while the bundle is written, no half of it is left."""
    await opened(store)

    def full(*_: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("storage.export.bundle._pack", full)
    with pytest.raises(StorageError, match="no room left"):
        await export_bundle(store, STREAM, by="b", reason="x", path=tmp_path / "b", now=NOW)
    assert [entry.name for entry in tmp_path.iterdir()] == ["data"]


async def test_a_damaged_database_is_not_exported(store: SqliteStore, tmp_path: Path) -> None:
    """Entries that do not have the signed root are not passed on."""
    await opened(store)
    await store.sign(NOW)
    with sqlite3.connect(store.folder / "tocsin.sqlite") as db:
        db.execute(
            "UPDATE entries SET entry = CAST(replace(CAST(entry AS TEXT), '2026', '2025') AS BLOB) WHERE seq = 1"
        )
    with pytest.raises(StorageError, match="restore a backup"):
        await export_bundle(store, STREAM, by="b", reason="x", path=tmp_path / "b", now=NOW)
    assert not (tmp_path / "b").exists()


async def test_a_playbook_that_was_not_kept(tmp_path: Path) -> None:
    """A bundle without a playbook's bytes is intact and says what it lacks."""
    store = await open_store(tmp_path / "data", "liege")
    await store.commit(Changes(NOW, records=[(STREAM, DIGEST, NoteAdded("a", None, ROOM, "x"))]))
    await export_bundle(store, STREAM, by="b", reason="x", path=tmp_path / "b", now=NOW)
    verdict = verify(tmp_path / "b")
    assert (verdict.code, rules(verdict)) == (0, {"playbook"})
    assert notes.split_note(container.unpack((tmp_path / "b").read_bytes())["checkpoint.txt"].decode())
    await store.close()
