"""A small incident as an HTML report, and what stands in such a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

from playbooks.rooms import RoomRef
from storage.database import SqliteStore
from storage.export.for_whom import AUDITOR, Recipient
from storage.export.html import html
from storage.export.making import Asked, make
from storage.facts import (
    Acknowledged,
    AlertAddressed,
    AlertCancelled,
    AlertIssued,
    Disclosed,
    Fact,
    IncidentOpened,
    LeadTaken,
    MessageRefused,
    MessageSent,
    MessageUnknown,
    NoteAdded,
)
from storage.store import Changes
from tests.storage.moments import at
from tests.storage.small import DIGEST, NOW, PLAYBOOK

FIRE_ROOM = RoomRef("matrix", "!fire:example.org")
POLICE_ROOM = RoomRef("telegram", "-1007")
ZONE = "Europe/Brussels"
FIRE = Recipient("fire", "Fire brigade", frozenset({"fire"}))

HOSTILE = (
    "</script><script>window.hacked = 1</script>",
    "<!-- <script> <img src=x onerror='window.hacked = 2'>",
    "]]></style><style>body { display: none }</style>",
    "one\u2028two\u2029three",
    "invoice\u202egnp.exe\u2066",
    "W" * 20_000,
    "\x00\x07\x1b[31m\x7f\u0085\ufeff",
    "\\u003c is not <, \U0001f691 is one character, \U0010ffff another, e\u0301 two",
    "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324\u031e\u0349\u035a\u032f\u031e\u0320\u034da\u036b",
)


def story(stream: str = "I-1") -> list[tuple[Fact, int]]:
    """Facts with their minute: an alert, who was shown what of it, one who answers, one who does not, a change of the lead."""
    shown = {"form": "exact", "value": "Quai évacué", "rule": 12, "agreements": ["emric"], "basis": None}
    withheld = {"withheld": "clearance", "detail": "red", "rule": 14}
    addressed = {name: {"status": "shown", "rooms": []} for name in ("fire", "police")}
    return [
        (IncidentOpened(stream, "meuse-flood", 1, "Crue", "P-1", None, FIRE_ROOM, "alert", False, False, "m:9"), 0),
        (LeadTaken("operational", "be", ("fire",), "fire", (), "Loi du 15 mai 2007", "m:331"), 0),
        (AlertIssued("A-1", "D-1", "evacuation", "city", "P-1", "P-2", False, "b", "m:1", (), None, None, {}), 2),
        (AlertAddressed("A-1", addressed), 2),
        (
            Disclosed("s-1", "A-1", "fire", FIRE_ROOM, "fr", "GREEN", 1, {"action": shown, "people": withheld}),
            2,
        ),
        (Disclosed("s-2", "A-1", "police", POLICE_ROOM, "fr", "GREEN", 1, {"action": shown, "people": None}), 2),
        (MessageSent("s-1", FIRE_ROOM, "m-1"), 2),
        (MessageUnknown("s-2", POLICE_ROOM, "the network was gone", None), 3),
        (MessageRefused("s-3", POLICE_ROOM, "no such room"), 3),
        (Acknowledged("A-1", "fire", "P-3", FIRE_ROOM, "acting", "button"), 6),
        (LeadTaken("operational", "be", ("police",), "police", (), None, "m:332"), 20),
        (NoteAdded("P-1", None, FIRE_ROOM, "Le pont est fermé."), 30),
        (AlertCancelled("A-1", "P-1", "city", False, None, "m:1"), 40),
    ]


async def fill(store: SqliteStore, stream: str = "I-1", *more: Fact) -> None:
    """Put the story into a store, and more facts after it."""
    facts = [*story(stream), *((fact, 50) for fact in more)]
    await store.commit(
        Changes(NOW, records=[(stream, DIGEST, facts[0][0])], playbooks=[(DIGEST, PLAYBOOK)]),
    )
    for fact, minute in facts[1:]:
        await store.commit(Changes(minutes(minute), records=[(stream, DIGEST, fact)]))


def minutes(many: int) -> datetime:
    """So many minutes after the incident began."""
    return NOW + timedelta(minutes=many)


def asked(stream: str = "I-1", recipient: Recipient = AUDITOR) -> Asked:
    """The report that is asked for."""
    return Asked(stream, recipient, "operator", "inquiry", "html", "Art. 12", ZONE)


async def report(store: SqliteStore, path: Path, stream: str = "I-1", recipient: Recipient = AUDITOR) -> Path:
    """The report of a stream, in a file."""
    await make(store, asked(stream, recipient), html, path, now=at(minutes(60)))
    return path


@dataclass
class Elements(HTMLParser):
    """What an HTML parser finds: the names of the elements, what the scripts and styles hold, and all attributes."""

    names: list[str] = field(default_factory=list)
    scripts: list[tuple[Mapping[str, str | None], str]] = field(default_factory=list)
    style: str = ""
    attributes: list[tuple[str, str | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs
        if tag == "script":
            self.scripts.append((dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script" and self.cdata_elem == "script":
            attributes, text = self.scripts[-1]
            self.scripts[-1] = attributes, text + data
        elif self.cdata_elem == "style":
            self.style += data

    @property
    def seal(self) -> str:
        return next(text for attributes, text in self.scripts if attributes.get("id") == "seal")

    @property
    def lines(self) -> list[list[str]]:
        """Leaf, entry and disclosures of each line of the log."""
        blocks = [text for attributes, text in self.scripts if attributes.get("class") == "log"]
        return [
            line.split("\t") for block in blocks for line in block.removeprefix("\n").removesuffix("\n").split("\n")
        ]

    @property
    def program(self) -> str:
        [text] = [text for attributes, text in self.scripts if not attributes]
        return text


def parsed(text: str) -> Elements:
    """A report as a browser would take it apart."""
    found = Elements()
    found.feed(text)
    found.close()
    return found


def changed(text: str, line: int, column: int, find: str = "") -> str:
    """A report with one character of a line of the log changed: in its leaf (0), entry (1) or disclosures (2), where ``find`` stands."""
    at = [match.start() for match in re.finditer(r"^[0-9a-f]{64}\t", text, re.MULTILINE)][line]
    for _ in range(column):
        at = text.index("\t", at) + 1
    at = text.index(find, at) if find else at + 5
    return text[:at] + ("x" if text[at] != "x" else "y") + text[at + 1 :]
