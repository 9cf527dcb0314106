"""Copies are made whole or not at all, recorded before they are written, and say of themselves what they hold."""

from __future__ import annotations

import asyncio
import csv
import json
import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

import pytest

from playbooks.rooms import RoomRef
from storage import canonical, notes
from storage.database import SqliteStore
from storage.export.bundle import bundle
from storage.export.copy import Copy
from storage.export.csv import COLUMNS, safe
from storage.export.for_whom import AUDITOR, Recipient
from storage.export.forms import FORMS, NoSuchForm, form, made
from storage.export.jsonl import jsonl
from storage.export.making import Asked, ExportFailed, make
from storage.export.recipients import NoSuchRecipient, recipient
from storage.facts import DEPLOYMENT, Disclosed, Exported, Fact, LogRead, NoteAdded, RoomBound
from storage.store import Changes, StorageError
from storage.verify import verify
from tests.playbooks.border import BOOK
from tests.storage.crisis import BOOK as SMALL
from tests.storage.crisis import FOR_FIRE, NOON, copied, played
from tests.storage.moments import at
from tests.storage.small import NOW, ROOM, STREAM, incident, opened

FIRE = Recipient("fire", "Fire", frozenset({"fire"}))
FORMULAS = ("=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1")


def asked(who: Recipient = AUDITOR, name: str = "jsonl", stream: str = STREAM) -> Asked:
    """A copy of the small incident."""
    return Asked(stream, who, "ada", "inquiry", name, "Law of inquiries")


def rows(path: Path) -> list[dict[str, object]]:
    """The lines of a copy."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]


async def test_making_it_is_recorded_in_it(store: SqliteStore, tmp_path: Path) -> None:
    """For whom, by whom, why, by which right, and how much it shows: the last entry of the copy says what its first line says."""
    await opened(store)
    about = await make(store, asked(), jsonl, tmp_path / "x", now=at(NOW))
    [first, *entries] = rows(tmp_path / "x")
    fact = (await store.facts(STREAM))[-1].fact
    assert isinstance(fact, Exported)
    assert (fact.by, fact.reader, fact.reason, fact.basis, fact.form) == (
        "ada",
        "auditor",
        "inquiry",
        "Law of inquiries",
        "jsonl",
    )
    assert (fact.size, fact.disclosed, fact.withheld) == (5, about.disclosed, {})
    assert (first["disclosed"], first["size"], first["for"], first["title"]) == (about.disclosed, 5, "auditor", "Crue")
    assert sum(len(entry["shown"]) for entry in entries) == about.disclosed  # type: ignore[arg-type]
    assert entries[-1]["fact"] == "Exported"
    note = str(first["checkpoint"])
    notes.parse_checkpoint(notes.split_note(note)[0])
    assert note == await store.checkpoint(STREAM)


async def test_what_is_withheld_is_counted_by_kind_of_fact(store: SqliteStore, tmp_path: Path) -> None:
    """What is shown and what is withheld make up all that the entries commit to."""
    await opened(store)
    about = await make(store, asked(FIRE), jsonl, tmp_path / "x", now=at(NOW))
    [first, *entries] = rows(tmp_path / "x")
    assert first["title"] is None and first["playbook"] == "meuse-flood"
    assert {e["fact"]: e["withheld"] for e in entries if e["withheld"]} == about.withheld == first["withheld"]
    fields = sum(len(entry["entry"]["_sd"]) for entry in entries)  # type: ignore[index]
    assert about.disclosed + sum(about.withheld.values()) == fields
    assert "Évacuer" not in (tmp_path / "x").read_text("utf-8")


async def test_a_copy_that_cannot_be_written_is_not_recorded(store: SqliteStore, tmp_path: Path) -> None:
    """A file that is there, a folder, a folder that is not there, a log that is not there."""
    await opened(store)
    (tmp_path / "there").write_text("mine")
    for path in (tmp_path / "there", tmp_path, tmp_path / "no" / "x"):
        with pytest.raises(ExportFailed):
            await make(store, asked(), jsonl, path, now=at(NOW))
    with pytest.raises(ExportFailed, match="no log called I-9"):
        await make(store, asked(stream="I-9"), jsonl, tmp_path / "x", now=at(NOW))
    assert len(await store.facts(STREAM)) == len(incident())
    assert (tmp_path / "there").read_text() == "mine"


async def test_a_form_that_fails_leaves_no_file(store: SqliteStore, tmp_path: Path) -> None:
    """Nor half of one; an older file stays as it was."""

    async def fails(copy: Copy, out: BinaryIO) -> None:
        out.write(b"half")
        raise StorageError("too large")

    await opened(store)
    (tmp_path / "there").write_text("mine")
    for path in (tmp_path / "there", tmp_path / "x"):
        with pytest.raises(StorageError, match="too large"):
            await make(store, asked(), fails, path, now=at(NOW), replace=True)
    assert {path.name for path in tmp_path.iterdir()} == {"data", "there"}
    assert (tmp_path / "there").read_text() == "mine"


class Busy:
    """The store, in which something is committed just before it is recorded that a copy is made, as often as there are facts for it."""

    def __init__(self, store: SqliteStore, *facts: Fact) -> None:
        self._store, self._facts = store, list(facts)
        self.read: list[int] = []
        """From which entry on the log was read, each time."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def entries(self, stream: str, start: int = 0) -> Any:
        self.read.append(start)
        return self._store.entries(stream, start)

    async def append_signed(self, *about: Any, **more: Any) -> str | None:
        if self._facts:
            await self._store.commit(Changes(NOW, records=[(STREAM, None, self._facts.pop(0))]))
        return await self._store.append_signed(*about, **more)


