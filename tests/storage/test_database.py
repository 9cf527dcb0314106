"""What is kept, on SQLite: opening, the inbox, the outbox, deadlines, and the other small operations."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from playbooks.rooms import RoomRef
from storage import connection, keys, migrations
from storage.database import SqliteStore, hold, open_store
from storage.facts import NoteAdded
from storage.queries import SQL
from storage.store import Changed, Changes, Deadline, OutboxChange, OutboxRow, StorageError, StorageFull, Store
from tests.storage.small import DIGEST, NOW, PLAYBOOK, ROOM, STREAM, incident, opened

LATER = NOW + timedelta(minutes=5)


def send(token: str, **more: Any) -> OutboxRow:
    """A message to a room."""
    return replace(OutboxRow(token, token, STREAM, ROOM, 0, f'{{"text":"{token}"}}'), **more)


def tables(path: Path) -> dict[str, list[Any]]:
    """Everything in a database file."""
    with sqlite3.connect(path) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
        return {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in names}


def test_keeps_the_protocol(store: SqliteStore) -> None:
    """The SQLite store is a Store, to the type checker and at run time."""
    as_protocol: Store = store
    assert as_protocol is store


async def test_files_are_private(store: SqliteStore) -> None:
    """Folder, database and signing key are for their owner alone."""
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    for name in ("tocsin.sqlite", "signing.key"):
        assert stat.S_IMODE((store.folder / name).stat().st_mode) == 0o600


def test_every_query_fits_the_schema() -> None:
    """SQLite accepts each named statement against the schema."""
    with sqlite3.connect(":memory:") as db:
        for step in migrations.MIGRATIONS:
            db.executescript(step)
        for name, query in SQL.items():
            parameters = [None] * (max((int(c) for c in _numbers(query)), default=0) or query.count("?"))
            db.execute(f"EXPLAIN {query}", parameters).fetchall()
            assert name


def _numbers(query: str) -> list[str]:
    return [
        word.rstrip(",);").partition("?")[2]
        for word in query.split()
        if "?" in word and word.rstrip(",);")[-1].isdigit()
    ]


async def test_steps_make_the_schema_that_one_leap_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database brought forward release by release has the schema of a fresh one, and keeps what was in it."""
    steps = (
        *migrations.MIGRATIONS,
        "CREATE TABLE more (a TEXT) STRICT;\n-- why\nALTER TABLE more ADD COLUMN b TEXT;\n",
    )
    grown, fresh = tmp_path / "grown", tmp_path / "fresh"
    for known in range(1, len(steps) + 1):
        monkeypatch.setattr(connection, "MIGRATIONS", steps[:known])
        store = await open_store(grown, "liege")
        await store.keep("matrix", [(f"{known}", "x")], None, NOW)
        await store.close()
    await (await open_store(fresh, "liege")).close()
    schemas = []
    for folder in (grown, fresh):
        with sqlite3.connect(folder / "tocsin.sqlite") as db:
            schemas.append(db.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name").fetchall())
            assert db.execute("PRAGMA user_version").fetchone() == (len(steps),)
    assert schemas[0] == schemas[1]
    assert len(tables(grown / "tocsin.sqlite")["inbox"]) == len(steps)


async def test_a_step_that_fails_leaves_the_version_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A migration is all or nothing."""
    await (await open_store(tmp_path, "liege")).close()
    monkeypatch.setattr(
        connection, "MIGRATIONS", (*migrations.MIGRATIONS, "CREATE TABLE a (b);\nCREATE TABLE a (b);\n")
    )
    with pytest.raises(StorageError):
        await open_store(tmp_path, "liege")
    monkeypatch.undo()
    assert "a" not in tables(tmp_path / "tocsin.sqlite")
    await (await open_store(tmp_path, "liege")).close()


async def test_refuses_a_newer_schema(tmp_path: Path) -> None:
    """A database of a newer program is left as it is, and the message says what to do."""
    await (await open_store(tmp_path, "liege")).close()
    with sqlite3.connect(tmp_path / "tocsin.sqlite") as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StorageError, match=r"newer Tocsin .* install that version"):
        await open_store(tmp_path, "liege")


async def test_refuses_another_programs_database(tmp_path: Path) -> None:
    """Somebody else's SQLite file is not written to."""
    with sqlite3.connect(tmp_path / "tocsin.sqlite") as db:
        db.execute("CREATE TABLE theirs (a)")
    before = (tmp_path / "tocsin.sqlite").read_bytes()
    with pytest.raises(StorageError, match="another program"):
        await open_store(tmp_path, "liege")
    assert (tmp_path / "tocsin.sqlite").read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"not a database at all, but long enough" * 40, b"SQLite format 3\0" + b"\xff" * 8000]
)
async def test_refuses_a_damaged_file(tmp_path: Path, content: bytes) -> None:
    """A file that is no database is an error with words."""
    (tmp_path / "tocsin.sqlite").write_bytes(content)
    with pytest.raises(StorageError, match=r"damaged .* restore a backup"):
        await open_store(tmp_path, "liege")


