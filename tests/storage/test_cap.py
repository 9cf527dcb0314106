"""Alerts as CAP 1.2: each as a partner was sent it, by the standard's rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from storage import facts as f
from storage.database import SqliteStore
from storage.export.cap import cap
from storage.export.cap_alert import Ground, Info, Message, identifier, when
from storage.export.for_whom import AUDITOR, Recipient
from tests.examples import examples
from tests.storage.cap_rules import CAP, text, wrong
from tests.storage.crisis import (
    AID,
    CITY,
    FIRE,
    FIRE_TELEGRAM,
    FOR_FIRE,
    NOON,
    RULE,
    Crisis,
    copied,
    ended,
    issued,
    played,
    sent,
)

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


def message(**other: object) -> Message:
    """An alert that keeps the rules, with some parts otherwise."""
    ground = Ground("Town", (50.6, 5.6, 2.0), ((50.7, 5.6), (50.8, 5.7), (50.7, -5.7)))
    info = Info("en", ["Met"], "Flood", [], "Future", "Minor", "Likely", None, None, None, None, None, [], [ground])
    right = Message("A-1.3", "liege", when(NOON, "UTC"), "Actual", "Alert", None, ["fire"], "n", [], "I-1", [info])
    return replace(right, **other)  # type: ignore[arg-type]


def test_the_rules_are_strict() -> None:
    """What breaks the standard in one place is found, so that the tests of what is written can fail."""
    whole = message().xml()
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
        ("<addresses>fire<", '<addresses>"fire<'),
        ("<scope>Private</scope>\n", ""),
        ("Private", "Restricted"),
        ("<event>Flood</event>\n", "<event>Flood</event>\n<event>Flood</event>\n"),
        ("<language>en</language>\n<category>Met</category>\n", "<category>Met</category>\n<language>en</language>\n"),
        ("</info>", "<area></area></info>"),
        ("</info>", "</info><info></info>"),
        ("50.6,5.6 2<", "50.6 5.6 2<"),
        ("50.6,5.6 2<", "50.6,5.6<"),
        ("50.6,5.6 2<", "95.6,5.6 2<"),
        (" 50.7,5.6<", "<"),
        ("50.7,5.6 50.8,5.7 50.7,-5.7 50.7,5.6", "50.7,5.6 50.8,5.7 50.7,5.6"),
        ("50.8,5.7 ", "50.8,5.7,2 "),
    ):
        assert whole.count(old) == 1, old
        assert wrong(fromstring(whole.replace(old, new))), (old, new)


@pytest.mark.parametrize(
    ("label", "scope", "restriction"),
    [
        ("TLP:CLEAR", "Public", None),
        ("TLP:GREEN", "Restricted", "TLP:GREEN"),
        ("TLP:AMBER", "Restricted", "TLP:AMBER"),
        ("TLP:AMBER+STRICT medical", "Restricted", "TLP:AMBER+STRICT medical"),
        ("TLP:CLEAR medical", "Restricted", "TLP:CLEAR medical"),
        ("TLP:RED", "Private", None),
        ("TLP:RED medical", "Private", None),
        (None, "Private", None),
    ],
)
def test_the_scope_follows_the_label(label: str | None, scope: str, restriction: str | None) -> None:
    """Red is for its addressees alone, clear for everyone, what lies between restricts, and what has no label is nobody else's; the label is always said."""
    one = fromstring(message(label=label).xml())
    assert wrong(one) == []
    assert [text(one, name) for name in ("scope", "restriction", "code")] == [scope, restriction, label]
    assert text(one, "addresses") == "fire"


def test_ground_is_drawn_as_the_standard_has_it() -> None:
    """A circle is its middle and radius; a polygon is closed once, also where its corners close it already; no number has an exponent."""
    corners = ((50.0, 5.0), (50.0, 6.0), (51.0, 6.0))
    for polygon in (corners, (*corners, corners[0])):
        one = fromstring(message(infos=[replace(message().infos[0], grounds=[Ground("a", None, polygon)])]).xml())
        assert one.findtext(f"{CAP}info/{CAP}area/{CAP}polygon") == "50,5 50,6 51,6 50,5"
    tiny = Ground("a", (0.00001, -0.5, 0.25), None)
    one = fromstring(message(infos=[replace(message().infos[0], grounds=[tiny])]).xml())
    assert one.findtext(f"{CAP}info/{CAP}area/{CAP}circle") == "0.00001,-0.5 0.25"
    assert wrong(one) == []