async def test_what_happens_meanwhile_is_counted_too(store: SqliteStore, tmp_path: Path) -> None:
    """What is appended while the log is read stands in the copy, and both the copy and the log's last entry say what it then shows; of the log only what is
    new is read again."""
    await opened(store)
    busy = Busy(store, NoteAdded("bo", None, ROOM, "meanwhile"), NoteAdded("bo", None, ROOM, "again"))
    about = await make(busy, asked(name="bundle"), bundle, tmp_path / "x", now=at(NOW))
    assert busy.read == [0, 4, 5, 0]
    fact = (await store.facts(STREAM))[-1].fact
    assert isinstance(fact, Exported)
    verdict = verify(tmp_path / "x")
    assert (verdict.code, verdict.findings) == (0, [])
    assert about.checkpoint.size == fact.size == verdict.size == 7
    assert about.disclosed == fact.disclosed == verdict.disclosed


async def test_what_is_learned_meanwhile_is_counted_anew(store: SqliteStore, tmp_path: Path) -> None:
    """What a partner is sent while the log is read may show it what was there before: all of it is counted again, and the log says what holds."""
    await opened(store)
    sent = Disclosed("s1", "I-1", "fire", ROOM, "en", "", 0, {"_title": {"form": "exact", "value": "Crue"}})
    busy = Busy(store, sent, NoteAdded("bo", None, ROOM, "not for Fire"))
    about = await make(busy, asked(FIRE, "bundle"), bundle, tmp_path / "x", now=at(NOW))
    assert busy.read == [0, 0, 4, 0, 5, 5, 0]
    fact = (await store.facts(STREAM))[-1].fact
    assert isinstance(fact, Exported)
    verdict = verify(tmp_path / "x")
    assert (verdict.code, verdict.findings) == (0, [])
    assert (fact.size, fact.disclosed, fact.withheld) == (7, verdict.disclosed, verdict.withheld_by_kind)
    assert about.title == "Crue"


async def test_a_log_that_never_rests_is_not_counted_for_ever(store: SqliteStore, tmp_path: Path) -> None:
    """Where each time something is sent to the partner meanwhile, it is asked to try again later; nothing is recorded, and no file is left."""
    await opened(store)
    sent = [Disclosed(f"s{number}", "I-1", "fire", ROOM, "en", "", 0, {}) for number in range(40)]
    with pytest.raises(ExportFailed, match="try again in a quieter minute"):
        await make(Busy(store, *sent), asked(FIRE), jsonl, tmp_path / "x", now=at(NOW))
    assert not any(isinstance(one.fact, Exported) for one in await store.facts(STREAM))
    assert {path.name for path in tmp_path.iterdir()} == {"data"}


async def test_copies_made_side_by_side_are_each_what_they_say(store: SqliteStore, tmp_path: Path) -> None:
    """Each ends in the entry that says it was made: nobody takes one for the other."""
    await opened(store)
    made = [
        make(store, replace(asked(name="bundle"), reason=str(n)), bundle, tmp_path / f"{n}.zip", now=at(NOW))
        for n in range(4)
    ]
    await asyncio.gather(*made)
    assert [verify(tmp_path / f"{n}.zip").findings for n in range(4)] == [[]] * 4


async def test_entries_without_the_signed_root_make_no_copy(store: SqliteStore, tmp_path: Path) -> None:
    """A database in which somebody changed an entry gives nothing that looks intact, in no form."""
    await opened(store)
    with sqlite3.connect(store.folder / "tocsin.sqlite") as inner:
        inner.execute(
            "UPDATE entries SET entry = CAST(replace(CAST(entry AS TEXT), '2026', '2025') AS BLOB) WHERE seq = 1"
        )
    for name in made():
        with pytest.raises(StorageError, match=r"root|damaged|backup"):
            await make(store, asked(name=name), form(name), tmp_path / "x", now=at(NOW))
        assert not (tmp_path / "x").exists(), name


