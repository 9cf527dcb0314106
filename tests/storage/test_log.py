"""The log: committed to field by field, in a tree; signed; and remembered outside the database."""

from __future__ import annotations

import json
import shutil
import sqlite3
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import canonical, log, notes, tree
from storage.checkpoints import FILE
from storage.database import RolledBack, SqliteStore, open_store
from storage.entry import Entry, decode
from storage.facts import DEPLOYMENT, AlertIssued, Disclosed, IncidentClosed, NoteAdded, Stopped
from storage.facts.codec import committed
from storage.store import Changes, StorageError, StorageFull
from tests.storage.small import DIGEST, NOW, ROOM, STREAM, incident, opened


def note(text: str) -> NoteAdded:
    """A remark."""
    return NoteAdded("ada", None, ROOM, text)


async def test_facts_come_back(store: SqliteStore) -> None:
    """Facts are read back as they were, with place, time and playbook, from any position on."""
    await opened(store)
    facts = await store.facts(STREAM)
    assert [kept.fact for kept in facts] == incident()
    assert [(kept.stream, kept.seq, kept.at, kept.playbook_sha256) for kept in facts] == [
        (STREAM, seq, NOW, DIGEST) for seq in range(len(facts))
    ]
    assert await store.facts(STREAM, 2) == facts[2:]
    assert await store.facts("I-2") == []


async def test_every_field_is_committed_to(store: SqliteStore) -> None:
    """Each field of a fact, absent ones too, has one digest, and the disclosure beside it hashes to that digest."""
    await opened(store)
    async for seq, data, disclosed in store.entries(STREAM):
        entry = decode(data)
        assert {path: value for _, path, value in disclosed} == committed(incident()[seq])
        digests = [canonical.disclosure_digest(canonical.write(one)) for one in disclosed]
        assert sorted(digests) == list(entry.digests)
        assert len({salt for salt, _, _ in disclosed}) == len(disclosed)


def test_presence_does_not_show() -> None:
    """Two facts that differ only in whether a field is there have as many digests, of one length."""
    fields = {"casualties": {"form": "full", "value": "12"}, "action": None}
    shown = Disclosed("s", "A-1", "fire", ROOM, "fr", "amber", 1, fields)
    hidden = Disclosed("s", "A-1", "fire", ROOM, "fr", "amber", 1, {"casualties": None, "action": None})
    first, second = (log.seal(STREAM, None, fact) for fact in (shown, hidden))
    assert [len(digest) for digest in first.digests] == [len(digest) for digest in second.digests]


def test_salts_are_fresh() -> None:
    """The same fact twice has no digest in common."""
    first, second = (log.seal(STREAM, None, note("x")) for _ in range(2))
    assert not set(first.digests) & set(second.digests)


def test_text_is_composed_before_hashing() -> None:
    """Text in any form of Unicode is committed to in NFC."""
    sealed = log.seal(STREAM, None, note(unicodedata.normalize("NFD", "Chênée")))
    assert "Chênée" in sealed.personal[0][1].decode()


async def test_refuses_floats(store: SqliteStore) -> None:
    """A float in a fact is a TypeError before anything is written."""
    fact = AlertIssued("A", "D", "t", "p", "a", "b", False, "b", "r", (), None, None, {"at": 1.5})
    with pytest.raises(TypeError):
        await store.commit(Changes(NOW, records=[(STREAM, None, note("x")), (STREAM, None, fact)]))
    assert await store.heads() == []


NAMES = st.text(min_size=1, max_size=20)


@given(st.integers(0, 2**53 - 1), NAMES, st.none() | NAMES, st.lists(st.binary(min_size=1), unique=True, max_size=6))
def test_entries_are_canonical(seq: int, stream: str, playbook: str | None, fields: list[bytes]) -> None:
    """An entry is written as RFC 8785 has it, and read back the same."""
    digests = sorted({canonical.disclosure_digest(field.hex()) for field in fields})
    entry = Entry(seq, "NoteAdded", 1, "2026-03-01T08:00:00.000Z", stream, playbook, digests)
    said = {
        "v": 1, "seq": seq, "type": "NoteAdded", "ts": entry.ts, "incident": stream, "playbook_sha256": playbook,
        "_sd_alg": "sha-256", "_sd": digests,
    }  # fmt: skip
    assert entry.encode() == canonical.encode(said)
    assert decode(entry.encode()) == entry


async def test_heads_are_the_trees_roots(store: SqliteStore) -> None:
    """A stream's head is the root over its entries, one tree for each stream."""
    await opened(store)
    await store.append(DEPLOYMENT, Stopped("signal"), now=NOW)
    await store.append(STREAM, note("more"), now=NOW)
    heads = {head.stream: head for head in await store.heads()}
    assert {stream: head.size for stream, head in heads.items()} == {STREAM: 5, DEPLOYMENT: 1}
    for stream, head in heads.items():
        leaves = [tree.leaf_hash(data) async for _, data, _ in store.entries(stream)]
        assert tree.root_of(leaves) == head.root


async def test_proofs_come_from_what_is_kept(store: SqliteStore) -> None:
    """Inclusion and consistency proofs for every place and size verify."""
    roots = {}
    for number in range(1, 14):
        await store.append(STREAM, note(str(number)), now=NOW)
        [head] = await store.heads()
        roots[number] = head.root
    leaves = [tree.leaf_hash(data) async for _, data, _ in store.entries(STREAM)]
    for size, root in roots.items():
        for seq in range(size):
            assert tree.verify_inclusion(leaves[seq], seq, size, await store.inclusion(STREAM, seq, size), root)
        for first in range(1, size + 1):
            proof = await store.consistency(STREAM, first, size)
            assert tree.verify_consistency(first, size, proof, roots[first], root)
    with pytest.raises(StorageError, match="lacks a hash"):
        await store.inclusion(STREAM, 0, 20)