async def test_an_alert_is_followed_through_its_life(store: SqliteStore, tmp_path: Path) -> None:
    """Alert, update and cancel, each naming what the same partner was sent before; what only repeats, and what no network accepted, is no message."""
    data = await copied(await played(store), cap, tmp_path / "x.xml")
    assert kinds(data) == [
        ("A-1", "Alert"), ("A-1", "Alert"), ("A-2", "Update"), ("A-2", "Update"), ("A-2", "Cancel"), ("A-3", "Alert"), ("A-3", "Cancel"),
    ]  # fmt: skip
    by = {text(one, "identifier"): one for one in alerts(data)}
    for one in by.values():
        for reference in (text(one, "references") or "").split():
            sender, identifier, sent = reference.split(",")
            earlier = by[identifier]
            assert (text(earlier, "sender"), text(earlier, "sent")) == (sender, sent)
            assert text(earlier, "addresses") == text(one, "addresses")
    cancel, taken_back = (one for one in by.values() if text(one, "msgType") == "Cancel")
    assert (text(cancel, "note") or "").startswith("A-2 is cancelled: Go <home> & rest\n")
    assert (text(taken_back, "note") or "").startswith("A-3 is withdrawn: please do not use it or pass it on.\n")


async def test_whoever_was_told_that_it_is_over_gets_a_cancel(store: SqliteStore, tmp_path: Path) -> None:
    """Also where the words of whoever cancelled it were withheld, in whichever copy; once; and not who never had the alert or was not reached."""
    crisis = Crisis(store, "I-1")
    copies = [crisis.shown("A-1", whose, room, "en", what="Water") for whose, room in (("fire", FIRE), ("aid", AID))]
    await crisis.happen(issued("A-1", "Water"), *copies, *map(sent, copies))
    words = {"form": "exact", "value": "Go home", "rule": 1}
    withheld = {"withheld": "no-permit", "rule": None}
    told = [
        crisis.shown("A-1", "fire", FIRE, "en", _note=words),
        crisis.shown("A-1", "fire", FIRE_TELEGRAM, "en", _note=words),
        crisis.shown("A-1", "aid", AID, "en", _note=withheld),
        crisis.shown("A-1", "press", CITY, "en", _note=words),
    ]
    ends = [ended(one, "cancelled") for one in told]
    over = f.AlertCancelled("A-1", "P-1", "city", False, "Go home", RULE)
    await crisis.happen(over, told[0], ends[0], told[1], ends[1], ends[2], told[3], ends[3], *map(sent, told))
    whole = await copied(store, cap, tmp_path / "a.xml")
    assert [(text(one, "msgType"), text(one, "addresses")) for one in alerts(whole)] == [
        ("Alert", "fire"), ("Alert", "aid"), ("Cancel", "fire"), ("Cancel", "aid"),
    ]  # fmt: skip
    for whose, scope, said in (("fire", "Restricted", "cancelled: Go home\n"), ("aid", "Private", "cancelled.\n")):
        mine = alerts(await copied(store, cap, tmp_path / "p.xml", Recipient(whose, whose, frozenset({whose}))))
        assert [text(one, "msgType") for one in mine] == ["Alert", "Cancel"]
        assert [wrong(one) for one in mine] == [[], []]
        alert, cancel = mine
        assert text(cancel, "references") == ",".join(
            str(text(alert, name)) for name in ("sender", "identifier", "sent")
        )
        assert text(cancel, "scope") == scope
        assert said in (text(cancel, "note") or "")