async def test_progress_is_told_for_every_reading(store: SqliteStore, tmp_path: Path) -> None:
    """Why, and how many entries are done, of how many: for a partner the log is read three times."""
    await opened(store)
    said: list[tuple[str, int, int]] = []
    await make(store, asked(FIRE), jsonl, tmp_path / "x", now=at(NOW), progress=lambda *one: said.append(one))
    assert said == [("finding", 4, 4), ("counting", 4, 4), ("writing", 5, 5)]


# --- for whom, and in which form ---------------------------------------------------------------------------------------


async def crisis(store: SqliteStore) -> None:
    """An incident from the border playbook, with something told to Aid."""
    told = Disclosed("s1", "I-1", "aid", ROOM, "en", "", 0, {"what": {"form": "exact", "value": "x"}})
    records = [(STREAM, BOOK.digest, fact) for fact in [*incident(), told]]
    await store.commit(Changes(NOW, records=records, playbooks=[(BOOK.digest, BOOK.source)]))


async def test_a_recipient_is_found_by_id_or_name(store: SqliteStore) -> None:
    """With whom it may know of: of the partners those that are listed, and itself."""
    await crisis(store)
    who, zone = await recipient(store, STREAM, "Aid")
    assert (who.partner, who.name, zone) == ("aid", "Aid", "Europe/Brussels")
    assert who.knows == {"city", "fire", "brandweer", "aid", "hilfe"}
    assert "watchers" in (await recipient(store, STREAM, "watchers"))[0].knows
    assert (await recipient(store, STREAM, "Auditor")) == (AUDITOR, "Europe/Brussels")


async def test_an_unknown_recipient_learns_whom_there_is(store: SqliteStore) -> None:
    """And whom they perhaps meant."""
    await crisis(store)
    with pytest.raises(NoSuchRecipient, match="did you mean brandweer") as raised:
        await recipient(store, STREAM, "brandwer")
    assert "auditor, aid, brandweer" in str(raised.value)


async def test_the_deployments_partners_need_not_know_of_each_other(store: SqliteStore) -> None:
    """Whose rooms are bound can have a copy of its own part of the deployment's log."""
    for partner, number in (("aid", "-14"), ("fire", "-12")):
        bound = RoomBound("border", partner, RoomRef("telegram", number), None, "playbook")
        await store.append(DEPLOYMENT, bound, now=NOW)
    who, _ = await recipient(store, DEPLOYMENT, "aid")
    assert who == Recipient("aid", "aid", frozenset({"aid"}))


def test_a_form_that_is_not_there_is_said_with_those_that_are() -> None:
    """And which was perhaps meant."""
    assert set(made()) <= set(FORMS)
    with pytest.raises(NoSuchForm, match=r"did you mean csv\?.*bundle, jsonl"):
        form("cvs")


# --- JSON lines ----------------------------------------------------------------------------------------------------------


async def test_each_line_is_canonical_and_proves_what_it_shows(store: SqliteStore, tmp_path: Path) -> None:
    """What is shown stands among the digests of its entry, and the fields in plain say no more than that."""
    note = NoteAdded("ada", None, ROOM, 'Ünïcode " \\ \u2028 😀 \x7f')
    await opened(store, note)
    await make(store, asked(), jsonl, tmp_path / "x", now=at(NOW))
    for data in (tmp_path / "x").read_bytes().split(b"\n")[:-1]:
        line = canonical.read(data)
        for disclosure in line.get("shown", ()):
            assert canonical.disclosure_digest(canonical.write(disclosure)) in line["entry"]["_sd"]
        assert line.get("fields", {}) == {path: value for _, path, value in line.get("shown", ())}


# --- CSV -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula(text: str) -> None:
    """What somebody wrote is text to a spreadsheet, whatever it begins with."""
    assert safe(text) == f"'{text}"
    assert safe("telegram:-100") == "telegram:-100" and safe(-1) == -1


def test_no_cell_hides_what_it_says() -> None:
    """Characters that cannot be seen, or turn what stands around them, are written out; lines, joiners and emoji stay."""
    assert safe("a\x00b\u202ec\x1b[31m\ufeff") == "a[U+0000]b[U+202E]c[U+001B][31m[U+FEFF]"
    assert safe("\u202e=1") == "[U+202E]=1"
    assert safe("one\ntwo 👩\u200d🚒") == "one\ntwo 👩\u200d🚒"


