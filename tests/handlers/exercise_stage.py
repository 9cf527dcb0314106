"""The border playbook with rooms for exercises, on the stage."""

from __future__ import annotations

from playbooks.load import Book
from playbooks.rooms import RoomRef
from tests.handlers.border_stage import (
    AID,
    BRANDWEER,
    CITY,
    CITY_TELEGRAM,
    FIRE,
    FIRE_TELEGRAM,
    HILFE,
    LIAISON,
    MAYOR,
    OFFICER,
    WATCHERS,
)
from tests.handlers.stage import Stage
from tests.playbooks.border import NOON, border

PLAY_CITY, PLAY_FIRE = RoomRef("telegram", "-111"), RoomRef("matrix", "!fire-ex:x.org")
PLAY_AID, PLAY_WATCHERS = RoomRef("telegram", "-114"), RoomRef("telegram", "-119")
PLAY = frozenset((PLAY_CITY, PLAY_FIRE, PLAY_AID, PLAY_WATCHERS))
REAL = frozenset((CITY, CITY_TELEGRAM, FIRE, FIRE_TELEGRAM, BRANDWEER, AID, HILFE, WATCHERS))
DESK = RoomRef("telegram", "501")

ROOMS = (
    ('rooms: [{matrix: "#city:x.org"}, {telegram: -11}]', 'rooms: [{matrix: "#city:x.org"}, {telegram: -11}, {telegram: -111, exercises: true}]'),
    ('rooms: [{matrix: "#fire:x.org"}, {telegram: -12}]', 'rooms: [{matrix: "#fire:x.org"}, {telegram: -12}, {matrix: "#fire-ex:x.org", exercises: true}]'),
    ("rooms: [{telegram: -14}]", "rooms: [{telegram: -14}, {telegram: -114, exercises: true}]"),
    ("rooms: [{telegram: -19}]", "rooms: [{telegram: -19}, {telegram: -119, exercises: true}]"),
)  # fmt: skip
CHECKIN = """checkins:
  hourly: {every: 1h, in: [watch, response], to: everyone, ask: {en: All well?}, answers: [ok, degraded, help], within: 15m, label: {tlp: green}}
"""
ESCALATES = (
    "ack: {choices: [acting, seen, cannot]}",
    (
        "ack: {choices: [acting, seen, cannot], within: 1m, then: [{after: 1m, do: remind}, {after: 2m, do: liaisons},"
        " {after: 3m, do: call}, {after: 4m, do: deputies}, {after: 5m, do: lead}, {after: 6m, do: coordinators}]}"
    ),
)
PLAYED = border(*ROOMS, ESCALATES, ("alerts:\n", CHECKIN + "alerts:\n"))
SHARED = border(
    ('rooms: [{matrix: "#city:x.org"}, {telegram: -11}]', "rooms: [{telegram: -11, topic: 1}, {telegram: -11, topic: 2, exercises: true}]"),
    *ROOMS[1:],
)  # fmt: skip
"""The city's exercises share a chat with the real thing."""
CITY_REAL, CITY_PLAYS = RoomRef("telegram", "-11", "1"), RoomRef("telegram", "-11", "2")


def peopled(book: Book = PLAYED) -> Stage:
    """Noon, the city's and fire's people enrolled, nothing begun."""
    stage = Stage.set(book)
    stage.now = NOON
    for identity, role, partner in (
        (MAYOR, "official", "city"),
        (OFFICER, "official", "city"),
        (LIAISON, "liaison", "fire"),
    ):
        stage.enrol(identity, role, partner)
    stage.sent.clear()
    return stage


def exercising(book: Book = PLAYED, title: str = "") -> Stage:
    """An exercise has begun, from the coordinator's private chat."""
    stage = peopled(book)
    stage.say(DESK, f"/exercise border {title}".strip(), private=True)
    stage.sent.clear()
    return stage