async def test_what_takes_the_place_cancels_only_for_whom_it_is_not_shown(store: SqliteStore, tmp_path: Path) -> None:
    """Whoever has the alert and is not shown its successor was told that it stands no more; whoever is shown it has an update, wherever it was told so too."""
    crisis = Crisis(store, "I-1")
    rooms = (("fire", FIRE), ("fire", FIRE_TELEGRAM), ("aid", AID))
    first = [crisis.shown("A-1", whose, room, "en", what="Water") for whose, room in rooms]
    await crisis.happen(issued("A-1", "Water"), *first, *map(sent, first))
    second = crisis.shown("A-2", "fire", FIRE, "en", what="More water")
    told = [crisis.shown("A-1", "aid", AID, "en"), crisis.shown("A-1", "fire", FIRE_TELEGRAM, "en")]
    replaced = f.AlertSuperseded("A-1", "A-2")
    ends = [ended(one, "superseded") for one in told]
    await crisis.happen(issued("A-2", "More", updates=("A-1",)), replaced, second, *ends, *map(sent, (second, *told)))
    data = await copied(store, cap, tmp_path / "a.xml")
    assert [(text(one, "msgType"), text(one, "addresses")) for one in alerts(data)][2:] == [
        ("Update", "fire"),
        ("Cancel", "aid"),
    ]
    assert "A-1 does not stand any more.\n" in (text(alerts(data)[-1], "note") or "")


async def test_only_what_arrived_or_may_have_is_a_message(store: SqliteStore, tmp_path: Path) -> None:
    """Refused and not sent are no messages; unknown is one that says so; a part, or a repeat, that was accepted makes it one like any other."""
    crisis = Crisis(store, "I-1")
    a, b, c, d, e = (
        crisis.shown("A-1", partner, FIRE, "en", what="Water")
        for partner in ("refused", "nowhere", "doubt", "again", "part")
    )
    await crisis.happen(issued("A-1", "Water"), a, b, c, d, e)
    await crisis.happen(
        f.MessageRefused(a.send, FIRE, "thrown out"),
        f.MessageUnknown(c.send, FIRE, "time-out", None),
        f.MessageUnknown(d.send, FIRE, "time-out", "s99"),
        f.MessageSent("s99", FIRE, "m"),
        f.MessageSent(f"{e.send}-2", FIRE, "m"),
    )
    found = {
        str(text(one, "addresses")): text(one, "note") or "" for one in alerts(await copied(store, cap, tmp_path / "a"))
    }
    assert list(found) == ["doubt", "again", "part"]
    assert ["not known whether this arrived" in note for note in found.values()] == [True, False, False]


async def test_a_list_about_an_alert_is_no_update_of_it(store: SqliteStore, tmp_path: Path) -> None:
    """What the lead is told about an alert's answers shows nothing of the alert itself."""
    crisis = Crisis(store, "I-1")
    copy = crisis.shown("A-1", "city", CITY, "en", what="Water")
    listed = crisis.shown("A-1", "city", CITY, "en", _delivery=["aid"])
    await crisis.happen(issued("A-1", "Water"), copy, sent(copy))
    await crisis.happen(listed, sent(listed))
    assert kinds(await copied(store, cap, tmp_path / "a.xml")) == [("A-1", "Alert")]


async def test_languages_and_rooms(store: SqliteStore, tmp_path: Path) -> None:
    """Languages told at once are one message with an info for each, its event named in that language; different words in one language are two messages."""
    data = await copied(await played(store), cap, tmp_path / "x.xml", FOR_FIRE)
    first, second, third = alerts(data)[:3]
    said = [(text(info, "language"), text(info, "event")) for info in first.findall(CAP + "info")]
    assert said == [("en", "Flood"), ("fr", "Inondation")]
    assert [text(one, "identifier") for one in (second, third)] == ["A-2.17", "A-2.18"]
    assert second.findtext(f"{CAP}info/{CAP}area/{CAP}areaDesc") != third.findtext(f"{CAP}info/{CAP}area/{CAP}areaDesc")


