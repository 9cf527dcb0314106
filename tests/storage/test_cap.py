"""Alerts as CAP 1.2: each as a partner was sent it, by the standard's rules."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.database import SqliteStore
from storage.export.cap import cap
from storage.export.cap_alert import Info, Message, when
from storage.export.copy import AUDITOR, Recipient
from tests.examples import examples
from tests.storage.cap_rules import CAP, text, wrong
from tests.storage.crisis import FOR_FIRE, NOON, copied, played

ATOM = "{http://www.w3.org/2005/Atom}"


def alerts(data: bytes) -> list[Element]:
    """The CAP messages of a feed."""
    return [
        one for entry in fromstring(data).findall(f"{ATOM}entry") for one in entry.findall(f"{ATOM}content/{CAP}alert")
    ]


def kinds(data: bytes) -> list[tuple[str | None, str | None]]:
    """(identifier without the entry, msgType) of each message."""
    return [((text(one, "identifier") or "").split(".")[0], text(one, "msgType")) for one in alerts(data)]


@pytest.mark.parametrize("recipient", [AUDITOR, FOR_FIRE], ids=["auditor", "fire"])
@pytest.mark.parametrize("stream", ["I-1", "E-1", "X-1"])
async def test_every_message_keeps_the_rules(
    store: SqliteStore, tmp_path: Path, recipient: Recipient, stream: str
) -> None:
    """Element order, words, times, names and references are as CAP 1.2 has them, for whomever, exercise or not."""
    data = await copied(await played(store, stream), cap, tmp_path / "x.xml", recipient, stream)
    assert len(alerts(data)) > 4
    assert [(text(one, "identifier"), wrong(one)) for one in alerts(data) if wrong(one)] == []


def test_the_rules_are_strict() -> None:
    """What breaks the standard in one place is found, so that the test above can fail."""
    info = Info("en", ["Met"], "Flood", [], "Future", "Minor", "Likely", None, None, None, None, None, [], None)
    right = Message("A-1.3", "liege", when(NOON, "UTC"), "Actual", "Alert", None, ["fire"], [], "n", [], "I-1", [info])
    whole = right.xml()
    assert wrong(fromstring(whole)) == []
    for old, new in (
        ("-00:00<", "Z<"),
        ("-00:00<", "+00:00<"),
        ("A-1.3<", "A-1 3<"),
        ("liege<", "a,b<"),
        ("Actual", "Real"),
        ("Met", "Flood"),
        ("Future", "Later"),
        ("<msgType>Alert", "<msgType>Cancel"),
        ("<language>en</language>", "<language>en us</language>"),
        ("<category>Met</category>\n", ""),
        ("<addresses>fire</addresses>\n", ""),
        ("<scope>Private</scope>\n", ""),
        ("Private", "Restricted"),
        ("<event>Flood</event>\n", "<event>Flood</event>\n<event>Flood</event>\n"),
        ("<language>en</language>\n<category>Met</category>\n", "<category>Met</category>\n<language>en</language>\n"),
        ("</info>", "<area></area></info>"),
        ("</info>", "</info><info></info>"),
    ):
        assert whole.count(old) == 1, old
        assert wrong(fromstring(whole.replace(old, new))), (old, new)


async def test_an_alert_is_followed_through_its_life(store: SqliteStore, tmp_path: Path) -> None:
    """Alert, update, cancel and error, each naming what the same partner was sent before; what only repeats is no message."""
    data = await copied(await played(store), cap, tmp_path / "x.xml")
    assert kinds(data) == [
        ("A-1", "Alert"), ("A-1", "Alert"), ("A-1", "Alert"), ("A-2", "Update"), ("A-2", "Update"), ("A-2", "Cancel"), ("A-3", "Alert"),
        ("A-3", "Error"),
    ]  # fmt: skip
    by = {text(one, "identifier"): one for one in alerts(data)}
    for one in by.values():
        for reference in (text(one, "references") or "").split():
            sender, identifier, sent = reference.split(",")
            earlier = by[identifier]
            assert (text(earlier, "sender"), text(earlier, "sent")) == (sender, sent)
            assert text(earlier, "addresses") == text(one, "addresses")
    cancel = next(one for one in by.values() if text(one, "msgType") == "Cancel")
    assert (text(cancel, "note") or "").startswith("Go <home> & rest")


async def test_languages_and_rooms(store: SqliteStore, tmp_path: Path) -> None:
    """Languages told at once are one message with an info for each; different words in one language are two messages."""
    data = await copied(await played(store), cap, tmp_path / "x.xml", FOR_FIRE)
    first, second, third = alerts(data)[:3]
    assert [text(info, "language") for info in first.findall(CAP + "info")] == ["en", "fr"]
    assert [text(one, "identifier") for one in (second, third)] == ["A-2.17", "A-2.18"]
    assert second.findtext(f"{CAP}info/{CAP}area/{CAP}areaDesc") != third.findtext(f"{CAP}info/{CAP}area/{CAP}areaDesc")


async def test_a_partner_is_told_no_more_than_it_was(store: SqliteStore, tmp_path: Path) -> None:
    """An auditor's copy is classed as the playbook has it and says what was withheld; a partner's has its own messages, and Unknown."""
    await played(store)
    whole = alerts(await copied(store, cap, tmp_path / "a.xml"))
    mine = alerts(await copied(store, cap, tmp_path / "f.xml", FOR_FIRE))
    assert {text(one, "addresses") for one in whole} == {"city", "fire", "aid"}
    assert {text(one, "addresses") for one in mine} == {"fire"}
    info, own = (one.find(CAP + "info") for one in (whole[0], mine[0]))
    assert info is not None and own is not None
    assert [text(info, name) for name in ("category", "event", "severity", "headline")] == [
        "Safety",
        "Flood",
        "Extreme",
        "Evacuate",
    ]
    assert [text(own, name) for name in ("category", "urgency", "severity", "certainty")] == ["Other", *["Unknown"] * 3]
    assert [text(own, name) for name in ("event", "headline", "senderName")] == ["Evacuate", "Evacuate", "City"]
    areas = [one.findtext(f"{CAP}info/{CAP}area/{CAP}areaDesc") for one in mine]
    assert "Town" in areas and "town" not in areas
    aid = next(one for one in whole if text(one, "addresses") == "aid")
    assert aid.findtext(f"{CAP}info/{CAP}parameter/{CAP}value") == "where"
    assert text(info, "expires") == "2026-07-01T20:00:00+02:00"
    assert text(own, "expires") is None


@pytest.mark.parametrize(("stream", "status"), [("I-1", "Actual"), ("E-1", "Exercise"), ("X-1", "Test")])
async def test_an_exercise_is_never_actual(store: SqliteStore, tmp_path: Path, stream: str, status: str) -> None:
    """The status says what it was, and an exercise's messages name the exercise in words too."""
    data = await copied(await played(store, stream), cap, tmp_path / "x.xml", stream=stream)
    assert {text(one, "status") for one in alerts(data)} == {status}
    notes = [text(one, "note") or "" for one in alerts(data)]
    assert all(("EXERCISE" in note and stream in note) == (stream == "E-1") for note in notes)


