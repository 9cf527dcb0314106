"""The activity log of each partner, as ICS 214 has its blocks."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from storage import facts as f
from storage.database import SqliteStore
from storage.entry import EXERCISE
from storage.export.copy import AUDITOR, Recipient
from storage.export.ics214 import ics214
from storage.store import Changes
from tests.storage.crisis import BOOK, FIRE, FOR_FIRE, NOON, copied, played
from tests.storage.pdf_text import pages, titles

BLOCKS = (
    "1. Incident name", "2. Operational period", "3. Name", "4. ICS position", "5. Home agency (and unit)", "6. Resources assigned",
    "7. Activity log", "8. Prepared by",
)  # fmt: skip


async def test_a_partner_gets_its_own_form(store: SqliteStore, tmp_path: Path) -> None:
    """One form with every block in order, filled from what the partner may see, and what the copy states of itself."""
    found = pages(await copied(await played(store), ics214, tmp_path / "x.pdf", FOR_FIRE))
    said = "\n".join(found)
    places = [said.index(block) for block in BLOCKS]
    assert places == sorted(places)
    assert said.count("Activity log (ICS 214): ") == 1
    for passage in (
        "Date from: 2026-07-01   Date to: 2026-07-01", "Time from: 14:00   Time to: 14:12", "P-2, for fire", "Lead operational be", "A-1 received:",
        "A-1: fire answers acting", "Decision K-1", "Name: operator", "Date/time: 2026-07-02 14:00:00", "Inquiry 14: who knew?", "Law of inquiries",
        "Withheld",
    ):  # fmt: skip
        assert passage in said, passage
    note = await store.checkpoint("I-1")
    assert note is not None
    assert all(line in said for line in note.splitlines())
    assert "aid" not in said


async def test_an_auditor_gets_one_for_each_partner(store: SqliteStore, tmp_path: Path) -> None:
    """A form for every partner that took part, each on pages of its own that name it, with at least one activity."""
    data = await copied(await played(store), ics214, tmp_path / "x.pdf")
    forms = [title.partition(": ")[2] for title in titles(data) if ": " in title]
    assert forms == ["aid", "city", "fire"]
    for page in pages(data)[:-1]:
        [named] = re.findall(r"^ICS 214 · I-1 · High water · (\w+)$", page, re.MULTILINE) or [None]
        assert named in forms
    for partner in forms:
        own = "\n".join(page for page in pages(data) if f"· {partner}\n" in page)
        assert re.search(r"^\d+$", own.partition("7. Activity log")[2], re.MULTILINE)


async def test_activities_are_in_order_and_lead_to_their_entries(store: SqliteStore, tmp_path: Path) -> None:
    """Times never go back, and each activity has the number of its entry."""
    for page in pages(await copied(await played(store), ics214, tmp_path / "x.pdf"))[:-1]:
        rows = re.findall(
            r"^(2026-\d\d-\d\d \d\d:\d\d:\d\d)\n((?:.*\n)+?)(\d+)\n", page.partition("Entry\n")[2], re.MULTILINE
        )
        assert rows
        assert [int(number) for _, _, number in rows] == sorted(int(number) for _, _, number in rows)
        times = [datetime.fromisoformat(at) for at, _, _ in rows]
        assert times == sorted(times)


@pytest.mark.parametrize("stream", ["I-1", "E-1"])
async def test_an_exercise_says_so_on_every_page(store: SqliteStore, tmp_path: Path, stream: str) -> None:
    """No page of an exercise's forms can be taken for a real one, nor the reverse; and each says how many there are."""
    found = pages(await copied(await played(store, stream), ics214, tmp_path / "x.pdf", stream=stream))
    for number, page in enumerate(found, 1):
        assert (EXERCISE in page) == (stream == "E-1")
        assert f"{number} of \n{len(found)}" in page
        assert "for auditor" in page


async def test_the_period_ends_with_the_incident(store: SqliteStore, tmp_path: Path) -> None:
    """What the machine still did after it was closed (signed states that are posted, messages that arrive) does not lengthen it; nor does a reading."""
    await played(store)
    until = "Time from: 14:00   Time to: 14:12"
    later = f.CheckpointPosted("c1", 3, "00", FIRE, "fire", "matrix")
    arrived = f.MessageUnknown("s1", FIRE, "no answer", None)
    for minutes, fact in ((30, later), (40, arrived), (50, f.LogRead("operator", None, "r", 3))):
        await store.commit(Changes(NOON + timedelta(minutes=minutes), records=[("I-1", BOOK.digest, fact)]))
    for recipient in (AUDITOR, FOR_FIRE):
        assert until in "\n".join(pages(await copied(store, ics214, tmp_path / "x.pdf", recipient)))


async def test_a_partner_without_a_part_gets_a_form_with_what_is_everybodys(store: SqliteStore, tmp_path: Path) -> None:
    """Whoever did nothing and was told nothing still gets a proper form, with what was announced to all."""
    nobody = Recipient("press", "Press office", frozenset({"press"}))
    said = "\n".join(pages(await copied(await played(store), ics214, tmp_path / "x.pdf", nobody)))
    assert "Assisting or cooperating agency" in said
    assert "No person is shown to have acted." in said
    assert "fire" not in said