async def test_incidents_on_file(store: SqliteStore) -> None:
    """Incidents are listed as they were opened, with their close."""
    await opened(store)
    await store.append(STREAM, IncidentClosed("ada", None, None), now=NOW)
    [summary] = await store.incidents()
    assert (summary.incident, summary.opened_at, summary.closed_at) == (STREAM, NOW, NOW)
    assert (summary.playbook, summary.title, summary.size) == ("meuse-flood", "Crue", 5)


async def test_an_unknown_fact_is_told(store: SqliteStore) -> None:
    """An entry that this version cannot read is an error that names it."""
    await opened(store)
    with sqlite3.connect(store.folder / "tocsin.sqlite") as db:
        db.execute("UPDATE entries SET entry = CAST(replace(CAST(entry AS TEXT), 'NoteAdded', 'Newer') AS BLOB)")
    with pytest.raises(StorageError, match="entry 3 of I-1 cannot be read by this version"):
        await store.facts(STREAM)


async def test_signs_what_grew(store: SqliteStore) -> None:
    """Each stream that grew gets one checkpoint, which its key verifies; what stands still gets none."""
    assert await store.sign(NOW) == []
    await opened(store)
    [signed] = await store.sign(NOW)
    text, [signature] = notes.split_note(signed)
    said = notes.parse_checkpoint(text)
    [head] = await store.heads()
    assert (said.origin, said.size, said.root) == ("liege/I-1", head.size, head.root)
    assert store.signer.verifier.verifies(signature, text)
    assert await store.checkpoint(STREAM) == signed
    assert await store.sign(NOW) == []
    await store.append(STREAM, note("x"), now=NOW)
    await store.append(DEPLOYMENT, Stopped("x"), now=NOW)
    assert len(await store.sign(NOW)) == 2


async def test_a_checkpoint_is_remembered_before_it_is_released(store: SqliteStore) -> None:
    """If the file beside the database cannot be written, nothing is signed, and nothing is in the database."""
    await opened(store)
    (store.folder / FILE).mkdir()
    with pytest.raises(StorageError):
        await store.sign(NOW)
    assert await store.checkpoint(STREAM) is None
    (store.folder / FILE).rmdir()
    assert len(await store.sign(NOW)) == 1


async def test_a_crash_between_file_and_database_is_harmless(store: SqliteStore, tmp_path: Path) -> None:
    """A checkpoint that only the file knows is signed again with the same root; a torn last line is passed over."""
    await opened(store)
    await store.close()
    shutil.copytree(store.folder, tmp_path / "before")
    first = await open_store(store.folder, "liege")
    notes_then = await first.sign(NOW)
    await first.close()
    shutil.copy(tmp_path / "before" / "tocsin.sqlite", store.folder / "tocsin.sqlite")
    with (store.folder / FILE).open("ab") as file:
        file.write(b'{"stream":"I-1","size":99')
    second = await open_store(store.folder, "liege")
    assert await second.health() == []
    assert await second.sign(NOW) == notes_then
    lines = (store.folder / FILE).read_bytes().split(b"\n")
    assert [len(lines), json.loads(lines[0]), lines[-1]] == [4, json.loads(lines[2]), b""]
    await second.close()


@pytest.mark.parametrize("more", [0, 1, 9])
async def test_a_rolled_back_database_signs_nothing(store: SqliteStore, tmp_path: Path, more: int) -> None:
    """An older database put back is found out, even after it grew past what was signed; it goes on, unsigned."""
    await opened(store)
    await store.sign(NOW)
    await store.close()
    shutil.copy(store.folder / "tocsin.sqlite", tmp_path / "older")
    newer = await open_store(store.folder, "liege")
    for number in range(3):
        await newer.append(STREAM, note(f"forgotten {number}"), now=NOW)
    await newer.sign(NOW)
    await newer.close()
    shutil.copy(tmp_path / "older", store.folder / "tocsin.sqlite")
    back = await open_store(store.folder, "liege")
    for number in range(more):
        await back.append(STREAM, note(f"instead {number}"), now=NOW)
    with pytest.raises(RolledBack, match="No more of it is signed"):
        await back.sign(NOW)
    [(problem, todo)] = await back.health()
    assert STREAM in problem and "restore the newest backup" in todo
    assert len(await back.facts(STREAM)) == 4 + more
    await back.close()


async def test_a_deleted_database_is_found_out(store: SqliteStore) -> None:
    """A fresh database beside old checkpoints signs nothing."""
    await opened(store)
    await store.sign(NOW)
    await store.close()
    (store.folder / "tocsin.sqlite").unlink()
    fresh = await open_store(store.folder, "liege")
    await fresh.append(STREAM, note("x"), now=NOW)
    with pytest.raises(RolledBack):
        await fresh.sign(NOW)
    await fresh.close()


async def test_no_room_for_the_checkpoint(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk under the file of checkpoints is StorageFull, and nothing is signed."""
    await opened(store)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("storage.checkpoints.os.fsync", full)
    with pytest.raises(StorageFull):
        await store.sign(NOW)
    monkeypatch.undo()
    assert await store.checkpoint(STREAM) is None
    assert len(await store.sign(NOW)) == 1
