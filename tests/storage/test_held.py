"""Nothing is shown that is not what the log committed to: values, entries and their number are held against it as they are read."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from storage.checkpoints import SideFile
from storage.database import SqliteStore, open_store
from storage.export.for_whom import AUDITOR
from storage.export.jsonl import jsonl
from storage.export.making import Asked, make
from storage.log import Damaged
from storage.store import StorageError
from tests.storage.moments import at
from tests.storage.small import NOW, STREAM, opened

NOT_COMMITTED = "entry 1, field fields/action: what is kept is not what was committed to: restore a backup"
FORGED = "UPDATE disclosures SET body = CAST(replace(CAST(body AS TEXT), 'le quai', 'le pont') AS BLOB) WHERE seq = 1"
BODIES: Sequence[bytes] = (
    b"xx",
    b"null",
    b"{}",
    b'["a"]',
    b'[["a","b"]]',
    b"[" * 100_000,
    b"\xff\xfe",
    b"",
    b"[[1,2,3]]",
)
ENTRIES: Sequence[bytes] = (b"{}", b"\xff", b"[" * 100_000, b"null", b"3")


async def refused(tmp_path: Path, statement: str, *values: object) -> set[str]:
    """What is said where a copy is asked for, and where the log is to be shown, once the database was changed so."""
    store = await open_store(tmp_path, "liege")
    await opened(store)
    await store.close()
    with sqlite3.connect(tmp_path / "tocsin.sqlite") as inner:
        inner.execute(statement, values)
    inner.close()
    store, said = await open_store(tmp_path, "liege"), set()
    try:
        with pytest.raises(StorageError) as shown:
            await store.checked(STREAM)
        said.add(str(shown.value))
        with pytest.raises(StorageError) as copied:
            await make(store, Asked(STREAM, AUDITOR, "ada", "r", "jsonl"), jsonl, tmp_path / "x", now=at(NOW))
        said.add(str(copied.value))
        assert not (tmp_path / "x").exists()
        assert [head.size for head in await store.heads()] == [4]  # no copy is recorded that was not made
    finally:
        await store.close()
    return said


async def test_a_forged_value_is_neither_shown_nor_copied(tmp_path: Path) -> None:
    """One value changed in the database: the entry and field are named, and what to do."""
    assert await refused(tmp_path, FORGED) == {NOT_COMMITTED}


@pytest.mark.parametrize("body", BODIES)
async def test_damaged_disclosures_are_told(tmp_path: Path, body: bytes) -> None:
    """Whatever stands where the disclosures of an entry were, one line says that it is damaged."""
    [said] = await refused(tmp_path, "UPDATE disclosures SET body = ? WHERE seq = 3", body)
    assert said == f"entry 3 of {STREAM} is damaged: restore a backup"


@pytest.mark.parametrize("entry", ENTRIES)
async def test_damaged_entries_are_told(tmp_path: Path, entry: bytes) -> None:
    """Whatever stands where an entry was, what is said is one line that ends with what to do."""
    for said in await refused(tmp_path, "UPDATE entries SET entry = ? WHERE seq = 3", entry):
        assert "\n" not in said and said.endswith(": restore a backup")


async def test_entries_deleted_at_the_end_are_told(tmp_path: Path) -> None:
    """A log that lacks its last entry is neither shown nor copied."""
    [said] = await refused(tmp_path, "DELETE FROM entries WHERE seq = 3")
    assert said == f"the entries of {STREAM} are not those that it is said to have: restore a backup"


@pytest.mark.parametrize(
    "change", ["UPDATE entries SET entry = x'7b7d' WHERE seq = 1", "DELETE FROM entries WHERE seq = 1"]
)
async def test_the_first_entry_that_is_something_else_is_known(tmp_path: Path, change: str) -> None:
    """One changed, or taken out between others: whoever asks in a chat is told its number."""
    store = await open_store(tmp_path, "liege")
    try:
        await opened(store)
        with sqlite3.connect(tmp_path / "tocsin.sqlite") as inner:
            inner.execute(change)
        inner.close()
        with pytest.raises(Damaged) as caught:
            await store.checked(STREAM)
    finally:
        await store.close()
    assert caught.value.entry == 1


async def test_what_is_whole_is_shown(store: SqliteStore) -> None:
    """A log that is what was committed to is shown as it is."""
    await opened(store)
    assert list(await store.checked(STREAM)) == list(await store.facts(STREAM))


def test_lines_that_are_none_of_ours_are_passed_over(tmp_path: Path) -> None:
    """A line of the file of checkpoints that says no stream, no size or no root changes nothing, and stops nothing."""
    side, root = SideFile(tmp_path), "00" * 32
    good = f'{{"stream":"I-1","size":3,"root":"{root}"}}'
    bad = [
        f'{{"stream":null,"size":5,"root":"{root}"}}', f'{{"stream":"I-1","size":"5","root":"{root}"}}',
        f'{{"stream":"I-1","size":true,"root":"{root}"}}', f'{{"stream":"I-1","size":-5,"root":"{root}"}}',
        '{"stream":"I-1","size":5,"root":"00"}', "[" * 100_000, "3", "null",
    ]  # fmt: skip
    side.path.write_text("\n".join([*bad[:4], good, *bad[4:]]) + "\n")
    assert {stream: one.size for stream, one in side.remembered().items()} == {"I-1": 3}
