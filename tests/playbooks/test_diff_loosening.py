"""What counts as opening though nobody sees a field that they did not."""

from __future__ import annotations

import pytest

from playbooks.diff import diff
from playbooks.diff_changes import Difference
from playbooks.diff_words import opening, otherwise
from tests.playbooks.border import BOOK, BORDER, NOON, border

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


FIRE = "clearance: {tlp: amber+strict, compartments: [medical]}"
AID = "covers: [town]\n    clearance: {tlp: green}"
HILFE = "jurisdiction: de\n    clearance: {tlp: green}"
TRUST = "matrix: {ceiling: amber, encrypted: red}"
NOTE = "what: {type: text, tlp: green}"
SECRET = "what: {type: text, tlp: green, compartments: [medical]}"
HELD = "what: {type: text, tlp: green, compartments: [medical, other]}"
HIGHER = [
    (AID, AID.replace("green", "red"), "partners.aid.clearance.tlp"),
    (FIRE, FIRE.replace("amber+strict", "red"), "partners.fire.clearance.tlp"),
    (FIRE, FIRE.replace("[medical]", "[medical, other]"), "partners.fire.clearance.compartments"),
    (TRUST, "matrix: {ceiling: amber+strict, encrypted: red}", "networks.matrix.ceiling"),
    ("telegram: {ceiling: amber}", "telegram: {ceiling: amber, encrypted: red}", "networks.telegram.encrypted"),
    ("  telegram: {ceiling: amber}\n", "  telegram: {ceiling: red}\n", "networks.telegram.ceiling"),
    (HELD, SECRET, "fields.what.compartments"),
    (SECRET, NOTE, "fields.what.compartments"),
]
"""What was, what is higher or no longer held, and which entry says so."""


def _paths(found: Difference) -> tuple[set[str], set[str]]:
    return {one.path for one in found.loosened}, {one.path for one in found.others}


@pytest.mark.parametrize(("low", "high", "path"), HIGHER)
def test_what_raises_a_clearance_or_ceiling_opens_and_what_lowers_it_does_not(low: str, high: str, path: str) -> None:
    """Up is told as opening; down, between the same two playbooks, stands among what else is otherwise."""
    base = next(one for one in (low, NOTE) if one in BORDER)
    lower, higher = border((base, low)), border((base, high))
    up, down = diff(lower, higher, NOON), diff(higher, lower, NOON)
    assert path in _paths(up)[0] and path not in _paths(up)[1] and up.opens_anything
    assert path in _paths(down)[1] and path not in _paths(down)[0] and not down.opens


def test_one_clearance_lowered_opens_nothing_at_all() -> None:
    """Nobody sees more, no guest of that kind is granted more: nothing stands under what opens."""
    found = diff(BOOK, border((AID, AID.replace("green", "clear"))), NOON)
    assert not found.opens_anything
    assert list(opening(found)) == []
    assert any("partners.aid.clearance.tlp" in line and "green → clear" in line for line in otherwise(found))


def test_a_network_that_is_named_is_trusted_more_and_one_that_is_not_less() -> None:
    """Over a network that the playbook does not name nothing travels."""
    without = border(("  telegram: {ceiling: amber}\n", ""))
    assert "networks.telegram" in _paths(diff(without, BOOK, NOON))[0]
    assert "networks.telegram" in _paths(diff(BOOK, without, NOON))[1]


def test_a_ceiling_for_encrypted_rooms_below_the_plain_one_closes() -> None:
    """Without it the plain ceiling holds there: to name a lower one is no opening, to take it away is one."""
    lower = border(("telegram: {ceiling: amber}", "telegram: {ceiling: amber, encrypted: green}"))
    assert "networks.telegram.encrypted" in _paths(diff(BOOK, lower, NOON))[1]
    assert "networks.telegram.encrypted" in _paths(diff(lower, BOOK, NOON))[0]


def test_what_guests_of_a_kind_are_granted_is_told_where_it_is_otherwise() -> None:
    """A guest has what all partners of its kind have in common: with the last of them raised, guests are granted more."""
    aid, hilfe = ((who, who.replace("green", "amber, compartments: [medical]")) for who in (AID, HILFE))
    one, both = border(aid), border(aid, hilfe)
    guests = {"guests.ngo.clearance.tlp", "guests.ngo.clearance.compartments"}
    assert guests <= _paths(diff(BOOK, both, NOON))[0]
    assert guests <= _paths(diff(both, BOOK, NOON))[1]
    opened, other = _paths(diff(BOOK, one, NOON))
    assert not guests & (opened | other)


@pytest.mark.parametrize("dates", ["from: 0001-01-01, until: 9999-12-31", "until: 9999-12-31", "from: 9999-12-31"])
def test_agreements_at_the_ends_of_the_calendar_are_compared(dates: str) -> None:
    """A day that has no day after it is no obstacle."""
    book = border(("from: 2021-01-01, until: 2026-06-30", dates))
    assert diff(book, BOOK, NOON).new.sha256 == BOOK.digest
    assert diff(BOOK, book, NOON).old.sha256 == BOOK.digest
