"""A crisis with facts of many kinds, the same but for what some of its partners may not see, put into a real store and copied for one of them.

Words that may be hidden are marked: none of them is an everyday word, so that each can be looked for in the bytes of a copy.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from io import BytesIO
from itertools import groupby
from pathlib import Path

from playbooks.load import Book, parse
from playbooks.rooms import RoomRef
from playbooks.spoken import Spoken
from storage.database import SqliteStore, open_store
from storage.effects import Urgency
from storage.export.forms import FORMS, form, made
from storage.export.making import Asked, make
from storage.export.recipients import recipient
from storage.facts import CopyHeld
from storage.store import Changes, Kept
from tests.handlers.checkin_stage import CHECKINS
from tests.handlers.command_stage import DUTIES, LEAD, MORE_SHARING, NEW_LEAD, SHARING
from tests.handlers.talk_stage import OPS, TalkStage
from tests.playbooks.border import BORDER, NOON
from tests.storage.moments import at
from tests.storage.pdf_text import pages, titles

CITY, FIRE = RoomRef("matrix", "!zqcityroom:x.org"), RoomRef("matrix", "!zqfireroom:x.org")
CITY_TELEGRAM, FIRE_TELEGRAM = RoomRef("telegram", "-1900110011"), RoomRef("telegram", "-1900120012")
BRANDWEER = RoomRef("matrix", "!zqdutchroom:x.org")
AID, HILFE, SILENT = (
    RoomRef("telegram", "-1900140014"),
    RoomRef("telegram", "-1900150015"),
    RoomRef("telegram", "-1900190019"),
)
ROOMS: Mapping[str, tuple[RoomRef, ...]] = {
    "city": (CITY, CITY_TELEGRAM),
    "fire": (FIRE, FIRE_TELEGRAM),
    "brandweer": (BRANDWEER,),
    "aid": (AID,),
    "hilfe": (HILFE,),
    "zqsilent": (SILENT,),
}
"""``zqsilent`` is the partner that is not listed."""

MAYOR, OFFICER, CHIEF = "matrix:@zqmayor:x.org", "matrix:@zqofficer:x.org", "matrix:@zqchief:x.org"
HELPER, HOOFD, WATCHER = "telegram:8800880088", "matrix:@zqhoofd:x.org", "telegram:8900890089"
DESK = RoomRef("telegram", "501")
_PEOPLE = {"aid": HELPER, "zqsilent": WATCHER, "city": MAYOR}

HIDDEN: Mapping[str, tuple[tuple[str, ...], tuple[str | None, ...]]] = {
    "people": (("aid", "hilfe", "zqsilent"), (None, "31415926", "0", "27182818")),
    "victims": (("brandweer", "aid", "hilfe", "zqsilent"), (None, "Zqadaword Lovelace", "Zqone Picard, Zqtwo Riker")),
    "secret": (("fire", "brandweer", "aid", "hilfe", "zqsilent"), (None, "Zqsecretdam breaks", "Zqotherdam")),
    "rationale": (("aid", "hilfe", "zqsilent"), (None, "zqrationale one", "zqbecause of two")),
    "rejected": (("aid", "hilfe", "zqsilent"), (None, "zqrejected", "zqnotchosen")),
    "acting": (("aid", "hilfe", "zqsilent"), ("Zqactingmayor", "Zqstandin the second")),
    "red": (("fire", "brandweer", "aid", "hilfe", "zqsilent"), ("zqredwords in talk", "zqhushhush")),
    "note": (("aid", "hilfe", "zqsilent"), ("zqnoteword", "zqremark")),
    "report": (("fire", "brandweer", "aid", "hilfe", "zqsilent"), ("zqreported smoke", "zqreported water")),
}
"""What may be hidden: from whom, and what it may be."""


def book() -> Book:
    """The border playbook with channels, check-ins, deputies, duties and means, and rooms and names that occur nowhere else."""
    text = BORDER
    for old, new in (
        ("phases: [watch, response]\n", "phases: [watch, response, recovery]\n"),
        (LEAD, NEW_LEAD),
        (SHARING, MORE_SHARING),
        ("alerts:\n", DUTIES.removesuffix("alerts:\n") + CHECKINS),
        ("name: Silent watchers", "name: Zqsilentname"),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    text = "\n".join(
        line.replace("}", ", for: [alerts, checkins, ops]}") if "rooms: [{" in line else line
        for line in text.splitlines()
    )
    text = text.replace("watchers", "zqsilent") + OPS
    for name, new in (("city", CITY), ("fire", FIRE), ("brandweer", BRANDWEER)):
        text = text.replace(f"#{name}:x.org", "#" + new.id[1:])
    for old, ref in (("-11", CITY_TELEGRAM), ("-12", FIRE_TELEGRAM), ("-14", AID), ("-15", HILFE), ("-19", SILENT)):
        text = re.sub(rf"telegram: {old}\b", f"telegram: {ref.id}", text)
    return parse(text.encode(), "border.yaml")


BOOK = book()


def played(typed: Mapping[str, str | None]) -> TalkStage:
    """The crisis, with this typed into what may be hidden."""
    stage = TalkStage.set(BOOK)
    assert isinstance(stage, TalkStage)
    stage.now = NOON
    for identity, role, partner in (
        (MAYOR, "official", "city"),
        (OFFICER, "official", "city"),
        (CHIEF, "liaison", "fire"),
        (HELPER, "liaison", "aid"),
        (HOOFD, "liaison", "brandweer"),
        (WATCHER, "liaison", "zqsilent"),
    ):
        stage.enrol(identity, role, partner)
    stage.say(CITY, "/activate border High water", MAYOR)
    stage.say(DESK, "/admit yes MSF as ngo for 9h in be", private=True)
    given = " ".join(f'{n}="{typed[n]}"' for n in ("people", "victims", "secret") if typed[n])
    asked = " ".join(f'{n}="{typed[n]}"' for n in ("people", "victims") if typed[n])
    stage.say(FIRE, f'/alert evacuation action=leave where=Town what="Water" {asked}', CHIEF)
    stage.say(FIRE, "/ask D-1", CHIEF, via="button")
    stage.say(CITY, "/ask Q-1 yes", MAYOR, via="button")
    stage.say(CITY, f"/alert evacuation action=leave where=Town {given}", MAYOR)
    drafts = list(stage.world.incidents["I-1"].drafts)
    if drafts:
        stage.say(CITY, f"/draft {drafts[-1]} send", MAYOR, via="button")
    alerts = list(stage.world.incidents["I-1"].alerts)
    for send in [one for one in stage.sent if one.urgency == Urgency.ALERT]:
        stage.accepted(send)
    stage.say(CITY, f"/alert count people={typed['people'] or 7} Mind the numbers", MAYOR)
    held = list(stage.world.incidents["I-1"].alerts)[-1]
    for partner, choice in (("fire", "cannot"), ("brandweer", "seen"), ("aid", "acting"), ("zqsilent", "cannot")):
        stage.say(ROOMS[partner][-1], f"/ack {alerts[-1]} {choice}", f"matrix:@zq{partner}person:x.org")
    for partner in ("hilfe", "aid", "brandweer"):
        stage.say(CITY, f"/release {held} {partner} people=range", MAYOR)
        stage.say(CITY, f"/release {held} {partner} ring", MAYOR)
    because = f" because {typed['rationale']}" if typed["rationale"] else ""
    rejected = f" rejected: {typed['rejected']}" if typed["rejected"] else ""
    stage.say(FIRE, f"/decide Close the bridge{because}{rejected}", CHIEF)
    stage.say(CITY, f"/acting {typed['acting']} for mayor by decree", MAYOR)
    stage.say(CITY, f"/note {typed['note']}", MAYOR)
    stage.say(AID, "/note we are here", HELPER)
    stage.say(BRANDWEER, "/object K-1 no", HOOFD)
    stage.say(FIRE, "/danger a dyke broke", CHIEF)
    _talk(stage, typed)
    stage.say(DESK, "/checkin start hourly", private=True)
    stage.say(CITY, f"/checkin help [red] {typed['red']}", MAYOR)
    stage.say(AID, "/checkin degraded the pump", HELPER)
    stage.say(SILENT, "/checkin ok", WATCHER)
    for number, partner in enumerate(("aid", "zqsilent", "city"), 1):
        stage.say(DESK, f"/rollcall {partner}", private=True)
        words = f" help {typed['note']}" if partner == "city" else ""
        stage.say(ROOMS[partner][0], f"/safe R-{number}{words}", _PEOPLE[partner], via="button")
    stage.say(CITY, f'/report E="Town" T="{typed["report"]}"', MAYOR)
    stage.say(FIRE, "/handover city", CHIEF)
    stage.say(CITY, "/decline no time", MAYOR)
    stage.say(FIRE, "/handover aid", CHIEF)
    stage.say(AID, "/accept", HELPER)
    stage.say(CITY, f"/update {alerts[-1]} action=stay", MAYOR)
    stage.fall_due(stage.now + timedelta(hours=3))
    for partner, rooms in ROOMS.items():
        for command in ("/status", "/who", f"/status {alerts[-1]}", "/alert evacuation", "/cancel"):
            stage.say(rooms[-1], command, f"matrix:@zq{partner}person:x.org")
    stage.say(CITY, f"/cancel {alerts[-1]} Over", MAYOR)
    stage.say(CITY, f"/retract {held}", MAYOR)
    stage.say(AID, "/phase I-1 recovery yes watch", HELPER)
    stage.say(CITY, "/close I-1 yes", "telegram:501")
    return stage


def _talk(stage: TalkStage, typed: Mapping[str, str | None]) -> None:
    """Talk in the channel: for all, above what most may hear, changed, reacted to, taken back."""
    stage.speak(AID, "We have two boats", HELPER, name="Helper")
    first = stage.last()
    stage.all_become(first.id)
    stage.speak(CITY, f"[red] {typed['red']}", MAYOR, name="Mayor")
    stage.speak(BRANDWEER, "Komt eraan", HOOFD, name="Hoofd")
    stage.befalls("edited", stage.said[first.id], identity=HELPER, spoken=Spoken("We have three boats"))
    stage.befalls("deleted", stage.said[first.id], room=AID)


def hidden_from(partner: str) -> list[str]:
    """What is hidden from a partner."""
    return [name for name, (whom, _) in HIDDEN.items() if partner in whom]


def otherwise(partner: str, one: Mapping[str, str | None], other: Mapping[str, str | None]) -> dict[str, str | None]:
    """The one, with what is hidden from the partner as in the other."""
    return {name: other[name] if name in hidden_from(partner) else value for name, value in one.items()}


async def put(folder: Path, facts: list[Kept], name: str = "liege") -> SqliteStore:
    """A store with these facts in it, each at its time."""
    store = await open_store(folder, name, outlives="process")
    books = [(BOOK.digest, BOOK.source)]
    for when, some in groupby(facts, key=lambda kept: kept.at):
        records = [(one.stream, one.playbook_sha256, one.fact) for one in some]
        await store.commit(Changes(when, records=records, playbooks=books))
        books = []
    return store


async def copies(store: SqliteStore, stream: str, partner: str, folder: Path) -> dict[str, bytes]:
    """A copy of a stream for a partner in every form that is there, by the name of the form."""
    found: dict[str, bytes] = {}
    who, zone = await recipient(store, stream, partner)
    for name in made():
        path = folder / f"copy-{stream}-{partner}{FORMS[name].suffix}"
        asked = Asked(stream, who, "operator", "inquiry", name, "Law of inquiries", zone)
        await make(store, asked, form(name), path, now=at(NOON + timedelta(days=1)), replace=True)
        found[name] = path.read_bytes()
    return found


def opened_up(data: bytes) -> Iterator[bytes]:
    """What a file says: its bytes, or those of the files in it with their names; of a PDF its text and its titles, whose glyphs are numbers."""
    if data[:5] == b"%PDF-":
        yield "\n".join([*titles(data), *pages(data)]).encode()
    elif data[:2] == b"PK":
        with zipfile.ZipFile(BytesIO(data)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield archive.read(name)
    else:
        yield data


def unpacked(data: bytes) -> Iterator[bytes]:
    """What was compressed in a file."""
    for packed in re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL):
        try:
            yield zlib.decompressobj().decompress(packed)
        except zlib.error:
            continue


def held(stage: TalkStage) -> list[CopyHeld]:
    """The copies that were held back."""
    return [fact for fact in stage.of(CopyHeld) if isinstance(fact, CopyHeld)]
