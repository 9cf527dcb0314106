"""The border playbook on the stage: its rooms, its people, an open incident."""

from __future__ import annotations

from playbooks.load import Book
from playbooks.rooms import RoomRef
from storage.effects import Send, Urgency
from storage.store import OutboxRow
from tests.handlers.stage import Stage
from tests.playbooks.border import BOOK, NOON

CITY, CITY_TELEGRAM = RoomRef("matrix", "!city:x.org"), RoomRef("telegram", "-11")
FIRE, FIRE_TELEGRAM = RoomRef("matrix", "!fire:x.org"), RoomRef("telegram", "-12")
BRANDWEER = RoomRef("matrix", "!brandweer:x.org")
AID, HILFE, WATCHERS = RoomRef("telegram", "-14"), RoomRef("telegram", "-15"), RoomRef("telegram", "-19")
NOWHERE = RoomRef("telegram", "-99")
DESK = RoomRef("telegram", "501")
"""The administrator's private chat."""
MAYOR, OFFICER, LIAISON = "matrix:@mayor:x.org", "matrix:@officer:x.org", "matrix:@liaison:x.org"
SOMEBODY = "matrix:@somebody:x.org"
EVACUATE = "/alert evacuation action=leave where=Town"


def opened(book: Book = BOOK) -> Stage:
    """Noon in Brussels, the city's and fire's people enrolled, an incident begun."""
    stage = Stage.set(book)
    stage.now = NOON
    for identity, role, partner in (
        (MAYOR, "official", "city"),
        (OFFICER, "official", "city"),
        (LIAISON, "liaison", "fire"),
    ):
        stage.enrol(identity, role, partner)
    stage.say(CITY, "/activate border", MAYOR)
    stage.sent.clear()
    return stage


def issued(stage: Stage, command: str = EVACUATE, person: str = MAYOR, room: RoomRef = CITY) -> str:
    """An alert, drafted and sent; its id."""
    stage.say(room, command, person)
    drafts = stage.world.incidents["I-1"].drafts
    if drafts:
        stage.say(room, f"/draft {list(drafts)[-1]} send", person)
    return list(stage.world.incidents["I-1"].alerts)[-1]


def to(sent: list[Send], room: RoomRef) -> list[str]:
    """What a room was sent, without markup."""
    return [send.body.text for send in sent if send.to == room]


def said(stage: Stage, room: RoomRef, text: str, identity: str = SOMEBODY, **more: object) -> str:
    """The one answer to something said there."""
    answers = to(stage.say(room, text, identity, **more), room)
    assert len(answers) == 1, answers
    return answers[0]


def copies(stage: Stage, alert: str) -> dict[RoomRef, OutboxRow]:
    """The copies of an alert as they stand in the outbox, by room."""
    found = stage.world.incidents["I-1"].alerts[alert].copies
    return {
        copy.room: OutboxRow(send, send, "I-1", copy.room, Urgency.ALERT, "{}", alert, copy.partner)
        for send, copy in found.items()
    }
