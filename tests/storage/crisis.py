"""A short crisis in a real store, with alerts that are updated, cancelled and taken back, words in many scripts, and a partner that stays silent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from playbooks.rooms import RoomRef
from storage import facts as f
from storage.database import SqliteStore
from storage.export.copy import Form
from storage.export.for_whom import AUDITOR, Recipient
from storage.export.making import Asked, make
from storage.store import Changes
from tests.playbooks.small import changed, read
from tests.storage.moments import at

BOOK = read(changed("event: Flood", "event: {en: Flood, fr: Inondation}"))
NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
CITY, FIRE = RoomRef("telegram", "-1"), RoomRef("matrix", "!fire:example.org")
FIRE_TELEGRAM, AID = RoomRef("telegram", "-2"), RoomRef("telegram", "-3")
FOR_FIRE = Recipient("fire", "Fire brigade", frozenset({"city", "fire"}), frozenset({"P-2"}))
NOTE = "Straße, Ελλάδα, Київ, الطريق 42 مغلق, 北京, ไทย, 🚨, \x07 and <b>&"
RULE = "small:3"


class Crisis:
    """Puts facts into a store, each a minute after the other unless they belong together."""

    def __init__(self, store: SqliteStore, stream: str) -> None:
        self.store = store
        self.stream = stream
        self.now = NOON
        self._sends = 0

    async def happen(self, *facts: f.Fact) -> None:
        """These happen at one time."""
        books = [(BOOK.digest, BOOK.source)] if self.now == NOON else []
        records = [(self.stream, BOOK.digest, fact) for fact in facts]
        await self.store.commit(Changes(self.now, records=records, playbooks=books))
        self.now += timedelta(minutes=1)

    def shown(self, about: str, partner: str, room: RoomRef, language: str, /, **fields: object) -> f.Disclosed:
        """A message to a room; a field is its value, or {"withheld"} as it is."""
        self._sends += 1
        said = {
            name: value if isinstance(value, dict) else {"form": "exact", "value": value, "rule": 1}
            for name, value in fields.items()
        }
        return f.Disclosed(f"s{self._sends}", about, partner, room, language, "TLP:AMBER", 1, said)


def issued(alert: str, what: str, *, updates: tuple[str, ...] = ()) -> f.AlertIssued:
    """An alert of the city's."""
    fields = {"what": {"text": what}, "where": {"place": "Town", "areas": ["town"], "point": None}}
    until = NOON + timedelta(hours=6)
    return f.AlertIssued(
        alert, "D-1", "evacuation", "city", "P-1", "P-1", False, "by", RULE, ("be",), None, until, fields, updates
    )


def sent(one: f.Disclosed) -> f.MessageSent:
    """The network accepted it."""
    return f.MessageSent(one.send, one.room, f"m-{one.send}")


def ended(one: f.Disclosed, how: str) -> f.MessageTracked:
    """The message says that its alert is over."""
    return f.MessageTracked(one.send, how, one.about, one.partner, one.room)


async def played(store: SqliteStore, stream: str = "I-1") -> SqliteStore:
    """The crisis, in this stream."""
    it = Crisis(store, stream)
    await it.happen(
        f.IncidentOpened(stream, "small", 1, "High water", "P-1", "city", CITY, "watch", False, False, RULE),
        f.LeadTaken("operational", "be", ("city",), "city", (), "Law of 2007", RULE),
    )
    first = [
        it.shown("A-1", "city", CITY, "en", what="The dyke broke", where="Town"),
        it.shown("A-1", "fire", FIRE, "en", what="The dyke broke", where="Town"),
        it.shown("A-1", "fire", FIRE_TELEGRAM, "fr", what="The dyke broke", where="Town"),
        it.shown("A-1", "aid", AID, "en", what="The dyke broke", where={"withheld": "no-permit", "rule": None}),
    ]
    await it.happen(issued("A-1", "The dyke broke"), f.AlertAddressed("A-1", {"aid": {"status": "shown"}}), *first)
    refused = f.MessageRefused(first[3].send, AID, "the bot was thrown out")
    await it.happen(*map(sent, first[:3]), refused)
    await it.happen(f.Acknowledged("A-1", "fire", "P-2", FIRE, "acting", "button"))
    await it.happen(
        f.Escalated("A-1", "aid", 0, "remind", (str(AID),), 0),
        it.shown("A-1", "aid", AID, "en", what="The dyke broke", where={"withheld": "no-permit", "rule": None}),
    )
    second = [
        it.shown("A-2", "fire", FIRE, "en", what="Two dykes broke", where={"form": "area", "value": ["town"]}),
        it.shown("A-2", "fire", FIRE_TELEGRAM, "en", what="Two dykes broke", where="Quay 4"),
    ]
    await it.happen(
        issued("A-2", "Two dykes broke", updates=("A-1",)), f.AlertSuperseded("A-1", "A-2"), *second, *map(sent, second)
    )
    await it.happen(f.NoteAdded("P-2", "fire", FIRE, NOTE))
    words = {"_decision": "Open the hall", "rationale": "The school\nis flooded", "rejected": None}
    await it.happen(f.DecisionTaken("K-1", "P-2", "fire", FIRE, RULE, words))
    over = it.shown("A-2", "fire", FIRE, "en", _note="Go <home> & rest")
    cancelled = f.AlertCancelled("A-2", "P-1", "city", False, "Go <home> & rest", RULE)
    await it.happen(cancelled, over, ended(over, "cancelled"), sent(over))
    third = it.shown("A-3", "fire", FIRE, "en", what="Wrong", where="Town")
    await it.happen(issued("A-3", "Wrong"), third, sent(third))
    gone = it.shown("A-3", "fire", FIRE, "en")
    await it.happen(f.AlertRetracted("A-3", "P-1", "city", None, RULE), ended(gone, "retracted"), sent(gone))
    await it.happen(f.LeadTaken("operational", "be", ("fire",), "fire", (), "Law of 2007", RULE))
    await it.happen(f.IncidentClosed("P-1", "city", None))
    return store


async def copied(
    store: SqliteStore, form: Form, path: Path, recipient: Recipient = AUDITOR, stream: str = "I-1"
) -> bytes:
    """A copy in a form, as it is made for somebody."""
    asked = Asked(stream, recipient, "operator", "Inquiry 14: who knew?", "copy", "Law of inquiries", "Europe/Brussels")
    await make(store, asked, form, path, now=at(NOON + timedelta(days=1)), replace=True)
    return path.read_bytes()
