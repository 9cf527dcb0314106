"""What is supposed where only some of it is given."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from playbooks.audience import audience
from playbooks.schema import Given
from playbooks.supposing import fields, fill_in, question, rooms, suppose
from tests.playbooks.border import BOOK, NOON, border


def test_what_is_not_given_is_filled_in_from_the_playbook() -> None:
    """The first whose prerogative it is, the first phase and hazard, the first area of its ground, and the time of asking."""
    found = suppose(BOOK, "evacuation", NOON)
    assert (found.origin, found.phase, found.hazard, found.area, found.at) == ("city", "watch", "flood", "town", NOON)
    assert (found.network, found.encrypted, found.danger) == (None, None, False)


def test_what_is_given_is_kept() -> None:
    """A test of a playbook says whose words, when, where and over which network; its time is one where the playbook lives."""
    given = Given.model_validate(
        {
            "from": "brandweer",
            "phase": "response",
            "area": "hill",
            "network": "matrix",
            "encrypted": True,
            "danger": True,
        },
        by_alias=True,
    )
    found = suppose(BOOK, "evacuation", NOON, given)
    assert (found.origin, found.phase, found.area, found.network) == ("brandweer", "response", "hill", "matrix")
    assert (found.encrypted, found.danger, found.at) == (True, True, NOON)


def test_every_field_of_the_alert_is_filled_in() -> None:
    """So that nothing is left unasked; a place lies in the supposed area, and nowhere where there is none."""
    asked = question(BOOK, suppose(BOOK, "evacuation", NOON))
    assert set(asked.event.fields) == set(BOOK.playbook.alerts["evacuation"].fields)
    assert None not in asked.event.fields.values()
    assert asked.event.areas == {"town"}
    assert question(BOOK, replace(suppose(BOOK, "evacuation", NOON), area=None)).event.areas == frozenset()


@pytest.mark.parametrize(
    ("network", "encrypted", "found"),
    [
        (None, None, [("matrix", False), ("matrix", True), ("telegram", False)]),
        (None, True, [("matrix", True), ("telegram", False)]),
        ("matrix", False, [("matrix", False)]),
        ("telegram", True, [("telegram", False)]),
    ],
)
def test_rooms_are_those_on_the_supposed_network(
    network: str | None, encrypted: bool | None, found: list[tuple[str, bool]]
) -> None:
    """A Matrix room stands for a plain and an encrypted one unless one is supposed; Telegram has none that are encrypted."""
    supposed = replace(suppose(BOOK, "evacuation", NOON), network=network, encrypted=encrypted)
    assert [(room.ref.network, room.encrypted) for room in rooms(BOOK, supposed, "city")] == found


def test_rooms_for_exercises_or_for_channels_alone_get_no_alerts() -> None:
    """Only the rooms that alerts go to are asked about; who names no room may have one on each network."""
    book = border(
        ('rooms: [{matrix: "#brandweer:x.org"}]', 'rooms: [{matrix: "#brandweer:x.org", exercises: true}]'),
        ("rooms: [{telegram: -14}]", "rooms: []"),
    )
    supposed = suppose(book, "evacuation", NOON)
    assert rooms(book, supposed, "brandweer") == ()
    assert {room.ref.network for room in rooms(book, supposed, "aid")} == {"matrix", "telegram"}


def test_a_channel_can_be_supposed_like_an_alert() -> None:
    """What is said there is its one field; its first member speaks; rooms are those of the channel."""
    book = border(
        (
            "alerts:\n  evacuation:",
            "channels:\n  ops: {title: Ops, members: {kind: fire}, label: {tlp: green}}\nalerts:\n  evacuation:",
        ),
        (
            'rooms: [{matrix: "#fire:x.org"}, {telegram: -12}]',
            'rooms: [{matrix: "#fire:x.org", for: [ops]}, {telegram: -12}]',
        ),
    )
    supposed = fill_in(book, "#ops", NOON)
    assert (supposed.origin, fields(book, supposed)) == ("fire", ("#ops",))
    assert {room.ref.network for room in rooms(book, supposed, "fire")} == {"matrix"}
    assert rooms(book, supposed, "city") == ()


def test_the_audience_is_the_one_that_real_alerts_have() -> None:
    """Whoever lacks a required field is held, whoever is not selected is left out."""
    supposed = replace(suppose(BOOK, "count", NOON), phase="response", at=NOON + timedelta(days=1))
    own = {partner: rooms(BOOK, supposed, partner) for partner in BOOK.playbook.partners}
    reached = audience(question(BOOK, supposed), supposed.alert, own)
    found = {partner: one.status for partner, one in reached.addressees.items()}
    assert found["city"] == found["brandweer"] == "shown"
    assert found["aid"] == found["hilfe"] == "held"
