"""Forgetting, as the operator does it: from the command line, beside a log that must stay believed."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from bot.networks.matrix_memory import MEMORY_FILE, Memory
from playbooks.rooms import RoomRef
from storage.database import SqliteStore, open_store
from storage.facts import (
    DEPLOYMENT,
    IdentityJoined,
    IncidentClosed,
    IncidentOpened,
    NoteAdded,
    PersonEnrolled,
    PersonRevoked,
)
from storage.store import Changes
from tests.bot.running import FLOOD
from tests.bot.running import within as tocsin

ROOM = RoomRef("matrix", "!fire:example.org")
YEARS_AGO = datetime(2012, 3, 1, 8, 0, tzinfo=UTC)
BASIS = ("--reason", "she asked", "--basis", "GDPR art. 17(1)")


@asynccontextmanager
async def store_of(folder: Path) -> AsyncIterator[SqliteStore]:
    """The deployment's store."""
    store = await open_store(folder / "data", "tocsin")
    try:
        yield store
    finally:
        await store.close()


async def _crisis(store: SqliteStore) -> None:
    """Two incidents of long ago: one with Ada in it, one without."""
    playbook = FLOOD.read_bytes()
    digest = sha256(playbook).hexdigest()
    people = [
        PersonEnrolled("P-1", "Ada Lovelace", "liege-fire", "responder", "telegram:501", "V-1"),
        PersonEnrolled("P-2", "Bo", "liege-fire", "responder", "telegram:502", "V-2"),
    ]
    records: list[Any] = [(DEPLOYMENT, None, one) for one in people]
    for stream, words in (("I-1", "Ada was here"), ("I-2", "nobody")):
        opened = IncidentOpened(stream, "meuse-flood", 1, "Crue", "P-2", None, ROOM, "watch", False, False, "9")
        who = "P-1" if stream == "I-1" else "P-2"
        records += [(stream, digest, one) for one in (opened, NoteAdded(who, "liege-fire", ROOM, words))]
        records.append((stream, digest, IncidentClosed("P-2", None, None)))
    await store.commit(Changes(YEARS_AGO, records=records, playbooks=[(digest, playbook)]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A deployment that remembers."""

    async def fill() -> None:
        async with store_of(tmp_path) as store:
            await _crisis(store)

    asyncio.run(fill())
    return tmp_path


def revoke(folder: Path) -> None:
    """Ada loses her role."""

    async def work() -> None:
        async with store_of(folder) as store:
            await store.append(DEPLOYMENT, PersonRevoked("P-1", "P-2", None), now=YEARS_AGO)

    asyncio.run(work())


def bundle(folder: Path, name: str) -> bytes:
    """A copy of the incident that Ada was in, which must be intact."""
    done = tocsin(folder, "export", "I-1", "-o", name, "--reason", "a test")
    assert done.code == 0, done.err
    verified = tocsin(folder, "verify", name)
    assert verified.code == 0, verified.out + verified.err
    return (folder / name).read_bytes()


def test_a_person_is_forgotten_and_every_copy_made_before_still_belongs_to_the_log(folder: Path) -> None:
    """Refused while she has a role; tried dry; then gone from every later copy, which verifies against the earlier one."""
    before = bundle(folder, "before.zip")
    assert b"Ada was here" in before
    refused = tocsin(folder, "erase", "p1", *BASIS)
    assert (refused.code, "/revoke P-1" in refused.err) == (2, True)
    revoke(folder)
    assert tocsin(folder, "erase", "P-1", "--reason", "she asked").code == 2  # by which right is not said
    dry = tocsin(folder, "erase", "P-1", "--dry-run", *BASIS)
    assert (dry.code, "I-1: 1 entry would show less" in dry.out, "Nothing was erased" in dry.out) == (0, True, True)
    assert b"Ada was here" in bundle(folder, "dry.zip")
    done = tocsin(folder, "erase", "P-1", *BASIS)
    assert (done.code, "I-1: 1 entry will show less" in done.out) == (0, True)
    after = bundle(folder, "after.zip")
    assert b"Ada was here" not in after
    checked = tocsin(folder, "verify", "after.zip", "--checkpoint", "before.zip")
    assert checked.code == 0
    told = tocsin(folder, "log", "I-1")
    assert (told.code, "she asked" in told.out, "Ada" in told.out) == (0, True, False)


def test_where_others_name_a_person_is_listed_before_it_goes(folder: Path) -> None:
    """What names her for certain goes with her; what may name another is left to whoever erases, with the command that would do it."""

    async def work() -> None:
        async with store_of(folder) as store:
            for person, text in (
                ("P-2", "ask Ada Lovelace"),
                ("P-1", "The town says that the water rises, Bo knows by how much, ask him at the bridge"),
            ):
                await store.append("I-2", NoteAdded(person, "liege-fire", ROOM, text), now=YEARS_AGO)
            await store.append(DEPLOYMENT, PersonRevoked("P-2", "P-2", None), now=YEARS_AGO)

    revoke(folder)
    asyncio.run(work())
    dry = tocsin(folder, "erase", "P-1", "--dry-run", *BASIS)
    assert (dry.code, ", text: “ask Ada Lovelace”" in dry.out, "another word" in dry.out) == (0, True, False)
    perhaps = tocsin(folder, "erase", "P-2", "--dry-run", *BASIS).out.splitlines()
    at = next(number for number, line in enumerate(perhaps) if "another word" in line)
    assert perhaps[at + 1 : at + 3] == [
        "  I-2, entry 4 of 2012-03-01 08:00 UTC, text: “… that the water rises, Bo knows by how much, …”",
        "    tocsin erase I-2 --entry 4 --field text --reason TEXT --basis TEXT",
    ]
    named = tocsin(folder, "erase", "P-1", "--reason", "Ada Lovelace asked", "--basis", "GDPR")
    assert (named.code, "say it without their name" in named.err) == (2, True)
    assert tocsin(folder, "erase", "P-1", *BASIS).code == 0
    assert "Lovelace" not in tocsin(folder, "log", "I-2").out


def test_what_the_matrix_side_remembers_goes_too_or_nothing_does(folder: Path) -> None:
    """Where its file cannot be written, the command says so and the log is as it was; a dry run changes nothing; then no byte of the account is left in it."""

    async def joined() -> None:
        async with store_of(folder) as store:
            await store.append(
                DEPLOYMENT, IdentityJoined("P-1", "matrix:@ada:x.org", "Ada Lovelace", "V-3"), now=YEARS_AGO
            )

    asyncio.run(joined())
    revoke(folder)
    beside = folder / "data" / "matrix"
    beside.mkdir()
    (beside / MEMORY_FILE).write_bytes(b"no database" * 100)
    refused = tocsin(folder, "erase", "P-1", *BASIS)
    assert (refused.code, "could not be written, so the log is as it was" in refused.err) == (2, True)
    (beside / MEMORY_FILE).unlink()
    memory = Memory(beside)
    memory.set_direct("!private:x.org", "@ada:x.org")
    assert tocsin(folder, "erase", "P-1", "--dry-run", *BASIS).code == 0
    assert b"@ada:x.org" in (beside / MEMORY_FILE).read_bytes()
    assert tocsin(folder, "erase", "P-1", *BASIS).code == 0
    assert [path for path in beside.glob(MEMORY_FILE + "*") if b"@ada:x.org" in path.read_bytes()] == []
    memory.close()


def test_a_legal_hold_keeps_what_is_asked_to_be_forgotten(folder: Path) -> None:
    """It is named with its reason; lifted, the erasure goes through."""
    revoke(folder)
    assert tocsin(folder, "hold", "I-1").code == 2  # why is not said
    assert tocsin(folder, "hold", "i1", "--reason", "court order 7").code == 0
    assert tocsin(folder, "hold", "I-1", "--reason", "again").code == 2
    assert "court order 7" in tocsin(folder, "hold").out
    assert "court order 7" in tocsin(folder, "erase", "P-1", *BASIS).err
    assert "court order 7" in tocsin(folder, "retention", "--dry-run").out
    assert tocsin(folder, "hold", "I-1", "--lift", "--reason", "over").code == 0
    assert tocsin(folder, "hold", "I-1", "--lift", "--reason", "over").code == 2
    assert tocsin(folder, "erase", "P-1", *BASIS).code == 0


def test_logs_whose_time_is_over_are_emptied_once_and_still_verify(folder: Path) -> None:
    """The playbook keeps them ten years; a dry run says which, and destroys nothing."""
    dry = tocsin(folder, "retention", "--dry-run", "--json")
    rows = json.loads(dry.out)["incidents"]
    assert [(one["incident"], one["over"], one["erased"]) for one in rows] == [
        ("I-1", True, False),
        ("I-2", True, False),
    ]
    assert b"Ada was here" in bundle(folder, "dry.zip")
    assert "the time for which I-1, I-2 are to be kept is over" in tocsin(folder, "doctor").out
    assert tocsin(folder, "retention").code == 2
    assert tocsin(folder, "retention", "--reason", "ten years").code == 0
    after = bundle(folder, "after.zip")
    assert b"Ada was here" not in after
    assert tocsin(folder, "verify", "after.zip", "--checkpoint", "dry.zip").code == 0
    assert "erased already" in tocsin(folder, "retention", "--dry-run").out


def test_one_field_is_erased_by_its_entry_and_name(folder: Path) -> None:
    """What is not there is said, with what is."""
    half = tocsin(folder, "erase", "I-1", "--entry", "1", *BASIS)
    assert (half.code, "--field" in half.err) == (2, True)
    wrong = tocsin(folder, "erase", "I-1", "--entry", "1", "--field", "words", *BASIS)
    assert (wrong.code, "text" in wrong.err) == (2, True)
    assert tocsin(folder, "erase", "I-1", "--entry", "1", "--field", "text", *BASIS).code == 0
    assert b"Ada was here" not in bundle(folder, "after.zip")


def test_in_a_folder_where_nothing_is_kept_nothing_is_made(tmp_path: Path) -> None:
    """Whoever starts a command in the wrong folder is told so: no key and no database appear there, in which nothing would ever be held."""
    for command in (
        ("hold",),
        ("hold", "P-1", "--reason", "court order 7"),
        ("hold", "telegram:501", "--lift", "--reason", "over"),
        ("hold", "I-1", "--reason", "court order 7"),
        ("retention", "--dry-run"),
        ("retention", "--reason", "ten years"),
        ("erase", "P-1", "--dry-run", *BASIS),
        ("erase", "I-1", "--entry", "1", "--field", "text", *BASIS),
        ("incidents",),
        ("log", "deployment"),
        ("ask", "I-1", "leads", "--reason", "x"),
        ("export", "I-1", "-o", "x.zip", "--reason", "x"),
        ("checkpoint", "I-1", "-o", "x.txt"),
        ("rotate-key", "--reason", "x"),
    ):
        done = tocsin(tmp_path, *command)
        assert done.code == (0 if command == ("incidents",) else 2), command
        assert re.search("on file in|no log yet in", done.out + done.err), command
        assert list(tmp_path.iterdir()) == [], command


def test_a_legal_hold_lies_on_somebody(folder: Path) -> None:
    """A number or an account mistyped is refused: whoever is meant would not be held. An account that the logs only speak of can be."""

    async def work() -> None:
        async with store_of(folder) as store:
            await store.append("I-2", NoteAdded("P-2", "liege-fire", ROOM, "telegram:777 called"), now=YEARS_AGO)

    asyncio.run(work())
    for who, words in (("P-99", "no person P-99 is on file"), ("telegram:778", "nothing is held of telegram:778")):
        refused = tocsin(folder, "hold", who, "--reason", "court order 7")
        assert (refused.code, words in refused.err) == (2, True), refused
    assert "no legal hold" in tocsin(folder, "hold").out
    for who, whom in (("p2", "P-2"), ("telegram:501", "P-1"), ("telegram:777", "telegram:777")):
        assert f"Nothing of {whom} can be erased" in tocsin(folder, "hold", who, "--reason", "court order 7").out


def test_what_another_program_keeps_from_going_is_said_by_both_commands(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While somebody reads the database, what was erased stands in its write-ahead log: one sentence says so, and the answer in JSON is the answer alone."""
    monkeypatch.setattr("storage.connection.WAIT", 0.05)
    revoke(folder)
    with closing(sqlite3.connect(folder / "data" / "tocsin.sqlite")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sqlite_schema").fetchall()
        erased = tocsin(folder, "erase", "P-1", *BASIS)
        emptied = tocsin(folder, "retention", "--reason", "ten years", "--json")
    assert (erased.code, emptied.code) == (0, 0)
    assert erased.err == emptied.err
    assert "its -wal file holds what was erased until all have closed it" in erased.err
    assert len(json.loads(emptied.out)["incidents"]) == 2


def test_what_can_be_erased_of_an_incident_is_named(folder: Path) -> None:
    """Of an incident a field, or all of it when its time is over; of who is who a person, and no single field, as a serving person would lose their role by it."""
    for what in ("I-1", "i1", "deployment"):
        whole = tocsin(folder, "erase", what, *BASIS)
        assert (whole.code, "--entry and --field" in whole.err, "tocsin retention" in whole.err) == (2, True, True)
    role = tocsin(folder, "erase", "deployment", "--entry", "0", "--field", "identity", *BASIS)
    assert (role.code, "a person can" in role.err) == (2, True)
    hangs = tocsin(folder, "erase", "I-1", "--entry", "0", "--field", "playbook", *BASIS)
    assert (hangs.code, "of this entry can: title" in hangs.err) == (2, True), hangs.err


def test_of_who_is_who_a_doubtful_name_stays_and_no_command_is_offered_for_it(folder: Path) -> None:
    """Where a one-word name stands in the deployment's log, it is told apart from what can be erased by itself."""

    async def work() -> None:
        async with store_of(folder) as store:
            await store.append(DEPLOYMENT, PersonRevoked("P-2", "P-1", "Bo left us"), now=YEARS_AGO)

    asyncio.run(work())
    dry = tocsin(folder, "erase", "P-2", "--dry-run", *BASIS).out
    assert "Of who is who no single field can be erased" in dry
    assert "where it is them" not in dry and "Bo left us" in dry
