"""The activity log of each partner, as ICS 214 has its blocks."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from storage import facts as f
from storage.database import SqliteStore
from storage.entry import EXERCISE
from storage.export.for_whom import AUDITOR, Recipient
from storage.export.ics214 import ics214
from storage.store import Changes
from tests.storage.crisis import (
    BOOK,
    CITY,
    FIRE,
    FIRE_TELEGRAM,
    FOR_FIRE,
    NOON,
    RULE,
    Crisis,
    copied,
    issued,
    played,
    sent,
)  # fmt: skip
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
        "Date from: 2026-07-01   Date to: 2026-07-01", "Time from: 14:00   Time to: 14:12   (Europe/Brussels)", "Lead operational be, from 14:11",
        "P-2\nAgency representative\nFire brigade (fire)", "A-1 (Evacuate) delivered by Matrix: what: The dyke broke, where: Town", "A-1: fire answers acting",
        "Decision K-1", "A-2: told by Matrix that it is cancelled", "A-3: told by Matrix that it is withdrawn", "Name: operator",
        "Date/time: 2026-07-02 14:00:00 (Europe/Brussels)", "Inquiry 14: who knew?", "Law of inquiries", "Withheld",
    ):  # fmt: skip
        assert passage in said, passage
    note = await store.checkpoint("I-1")
    assert note is not None
    assert all(line in said for line in note.splitlines())
    assert "aid" not in said
    assert said.count("A-1 (Evacuate) delivered") == 1


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
        assert f"{number} / \n{len(found)}" in page
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


async def forms(store: SqliteStore, tmp_path: Path, recipient: Recipient = AUDITOR) -> dict[str, str]:
    """Each partner's form, on lines as they stand."""
    found = pages(await copied(store, ics214, tmp_path / "x.pdf", recipient))
    whose = [re.findall(r"^ICS 214 · .* · (\w+)$", page, re.MULTILINE) or [""] for page in found]
    said: dict[str, str] = {}
    for page, [partner] in zip(found, whose, strict=True):
        said[partner] = said.get(partner, "") + page.partition("Entry\n")[2]
    return said


async def test_what_no_network_accepted_was_not_delivered(store: SqliteStore, tmp_path: Path) -> None:
    """Each alert stands in its partner's log when its network says what became of it: accepted, refused, dropped, unknown, or nothing yet."""
    crisis = Crisis(store, "I-1")
    names = ("arrived", "refused", "dropped", "doubt", "again", "waiting")
    sends = {name: crisis.shown("A-1", name, FIRE, "en", what="Water") for name in names}
    late = crisis.shown("A-1", "refused", FIRE_TELEGRAM, "fr", what="Water")
    await crisis.happen(issued("A-1", "Water"), *sends.values(), late)
    await crisis.happen(
        sent(sends["arrived"]),
        f.MessageRefused(sends["refused"].send, FIRE, "thrown out"),
        f.MessageDropped(sends["dropped"].send, FIRE, "too late"),
        f.MessageUnknown(sends["doubt"].send, FIRE, "time-out", None),
        f.MessageUnknown(sends["again"].send, FIRE, "time-out", "s99"),
    )
    await crisis.happen(f.MessageSent("s99", FIRE, "m"), sent(late))
    said = await forms(store, tmp_path)
    for partner, words in {
        "arrived": ["2026-07-01 14:01:00\nA-1 (Evacuate) delivered by Matrix: what: Water\n8\n"],
        "refused": [
            "A-1 (Evacuate) not delivered by Matrix: thrown out\n9",
            "14:02:00\nA-1 (Evacuate) delivered by Telegram: what: Water\n14",
        ],
        "dropped": ["A-1 (Evacuate) not delivered by Matrix: too late\n10"],
        "doubt": ["A-1 (Evacuate) perhaps delivered by Matrix, nobody knows: time-out\n11"],
        "again": [
            "A-1 (Evacuate) perhaps delivered by Matrix, nobody knows: time-out\n12",
            "A-1 (Evacuate) delivered by Matrix: what: Water\n13",
        ],
        "waiting": ["14:00:00\nA-1 (Evacuate) not known to be delivered by Matrix\n6"],
    }.items():
        assert all(one in said[partner] for one in words), (partner, said[partner])


async def test_an_act_stands_in_the_log_of_whose_person_did_it(store: SqliteStore, tmp_path: Path) -> None:
    """Who rings another partner does so for their own: their id is not among what the other did, which reads that it was reached and what it answered."""
    crisis = Crisis(store, "I-1")
    await crisis.happen(f.CallTaken("A-1", "aid", "P-4"), f.CallReported("A-1", "aid", "P-4", True, None))
    await crisis.happen(f.Acknowledged("A-1", "aid", "P-4", FIRE, "acting", "phone"))
    await crisis.happen(f.NoteAdded("P-4", "fire", FIRE, "on the way"))
    said = await forms(store, tmp_path)
    assert "P-4" not in said["aid"]
    assert "A-1: reached by telephone\n1\n" in said["aid"]
    assert "A-1: answers acting, by telephone\n2\n" in said["aid"]
    for words in (
        "P-4 rings aid",
        "P-4 reached aid by telephone",
        "aid answers acting (P-4, telephone)",
        "Note by P-4",
    ):
        assert words in said["fire"], words