async def test_a_partner_is_told_no_more_than_it_was(store: SqliteStore, tmp_path: Path) -> None:
    """An auditor's copy says what was withheld and when it ends; a partner's has its own messages alone, classed as the template has it, whose title it read."""
    await played(store)
    later = Crisis(store, "I-1")
    later.now = NOON + timedelta(hours=1)
    hidden = later.shown("A-3", "aid", AID, "en", what="Wrong", where={"withheld": "no-permit", "rule": None})
    await later.happen(hidden, sent(hidden))
    whole = alerts(await copied(store, cap, tmp_path / "a.xml"))
    mine = alerts(await copied(store, cap, tmp_path / "f.xml", FOR_FIRE))
    assert {text(one, "addresses") for one in whole} == {"city", "fire", "aid"}
    assert {text(one, "addresses") for one in mine} == {"fire"}
    info, own = (one.find(CAP + "info") for one in (whole[0], mine[0]))
    assert info is not None and own is not None
    for one in (info, own):
        names = ("category", "event", "urgency", "severity", "certainty", "headline", "senderName", "description")
        classed = ["Safety", "Flood", "Immediate", "Extreme", "Observed", "Evacuate", "City", "The dyke broke\nTown"]
        assert [text(one, name) for name in names] == classed
    areas = [one.findtext(f"{CAP}info/{CAP}area/{CAP}areaDesc") for one in mine]
    assert "Town" in areas and "town" not in areas
    drawn = [one.findtext(f"{CAP}info/{CAP}area/{CAP}circle") for one in mine]
    assert drawn == [None, "50.6,5.6 2", None, None, None, None]  # where the message named the area
    aid = next(one for one in whole if text(one, "addresses") == "aid")
    assert aid.findtext(f"{CAP}info/{CAP}parameter/{CAP}value") == "where"
    assert text(aid.findall(CAP + "info")[0], "description") == "Wrong"
    assert text(info, "expires") == "2026-07-01T20:00:00+02:00"
    assert text(own, "expires") is None


async def test_a_copy_that_no_playbook_tells_of_is_classed_as_unknown(store: SqliteStore, tmp_path: Path) -> None:
    """Where the template is not there any more, the message still stands, with its fields by their names."""
    crisis = Crisis(store, "I-1")
    copy = crisis.shown("A-1", "fire", FIRE, "en", what="Water", where="Town")
    await crisis.happen(replace(issued("A-1", "Water"), template="gone"), copy, sent(copy))
    [one] = alerts(await copied(store, cap, tmp_path / "a.xml"))
    assert wrong(one) == []
    info = one.find(CAP + "info")
    assert info is not None
    assert [text(info, name) for name in ("category", "severity", "event", "description")] == [
        "Other", "Unknown", "gone", "what: Water\nwhere: Town",
    ]  # fmt: skip


async def test_braces_that_people_typed_stay_braces(store: SqliteStore, tmp_path: Path) -> None:
    """A value with the name of a field in braces is not filled in."""
    crisis = Crisis(store, "I-1")
    copy = crisis.shown("A-1", "fire", FIRE, "en", what="{where} is {gone}", where="Town")
    await crisis.happen(issued("A-1", "x"), copy, sent(copy))
    [one] = alerts(await copied(store, cap, tmp_path / "a.xml"))
    assert one.findtext(f"{CAP}info/{CAP}description") == "{where} is {gone}\nTown"


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


HOSTILE = (
    "]]>",
    "<![CDATA[",
    "</alert>",
    "<!--",
    "&#0;",
    "&x;",
    "\x00\x0b\x1f\x7f",
    "\ufffe\uffff",
    "\ud800",
    "\r\n\u0085\u2028",
    "\u202e\U000e0001",
    '"<&>',
)


@settings(max_examples=examples(200))
@given(st.text() | st.sampled_from(HOSTILE), st.text() | st.sampled_from(HOSTILE))
@example("".join(HOSTILE), "".join(HOSTILE))
def test_hostile_words_stay_words(words: str, name: str) -> None:
    """Whatever people typed, the message can be read as UTF-8, keeps the rules' shape, and says what they typed but for what XML cannot hold."""
    info = Info(
        "en", ["Met"], "x", [], "Future", "Minor", "Likely", None, words, None, words or "-", None, [("p", words + "-")], [Ground(f"{name}-")],
    )  # fmt: skip
    sent_at = when(NOON, "Asia/Kathmandu")
    hostile = message(
        identifier=identifier(words), sender=identifier(name), sent=sent_at, addresses=[name or "-"], label=f"TLP:AMBER {words}".strip(), note=words, incident=name or "-", infos=[info]
    )  # fmt: skip
    read = fromstring(hostile.xml().encode())
    kept = read.findtext(f"{CAP}info/{CAP}description") or ""
    plain = "".join(
        c if c in "\t\n\r" or " " <= c < "\ud800" or "\ue000" <= c <= "\ufffd" or c > "\uffff" else "\ufffd"
        for c in words
    )
    assert kept == (plain or "-")
    assert text(read, "sent") == "2026-07-01T17:45:00+05:45"
    assert [one for one in wrong(read) if not one.endswith(" is empty")] == []  # a note of blanks is no fault of ours