async def test_the_feed_states_what_it_is(store: SqliteStore, tmp_path: Path) -> None:
    """For whom, by whom, why, on which basis, what is withheld, and the signed checkpoint; and the same copy has the same bytes."""
    await played(store)
    data = await copied(store, cap, tmp_path / "x.xml", FOR_FIRE)
    said = fromstring(data).findtext(f"{ATOM}subtitle") or ""
    note = await store.checkpoint("I-1")
    assert note is not None
    for word in ("Fire brigade (fire)", "operator", "Inquiry 14: who knew?", "Law of inquiries", "Withheld", note):
        assert word in said


@settings(max_examples=examples(200))
@given(st.text(), st.text())
def test_hostile_words_stay_words(words: str, name: str) -> None:
    """Whatever people typed, the message can be read, keeps the rules' shape, and says what they typed but for what XML cannot hold."""
    info = Info(
        "en",
        ["Met"],
        "x",
        [],
        "Future",
        "Minor",
        "Likely",
        None,
        None,
        None,
        words or "-",
        None,
        [("p", words + "-")],
        "a",
    )
    message = Message(
        "A-1.1", "s", when(NOON, "Asia/Kathmandu"), "Actual", "Alert", None, [name], [], "n", [], name + "-", [info]
    )
    read = fromstring(message.xml())
    kept = read.findtext(f"{CAP}info/{CAP}description") or ""
    plain = "".join(
        c if c in "\t\n\r" or " " <= c < "\ud800" or "\ue000" <= c <= "\ufffd" or c > "\uffff" else "\ufffd"
        for c in words
    )
    assert kept == (plain or "-")
    assert text(read, "sent") == "2026-07-01T17:45:00+05:45"
