"""Who commits and who folds the write-ahead log never do so at once, and what was blanked is nowhere on the disk."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from storage import connection
from storage.database import SqliteStore, open_store
from storage.store import Changes, StorageError
from storage.turns import PAUSE, Turns
from tests.storage.small import NOW

SECRET = "the words of somebody who was hurt"


def test_a_turn_is_one_at_a_time(tmp_path: Path) -> None:
    """Whoever comes second waits, gives up in the end, and has its turn once the first is done."""
    first, second = Turns(tmp_path / "db", 2 * PAUSE), Turns(tmp_path / "db", 2 * PAUSE)
    with first.mine(), pytest.raises(TimeoutError), second.mine():
        pass
    with second.mine(), pytest.raises(TimeoutError), first.mine():
        pass
    first.close()
    second.close()


def test_a_turn_ends_with_its_process(tmp_path: Path) -> None:
    """A process that dies in its turn keeps nobody waiting."""
    dying = "import os, sys; from pathlib import Path; from storage.turns import Turns; Turns(Path(sys.argv[1]), 1)._take(); os._exit(9)"
    done = subprocess.run(
        [sys.executable, "-c", dying, str(tmp_path / "db")], cwd=Path(__file__).parents[2], check=False
    )
    assert done.returncode == 9
    ours = Turns(tmp_path / "db", PAUSE)
    with ours.mine():
        pass
    ours.close()


async def test_nothing_is_written_in_somebody_elses_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit, and a fold of the log, wait for their turn and say in the end who keeps them; reading waits for nobody."""
    monkeypatch.setattr(connection, "WAIT", 2 * PAUSE)
    store = await open_store(tmp_path, "liege")
    other = Turns(tmp_path / "tocsin.sqlite", PAUSE)
    with other.mine():
        with pytest.raises(StorageError, match="locked by another process"):
            await store.commit(Changes(NOW, counters={"A": 7}))
        with pytest.raises(StorageError, match="locked by another process"):
            await store.tidy(NOW)
        assert await store.counters() == {}
    await store.commit(Changes(NOW, counters={"A": 7}))
    assert await store.counters() == {"A": 7}
    await store.close()
    other.close()


async def test_the_log_is_folded_into_the_file_at_the_end(tmp_path: Path) -> None:
    """Once the last program is done, one file is all there is to copy, and everything is in it."""
    store = await open_store(tmp_path, "liege")
    await store.commit(Changes(NOW, counters={"A": 7}))
    assert (tmp_path / "tocsin.sqlite-wal").stat().st_size > 0
    await store.close()
    assert not (tmp_path / "tocsin.sqlite-wal").exists()
    with sqlite3.connect(tmp_path / "tocsin.sqlite") as db:
        assert db.execute("SELECT * FROM counters").fetchall() == [("A", 7)]


async def test_what_was_blanked_is_in_no_file(store: SqliteStore) -> None:
    """After the tidying no file of the folder has the words any more, while the bot runs on."""
    await store.keep("matrix", [("1", SECRET)], None, NOW)
    [row] = await store.waiting(1)
    await store.commit(Changes(NOW, handled=[row.id]))

    def anywhere() -> bool:
        return any(SECRET.encode() in file.read_bytes() for file in store.folder.iterdir())

    assert anywhere()
    assert await store.tidy(NOW + timedelta(days=1)) == 1
    assert not anywhere()