@pytest.mark.parametrize("key", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
async def test_refuses_a_damaged_key(tmp_path: Path, key: bytes) -> None:
    """A signing key that cannot be read is never replaced silently."""
    (tmp_path / "signing.key").write_bytes(key)
    with pytest.raises(StorageError, match="backup"):
        await open_store(tmp_path, "liege")
    assert (tmp_path / "signing.key").read_bytes() == key


async def test_refuses_a_name_that_cannot_sign(tmp_path: Path) -> None:
    """A deployment's name with a space is refused in words."""
    with pytest.raises(StorageError, match="name cannot sign"):
        await open_store(tmp_path, "ville de Liège")


async def test_refuses_a_folder_that_is_a_file(tmp_path: Path) -> None:
    """A folder that cannot be made is an error with words."""
    (tmp_path / "data").write_text("")
    with pytest.raises(StorageError):
        await open_store(tmp_path / "data", "liege")


async def test_a_new_key_is_told(store: SqliteStore) -> None:
    """Signing with another key than before is reported."""
    await opened(store)
    await store.sign(NOW)
    assert await store.health() == []
    await store.close()
    (store.folder / "signing.key").unlink()
    keys.signer(store.folder, "liege")  # by hand: the program makes none in its place
    again = await open_store(store.folder, "liege")
    assert "another key" in (await again.health())[0][0]
    await again.close()


def test_one_bot_holds_the_folder(tmp_path: Path) -> None:
    """A second bot on the same data is told who runs there; once the first is gone it may."""
    second = pytest.raises(StorageError, match=r"already runs .* \(process \d+\)")
    with hold(tmp_path / "data"), second, hold(tmp_path / "data"):
        pass
    with hold(tmp_path / "data"):
        pass


async def test_keeps_each_event_once(store: SqliteStore) -> None:
    """An event is kept once however often it is told, its seed drawn once, and the cursor moves with it."""
    assert await store.cursor("telegram") is None
    assert await store.keep("telegram", [("1", "a"), ("2", "b"), ("1", "a")], "3", NOW) == 2
    first = await store.waiting(10)
    assert await store.keep("telegram", [("2", "other"), ("3", "c")], "4", LATER) == 1
    assert await store.keep("matrix", [("2", "d")], None, NOW) == 1
    assert await store.cursor("telegram") == "4"
    waiting = await store.waiting(10)
    assert [(row.network, row.key, row.body) for row in waiting] == [
        ("telegram", "1", "a"), ("telegram", "2", "b"), ("telegram", "3", "c"), ("matrix", "2", "d"),
    ]  # fmt: skip
    assert list(waiting[:2]) == list(first)
    assert len({row.seed for row in waiting}) == 4
    assert [row.id for row in await store.waiting(2)] == [row.id for row in waiting[:2]]


async def test_keeps_half_a_character(store: SqliteStore) -> None:
    """Text that is not quite Unicode is kept all the same."""
    await store.keep("telegram", [("1", "a\ud83d")], None, NOW)
    assert (await store.waiting(1))[0].body == "a\ufffd"


async def test_takes_batches_apart(store: SqliteStore) -> None:
    """A raw response is kept whole with its cursor, then becomes events and goes."""
    batch = await store.keep_batch("matrix", "{}", "s1", NOW)
    assert await store.cursor("matrix") == "s1"
    assert await store.batches("matrix") == [(batch, "{}")]
    assert await store.batches("telegram") == []
    assert await store.settle_batch("matrix", batch, [("$1", "x"), ("$2", "y")], NOW) == 2
    assert await store.settle_batch("matrix", batch, [("$1", "x")], NOW) == 0
    assert await store.batches("matrix") == []


async def test_handles_an_event_once(store: SqliteStore) -> None:
    """What was handled or failed waits no longer and cannot be handled again."""
    await store.keep("telegram", [("1", "a"), ("2", "b")], None, NOW)
    first, second = await store.waiting(10)
    await store.commit(Changes(NOW, handled=[first.id], failed=[(second.id, "boom")]))
    assert await store.waiting(10) == []
    for changes in (
        Changes(NOW, handled=[first.id]),
        Changes(NOW, failed=[(second.id, "x")]),
        Changes(NOW, handled=[99]),
    ):
        with pytest.raises(StorageError, match="already handled"):
            await store.commit(changes)


async def test_tidies_what_is_done(store: SqliteStore) -> None:
    """Bodies of what is done are blanked, what failed or waits is kept, and a repetition is still known as one."""
    await store.keep("telegram", [("1", "secret"), ("2", "failed"), ("3", "waits")], None, NOW)
    first, second, _ = await store.waiting(10)
    await store.commit(
        Changes(NOW, handled=[first.id], failed=[(second.id, "x")], sends=[send("a"), send("b")],
                wakes=[Deadline("k", STREAM, NOW, "x", "")])
    )  # fmt: skip
    await store.claim(["a"], NOW)
    await store.commit(Changes(NOW, outcomes=[OutboxChange("a", "sent", message="7")], fired=["k"]))
    assert await store.tidy(NOW) == 0
    assert await store.tidy(LATER) == 2
    assert await store.tidy(LATER) == 0
    assert b"secret" not in (store.folder / "tocsin.sqlite").read_bytes()
    assert await store.keep("telegram", [("1", "secret")], None, LATER) == 0
    row = await store.row("a")
    assert row is not None
    assert (row.payload, row.message) == ("", "7")
    assert [row.token for row in await store.unsent()] == ["b"]
    await store.tidy(LATER + timedelta(days=29))
    assert await store.keep("telegram", [("1", "secret")], None, LATER) == 0
    assert tables(store.folder / "tocsin.sqlite")["deadlines"] == []


async def test_sends_come_back_as_they_went(store: SqliteStore) -> None:
    """A row of the outbox has everything that was put into it."""
    full = OutboxRow(
        "t1", "t0", STREAM, RoomRef("matrix", "!a/b:c.org"), 2, "{}", "A-1", "fire", 3, True, 9, LATER, 1,
        not_before=LATER,
    )  # fmt: skip
    await store.commit(Changes(NOW, sends=[full, send("t2")]))
    rows = await store.unsent()
    assert [row.id for row in rows] == sorted(row.id for row in rows)
    assert replace(rows[0], id=0) == replace(full, created_at=NOW)
    assert await store.row("t1") == rows[0]
    assert await store.row("nope") is None


async def test_claims_all_or_none(store: SqliteStore) -> None:
    """Only pending rows can be claimed; the first claim's time is kept for ever."""
    await store.commit(Changes(NOW, sends=[send("a"), send("b")]))
    await store.claim(["a"], NOW)
    with pytest.raises(StorageError, match="not pending"):
        await store.claim(["b", "a"], NOW)
    assert [row.state for row in await store.unsent()] == ["inflight", "pending"]
    await store.commit(Changes(NOW, outcomes=[OutboxChange("a", "pending", reason="429", not_before=LATER)]))
    delayed = await store.row("a")
    assert delayed is not None
    assert (delayed.state, delayed.claimed_at, delayed.first_claimed_at, delayed.not_before) == (
        "pending",
        None,
        NOW,
        LATER,
    )
    await store.claim(["a"], LATER)
    again = await store.row("a")
    assert again is not None
    assert (again.claimed_at, again.first_claimed_at) == (LATER, NOW)


async def test_a_fate_is_settled_once(store: SqliteStore) -> None:
    """What was sent, refused or dropped stays so; what is unknown may still be found out."""
    await store.commit(Changes(NOW, sends=[send(token) for token in "abcd"]))
    await store.claim(["a", "b", "c"], NOW)
    settled = [
        OutboxChange("a", "sent", message="7"), OutboxChange("b", "refused", reason="blocked"),
        OutboxChange("c", "unknown", reason="timeout"), OutboxChange("d", "dropped", reason="stale"),
    ]  # fmt: skip
    await store.commit(Changes(NOW, outcomes=settled))
    assert await store.unsent() == []
    for token in "abd":
        with pytest.raises(StorageError, match="already settled"):
            await store.commit(Changes(NOW, outcomes=[OutboxChange(token, "pending")]))
    await store.commit(Changes(NOW, outcomes=[OutboxChange("c", "sent", message="8")]))
    found = await store.sent_message(RoomRef("telegram", "-100"), "8")
    assert found is not None
    assert (found.token, found.to) == ("c", ROOM)
    assert await store.sent_message(RoomRef("telegram", "-101"), "8") is None


async def test_decides_again_in_place(store: SqliteStore) -> None:
    """A message that was decided again keeps its place with its new words, address and epoch."""
    await store.commit(Changes(NOW, sends=[send("a"), send("b")]))
    new = RoomRef("matrix", "!x")
    await store.commit(Changes(NOW, outcomes=[OutboxChange("a", "pending", to=new, payload="new", epoch=4)]))
    first, _ = await store.unsent()
    assert (first.token, first.to, first.payload, first.epoch) == ("a", new, "new", 4)


async def test_redirects_what_waits(store: SqliteStore) -> None:
    """What waits for an old room goes to the new one, topics kept; what is in flight or elsewhere stays."""
    old, new = RoomRef("telegram", "-100"), RoomRef("telegram", "-200")
    await store.commit(
        Changes(NOW, sends=[send("a"), send("b", to=old), send("c", to=RoomRef("matrix", "-100")), send("d")])
    )
    await store.claim(["d"], NOW)
    await store.commit(Changes(NOW, sends=[send("e", to=old)], redirects=[(old, new)]))
    places = {row.token: str(row.to) for row in await store.unsent()}
    assert places == {
        "a": "telegram:-200/7",
        "b": "telegram:-200",
        "c": "matrix:-100",
        "d": "telegram:-100/7",
        "e": "telegram:-200",
    }
    await store.commit(Changes(NOW, redirects=[(RoomRef("telegram", "-200", "7"), RoomRef("telegram", "-200", "8"))]))
    assert [str(row.to) for row in await store.unsent()][:2] == ["telegram:-200/8", "telegram:-200"]


async def test_a_deadline_fires_once(store: SqliteStore) -> None:
    """A deadline fires once, whoever tries again keeps nothing, and a key may be set anew."""
    key = Deadline("k", STREAM, NOW, "remind", "A-1")
    await store.commit(Changes(NOW, wakes=[key, Deadline("l", STREAM, LATER, "expire", "A-1")]))
    assert await store.due(NOW, 10) == [key]
    assert await store.next_deadline() == NOW
    await store.commit(Changes(NOW, fired=["k"]))
    with pytest.raises(StorageError, match="no longer open"):
        await store.commit(Changes(NOW, fired=["k"], sends=[send("a")]))
    assert await store.unsent() == []
    assert await store.next_deadline() == LATER
    await store.commit(Changes(NOW, fired=["l"], wakes=[replace(key, at=LATER)], unwakes=["l"]))
    assert await store.due(LATER, 10) == [replace(key, at=LATER)]
    await store.commit(Changes(NOW, unwakes=["k", "unknown"]))
    assert await store.next_deadline() is None
    with pytest.raises(StorageError, match="no longer open"):
        await store.commit(Changes(NOW, fired=["k"]))


async def test_counts_upwards(store: SqliteStore) -> None:
    """A counter never goes back."""
    await store.commit(Changes(NOW, counters={"A": 3, "D": 1}))
    await store.commit(Changes(NOW, counters={"A": 2, "D": 4}))
    assert await store.counters() == {"A": 3, "D": 4}


async def test_keeps_playbooks_by_their_digest(store: SqliteStore) -> None:
    """A playbook's bytes are kept for good under their digest, and under no other."""
    await store.commit(Changes(NOW, playbooks=[(DIGEST, PLAYBOOK)]))
    await store.commit(Changes(NOW, playbooks=[(DIGEST, PLAYBOOK)]))
    assert await store.playbook(DIGEST) == PLAYBOOK
    assert await store.playbook("0" * 64) is None
    with pytest.raises(ValueError, match="digest"):
        await store.commit(Changes(NOW, playbooks=[("0" * 64, PLAYBOOK)]))


def everything() -> Changes:
    """Changes that touch every table a commit can touch."""
    return Changes(
        NOW, handled=[1], failed=[(2, "boom")], records=[(STREAM, DIGEST, fact) for fact in incident()],
        sends=[send("a"), send("b")], outcomes=[OutboxChange("old", "dropped")],
        redirects=[(RoomRef("telegram", "-100"), RoomRef("telegram", "-200"))],
        wakes=[Deadline("k", STREAM, NOW, "x", "")], unwakes=["m"], fired=["l"], counters={"A": 1},
        playbooks=[(DIGEST, PLAYBOOK)],
    )  # fmt: skip


async def prepared(folder: Path) -> SqliteStore:
    """A store in which ``everything`` can be committed."""
    store = await open_store(folder, "liege")
    await store.keep("telegram", [("1", "a"), ("2", "b")], None, NOW)
    wakes = [Deadline("l", STREAM, NOW, "x", ""), Deadline("m", STREAM, NOW, "x", "")]
    await store.commit(Changes(NOW, sends=[send("old")], wakes=wakes))
    return store


async def test_a_commit_is_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever statement of a commit fails, nothing of it is kept, and the next commit goes through."""
    store = await prepared(tmp_path)
    before = tables(tmp_path / "tocsin.sqlite")
    calls, failing = 0, -1

    class Faulty(sqlite3.Connection):
        def _next(self, sql: str) -> None:
            nonlocal calls
            if sql != "ROLLBACK":
                calls += 1
                if calls == failing:
                    raise sqlite3.OperationalError("disk I/O error")

        def execute(self, sql: str, *rest: Any) -> Any:
            self._next(sql)
            return super().execute(sql, *rest)

        def executemany(self, sql: str, *rest: Any) -> Any:
            self._next(sql)
            return super().executemany(sql, *rest)

    await store.close()
    open_really = partial(sqlite3.connect, factory=Faulty)
    monkeypatch.setattr(connection, "opened", lambda path: open_really(path, isolation_level=None))
    store = await open_store(tmp_path, "liege")
    failing = 1
    while True:
        calls = 0
        try:
            await store.commit(everything())
        except StorageError:
            assert tables(tmp_path / "tocsin.sqlite") == before
        else:
            break
        failing += 1
    assert failing > 15
    failing = -1
    assert tables(tmp_path / "tocsin.sqlite") != before
    assert len(await store.facts(STREAM)) == len(incident())
    await store.close()


async def test_a_full_disk_keeps_nothing_and_breaks_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a full disk a commit keeps nothing, and once there is room the same store goes on."""
    store = await prepared(tmp_path)
    await store.close()
    store = await open_store(tmp_path, "liege")
    inner = [store._connection._inner]
    before = tables(tmp_path / "tocsin.sqlite")
    [(pages,)] = await inner[0].execute_fetchall("PRAGMA page_count")
    await inner[0].execute_fetchall(f"PRAGMA max_page_count = {pages}")
    big = Changes(NOW, handled=[1], sends=[send(f"x{n}", payload="y" * 3000) for n in range(50)])
    with pytest.raises(StorageFull, match="no room left"):
        await store.commit(big)
    with pytest.raises(StorageFull, match="no room left"):
        await store.keep("telegram", [(str(n), "y" * 3000) for n in range(10, 60)], "9", NOW)
    assert tables(tmp_path / "tocsin.sqlite") == before
    assert [row.key for row in await store.waiting(10)] == ["1", "2"]
    await inner[0].execute_fetchall("PRAGMA max_page_count = 1000000")
    await store.commit(big)
    assert len(await store.unsent()) == 51
    await store.close()


async def test_a_locked_database_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When another process holds the database for too long, that is an error with words and nothing is kept."""
    monkeypatch.setattr(connection, "WAIT", 0.05)
    store = await open_store(tmp_path, "liege")
    other = sqlite3.connect(tmp_path / "tocsin.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="locked by another process"):
        await store.keep("telegram", [("1", "a")], None, NOW)
    other.execute("ROLLBACK")
    other.close()
    assert await store.keep("telegram", [("1", "a")], None, NOW) == 1
    await store.close()


async def test_a_cancelled_commit_is_settled(store: SqliteStore) -> None:
    """Cancelling whoever commits leaves all of it or nothing, and the store usable."""
    for turns in range(12):
        task = asyncio.create_task(store.append(STREAM, *incident(), now=NOW))
        for _ in range(turns):
            await asyncio.sleep(0)
        if task.cancel():
            with pytest.raises(asyncio.CancelledError):
                await task
        else:
            await task  # a fast disk was done before anybody could cancel
        assert len(await store.facts(STREAM)) % len(incident()) == 0
    await store.append(STREAM, *incident(), now=NOW)
    assert len(await store.facts(STREAM)) >= len(incident())


async def test_side_by_side_commits_do_not_mix(store: SqliteStore) -> None:
    """Many tasks at once commit one after the other, and one that fails takes nobody along."""

    async def one(number: int) -> None:
        fired = ["nothing"] if number % 3 == 0 else []
        note = NoteAdded("ada", None, ROOM, str(number))
        await store.commit(Changes(NOW, records=[(STREAM, None, note)], sends=[send(str(number))], fired=fired))

    results = await asyncio.gather(*(one(number) for number in range(30)), return_exceptions=True)
    assert [number for number, result in enumerate(results) if result] == list(range(0, 30, 3))
    texts = {kept.fact.text for kept in await store.facts(STREAM) if isinstance(kept.fact, NoteAdded)}
    assert texts == {row.token for row in await store.unsent()} == {str(n) for n in range(30) if n % 3}


async def test_a_closed_store_says_so(store: SqliteStore) -> None:
    """Closing twice is harmless, and using a closed store is an error with words."""
    await store.close()
    await store.close()
    with pytest.raises(StorageError, match="closed"):
        await store.waiting(1)


async def test_everything_is_there_after_reopening(tmp_path: Path) -> None:
    """What was committed is read back the same by a new store."""
    store = await prepared(tmp_path)
    await store.commit(everything())

    async def seen(store: SqliteStore) -> Sequence[object]:
        return [
            await store.facts(STREAM), await store.incidents(), await store.counters(), await store.unsent(),
            await store.heads(), await store.due(LATER, 9), await store.playbook(DIGEST), await store.waiting(9),
            await store.cursor("telegram"),
        ]  # fmt: skip

    before = await seen(store)
    await store.close()
    again = await open_store(tmp_path, "liege")
    assert await seen(again) == before
    await again.close()


OTHER = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from playbooks.rooms import RoomRef
from storage.database import open_store
from storage.facts import NoteAdded

async def main():
    store = await open_store(Path(sys.argv[1]), "liege")
    for number in range(25):
        note = NoteAdded("other", None, RoomRef("matrix", "!x"), str(number))
        await store.append("I-1", note, now=datetime(2026, 3, 1, tzinfo=UTC))
    await store.close()

asyncio.run(main())
"""


async def test_two_processes_write_one_log(store: SqliteStore) -> None:
    """Two processes that append to the same stream at once make one unbroken tree, and each notices the other."""
    before = store.version
    await store.commit(Changes(NOW, version=before))
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OTHER, str(store.folder), cwd=Path(__file__).parents[2]
    )
    for number in range(25):
        await store.append(STREAM, NoteAdded("ours", None, ROOM, str(number)), now=NOW)
    assert await other.wait() == 0
    with pytest.raises(Changed):
        await store.commit(Changes(NOW, version=before))
    await store.commit(Changes(NOW, version=store.version))
    facts = [kept.fact for kept in await store.facts(STREAM)]
    for name in ("ours", "other"):
        assert [fact.text for fact in facts if isinstance(fact, NoteAdded) and fact.person == name] == [
            str(n) for n in range(25)
        ]
    [head] = await store.heads()
    assert head.size == 50
    await store.sign(NOW)
    assert await store.health() == []


_LOOKS = """
import sqlite3, sys
conn = sqlite3.connect(sys.argv[1])
print(conn.execute("SELECT count(*) FROM entries").fetchone()[0])
conn.close()
"""


async def test_a_second_store_in_one_process_takes_no_lock_away(tmp_path: Path) -> None:
    """A copy is made beside the running bot, and then another process looks in and leaves: what the bot writes afterwards is on file all the same."""

    async def looks_in() -> int:
        found = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _LOOKS, str(tmp_path / "tocsin.sqlite"), stdout=asyncio.subprocess.PIPE
        )
        told, _ = await found.communicate()
        return int(told)

    store = await open_store(tmp_path, "example.org")
    try:
        await opened(store)
        beside = await open_store(tmp_path, "example.org")
        await beside.close()
        assert (tmp_path / "tocsin.sqlite-wal").exists()
        before = await looks_in()
        await store.append(STREAM, NoteAdded("P-1", "fire", ROOM, "Water at the quay"), now=NOW, playbook=DIGEST)
        assert (tmp_path / "tocsin.sqlite-wal").exists()
        assert await looks_in() == before + 1
    finally:
        await store.close()