async def test_a_round_stands_in_the_logs_of_those_asked(store: SqliteStore, tmp_path: Path) -> None:
    """Who was asked and when, in whose log the round was begun, and that it is over; not in the log of who was not asked."""
    crisis = Crisis(store, "I-1")
    await crisis.happen(f.NoteAdded("P-1", "city", CITY, "x"), f.NoteAdded("P-3", "press", CITY, "x"))
    asked = {"fire": {"rooms": [str(FIRE)]}, "aid": None}
    begun = f.CheckinStarted("C-1", "hourly", "hand", "P-1", NOON, None, asked)
    await crisis.happen(begun, f.MessageTracked("s1", "prompt", "C-1", "fire", FIRE), f.MessageSent("s1", FIRE, "m"))
    await crisis.happen(f.CheckinEnded("C-1", "next", None))
    said = await forms(store, tmp_path)
    assert "C-1 (hourly): asked by Matrix\n4\n" in said["fire"]
    assert "C-1 is over: next\n5\n" in said["fire"] and "C-1 is over: next\n5\n" in said["aid"]
    assert "asked by" not in said["aid"]
    assert "Check-in hourly, round C-1, begins" in said["city"]
    assert "C-1" not in said["press"]


async def test_a_roll_call_stands_in_the_log_of_whom_it_asks(store: SqliteStore, tmp_path: Path) -> None:
    """Its beginning, whoever asked for it and may not be named, and its end; another partner's log has neither."""
    crisis = Crisis(store, "I-1")
    persons = {"P-2": {"partner": "fire", "name": "Ada"}}
    await crisis.happen(
        f.RollCallStarted("R-1", "fire", "P-1", "city", persons), crisis.shown("R-1", "fire", FIRE, "en", _people=1)
    )
    await crisis.happen(f.NoteAdded("P-3", "press", CITY, "x"), f.RollCallEnded("R-1", "complete", None))
    mine = (await forms(store, tmp_path, replace(FOR_FIRE, knows=frozenset({"fire"}))))["fire"]
    assert "Roll call R-1\n0\n" in mine and "R-1 is over: complete\n3\n" in mine
    whole = await forms(store, tmp_path)
    assert "Roll call R-1 of fire, by P-1 of City\n0\n" in whole["fire"]
    assert "R-1" not in whole["press"]


async def test_positions_are_what_the_log_proves(store: SqliteStore, tmp_path: Path) -> None:
    """Who decided or took over acted as the lead, whom the law's duties were shown to is an official, others represent; and leads have their times."""
    crisis = Crisis(store, "I-1")
    lead = f.LeadTaken("operational", "be", ("fire",), "fire", (), None, RULE)
    offer = f.LeadOffered(
        "H-1", "operational", "be", ("fire",), ("city",), "city", (), None, RULE, "hand", "P-3", "fire", None
    )
    await crisis.happen(lead, f.NoteAdded("P-3", "fire", FIRE, "x"), f.DutyShown(RULE, "city", "P-2", CITY))
    await crisis.happen(f.DecisionTaken("K-1", "P-4", "fire", FIRE, RULE, {"_decision": "x"}), offer)
    await crisis.happen(f.LeadOfferEnded("H-1", "accepted", "P-1", "city", None), replace(lead, partners=("city",)))
    said = "\n".join(pages(await copied(store, ics214, tmp_path / "x.pdf")))
    for words in (
        "Lead operational be, from 14:00 to\n14:02", "Lead operational be, from 14:02", "P-3\nAgency representative\nfire\n",
        "P-4\nLead operational be\nfire\n", "P-1\nLead operational be\nCity (city)\n", "P-2\nOfficial\nCity (city)\n",
    ):  # fmt: skip
        assert words in said, words


async def test_a_partner_without_a_part_gets_a_form_with_what_is_everybodys(store: SqliteStore, tmp_path: Path) -> None:
    """Whoever did nothing and was told nothing still gets a proper form, with what was announced to all."""
    nobody = Recipient("press", "Press office", frozenset({"press"}))
    said = "\n".join(pages(await copied(await played(store), ics214, tmp_path / "x.pdf", nobody)))
    assert "Assisting or cooperating agency" in said
    assert "No person is shown to have acted." in said
    assert "fire" not in said
    assert "Closed\n" in said
    assert "(withheld)" not in said.partition("8. Prepared by")[0]
