"""What counts as opening though nobody sees a field that they did not."""

from __future__ import annotations

import pytest

from playbooks.diff import diff
from tests.playbooks.border import BOOK, NOON, border

LOOSER = [
    ("rooms: [{telegram: -14}]", "rooms: [{telegram: -666}]"),
    ("rooms: [{telegram: -14}]", "rooms: [{telegram: -14}, {telegram: -77}]"),
    ("rooms: [{telegram: -14}]", "rooms: [{telegram: -14, topic: 4}]"),
    ("confirm: {two-person: {alone_after: 2m}}", "confirm: no"),
    ("confirm: {two-person: {alone_after: 2m}}", "confirm: {two-person: {alone_after: 1m}}"),
    ("expires: 12h", "expires: 24h"),
    ("    expires: 12h\n", ""),
    ("lasts: 2h", "lasts: 90d"),
    ("tell: [city]}\nareas", "tell: [city, fire]}\nareas"),
    ("circle: [50.6, 5.6, 2]", "circle: [50.6, 5.6, 900]"),
    ("what: {type: text, tlp: green}", "what: {type: text, tlp: clear}"),
    ("forms: {area: green}", "forms: {area: clear}"),
    ("until: 2026-06-30}", "until: 2026-06-30, onward: true}"),
]
NOT_LOOSER = [
    ("expires: 12h", "expires: 90m"),
    ("lasts: 2h", "lasts: 119m"),
    ("what: {type: text, tlp: green}", "what: {type: text, tlp: amber}"),
    ("title: {en: Flood at the border,", "title: {en: Water at the border,"),
    ('phone_24h: "+3213"', 'phone_24h: "+3214"'),
    ("rooms: [{telegram: -15}]", "rooms: []"),
    ("    confirm: yes\n    expires", "    confirm: two-person\n    expires"),
]


@pytest.mark.parametrize("change", LOOSER)
def test_what_loosens_counts_as_opening(change: tuple[str, str]) -> None:
    """Other readers, a lower label, fewer who must agree, more time, other ground."""
    found = diff(BOOK, border(change), NOON)
    assert found.opens_anything and found.loosened


@pytest.mark.parametrize("change", NOT_LOOSER)
def test_what_loosens_nothing_does_not(change: tuple[str, str]) -> None:
    """It is told among what else is otherwise, or closes."""
    found = diff(BOOK, border(change), NOON)
    assert not found.loosened and not found.nothing


@pytest.mark.parametrize("dates", ["from: 0001-01-01, until: 9999-12-31", "until: 9999-12-31", "from: 9999-12-31"])
def test_agreements_at_the_ends_of_the_calendar_are_compared(dates: str) -> None:
    """A day that has no day after it is no obstacle."""
    book = border(("from: 2021-01-01, until: 2026-06-30", dates))
    assert diff(book, BOOK, NOON).new.sha256 == BOOK.digest
    assert diff(BOOK, book, NOON).old.sha256 == BOOK.digest