async def test_a_spreadsheet_has_what_the_copy_is_and_a_row_for_each_field(store: SqliteStore, tmp_path: Path) -> None:
    """Every value once, in the same column whatever the entry is of; formulas among them do nothing."""
    await opened(store, *(NoteAdded("ada", None, ROOM, text) for text in FORMULAS))
    await make(store, asked(name="csv"), form("csv"), tmp_path / "x", now=at(NOW))
    data = (tmp_path / "x").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    table = list(csv.reader(StringIO(data.decode("utf-8-sig"), newline="")))
    head = {row[0]: row[1] for row in table if len(row) == 2}
    assert head["Why"] == "inquiry" and head["Basis"] == "Law of inquiries" and "auditor" in head["For"]
    assert "liege/I-1" in head["Signed checkpoint"]
    body = table[table.index(list(COLUMNS)) + 1 :]
    assert all(len(row) == len(COLUMNS) for row in body)
    assert not any(cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "＝")) for row in table for cell in row)
    texts = [row[5] for row in body if row[4] == "text"]
    assert texts[1:] == [f"'{text}" for text in FORMULAS]
    assert {row[3] for row in body} == {"IncidentOpened", "AlertIssued", "Acknowledged", "NoteAdded", "Exported"}


async def test_what_has_an_id_has_its_name_beside_it(store: SqliteStore, tmp_path: Path) -> None:
    """In a spreadsheet and for programs partners and areas have their ids, and what people call them; a partner's copy names none of whom it may not know."""
    await played(store)
    shown: dict[str, object] = {
        "where": {"form": "area", "value": ["town"], "rule": 1},
        "what": {"form": "exact", "value": "city", "rule": 1},
    }
    room = RoomRef("matrix", "!fire:example.org")
    told = Disclosed("s-99", "A-9", "fire", room, "en", "GREEN", 1, shown)
    await store.commit(Changes(NOON + timedelta(hours=1), records=[("I-1", SMALL.digest, told)]))
    for whom, city in ((FOR_FIRE, "City"), (replace(FOR_FIRE, knows=frozenset({"fire"})), None)):
        data = await copied(store, form("csv"), tmp_path / "x.csv", whom)
        body = [row for row in csv.reader(StringIO(data.decode("utf-8-sig"), newline="")) if len(row) == len(COLUMNS)]
        found = {(row[4], row[5]): row[6] for row in body}
        assert found["values/where", '["town"]'] == "Town"
        assert found["values/what", "city"] == ""  # a word that somebody wrote
        assert found.get(("decides", "city")) == city
        head = json.loads((await copied(store, form("jsonl"), tmp_path / "x.jsonl", whom)).split(b"\n")[0])
        assert head["names"]["areas"] == {"town": "Town"}
        assert head["names"]["partners"] == ({"city": "City"} if city else {})
        assert (b"City" in data) is (city is not None)


async def test_an_entry_that_shows_nothing_has_a_row(store: SqliteStore, tmp_path: Path) -> None:
    """With how many fields are withheld."""
    await opened(store)
    await make(store, asked(FIRE, "csv"), form("csv"), tmp_path / "x", now=at(NOW))
    table = list(csv.reader(StringIO((tmp_path / "x").read_bytes().decode("utf-8-sig"), newline="")))
    [issued] = [row for row in table if len(row) == len(COLUMNS) and row[3] == "AlertIssued"]
    assert issued[4:7] == ["", "", ""] and int(issued[7]) > 10


async def test_times_stay_those_of_the_playbook_when_the_log_was_read(store: SqliteStore) -> None:
    """An auditor's copy is told in the incident's time zone, however many readings, which no playbook governs, came after it."""
    await opened(store)
    await store.commit(
        Changes(
            NOW,
            records=[(STREAM, BOOK.digest, NoteAdded("ada", None, ROOM, "x"))],
            playbooks=[(BOOK.digest, BOOK.source)],
        )
    )
    for _ in range(5):
        await store.append(STREAM, LogRead("operator", None, "r", 3), now=NOW)
    assert await recipient(store, STREAM, "auditor") == (AUDITOR, str(BOOK.playbook.timezone))
    assert str(BOOK.playbook.timezone) != "UTC"


async def test_times_in_a_spreadsheet_are_those_that_its_head_names(store: SqliteStore, tmp_path: Path) -> None:
    """Each entry stands at its time in the zone of the head, as when the copy was made does, with UTC beside it."""
    await opened(store)
    there = replace(asked(name="csv"), zone="Europe/Brussels")
    await make(store, there, form("csv"), tmp_path / "x", now=at(NOW))
    table = list(csv.reader(StringIO((tmp_path / "x").read_bytes().decode("utf-8-sig"), newline="")))
    head = {row[0]: row[1] for row in table if len(row) == 2}
    assert head["Times in"] == "Europe/Brussels"
    *_, made = [row for row in table if len(row) == len(COLUMNS) and row[3] == "Exported"]
    assert made[1] == head["When"]
    assert datetime.fromisoformat(made[2]) == NOW
    assert made[1] == f"{NOW.astimezone(ZoneInfo('Europe/Brussels')):%Y-%m-%d %H:%M:%S}" != f"{NOW:%Y-%m-%d %H:%M:%S}"
